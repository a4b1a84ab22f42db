"""More than one label space on one network."""

import keras


def add_head(model, name, num_classes, seed=0):
    """The same network with one more softmax over the embeddings.

    Args:
        model: ``keras.Model`` made by ``build_component``, or by this function.
        name: of the new output, for example ``"logits_ckplus"``.
        num_classes: of its label space.
        seed: of its initial weights.

    Returns:
        ``keras.Model`` that shares all layers with ``model`` and has the output ``name``, (B, num_classes) float32.

    Raises:
        ValueError: the network has that output already.
    """
    if name in model.output:
        raise ValueError(f"the network has an output {name!r} already")
    initializer = keras.initializers.GlorotUniform(seed)
    layer = keras.layers.Dense(num_classes, kernel_initializer=initializer, dtype="float32", name=name)
    return keras.Model(model.input, {**model.output, name: layer(model.get_layer("logits").input)}, name=model.name)
