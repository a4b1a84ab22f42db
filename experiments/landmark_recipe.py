"""How networks learn landmarks, as far as the scripts that train them agree."""

from fer_md.data.augment import Augmentation
from fer_md.training.crops import Placement

AUGMENTATION = Augmentation(contrast=0.3, erase=0.1, blur=0.7, noise=10.0)
PLACEMENT = Placement(shift=0.07, spread=0.1, turn=12.0)
COPIES = 12
"""Crops of a face that are kept in memory; an epoch sees each face once, in one of them."""
