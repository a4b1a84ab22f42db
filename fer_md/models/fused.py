"""The components' fused score as one network (the paper's Sec. 3.2.2)."""

import keras


def check_weights(weights, count):
    """The weights of ``count`` components as a list of float, equal ones for None.

    Raises:
        ValueError: another number of weights, a negative one, or another sum than 1.
    """
    weights = [1 / count] * count if weights is None else [float(weight) for weight in weights]
    if len(weights) != count or min(weights) < 0 or abs(sum(weights) - 1) > 1e-6:
        raise ValueError(f"weights must be {count} non-negative numbers that add up to 1, not {weights}")
    return weights


def build_fused(components, weights=None, heads=None, name="fused"):
    """Several components behind one input; the output's softmax is the weighted mean of their probabilities.

    Args:
        components: list of ``keras.Model`` made by ``build_component``; they share their weights with the result.
        weights: numbers that add up to 1, one a component; None for equal ones.
        heads: the output of each component that scores the common label space; None for ``"logits"``.
        name: of the model.

    Returns:
        ``keras.Model`` from images (B, image_size, image_size, 1) to a dict with ``logits`` (B, K) float32,
        the logarithm of ``sum_j weights_j softmax(logits_j)``.

    Raises:
        ValueError: the components' inputs or label spaces differ in size, or see ``check_weights``.
    """
    weights = check_weights(weights, len(components))
    parts = list(zip(components, heads or ["logits"] * len(components), weights, strict=True))
    shapes = {(model.input_shape[1:], model.output[head].shape[-1]) for model, head, _ in parts}
    if len(shapes) > 1:
        raise ValueError(f"components must have the same input and the same number of classes, not {sorted(shapes)}")
    images = keras.Input(components[0].input_shape[1:], name="images")
    scores = 0.0
    for number, (model, head, weight) in enumerate(parts, 1):
        part = keras.Model(model.input, model.output[head], name=f"component{number}")  # layers need different names
        scores = scores + weight * keras.ops.softmax(part(images))
    return keras.Model(images, {"logits": keras.ops.log(scores + 1e-12)}, name=name)
