"""What the page is given to look at pictures itself, and the command that gives it."""

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request

import numpy as np
import pytest

from fer_md.demo.in_browser import in_browser
from fer_md.demo.runtime import PROGRAM, SCRIPT
from fer_md.expressions import EXPRESSIONS
from fer_md.files import file_sha256
from fer_md.pretrained.networks import shift_of


@pytest.fixture
def runtime(tmp_path):
    (tmp_path / SCRIPT).write_bytes(b"var ModuleFactory;")
    (tmp_path / PROGRAM).write_bytes(b"\0asm")
    return tmp_path


def test_the_default_network_with_all_its_files(runtime):
    given = in_browser("photographs", runtime)
    about = json.loads(json.dumps(given.about))
    files = [*about["runtime"].values(), about["find"], about["confirm"], about["classify"]]
    assert {file["url"] for file in files} == set(given.files) and len(files) == 5
    for file in files:
        assert file["bytes"] == given.files[file["url"]].stat().st_size
    for url, path in given.files.items():
        if path.suffix == ".tflite":
            assert url == f"files/{file_sha256(path)}.tflite"
    assert about["expressions"] == list(EXPRESSIONS) and about["size"] == 48
    np.testing.assert_array_equal(about["shift"], shift_of("photographs"))


def test_the_network_for_faces_like_fer2013_is_not_shifted(runtime):
    assert in_browser("fer2013", runtime).about["shift"] == [0.0] * 7
    with pytest.raises(ValueError, match="name must be one of"):
        in_browser("other", runtime)


@pytest.mark.integration
def test_without_a_registry_the_command_serves_and_says_so(tmp_path):
    environment = {**os.environ, "npm_config_registry": "http://127.0.0.1:1", "XDG_CACHE_HOME": str(tmp_path)}
    command = [sys.executable, "-m", "fer_md.cli", "demo", "--port=0"]
    with subprocess.Popen(command, env=environment, stdout=-1, stderr=-1, text=True) as process:
        try:
            url = re.match(r"(\S+) shows the page", process.stdout.readline()).group(1)
            with urllib.request.urlopen(f"{url}in_browser.json", timeout=30) as answer:
                assert json.load(answer) == {"reason": "the runtime for browsers could not be fetched"}
        finally:
            process.send_signal(signal.SIGTERM)
            problems = process.communicate(timeout=30)[1]
    assert "http://127.0.0.1:1/@litertjs/core" in problems and "sends its pictures to this server" in problems


@pytest.mark.integration
def test_a_wrong_folder_of_the_runtime_ends_the_command(tmp_path):
    command = [sys.executable, "-m", "fer_md.cli", "demo", "--port=0", f"--runtime={tmp_path}"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 1 and f"{tmp_path}/{SCRIPT}: is missing" in ended.stderr
