"""Requests that arrive at about the same time, answered together."""

import queue
import threading
import time
import weakref
from collections.abc import Callable
from concurrent.futures import Future

import numpy as np

Tensors = dict[str, np.ndarray]
"""Arrays by their names; the first axis of each is that of the batch."""


_Request = tuple[Tensors, int, Future]
"""Inputs, their rows, and who waits for the outputs."""


class Batcher:
    """Answers the requests of many threads in batches. Its own thread ends when nobody has the object any more.

    Args:
        function: from the inputs of a batch to its outputs. It must not hold the object.
        max_batch_size: most rows of a batch of several requests; a larger request is a batch of its own.
        wait: seconds that the first request of a batch waits for others.
    """

    def __init__(self, function: Callable[[Tensors], Tensors], max_batch_size: int = 32, wait: float = 0.002):
        self._waiting: queue.SimpleQueue[_Request | None] = queue.SimpleQueue()
        arguments = self._waiting, function, max_batch_size, wait
        threading.Thread(target=_work, args=arguments, name="batcher", daemon=True).start()
        weakref.finalize(self, self._waiting.put, None)

    def __call__(self, inputs: Tensors) -> Tensors:
        """The outputs of one request; raises what ``function`` raises."""
        future: Future[Tensors] = Future()
        self._waiting.put((inputs, len(next(iter(inputs.values()))), future))
        return future.result()


def _work(waiting, function, max_batch_size, wait):
    following = waiting.get()
    while following is not None:
        batch, following = _next_batch(waiting, following, max_batch_size, wait)
        _answer(function, batch)
        following = following or waiting.get()


def _next_batch(waiting, first, max_batch_size, wait):
    """The requests of a batch, and the one that did not fit into it or None."""
    batch, rows, end = [first], first[1], time.monotonic() + wait
    while True:
        try:
            item = waiting.get(timeout=max(0, end - time.monotonic()))
        except queue.Empty:
            return batch, None
        if item is None:  # the end, which is for the next turn
            waiting.put(None)
            return batch, None
        rows += item[1]
        if rows > max_batch_size:
            return batch, item
        batch.append(item)


def _answer(function, batch):
    try:
        names = batch[0][0]
        together = {name: np.concatenate([inputs[name] for inputs, _, _ in batch]) for name in names}
        outputs, start = function(together), 0
        for _, rows, future in batch:
            future.set_result({name: value[start : start + rows] for name, value in outputs.items()})
            start += rows
    except Exception as error:  # each who waits must hear of it
        for _, _, future in batch:
            if not future.done():
                future.set_exception(error)
