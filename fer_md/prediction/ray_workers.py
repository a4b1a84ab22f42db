"""Workers of a cluster of Ray, or of one on this machine alone. They need ``pip install "fer_md[ray]"``.

Reference:
    https://docs.ray.io/en/latest/ray-core/actors.html
"""

import collections
import contextlib
import os
import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from fer_md.errors import FerMdError
from fer_md.media.sources import Medium
from fer_md.prediction.picture_rows import PictureRows, Row, empty_row

ADDRESS = "RAY_ADDRESS"
"""Environment variable with the address of a cluster; without it one is started here, for this process."""

_ALONE = {
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # all of it listens on 127.0.0.1 only, as on those systems
    "RAY_AUTH_MODE": "token",  # other users of this machine may not send it programs
    "RAY_USAGE_STATS_ENABLED": "0",
}
"""Environment of a cluster on this machine. Ray reads it when it is imported."""

_NOWHERE = {"http_proxy": "http://127.0.0.1:1", "no_proxy": "127.0.0.1,localhost"}
"""While that cluster starts: it would ask 169.254.169.254 which cloud this is, and must not ask other machines."""

_STORE = 2**28
"""Bytes of memory for the batches on their way, in that cluster."""

_TRIES = 2
"""How many workers a picture may end before it counts as broken."""

_DIED = "each process that looked at it died: not enough memory, or a file that crashes its decoder"


@contextlib.contextmanager
def ray_workers(make: Callable[[], PictureRows], count: int | None = None) -> Iterator["RayWorkers"]:
    """Connects to the cluster that the environment variable `ADDRESS` names, or starts one on this machine.

    Args:
        make: see `RayWorkers`.
        count: number of workers, each on one core; None for all cores of the cluster.

    Raises:
        FerMdError: Ray is not installed, the cluster cannot be reached or is too small, or ``make`` raises it.
    """
    address, proxies = os.environ.get(ADDRESS), {name: os.environ.get(name) for name in _NOWHERE}
    if not address:
        os.environ.update(_ALONE | _NOWHERE, RAY_AUTH_TOKEN=secrets.token_hex(32))
    try:
        ray = _connected(address, count)
    finally:
        _set(proxies)
    try:
        cores = int(ray.cluster_resources().get("CPU", 0))
        if not 0 < (count or cores) <= cores:
            raise FerMdError(f"workers must be at most {cores}, the cores of the cluster; got {count}")
        yield RayWorkers(ray, make, count or cores, {} if address else proxies)
    finally:
        ray.shutdown()


def _connected(address, count):
    try:
        import ray
    except ImportError:
        raise FerMdError('Ray is not installed; pip install "fer_md[ray]"') from None
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR"}
    if address:
        try:
            ray.init(address, **quiet)
        except (ConnectionError, ValueError, RuntimeError) as error:
            raise FerMdError(f"{ADDRESS}={address}: no cluster of Ray ({error})") from None
        return ray
    ray.init("local", num_cpus=count or os.cpu_count(), include_dashboard=False, object_store_memory=_STORE, **quiet)
    return ray


def _set(variables):
    """Sets variables of the environment, and takes away those that are None."""
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


class RayWorkers:
    """Makes rows in several processes, each with a predictor of its own.

    A worker that dies is replaced, and the pictures that it had are given out again one by one. One that ends a second
    worker is a row with an error.

    Args:
        ray: the module, connected.
        make: function without arguments that a worker makes its `PictureRows` by. It can be pickled.
        count: number of workers, each on one core.
        variables: environment of the workers; None takes a variable away.

    Raises:
        FerMdError: ``make`` raises it, or no worker can be started.
    """

    def __init__(self, ray: Any, make: Callable[[], PictureRows], count: int, variables: dict[str, str | None]):
        self._ray, self._arguments = ray, (make, variables, os.getcwd())
        self._actor = ray.remote(_Worker).options(num_cpus=1)
        self._running: dict[Any, tuple[Any, Sequence[Medium] | None]] = {}
        first, *_ = [self._start() for _ in range(count)]
        try:
            self.expressions, self._used = self._answer(first)
        except ray.exceptions.RayError as error:
            raise FerMdError(f"no worker can be started ({str(error).strip().splitlines()[-1]})") from None

    def map(self, batches: Iterable[Sequence[Medium]]) -> Iterator[list[Row]]:
        """The rows of each batch, in the order in which they are done. A worker has one batch at a time."""
        batches, again = iter(batches), collections.deque[Sequence[Medium]]()
        free: list[Any] = []
        ended: collections.Counter[str] = collections.Counter()
        while True:
            while free and (batch := again.popleft() if again else next(batches, None)):
                worker = free.pop()
                self._running[worker.rows.remote(batch)] = worker, batch
            if free and not any(batch for _, batch in self._running.values()):
                return
            if not self._running:
                raise FerMdError("all workers have died, and no other can be started")
            (ready,), _ = self._ray.wait(list(self._running))
            worker, batch = self._running.pop(ready)
            try:
                rows = self._answer(ready)
            except self._ray.exceptions.RayError:  # the worker has died
                if batch:
                    self._start()
                    ended.update(medium.source for medium in batch if len(batch) == 1)
                    lost = [medium.source for medium in batch if ended[medium.source] == _TRIES]
                    again.extend([medium] for medium in batch if medium.source not in lost)
                    yield [empty_row(source, self._used, _DIED) for source in lost]
                continue
            free.append(worker)
            if batch:
                yield rows

    def _start(self):
        """Starts a worker; what is returned is there once it can be given work."""
        worker = self._actor.remote(*self._arguments)
        reference = worker.load.remote()
        self._running[reference] = worker, None
        return reference

    def _answer(self, reference):
        """What a worker returned; an error that it raised is raised here as it was."""
        try:
            return self._ray.get(reference)
        except self._ray.exceptions.RayTaskError as error:
            raise error.cause from None


class _Worker:
    """What runs in a process of its own: one `PictureRows` on one core."""

    def __init__(self, make, variables, folder):
        self._make, self._variables, self._folder = make, variables, folder

    def load(self):
        import cv2

        _set(self._variables)
        cv2.setNumThreads(1)
        try:
            os.chdir(self._folder)
        except OSError as error:
            raise FerMdError(
                f"{self._folder}: cannot be used on {os.uname().nodename} ({error.strerror}); start in a folder that "
                "all machines have"
            ) from None
        self._rows = self._make()
        return self._rows.expressions, self._rows.used

    def rows(self, media):
        return self._rows(media)
