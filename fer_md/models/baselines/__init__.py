"""Our component, the networks that it is compared with, and one that can teach it, by name."""

from fer_md.models.baselines.hyperface import HyperFaceConfig, build_hyperface
from fer_md.models.baselines.kim import KimConfig, build_kim
from fer_md.models.baselines.meng import MengConfig, build_meng
from fer_md.models.baselines.residual import ResidualConfig, build_residual
from fer_md.models.baselines.zhang import ZhangConfig, build_zhang
from fer_md.models.component import build_component
from fer_md.models.config import SMALL, TINY, ComponentConfig

BASELINES = {
    "component": build_component,
    "zhang": build_zhang,
    "kim": build_kim,
    "meng": build_meng,
    "hyperface": build_hyperface,
    "residual": build_residual,
}
"""Functions of a configuration, a seed and a name that build a network with the outputs ``embeddings`` and ``logits``,
and further ones of its own."""

CONFIGS = {
    "component": ComponentConfig(),
    "zhang": ZhangConfig(),
    "kim": KimConfig(),
    "meng": MengConfig(),
    "hyperface": HyperFaceConfig(),
    "residual": ResidualConfig(),
}

SMALL_CONFIGS = {
    "component": SMALL,
    "zhang": ZhangConfig(filters=(16, 32, 64, 64), fc_units=512, dropout=SMALL.dropout),
    "kim": KimConfig(fc_units=512, dropout=SMALL.dropout),
    "meng": MengConfig(fc_units=SMALL.fc_units, features=256, dropout=SMALL.dropout),
    "hyperface": HyperFaceConfig(filters=(12, 32, 48, 48, 32), fused_filters=(32, 24), fc_units=384, task_units=64),
    "residual": ResidualConfig(filters=(16, 24, 48, 64, 96), dropout=SMALL.dropout),
}
"""Networks that learn something of drawn faces in half a minute."""

TINY_CONFIGS = {
    "component": TINY,
    "zhang": ZhangConfig(filters=(4, 4, 8, 8), fc_units=16, clusters=2),
    "kim": KimConfig(filters=(4, 4, 8), fc_units=16),
    "meng": MengConfig(filters=TINY.filters, inception=TINY.inception, fc_units=16, features=8),
    "hyperface": HyperFaceConfig(filters=(4, 4, 8, 8, 8), fused_filters=(4, 8), fc_units=16, task_units=8),
    "residual": ResidualConfig(filters=(4, 4, 8, 8, 8), dropout=TINY.dropout),
}
"""Networks of a few thousand weights, for tests and trials of a pipeline."""
