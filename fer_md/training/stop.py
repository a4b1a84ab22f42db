"""Noticing that a run is told to stop."""

import signal


class StopAsked:
    """``asked`` is true once SIGTERM or SIGINT came; the loop then writes a checkpoint and ends."""

    def __init__(self):
        self.asked = False

    def __enter__(self):
        self._old = {number: signal.signal(number, self._note) for number in (signal.SIGTERM, signal.SIGINT)}
        return self

    def _note(self, *_):
        self.asked = True

    def __exit__(self, *_):
        for number, handler in self._old.items():
            signal.signal(number, handler)
