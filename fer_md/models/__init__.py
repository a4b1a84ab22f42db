"""Networks as Keras functional models, each with its frozen configuration."""

from fer_md import environment

environment.check_tensorflow()

from fer_md.models.component import build_component
from fer_md.models.config import DEEP, HALF, NARROW, NETWORKS, SMALL, TINY, WIDE, ComponentConfig, config_for
from fer_md.models.fused import build_fused
from fer_md.models.heads import add_head

__all__ = [
    "DEEP",
    "HALF",
    "NARROW",
    "NETWORKS",
    "SMALL",
    "TINY",
    "WIDE",
    "ComponentConfig",
    "add_head",
    "build_component",
    "build_fused",
    "config_for",
]
