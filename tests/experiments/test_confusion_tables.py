"""Tab. 1 to 3 end to end on drawn faces, in the layouts of CK+ and MMI, with tiny networks."""

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from fer_md.data.face import Face
from fer_md.data.protocol import make_protocol
from fer_md.data.records import load_split, read_info, write_dataset
from fer_md.errors import FerMdError
from fer_md.evaluation.components import load_scorer, stack_scores
from fer_md.expressions import EXPRESSIONS
from fer_md.files import write_json
from fer_md.losses import MDLoss
from fer_md.models import TINY, build_component
from fer_md.models.fused import fuse
from fer_md.readers.ckplus import EMOTIONS as CK_EMOTIONS
from fer_md.readers.ckplus import list_ckplus
from fer_md.readers.file_tree import FileTree
from fer_md.readers.mmi import EMOTIONS as MMI_EMOTIONS
from fer_md.readers.mmi import list_mmi
from fer_md.readers.photographs import prepare
from fer_md.runs.results import read_result
from fer_md.runs.run_directory import read_settings
from fer_md.training.adapt import adaptation_learners
from pages.rows import Matrices
from pages.sections.matrices import recall_table
from photograph_trees import photograph, write_sequence, write_session
from random_faces import random_split
from scripts import run_script

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]


def script(name, *flags):
    answer = run_script(f"experiments/{name}", *flags)
    assert answer.returncode == 0, answer.stderr


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two prepared data sets of noise, and a fine-tuning run of two untrained tiny components on them."""
    folder = tmp_path_factory.mktemp("tables")
    for seed, name in enumerate(("first", "second")):
        split = random_split(30, seed)
        faces = (
            Face(key=str(i), image=split.images[i], label=int(split.labels[i]), split="PrivateTest")
            for i in range(20 + 10 * seed)
        )
        write_dataset(faces, folder / name, name)
    infos = [read_info(folder / name) for name in ("first", "second")]
    settings = {
        "stage": "finetune",
        "networks": ["component1", "component2"],
        "data": [info["name"] for info in infos],
        "seed": 0,
        "manifest_sha256": [info["manifest_sha256"] for info in infos],
        "expressions": [list(EXPRESSIONS)] * 2,
        "precision": "float32",
        "protocol": make_protocol([folder / "first", folder / "second"]).sha256,
    }
    write_json(folder / "finetuned" / "config.json", {"settings": settings})
    for seed in (1, 2):
        build_component(TINY, seed).save(folder / "finetuned" / f"component{seed}.keras")
    (folder / "finetuned" / "DONE").touch()
    return folder


def table(number, runs, data, output):
    script(
        "confusion_table.py",
        f"--table={number}",
        f"--run_dir={','.join(map(str, runs))}",
        f"--data={','.join(map(str, data))}",
        f"--output={output}",
    )
    return json.loads(output.read_text())


def test_table_1_counts_each_data_set_and_the_whole(folder, tmp_path):
    found = table(1, [folder / "finetuned"], [folder / "first", folder / "second"], tmp_path / "table1.json")
    assert [(row["data"], row["images"]) for row in found["rows"]] == [("first", 20), ("second", 30), ("whole", 50)]
    first, second, whole = (np.array(row["confusion"]) for row in found["rows"])
    np.testing.assert_array_equal(first + second, whole)
    split, info = load_split(folder / "first", "PrivateTest"), read_info(folder / "first")
    scorers = [load_scorer(folder / "finetuned", f"component{i}", info) for i in (1, 2)]
    right = fuse(stack_scores(scorers, split.images)).argmax(1) == split.labels
    assert found["rows"][0]["accuracy"] == pytest.approx(right.mean()) and np.trace(first) == right.sum()
    frame = recall_table(read_result(Matrices, tmp_path / "table1.json")).frame
    assert frame.columns[1] == "paper, FER2013 %" and frame.iloc[-3, :2].tolist() == ["mean (macro recall)", "79.71"]


def drawn_ckplus(root):
    """Ten people with two of the seven emotions each."""
    for person in range(10):
        for sequence in range(2):
            emotion = list(CK_EMOTIONS)[(2 * person + sequence) % len(CK_EMOTIONS)]
            write_sequence(root, f"S{person:03}", f"{sequence:03}", 4, emotion)
    with FileTree(root) as tree:
        return list_ckplus(tree)


def drawn_mmi(root):
    """Nine people with two of the six emotions each; every clip begins with a neutral face."""
    for person in range(9):
        for clip in range(2):
            emotion = list(MMI_EMOTIONS)[(2 * person + clip) % len(MMI_EMOTIONS)]
            name = f"S{person:03}-{clip:03}"
            session = write_session(root, 10 * person + clip, name, emotion, frames=0)
            labels = [EXPRESSIONS.index("neutral")] + [EXPRESSIONS.index(MMI_EMOTIONS[emotion])] * 8
            writer = cv2.VideoWriter(str(session / f"{name}.avi"), cv2.VideoWriter_fourcc(*"MJPG"), 25, (120, 120))
            for label in labels:
                writer.write(photograph(f"S{person}", label))
            writer.release()
    with FileTree(root) as tree:
        return list_mmi(tree, neutral="first")


@pytest.mark.parametrize(
    ("number", "listing", "last"),
    [
        (2, drawn_ckplus, "contempt"),
        pytest.param(3, drawn_mmi, "neutral", marks=pytest.mark.slow),
    ],
)
def test_tables_2_and_3_after_adapting_and_as_it_is(folder, tmp_path, number, listing, last):
    data, run = tmp_path / "data", tmp_path / "adapted"
    info, _ = prepare(listing(tmp_path / "tree"), data)
    earlier = [folder / "first", folder / "second"]
    script(
        "adapt.py",
        f"--finetuned={folder / 'finetuned'}",
        f"--data={data}",
        f"--run_dir={run}",
        "--epochs=2",
        f"--protocol={','.join(map(str, earlier))}",
    )
    found = table(number, [run, folder / "finetuned"], [data], tmp_path / "table.json")
    adapted, as_it_is = found["rows"]
    assert adapted["expressions"] == info["expressions"] and adapted["expressions"][-1] == last
    assert adapted["images"] == info["splits"]["PrivateTest"]["examples"]
    assert as_it_is["network"] == "fused, not trained on this data" and as_it_is["expressions"] == list(EXPRESSIONS)
    without = info["splits"]["PrivateTest"]["classes"].get("contempt", 0)
    assert as_it_is["images"] == adapted["images"] - without
    assert (without > 0) == (number == 2)
    with pytest.raises(FerMdError, match="has learned .* already"):
        adaptation_learners(run, data, MDLoss, 0.1, earlier)


def test_a_run_under_another_protocol_has_no_table(folder, tmp_path):
    run = shutil.copytree(folder / "finetuned", tmp_path / "run")
    settings = read_settings(run) | {"protocol": make_protocol([folder / "first"]).sha256}
    write_json(run / "config.json", {"settings": settings})
    with pytest.raises(AssertionError, match="error: .*/run: may have trained on images that first, second hold out"):
        table(1, [run], [folder / "first"], tmp_path / "table.json")
    assert not (tmp_path / "table.json").exists()
