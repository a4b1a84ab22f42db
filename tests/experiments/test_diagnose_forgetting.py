"""What forgetting consists of, on drawn faces whose expressions are not as frequent in the second domain."""

import numpy as np
import pytest

from fer_md.data.records import load_split, read_info, write_dataset
from fer_md.drawn.synthetic import draw_faces
from fer_md.evaluation.predict import predict_probabilities
from fer_md.evaluation.prior import apply_shift, training_prior
from fer_md.runs.results import read_result
from fer_md.runs.run_directory import load_model
from pages.blocks import markdown
from pages.rows import AFTER, BEFORE, Forgetting, ForgettingRow
from pages.sections.forgetting import forgetting_blocks
from result_files import MACHINE, of_matrix
from scripts import run_script

pytestmark = pytest.mark.integration

STATES = [
    BEFORE,
    AFTER,
    "batch-norm statistics estimated",
    "ratio of the priors taken out",
    "biases fitted",
    "all three",
]


@pytest.fixture(scope="module")
def exchange(tmp_path_factory):
    """Two domains, the second with few faces that are not happy; tiny components, pre-trained and exchanged."""
    folder = tmp_path_factory.mktemp("exchange")
    data, runs = [folder / "lab", folder / "wild"], [folder / "run1", folder / "run2"]
    for index, directory in enumerate(data):
        faces = draw_faces(directory.name, 280, index)
        kept = (face for number, face in enumerate(faces) if not index or face.label == 3 or number % 3 == 0)
        write_dataset(kept, directory, directory.name)
    flags = ["--network=tiny", "--preset=smoke", "--epochs=1", "--precision=float32"]
    for own, other, run in ((data[0], data[1], runs[0]), (data[1], data[0], runs[1])):
        answer = run_script(
            "experiments/pretrain.py", f"--data={own}", f"--protocol={other}", f"--run_dir={run}", *flags
        )
        assert answer.returncode == 0, answer.stderr
    names = [f"--components={runs[0]},{runs[1]}", f"--data={data[0]},{data[1]}"]
    answer = run_script("experiments/finetune.py", *names, f"--run_dir={folder / 'finetuned'}", "--epochs=1")
    assert answer.returncode == 0, answer.stderr
    return folder, data, runs, names


def test_each_correction_is_measured(exchange):
    folder, data, runs, names = exchange
    output, finetuned = folder / "forgetting.json", f"--finetuned={folder / 'finetuned'}"
    answer = run_script("experiments/diagnose_forgetting.py", *names, finetuned, "--faces=100", f"--output={output}")
    assert answer.returncode == 0, answer.stderr
    found = read_result(Forgetting, output)
    assert [row.state for row in found.rows] == 2 * STATES and found.statistics_faces[0] == 100
    assert {row.network: row.data for row in found.rows} == {"component 1": "lab", "component 2": "wild"}
    split = load_split(data[0], "PrivateTest")
    before, after = load_model(runs[0]), load_model(folder / "finetuned", "component1")
    lab, wild = (np.array([*training_prior(read_info(directory)).values()]) for directory in data)
    assert np.abs(np.log(lab / wild)).max() > 0.5
    answers = predict_probabilities(after, split.images)
    expected = [predict_probabilities(before, split.images), answers, apply_shift(answers, np.log(lab) - np.log(wild))]
    for row, probabilities in zip([found.rows[0], found.rows[1], found.rows[3]], expected, strict=True):
        assert row.accuracy == pytest.approx((probabilities.argmax(1) == split.labels).mean()), row.state
    assert "| lab | component 1 | before the exchange |" in markdown(forgetting_blocks(found))
    swapped = [f"--components={runs[1]},{runs[0]}", f"--data={data[1]},{data[0]}", finetuned]
    answer = run_script("experiments/diagnose_forgetting.py", *swapped)
    assert answer.returncode == 1 and "was fine-tuned from other components" in answer.stderr
    answer = run_script("experiments/diagnose_forgetting.py", *names, finetuned, "--validation=PrivateTest")
    assert answer.returncode == 1 and "are fitted on it" in answer.stderr


def test_how_much_came_back():
    """Of 20 points lost 15 came back; macro recall lost nothing."""
    figures = {BEFORE: 0.7, AFTER: 0.5, "biases fitted": 0.65}
    rows = [
        ForgettingRow(**of_matrix(accuracy=accuracy, data="lab", network="component 1", state=state))
        for state, accuracy in figures.items()
    ]
    found = Forgetting(
        command="python <d>",
        environment=MACHINE,
        split="PrivateTest",
        validation="PublicTest",
        statistics_faces=[8192, 800],
        protocol="a",
        models={},
        settings=[],
        rows=rows,
    )
    text = markdown(forgetting_blocks(found))
    assert "| biases fitted | 65.00 | 75.0 to 81.0 | 75 | 77.00 | 74.0 to 80.0 | – |" in text
    assert "(8,192 and 800)" in " ".join(text.split())
