"""Initial weights that follow a seed, while NumPy's and TensorFlow's random numbers stay untouched."""

import contextlib
import random
from collections.abc import Iterator


def seed_initial_weights(seed: int) -> None:
    """Makes all initial weights from now on follow a seed.

    Keras's initializers draw their seeds from Python's ``random`` and depend on nothing else. So ``random`` is seeded,
    and stays so: what is built after a network, such as a head or centers, follows the seed too. Where that is not
    wanted, see ``kept_random_state``.

    Raises:
        ValueError: the seed is no int.
    """
    if not isinstance(seed, int):
        raise ValueError(f"seed must be an int, not {seed!r}")
    random.seed(seed)


@contextlib.contextmanager
def kept_random_state() -> Iterator[None]:
    """Restores the state of Python's ``random`` at its end: for networks whose initial weights do not matter."""
    state = random.getstate()
    try:
        yield
    finally:
        random.setstate(state)
