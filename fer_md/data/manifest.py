"""The manifest of a prepared data set: a CSV with one row for each example, in the order of the records."""

import csv
import dataclasses
from collections.abc import Iterable
from pathlib import Path

from fer_md.errors import FerMdError


@dataclasses.dataclass(frozen=True)
class ManifestRow:
    """What the manifest says about one example.

    Attributes:
        key: unique name of the example.
        label: name of the expression, or "" where the data set has no expressions.
        dataset: name of the data set.
        subject: the person, or "" where unknown.
        split: for example ``"Training"``.
        source: ``file:line`` or a path, as the reader gave it.
        sha256: SHA-256 of the raw uint8 pixels, row by row (not of the PNG), in hexadecimal.
    """

    key: str
    label: str
    dataset: str
    subject: str
    split: str
    source: str
    sha256: str


COLUMNS = tuple(field.name for field in dataclasses.fields(ManifestRow))


def write_manifest(path: Path | str, rows: Iterable[ManifestRow]) -> None:
    """Writes rows as UTF-8 CSV with a header line."""
    with open(path, "w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(dataclasses.astuple(row) for row in rows)


def read_manifest(path: Path | str) -> list[ManifestRow]:
    """Reads a manifest.

    Raises:
        FerMdError: the file is missing, or a row does not have the columns of a manifest.
    """
    try:
        with open(path, newline="", encoding="utf-8") as stream:
            header, *rows = list(csv.reader(stream)) or [[]]
    except FileNotFoundError:
        raise FerMdError(f"{path}: no such file; prepare the data set again") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise FerMdError(f"{path}: not a CSV file ({error})") from None
    if tuple(header) != COLUMNS:
        raise FerMdError(f"{path}: line 1: the columns must be {','.join(COLUMNS)}; found {','.join(header)}")
    for number, row in enumerate(rows, 2):
        if len(row) != len(COLUMNS):
            raise FerMdError(f"{path}: line {number}: {len(COLUMNS)} columns expected, found {len(row)}")
    return [ManifestRow(*row) for row in rows]
