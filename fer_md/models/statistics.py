"""Networks that share all weights but those of batch normalisation: one for each data set that is learned together."""

import keras

from fer_md.layers.batch_norm import BatchNorm


def with_own_statistics(model: keras.Model, count: int) -> list[keras.Model]:
    """The same network with batch normalisation of its own for each of several data sets.

    Faces of different data sets differ in light, sharpness and how tightly they are cut. Normalised together, each
    would be seen with the others' mean and spread. Scale and shift (gamma, beta) are of the data set too.

    Args:
        model: a network made by ``build_component``; it stays as it is and is the first of the result.
        count: of networks, at least 1.

    Returns:
        ``count`` networks that share every layer but ``BatchNorm``. Their batch normalisation starts as the first
        one's.

    Reference: Bilen and Vedaldi, Universal representations, 2017, Sec. 3.
    """
    networks = [model]
    for _ in range(count - 1):
        copy = keras.models.clone_model(model, clone_function=_share_or_copy)
        copy.set_weights(model.get_weights())  # of the layers that are shared, their own
        networks.append(copy)
    return networks


def _share_or_copy(layer):
    return BatchNorm.from_config(layer.get_config()) if isinstance(layer, BatchNorm) else layer
