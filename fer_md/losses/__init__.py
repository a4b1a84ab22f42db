"""Center loss, MD loss and contrastive loss: pure functions, and Keras layers."""

from fer_md.losses.center_loss import center_loss, center_update
from fer_md.losses.center_loss_layer import CenterLoss
from fer_md.losses.contrastive import contrastive_loss
from fer_md.losses.contrastive_layer import ContrastiveLoss
from fer_md.losses.md_loss import adaptive_margin, feature_variance, md_loss
from fer_md.losses.md_loss_layer import MDLoss

__all__ = [
    "CenterLoss",
    "ContrastiveLoss",
    "MDLoss",
    "adaptive_margin",
    "center_loss",
    "center_update",
    "contrastive_loss",
    "feature_variance",
    "md_loss",
]
