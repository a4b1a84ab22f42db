"""SavedModels that would do more than compute are refused before anything in them runs."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

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
        check_saved_model(tmp_path / "model", "")


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """A SavedModel of one variable, which is accepted."""
    module, folder = tf.Module(), tmp_path_factory.mktemp("plain")
    module.weight = tf.Variable(2.0)
    module.times = tf.function(lambda faces: module.weight * faces, [tf.TensorSpec((None,), name="faces")])
    tf.saved_model.save(module, str(folder), signatures={"faces": module.times})
    check_saved_model(folder, "")
    return SavedModel.FromString((folder / "saved_model.pb").read_bytes())


def written(folder, saved):
    (folder / "saved_model.pb").write_bytes(saved.SerializeToString())
    return folder


def copy_of(saved):
    copied = SavedModel()
    copied.CopyFrom(saved)
    return copied


def writing_graph(path):
    """A graph of TensorFlow 1 that writes a file when its variables are restored."""
    saved, graph = SavedModel(saved_model_schema_version=1), tf.Graph()
    with graph.as_default():
        name = tf.constant("checkpoint", name="checkpoint")
        tf.raw_ops.WriteFile(filename=str(path), contents="written", name="x")
    meta = saved.meta_graphs.add(graph_def=graph.as_graph_def())
    meta.meta_info_def.tags.append("serve")
    meta.saver_def.filename_tensor_name = meta.saver_def.save_tensor_name = name.name
    meta.saver_def.restore_op_name = "x"
    return saved


def test_what_a_file_of_tensorflow_1_restores_its_weights_with_is_not_run(plain, tmp_path):
    """Loaded, it writes; it is refused, and so is a file of two graphs, which is loaded in the same way."""
    saved = writing_graph(tmp_path / "victim")
    with pytest.raises(FerMdError, match="in the form of TensorFlow 1, .*allow it with --trust"):
        load_classifier(written(tmp_path, saved))
    assert not (tmp_path / "victim").exists()
    tf.saved_model.load(str(tmp_path))
    assert (tmp_path / "victim").read_text() == "written"
    two = copy_of(plain)
    two.meta_graphs.add().CopyFrom(saved.meta_graphs[0])
    with pytest.raises(FerMdError, match="in the form of TensorFlow 1"):
        check_saved_model(written(tmp_path, two), "")


def test_a_node_is_not_trusted_for_its_place(plain, tmp_path):
    """Neither one that is named as what restores the weights, nor what only it calls and an object offers."""
    named, called = copy_of(plain), copy_of(plain)
    writing = writing_graph(tmp_path / "victim").meta_graphs[0]
    named.meta_graphs[0].graph_def.node.extend(writing.graph_def.node)
    named.meta_graphs[0].saver_def.restore_op_name = "x"
    with pytest.raises(FerMdError, match=r"could do more than compute \(.*WriteFile\)"):
        check_saved_model(written(tmp_path, named), "")
    meta = called.meta_graphs[0]
    (saver,) = [node for node in meta.graph_def.node if f"{node.name}:0" == meta.saver_def.save_tensor_name]
    offered = meta.object_graph_def.nodes.add()
    offered.bare_concrete_function.concrete_function_name = saver.attr["f"].func.name
    with pytest.raises(FerMdError, match=r"could do more than compute \(.*SaveV2.*\)"):
        check_saved_model(written(tmp_path, called), "")


@pytest.mark.parametrize("operation", ["ReadFile", "ImmutableConst", "RecordInput", "GenerateVocabRemapping", "Abort"])
@pytest.mark.parametrize("saver", [False, True])
def test_what_is_not_known_to_compute_is_refused(operation, saver, plain, tmp_path):
    saved = copy_of(plain)
    functions = [
        function
        for function in saved.meta_graphs[0].graph_def.library.function
        if saver == any(node.op == "RestoreV2" for node in function.node_def)
    ]
    functions[0].node_def.add(name="risk", op=operation)
    with pytest.raises(FerMdError, match=rf"could do more than compute \({operation}\)"):
        check_saved_model(written(tmp_path, saved), "")


def test_layers_of_keras_are_accepted(tmp_path):
    layers, faces = keras.layers, keras.Input((16, 16, 1))
    mapped = layers.Rescaling(1 / 255)(layers.Resizing(20, 20)(faces))
    for layer in (
        layers.Conv2D(4, 3, padding="same", activation="gelu"),
        layers.BatchNormalization(),
        layers.DepthwiseConv2D(3, activation="swish"),
        layers.SeparableConv2D(4, 3, dilation_rate=2, activation="elu"),
        layers.LayerNormalization(),
        layers.GroupNormalization(2),
        layers.Conv2DTranspose(4, 3, strides=2, activation="leaky_relu"),
        layers.UpSampling2D(interpolation="bilinear"),
        layers.PReLU(),
        layers.AveragePooling2D(2),
        layers.MaxPooling2D(2, padding="same"),
        layers.ZeroPadding2D(),
        layers.Cropping2D(),
        layers.RandomFlip(),
        layers.SpatialDropout2D(0.1),
        lambda rolled: keras.ops.roll(rolled, 1, axis=1),
    ):
        mapped = layer(mapped)
    rows = layers.Reshape((-1, 4))(mapped)
    rows = layers.Add()([rows, layers.MultiHeadAttention(2, 2)(rows, rows)])
    rows = layers.Concatenate()([layers.GRU(4)(rows), layers.LSTM(4)(rows), layers.GlobalMaxPooling1D()(rows)])
    model = keras.Model(faces, layers.Dense(7, "softmax")(layers.UnitNormalization()(rows)))
    model.export(tmp_path, format="tf_saved_model", verbose=False)
    check_saved_model(tmp_path, "")


def test_an_export_is_accepted_and_a_damaged_one_named(tmp_path):
    folder = tmp_path / "served"
    export_saved_model(ServedNetwork(build_component(TINY, 0), EXPRESSIONS), folder)
    check_saved_model(folder / "1", "")
    path = folder / "1" / "saved_model.pb"
    for content in (path.read_bytes()[:1000], b""):  # the second while it is copied
        path.write_bytes(content)
        with pytest.raises(FerMdError, match="saved_model.pb: not a SavedModel of fer-md export, or damaged"):
            check_saved_model(folder / "1", "")
