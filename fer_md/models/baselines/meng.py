"""Meng et al., Identity-aware convolutional neural network (IACNN), FG 2017: one of its two identical streams."""

import dataclasses

import keras

from fer_md.models.component import build_component
from fer_md.models.config import ComponentConfig


@dataclasses.dataclass(frozen=True)
class MengConfig(ComponentConfig):
    """The IACNN of Meng et al. on our component's convolutions.

    Public: two identical streams that see the two faces of a pair, an expression-sensitive and an identity-sensitive
    contrastive loss (the abstract). From memory of the paper, not confirmed: the streams share their weights; each
    has a fully connected layer for either loss, and both together give the expression; one stream is used at test.
    Inferred: all widths; the convolutions and the first fully connected layer are those of ``ComponentConfig``, so
    that a comparison with our component is one of the losses. Ours: features of unit length in the contrastive losses,
    their margin of 1, and the weight 1 of each beside softmax. By default 4,684,655 trainable weights.

    Attributes:
        features: width of the expression layer, which gives the embeddings, and of the identity layer.
    """

    features: int = 512


def build_meng(config=None, seed=0, name="meng"):
    """Builds the network of a stream. With shared weights, two streams are one network on both faces of each pair.

    Args:
        config: ``MengConfig``; None for the default.
        seed: of the initial weights and of dropout; sets Python's ``random``, see ``seed_initial_weights``.
        name: of the model.

    Returns:
        ``keras.Model`` from images (B, image_size, image_size, 1), gray levels in [0, 255], to a dict:
        ``embeddings`` (B, features), for the expression-sensitive loss; ``identity`` (B, features), for the
        identity-sensitive one; ``logits`` (B, num_classes) float32, from both.
    """
    config = config or MengConfig()
    component = build_component(config, seed)
    x = component.get_layer("dropout1").output
    features = {
        key: keras.layers.Dense(config.features, "relu", kernel_initializer="he_normal", name=f"fc_{key}")(x)
        for key in ("expression", "identity")
    }
    both = keras.layers.Concatenate(name="expression_and_identity")(list(features.values()))
    logits = keras.layers.Dense(config.num_classes, dtype="float32", name="logits")(both)
    outputs = {"embeddings": features["expression"], "identity": features["identity"], "logits": logits}
    return keras.Model(component.input, outputs, name=name)
