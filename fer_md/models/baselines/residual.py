"""A residual network (He et al., Deep residual learning for image recognition, CVPR 2016) for faces of 48 pixels."""

import dataclasses

import keras

from fer_md.expressions import EXPRESSIONS
from fer_md.layers import Dropout, Standardize
from fer_md.layers.convolution import conv_bn_relu
from fer_md.layers.residual import apply_residual
from fer_md.models.config import check_config
from fer_md.models.seeding import seed_initial_weights


@dataclasses.dataclass(frozen=True)
class ResidualConfig:
    """A network outside the paper's family: no CReLU, no inception, no wide fully connected layers.

    It can teach the components (``fer_md.training.teacher``). The widths are ours. It has 5,482,855 trained weights. A
    step of training took 30 % longer than that of ``fer_md.models.DEEP`` (docs/results/fer2013-long-residual0).

    Attributes:
        image_size: edge of the input.
        num_classes: outputs of the softmax.
        filters: of the first convolution and of the four stages; the maps are halved before each stage.
        blocks: residual blocks of two 3x3 convolutions in each stage, after its first convolution.
        dropout: share in [0, 1) dropped of the embeddings, the means of the last maps.
    """

    image_size: int = 48
    num_classes: int = len(EXPRESSIONS)
    filters: tuple[int, ...] = (32, 64, 128, 256, 384)
    blocks: tuple[int, ...] = (1, 1, 1, 1)
    dropout: float = 0.35

    @property
    def embedding_dim(self) -> int:
        """Width of the embeddings."""
        return self.filters[-1]

    def __post_init__(self) -> None:
        check_config(self)
        if len(self.filters) != len(self.blocks) + 1:
            raise ValueError(f"filters must have one entry more than blocks, not {self.filters} and {self.blocks}")


def build_residual(config: ResidualConfig | None = None, seed: int = 0, name: str = "residual") -> keras.Model:
    """Builds a residual network.

    Args:
        config: the widths; None for the default.
        seed: of the initial weights and of dropout. Python's ``random`` is seeded too, see ``seed_initial_weights``.
        name: of the model.

    Returns:
        ``keras.Model`` with the input and the outputs of ``build_component``.
    """
    config = config or ResidualConfig()
    seed_initial_weights(seed)
    images = keras.Input((config.image_size, config.image_size, 1), name="images")
    x = Standardize(name="standardize")(images)
    x = conv_bn_relu(x, config.filters[0], 5, "conv1")
    for stage, (filters, blocks) in enumerate(zip(config.filters[1:], config.blocks, strict=True), 1):
        x = keras.layers.MaxPooling2D(2, name=f"stage{stage}_pool")(x)
        x = conv_bn_relu(x, filters, 3, f"stage{stage}")
        for block in range(1, blocks + 1):
            x = apply_residual(x, f"stage{stage}_block{block}")
    embeddings = keras.layers.GlobalAveragePooling2D(dtype="float32", name="average")(x)
    x = Dropout(config.dropout, seed=2 * seed + 1, name="dropout")(embeddings)
    logits = keras.layers.Dense(config.num_classes, dtype="float32", name="logits")(x)
    return keras.Model(images, {"embeddings": embeddings, "logits": logits}, name=name)
