"""Which action units make which expression, and how strongly they show in one face."""

import numpy as np

from fer_md.drawn.face_model import ACTION_UNITS, UNIT_INDEX

EXPRESSION_UNITS = {
    "anger": (
        {4: (0.7, 1.0), 5: (0.3, 0.8), 7: (0.4, 1.0), 23: (0.5, 1.0), 17: (0.0, 0.5)},
        {4: (0.7, 1.0), 7: (0.5, 1.0), 24: (0.6, 1.0), 17: (0.2, 0.7)},
        {4: (0.7, 1.0), 5: (0.4, 1.0), 10: (0.3, 0.8), 25: (0.6, 1.0), 26: (0.2, 0.8), 20: (0.0, 0.4)},
    ),
    "disgust": (
        {9: (0.7, 1.0), 10: (0.3, 0.8), 17: (0.2, 0.8), 15: (0.1, 0.6), 7: (0.2, 0.8)},
        {9: (0.6, 1.0), 10: (0.6, 1.0), 25: (0.4, 0.9), 4: (0.1, 0.5), 6: (0.2, 0.7)},
    ),
    "fear": (
        {1: (0.7, 1.0), 2: (0.4, 0.8), 4: (0.4, 0.8), 5: (0.6, 1.0), 20: (0.6, 1.0), 25: (0.5, 1.0)},
        {1: (0.7, 1.0), 4: (0.4, 0.8), 5: (0.6, 1.0), 20: (0.5, 1.0), 25: (0.4, 0.8), 26: (0.3, 0.8)},
    ),
    "happiness": (
        {6: (0.4, 1.0), 12: (0.6, 1.0), 25: (0.4, 1.0), 26: (0.0, 0.5)},
        {6: (0.3, 0.8), 12: (0.6, 1.0)},
    ),
    "sadness": (
        {1: (0.6, 1.0), 4: (0.3, 0.8), 15: (0.5, 1.0), 17: (0.1, 0.7), 43: (0.0, 0.4)},
        {1: (0.5, 1.0), 4: (0.2, 0.6), 15: (0.6, 1.0), 25: (0.0, 0.5), 7: (0.0, 0.6), 43: (0.1, 0.4)},
    ),
    "surprise": (
        {1: (0.6, 1.0), 2: (0.7, 1.0), 5: (0.5, 1.0), 25: (0.4, 0.8), 26: (0.5, 1.0)},
        {1: (0.6, 1.0), 2: (0.7, 1.0), 5: (0.4, 1.0), 25: (0.5, 0.9), 27: (0.5, 1.0)},
        {1: (0.7, 1.0), 2: (0.8, 1.0), 5: (0.4, 0.9), 25: (0.3, 0.7), 26: (0.0, 0.3)},
    ),
    "neutral": ({25: (0.0, 0.2), 43: (0.0, 0.15), 24: (0.0, 0.2)},),
}
"""For each expression its variants. A variant gives ranges of the intensity of some action units at the peak.

They follow the prototypes of the FACS investigator's guide (EMFACS). The ranges and the choice of variants are ours.
"""

_NO_CHANCE_MOVES = np.array([unit in (43, 26, 27) for unit in ACTION_UNITS])


def sample_units(rng: np.random.Generator, expression: str, weakest: float, blend: float, stray: float) -> np.ndarray:
    """Draws the action-unit intensities of one face.

    Args:
        rng: draws the variant, its strength and all that is added.
        expression: a key of ``EXPRESSION_UNITS``.
        weakest: lowest strength of the whole expression, 0..1; the highest is 1.
        blend: greatest share of a second, weaker expression that is mixed in.
        stray: standard deviation of the action units that show by chance.

    Returns:
        (len(ACTION_UNITS), 2) float64 intensities in 0..1, of the image's left and right side.
    """
    strength = weakest + (1.0 - weakest) * rng.beta(1.6, 1.2)
    units = strength * _variant(rng, expression)
    other = tuple(EXPRESSION_UNITS)[rng.integers(len(EXPRESSION_UNITS))]
    units += blend * rng.random() * _variant(rng, other)
    units += stray * np.abs(rng.standard_normal(len(units))) * ~_NO_CHANCE_MOVES
    lopsided = 1.0 + 0.15 * rng.standard_normal() * np.array([1.0, -1.0]) + 0.06 * rng.standard_normal((len(units), 2))
    return np.clip(units[:, None] * lopsided, 0.0, 1.0)


def _variant(rng, expression):
    variants = EXPRESSION_UNITS[expression]
    units = np.zeros(len(ACTION_UNITS))
    for unit, (low, high) in variants[rng.integers(len(variants))].items():
        units[UNIT_INDEX[unit]] = low + (high - low) * rng.random()
    return units
