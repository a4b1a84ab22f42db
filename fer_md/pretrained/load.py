"""The bundled networks, in Keras."""

import keras

from fer_md.models import build_fused
from fer_md.pretrained.networks import folders_of, photographs_shift
from fer_md.pretrained.store import load_fused


def load_pretrained(name: str = "fer2013") -> keras.Model:
    """A bundled network: its components, with their scores fused (Sec. 3.2.2).

    Args:
        name: ``"fer2013"``, trained on FER2013 alone, the best on its test faces; ``"joint"``, trained on FER2013 and
            press photographs together; or ``"photographs"``, both fused, for faces from elsewhere. It leans less
            towards the expressions that are frequent in FER2013, and finds more of the rare ones.

    Returns:
        ``keras.Model`` from faces (B, 48, 48, 1), gray levels in [0, 255] of any numeric dtype, to a dict with
        ``logits`` (B, 7) float32. Their softmax gives probabilities, in the order of
        ``fer_md.expressions.EXPRESSIONS``. Those of ``"fer2013"`` and ``"joint"`` are calibrated on FER2013's
        validation split. docs/MODEL_CARD.md says what the networks were trained on and how good they are.

    Raises:
        ValueError: unknown ``name``.
        FerMdError: a file is missing or damaged.
    """
    networks = [load_fused(folder) for folder in folders_of(name)]
    if len(networks) == 1:
        return networks[0]
    fused = build_fused(networks)
    shifted = keras.layers.Rescaling(1.0, offset=photographs_shift().tolist(), dtype="float32", name="prior")
    return keras.Model(fused.input, {"logits": shifted(fused.output["logits"])}, name="pretrained")
