"""Prepared data sets: a folder of TFRecords with a manifest, written whole or not at all, and read with every check.

The folder holds ``dataset.json`` (what it is), ``manifest.csv`` (one row per example), ``audit.json`` (duplicates,
conflicts, ...) and ``<split>-00000-of-0000N.tfrecord``; ``docs/DATA_FORMAT.md`` describes each of them.
"""

import collections
import contextlib
import dataclasses
import hashlib
import itertools
import re
from pathlib import Path

import numpy as np
import tensorflow as tf

import fer_md
from fer_md.data.audit import audit, leaked_keys, perceptual_hash, summary
from fer_md.data.examples import read_examples, serialize
from fer_md.data.manifest import ManifestRow, write_manifest
from fer_md.errors import FerMdError
from fer_md.expressions import EXPRESSIONS
from fer_md.files import atomic_directory, file_sha256, read_json, write_json
from fer_md.progress import Progress

FORMAT = 1
"""Version of the folder's layout; raised when a reader of the old one would misread it."""


@dataclasses.dataclass(frozen=True)
class Split:
    """One split of a prepared data set, in memory and in record order.

    Attributes:
        images: (N, H, W) uint8.
        labels: (N,) int32, index into the data set's expressions; -1 throughout where it has none.
        keys: list of N str.
        votes: (N, 10) int32 in the order of FER+'s columns (a row of zeros where there are none), or None.
        landmarks: (N, 68, 2) float32 pixel coordinates x, y (NaN where there are none), or None.
        subjects: list of N str, "" where unknown.
    """

    images: np.ndarray
    labels: np.ndarray
    keys: list
    votes: np.ndarray | None
    landmarks: np.ndarray | None
    subjects: list

    def select(self, rows):
        """The part of the split for which ``rows``, (N,) bool, is true."""
        return Split(
            self.images[rows],
            self.labels[rows],
            list(itertools.compress(self.keys, rows)),
            None if self.votes is None else self.votes[rows],
            None if self.landmarks is None else self.landmarks[rows],
            list(itertools.compress(self.subjects, rows)),
        )


def write_dataset(
    faces,
    output,
    name,
    expressions=EXPRESSIONS,
    image_size=48,
    overwrite=False,
    shard_size=8192,
    drop_leaked=False,
    held_out=("PublicTest", "PrivateTest"),
    total=None,
    finish=None,
):
    """Writes a prepared data set.

    Args:
        faces: iterable of `fer_md.data.face.Face`, read once; no more than one face is held at a time.
        output: the folder to make; it appears when everything is written.
        name: name of the data set, for example ``"fer2013"``.
        expressions: names of the labels 0, 1, ...; () for a data set without expressions, whose labels are all -1.
        image_size: height and width that every image must have.
        overwrite: replace ``output`` if it exists.
        shard_size: examples per record file.
        drop_leaked: leave out the faces outside ``held_out`` whose pixels also occur in a held-out split.
        held_out: names of the splits that training must not see.
        total: number of faces, for the progress line.
        finish: called with the folder when the faces are written and before it appears, to add files of its own.

    Returns:
        dict, the content of ``dataset.json``.

    Raises:
        FerMdError: ``output`` exists; no faces; an image of another size or type, a label outside ``expressions``,
            a split whose name is no word, a key that is there twice; the disk is full.
    """
    with atomic_directory(output, overwrite) as folder, _write_errors(output):
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


@contextlib.contextmanager
def _write_errors(output):
    """Turns TensorFlow's errors, a full disk among them, into one line."""
    try:
        yield
    except tf.errors.OpError as error:
        raise FerMdError(f"{output}: cannot be written, is the disk full? ({error.message})") from None


def _spool(faces, folder, name, expressions, image_size, total):
    """Writes every face to its split's spool file, in order; returns the manifest rows and perceptual hashes."""
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
            sha = hashlib.sha256(np.ascontiguousarray(face.image)).hexdigest()
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
    """Cuts a spool file into record files without the records that ``keep`` rules out, then removes it."""
    spool = _spool_path(folder, split)
    records = itertools.compress(tf.data.TFRecordDataset(str(spool)).as_numpy_iterator(), keep)
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


def read_info(directory):
    """The content of ``dataset.json`` of a prepared data set.

    Raises:
        FerMdError: ``directory`` is not a prepared data set, or one of another format version.
    """
    path = Path(directory) / "dataset.json"
    if not path.is_file():
        raise FerMdError(
            f"{directory}: not a prepared data set (no dataset.json); make one with data_prep/, "
            "for example python data_prep/fer2013.py --source=fer2013.csv --output=DIR"
        )
    info = read_json(path)
    if not isinstance(info, dict) or info.get("format") != FORMAT:
        found = info.get("format") if isinstance(info, dict) else None
        raise FerMdError(f"{path}: format {found}, but this version reads format {FORMAT}; prepare the data set again")
    return info


def manifest_hash(directory):
    """SHA-256 of the manifest of a prepared data set, which names its exact content.

    Raises:
        FerMdError: no prepared data set, or its manifest.csv is missing or not the one that was written with it.
    """
    sha256 = read_info(directory)["manifest_sha256"]
    _check_file(Path(directory) / "manifest.csv", sha256)
    return sha256


def verify(directory):
    """Checks that every file of a prepared data set has the SHA-256 that ``dataset.json`` says.

    Raises:
        FerMdError: a file is missing or differs; the message names it.
    """
    info = read_info(directory)
    expected = {file["name"]: file["sha256"] for split in info["splits"].values() for file in split["files"]}
    for name, sha256 in {**expected, "manifest.csv": info["manifest_sha256"]}.items():
        _check_file(Path(directory) / name, sha256)


def _check_file(path, sha256):
    if not path.is_file():
        raise FerMdError(f"{path}: missing; prepare the data set again")
    if file_sha256(path) != sha256:
        raise FerMdError(f"{path}: its SHA-256 is not that of dataset.json; prepare the data set again")


def load_split(directory, split):
    """Reads a split into memory.

    Args:
        directory: a prepared data set.
        split: name of the split, for example ``"Training"``.

    Returns:
        `Split`.

    Raises:
        FerMdError: no prepared data set, no such split, an empty split, a damaged or truncated record file,
            a label outside the label space, an image of another size, or another number of examples
            than ``dataset.json`` says. The message names the file and the record (the first is record 1).
    """
    info = read_info(directory)
    if split not in info["splits"]:
        raise FerMdError(f"{directory}: no split {split!r}; there are {', '.join(info['splits'])}")
    parts = collections.defaultdict(list)
    for file in info["splits"][split]["files"]:
        path, read = Path(directory) / file["name"], 0
        for part in read_examples(path, info["image_size"], len(info["expressions"])):
            read += len(part["label"])
            for feature, values in part.items():
                parts[feature].append(values)
        if read != file["examples"]:
            raise FerMdError(
                f"{path}: {read} records, but dataset.json says {file['examples']}; prepare the data set again"
            )
    if not parts:
        raise FerMdError(f"{directory}: the split {split!r} is empty")
    votes = _stack(parts["votes"], 0)
    landmarks = _stack(parts["landmarks"], np.nan)
    return Split(
        images=np.concatenate(parts["image"]),
        labels=np.concatenate(parts["label"]).astype(np.int32),
        keys=[key.decode() for part in parts["key"] for key in part],
        votes=votes.astype(np.int32) if votes.size else None,
        landmarks=landmarks.reshape(-1, 68, 2) if landmarks.size else None,
        subjects=[subject.decode() for part in parts["subject"] for subject in part],
    )


def _stack(parts, fill):
    """Concatenates (B, K) arrays of different K, filled up on the right."""
    width = max(part.shape[1] for part in parts)
    return np.concatenate([np.pad(part, ((0, 0), (0, width - part.shape[1])), constant_values=fill) for part in parts])
