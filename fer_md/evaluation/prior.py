"""Priors: how often each expression occurs where a network learned, and where its answers are used.

A network that learns the faces of a data set as they come also learns how frequent each expression is there. Where
other frequencies hold, its probabilities are corrected by the ratio of the two priors (Saerens et al., 2002), all or in
part:

    P(y | x, named) ~ P(y | x) (named_y / learned_y)^share

That adds ``share (log named_y - log learned_y)`` to the logits. A share of 0 changes nothing. A share of 1 makes the
most probable expression right most often, where the network is calibrated and faces of an expression look alike in both
places. Rare expressions are then hardly ever answered; a part of the correction finds more of them.

References:
    Saerens, Latinne, Decaestecker: Adjusting the outputs of a classifier to new a priori probabilities, 2002.
    Menon et al.: Long-tail learning via logit adjustment, ICLR 2021.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from fer_md.errors import FerMdError
from fer_md.evaluation.softmax import softmax
from fer_md.expressions import EXPRESSIONS

SHARE = 0.5
"""How much of the correction is made by default. On press photographs (PublicTest of facial_expressions) half of it
brings nearly all of the accuracy, and costs a third to two thirds of the macro recall that all of it costs
(docs/MODEL_CARD.md)."""

Prior = str | Mapping[str, float]
"""The share of the faces that has each expression, by its name; or ``"uniform"`` or a name of ``TRAINING_FACES``."""

UNIFORM = "uniform"
"""The prior that has every expression equally often."""

TRAINING_FACES = {
    "fer2013": dict(zip(EXPRESSIONS, (3995, 436, 4097, 7215, 4830, 3171, 4965), strict=True)),
    "facial_expressions": dict(zip(EXPRESSIONS, (151, 145, 13, 3416, 160, 220, 4118), strict=True)),
}
"""Priors with a name: faces of each expression in the Training split, as data_prep/fer2013.py and
data_prep/facial_expressions.py count them. The second is of press photographs."""


def prior_shares(prior: Prior, expressions: Sequence[str]) -> np.ndarray:
    """A prior as (K,) float64 shares in the order of K expressions, all above 0, with sum 1.

    Raises:
        FerMdError: the name is unknown, an expression is missing or unknown, or the shares are not numbers above 0 that
            add up to 1 (to within 0.001, and are then made to).
    """
    if prior == UNIFORM:
        return np.full(len(expressions), 1 / len(expressions))
    if isinstance(prior, str):
        if prior not in TRAINING_FACES:
            known = ", ".join([UNIFORM, *TRAINING_FACES])
            raise FerMdError(f"prior must be one of {known}, or a share for each expression; got {prior!r}")
        prior = shares_of_counts(TRAINING_FACES[prior])
    lacking = [name for name in expressions if name not in prior]
    unknown = [str(name) for name in prior if name not in expressions]
    if lacking or unknown:
        wrong = [
            f"{kind} {', '.join(names)}" for kind, names in (("lacks", lacking), ("does not know", unknown)) if names
        ]
        raise FerMdError(f"prior must have a share for each of {', '.join(expressions)}; it {' and '.join(wrong)}")
    for expression, share in prior.items():
        if not (isinstance(share, int | float | np.number) and math.isfinite(share) and share > 0):
            raise FerMdError(f"prior must have shares above 0; {expression} has {share!r}")
    shares = np.array([prior[expression] for expression in expressions], np.float64)
    if abs(shares.sum() - 1) > 1e-3:
        raise FerMdError(f"prior must have shares that add up to 1; their sum is {shares.sum():.4f}")
    return shares / shares.sum()


def shares_of_counts(counts: Mapping[str, int]) -> dict[str, float]:
    """The share of each expression, from the number of its faces."""
    total = sum(counts.values())
    return {expression: count / total for expression, count in counts.items()}


def training_prior(info: Mapping[str, Any]) -> dict[str, float]:
    """The prior of a prepared data set's Training split; ``info`` is the content of its ``dataset.json``."""
    return shares_of_counts(info["splits"]["Training"]["classes"])


def mixed_prior(parts: Sequence[tuple[Mapping[str, float], float]]) -> dict[str, float]:
    """The prior of faces that come from several data sets.

    Args:
        parts: the prior of each, and its weight, at least 0 and one of them above it.

    Returns:
        the share of each expression of any of them.
    """
    total = sum(weight for _, weight in parts)
    names = dict.fromkeys(name for prior, _ in parts for name in prior)
    return {name: sum(weight / total * prior.get(name, 0.0) for prior, weight in parts) for name in names}


def learned_prior(settings: Mapping[str, Any], expressions: Sequence[str], network: str = "model") -> np.ndarray | None:
    """The prior that the answers of a run's network hold.

    Args:
        settings: of the run, or the description of the package's network. ``prior`` states it, for all networks or in a
            list for each; without it, the prior is that of the data set where this is in ``TRAINING_FACES``.
        expressions: K names in the order of the answers.
        network: ``"model"`` of a pre-training, ``"component1"`` and so on of a run with several.

    Returns:
        (K,) float64 shares, 0 for an expression without faces; None where they are not known for these expressions.
    """
    stated = settings.get("prior", settings["data"])
    if isinstance(stated, list):
        stated = stated[settings["networks"].index(network)] if "prior" in settings else None
    if stated == UNIFORM:
        return np.full(len(expressions), 1 / len(expressions))
    if isinstance(stated, str):
        stated = shares_of_counts(TRAINING_FACES[stated]) if stated in TRAINING_FACES else None
    if stated is None or set(stated) != set(expressions):
        return None
    return np.array([stated[expression] for expression in expressions], np.float64)


def chosen_share(prior: Prior | None, share: float | None) -> float:
    """How much a prior counts: ``share``, or ``SHARE`` for None.

    Raises:
        FerMdError: there is a share and no prior.
    """
    if prior is None and share is not None:
        raise FerMdError(f"prior_share={share} is for a prior; name one")
    return SHARE if share is None else share


def prior_shift(named: Prior, share: float, learned: np.ndarray | None, expressions: Sequence[str]) -> np.ndarray:
    """What is added to the logits: ``share (log named - log learned)``.

    Args:
        named: the prior where the answers are used.
        share: how much of the correction is made, in [0, 1].
        learned: (K,) the prior that the network's answers hold; None where it is not known.
        expressions: K names in label order.

    Returns:
        (K,) float64.

    Raises:
        FerMdError: ``share`` is outside [0, 1]; ``learned`` is None or has a 0; see also ``prior_shares``.
    """
    shares = prior_shares(named, expressions)
    if not 0 <= share <= 1:
        raise FerMdError(f"prior_share must be from 0 to 1; got {share}")
    if learned is None:
        raise FerMdError(
            "prior is for a network whose own prior is known: the package's, or a run's whose config.json states it; "
            "a SavedModel gets its prior when it is exported"
        )
    if not learned.all():
        raise FerMdError(f"prior: the network has learned no face with {expressions[int(learned.argmin())]}")
    return share * (np.log(shares) - np.log(learned))


def apply_shift(probabilities: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """``softmax(log p + shift)``: (N, K) float64 of (N, K) probabilities and a (K,) shift; N may be 0."""
    return softmax(np.log(np.asarray(probabilities, np.float64) + 1e-12) + shift)


def parse_prior(text: str) -> Prior:
    """The prior of a command line: a name, or ``happiness=0.4,neutral=0.5,...``.

    Raises:
        FerMdError: an expression is there twice, or what follows it is not a number.
    """
    if "=" not in text:
        return text
    shares: dict[str, float] = {}
    for part in text.split(","):
        name, _, value = part.partition("=")
        try:
            number = float(value)
        except ValueError:
            raise FerMdError(f"prior must be written as happiness=0.4,neutral=0.5,...; found {part!r}") from None
        if name.strip() in shares:
            raise FerMdError(f"prior names {name.strip()} twice: {text}")
        shares[name.strip()] = number
    return shares


def prior_text(prior: Prior) -> str:
    """A prior as ``parse_prior`` reads it."""
    return prior if isinstance(prior, str) else ",".join(f"{name}={share:g}" for name, share in prior.items())
