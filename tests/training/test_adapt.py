"""What an adaptation asserts: the data sets the run has learned, and none of their images held out now."""

import pytest

from fer_md.data.face import Face
from fer_md.data.manifest import ManifestRow, write_manifest
from fer_md.data.protocol import make_protocol
from fer_md.data.records import read_info, write_dataset
from fer_md.errors import FerMdError
from fer_md.files import write_json
from fer_md.training.adapt import check_held_out, check_learned
from fer_md.training.exchange import check_exchange, check_stage
from random_faces import random_split


def folder(path, *rows):
    """A prepared data set's manifest with (key, split, pixels) rows."""
    path.mkdir()
    write_manifest(
        path / "manifest.csv",
        [ManifestRow(key, "happiness", path.name, "", split, "", pixels) for key, split, pixels in rows],
    )
    return path


def write_noise(path, size=48):
    image = random_split(1).images[0][:size, :size]
    write_dataset([Face(key=path.name, image=image, label=1, split="Training")], path, path.name, image_size=size)
    return path


def test_a_held_out_image_that_an_earlier_stage_trained_on(tmp_path):
    earlier = folder(tmp_path / "d1", ("a", "Training", "11"), ("b", "PrivateTest", "22"))
    check_held_out(folder(tmp_path / "clean", ("c", "Training", "11"), ("d", "PrivateTest", "22")), [earlier])
    leaking = folder(tmp_path / "leaking", ("e", "PublicTest", "11"))
    with pytest.raises(FerMdError, match="leaking: holds out e, pixel-identical to a, a Training image of .*d1"):
        check_held_out(leaking, [earlier])


def test_other_data_sets_than_the_run_has_learned(tmp_path):
    """None, one of two, and one more; then one of them as the new one."""
    data = [write_noise(tmp_path / name) for name in ("first", "second", "third")]
    settings = {"stage": "finetune", "data": ["first", "second"], "protocol": make_protocol(data[:2]).sha256}
    write_json(tmp_path / "run" / "config.json", {"settings": settings})
    assert check_learned(tmp_path / "run", "new", data[1::-1]) == settings
    for others in ([], data[:1], data):
        found = others and ".*first" or "none"
        message = f"run: learned from first, second; their prepared folders must be named, .* found {found}"
        with pytest.raises(FerMdError, match=message):
            check_learned(tmp_path / "run", "new", others)
    adapted = {"stage": "adapt", "data": ["first", "second", "third"], "protocol": make_protocol(data).sha256}
    write_json(tmp_path / "again" / "config.json", {"settings": adapted})
    assert check_learned(tmp_path / "again", "new", data) == adapted
    with pytest.raises(FerMdError, match="has learned second already"):
        check_learned(tmp_path / "run", "second", data[:2])


@pytest.mark.parametrize("stage", [{"data": "first"}, {"stage": "joint", "networks": ["first", "second"]}])
def test_a_run_of_another_stage_under_the_same_protocol(tmp_path, stage):
    """A pre-training and a joint training, which have learned the same data sets."""
    data = [write_noise(tmp_path / name) for name in ("first", "second")]
    protocol = {"protocol": make_protocol(data).sha256}
    for directory in data:
        learned = {"data": directory.name, "manifest_sha256": read_info(directory)["manifest_sha256"], **protocol}
        write_json(tmp_path / f"pre-trained {directory.name}" / "config.json", {"settings": learned})
    write_json(tmp_path / "run" / "config.json", {"settings": {"data": ["first", "second"], **protocol, **stage}})
    with pytest.raises(FerMdError, match="run: not a fine-tuning; name a finished run of finetune.py or adapt.py"):
        check_learned(tmp_path / "run", "new", data)
    with pytest.raises(FerMdError, match="run: not a fine-tuning; name a finished run of finetune.py"):
        check_exchange(tmp_path / "run", [tmp_path / f"pre-trained {directory.name}" for directory in data], data)


def test_an_exchange_of_images_of_two_sizes(tmp_path):
    data = [write_noise(tmp_path / "first"), write_noise(tmp_path / "second", size=32)]
    with pytest.raises(FerMdError, match=r"one image size; found \[32, 48\]"):
        check_stage(["run1", "run2"], data)
