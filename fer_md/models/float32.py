"""Trained networks answer in float32, whatever they were trained in."""

import keras

MIXED = ("mixed_bfloat16", "mixed_float16")
"""Keras's policies of layers that compute in 16 bits."""


def in_float32(model: keras.Model) -> keras.Model:
    """The same network with layers that compute in float32.

    A training in 16 bits rounds what its layers compute, and the formats of other runtimes have no such layers.

    Args:
        model: a network, of any precision. Its weights are float32 always.

    Returns:
        ``keras.Model`` with equal weights; ``model`` itself where it computes in float32 already.
    """
    text = exact = model.to_json()
    for policy in MIXED:
        exact = exact.replace(policy, "float32")
    if exact == text:
        return model
    plain = keras.models.model_from_json(exact)
    plain.set_weights(model.get_weights())
    return plain


def computes_in_float16(model: keras.Model) -> bool:
    """Whether a layer computes in float16, in which small gradients are lost without loss scaling."""
    return any(layer.compute_dtype == "float16" for layer in model._flatten_layers())
