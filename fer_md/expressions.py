"""The label space of the seven expressions, in the order of FER2013."""

EXPRESSIONS = ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral")
"""In every data set with seven classes, label ``i`` means ``EXPRESSIONS[i]``."""

LABEL_OF_NAME = {
    "angry": 0,
    "anger": 0,
    "disgust": 1,
    "disgusted": 1,
    "fear": 2,
    "fearful": 2,
    "happy": 3,
    "happiness": 3,
    "sad": 4,
    "sadness": 4,
    "surprise": 5,
    "surprised": 5,
    "neutral": 6,
}
"""The labels of the names that data sets usually give to the expressions, in lower case."""
