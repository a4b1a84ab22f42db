"""Sections that docs/RESULTS.md and the report share: one file a kind of result, from typed rows to blocks."""
