"""Custom Keras layers of the component network and of the baselines."""

from fer_md import environment

environment.check_tensorflow()

from fer_md.layers.batch_norm import BatchNorm
from fer_md.layers.correspondence import Correspondence
from fer_md.layers.crelu import CReLU
from fer_md.layers.dropout import Dropout
from fer_md.layers.gaussian_prototypes import GaussianPrototypes
from fer_md.layers.inception import inception_block
from fer_md.layers.preprocessing import Equalize, IsotropicSmoothing, Standardize, Stretch
from fer_md.layers.response_norm import ResponseNorm
from fer_md.layers.soft_argmax import SoftArgmax

__all__ = [
    "BatchNorm",
    "CReLU",
    "Correspondence",
    "Dropout",
    "Equalize",
    "GaussianPrototypes",
    "IsotropicSmoothing",
    "ResponseNorm",
    "SoftArgmax",
    "Standardize",
    "Stretch",
    "inception_block",
]
