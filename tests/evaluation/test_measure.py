"""The folder of an evaluation."""

import csv

import numpy as np

from fer_md.evaluation.measure import Evaluation, measure, write_evaluation
from random_faces import random_split


def test_the_matrix_is_a_table_whatever_the_classes_are_called(tmp_path):
    """A name with a comma, one with quotation marks and one with an umlaut."""
    names, split = ["sad, or angry", 'so "happy"', "müde"], random_split(6)
    split.labels[:] = [0, 0, 1, 1, 2, 2]
    figures = measure(split, np.eye(3)[[0, 1, 1, 1, 2, 0]], names, np.zeros(6, bool))
    evaluation = Evaluation(
        **vars(figures), data="own", split="PublicTest", averaging="none", seed=0, manifest_sha256="", models={}
    )
    write_evaluation(tmp_path / "eval", evaluation, "title")
    with open(tmp_path / "eval" / "confusion_matrix.csv", encoding="utf-8", newline="") as stream:
        header, *rows = csv.reader(stream)
    assert header == ["true\\predicted", *names] and [row[0] for row in rows] == names
    assert [list(map(int, row[1:])) for row in rows] == [[1, 1, 0], [0, 2, 0], [1, 0, 1]]
