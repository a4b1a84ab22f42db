"""The trained network that ships with the package."""

from fer_md.pretrained.store import (
    config_from_json,
    load_components,
    load_fused,
    load_pretrained,
    read_description,
    save_pretrained,
)

__all__ = [
    "config_from_json",
    "load_components",
    "load_fused",
    "load_pretrained",
    "read_description",
    "save_pretrained",
]
