"""Which face comes next: in turn, or by a power of the class frequency."""

import numpy as np
import pytest
import tensorflow as tf

from fer_md.data.augment import Augmentation
from fer_md.data.pipeline import training_batches
from fer_md.data.sampling import by_class, class_shares, class_slots
from random_faces import random_split

LABELS = np.repeat([0, 1, 3, -1], [16, 4, 1, 5])
"""Of the 21 labelled examples 16, 4 and 1: their roots are as 4 : 2 : 1, which makes 12, 6 and 3 slots."""


def drawn(power, count, start=0, seed=5):
    examples, rounds = by_class(LABELS, power)(tf.range(start, start + count, dtype=tf.int64), seed)
    return examples.numpy(), rounds.numpy()


def test_an_epoch_has_the_classes_by_the_root_of_their_frequency():
    np.testing.assert_array_equal(class_slots(LABELS, 0.5), [12, 6, 0, 3])
    for epoch in range(3):
        examples, _ = drawn(0.5, 21, 21 * epoch)
        np.testing.assert_array_equal(np.bincount(LABELS[examples]), [12, 6, 0, 3])


def test_each_example_of_a_class_is_drawn_before_one_is_drawn_again():
    """In 4 epochs class 0 has 48 draws of 16 examples, 3 each; a repetition is another round, so it looks different."""
    examples, rounds = drawn(0.5, 84)
    np.testing.assert_array_equal(np.bincount(examples)[:16], 3)
    np.testing.assert_array_equal(np.bincount(examples)[16:21], [6, 6, 6, 6, 12])
    assert len(set(zip(examples, rounds, strict=True))) == 84


def test_the_stream_does_not_depend_on_where_it_starts_but_on_the_seed():
    examples, rounds = drawn(0.5, 84)
    later, later_rounds = drawn(0.5, 40, 44)
    np.testing.assert_array_equal(examples[44:], later)
    np.testing.assert_array_equal(rounds[44:], later_rounds)
    assert np.any(drawn(0.5, 84, seed=6)[0] != examples)


def test_power_1_draws_the_labelled_examples_once_an_epoch():
    examples, rounds = drawn(1, 42)
    np.testing.assert_array_equal(np.sort(examples[:21]), np.arange(21))
    np.testing.assert_array_equal(rounds, np.repeat([0, 1], 21))


def test_batches_take_their_faces_by_class():
    split = random_split(26)
    split.labels[:] = LABELS
    batches = list(training_batches(split, Augmentation(), 7, 5, 0, 3, draw=by_class(split.labels, 0.5)))
    examples, _ = drawn(0.5, 21)
    np.testing.assert_array_equal(np.concatenate([labels for _, labels in batches]), LABELS[examples])
    np.testing.assert_array_equal(np.concatenate([images for images, _ in batches])[..., 0], split.images[examples])


def test_shares_of_absent_classes_are_small_and_not_zero():
    np.testing.assert_allclose(class_shares(np.array([3, 0, 1]), 4), np.array([3, 0.5, 1, 0.5]) / 5)


def test_wrong_power_and_labels():
    with pytest.raises(ValueError, match=r"power must be in \[0, 1\], not 2"):
        by_class(LABELS, 2)
    with pytest.raises(ValueError, match="no example has a label"):
        by_class(np.array([-1, -1]), 0.5)
