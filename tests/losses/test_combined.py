"""Eqs. 2 and 10 by hand."""

import pytest
import tensorflow as tf

from fer_md.losses import combined_loss


def test_one_data_set_is_equation_2():
    """2 + 0.5 * 4 = 4."""
    assert combined_loss([tf.constant(2.0)], [tf.constant(4.0)], [0.5]).numpy() == 4


def test_two_data_sets_are_equation_10():
    """(1 (2 + 0.5 * 4) + 3 (1 + 0)) / 2 = 3.5."""
    losses = [tf.constant(2.0), tf.constant(1.0)]
    assert combined_loss(losses, [tf.constant(4.0), 0.0], [0.5, 1.0], [1.0, 3.0]).numpy() == 3.5


def test_arguments_of_other_lengths_are_refused():
    with pytest.raises(ValueError):
        combined_loss([tf.constant(2.0)], [], [0.5])
