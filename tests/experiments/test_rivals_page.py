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
    by_points = {"visibility": {"hidden": 0.6, "visible": 0.99}, "pose": {"yaw": 3.06, "pitch": 2.0, "roll": 1.0}}
    alone = {
        **{"network": "quarter-landmarks", "rate": 4.0, "dropout": 0.5, "steps": 2263, "seconds": 118.0},
        **{"by its landmarks": by_points, "landmarks": errors},
    }
    gap = {"minus_first": {"difference": 0.0123, "low": -0.001, "high": 0.02}}
    whole = {
        **alone,
        **{"network": "quarter", "visibility": {"hidden": 0.4, "visible": 0.9}, "expression": 0.613},
        "pose": {"yaw": 4.0, "pitch": 3.0, "roll": 2.0},
        "detection": {"average_precision": 0.987, "recall": 0.95, "false_alarms": 0.021},
        "landmarks": {**errors, "inter-ocular": {**error, **gap}},
    }
    measured = {
        **{"hidden": 0.031, "expressions": "drawn faces", "faces": {"training": 3395, "measured": 837}},
        "crops": {"faces": 837, "no faces": 2511, "expressions": 1700},
        "mean pose": {"yaw": 17.0, "pitch": 9.0, "roll": 5.0},
    }
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
        "hyperface": {**measured, "epochs": 3, "networks": {"a": {**whole, "network": "whole"}}},
        "hyperface_quarter": {**measured, "epochs": 12, "networks": {"a": alone, "b": whole}},
        "hyperface_trials": {"epochs": 2, "faces": {"measured": 504}, "networks": {"a": alone, "b": whole}},
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
    assert "+1.0 points a person (-0.5 to 2.1); 30 people gain, 20 lose" in " ".join(text.split())
    assert text.count("`python x`") == 6
    assert "| its widths, all tasks | 3 | 2 | 9.78 | +1.23 (-0.10 to +2.00) | 40.1 | 5.00 | 40.1 |" in text
    assert "| a quarter of its widths, landmarks alone | 12 | 2 | 9.78 |  | 40.1 | 5.00 | 40.1 |" in text
    assert "| a quarter of its widths, all tasks | 12 | 0.9870 | 95.0 | 2.1 | 61.3 |" in text
    assert "| mean pose of the training faces | 17.0 | 9.0 | 5.0 |  |  |" in text
    assert "| a quarter of its widths, all tasks, 12 epochs | 4.0 | 3.0 | 2.0 | 40.0 | 90.0 |" in text
    assert text.count("epochs: from its landmarks | 3.1 | 2.0 | 1.0 | 60.0 | 99.0 |") == 3
    assert "| a quarter of its widths, landmarks alone | 4 | 0.5 | 9.78 |  |  |  |" in text
    for name in ("hyperface", "hyperface_quarter"):
        (tmp_path / f"{name}.json").unlink()
    assert "a quarter of its widths" not in markdown(rival_blocks(tmp_path))
