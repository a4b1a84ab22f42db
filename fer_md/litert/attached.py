"""Texts inside a ``.tflite`` file: a zip archive behind the network, where TensorFlow Lite's metadata has them too.

``unzip -p network.tflite labels.txt`` shows one. Runtimes read the network alone.
"""

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fer_md.errors import FerMdError
from fer_md.files import DAMAGED_ZIP, parse_json

_METADATA, _MAX_BYTES = "metadata.json", 2**20
"""The text that is read, and its largest size once unpacked."""


def attach(path: Path | str, texts: Mapping[str, str]) -> None:
    """Adds texts, by their names, to a ``.tflite`` file."""
    # Opened by its path, a file that cannot be would be written anew.
    with open(path, "r+b") as file, zipfile.ZipFile(file, "a") as archive:
        for name, text in texts.items():
            archive.writestr(zipfile.ZipInfo(name), text)  # without the time, so that a file can be made again


def read_metadata(path: Path | str) -> Any:
    """What the text ``metadata.json`` holds, which is at most a megabyte.

    Raises:
        FerMdError: the file cannot be read, holds no such text, or it is too large or no JSON.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            if (size := archive.getinfo(_METADATA).file_size) > _MAX_BYTES:
                raise FerMdError(f"{path}: its {_METADATA} has {size} bytes; at most {_MAX_BYTES} are read")
            text = archive.read(_METADATA)
    except OSError as error:
        raise FerMdError(f"{path}: cannot be read ({error.strerror or error})") from None
    except DAMAGED_ZIP:
        raise FerMdError(f"{path}: holds no {_METADATA}, so it is no file of fer-md export --format=litert") from None
    return parse_json(text, path)
