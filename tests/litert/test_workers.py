"""A pool of threads, before and after a fork."""

import subprocess
import sys

import pytest

from fer_md.drawn.scenes import draw_scene
from fer_md.litert.workers import Workers
from fer_md.media.pictures import save_picture

FORK = """
import os, sys, fer_md
predictor = fer_md.Predictor()
expected = predictor.predict(sys.argv[1:])[0][0].label
child = os.fork()
if not child:
    found = predictor.predict(sys.argv[1:] * 20)
    os._exit(not all(faces[0].label == expected for faces in found))
assert os.waitpid(child, 0)[1] == 0
"""


def test_results_come_in_order():
    assert list(Workers(3).map(lambda a, b: a - b, range(5), [1] * 5)) == [-1, 0, 1, 2, 3]


@pytest.mark.integration
def test_a_predictor_answers_after_a_fork(tmp_path):
    """As of servers that load it once and then fork their workers."""
    save_picture(tmp_path / "scene.png", draw_scene(0, 1, faces=1, size=256).image)
    command = [sys.executable, "-W", "ignore", "-c", FORK, str(tmp_path / "scene.png")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
