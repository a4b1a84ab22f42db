"""Trained networks answer in float32, whatever they were trained in."""

import keras


def in_float32(model: keras.Model) -> keras.Model:
    """The same network with layers that compute in float32.

    A training in bfloat16 rounds what its layers compute, and the formats of other runtimes have no such layers.

    Args:
        model: a network, of any precision. Its weights are float32 always.

    Returns:
        ``keras.Model`` with equal weights; ``model`` itself where it computes in float32 already.
    """
    text = model.to_json()
    if "mixed_bfloat16" not in text:
        return model
    plain = keras.models.model_from_json(text.replace("mixed_bfloat16", "float32"))
    plain.set_weights(model.get_weights())
    return plain
