"""Reads fuzzed bytes with one of our readers, guided by its coverage; see fuzz.py, which runs this.

python benchmarks/fuzz_targets.py TARGET CORPUS -max_total_time=60

Each reader may refuse what it is given with a `FerMdError` of one line. Anything else is a finding, which ends the run.
"""

import contextlib
import io
import json
import os
import struct
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["fer_md"]):
    from fer_md.data.info import FORMAT, check_info
    from fer_md.data.manifest import read_manifest
    from fer_md.errors import FerMdError
    from fer_md.evaluation.prior import parse_prior
    from fer_md.files import parse_json, path_cell
    from fer_md.litert.attached import read_metadata
    from fer_md.media.jpeg_header import read_jpeg_header
    from fer_md.media.pictures import ALL_FORMATS, decode_rgb
    from fer_md.media.sources import find_media
    from fer_md.prediction.annotated_files import free_name
    from fer_md.prediction.own_boxes import OwnBoxes
    from fer_md.readers.csv_files import open_csv, read_rows
    from fer_md.readers.file_tree import FileTree
    from fer_md.runs.checkpoint import load_checkpoint

FOLDER = Path(tempfile.mkdtemp(dir="/dev/shm" if os.path.isdir("/dev/shm") else None))
"""Of the one file that a reader is given."""


def written(name: str, data: bytes) -> Path:
    (FOLDER / name).write_bytes(data)
    return FOLDER / name


def check(error: FerMdError) -> None:
    if len(str(error).splitlines()) > 1:
        raise AssertionError(f"not one line: {error}") from error


def jpeg_header(data):
    with contextlib.suppress(struct.error):  # what it says of a file that ends too early
        read_jpeg_header(b"\xff\xd8\xff" + data)


def picture(data):
    decode_rgb(data, "a", max_pixels=10_000, formats=ALL_FORMATS)


def dataset_json(data):
    check_info(parse_json(data, "dataset.json"), Path("dataset.json"))


def boxes_csv(data):
    OwnBoxes(written("a.csv", data), print)


def boxes_jsonl(data):
    OwnBoxes(written("a.jsonl", data), print)


def table(data):
    for name in ("a.csv", "a.csv.gz", "a.csv.xz", "a.csv.zip"):
        try:
            with open_csv(written(name, data)) as stream:
                list(read_rows(stream, name))
        except FerMdError as error:
            check(error)


def manifest(data):
    read_manifest(written("manifest.csv", data))


def zip_tree(data):
    with FileTree(written("a.zip", data)) as tree:
        for name in list(tree.names)[:20]:
            tree.read(name)


def checkpoint(data):
    load_checkpoint(written("checkpoint.npz", data))


def attached(data):
    read_metadata(written("a.tflite", data))


def prior(data):
    parse_prior(data.decode(errors="surrogateescape"))


def name_of_a_file(data):
    """A folder with one file of this name, which becomes a cell of a table and the name of an annotated copy."""
    name = data.replace(b"/", b"").replace(b"\0", b"")[:240]
    if name in (b"", b".", b".."):
        return
    path = os.path.join(os.fsencode(FOLDER), b"names", name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb"):
        pass
    try:
        for medium in find_media([FOLDER / "names"]):
            path_cell(medium.source)
            free_name(Path(medium.name), set())
    finally:
        os.remove(path)


def zipped(names: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in names.items():
            archive.writestr(name, content)
    return stream.getvalue()


DATASET = {
    "name": "a",
    "format": FORMAT,
    "fer_md": "1",
    "image_size": 48,
    "expressions": ["a"],
    "splits": {"a": {"examples": 0, "classes": {"a": 0}, "files": []}},
    "manifest_sha256": 64 * "0",
    "audit": {},
}
"""A valid ``dataset.json``."""

TARGETS: dict[str, tuple[Callable[[bytes], object], list[bytes]]] = {
    "JPEG header": (jpeg_header, [b"\xc0\0\x11\x08\0\x10\0\x10\x03", b"\xe1\0\x08Exif\0\0\xff\xda\0\2"]),
    "picture": (
        picture,
        [b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\4\0\0\0\4\x08\2\0\0\0", b"GIF89a\4\0\4\0", b"BM", b"RIFF"],
    ),
    "dataset.json": (dataset_json, [json.dumps(DATASET).encode(), b"[1e999]"]),
    "boxes, CSV": (boxes_csv, [b"source,x,y,width,height,frame\na.png,1,2,3,4,\n"]),
    "boxes, JSON lines": (boxes_jsonl, [b'{"source": "a", "box": [1, 2, 3, 4], "frame": 1e30}\n']),
    "table": (table, [b"emotion,pixels,Usage\n0,1 2 3,Training\n", zipped({"a.csv": b"a,b\n1,2\n"})]),
    "manifest.csv": (manifest, [b"key,label,dataset,subject,split,source,sha256\na,b,c,d,e,f,0\n"]),
    "zip": (zip_tree, [zipped({"a/b.jpg": b"1", "c.csv": b"x,y\n"})]),
    "checkpoint": (checkpoint, [zipped({"a.npy": b"\x93NUMPY\1\0\x16\0{'descr':'<i8','shape':()}"})]),
    "attached texts": (attached, [zipped({"metadata.json": b"{}"})]),
    "prior": (prior, [b"uniform", b"happiness=0.4,neutral=0.6", b"=,=nan"]),
    "name": (name_of_a_file, [b"a.png", b"\xff.png", b"=1.mp4", b"a\nb.jpg"]),
}
"""The readers, and what their corpus begins with."""


def main() -> None:
    read, _ = TARGETS[sys.argv[1]]

    def once(data):
        try:
            read(data)
        except FerMdError as error:
            check(error)

    atheris.Setup([sys.argv[0], *sys.argv[2:]], once)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
