"""A bundled network, with another head."""

import keras

from fer_md.layers import Dropout
from fer_md.pretrained.networks import check_name
from fer_md.pretrained.store import load_components

DROPOUT = 0.35
"""Share of the embeddings that is dropped before the head, as in the components' own."""


def with_new_head(preset: str, num_classes: int) -> keras.Model:
    """The components of a bundled network, with one new linear layer over all their embeddings.

    Args:
        preset: a name that ``fer_md.load_pretrained`` knows; without their own heads all give the same network.
        num_classes: K of the new layer. Its weights are random and follow ``keras.utils.set_random_seed``.

    Returns:
        ``keras.Model`` from faces (B, 48, 48, 1) to a dict: ``embeddings`` (B, D), the components' side by side, and
        ``logits`` (B, K) float32. Its layer ``backbone`` is a model from faces to embeddings.

    Raises:
        ValueError: unknown ``preset``.
        FerMdError: a file is missing or damaged.
    """
    check_name(preset)
    components = load_components()
    faces = keras.Input(components[0].input_shape[1:], name="faces")
    trunks = [
        keras.Model(component.input, component.output["embeddings"], name=f"trunk{number}")
        for number, component in enumerate(components, 1)
    ]
    side_by_side = keras.layers.Concatenate(name="embeddings")([trunk(faces) for trunk in trunks])
    embeddings = keras.Model(faces, side_by_side, name="backbone")(faces)
    seed = int(keras.random.randint((), 0, 2**31 - 1))
    kept = Dropout(DROPOUT, seed=seed, name="dropout")(embeddings)
    logits = keras.layers.Dense(num_classes, dtype="float32", name="logits")(kept)
    return keras.Model(faces, {"embeddings": embeddings, "logits": logits}, name="classifier")
