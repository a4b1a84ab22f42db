"""Known faults of the installed packages, and licences that do not go with Apache-2.0.

python benchmarks/audit.py          # pip install '.[audit]' first

Faults are asked of pip-audit; where it can audit nothing, as no service of advisories is reachable, that is an error.
Licences are those of the package, of all its extras and of what these need, as far as it is installed: each must be in
benchmarks/licences.json, and no wheel may bundle a library under the GPL. A package that may do otherwise stands there
with the reason.
"""

import dataclasses
import importlib.metadata
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from fer_md import console
from fer_md.files import read_json
from fer_md.typed_json import from_json

RULES = Path(__file__).with_name("licences.json")


@dataclasses.dataclass(frozen=True)
class Rules:
    """What is allowed.

    Attributes:
        licences: SPDX identifiers that go with Apache-2.0.
        spellings: of them in metadata that came before SPDX.
        libraries: starts of the names of shared libraries that no wheel may bundle, with their licences.
        packages: that are allowed as they are, each with the reason.
    """

    licences: list[str]
    spellings: dict[str, str]
    libraries: dict[str, str]
    packages: dict[str, str]


def main() -> int:
    faults, told = known_faults(*ask_pip_audit())
    print(*told, sep="\n", file=sys.stderr if faults else sys.stdout)
    rules = from_json(Rules, read_json(RULES), str(RULES))
    found, missing = installed("fer_md")
    wrong = [line for package in found for line in objections(package, rules)]
    print(*(f"error: {line}" for line in wrong), sep="\n", end="\n" if wrong else "", file=sys.stderr)
    known = {canonicalize_name(package.name) for package in found}
    for name in sorted(known & rules.packages.keys()):
        print(f"{name}: {rules.packages[name]}")
    print(f"licences: {len(found)} packages, {len(wrong)} objections; not installed: {', '.join(missing) or 'none'}")
    return int(faults or bool(wrong))


def ask_pip_audit() -> tuple[str, str]:
    """What pip-audit says of this environment: its JSON, and the last line of its errors."""
    command = [sys.executable, "-m", "pip_audit", "--skip-editable", "--format=json", "--progress-spinner=off"]
    done = subprocess.run(command, capture_output=True, text=True)
    return done.stdout, (done.stderr.strip().splitlines() or [f"it ended with status {done.returncode}"])[-1]


def known_faults(answer: str, error: str) -> tuple[bool, list[str]]:
    """Whether the audit failed, and sentences on it.

    Args:
        answer: JSON of pip-audit.
        error: why there may be none.
    """
    try:
        packages = json.loads(answer)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return True, [f"error: nothing was audited: {error}"]
    skipped = [package for package in packages if "skip_reason" in package]
    if len(skipped) == len(packages):
        why = f"; the first: {skipped[0]['name']}: {skipped[0]['skip_reason']}" if skipped else ""
        return True, [f"error: nothing was audited: pip-audit skipped all of {len(packages)} packages{why}"]
    lines = [
        f"error: {package['name']} {package['version']}: {fault['id']}, mended in {', '.join(fault['fix_versions'])}"
        for package in packages
        for fault in package.get("vulns", ())
    ]
    audited = len(packages) - len(skipped)
    return bool(lines), [*lines, f"audited: {audited} packages, {len(lines)} known faults; skipped: {len(skipped)}"]


def installed(name: str) -> tuple[list[importlib.metadata.Distribution], list[str]]:
    """The package, with all its extras and all that they need: what is installed, and the names of the rest."""
    extras = set(importlib.metadata.metadata(name).get_all("Provides-Extra") or ())
    waiting, seen, missing = [(name, frozenset(extras))], {}, set()
    while waiting:
        wanted, extras = waiting.pop()
        key = canonicalize_name(wanted)
        try:
            package = importlib.metadata.distribution(wanted)
        except importlib.metadata.PackageNotFoundError:
            missing.add(key)
            continue
        _, known = seen.setdefault(key, (package, set()))
        if new := {"", *extras} - known:
            known |= new
            needed = [Requirement(text) for text in package.requires or ()]
            waiting += [
                (each.name, frozenset(each.extras))
                for each in needed
                if any(each.marker is None or each.marker.evaluate({"extra": extra}) for extra in new)
            ]
    return [package for _, (package, _) in sorted(seen.items())], sorted(missing)


def objections(package: importlib.metadata.Distribution, rules: Rules) -> Iterator[str]:
    """What speaks against a package, one sentence each."""
    if canonicalize_name(package.name) in rules.packages:
        return
    stated = licence_of(package.metadata)
    if not allowed(stated, rules):
        yield (
            f"{package.name} {package.version}: licence {stated or 'not stated'}; allow it in benchmarks/{RULES.name}, "
            "with the reason, or do without it"
        )
    for file in package.files or ():
        for library, licence in rules.libraries.items():
            if re.match(rf"{library}\b.*(\.so|\.dylib|\.dll)", file.name):
                yield f"{package.name} {package.version}: bundles {file.name}, which is under {licence}"


def licence_of(metadata: importlib.metadata.PackageMetadata) -> str:
    """The licence as an SPDX expression where it is one; otherwise the classifiers, joined by AND, or the free text."""
    if expression := metadata.get("License-Expression"):
        return expression
    classifiers = [text.split(" :: ")[-1] for text in metadata.get_all("Classifier") or () if text[:9] == "License :"]
    text = (metadata.get("License") or "").strip()
    return " AND ".join(name for name in classifiers if name != "OSI Approved") or text.partition("\n")[0]


def allowed(stated: str, rules: Rules) -> bool:
    """Whether a licence may be used: all that AND joins, one of what OR joins. Brackets and WITH are not understood."""
    return any(
        all(rules.spellings.get(name.strip(), name.strip()) in rules.licences for name in choice.split(" AND "))
        for choice in ([stated] if stated in rules.spellings else stated.split(" OR "))
    )


if __name__ == "__main__":
    sys.exit(console.run(main))
