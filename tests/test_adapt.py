"""The check of a further data set's held-out images against what the earlier stages trained on."""

import pytest

from fer_md.data.manifest import ManifestRow, write_manifest
from fer_md.errors import FerMdError
from fer_md.training.adapt import check_held_out


def folder(path, *rows):
    """A prepared data set's manifest with (key, split, pixels) rows."""
    path.mkdir()
    write_manifest(path / "manifest.csv", [
        ManifestRow(key, "happiness", path.name, "", split, "", pixels) for key, split, pixels in rows
    ])  # fmt: skip
    return path


def test_a_held_out_image_that_an_earlier_stage_trained_on(tmp_path):
    earlier = folder(tmp_path / "d1", ("a", "Training", "11"), ("b", "PrivateTest", "22"))
    check_held_out(folder(tmp_path / "clean", ("c", "Training", "11"), ("d", "PrivateTest", "22")), [earlier])
    leaking = folder(tmp_path / "leaking", ("e", "PublicTest", "11"))
    with pytest.raises(FerMdError, match="leaking: holds out e, pixel-identical to a, a Training image of .*d1"):
        check_held_out(leaking, [earlier])
