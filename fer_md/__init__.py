"""fer_md: the multi-dataset facial-expression network of Yang, Li and Cao (2020).

Importing the package loads neither TensorFlow nor Keras: import what you need
from its modules, for example ``from fer_md.models import build_component``.
``fer_md.Predictor`` finds faces in pictures and says what they express; it is loaded when it is first used.
"""
__version__ = "0.1.0"
__all__ = ["Predictor", "__version__"]


def __getattr__(name):
    if name == "Predictor":
        from fer_md.prediction.predictor import Predictor

        return Predictor
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
