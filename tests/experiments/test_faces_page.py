"""The tables of docs/FACES.md from files with known figures."""

import dataclasses
import json

from pages.blocks import markdown
from pages.sections.faces import face_blocks
from result_files import landmark_error, landmarks, save

ERROR = {"mean": 0.0978, "median": 0.07, "auc": 0.143, "failures": 0.4014}
ERRORS = {"inter-ocular": ERROR, "face size": {**ERROR, "mean": 0.05}}
SIDE = {"mean": 1.09, "low": 1.04, "high": 1.14}
FILES = {
    "alignment": {"faces": {"test people": 837}, "errors": {"test people": {"cascade": ERRORS}}},
    "landmarks68": {
        "faces": {"video frames": 837},
        "errors": {"video frames": {"two looks": ERRORS}},
        "from_detector": {"video frames": {"found": 836, **ERROR}},
    },
    "frame_offset": {"faces": 3395, "detectors": {"yunet": {"right": SIDE, "below": SIDE}}},
}


def test_tables_of_alignment_and_landmarks(tmp_path):
    for name, content in FILES.items():
        (tmp_path / f"{name}.json").write_text(json.dumps({"command": f"python {name}", **content}))
    error = landmark_error(mean=0.0512)
    errors = {
        "video frames": {"joint, fused": {"inter-ocular": error, "face size": dataclasses.replace(error, mean=0.03)}}
    }
    single = {"video frames": {"joint, fused": [{"mean": 0.05, "failures": 0.1}, {"mean": 0.052, "failures": 0.2}]}}
    save(tmp_path / "landmarks48.json", landmarks(errors, seeds=[0, 1], single=single))
    save(tmp_path / "landmarks96.json", landmarks(errors, image_size=96))
    save(tmp_path / "quick" / "figure6.json", landmarks(errors))
    text = markdown(face_blocks(tmp_path))
    assert "| 837 frames | five levels | 9.78 % | 7.00 % | 0.143 | 40.1 % | 5.00 % |" in text
    assert "| 837 video frames | two looks, in the detector's boxes (836 found) | 9.78 %" in text
    assert all(
        f"crops of {each}" in text for each in ("48 × 48 pixels, 2 seeds", "48 × 48 pixels, 1 seed,", "96 × 96 pixels")
    )
    assert "| video frames | joint, fused | 5.12 % | 4.00 % | 0.400 | 10.0 % | 3.00 % | 0.14 |" in text
    assert "On the 3,395 training frames" in text and "by 1.09 (1.04 to 1.14) pixels for yunet" in " ".join(
        text.split()
    )
    assert [text.count(f"`python {name}`") for name in FILES] == [1, 1, 1] and text.count("`python <landmarks>`") == 3
