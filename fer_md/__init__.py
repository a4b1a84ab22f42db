"""fer_md: the multi-dataset facial-expression network of Yang, Li and Cao (2020).

What users need is here, in ``fer_md.__all__``; each name loads what it needs when it is first used, so that
``import fer_md`` alone loads neither TensorFlow nor Keras. ``fer_md.Predictor`` finds faces in pictures and
predicts their expressions. ``fer_md.load_pretrained`` gives a trained network, ``fer_md.ExpressionClassifier`` the same
with a head for your own labels. ``fer_md.MetricLossModel`` trains a network on MD loss. After ``import fer_md``,
``keras.saving.load_model`` opens every network that this package saves.
"""

import importlib
from typing import TYPE_CHECKING, Any

from fer_md import environment

if TYPE_CHECKING:
    from fer_md.errors import FerMdError
    from fer_md.expressions import EXPRESSIONS
    from fer_md.faces.alignment import cut_face
    from fer_md.losses import CenterLoss, ContrastiveLoss, MDLoss, MetricLossModel
    from fer_md.models import ComponentConfig, build_component, build_fused
    from fer_md.prediction.predictor import Predictor
    from fer_md.pretrained.expression_classifier import ExpressionClassifier
    from fer_md.pretrained.load import load_pretrained

__version__ = "0.1.0"
__all__ = [
    "CenterLoss",
    "ComponentConfig",
    "ContrastiveLoss",
    "EXPRESSIONS",
    "ExpressionClassifier",
    "FerMdError",
    "MDLoss",
    "MetricLossModel",
    "Predictor",
    "__version__",
    "build_component",
    "build_fused",
    "cut_face",
    "load_pretrained",
]

_PLACES = {
    "CenterLoss": "losses",
    "ComponentConfig": "models",
    "ContrastiveLoss": "losses",
    "EXPRESSIONS": "expressions",
    "ExpressionClassifier": "pretrained.expression_classifier",
    "FerMdError": "errors",
    "MDLoss": "losses",
    "MetricLossModel": "losses",
    "Predictor": "prediction.predictor",
    "build_component": "models",
    "build_fused": "models",
    "cut_face": "faces.alignment",
    "load_pretrained": "pretrained.load",
}
"""The package or module that each name comes from."""


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return getattr(importlib.import_module(f"fer_md.{_PLACES[name]}"), name)
    except ImportError as error:
        environment.check_import(error)
        raise


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def _register_with_keras() -> None:
    """Our classes enter Keras's registry as they are imported: then it can open a file that holds them. They need
    TensorFlow; with another backend Keras is left alone."""
    if environment.keras_backend() != "tensorflow":
        return
    importlib.import_module("fer_md.layers")
    importlib.import_module("fer_md.losses")
    importlib.import_module("fer_md.pretrained.expression_classifier")


environment.prepare()
environment.after_import("keras", _register_with_keras)
