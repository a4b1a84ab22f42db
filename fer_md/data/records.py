"""Prepared data sets: folders of TFRecords with a manifest, which are written whole or not at all, and checked as read.

A folder holds ``dataset.json`` (what it is), ``manifest.csv`` (a row for each example), ``audit.json`` (duplicates,
conflicts and the like) and ``<split>-00000-of-0000N.tfrecord``. docs/DATA_FORMAT.md describes each of them.
"""

import collections
import contextlib
import dataclasses
import hashlib
import itertools
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

import fer_md
from fer_md.data.audit import audit, leaked_keys, perceptual_hash, summary
from fer_md.data.examples import read_examples, serialize
from fer_md.data.face import Face
from fer_md.data.info import FORMAT, check_info
from fer_md.data.manifest import ManifestRow, write_manifest
from fer_md.data.untuned import untuned
from fer_md.errors import FerMdError
from fer_md.expressions import EXPRESSIONS
from fer_md.files import atomic_directory, file_sha256, read_json, write_json
from fer_md.progress import Progress
from fer_md.tensorflow_files import write_errors


@dataclasses.dataclass(frozen=True)
class Split:
    """One split of a prepared data set, in memory, in the order of the records.

    Attributes:
        images: (N, H, W) uint8.
        labels: (N,) int32, indices into the data set's expressions; -1 throughout where it has none.
        keys: the N unique names.
        votes: (N, 10) int32 in the order of FER+'s columns, with zeros for an image without votes; or None.
        landmarks: (N, 68, 2) float32 pixel coordinates x, y, with NaN for an image without landmarks; or None.
        subjects: the N people; "" where unknown.
    """

    images: np.ndarray
    labels: np.ndarray
    keys: list[str]
    votes: np.ndarray | None
    landmarks: np.ndarray | None
    subjects: list[str]

    def select(self, rows: np.ndarray) -> "Split":
        """The part of the split where ``rows``, (N,) bool, is true."""
        return Split(
            self.images[rows],
            self.labels[rows],
            list(itertools.compress(self.keys, rows)),
            None if self.votes is None else self.votes[rows],
            None if self.landmarks is None else self.landmarks[rows],
            list(itertools.compress(self.subjects, rows)),
        )


def write_dataset(
    faces: Iterable[Face],
    output: Path | str,
    name: str,
    expressions: Sequence[str] = EXPRESSIONS,
    image_size: int = 48,
    overwrite: bool = False,
    shard_size: int = 8192,
    drop_leaked: bool = False,
    held_out: Sequence[str] = ("PublicTest", "PrivateTest"),
    total: int | None = None,
    finish: Callable[[Path], object] | None = None,
) -> dict[str, Any]:
    """Writes a prepared data set.

    Args:
        faces: the faces. They are read once, and only one at a time is in memory.
        output: the folder to make. It appears when everything is written.
        name: of the data set, for example ``"fer2013"``.
        expressions: names of the labels 0, 1, ...; () for a data set without expressions, whose labels are all -1.
        image_size: height and width that every image must have.
        overwrite: replace ``output`` where it exists.
        shard_size: number of examples in a record file.
        drop_leaked: leave out the faces outside ``held_out`` whose pixels also occur in a held-out split.
        held_out: names of the splits that training must not see.
        total: number of faces, for the progress line.
        finish: called with the folder after the faces are written and before it appears, to add further files.

    Returns:
        the content of ``dataset.json``.

    Raises:
        FerMdError: ``output`` exists; there are no faces; an image has another size or type; a label is outside
            ``expressions``; the name of a split is no word; a key is there twice; or the disk is full.
    """
    with atomic_directory(output, overwrite) as folder, write_errors(output):
        rows, hashes = _spool(faces, folder, name, expressions, image_size, total)
        report, leaked = audit(rows, hashes), leaked_keys(rows, held_out)
        dropped = leaked if drop_leaked else set()
        splits, kept = {}, []
        for split in dict.fromkeys(row.split for row in rows):
            of_split = [row for row in rows if row.split == split]
            kept += (kept_here := [row for row in of_split if row.key not in dropped])
            counts = collections.Counter(row.label for row in kept_here)
            splits[split] = {
                "examples": len(kept_here),
                "classes": {expression: counts[expression] for expression in expressions},
                "files": _write_shards(folder, split, [row.key not in dropped for row in of_split], shard_size),
            }
        write_manifest(folder / "manifest.csv", kept)
        leaks = {"held_out": list(held_out), "count": len(leaked), "dropped": len(dropped)}
        write_json(folder / "audit.json", {**report, "leaked": {**leaks, "keys": sorted(leaked)}})
        info = {
            "name": name,
            "format": FORMAT,
            "fer_md": fer_md.__version__,
            "image_size": image_size,
            "expressions": list(expressions),
            "splits": splits,
            "manifest_sha256": file_sha256(folder / "manifest.csv"),
            "audit": {**summary(report), "leaked": leaks},
        }
        write_json(folder / "dataset.json", info)
        if finish:
            finish(folder)
    return info


def _spool(faces, folder, name, expressions, image_size, total):
    """Writes every face, in order, to the spool file of its split; returns the manifest's rows and perceptual
    hashes."""
    rows, hashes, writers, keys = [], [], {}, set()
    with contextlib.ExitStack() as stack:
        progress = stack.enter_context(Progress(f"writing {name}", total, "faces"))
        for face in faces:
            _check_face(face, expressions, image_size)
            if face.key in keys:
                raise FerMdError(f"{face.source or face.key}: the key {face.key} is there twice")
            keys.add(face.key)
            if face.split not in writers:
                writer = tf.io.TFRecordWriter(str(_spool_path(folder, face.split)))
                writers[face.split] = stack.enter_context(writer)
            writers[face.split].write(serialize(face))
            sha = hashlib.sha256(np.ascontiguousarray(face.image).data).hexdigest()
            label = expressions[face.label] if expressions else ""
            rows.append(ManifestRow(face.key, label, name, face.subject, face.split, face.source, sha))
            hashes.append(perceptual_hash(face.image))
            progress.advance()
    if not rows:
        raise FerMdError(f"{name}: no faces to write")
    return rows, hashes


def _spool_path(folder, split):
    return folder / f"{split}.spool"


def _check_face(face, expressions, image_size):
    where = f"{face.source} ({face.key})" if face.source else face.key
    if face.image.shape != (image_size, image_size) or face.image.dtype != np.uint8:
        raise FerMdError(
            f"{where}: the image must be ({image_size}, {image_size}) uint8;"
            f" found {face.image.shape} {face.image.dtype}"
        )
    if face.label not in (range(len(expressions)) if expressions else (-1,)):
        raise FerMdError(f"{where}: label {face.label} is outside the label space {', '.join(expressions) or '(none)'}")
    if not re.fullmatch(r"\w+", face.split):
        raise FerMdError(f"{where}: a split's name must be letters, digits and underscores; found {face.split!r}")


def _write_shards(folder, split, keep, shard_size):
    """Cuts a spool file into record files, without the records that ``keep`` excludes, then removes it."""
    spool = _spool_path(folder, split)
    records = itertools.compress(untuned(tf.data.TFRecordDataset(str(spool))).as_numpy_iterator(), keep)
    shards = -(-sum(keep) // shard_size)
    files = []
    for shard in range(shards):
        path = folder / f"{split}-{shard:05d}-of-{shards:05d}.tfrecord"
        examples = 0
        with tf.io.TFRecordWriter(str(path)) as writer:
            for record in itertools.islice(records, shard_size):
                writer.write(record)
                examples += 1
        files.append({"name": path.name, "examples": examples, "sha256": file_sha256(path)})
    spool.unlink()
    return files


def read_info(directory: Path | str) -> dict[str, Any]:
    """The content of a prepared data set's ``dataset.json``.

    Raises:
        FerMdError: ``directory`` is not a prepared data set, or one of another format version; a field has another type
            or contradicts another one (`fer_md.data.info.check_info`); or its figures of the audit are not those of
            ``audit.json``.
    """
    directory = Path(directory)
    path = directory / "dataset.json"
    if not path.is_file():
        raise FerMdError(f"{directory}: not a prepared data set (no dataset.json); fer-md prepare makes them")
    info = read_json(path)
    check_info(info, path)
    if info["audit"] != _figures(directory / "audit.json"):
        raise FerMdError(f"{path}: its audit is not that of audit.json; prepare the data set again")
    return info


def _figures(path):
    """What ``dataset.json`` repeats of ``audit.json``; None where that is no audit."""
    try:
        return summary(read_json(path))
    except (AttributeError, TypeError):
        return None


def manifest_hash(directory: Path | str) -> str:
    """SHA-256 of a prepared data set's manifest, which names its exact content.

    Raises:
        FerMdError: the folder is no prepared data set, or its manifest.csv is missing or was changed.
    """
    sha256 = read_info(directory)["manifest_sha256"]
    _check_file(Path(directory) / "manifest.csv", sha256)
    return sha256


def _check_file(path, sha256):
    if not path.is_file():
        raise FerMdError(f"{path}: missing; prepare the data set again")
    if file_sha256(path) != sha256:
        raise FerMdError(f"{path}: its SHA-256 is not that of dataset.json; prepare the data set again")


def load_split(directory: Path | str, split: str) -> Split:
    """Reads a split into memory and holds it to ``dataset.json``.

    Args:
        directory: a prepared data set.
        split: name of the split, for example ``"Training"``.

    Raises:
        FerMdError: the folder is no prepared data set (see ``read_info``); the split is missing or empty; a record file
            is damaged, truncated, or not the one that was written; a label is outside the label space; an image has
            another size; or ``dataset.json`` states another number of examples, in all or of an expression. The message
            names the file and the record, counted from 1.
    """
    info, directory = read_info(directory), Path(directory)
    if split not in info["splits"]:
        raise FerMdError(f"{directory}: no split {split!r}; there are {', '.join(info['splits'])}")
    parts = collections.defaultdict(list)
    for file in info["splits"][split]["files"]:
        path, read = directory / file["name"], 0
        for part in read_examples(path, info["image_size"], len(info["expressions"])):
            read += len(part["label"])
            for feature, values in part.items():
                parts[feature].append(values)
        if read != file["examples"]:
            raise FerMdError(
                f"{path}: {read} records, but dataset.json says {file['examples']}; prepare the data set again"
            )
        _check_file(path, file["sha256"])
    if not parts:
        raise FerMdError(f"{directory}: the split {split!r} is empty")
    labels = np.concatenate(parts["label"]).astype(np.int32)
    _check_classes(directory, info, split, labels)
    votes = _stack(parts["votes"], 0)
    landmarks = _stack(parts["landmarks"], np.nan)
    return Split(
        images=np.concatenate(parts["image"]),
        labels=labels,
        keys=[key.decode() for part in parts["key"] for key in part],
        votes=votes.astype(np.int32) if votes.size else None,
        landmarks=landmarks.reshape(-1, 68, 2) if landmarks.size else None,
        subjects=[subject.decode() for part in parts["subject"] for subject in part],
    )


def _check_classes(directory, info, split, labels):
    stated = info["splits"][split]["classes"]
    for label, (expression, count) in enumerate(stated.items()):
        if (found := int((labels == label).sum())) != count:
            raise FerMdError(
                f"{directory}: {found} examples of {expression} in {split}, but dataset.json says {count}; "
                "prepare the data set again"
            )


def _stack(parts, fill):
    """Concatenates (B, K) arrays of different K, filled up on the right."""
    width = max(part.shape[1] for part in parts)
    return np.concatenate([np.pad(part, ((0, 0), (0, width - part.shape[1])), constant_values=fill) for part in parts])
