"""Meng et al., Identity-aware convolutional neural network (IACNN), FG 2017: one of its two identical streams."""

import dataclasses

import keras

from fer_md.models.component import build_component
from fer_md.models.config import ComponentConfig


@dataclasses.dataclass(frozen=True)
class MengConfig(ComponentConfig):
    """The IACNN of Meng et al. on our component's convolutions.

    Public (the abstract): two identical streams see the two faces of a pair. There are two contrastive losses, one
    sensitive to the expression and one to the identity.

    From memory of the paper, not confirmed: the streams share their weights. Each has a fully connected layer for
    either loss; both layers together give the expression. One stream is used for testing.

    Inferred: all widths. The convolutions and the first fully connected layer are those of ``ComponentConfig``, so that
    a comparison with our component compares the losses.

    Ours: features of unit length in the contrastive losses, their margin of 1, and a weight of 1 for each of them
    beside softmax.

    The default has 4,684,655 trainable weights.

    Attributes:
        features: width of the expression layer, which gives the embeddings, and of the identity layer.
    """

    features: int = 512

    @property
    def embedding_dim(self) -> int:
        """Width of the embeddings."""
        return self.features

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.embedding is not None:
            raise ValueError(f"embedding must be None, as features give the embeddings, not {self.embedding}")


def build_meng(config: MengConfig | None = None, seed: int = 0, name: str = "meng") -> keras.Model:
    """Builds one stream. Since the weights are shared, two streams are one network that sees both faces of each pair.

    Args:
        config: the widths; None for the default.
        seed: of the initial weights and of dropout. Python's ``random`` is seeded too, see ``seed_initial_weights``.
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
