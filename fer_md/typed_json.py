"""Dataclasses as JSON and back: types are checked on the way in, and an error names the field."""

import dataclasses
import functools
import sys
import types
import typing
from typing import Any, TypeVar

from fer_md.errors import FerMdError

Record = TypeVar("Record")

_NAMES = {
    bool: "true or false",
    float: "a number",
    int: "a whole number",
    str: "a text",
    list: "a list",
    dict: "an object",
}


def to_json(value: Any) -> Any:
    """A value as JSON can hold it.

    Args:
        value: dataclasses, dicts, lists and tuples of one another, or what JSON holds anyway. A field that is None is
            left out; a None elsewhere stays.

    Returns:
        dicts, lists, texts, numbers, booleans and None.
    """
    if dataclasses.is_dataclass(value):
        named = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
        return {name: to_json(each) for name, each in named.items() if each is not None}
    if isinstance(value, dict):
        return {name: to_json(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [to_json(each) for each in value]
    return value


def from_json(kind: type[Record], value: Any, where: str) -> Record:
    """The opposite of ``to_json``.

    Args:
        kind: a dataclass; its fields may be dataclasses, ``list[...]``, ``dict[str, ...]``, ``tuple[...]``, unions with
            None, ``Any`` and plain types. A field of a type with None may be missing.
        value: what JSON held.
        where: file, and place in it, that an error names first.

    Returns:
        an instance of ``kind``.

    Raises:
        FerMdError: a field is missing, unknown, or of another type.
    """
    return _read(kind, value, where)


def _read(kind, value, where):
    if kind is Any:
        return value
    if dataclasses.is_dataclass(kind):
        return _read_record(kind, value, where)
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):
        if value is None and type(None) in arguments:
            return None
        (kind,) = (argument for argument in arguments if argument is not type(None))
        return _read(kind, value, where)
    if origin in (list, tuple):
        _check(list, value, where)
        return _read_list(origin, arguments, value, where)
    if origin is dict:
        _check(dict, value, where)
        return {name: _read(arguments[1], each, f"{where}.{name}") for name, each in value.items()}
    _check(kind, value, where)
    return _float(value, where) if kind is float else value


def _float(value, where):
    try:
        return float(value)
    except OverflowError:
        raise FerMdError(f"{where}: must be a number up to {sys.float_info.max}, which this one is above") from None


def _read_list(origin, arguments, value, where):
    if origin is tuple and len(arguments) != len(value):
        raise FerMdError(f"{where}: must have {len(arguments)} values, not {len(value)}")
    kinds = arguments if origin is tuple else arguments * len(value)
    return origin(_read(kind, each, f"{where}[{i}]") for i, (kind, each) in enumerate(zip(kinds, value, strict=True)))


def _read_record(kind, value, where):
    _check(dict, value, where)
    hints = _hints(kind)
    if unknown := value.keys() - hints.keys():
        raise FerMdError(f"{where}: unknown field {min(unknown)!r}; {kind.__name__} has {', '.join(hints)}")
    if missing := [name for name, hint in hints.items() if name not in value and not _may_be_missing(hint)]:
        raise FerMdError(f"{where}: lacks the field {missing[0]!r}")
    return kind(**{name: _read(hint, value.get(name), f"{where}.{name}") for name, hint in hints.items()})


@functools.cache
def _hints(kind):
    hints = typing.get_type_hints(kind)
    return {field.name: hints[field.name] for field in dataclasses.fields(kind)}


def _may_be_missing(hint):
    return type(None) in typing.get_args(hint)


def _check(kind, value, where):
    number = isinstance(value, int | float) and not isinstance(value, bool)
    fits = number if kind is float else isinstance(value, kind) and (kind is not int or number)
    if not fits:
        raise FerMdError(f"{where}: must be {_NAMES[kind]}, not {value!r}")
