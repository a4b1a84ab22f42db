"""Center and MD loss in plain NumPy loops, written from the equations and from nothing in fer_md."""

import numpy as np


def distance(x, c):
    return sum((a - b) ** 2 for a, b in zip(x, c, strict=True))


def center_loss(labels, embeddings, centers):
    return sum(distance(x, centers[y]) for x, y in zip(embeddings, labels, strict=True)) / 2 / len(labels)


def center_update(labels, embeddings, centers):
    delta = np.zeros_like(centers)
    for j, center in enumerate(centers):
        own = [x for x, y in zip(embeddings, labels, strict=True) if y == j]
        delta[j] = sum((center - x for x in own), np.zeros_like(center)) / (1 + len(own))
    return delta


def adaptive_margin(centers):
    total = 0.0
    for i, a in enumerate(centers):
        for j, b in enumerate(centers):
            norms = np.sqrt((a**2).sum() * (b**2).sum())
            if i != j and norms > 0:
                total += (a * b).sum() / norms
    return total


def mean_margin(centers):
    pairs = [(a, b) for i, a in enumerate(centers) for j, b in enumerate(centers) if i != j]
    return sum(1 + (a * b).sum() / np.sqrt((a**2).sum() * (b**2).sum()) for a, b in pairs) / len(pairs)


MARGINS = {"adaptive": adaptive_margin, "mean": mean_margin}
HINGES = {"relu": lambda z: max(z, 0.0), "softplus": lambda z: np.log1p(np.exp(z)), None: lambda z: z}


def feature_variance(labels, embeddings, centers, variance="normalized"):
    total = sum(distance(x, centers[y]) for x, y in zip(embeddings, labels, strict=True))
    return max(2 * total / max(len(labels) - 1, 1) if variance == "normalized" else total / 2, 1e-6)


def md_loss(
    labels, embeddings, centers, nearest=None, margin="mean", hinge="softplus", variance="normalized", literal=False
):
    phi = feature_variance(labels, embeddings, centers, variance)
    margin = MARGINS[margin](centers) if isinstance(margin, str) else margin
    losses = []
    for x, y in zip(embeddings, labels, strict=True):
        others = sorted((j for j in range(len(centers)) if j != y), key=lambda j: distance(centers[j], centers[y]))
        others = others[:nearest]
        if literal:
            numerator = distance(x, centers[y]) / phi - margin
            denominators = [-distance(x, centers[y]) / phi for _ in others]
        else:
            numerator = -distance(x, centers[y]) / phi - margin
            denominators = [-distance(x, centers[j]) / phi for j in others]
        top = max(denominators)
        loss = -numerator + top + np.log(sum(np.exp(value - top) for value in denominators))
        losses.append(HINGES[hinge](loss))
    return sum(losses) / len(losses)
