"""Requests that arrive at about the same time, answered together."""

import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future

import numpy as np

Tensors = dict[str, np.ndarray]
"""Arrays by their names; the first axis of each is that of the batch."""


class Batcher:
    """Answers the requests of many threads in batches.

    Args:
        function: from the inputs of a batch to its outputs.
        max_batch_size: most rows of a batch of several requests; a larger request is a batch of its own.
        wait: seconds that the first request of a batch waits for others.
    """

    def __init__(self, function: Callable[[Tensors], Tensors], max_batch_size: int = 32, wait: float = 0.002):
        self.function, self.max_batch_size, self.wait = function, max_batch_size, wait
        self._waiting: queue.SimpleQueue[tuple[Tensors, int, Future]] = queue.SimpleQueue()
        threading.Thread(target=self._work, daemon=True).start()

    def __call__(self, inputs: Tensors) -> Tensors:
        """The outputs of one request; raises what ``function`` raises."""
        future: Future[Tensors] = Future()
        self._waiting.put((inputs, len(next(iter(inputs.values()))), future))
        return future.result()

    def _work(self):
        following = None
        while True:
            batch, following = self._next_batch(following or self._waiting.get())
            self._answer(batch)

    def _next_batch(self, first):
        """The requests of a batch, and the one that did not fit into it or None."""
        batch, rows, end = [first], first[1], time.monotonic() + self.wait
        while True:
            try:
                item = self._waiting.get(timeout=max(0, end - time.monotonic()))
            except queue.Empty:
                return batch, None
            rows += item[1]
            if rows > self.max_batch_size:
                return batch, item
            batch.append(item)

    def _answer(self, batch):
        try:
            names = batch[0][0]
            together = {name: np.concatenate([inputs[name] for inputs, _, _ in batch]) for name in names}
            outputs, start = self.function(together), 0
            for _, rows, future in batch:
                future.set_result({name: value[start : start + rows] for name, value in outputs.items()})
                start += rows
        except Exception as error:  # each who waits must hear of it
            for _, _, future in batch:
                if not future.done():
                    future.set_exception(error)
