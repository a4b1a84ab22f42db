"""How requests reach a server."""

from typing import Protocol

import numpy as np


class Unavailable(Exception):
    """The server does not take the request now: it may be asked again."""


class Transport(Protocol):
    """How a request reaches the server. Methods raise `Unavailable`, or ``FerMdError`` with the server's own words."""

    def image_size(self) -> int:
        """Side of the network's faces in pixels."""
        ...

    def predict(self, faces: np.ndarray) -> tuple[np.ndarray, list[str]]:
        """Probabilities (B, K) of faces (B, S, S, 1) uint8, B >= 1, and the names of the columns."""
        ...
