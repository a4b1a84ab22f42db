"""The label space of the seven expressions, in the order of FER2013."""

import re

EXPRESSIONS = ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral")
"""In every data set with seven classes, label ``i`` means ``EXPRESSIONS[i]``."""

_NAMES = (
    "anger angry mad furious",
    "disgust disgusted",
    "fear fearful afraid scared frightened",
    "happiness happy joy joyful",
    "sadness sad sorrow unhappy",
    "surprise surprised astonished astonishment",
    "neutral neutrality",
)

LABEL_OF_NAME = {name: label for label, names in enumerate(_NAMES) for name in names.split()}
"""The labels of the names that data sets usually give to the expressions, in lower case."""


def expression_of_name(name: str) -> str | None:
    """The expression that a folder or a cell names, such as ``"anger"`` for ``0_Angry``; None for another name.

    Case does not count, nor do digits and punctuation at either end.
    """
    label = LABEL_OF_NAME.get(re.sub(r"^[\W\d_]+|[\W\d_]+$", "", name.lower()))
    return None if label is None else EXPRESSIONS[label]
