import csv
import hashlib
import json
import struct

import cv2
import numpy as np
import pytest
import tensorflow as tf

from fer_md.data import records
from fer_md.data.examples import serialize
from fer_md.data.face import Face
from fer_md.data.manifest import read_manifest
from fer_md.data.protocol import load_training, make_protocol
from fer_md.errors import FerMdError
from fer_md.expressions import EXPRESSIONS


def make_faces(count, split="Training", seed=0, **known):
    generator = np.random.default_rng(seed)
    for i in range(count):
        image = generator.integers(0, 256, (48, 48), np.uint8)
        yield Face(f"toy/{split}/{i}", image, i % 7, subject=f"person {i % 3}", split=split, source=f"{i}.png", **known)


@pytest.fixture
def prepared(tmp_path):
    faces = [*make_faces(25), *make_faces(4, "PublicTest", seed=1)]
    records.write_dataset(faces, tmp_path / "toy", "toy", shard_size=10)
    return tmp_path / "toy"


def rewrite(path, change):
    """Applies ``change`` to the list of a record file's records."""
    contents = change(list(tf.data.TFRecordDataset(str(path)).as_numpy_iterator()))
    with tf.io.TFRecordWriter(str(path)) as writer:
        for record in contents:
            writer.write(record)


def test_what_is_written_is_read_back_in_order(prepared):
    faces = list(make_faces(25))
    split = records.load_split(prepared, "Training")
    np.testing.assert_array_equal(split.images, [face.image for face in faces])
    np.testing.assert_array_equal(split.labels, [face.label for face in faces])
    assert (split.images.dtype, split.labels.dtype) == (np.uint8, np.int32)
    assert split.keys == [face.key for face in faces]
    assert split.subjects == [face.subject for face in faces]
    assert split.votes is None and split.landmarks is None


def test_votes_and_landmarks_may_be_there_for_some(tmp_path):
    landmarks = np.arange(136, dtype=np.float32).reshape(68, 2)
    faces = [
        *make_faces(2, votes=tuple(range(10)), landmarks=landmarks),
        *make_faces(2, seed=1, split="other"),
    ]
    faces[2:] = [Face(f"more/{i}", face.image, face.label) for i, face in enumerate(faces[2:])]
    records.write_dataset(faces, tmp_path / "toy", "toy")
    split = records.load_split(tmp_path / "toy", "Training")
    np.testing.assert_array_equal(split.votes, [range(10), range(10), [0] * 10, [0] * 10])
    np.testing.assert_array_equal(split.landmarks[1], landmarks)
    assert split.landmarks.shape == (4, 68, 2) and np.isnan(split.landmarks[2:]).all()


def test_description_manifest_and_hashes_agree(prepared):
    info = records.read_info(prepared)
    assert info["expressions"] == list(EXPRESSIONS)
    assert [file["examples"] for file in info["splits"]["Training"]["files"]] == [10, 10, 5]
    assert info["splits"]["Training"]["classes"]["anger"] == 4  # labels 0, 7, 14, 21
    assert records.manifest_hash(prepared) == hashlib.sha256((prepared / "manifest.csv").read_bytes()).hexdigest()
    rows = read_manifest(prepared / "manifest.csv")
    split = records.load_split(prepared, "Training")
    assert [row.key for row in rows[:25]] == split.keys
    assert rows[3].sha256 == hashlib.sha256(split.images[3].tobytes()).hexdigest()
    assert (rows[3].label, rows[3].dataset, rows[3].subject) == ("happiness", "toy", "person 0")
    assert (rows[3].split, rows[3].source) == ("Training", "3.png")
    with open(prepared / "manifest.csv", newline="") as stream:
        assert next(csv.reader(stream)) == ["key", "label", "dataset", "subject", "split", "source", "sha256"]


def test_an_edited_manifest_is_another_protocol(prepared):
    """One line moves a face from PublicTest to Training: it would no longer be held out, under the same hash."""
    path = prepared / "manifest.csv"
    make_protocol([prepared])
    path.write_text(path.read_text().replace(",PublicTest,", ",Training,", 1))
    with pytest.raises(FerMdError, match="manifest.csv: its SHA-256 is not that of dataset.json"):
        make_protocol([prepared])


def relabeled(record, by=1):
    example = tf.train.Example.FromString(record)
    label = example.features.feature["label"].int64_list.value
    label[0] = (label[0] + by) % 7
    return example.SerializeToString()


def edit(path, change):
    """Writes a JSON file anew after ``change(content)``."""
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def test_records_with_other_labels_are_noticed(prepared):
    """Every label moved by one, with valid checksums: the manifest, and so the data's hash, stays as it was."""
    path = prepared / "PublicTest-00000-of-00001.tfrecord"
    rewrite(path, lambda contents: [relabeled(record) for record in contents])
    with pytest.raises(FerMdError, match="PublicTest-00000-of-00001.tfrecord: its SHA-256 is not that of dataset.json"):
        records.load_split(prepared, "PublicTest")


def restate(prepared, split):
    """Lets dataset.json name the record files that are there."""

    def change(info):
        for file in info["splits"][split]["files"]:
            file["sha256"] = hashlib.sha256((prepared / file["name"]).read_bytes()).hexdigest()

    edit(prepared / "dataset.json", change)


def test_records_with_other_labels_are_noticed_even_where_dataset_json_names_them(prepared):
    rewrite(prepared / "PublicTest-00000-of-00001.tfrecord", lambda contents: [relabeled(each, 3) for each in contents])
    restate(prepared, "PublicTest")
    with pytest.raises(FerMdError, match="0 examples of anger in PublicTest, but dataset.json says 1"):
        records.load_split(prepared, "PublicTest")


def test_two_records_with_swapped_labels_are_not_those_of_the_manifest(prepared):
    """As many of each expression as before, but not on the same faces."""
    protocol = make_protocol([prepared])
    rewrite(
        prepared / "Training-00000-of-00003.tfrecord",
        lambda contents: [relabeled(contents[0], 1), relabeled(contents[1], -1), *contents[2:]],
    )
    restate(prepared, "Training")
    with pytest.raises(FerMdError, match="the records are not those of manifest.csv"):
        load_training(prepared, protocol)


@pytest.mark.parametrize(
    "change, message",
    [
        (lambda info: info["expressions"].reverse(), "the classes of Training are not the expressions, in their order"),
        (lambda info: info["expressions"].pop(), "the classes of Training are not the expressions"),
        (lambda info: info["expressions"].__setitem__(1, "anger"), "the expressions must have different names"),
        (lambda info: info.pop("expressions"), "lacks the field 'expressions'"),
        (lambda info: info.update(expressions=None), "expressions: must be a list, not None"),
        (lambda info: info.update(image_size=-48), "image_size must be 1 to 4096, not -48"),
        (lambda info: info.update(name="two\nlines"), "name must be one word of a line"),
        (lambda info: info.update(manifest_sha256="0"), "manifest_sha256 is no SHA-256"),
        (lambda info: info["splits"]["PublicTest"].update(examples=5), "PublicTest has 5 examples, but 4 in its files"),
        (lambda info: info["splits"]["PublicTest"]["classes"].update(fear=9), "has 4 examples, but 12 in its classes"),
        (lambda info: info["splits"]["PublicTest"]["classes"].update(fear=-1), "a count of PublicTest is negative"),
        (lambda info: info["splits"]["PublicTest"]["files"][0].update(name="../x"), "no name of a record file"),
        (lambda info: info["audit"]["duplicates"].update(groups=3), "its audit is not that of audit.json"),
    ],
)
def test_a_description_that_contradicts_itself(prepared, change, message):
    edit(prepared / "dataset.json", change)
    with pytest.raises(FerMdError, match=f"dataset.json.*{message}"):
        records.read_info(prepared)


def test_the_same_faces_give_the_same_bytes(tmp_path):
    for name in ("one", "two"):
        records.write_dataset(make_faces(12), tmp_path / name, "toy")
    one, two = ({path.name: path.read_bytes() for path in (tmp_path / name).iterdir()} for name in ("one", "two"))
    assert one == two


def test_leaked_faces_are_dropped_from_training_only(tmp_path):
    training, held_out = list(make_faces(5)), list(make_faces(2, "PrivateTest", seed=0))
    info = records.write_dataset(training + held_out, tmp_path / "kept", "toy")
    assert info["splits"]["Training"]["examples"] == 5
    assert info["audit"]["leaked"] == {"held_out": ["PublicTest", "PrivateTest"], "count": 2, "dropped": 0}
    info = records.write_dataset(training + held_out, tmp_path / "clean", "toy", drop_leaked=True)
    assert {name: split["examples"] for name, split in info["splits"].items()} == {"Training": 3, "PrivateTest": 2}
    assert records.load_split(tmp_path / "clean", "Training").keys == [f"toy/Training/{i}" for i in (2, 3, 4)]
    leaked = json.loads((tmp_path / "clean/audit.json").read_text())["leaked"]
    assert leaked["keys"] == ["toy/Training/0", "toy/Training/1"]


def test_a_data_set_without_expressions_has_the_label_minus_one(tmp_path):
    faces = (Face(face.key, face.image, -1) for face in make_faces(3))
    records.write_dataset(faces, tmp_path / "toy", "toy", expressions=())
    assert records.load_split(tmp_path / "toy", "Training").labels.tolist() == [-1] * 3


def test_the_reader_is_asked_for_one_face_at_a_time(tmp_path, monkeypatch):
    order = []
    monkeypatch.setattr(records, "serialize", lambda face: order.append("write") or serialize(face))

    def faces():
        for face in make_faces(3):
            order.append("read")
            yield face

    records.write_dataset(faces(), tmp_path / "toy", "toy")
    assert order == ["read", "write"] * 3


@pytest.mark.parametrize(
    "face, message",
    [
        (Face("k", np.zeros((48, 47), np.uint8), 0), r"must be \(48, 48\) uint8; found \(48, 47\)"),
        (Face("k", np.zeros((48, 48)), 0), "found .* float64"),
        (Face("k", np.zeros((48, 48), np.uint8), 7, source="7.png"), "7.png .*label 7 is outside"),
        (Face("k", np.zeros((48, 48), np.uint8), -1), "label -1 is outside"),
        (Face("k", np.zeros((48, 48), np.uint8), 0, split="../up"), "a split's name must be"),
        (Face("toy/Training/1", np.zeros((48, 48), np.uint8), 0), "key toy/Training/1 is there twice"),
    ],
)
def test_a_bad_face_is_named_and_nothing_is_left_behind(tmp_path, face, message):
    with pytest.raises(FerMdError, match=message):
        records.write_dataset([*make_faces(3), face], tmp_path / "toy", "toy")
    assert list(tmp_path.iterdir()) == []


def test_no_faces_and_an_output_that_exists(tmp_path, prepared):
    with pytest.raises(FerMdError, match="no faces"):
        records.write_dataset([], tmp_path / "none", "toy")
    with pytest.raises(FerMdError, match="exists already; allow it to be overwritten"):
        records.write_dataset(make_faces(1), prepared, "toy")
    records.write_dataset(make_faces(1), prepared, "toy", overwrite=True)
    assert len(records.load_split(prepared, "Training").keys) == 1


def test_not_a_prepared_data_set(tmp_path):
    with pytest.raises(FerMdError, match="not a prepared data set"):
        records.load_split(tmp_path, "Training")
    (tmp_path / "dataset.json").write_text('{"format": 99}')
    with pytest.raises(FerMdError, match="format 99"):
        records.load_split(tmp_path, "Training")


def test_an_unknown_split_lists_those_there_are(prepared):
    with pytest.raises(FerMdError, match="no split 'Test'; there are Training, PublicTest"):
        records.load_split(prepared, "Test")


def test_an_empty_split(tmp_path):
    faces = [*make_faces(2), *make_faces(2, "PublicTest")]
    records.write_dataset(faces, tmp_path / "toy", "toy", drop_leaked=True)
    with pytest.raises(FerMdError, match="the split 'Training' is empty"):
        records.load_split(tmp_path / "toy", "Training")


def test_a_truncated_record_file_is_named_with_the_record(prepared):
    path = prepared / "Training-00001-of-00003.tfrecord"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(FerMdError, match=r"Training-00001-of-00003.tfrecord: record 10: truncated or damaged"):
        records.load_split(prepared, "Training")


def test_a_damaged_record_a_foreign_record_and_a_missing_file(prepared):
    first, second, third = (prepared / f"Training-0000{i}-of-00003.tfrecord" for i in range(3))
    data = bytearray(third.read_bytes())
    data[len(data) // 2] ^= 1
    third.write_bytes(data)
    with pytest.raises(FerMdError, match="00002-of-00003.tfrecord: record 3: truncated or damaged"):
        records.load_split(prepared, "Training")
    rewrite(second, lambda contents: [*contents[:4], b"nonsense", *contents[5:]])
    with pytest.raises(FerMdError, match="00001-of-00003.tfrecord: record 5: truncated or damaged"):
        records.load_split(prepared, "Training")
    first.unlink()
    with pytest.raises(FerMdError, match="00000-of-00003.tfrecord: missing"):
        records.load_split(prepared, "Training")


def test_records_of_another_label_space_size_or_number(prepared):
    path = prepared / "PublicTest-00000-of-00001.tfrecord"
    original = path.read_bytes()
    rewrite(path, lambda contents: [*contents[:2], serialize(Face("k", np.zeros((48, 48), np.uint8), 7))])
    with pytest.raises(FerMdError, match="record 3: label 7 is outside the 7 expressions"):
        records.load_split(prepared, "PublicTest")
    path.write_bytes(original)
    rewrite(path, lambda contents: [contents[0], serialize(Face("k", np.zeros((64, 32), np.uint8), 0))])
    with pytest.raises(FerMdError, match="record 2: the image is 32x64, not 48x48"):
        records.load_split(prepared, "PublicTest")
    path.write_bytes(original)
    rewrite(path, lambda contents: contents[:-1])
    with pytest.raises(FerMdError, match="3 records, but dataset.json says 4"):
        records.load_split(prepared, "PublicTest")


def test_an_image_that_is_no_png(prepared):
    png = cv2.imencode(".png", np.zeros((48, 48), np.uint8))[1].tobytes()
    rewrite(
        prepared / "PublicTest-00000-of-00001.tfrecord",
        lambda contents: [_with_image(contents[0], png[:40]), *contents[1:]],
    )
    with pytest.raises(FerMdError, match="record 1: the image is not a PNG"):
        records.load_split(prepared, "PublicTest")


@pytest.mark.parametrize("size", [48, 2])
def test_a_picture_of_another_format_with_the_size_where_a_png_has_it(prepared, size):
    """A PGM whose comment says 48x48 in the bytes of a PNG's header."""
    comment = b"P5 #".ljust(16, b" ") + struct.pack(">II", 48, 48) + b"\n"
    pgm = comment + f"{size} {size} 255\n".encode() + bytes(size * size)
    assert cv2.imdecode(np.frombuffer(pgm, np.uint8), cv2.IMREAD_GRAYSCALE).shape == (size, size)
    rewrite(
        prepared / "PublicTest-00000-of-00001.tfrecord",
        lambda contents: [_with_image(contents[0], pgm), *contents[1:]],
    )
    with pytest.raises(FerMdError, match="record 1: the image is not a PNG"):
        records.load_split(prepared, "PublicTest")


def _with_image(record, png):
    example = tf.train.Example.FromString(record)
    example.features.feature["image"].bytes_list.value[0] = png
    return example.SerializeToString()
