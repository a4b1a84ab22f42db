"""Center loss and MD loss: pure functions, and Keras layers that keep the centers."""

from fer_md.losses.center_loss import center_loss, center_update
from fer_md.losses.center_loss_layer import CenterLoss
from fer_md.losses.md_loss import adaptive_margin, feature_variance, md_loss
from fer_md.losses.md_loss_layer import MDLoss

__all__ = ["CenterLoss", "MDLoss", "adaptive_margin", "center_loss", "center_update", "feature_variance", "md_loss"]
