"""A run of one tiny network on one split, for the tests of the loop."""

from fer_md.training.loop import Job


def job(trainer, split):
    """``trainer`` learns from ``split`` and is measured on it."""
    return [Job("model", trainer, (split,), {"data": ("logits", split)})]
