"""Batch-norm statistics of chosen faces in place of those that training left behind."""

import keras
import numpy as np

from fer_md.layers import BatchNorm


def estimate_batch_statistics(model: keras.Model, images: np.ndarray, batch_size: int = 256) -> None:
    """Sets every ``BatchNorm``'s moving mean and variance to the mean of those of all batches (Wu and Johnson, 2021).

    Each face counts once, wherever it stands in the order; no other weight changes.

    Args:
        model: network made by ``build_component``; it is changed.
        images: (N, H, W) uint8, N > 0. Their order decides which of them share a batch.
        batch_size: images of a batch; the last one may have fewer.

    Reference:
        Wu, Johnson: Rethinking "batch" in BatchNorm, 2021.
    """
    layers = [layer for layer in model.layers if isinstance(layer, BatchNorm)]
    momenta = [layer.momentum for layer in layers]
    for start in range(0, len(images), batch_size):
        batch = images[start : start + batch_size]
        for layer in layers:  # a moving average with this momentum is the mean so far
            layer.momentum = start / (start + len(batch))
        model(batch[..., None], training=True)
    for layer, momentum in zip(layers, momenta, strict=True):
        layer.momentum = momentum
