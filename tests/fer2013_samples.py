"""A FER2013 of ten images in every form in which it goes round, whole and damaged."""

import gzip
import lzma
import zipfile

import cv2
import numpy as np

from fer_md.readers.fer2013 import FERPLUS_COLUMNS

USAGES = ["Training"] * 6 + ["PublicTest"] * 2 + ["PrivateTest"] * 2
IMAGES = np.random.default_rng(0).integers(0, 256, (10, 48, 48), np.uint8)
ROWS = [
    [str(i % 7), " ".join(map(str, image.ravel())), usage]
    for i, (image, usage) in enumerate(zip(IMAGES, USAGES, strict=True))
]


def csv_text(rows=ROWS, header="emotion,pixels,Usage"):
    return "\n".join([header, *(",".join(row) for row in rows)]) + "\n"


def with_change(row, column, value):
    """CSV text in which one field differs; line ``row + 2`` of the file."""
    rows = [list(values) for values in ROWS]
    rows[row][column] = value
    return csv_text(rows)


def votes_text(usages=USAGES):
    lines = [",".join(["Usage", "Image name", *FERPLUS_COLUMNS])]
    lines += [f"{usage},fer{i:07d}.png,{i},0,1,0,0,2,0,0,0,7" for i, usage in enumerate(usages)]
    return "\n".join(lines) + "\n"


def write_csv(path):
    path.write_text(csv_text())
    return path


def write_folder(root):
    """The layout train|test/<class>/<Usage>_<id>.png of the same ten images."""
    classes = ["angry", "disgust", "fear", "happy", "sad", "surprise", "neutral"]
    for i, (image, usage) in enumerate(zip(IMAGES, USAGES, strict=True)):
        path = root / ("train" if usage == "Training" else "test") / classes[i % 7] / f"{usage}_{i}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), image)
    return root


def compressed(path, kind):
    """The file as ``kind``: plain, gz, xz or zip."""
    data, target = path.read_bytes(), path.with_name(f"{path.name}.{kind}")
    if kind == "plain":
        return path
    if kind == "zip":
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("../../fer2013/fer2013.csv", data)  # a name that would climb out if it were unpacked
            archive.writestr("__MACOSX/fer2013/._fer2013.csv", b"x")
            archive.writestr("README", b"about")
    else:
        target.write_bytes({"gz": gzip.compress, "xz": lzma.compress}[kind](data))
    return target


HUGE_PNG = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR" + b"\0\0\x4e\x20" * 2
"""The header of a PNG of 20,000 x 20,000 pixels."""
