"""Zhang et al., Learning social relation traits from face images, ICCV 2015: its network with an expression head."""

import dataclasses

import keras
import numpy as np

from fer_md.expressions import EXPRESSIONS
from fer_md.layers import Correspondence, Dropout, ResponseNorm, Standardize
from fer_md.layers.convolution import conv_relu
from fer_md.models.config import check_config
from fer_md.models.seeding import seed_initial_weights


@dataclasses.dataclass(frozen=True)
class ZhangConfig:
    """The network of Zhang et al. at our input size.

    Public (the abstract, arXiv 1509.03936): one network learns attributes, the expression among them, from several data
    sets, in which each image has labels for some of them. A bridging layer makes use of correspondences between the
    faces of different data sets. Public (Pramerdorfer and Kampel, arXiv 1612.02903): the order of the layers, which is
    convolution, pooling and response normalisation, twice, then convolution, pooling, convolution and two fully
    connected layers; and their 21.3 million weights.

    From memory of the paper, not confirmed: the bridge is made of clusters within clusters of histograms of gradients.
    Their code is put beside the convolutions' output, before the fully connected layer. The loss is taken over the
    labelled attributes only.

    Inferred: all widths and kernel sizes, chosen to come near that number of weights; the constants of the response
    normalisation, which are those of Krizhevsky et al.; histograms on a grid over the aligned face, where the paper has
    them at landmarks; dropout.

    The default has 20,023,559 trainable weights.

    Attributes:
        image_size: edge of the input.
        num_classes: outputs of the expression head; ``fer_md.models.add_head`` adds other label spaces.
        filters: filters of the four convolutions.
        fc_units: width of the bridging layer, which gives the embeddings.
        clusters: k of the code, see ``fer_md.layers.Correspondence``.
        dropout: share that is dropped before the heads.
    """

    image_size: int = 48
    num_classes: int = len(EXPRESSIONS)
    filters: tuple[int, ...] = (64, 128, 256, 256)
    fc_units: int = 2048
    clusters: int = 4
    dropout: float = 0.5

    def __post_init__(self) -> None:
        check_config(self)
        if len(self.filters) != 4:
            raise ValueError(f"filters must have four entries, one for each convolution, not {self.filters}")
        if self.image_size % 24:
            raise ValueError(f"image_size must be a multiple of 24 (poolings by 8, cells by 6), not {self.image_size}")


def build_zhang(config: ZhangConfig | None = None, seed: int = 0, name: str = "zhang") -> keras.Model:
    """Builds the network. ``adapt_bridge`` then gives the bridging layer its correspondences.

    Args:
        config: the widths; None for the default.
        seed: of the initial weights and of dropout. Python's ``random`` is seeded too, see ``seed_initial_weights``.
        name: of the model.

    Returns:
        ``keras.Model`` from images (B, image_size, image_size, 1), gray levels in [0, 255], to a dict:
        ``embeddings`` (B, fc_units), the bridging layer, and ``logits`` (B, num_classes) float32.
    """
    config = config or ZhangConfig()
    seed_initial_weights(seed)
    images = keras.Input((config.image_size, config.image_size, 1), name="images")
    x = Standardize(name="standardize")(images)
    stages = zip(config.filters, (5, 5, 3, 3), (True, True, True, False), (True, True, False, False), strict=True)
    for index, (filters, size, pool, norm) in enumerate(stages, 1):
        x = conv_relu(x, filters, size, f"conv{index}")
        if pool:
            x = keras.layers.MaxPooling2D(2, name=f"pool{index}")(x)
        if norm:
            x = ResponseNorm(name=f"norm{index}")(x)
    x = keras.layers.Flatten(name="flatten")(x)
    code = Correspondence(config.clusters, name="correspondence")(images)
    x = keras.layers.Concatenate(name="face_and_code")([x, code])
    x = keras.layers.Dense(config.fc_units, "relu", kernel_initializer="he_normal", name="bridge")(x)
    embeddings = x
    x = Dropout(config.dropout, seed=seed, name="dropout")(x)
    logits = keras.layers.Dense(config.num_classes, dtype="float32", name="logits")(x)
    return keras.Model(images, {"embeddings": embeddings, "logits": logits}, name=name)


def adapt_bridge(model: keras.Model, images: np.ndarray, seed: int = 0) -> keras.Model:
    """Finds the correspondences among the faces of all data sets. Call it before the network is trained.

    Args:
        model: a network made by ``build_zhang``.
        images: (N, H, W) uint8, the training faces of all data sets.
        seed: of the clusters.

    Returns:
        the same ``model``.
    """
    model.get_layer("correspondence").adapt(images, seed)
    return model
