"""The bundled networks, in Keras."""

from fer_md import environment

environment.check_tensorflow()

import keras

from fer_md.pretrained.description import FOLDER
from fer_md.pretrained.networks import shift_of
from fer_md.pretrained.store import load_fused


def load_pretrained(name: str = "fer2013") -> keras.Model:
    """A bundled network: its components, with their scores fused (Sec. 3.2.2).

    Args:
        name: ``"fer2013"``, which expects expressions to be as frequent as in FER2013; or ``"photographs"``, the same
            components for faces from elsewhere: it leans less towards the expressions that are frequent in FER2013.

    Returns:
        ``keras.Model`` from faces (B, 48, 48, 1), gray levels in [0, 255] of any numeric dtype, to a dict with
        ``logits`` (B, 7) float32. Their softmax gives probabilities, in the order of
        ``fer_md.expressions.EXPRESSIONS``. Those of ``"fer2013"`` are calibrated on its validation split.
        docs/MODEL_CARD.md says what the components were trained on and how good they are.

    Raises:
        ValueError: unknown ``name``.
        FerMdError: a file is missing or damaged.
    """
    shift, fused = shift_of(name), load_fused(FOLDER)
    if not shift.any():
        return fused
    shifted = keras.layers.Rescaling(1.0, offset=shift.tolist(), dtype="float32", name="prior")
    return keras.Model(fused.input, {"logits": shifted(fused.output["logits"])}, name="pretrained")
