"""The trained networks that ship with the package."""

from fer_md.pretrained.networks import NETWORKS, PHOTOGRAPHS, describe, load_pretrained
from fer_md.pretrained.store import config_from_json, load_components, load_fused, read_description, save_pretrained

__all__ = [
    "NETWORKS",
    "PHOTOGRAPHS",
    "config_from_json",
    "describe",
    "load_components",
    "load_fused",
    "load_pretrained",
    "read_description",
    "save_pretrained",
]
