"""The rule of licences, and what is said of an audit."""

import importlib.metadata
import json

import pytest

from fer_md.errors import FerMdError
from fer_md.files import read_json
from fer_md.typed_json import from_json
from scripts import benchmark

audit = benchmark("audit")

RULES = from_json(audit.Rules, read_json(audit.RULES), "rules")


def package(tmp_path, *lines, files=()):
    """An installed package with this metadata and these files."""
    folder = tmp_path / "some-1.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("\n".join(["Metadata-Version: 2.4", "Name: some", "Version: 1.0", *lines]) + "\n")
    (folder / "RECORD").write_text("".join(f"{name},,\n" for name in files))
    return importlib.metadata.Distribution.at(folder)


@pytest.mark.parametrize(
    "line, stated, fits",
    [
        ("License-Expression: Apache-2.0", "Apache-2.0", True),
        ("License-Expression: GPL-3.0-only", "GPL-3.0-only", False),
        ("License-Expression: GPL-3.0-only OR MIT", "GPL-3.0-only OR MIT", True),
        ("License-Expression: BSD-3-Clause AND GPL-2.0-only", "BSD-3-Clause AND GPL-2.0-only", False),
        ("License-Expression: MIT AND (MIT OR 0BSD)", "MIT AND (MIT OR 0BSD)", False),
        ("Classifier: License :: OSI Approved :: BSD License", "BSD License", True),
        ("Classifier: License :: OSI Approved", "", False),
        (
            "Classifier: License :: OSI Approved :: MIT License\nClassifier: License :: Free for non-commercial use",
            "MIT License AND Free for non-commercial use",
            False,
        ),
        ("License: Apache License 2.0", "Apache License 2.0", True),
        ("License: proprietary", "proprietary", False),
        ("Summary: no licence at all", "", False),
    ],
)
def test_licences(tmp_path, line, stated, fits):
    found = package(tmp_path, line)
    assert audit.licence_of(found.metadata) == stated and audit.allowed(stated, RULES) == fits
    wrong = list(audit.objections(found, RULES))
    assert len(wrong) == (not fits)
    assert fits or f"some 1.0: licence {stated or 'not stated'}; allow it in benchmarks/licences.json" in wrong[0]


def test_a_bundled_library_under_the_gpl_is_named(tmp_path):
    files = ("some.libs/libx264-d6533a8d.so.165", "some.libs/libx264rgb.txt", "some/libavcodec.so.62")
    found = package(tmp_path, "License-Expression: MIT", files=files)
    assert list(audit.objections(found, RULES)) == [
        "some 1.0: bundles libx264-d6533a8d.so.165, which is under GPL-2.0-or-later"
    ]
    excused = audit.Rules(RULES.licences, RULES.spellings, RULES.libraries, {"some": "as a reason"})
    assert not list(audit.objections(found, excused))


def test_all_that_is_installed_here_is_allowed():
    """The package's own dependencies are among it, and those of its extras."""
    found, _ = audit.installed("fer_md")
    assert {"numpy", "tensorflow", "openvino", "pytest"} <= {each.name for each in found}
    assert [line for each in found for line in audit.objections(each, RULES)] == []


def test_an_audit_of_nothing_fails():
    whole = {"name": "a", "version": "1", "vulns": []}
    skipped = {"name": "b", "skip_reason": "not found on PyPI"}
    fault = {"id": "CVE-1", "fix_versions": ["1.1", "2"]}

    def told(*packages):
        return audit.known_faults(json.dumps({"dependencies": packages}), "")

    assert told(whole, skipped) == (False, ["audited: 1 packages, 0 known faults; skipped: 1"])
    failed, (line,) = told(skipped, skipped)
    assert failed and line == (
        "error: nothing was audited: pip-audit skipped all of 2 packages; the first: b: not found on PyPI"
    )
    assert told() == (True, ["error: nothing was audited: pip-audit skipped all of 0 packages"])
    assert audit.known_faults("", "no connection") == (True, ["error: nothing was audited: no connection"])
    failed, lines = told({**whole, "vulns": [fault]})
    assert failed and lines[0] == "error: a 1: CVE-1, mended in 1.1, 2"


def test_rules_that_are_no_rules():
    with pytest.raises(FerMdError, match="lacks the field"):
        from_json(audit.Rules, {"licences": []}, "rules")
