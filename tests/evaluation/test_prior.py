"""Priors: what they add to the logits, which a run holds, and what is refused."""

import numpy as np
import pytest

from fer_md.errors import FerMdError
from fer_md.evaluation.components import fused_prior
from fer_md.evaluation.measure import PRIOR_SHARES, prior_curve
from fer_md.evaluation.prior import (
    TRAINING_FACES,
    apply_shift,
    chosen_share,
    learned_prior,
    parse_prior,
    prior_shares,
    prior_shift,
    prior_text,
    training_prior,
)
from fer_md.expressions import EXPRESSIONS
from random_faces import random_split
from stub_predictor import save_run

TWO = ("happiness", "neutral")


@pytest.mark.parametrize(("share", "expected"), [(0.0, 4 / 5), (0.5, 4 / 7), (1.0, 4 / 13)])
def test_by_hand(share, expected):
    """Of 0.8 : 0.2 = 4 : 1, learned where both were as frequent and used where they are as 1 : 9.

    All of it gives 4 : 9. Half of it divides by the root of 9: 4 : 3.
    """
    shift = prior_shift({"happiness": 0.1, "neutral": 0.9}, share, np.array([0.5, 0.5]), TWO)
    found = apply_shift(np.array([[0.8, 0.2]]), shift)
    assert found == pytest.approx(np.array([[expected, 1 - expected]]), abs=1e-9)


@pytest.mark.parametrize("count", [0, 1, 9])
def test_against_bayes_rule(count):
    """P(x | y) is the same in both places: it follows from one answer, and gives the other."""
    rng = np.random.default_rng(0)
    probabilities, learned, named = (rng.dirichlet(np.ones(7), size) for size in (count, None, None))
    likelihoods = probabilities / learned
    expected = likelihoods * named / (likelihoods * named).sum(1, keepdims=True)
    shift = prior_shift(dict(zip(EXPRESSIONS, named, strict=True)), 1.0, learned, EXPRESSIONS)
    found = apply_shift(probabilities, shift)
    assert found.shape == (count, 7) and found == pytest.approx(expected, abs=1e-9)
    back = apply_shift(found, -shift)
    assert back == pytest.approx(probabilities, abs=1e-9)


def test_priors_with_a_name():
    for name, total in (("fer2013", 28_709), ("facial_expressions", 8_223)):
        assert sum(TRAINING_FACES[name].values()) == total
        shares = prior_shares(name, EXPRESSIONS[::-1])
        assert shares.sum() == pytest.approx(1)
        assert shares[0] == pytest.approx(TRAINING_FACES[name]["neutral"] / total)
    assert prior_shares("uniform", TWO).tolist() == [0.5, 0.5]


def test_shares_are_made_to_add_up():
    assert prior_shares({"neutral": 0.6004, "happiness": 0.4}, TWO).sum() == pytest.approx(1, abs=1e-15)


@pytest.mark.parametrize(
    ("prior", "message"),
    [
        ("press", "prior must be one of uniform, fer2013, facial_expressions, or a share for each .*; got 'press'"),
        ("fer2013", "each of happiness, neutral; it does not know anger, disgust"),
        ({"happiness": 1.0}, "it lacks neutral$"),
        ({"happiness": 0.5, "neutral": 0.25, "joy": 0.25}, "it does not know joy$"),
        ({"happiness": 1.0, "neutral": 0.0}, "shares above 0; neutral has 0.0"),
        ({"happiness": 0.5, "neutral": float("nan")}, "shares above 0; neutral has nan"),
        ({"happiness": 0.5, "neutral": "much"}, "shares above 0; neutral has 'much'"),
        ({"happiness": 0.5, "neutral": 0.4}, "add up to 1; their sum is 0.9000"),
    ],
)
def test_a_wrong_prior_is_named(prior, message):
    with pytest.raises(FerMdError, match=message):
        prior_shares(prior, TWO)


@pytest.mark.parametrize(
    ("share", "learned", "message"),
    [
        (1.5, [0.5, 0.5], "prior_share must be from 0 to 1; got 1.5"),
        (float("nan"), [0.5, 0.5], "prior_share must be from 0 to 1; got nan"),
        (0.5, None, "whose own prior is known"),
        (0.5, [1.0, 0.0], "has learned no face with neutral"),
    ],
)
def test_what_cannot_be_corrected_is_said(share, learned, message):
    with pytest.raises(FerMdError, match=message):
        prior_shift("uniform", share, learned and np.array(learned), TWO)


def test_a_share_is_for_a_prior():
    assert chosen_share("uniform", 0.25) == 0.25 and chosen_share(None, None) == chosen_share("uniform", None)
    with pytest.raises(FerMdError, match="prior_share=0.25 is for a prior; name one"):
        chosen_share(None, 0.25)


def test_a_prior_as_text():
    prior = {"happiness": 0.25, "neutral": 0.75}
    assert parse_prior(prior_text(prior)) == prior == parse_prior("happiness=.25, neutral=75e-2")
    assert parse_prior("fer2013") == prior_text("fer2013") == "fer2013"
    for text, message in (("happiness=much", "found 'happiness=much'"), ("a=1,a=0", "names a twice")):
        with pytest.raises(FerMdError, match=message):
            parse_prior(text)


def test_the_prior_that_a_run_holds():
    """Stated for all networks or for each; else that of a data set with a name; for these expressions only."""
    stated = {"happiness": 0.25, "neutral": 0.75}
    assert learned_prior({"data": "a", "prior": stated}, TWO[::-1]).tolist() == [0.75, 0.25]
    several = {"data": ["a", "b"], "networks": ["component1", "component2"], "prior": [stated, "uniform"]}
    assert learned_prior(several, TWO, "component1").tolist() == [0.25, 0.75]
    assert learned_prior(several, TWO, "component2").tolist() == [0.5, 0.5]
    assert learned_prior({**several, "prior": "uniform"}, TWO, "component2").tolist() == [0.5, 0.5]
    assert learned_prior({"data": "fer2013"}, EXPRESSIONS) == pytest.approx(prior_shares("fer2013", EXPRESSIONS))
    for unknown in ({"data": "a"}, {"data": ["fer2013", "a"]}, {"data": "a", "prior": {"joy": 1.0}}):
        assert learned_prior(unknown, TWO) is None


def test_the_prior_of_fused_networks_is_the_mean_of_theirs(tmp_path):
    shares = [np.full(7, 1 / 7), np.array([0.4, *[0.1] * 6])]
    stated = [dict(zip(EXPRESSIONS, each.tolist(), strict=True)) for each in shares]
    save_run(tmp_path / "run", {"a": EXPRESSIONS, "b": EXPRESSIONS}, prior=stated)
    networks = [(tmp_path / "run", "component1"), (tmp_path / "run", "component2")]
    assert fused_prior(networks, EXPRESSIONS) == pytest.approx((shares[0] + shares[1]) / 2)
    assert fused_prior(networks, EXPRESSIONS, [0.25, 0.75]) == pytest.approx(0.25 * shares[0] + 0.75 * shares[1])
    save_run(tmp_path / "other")
    assert fused_prior([*networks, (tmp_path / "other", "model")], EXPRESSIONS) is None


def test_the_prior_of_a_data_set():
    info = {"splits": {"Training": {"classes": {"happiness": 3, "neutral": 1}}}}
    assert training_prior(info) == {"happiness": 0.75, "neutral": 0.25}


def test_curve_over_the_shares_of_a_prior():
    """Faces without a label do not count; the ends of the curve are the answers without and with the whole prior."""
    split, rng = random_split(60), np.random.default_rng(1)
    split.labels[:5] = -1
    probabilities = rng.dirichlet(np.ones(7), 60)
    shift = rng.normal(size=7)
    curve = prior_curve(split, probabilities, EXPRESSIONS, "press", shift)
    assert [point.share for point in curve.points] == list(PRIOR_SHARES) and curve.named == "press"
    assert list(curve.shift.values()) == shift.tolist()
    for point in curve.points:
        answers = (np.log(probabilities[5:]) + point.share * shift).argmax(1)
        assert point.images == 55 and point.accuracy == pytest.approx((answers == split.labels[5:]).mean())
