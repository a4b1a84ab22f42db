"""Outputs of a network beside its first softmax: further label spaces, and landmarks."""

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


LANDMARKS = 68


def apply_points(x):
    """(B, D) features -> ``landmarks`` (B, 68, 2) float32, the same points for every face until they are trained."""
    points = keras.layers.Dense(2 * LANDMARKS, kernel_initializer="zeros", dtype="float32", name="points")(x)
    return keras.layers.Reshape((LANDMARKS, 2), dtype="float32", name="landmarks")(points)


def landmark_component(component):
    """The component network with a landmark head in place of its softmax.

    Args:
        component: ``keras.Model`` made by ``build_component``.

    Returns:
        ``keras.Model`` that shares its layers, with the outputs ``embeddings`` (B, fc_units) and ``landmarks``
        (B, 68, 2) float32, x and y from the middle of the image as shares of its edge.
    """
    landmarks = apply_points(component.get_layer("logits").input)
    outputs = {"embeddings": component.output["embeddings"], "landmarks": landmarks}
    return keras.Model(component.input, outputs, name=component.name)


def start_at(model, landmarks):
    """Makes a network begin with the mean face: sets the bias of its landmarks to the mean of (N, 68, 2) shares."""
    model.get_layer("points").bias.assign(landmarks.mean(0).ravel())
