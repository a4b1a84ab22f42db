"""All widths of a component network, in one frozen object."""

import dataclasses
import numbers
from pathlib import Path
from typing import Any, TypeVar, get_origin

from fer_md.arguments import check_whole
from fer_md.errors import FerMdError
from fer_md.expressions import EXPRESSIONS


def check_config(config: Any) -> None:
    """Raises ValueError, with the field's name, where a network's configuration holds an impossible width or dropout.

    The types of the fields decide. An ``int``, and each entry of a ``tuple``, must be a whole number of at least 1; for
    ``num_classes`` the least is 2, and for ``more_filters`` it is 0. A ``float`` must be in [0, 1). None is right where
    the type allows it.
    """
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        if field.type is float and not (isinstance(value, numbers.Real) and 0 <= float(value) < 1):
            raise ValueError(f"{field.name} must be in [0, 1), not {value!r}")
        several = get_origin(field.type) is tuple
        if several and not isinstance(value, (tuple, list)):
            raise ValueError(f"{field.name} must be a tuple of whole numbers, not {value!r}")
        least = {"num_classes": 2, "more_filters": 0}.get(field.name, 1)
        whole = field.type is int or (field.type == int | None and value is not None)
        for width in value if several else (value,) if whole else ():
            check_whole(field.name, width, least)


Config = TypeVar("Config", bound=Any)


@dataclasses.dataclass(frozen=True)
class ComponentConfig:
    """One component CNN (the paper's Fig. 4).

    The paper says: 48x48 grayscale input, five convolutional layers, each with max-pooling, CReLU, inception modules
    after the second convolution, two fully connected layers of 2048, and dropout on both. The numbers of filters C and
    the kernel sizes m are in a figure that cannot be read, so these are ours.

    Attributes:
        image_size: edge of the input (paper: 48).
        num_classes: outputs of the softmax (paper: 7).
        kernel_sizes: m of the five convolutions (ours: 5 where the input has one channel, then 3).
        filters: C of the five convolutions, before CReLU doubles the first two. Ours: PVANet's ratio, twice as many
            after each halving of the map, with 16 at 24x24, where a filter costs most. This is half of what ``WIDE``
            has, and learns more in a minute of two cores (docs/RESULTS.md, "Networks and recipes").
        more_filters: filters of another 3x3 convolution with ReLU before each of the five; 0 for none (paper: none).
        inception: six branch widths (see ``inception_block``) of the module between the second and the third
            convolution; () for none (ours: GoogLeNet's 3a, a quarter of its widths).
        inception_stages: put inception modules of two, four and six times ``inception`` in place of convolutions
            3, 4 and 5 as well. The text allows both readings.
        fc_units: width of the two fully connected layers; the second gives the embeddings (paper: 2048).
        dropout: share in [0, 1) dropped after each of them (paper: "0.65", dropped or kept left open; ours: kept).
        embedding: width of a linear layer with batch normalisation after both, which then gives the embeddings; the
            softmax layer works on them. Few numbers of both signs and of one size, for losses on distances. None for no
            such layer (paper: none).
    """

    image_size: int = 48
    num_classes: int = len(EXPRESSIONS)
    kernel_sizes: tuple[int, ...] = (5, 3, 3, 3, 3)
    filters: tuple[int, ...] = (16, 16, 64, 96, 128)
    more_filters: tuple[int, ...] = (0, 0, 0, 0, 0)
    inception: tuple[int, ...] = (16, 24, 32, 4, 8, 8)
    inception_stages: bool = False
    fc_units: int = 2048
    dropout: float = 0.35
    embedding: int | None = None

    @property
    def embedding_dim(self) -> int:
        """Width of the embeddings."""
        return self.embedding or self.fc_units

    def __post_init__(self) -> None:
        check_config(self)
        for name in ("kernel_sizes", "filters", "more_filters"):
            if len(getattr(self, name)) != 5:
                raise ValueError(f"{name} must have five entries, one for each convolution, not {getattr(self, name)}")
        if self.image_size % 16:
            raise ValueError(f"image_size must be a multiple of 16 (four poolings by 2), not {self.image_size}")
        if len(self.inception) not in (0, 6):
            raise ValueError(f"inception must have six entries or none, not {self.inception}")
        if self.inception_stages and not self.inception:
            raise ValueError("inception_stages needs the widths in inception")


def config_for(config: Config, info: dict[str, Any], folder: Path | str) -> Config:
    """The same network for a data set's images and expressions.

    Args:
        config: a ``ComponentConfig``, or the configuration of a baseline.
        info: the content of a prepared folder's ``dataset.json``.
        folder: path of that folder, for the error.

    Returns:
        a configuration of the same kind.

    Raises:
        FerMdError: the network cannot take images of that size, or there are fewer than two expressions.
    """
    try:
        return dataclasses.replace(config, num_classes=len(info["expressions"]), image_size=info["image_size"])
    except ValueError as error:
        raise FerMdError(f"{folder}: {error}; prepare the data set again, or another") from None


TINY = ComponentConfig(filters=(4, 4, 8, 8, 8), inception=(4, 4, 4, 2, 2, 2), fc_units=16)
"""A network of a few thousand weights, for tests and trials of a pipeline."""

HALF = ComponentConfig(fc_units=1024, dropout=0.5)
"""Half as wide in the fully connected layers, for comparisons that need many trainings."""

SMALL = dataclasses.replace(HALF, dropout=0.1)
"""``HALF`` with little dropout, for trainings of half a minute on drawn faces."""

WIDE = ComponentConfig(filters=(32, 32, 128, 192, 256), inception=(32, 48, 64, 8, 16, 16))
"""Twice the filters, for long trainings and processors with bfloat16. Of the second bundled component."""

NARROW = ComponentConfig(filters=(16, 16, 96, 192, 256), inception=(16, 24, 32, 8, 16, 16))
"""Narrow where the maps are large and a filter costs most; wide where they are small."""

DEEP = ComponentConfig(
    filters=(32, 48, 192, 256, 384), more_filters=(0, 64, 0, 256, 0), inception=(32, 48, 96, 12, 32, 32)
)
"""Two convolutions in the second and the fourth stage, and up to three times the filters: convolutions do most of the
work. It has twice the arithmetic of ``WIDE`` and 13.7 million weights, for the longest trainings."""

NETWORKS = {
    "default": ComponentConfig(),
    "wide": WIDE,
    "deep": DEEP,
    "narrow": NARROW,
    "half": HALF,
    "small": SMALL,
    "tiny": TINY,
}
"""The component networks by the names that scripts know them by."""
