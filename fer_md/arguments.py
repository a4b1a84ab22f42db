"""A check of constructor arguments: a ValueError that names the argument, the rule and the value."""

import numbers


def check_whole(name: str, value: object, least: int) -> None:
    """ValueError unless ``value`` is a whole number of at least ``least``."""
    if not isinstance(value, numbers.Integral):
        raise ValueError(f"{name} must be a whole number, not {value!r}")
    if value < least:
        raise ValueError(f"{name} must be at least {least}, not {value}")
