"""The label space of the seven expressions, in the order of FER2013."""

EXPRESSIONS = ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral")
"""Label ``i`` of every seven-class data set in this project means ``EXPRESSIONS[i]``."""
