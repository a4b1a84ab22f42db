"""Requests that are answered together: each gets its own rows, errors reach all, and the thread does not outlive it."""

import gc
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from fer_md.serving.batcher import Batcher


class Double:
    """Keeps the sizes of batches; the first waits until others have come."""

    def __init__(self):
        self.sizes, self.go = [], threading.Event()

    def __call__(self, inputs):
        self.go.wait(30)
        self.sizes.append(len(inputs["x"]))
        if (inputs["x"] < 0).any():
            raise ValueError("negative")
        return {"y": 2 * inputs["x"]}


def ask(batcher, requests, function):
    """The answers to requests of which the second and following arrive while the first is worked on."""
    with ThreadPoolExecutor(len(requests)) as threads:
        answers = []
        for request in requests:
            answers.append(threads.submit(batcher, {"x": np.array(request)}))
            time.sleep(0.05)
        function.go.set()
        return [answer.exception() or answer.result()["y"].tolist() for answer in answers]


def test_each_request_gets_its_own_rows_of_a_bounded_batch():
    function = Double()
    requests = [[1], [2, 3], [4], [5, 6, 7, 8, 9], [10]]
    assert ask(Batcher(function, 4, 0.01), requests, function) == [[2 * x for x in request] for request in requests]
    assert sum(function.sizes) == 10 and function.sizes[0] == 1 and max(function.sizes) == 5
    assert len(function.sizes) < len(requests)


def test_an_error_reaches_all_of_a_batch_and_no_other():
    function = Double()
    first, *others = ask(Batcher(function, 4, 0.01), [[1], [-1], [2]], function)
    assert first == [2]
    assert [str(error) for error in others] == ["negative"] * 2


def test_a_thread_ends_with_its_batcher():
    def batchers():
        return sum(thread.name == "batcher" for thread in threading.enumerate())

    before, batcher = batchers(), Batcher(lambda inputs: inputs)
    assert batcher({"x": np.ones(1)})["x"] == [1] and batchers() == before + 1
    del batcher
    gc.collect()
    for _ in range(100):
        if batchers() <= before:
            return
        time.sleep(0.05)
    pytest.fail("the thread lives on")
