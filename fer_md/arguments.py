"""A check of arguments, whose ValueError names the argument, the rule and the value."""

import numbers


def check_whole(name: str, value: object, least: int) -> None:
    """Raises ValueError unless ``value`` is a whole number of at least ``least``; the message calls it ``name``."""
    if not isinstance(value, numbers.Integral):
        raise ValueError(f"{name} must be a whole number, not {value!r}")
    if value < least:
        raise ValueError(f"{name} must be at least {least}, not {value}")
