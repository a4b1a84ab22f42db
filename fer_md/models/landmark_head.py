"""68 landmarks as an output of a network."""

import keras

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
