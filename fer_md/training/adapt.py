"""Fine-tuned components go on with one further data set: CK+ and MMI of Tab. 2 and 3."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import keras

from fer_md.data.manifest import read_manifest
from fer_md.data.protocol import load_training, make_protocol, protocol_hash
from fer_md.data.records import load_split, manifest_hash, read_info
from fer_md.errors import FerMdError
from fer_md.evaluation.components import check_image_size
from fer_md.models import add_head
from fer_md.runs.run_directory import load_model, network_names
from fer_md.training.exchange import finetuning_settings, head_for
from fer_md.training.task import Learner, Task


def adaptation_learners(
    run_dir: Path | str,
    directory: Path | str,
    make_loss: Callable[[int, int], keras.layers.Layer | None],
    loss_weight: float,
    earlier: Sequence[Path | str],
    seed: int = 0,
) -> list[Learner]:
    """The networks of a fine-tuning run with one more data set to learn, for ``train_networks``.

    A data set with the label space of a component's first one shares its head; another gets a head of its own.

    Args:
        run_dir: finished run of experiments/finetune.py, or of experiments/adapt.py.
        directory: prepared data set that the run has not learned.
        make_loss, loss_weight: see ``exchange_learners``.
        earlier: prepared data sets that the run has learned: what they hold out is not trained on.
        seed: of new heads.

    Raises:
        FerMdError: the run is unfinished, has learned a data set of that name or others than ``earlier``, images of
            another size, or one that is pixel-identical to one held out here; see also ``load_split``.
    """
    info = read_info(directory)
    settings = check_learned(run_dir, info["name"], earlier)
    check_held_out(directory, earlier)
    training, _ = load_training(directory, make_protocol([directory, *earlier]))
    held_out, classes = load_split(directory, "PublicTest"), len(info["expressions"])

    def learner(name: str, expressions: Sequence[str]) -> Learner:
        model, head = load_model(run_dir, name), head_for(info, {"expressions": expressions})
        check_image_size(run_dir, model, info)
        if head not in model.output:
            model = add_head(model, head, classes, seed)
        loss = make_loss(classes, model.output["embeddings"].shape[-1])
        task = Task(info["name"], training, held_out, head, metric_loss=loss, loss_weight=loss_weight)
        return Learner(lambda: model, [task], name)

    # The first data sets are the networks' own; those that they were adapted to follow.
    return [learner(*each) for each in zip(network_names(settings), settings["expressions"], strict=False)]


def check_learned(run_dir: Path | str, name: str, earlier: Sequence[Path | str]) -> dict[str, Any]:
    """Asserts that a fine-tuning, adapted or not, has learned the data sets ``earlier``, and none of the name ``name``.

    Returns:
        its settings.

    Raises:
        FerMdError: no fine-tuning run, or it has another protocol than these; the message says what to pass.
    """
    settings = finetuning_settings(run_dir, ("finetune", "adapt"))
    if name in settings["data"]:
        raise FerMdError(f"{run_dir}: has learned {name} already; name a data set that is new to it")
    if not earlier or protocol_hash(map(manifest_hash, earlier)) != settings["protocol"]:
        found = ", ".join(map(str, earlier)) or "none"
        raise FerMdError(
            f"{run_dir}: learned from {', '.join(settings['data'])}; their prepared folders must be named, as they "
            f"were then; found {found}"
        )
    return settings


def check_held_out(directory: Path | str, earlier: Sequence[Path | str]) -> None:
    """Refuses a data set that holds out an image which an earlier one has trained on.

    Raises:
        FerMdError: there is such an image; the message names the first.
    """
    rows = read_manifest(Path(directory) / "manifest.csv")
    held_out = {row.sha256: row.key for row in rows if row.split != "Training"}
    for other in earlier:
        for row in read_manifest(Path(other) / "manifest.csv"):
            if row.split == "Training" and row.sha256 in held_out:
                raise FerMdError(
                    f"{directory}: holds out {held_out[row.sha256]}, pixel-identical to {row.key}, a Training image of "
                    f"{other}; leave it out of the one or of the other"
                )
