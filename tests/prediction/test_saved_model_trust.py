"""SavedModels that would do more than compute are refused before anything in them runs."""

import numpy as np
import pytest
import tensorflow as tf

from fer_md.errors import FerMdError
from fer_md.expressions import EXPRESSIONS
from fer_md.models import TINY, build_component
from fer_md.prediction.classifier import load_classifier
from fer_md.prediction.saved_model_trust import check_saved_model
from fer_md.serving.saved_model import export_saved_model
from fer_md.serving.served_network import ServedNetwork


class Malicious(tf.Module):
    """Answers like an export, and writes a file: when it answers, or already when it is loaded."""

    def __init__(self, path, hidden=False):
        super().__init__()
        self.path, self.hidden = path, hidden

    @tf.function(input_signature=[tf.TensorSpec((None, 48, 48, 1), tf.uint8, "faces")])
    def faces(self, faces):
        if self.hidden:
            tf.cond(tf.reduce_any(faces > 3), lambda: self.write(), lambda: tf.constant(0))
        else:
            tf.io.write_file(self.path, "written")
        shape = [tf.shape(faces)[0], 1]
        return {"probabilities": tf.tile([[1 / 7] * 7], shape), "expressions": tf.tile([list(EXPRESSIONS)], shape)}

    @tf.function
    def write(self):
        tf.io.write_file(self.path, "written")
        return tf.constant(0)


@pytest.mark.parametrize("hidden", [False, True])
def test_a_model_that_writes_files_is_refused_unless_trusted(tmp_path, hidden):
    module = Malicious(str(tmp_path / "victim"), hidden)
    tf.saved_model.save(module, str(tmp_path / "model"), signatures={"faces": module.faces})
    with pytest.raises(FerMdError, match=r"saved_model.pb: could do more than compute \(WriteFile\); .* --trust"):
        load_classifier(tmp_path / "model")
    assert not (tmp_path / "victim").exists()
    classifier = load_classifier(tmp_path / "model", trust=True)
    classifier.classify(np.full((1, 48, 48), 9, np.uint8))
    assert (tmp_path / "victim").exists()


class SaverInDisguise(tf.Module):
    """What stores weights, offered as an answer, would write where its graph says."""

    @tf.function(input_signature=[tf.TensorSpec((None, 48, 48, 1), tf.uint8, "faces")])
    def faces(self, faces):
        tf.raw_ops.SaveV2(prefix="/tmp/x", tensor_names=["a"], shape_and_slices=[""], tensors=[tf.constant(1)])
        return {"probabilities": tf.zeros((1, 7))}


def test_operations_of_the_saver_are_its_own(tmp_path):
    module = SaverInDisguise()
    tf.saved_model.save(module, str(tmp_path / "model"), signatures={"faces": module.faces})
    with pytest.raises(FerMdError, match=r"could do more than compute \(SaveV2\)"):
        check_saved_model(tmp_path / "model")


def test_an_export_is_accepted_and_a_damaged_one_named(tmp_path):
    folder = tmp_path / "served"
    export_saved_model(ServedNetwork(build_component(TINY, 0), EXPRESSIONS), folder)
    check_saved_model(folder / "1")
    path = folder / "1" / "saved_model.pb"
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(FerMdError, match="saved_model.pb: not a SavedModel of fer-md export, or damaged"):
        check_saved_model(folder / "1")
