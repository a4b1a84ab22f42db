"""Settings that make TensorFlow and OpenCV fast and quiet. They are made before either is imported."""

import contextlib
import importlib.abc
import importlib.util
import json
import os
import sys
import threading
from collections.abc import Callable, Iterator

from fer_md.errors import FerMdError

SETTINGS = {
    # oneDNN's kernels, which TensorFlow leaves off on processors without AVX-512, train 1.6 to 1.7 times as fast there.
    "TF_ENABLE_ONEDNN_OPTS": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    # A damaged image or video ends in an error of ours, not in the decoders' warnings.
    "OPENCV_LOG_LEVEL": "OFF",
    "OPENCV_FFMPEG_LOGLEVEL": "-8",
    # So does a port in use.
    "GRPC_VERBOSITY": "NONE",
}
"""Environment variables, which are set unless the user has set them already."""

_REDIRECTED = threading.RLock()
"""Held while stderr is redirected: a second thread would keep the first one's sink as its stderr."""

_process: int | None = None
"""The process in which TensorFlow computes."""


def prepare() -> None:
    """Sets ``SETTINGS`` and silences TensorFlow's first import; `fer_md` calls it when it is imported itself."""
    for name, value in SETTINGS.items():
        os.environ.setdefault(name, value)
    if "tensorflow" not in sys.modules:
        sys.meta_path.insert(0, _FirstImport("tensorflow", _import_quietly))


def after_import(name: str, action: Callable[[], None]) -> None:
    """Calls ``action`` once, as soon as the module of that name is imported; now, if it is already."""
    if name in sys.modules:
        action()
        return

    def execute(module, loader):
        loader.exec_module(module)
        action()

    sys.meta_path.insert(0, _FirstImport(name, execute))


def check_tensorflow() -> None:
    """To be called before TensorFlow or Keras is imported, without which the package only predicts.

    Raises:
        FerMdError: TensorFlow is not installed, or is not the backend of Keras; the message says what to do.
    """
    if "tensorflow" not in sys.modules and importlib.util.find_spec("tensorflow") is None:
        raise FerMdError("this needs TensorFlow, which is not installed; install the whole of fer_md: pip install .")
    if (backend := keras_backend()) != "tensorflow":
        raise FerMdError(f"this needs Keras on TensorFlow, and its backend is {backend}; set KERAS_BACKEND=tensorflow")


def check_import(error: ImportError) -> None:
    """Raises what `check_tensorflow` does if an import failed for that reason."""
    if error.name in ("tensorflow", "keras", keras_backend()):
        check_tensorflow()


def keras_backend() -> str:
    """The backend that Keras has, or will have once it is imported: of KERAS_BACKEND, or else of its keras.json."""
    if "keras" in sys.modules:
        return sys.modules["keras"].config.backend()
    folder = os.environ.get("KERAS_HOME", os.path.join(os.path.expanduser("~"), ".keras"))
    try:
        with open(os.path.join(folder, "keras.json"), encoding="utf-8") as stream:
            stated = json.load(stream).get("backend")
    except (OSError, ValueError, AttributeError):  # Keras does without it, too
        stated = None
    return os.environ.get("KERAS_BACKEND") or stated or "tensorflow"


def check_process() -> None:
    """To be called before TensorFlow computes: after a fork it would wait forever for threads that are not there.

    Raises:
        FerMdError: another process called this first, and this one was forked from it.
    """
    global _process
    _process = _process or os.getpid()
    if _process != os.getpid():
        raise FerMdError(
            "TensorFlow does not work in a forked process: make the Predictor after the fork, start the process with "
            'multiprocessing.get_context("spawn"), or use a network of the package, which needs no TensorFlow'
        )


def threads() -> int:
    """How many threads may compute: OMP_NUM_THREADS, which a worker of a cluster is given; else all cores."""
    stated = os.environ.get("OMP_NUM_THREADS", "")
    return int(stated) if stated.isdecimal() and int(stated) else os.cpu_count() or 1


@contextlib.contextmanager
def quiet_stderr() -> Iterator[None]:
    """Discards whatever is written to the file descriptor of stderr while the context lasts; other threads wait."""
    with _REDIRECTED:
        kept, sink = os.dup(2), os.open(os.devnull, os.O_WRONLY)
        os.dup2(sink, 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            os.close(sink)


def _import_quietly(module, loader):
    """TensorFlow greets on stderr before it reads its log level."""
    with quiet_stderr():
        loader.exec_module(module)
        module.config.list_physical_devices()  # looks for CUDA, and complains where there is none


class _FirstImport(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Executes a module by ``execute(module, loader)`` when it is imported for the first time."""

    def __init__(self, name, execute):
        self.name, self.execute = name, execute
        self.loader: importlib.abc.Loader

    def find_spec(self, fullname, path=None, target=None):
        if fullname != self.name:
            return None
        sys.meta_path.remove(self)
        try:
            spec = importlib.util.find_spec(fullname)
        finally:
            sys.meta_path.insert(0, self)
        if spec is not None and spec.loader is not None:
            self.loader, spec.loader = spec.loader, self
        return spec

    def create_module(self, spec):
        return self.loader.create_module(spec)

    def exec_module(self, module):
        sys.meta_path.remove(self)
        module.__spec__.loader = module.__loader__ = self.loader
        self.execute(module, self.loader)
