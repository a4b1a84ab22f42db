"""deploy/Dockerfile: its steps, carried out without docker, make an image that predicts and writes nothing."""

import json
from pathlib import Path

import pytest

from dockerfile import Image, instructions
from fer_md.drawn.scenes import draw_scene
from fer_md.media.pictures import save_picture

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8")


def words_of(name):
    return [words for found, words in instructions(TEXT) if found == name]


def test_steps_are_those_of_the_small_installation():
    page = (ROOT / "docs" / "PREDICTION.md").read_text(encoding="utf-8")
    assert " && ".join(command for (command,) in words_of("RUN")) in page


def test_sources_are_there_and_nobody_is_root():
    for *names, _ in words_of("COPY"):
        for name in names:
            assert (ROOT / name).exists(), name
    assert words_of("USER") == [["10001:10001"]]
    assert [name for name, _ in instructions(TEXT)][-4:] == ["USER", "HEALTHCHECK", "ENTRYPOINT", "CMD"]


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    return Image(TEXT, ROOT, tmp_path_factory.mktemp("image"))


def content(folder):
    """When each file below a folder was last changed."""
    return {path: path.lstat().st_mtime_ns for path in folder.rglob("*")}


@pytest.mark.slow
def test_the_image_predicts_and_is_healthy_with_a_root_that_is_read_only(image):
    save_picture(image.folder / "scene.png", draw_scene(0, 1, faces=2, size=512).image)
    before = content(image.root)
    answer = image.run("predict", "scene.png")
    assert answer.returncode == 0, answer.stderr
    assert [json.loads(line)["source"] for line in answer.stdout.splitlines()] == ["scene.png"] * 2
    assert image.check_health().returncode == 0
    assert image.run().stdout.startswith("usage: fer-md")
    assert content(image.root) == before
