"""fer_md: the multi-dataset facial-expression network of Yang, Li and Cao (2020).

Importing the package loads neither TensorFlow nor Keras: import what you need
from its modules, for example ``from fer_md.models import build_component``.
``fer_md.Predictor`` finds faces in pictures and says what they express, ``fer_md.load_pretrained`` gives the trained
network that ships with the package; both are loaded when they are first used.
"""

from fer_md import environment

__version__ = "0.1.0"
__all__ = ["Predictor", "__version__", "load_pretrained"]


environment.prepare()


def __getattr__(name):
    if name == "Predictor":
        from fer_md.prediction.predictor import Predictor

        return Predictor
    if name == "load_pretrained":
        from fer_md.pretrained import load_pretrained

        return load_pretrained
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
