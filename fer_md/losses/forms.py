"""The forms of MD loss that have a name: ``MDLoss(num_classes, embedding_dim, **MD_FORMS["nearest"])``."""

from typing import Any

MD_FORMS: dict[str, dict[str, Any]] = {
    "pulling": {
        "nearest": None, "margin": "mean", "hinge": "softplus", "variance_gradient": True, "alpha": 0.05
    },
    "nearest": {
        "nearest": 1, "margin": "adaptive", "hinge": "relu", "variance_gradient": False, "alpha": 0.5
    },
    "printed": {"nearest": 1, "margin": "adaptive", "as_printed": True, "alpha": 0.5},
}  # fmt: skip
"""Arguments of ``MDLoss``.

``"pulling"``, the default: against all impostors, and each sample is drawn to its own center.
``"nearest"``: against the nearest impostor, with the margin of Eq. 7. Pushes whole classes, and draws no sample.
``"printed"``: Eqs. 4 to 9 literally. Pushes samples and centers apart without bound.
"""
