"""Compares the figures that make reproduce measured with the committed ones, and fails where they disagree.

python experiments/check_results.py --measured=runs/synthetic/seed0/results --committed=docs/results/synthetic

Only files of the same data, recipe, seed and network are compared (Tab. 4 may be of other seeds); precision and machine
may differ. The tolerance is three standard errors, of testing on a sample and of training once more
(experiments/pages/results_check.py). A committed file that was not measured, or with settings that cannot be compared,
is a failure as well.
"""

import dataclasses
import sys

from fer_md import console
from fer_md.errors import FerMdError
from pages.results_check import check_results


@dataclasses.dataclass(frozen=True)
class Settings:
    measured: str = console.flag("Folder of measured results.")
    committed: str = console.flag("Folder of committed results.")


def main(settings: Settings) -> None:
    measured, committed = settings.measured, settings.committed
    outcomes = check_results(measured, committed)
    for name, outcome in outcomes.items():
        agree = f"{outcome.compared - len(outcome.outside)} of {outcome.compared} figures agree"
        print(f"{name}: " + (f"not compared: {outcome.reason}" if outcome.reason else agree))
        for line in outcome.outside:
            print(f"  {line}")
    if missing := [outcome.missing for outcome in outcomes.values() if outcome.missing]:
        raise FerMdError(
            f"{measured}: {len(missing)} of the committed files were not measured; run {' and '.join(missing)}"
        )
    if differing := [f"{name} ({outcome.reason})" for name, outcome in outcomes.items() if outcome.reason]:
        raise FerMdError(
            f"{measured}: {len(differing)} of the files cannot be compared: {', '.join(differing)}; "
            "measure with the committed data and settings (make data-found)"
        )
    if outside := sum(len(outcome.outside) for outcome in outcomes.values()):
        raise FerMdError(f"{measured}: {outside} figures lie outside the tolerance, see above")


if __name__ == "__main__":
    sys.exit(console.run(main, Settings))
