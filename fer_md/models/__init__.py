"""Networks as Keras functional models, each with its frozen configuration."""

from fer_md.models.component import build_component
from fer_md.models.config import TINY, ComponentConfig

__all__ = ["TINY", "ComponentConfig", "build_component"]
