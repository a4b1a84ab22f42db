"""Initial weights by a seed, without a hand on NumPy's and TensorFlow's random numbers."""

import contextlib
import random


def seed_initial_weights(seed):
    """Makes the next initial weights those of a seed.

    Keras's initializers draw their seeds from Python's ``random`` and then depend on nothing else, so that one is set,
    and stays set: what is built after a network, such as a head or centers, follows its seed too. See
    ``kept_random_state``.

    Args:
        seed: int.

    Raises:
        ValueError: the seed is no int.
    """
    if not isinstance(seed, int):
        raise ValueError(f"seed must be an int, not {seed!r}")
    random.seed(seed)


@contextlib.contextmanager
def kept_random_state():
    """Puts the state of Python's ``random`` back at the end: for networks whose initial weights do not matter."""
    state = random.getstate()
    try:
        yield
    finally:
        random.setstate(state)
