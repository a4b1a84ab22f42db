"""Settings that make TensorFlow and OpenCV fast and quiet; in place before either is imported."""

import contextlib
import importlib.abc
import importlib.util
import os
import sys

SETTINGS = {
    # oneDNN's kernels, which TensorFlow leaves off on processors without AVX-512, train 1.6 to 1.7 times as fast there.
    "TF_ENABLE_ONEDNN_OPTS": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    # A damaged image or video ends in an error of ours, not in the decoders' warnings.
    "OPENCV_LOG_LEVEL": "OFF",
    "OPENCV_FFMPEG_LOGLEVEL": "-8",
}
"""Environment variables that are set unless the user has set them."""


def prepare() -> None:
    """Sets ``SETTINGS`` and silences TensorFlow's first import; `fer_md` calls it when it is imported itself."""
    for name, value in SETTINGS.items():
        os.environ.setdefault(name, value)
    if "tensorflow" not in sys.modules:
        sys.meta_path.insert(0, _QuietFirstImport())


@contextlib.contextmanager
def quiet_stderr():
    """Sends what is written on the file descriptor of stderr to nowhere while the context lasts."""
    kept, sink = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(sink, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(sink)


class _QuietFirstImport(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports TensorFlow in silence, once: it greets on stderr before it reads its log level."""

    def find_spec(self, fullname, path=None, target=None):
        if fullname != "tensorflow":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(fullname)
        if spec is not None:
            self.loader, spec.loader = spec.loader, self
        return spec

    def create_module(self, spec):
        return self.loader.create_module(spec)

    def exec_module(self, module):
        module.__spec__.loader = module.__loader__ = self.loader
        with quiet_stderr():
            self.loader.exec_module(module)
            module.config.list_physical_devices()  # looks for CUDA, and complains where there is none
