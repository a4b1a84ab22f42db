"""Other outputs of a network: another label space, landmarks, or another classifier."""

import keras
import numpy as np

from fer_md.layers import GaussianPrototypes


def add_head(model: keras.Model, name: str, num_classes: int, seed: int = 0) -> keras.Model:
    """The same network with one more softmax over the embeddings.

    Args:
        model: a network made by ``build_component`` or by this function.
        name: of the new output, for example ``"logits_ckplus"``.
        num_classes: number of its classes.
        seed: of its initial weights.

    Returns:
        ``keras.Model`` that shares all layers with ``model`` and has the output ``name``, (B, num_classes) float32.

    Raises:
        ValueError: the network already has that output.
    """
    if name in model.output:
        raise ValueError(f"the network has an output {name!r} already")
    initializer = keras.initializers.GlorotUniform(seed)
    layer = keras.layers.Dense(num_classes, kernel_initializer=initializer, dtype="float32", name=name)
    return keras.Model(model.input, {**model.output, name: layer(model.get_layer("logits").input)}, name=model.name)


def with_prior(model: keras.Model, shares: np.ndarray, head: str = "logits") -> keras.Model:
    """The same network with the logarithm of the shares of the classes added to its logits.

    A network that was trained with logit adjustment says how much more likely a face is under a class than under
    others; with this it answers for faces of which the classes have these shares.

    Args:
        model: a network made by ``build_component``.
        shares: (K,) greater than 0, adding up to 1.
        head: output to answer with; it becomes ``logits``, and other heads are left out.

    Returns:
        ``keras.Model`` of its own, with the outputs ``embeddings`` and ``logits``.

    Reference: Menon et al., Long-tail learning via logit adjustment, ICLR 2021, Eq. 10.
    """
    kept = keras.Model(model.input, {name: model.output[name] for name in ("embeddings", head)}, name=model.name)

    def copied(layer):
        config = layer.get_config()
        return type(layer).from_config({**config, "name": "logits"} if layer.name == head else config)

    copy = keras.models.clone_model(kept, clone_function=copied)
    copy.set_weights(kept.get_weights())
    bias = copy.get_layer("logits").bias
    bias.assign(bias + np.log(shares))
    return keras.Model(
        copy.input, {"embeddings": copy.output["embeddings"], "logits": copy.output[head]}, name=copy.name
    )


LANDMARKS = 68
"""Points of a face, in iBUG order."""


def apply_points(x: keras.KerasTensor) -> keras.KerasTensor:
    """The output ``landmarks`` (B, 68, 2) float32 of (B, D) features; untrained, it gives all faces the same points."""
    points = keras.layers.Dense(2 * LANDMARKS, kernel_initializer="zeros", dtype="float32", name="points")(x)
    return keras.layers.Reshape((LANDMARKS, 2), dtype="float32", name="landmarks")(points)


def landmark_component(component: keras.Model) -> keras.Model:
    """The component network with a landmark head in place of its softmax.

    Args:
        component: a network made by ``build_component``.

    Returns:
        ``keras.Model`` that shares its layers, with the outputs ``embeddings`` (B, D) and ``landmarks``
        (B, 68, 2) float32, x and y measured from the middle of the image as shares of its edge.
    """
    landmarks = apply_points(component.get_layer("logits").input)
    outputs = {"embeddings": component.output["embeddings"], "landmarks": landmarks}
    return keras.Model(component.input, outputs, name=component.name)


def plane_component(component: keras.Model) -> keras.Model:
    """The component network with an embedding of two numbers, which can be drawn.

    Args:
        component: a network made by ``build_component``, just before: the weights of the new layers follow its seed.

    Returns:
        ``keras.Model`` that shares its layers, with the outputs ``embeddings`` (B, 2) and ``logits`` (B, num_classes),
        both float32. The logits are those of the embedding.
    """
    point = keras.layers.Dense(2, dtype="float32", name="plane")(component.get_layer("logits").input)
    classes = component.output["logits"].shape[-1]
    logits = keras.layers.Dense(classes, dtype="float32", name="plane_logits")(point)
    return keras.Model(component.input, {"embeddings": point, "logits": logits})


def prototype_component(component: keras.Model) -> keras.Model:
    """The component network with Gaussian prototypes in place of its linear softmax.

    Args:
        component: a network made by ``build_component``, just before: the weights of the new layer follow its seed.

    Returns:
        ``keras.Model`` that shares its other layers and has outputs of the same names and shapes.
    """
    outputs = component.output
    prototypes = GaussianPrototypes(outputs["logits"].shape[-1], name="prototypes")
    logits = prototypes(component.get_layer("logits").input)
    return keras.Model(component.input, {**outputs, "logits": logits}, name=component.name)


def start_at(model: keras.Model, landmarks: np.ndarray) -> None:
    """Lets a network begin with the mean face: sets the bias of its landmarks to the mean of (N, 68, 2) shares."""
    model.get_layer("points").bias.assign(landmarks.mean(0).ravel())
