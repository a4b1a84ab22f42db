"""Custom Keras layers of the component network."""

from fer_md.layers.batch_norm import BatchNorm
from fer_md.layers.crelu import CReLU
from fer_md.layers.dropout import Dropout
from fer_md.layers.inception import inception_block
from fer_md.layers.standardize import Standardize

__all__ = ["BatchNorm", "CReLU", "Dropout", "Standardize", "inception_block"]
