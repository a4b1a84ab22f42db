"""What a result says of where it came from."""

import dataclasses
import subprocess

import pytest

from fer_md.errors import FerMdError
from fer_md.evaluation.components import model_hashes
from fer_md.files import file_sha256
from fer_md.models import TINY
from fer_md.runs import provenance, run_directory


def test_runs_of_one_name_keep_their_hashes_apart(tmp_path):
    networks = [(tmp_path / preset / "seed0", "model") for preset in ("quick", "full")]
    for run, name in networks:
        run.mkdir(parents=True)
        (run / f"{name}.keras").write_text(str(run))
    assert model_hashes(networks) == {
        f"{run.parent.name}/seed0/model.keras": file_sha256(run / "model.keras") for run, _ in networks
    }


def test_settings_of_a_run_leave_out_what_is_none():
    """So the network of a run made before a field was there is still the same."""
    found = run_directory.plain_settings(TINY)
    assert "embedding" not in found and found["filters"] == list(TINY.filters)
    assert run_directory.plain_settings(dataclasses.replace(TINY, embedding=8))["embedding"] == 8


def test_a_run_with_another_setting_names_that_one_alone(tmp_path):
    settings = {"recipe": {"epochs": 3, "augmentation": {"flip": True, "shift": 4}}, "seed": 0}
    run_directory.open_run(tmp_path, settings)
    other = {"recipe": {"epochs": 3, "augmentation": {"flip": True, "shift": 5}}, "seed": 0}
    with pytest.raises(FerMdError, match="holds a run with recipe.augmentation.shift=4, not 5; name another folder"):
        run_directory.open_run(tmp_path, other)


@pytest.mark.parametrize(
    ("row", "folder"),
    [
        ("MD all impostors 0.5", "MD-all-impostors-0.5"),
        ("a row, and another's", "a-row-and-anothers"),
        ("../a\\b:c", "..-a-b-c"),
    ],
)
def test_a_row_names_its_folder(row, folder):
    assert run_directory.folder_name(row) == folder


def test_without_git_the_commit_is_unknown(monkeypatch):
    def no_git(*_, **__):
        raise FileNotFoundError("git")

    monkeypatch.setattr(subprocess, "run", no_git)
    assert provenance.environment()["commit"] == "unknown"


def test_an_installed_package_does_not_name_another_project_s_commit(monkeypatch, tmp_path):
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    installed = tmp_path / "venv" / "site-packages" / "fer_md" / "runs" / "provenance.py"
    monkeypatch.setattr(provenance, "__file__", str(installed))
    assert provenance.environment()["commit"] == "unknown"
