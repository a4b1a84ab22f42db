"""Center loss, MD loss and contrastive loss: pure functions, Keras layers, and the model that trains on them."""

from fer_md import environment

environment.check_tensorflow()

from fer_md.losses.center import CenterLoss, center_loss, center_update
from fer_md.losses.combined import combined_loss
from fer_md.losses.contrastive import ContrastiveLoss, contrastive_loss
from fer_md.losses.forms import MD_FORMS
from fer_md.losses.margin import adaptive_margin, mean_margin
from fer_md.losses.md import MDLoss, feature_variance, md_loss, md_loss_as_printed
from fer_md.losses.metric_loss_model import MetricLossModel

__all__ = [
    "MD_FORMS",
    "CenterLoss",
    "ContrastiveLoss",
    "MDLoss",
    "MetricLossModel",
    "adaptive_margin",
    "center_loss",
    "center_update",
    "combined_loss",
    "contrastive_loss",
    "feature_variance",
    "md_loss",
    "md_loss_as_printed",
    "mean_margin",
]
