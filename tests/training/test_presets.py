"""The recipes that stand for the paper's text."""

import dataclasses

from fer_md.training.presets import PRESETS, Recipe


def differences(one, other):
    pairs = zip(dataclasses.asdict(one).items(), dataclasses.asdict(other).values(), strict=True)
    return {name for (name, mine), theirs in pairs if mine != theirs}


def test_both_stages_as_printed():
    """Batches of 256, 200 epochs, 0.01 and then 0.001; nothing that Sec. 4 does not mention, but for the momentum."""
    first, second = PRESETS["paper"], PRESETS["paper-finetune"]
    assert (first.batch_size, first.epochs, first.rate, first.schedule) == (256, 200, 0.01, "paper")
    assert (first.weight_decay, first.label_smoothing, first.average) == (0, 0, 0)
    assert differences(first, second) == {"rate"} and second.rate == 0.001


def test_fine_tuning_has_the_printed_rate_and_our_regularisation():
    plain = Recipe(epochs=10, schedule="paper", rate=0.001)
    assert differences(PRESETS["finetune"], plain) == {"augmentation"}
