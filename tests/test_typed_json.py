"""Dataclasses as JSON and back."""

import dataclasses
from typing import Any

import pytest

from fer_md.errors import FerMdError
from fer_md.typed_json import from_json, to_json


@dataclasses.dataclass(frozen=True)
class Part:
    name: str
    share: float | None = None


@dataclasses.dataclass(frozen=True)
class Whole:
    count: int
    ends: tuple[float, float]
    parts: list[Part]
    by_name: dict[str, Part | None]
    rest: Any = None
    whole: bool | None = None


WHOLE = Whole(3, (0.25, 1.0), [Part("a", 0.5)], {"b": None, "c": Part("d")}, rest={"any": [1, None]})


def test_round_trip():
    """A field that is None is left out; None in a dict or list stays."""
    stored = to_json(WHOLE)
    assert stored == {
        "count": 3,
        "ends": [0.25, 1.0],
        "parts": [{"name": "a", "share": 0.5}],
        "by_name": {"b": None, "c": {"name": "d"}},
        "rest": {"any": [1, None]},
    }
    assert from_json(Whole, stored, "file") == WHOLE


def test_a_whole_number_is_a_number():
    found = from_json(Part, {"name": "a", "share": 1}, "file")
    assert found.share == 1.0 and isinstance(found.share, float)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"count": True}, "file.count: must be a whole number, not True"),
        ({"count": 0.5}, "file.count: must be a whole number, not 0.5"),
        ({"whole": 1}, "file.whole: must be true or false, not 1"),
        ({"ends": [1, 10**400]}, r"file.ends\[1\]: must be a number up to 1.79"),
        ({"ends": [1]}, "file.ends: must have 2 values, not 1"),
        ({"ends": [1, "x"]}, r"file.ends\[1\]: must be a number, not 'x'"),
        ({"parts": {}}, "file.parts: must be a list, not {}"),
        ({"parts": [{"share": 1}]}, r"file.parts\[0\]: lacks the field 'name'"),
        ({"by_name": {"b": {"name": 1}}}, "file.by_name.b.name: must be a text, not 1"),
        ({"other": 1}, "file: unknown field 'other'; Whole has count, ends, parts, by_name, rest, whole"),
    ],
)
def test_an_error_names_the_field(change, message):
    with pytest.raises(FerMdError, match=message):
        from_json(Whole, {**to_json(WHOLE), **change}, "file")


def test_what_is_no_object_is_refused():
    with pytest.raises(FerMdError, match=r"file: must be an object, not \[\]"):
        from_json(Part, [], "file")
