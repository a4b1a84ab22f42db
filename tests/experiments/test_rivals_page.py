"""The tables of docs/RIVALS.md from files with known figures."""

import json

from pages.blocks import markdown
from pages.sections.rivals import OURS, rival_blocks

ENVIRONMENT = {"date": "2026-11-29", "processor": "P"}


def test_tables_of_the_rivals(tmp_path):
    detector = {"average_precision": 0.91, "precision": 0.8, "recall": 0.7, "processor_milliseconds": 75.4}
    error = {"mean": 0.0978, "median": 0.07, "auc": 0.143, "failures": 0.4014}
    errors = {"inter-ocular": error, "face size": {**error, "mean": 0.05}}
    adapted = {"average_precision": 0.92}
    origin = {"command": "python x", "environment": ENVIRONMENT}
    files = {
        "joint_cascade": {
            "detectors": {"test frames": {"joint cascade": detector}},
            "pictures": {"training": 1900},
            "train_seconds": 900,
        },
        "detectors": {
            "detectors": {
                "test frames": {"Selective Search + CNN": {**detector, "precision": 0.955}, "mtcnn": detector}
            }
        },
        "landmark_rivals": {
            "errors": {"joint cascade": errors},
            "faces": {"test": 837},
            "seconds": {"parts": 59.6, "trees": 94.1},
        },
        "quick/figure6": {"errors": {"video frames": dict.fromkeys(OURS, errors)}},
        "detector_adaptation": {
            "mean_of_albums": {"detector": 0.88, "adapted": 0.89},
            "all_frames": {"detector": {"average_precision": 0.9}, "adapted": adapted},
            "gain_of_an_album": {"difference": 0.01, "low": -0.005, "high": 0.021},
            **{"albums": 69, "candidates": 1369, "faces": 837, "albums_better": 30, "albums_worse": 20},
        },
    }
    (tmp_path / "quick").mkdir()
    for name, content in files.items():
        (tmp_path / f"{name}.json").write_text(json.dumps({**content, **origin}))
    text = markdown(rival_blocks(tmp_path))
    assert "learned from 1,900 pictures in 15 min, on one thread" in text
    assert "| test frames | joint cascade | 0.9100 | 0.800 | 0.700 | 75 |" in text
    assert "| test frames | Selective Search + CNN | 0.9100 | 0.955 | 0.700 | 75 |" in text and "| mtcnn |" not in text
    assert "| joint cascade | 9.78 | 7.00 | 0.143 | 40.1 | 5.00 | 40.1 |" in text
    assert "parts 60 s, trees 94 s" in text and text.count("| Fig. 6: ") == len(OURS)
    assert "| adapted to each person | 0.8900 | 0.9200 |" in text
    assert "+1.0 points of average precision (-0.5 to 2.1); 30 people gain, 20 lose" in " ".join(text.split())
    assert text.count("`python x`") == 3
