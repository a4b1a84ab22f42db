"""The pages and tables of this repository: docs/RESULTS.md, the report, and the checks of committed figures."""
