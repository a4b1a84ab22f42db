"""The table of the stages, with what the components could have done in place of the exchange, on noise."""

import dataclasses

import pytest

from compare_stages import check_start
from fer_md.errors import FerMdError
from fer_md.files import write_json
from fer_md.runs.results import read_result
from pages.blocks import markdown
from pages.rows import Stages
from pages.sections.stages import stages_blocks
from random_faces import write_faces
from scripts import run_script

SMALL = ["--network=tiny", "--precision=float32"]
SECOND = "--preset=drawn-finetune"


def run(name, *flags):
    answer = run_script(f"experiments/{name}.py", *flags)
    assert answer.returncode == 0, answer.stderr


def test_a_run_that_started_from_nothing_known_is_named(tmp_path):
    """A fine-tuning in place of a joint training: its settings say nothing of a start."""
    write_json(tmp_path / "run" / "config.json", {"settings": {"networks": ["component1", "component2"]}})
    (tmp_path / "component").mkdir()
    (tmp_path / "component" / "model.keras").write_bytes(b"")
    with pytest.raises(FerMdError, match="--joint: .*run did not start from .*component"):
        check_start("joint", (tmp_path / "run",), (tmp_path / "component",))


@pytest.mark.integration
def test_going_on_alone_and_jointly_beside_the_exchange(tmp_path):
    data = [str(write_faces(tmp_path / name, seed)) for seed, name in enumerate(("first", "second"), 1)]
    components, alone, joint = ([str(tmp_path / f"{kind}{i}") for i in (1, 2)] for kind in ("c", "alone", "joint"))
    for index, component in enumerate(components):
        own, other = data[index], data[1 - index]
        flags = [f"--data={own}", f"--protocol={other}", "--epochs=1"]
        run("pretrain", *flags, f"--run_dir={component}", *SMALL, "--preset=smoke")
        run("pretrain", *flags, f"--run_dir={alone[index]}", f"--start={component}", *SMALL, SECOND)
        both = [f"--data={own},{other}", f"--start={component}", f"--run_dir={joint[index]}", "--epochs=1"]
        run("joint", *both, *SMALL, SECOND)
    method = [f"--components={','.join(components)}", f"--data={','.join(data)}"]
    run("finetune", *method, f"--run_dir={tmp_path / 'exchange'}", SECOND, "--epochs=1")
    output = tmp_path / "stages.json"
    flags = [*method, f"--finetuned={tmp_path / 'exchange'}", f"--output={output}"]
    run("compare_stages", *flags, f"--alone={','.join(alone)}", f"--joint={','.join(joint)}")
    found = read_result(Stages, output)
    names = [f"component {i}" for i in (1, 2)] + [f"fused, {kind} weights" for kind in ("equal", "fitted")]
    stages = ["pre-trained", "alone", "fine-tuned", "joint"]
    expected = [(domain, stage, name) for domain in ("first", "second") for stage in stages for name in names]
    assert [(row.data, row.stage, row.network) for row in found.rows] == expected
    assert {"joint1/first.keras", "joint1/second.keras", "alone2/model.keras"} <= {
        "/".join(name.split("/")[-2:]) for name in found.models
    }
    found = dataclasses.replace(found, seconds=[60.0] * 7, epochs=[1.0] * 7)
    text = " ".join(markdown(stages_blocks(found)).split())
    assert "component 1 alone 1.0 minutes (1 epochs), component 2 alone 1.0 minutes" in text
    assert "component 2 jointly 1.0 minutes (1 epochs), fine-tuning 1.0 minutes" in text
    assert "learned both data sets at once" in text
    answer = run_script("experiments/compare_stages.py", *flags, "--overwrite", f"--alone={alone[0]}")
    assert answer.returncode == 1 and "--alone must name a run for each of the 2 components; found 1" in answer.stderr
    answer = run_script("experiments/compare_stages.py", *flags, "--overwrite", f"--joint={joint[1]},{joint[0]}")
    assert answer.returncode == 1 and f"--joint: {joint[1]} did not start from {components[0]}" in answer.stderr
