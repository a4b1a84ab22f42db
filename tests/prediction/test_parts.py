"""Large predictions: what is missing, the rows, and what is there after an interruption. Ray itself is replaced."""

import itertools
import json
import math
import random
import types

import cv2
import numpy as np
import pytest

from drawn_videos import save_video
from fer_md import cli
from fer_md.errors import FerMdError
from fer_md.media.sources import Medium
from fer_md.prediction import predict_parts as module
from fer_md.prediction.parts import Parts
from fer_md.prediction.picture_rows import PictureRows
from fer_md.prediction.predict_media import predict_media
from fer_md.prediction.predict_parts import predict_parts
from fer_md.prediction.ray_workers import RayWorkers
from stub_predictor import stub_predictor

RED = np.full((90, 120, 3), (200, 40, 40), np.uint8)


@pytest.fixture
def folder(tmp_path):
    """40 pictures, of which the last has no face, a broken one and a video."""
    folder = tmp_path / "in"
    folder.mkdir()
    for number in range(40):
        cv2.imwrite(str(folder / f"{number:02}.png"), RED if number < 39 else RED[:4])
    (folder / "broken.jpg").write_bytes(b"")
    save_video(folder / "film.avi", frames=6)
    return folder


class Seen:
    """`PictureRows` that keeps the names of the pictures in each batch; ``stop`` ends it like Ctrl-C at that batch."""

    def __init__(self, stop=None):
        self.rows, self.batches, self.stop = PictureRows(stub_predictor), [], stop
        self.expressions = self.rows.expressions

    def map(self, batches):
        for batch in batches:
            if len(self.batches) == self.stop:
                raise KeyboardInterrupt
            self.batches.append([medium.name for medium in batch])
            yield self.rows(batch)


def predict(workers, folder, output, settings=None, **arguments):
    with Parts(output, settings or {}, workers.expressions, **arguments) as parts:
        return predict_parts(workers, [folder], parts)


def read(output):
    return [json.loads(line) for part in sorted(output.glob("part-*")) for line in part.read_text().splitlines()]


def test_rows_are_those_of_one_file_and_those_without_a_face(folder, tmp_path):
    workers = Seen()
    counts = predict(workers, folder, tmp_path / "out.jsonl")
    assert dict(counts) == {"before": 0, "faces": 45, "without": 1, "errors": 1}
    assert [len(batch) for batch in workers.batches] == [32, 1, 9] and workers.batches[1] == ["film.avi"]
    rows = read(tmp_path / "out.jsonl")
    problems = []
    predict_media(stub_predictor(), [folder], tmp_path / "one.jsonl", on_problem=problems.append)
    one = [json.loads(line) for line in (tmp_path / "one.jsonl").read_text().splitlines()]
    faces = [row for row in rows if row["face"] is not None]
    assert sorted(faces, key=place) == [row | {"error": None} for row in sorted(one, key=place)]
    assert list(faces[0])[:-1] == list(one[0])
    speck, broken = (row for row in rows if row["face"] is None)
    assert speck["source"].endswith("39.png") and speck["error"] is None and speck["label"] is None
    assert broken["error"] == str(problems[0])


def place(row):
    return row["source"], row["frame"] or 0


def test_a_second_start_does_what_is_missing(folder, tmp_path):
    output, stopped = tmp_path / "out.jsonl", Seen(stop=1)
    assert predict(stopped, folder, output)["interrupted"] == 1
    assert len(read(output)) == 32
    workers = Seen()
    assert predict(workers, folder, output)["before"] == 32
    assert [len(batch) for batch in workers.batches] == [1, 9]
    assert not {name for batch in workers.batches for name in batch} & set(stopped.batches[0])
    assert sorted(path.name for path in output.glob("part-*")) == ["part-00000.jsonl", "part-00001.jsonl"]
    cv2.imwrite(str(folder / "new.png"), RED)
    workers = Seen()
    predict(workers, folder, output)
    assert workers.batches == [["broken.jpg", "new.png"]]
    sources = [row["source"] for row in read(output) if row["frame"] is None]
    assert len(sources) == len(set(sources)) == 42
    predict(workers, folder, output, overwrite=True)
    assert len(read(output)) == 48 and len(list(output.glob("part-*"))) == 1


@pytest.mark.parametrize("suffix", [".jsonl", ".parquet"])
def test_a_broken_picture_is_named_and_tried_again(folder, tmp_path, suffix):
    if suffix == ".parquet":
        pytest.importorskip("pyarrow.parquet")
    output, problems = tmp_path / f"out{suffix}", []
    with Parts(output, {}, Seen().expressions) as parts:
        predict_parts(Seen(), [folder], parts, problems.append)
    assert [str(problem).partition(":")[0] for problem in problems] == [str(folder / "broken.jpg")]
    cv2.imwrite(str(folder / "broken.jpg"), RED)
    for faces in (1, 0):
        assert predict(Seen(), folder, output)["faces"] == faces
        with Parts(output, {}, Seen().expressions) as parts:
            assert len(parts.done) == 42
    if suffix == ".jsonl":
        assert not any(row["error"] for row in read(output)) and len(read(output)) == 47


def test_a_part_of_broken_pictures_alone_is_removed(folder, tmp_path):
    (folder / "alone").mkdir()
    (folder / "broken.jpg").rename(folder / "alone" / "broken.jpg")
    output = tmp_path / "out.jsonl"
    predict(Seen(), folder / "alone", output)
    assert len(list(output.glob("part-*"))) == 1
    with Parts(output, {}, ()) as parts:
        assert not parts.done and not list(output.glob("part-*"))


def test_what_ends_it_loses_no_rows(folder, tmp_path):
    workers = Seen()
    workers.rows = lambda batch: 1 / 0 if workers.batches[1:] else PictureRows(stub_predictor)(batch)
    with pytest.raises(ZeroDivisionError):
        predict(workers, folder, tmp_path / "out.jsonl")
    assert len(read(tmp_path / "out.jsonl")) == 32


def test_parts_are_bounded(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "BATCH", 4)
    monkeypatch.setattr(module, "PART_ROWS", 10)
    predict(Seen(), folder, tmp_path / "rows.jsonl")
    counts = [len(part.read_text().splitlines()) for part in sorted((tmp_path / "rows.jsonl").glob("part-*"))]
    assert sum(counts) == 47 and max(counts) < 10 + 6 and len(counts) == 5
    clock = itertools.count(step=40.0)
    monkeypatch.setattr(module, "time", types.SimpleNamespace(monotonic=lambda: next(clock)))
    monkeypatch.setattr(module, "PART_ROWS", 1000)
    predict(Seen(), folder, tmp_path / "seconds.jsonl")
    assert len(list((tmp_path / "seconds.jsonl").glob("part-*"))) > 3


def test_bytes_of_tables_bound_a_batch(monkeypatch):
    monkeypatch.setattr(module, "BATCH_BYTES", 100)
    media = [Medium("picture", str(number), "x", content=bytes(60)) for number in range(5)]
    assert [len(batch) for batch in module._batches(media)] == [2, 2, 1]


def test_other_settings_and_other_files_are_refused(folder, tmp_path):
    output = tmp_path / "out.jsonl"
    predict(Seen(), folder, output, {"model": "a", "mirror": False})
    with pytest.raises(FerMdError, match="out.jsonl: its rows were made with model=a, not b; name another, or add"):
        predict(Seen(), folder, output, {"model": "b", "mirror": False})
    assert len(read(output)) == 47
    with (
        Parts(output, {"model": "a", "mirror": False}, ()),
        pytest.raises(FerMdError, match="another process is working in it"),
    ):
        predict(Seen(), folder, output, {"model": "a", "mirror": False})
    (tmp_path / "photos.parquet").mkdir()
    (tmp_path / "photos.parquet" / "a.png").touch()
    (tmp_path / "file.jsonl").touch()
    for name, reason in (
        ("photos.parquet", "holds other files than results"),
        ("out.csv", "must end in .parquet or .jsonl"),
        ("file.jsonl", "is a file"),
    ):
        with pytest.raises(FerMdError, match=f"{name}: .*{reason}"):
            predict(Seen(), folder, tmp_path / name, overwrite=True)
    assert (tmp_path / "photos.parquet" / "a.png").exists()


def test_a_start_that_failed_does_not_bar_the_folder(folder, tmp_path):
    """It leaves its lock, and perhaps a part of a file."""
    output = tmp_path / "out.jsonl"
    with pytest.raises(ValueError), Parts(output, {"min_score": math.nan}, ()):
        pass
    (output / "._settings.json.partial-x").mkdir()
    assert predict(Seen(), folder, output)["faces"] == 45


@pytest.mark.parametrize("smoothing", [-1.0, math.nan, math.inf])
def test_seconds_that_are_none_are_refused(smoothing, folder, tmp_path):
    with pytest.raises(FerMdError, match="smoothing must be a finite number of seconds, at least 0"):
        PictureRows(None, smoothing=smoothing)
    with pytest.raises(FerMdError, match="smoothing must be a finite number of seconds, at least 0"):
        predict_media(stub_predictor(), [folder], tmp_path / "one.jsonl", smoothing=smoothing)
    assert not (tmp_path / "one.jsonl").exists()


ROW = {"source": "a.png", "error": None}


@pytest.mark.parametrize(
    "content",
    [json.dumps(ROW)[:9], "[1]", "{}", json.dumps(ROW | {"source": ["a"]}), json.dumps(ROW | {"source": 3}), "\xff"],
)
def test_a_damaged_part_is_named(content, tmp_path):
    output = tmp_path / "out.jsonl"
    with Parts(output, {}, ()):
        (output / "part-00003.jsonl").write_bytes(f"{json.dumps(ROW)}\n{content}\n".encode("latin-1"))
    with pytest.raises(FerMdError, match="part-00003.jsonl: damaged .*remove it, and its pictures are looked at again"):
        Parts(output, {}, ()).__enter__()


def test_a_damaged_part_of_parquet_is_named(folder, tmp_path):
    pytest.importorskip("pyarrow.parquet")
    output = tmp_path / "out.parquet"
    predict(Seen(), folder, output)
    (part,) = output.glob("part-*")
    whole, rng = part.read_bytes(), np.random.default_rng(0)
    cut = [whole[:length] for length in (0, 3, 8, 100, len(whole) // 2, len(whole) - 1)]
    broken = [bytearray(whole) for _ in range(60)]
    for data in broken:
        places = rng.integers(0, len(whole), 30)
        for place in places:
            data[place] = rng.integers(256)
    named = 0
    for number, data in enumerate([*cut, *broken]):
        part.write_bytes(bytes(data))
        try:
            with Parts(output, {}, Seen().expressions):
                pass
        except FerMdError as error:
            assert str(error).startswith(f"{part}: damaged") and "remove it" in str(error)
            named += 1
        else:
            assert number >= len(cut)
    assert named > 30


def test_a_name_that_is_not_utf_8_is_known_again(tmp_path):
    (tmp_path / "in").mkdir()
    data = cv2.imencode(".png", RED)[1].tobytes()
    (tmp_path / "in" / "caf\udce9.png").write_bytes(data)
    predict(Seen(), tmp_path / "in", tmp_path / "out.jsonl")
    assert predict(Seen(), tmp_path / "in", tmp_path / "out.jsonl") == {"before": 1}
    assert read(tmp_path / "out.jsonl")[0]["source"].endswith("caf\\udce9.png")


def test_parquet_has_the_same_rows(folder, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    for name in ("out.jsonl", "out.parquet"):
        predict(Seen(), folder, tmp_path / name)
    table = parquet.read_table(tmp_path / "out.parquet").to_pylist()
    for row, columns in zip(read(tmp_path / "out.jsonl"), table, strict=True):
        assert all(columns[name] == row[name] for name in ("source", "frame", "time", "face", "label", "error"))
        if row["face"] is not None:
            assert [columns[name] for name in ("x", "y", "width", "height")] == row["box"]
            assert {name: columns[name] for name in row["probabilities"]} == row["probabilities"]
    assert predict(Seen(), folder, tmp_path / "out.parquet") == {"before": 41, "errors": 1, "faces": 0, "without": 0}


class FakeRay:
    """Runs actors here, one call when it is waited for. A picture whose name is in ``deadly`` ends its actor."""

    class RayError(Exception):
        pass

    class RayTaskError(RayError):
        def __init__(self, cause):
            self.cause = cause

    def __init__(self, deadly=()):
        self.exceptions, self.deadly, self.started, self.results = self, deadly, 0, {}
        self.chance = random.Random(0)

    def remote(self, kind):
        return types.SimpleNamespace(options=lambda num_cpus: types.SimpleNamespace(remote=self._actor(kind)))

    def _actor(self, kind):
        def start(*arguments):
            self.started += 1
            actor = kind(*arguments)
            return types.SimpleNamespace(
                load=types.SimpleNamespace(remote=lambda: self._call(actor.load)),
                rows=types.SimpleNamespace(remote=lambda batch: self._call(actor.rows, batch)),
            )

        return start

    def _call(self, method, *arguments):
        reference = object()
        self.results[reference] = method, arguments
        return reference

    def wait(self, references):
        return [self.chance.choice(references)], []

    def get(self, reference):
        method, arguments = self.results[reference]
        if any(medium.name in self.deadly for batch in arguments for medium in batch):
            raise self.RayError("died")
        try:
            return method(*arguments)
        except Exception as error:
            raise self.RayTaskError(error) from error


@pytest.fixture(autouse=True)
def keep_threads():
    before = cv2.getNumThreads()
    yield
    cv2.setNumThreads(before)


def test_workers_give_the_same_rows_in_any_order(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "BATCH", 5)
    workers = RayWorkers(FakeRay(), lambda: PictureRows(stub_predictor), 3, {})
    counts = predict(workers, folder, tmp_path / "many.jsonl")
    assert counts == predict(Seen(), folder, tmp_path / "one.jsonl")
    many, one = (read(tmp_path / name) for name in ("many.jsonl", "one.jsonl"))
    assert many != one and sorted(many, key=place) == sorted(one, key=place)


def test_a_picture_that_ends_its_workers_is_a_row_and_harms_no_other(folder, tmp_path):
    ray = FakeRay(deadly=["07.png"])
    counts = predict(RayWorkers(ray, lambda: PictureRows(stub_predictor), 2, {}), folder, tmp_path / "out.jsonl")
    assert counts["errors"] == 2 and ray.started == 2 + 3
    rows = {row["source"]: row for row in read(tmp_path / "out.jsonl") if row["frame"] is None}
    assert len(rows) == 41
    assert [name for name, row in rows.items() if "process that looked at it died" in (row["error"] or "")] == [
        str(folder / "07.png")
    ]


def test_an_error_of_the_model_ends_it_in_one_line():
    def fail():
        raise FerMdError("no such model")

    with pytest.raises(FerMdError, match="^no such model$"):
        RayWorkers(FakeRay(), lambda: PictureRows(fail), 2, {})


@pytest.mark.parametrize(
    ("flags", "reason"),
    [
        (["--engine=ray"], "--engine=ray needs --output"),
        (
            ["--engine=ray", "--output=out.csv"],
            "out.csv: the name of a folder of results must end in",
        ),
        (["--output=out.parquet", "--annotate=drawn"], "--annotate works with"),
        (["--output=out.jsonl", "--workers=2"], "--workers is for --engine=ray"),
    ],
)
def test_flags_that_do_not_go_together(flags, reason, folder, capsys, monkeypatch):
    monkeypatch.setattr(cli, "_quieten_decoders", lambda: None)
    assert cli.main(["predict", str(folder), *flags]) == 1
    assert reason in capsys.readouterr().err
