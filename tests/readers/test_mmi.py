import cv2
import numpy as np
import pytest

from fer_md.data.records import load_split
from fer_md.errors import FerMdError
from fer_md.readers.file_tree import FileTree
from fer_md.readers.mmi import MAX_XML, list_mmi
from fer_md.readers.photographs import prepare
from photograph_trees import photograph, write_photograph, write_session, zipped


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / "mmi"
    write_session(root, 1, "S001-100", 1)
    write_session(root, 2, "S001-101", 4)
    write_session(root, 3, "S002-001", 6)
    image = write_session(root, 4, "S003-007", 2, frames=0)
    write_photograph(image / "S003-007.jpg", "S003", 1)
    return root


def listing(folder, **options):
    with FileTree(folder) as tree:
        return list_mmi(tree, **options)


def keys(found, clip):
    return [p.key for p in found.photographs if clip in p.key]


def test_the_middle_frames_of_frontal_clips(folder):
    found = listing(folder)
    assert found.expressions == ("anger", "disgust", "fear", "happiness", "sadness", "surprise")
    assert keys(found, "S001-101") == [f"mmi/S001-101/{frame:05d}" for frame in (9, 10, 11)]
    assert keys(found, "S003") == ["mmi/S003-007"]
    assert {(p.subject, found.expressions[p.label]) for p in found.photographs} == {
        ("S001", "anger"),
        ("S001", "happiness"),
        ("S002", "surprise"),
        ("S003", "disgust"),
    }
    brightness = [p.read().mean() for p in found.photographs if "S002" in p.key]
    np.testing.assert_allclose(brightness, [45, 50, 55], atol=2)


def test_neutral_is_the_first_frame(folder):
    found = listing(folder, frames=1, neutral="first")
    assert keys(found, "S002") == ["mmi/S002-001/00000", "mmi/S002-001/00010"]
    assert [found.expressions[p.label] for p in found.photographs if "S002" in p.key] == ["neutral", "surprise"]


def test_the_apex_of_the_action_units(folder):
    """Frames are counted from 1: unit 1 is at its apex in the frames 3 to 6, unit 2 in 5 to 9; both in 5, that is 4."""
    marks = {1: [(1, 0), (2, 1), (3, 2), (7, 3), (9, 0)], 2: [(4, 1), (5, 2), (10, 3)]}
    units = "".join(
        f'<ActionUnit Number="{unit}">'
        + "".join(f'<Marker Frame="{frame}" Type="{kind}"/>' for frame, kind in points)
        + "</ActionUnit>"
        for unit, points in marks.items()
    )
    (folder / "Sessions/1/S001-100-oao_aucs.xml").write_text(f"<ActionUnitCoding>{units}</ActionUnitCoding>")
    assert keys(listing(folder, frames=1), "S001-100") == ["mmi/S001-100/00005"]
    (folder / "Sessions/1/S001-100-oao_aucs.xml").write_text("<ActionUnitCoding/>")
    assert keys(listing(folder, frames=1), "S001-100") == ["mmi/S001-100/00010"]
    endless = f'<Marker Frame="{"9" * 5000}" Type="2"/>'  # more digits than Python makes a number of
    (folder / "Sessions/1/S001-100-oao_aucs.xml").write_text(f"<ActionUnit>{endless}</ActionUnit>")
    assert keys(listing(folder, frames=1), "S001-100") == ["mmi/S001-100/00010"]


def test_clips_taken_on_their_side_are_turned(folder):
    image = cv2.resize(photograph("S001", 0), (576, 720))
    writer = cv2.VideoWriter(str(folder / "Sessions/1/S001-100.avi"), cv2.VideoWriter_fourcc(*"MJPG"), 25, (720, 576))
    for _ in range(5):
        writer.write(cv2.rotate(image, cv2.ROTATE_90_COUNTERCLOCKWISE))
    writer.release()
    upright = listing(folder).photographs[0].read()
    assert upright.shape == image.shape and np.abs(upright.astype(float) - image).mean() < 3


def test_sessions_that_cannot_be_used(folder):
    write_session(folder, 10, "S004-001", 1, view="1")
    write_session(folder, 11, "S004-002", 9)
    write_session(folder, 12, "S004-003", None)
    write_session(folder, 13, "S004-004", 1, frames=2)
    write_session(folder, 14, "S004-005", 1, frames=0)
    (write_session(folder, 15, "S004-006", 1) / "session.xml").unlink()
    (write_session(folder, 16, "S004-007", 1) / "S004-007.xml").write_text("<Metadata>")
    (write_session(folder, 17, "S004-008", 1) / "S004-008.avi").write_bytes(b"RIFF")
    (write_session(folder, 18, "S004-009", 1) / "S004-009.xml").write_bytes(b" " * (MAX_XML + 1))
    reasons = {name.rpartition("/")[2]: reason for name, reason in listing(folder).unused}
    for number, reason in {
        "10": "not a frontal view",
        "11": "emotion 9 is none of the six",
        "12": "no emotion",
        "13": "2 frames, but 3 are wanted",
        "14": "no video and no image",
        "15": "no session.xml",
        "16": "S004-007.xml: not XML",
        "17": "not a video",
        "18": f"S004-009.xml: the file is larger than {MAX_XML} bytes",
    }.items():
        assert reason in reasons.pop(number)
    assert not reasons


def test_prepared_and_a_video_that_ends_early(folder, tmp_path):
    path = folder / "Sessions/1/S001-100.avi"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 4])
    found = listing(folder)
    prepare(found, tmp_path / "out")
    stored = sum(len(load_split(tmp_path / "out", split).keys) for split in ("Training", "PublicTest", "PrivateTest"))
    assert stored + 3 * ("S001-100" in (tmp_path / "out/quarantine.csv").read_text()) == 10


def test_bad_trees(folder, tmp_path):
    with pytest.raises(FerMdError, match="unpack .*mmi.zip first"):
        listing(zipped(folder, tmp_path / "mmi.zip"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(FerMdError, match="no sessions; the layout is Sessions/"):
        listing(tmp_path / "empty")
