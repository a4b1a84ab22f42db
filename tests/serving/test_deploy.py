"""deploy/: each file is what its reader understands, and they fit each other and the documentation."""

import re
from pathlib import Path

import kubernetes_validate
import pytest
import yaml
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, text_format, wrappers_pb2
from tensorflow_serving.config.model_server_config_pb2 import ModelServerConfig

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
MODELS = text_format.Parse((DEPLOY / "models.config").read_text(encoding="utf-8"), ModelServerConfig())
COMPOSE = yaml.safe_load((DEPLOY / "docker-compose.yml").read_text(encoding="utf-8"))
MANIFESTS = list(yaml.safe_load_all((DEPLOY / "kubernetes.yml").read_text(encoding="utf-8")))


def batching_parameters():
    """The class of the message of batching.config: no Python package has it, and these are its fields."""
    wrapped = {"max_batch_size": "Int64", "batch_timeout_micros": "Int64", "max_enqueued_batches": "Int64"}
    wrapped |= {"num_batch_threads": "Int64", "thread_pool_name": "String", "enable_large_batch_splitting": "Bool"}
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(wrappers_pb2.DESCRIPTOR.serialized_pb)
    file = descriptor_pb2.FileDescriptorProto(name="batching.proto", syntax="proto3")
    file.dependency.append(wrappers_pb2.DESCRIPTOR.name)
    message = file.message_type.add(name="BatchingParameters")
    for number, (name, kind) in enumerate(wrapped.items(), 1):
        message.field.add(name=name, number=number, type=11, label=1, type_name=f".google.protobuf.{kind}Value")
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("BatchingParameters"))


def test_models_and_labels():
    (model,) = MODELS.model_config_list.config
    assert (model.name, model.model_platform) == ("fer", "tensorflow")
    assert set(model.version_labels.values()) == set(model.model_version_policy.specific.versions) == {1, 2}
    assert set(model.version_labels) == {"stable", "canary"}


def test_batching():
    parameters = text_format.Parse((DEPLOY / "batching.config").read_text(encoding="utf-8"), batching_parameters()())
    assert parameters.max_batch_size.value == 32 and parameters.batch_timeout_micros.value == 2000


@pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda manifest: manifest["kind"])
def test_manifests_fit_the_schemas_of_kubernetes(manifest):
    kubernetes_validate.validate(manifest, kubernetes_validate.latest_version(), strict=True)


def test_a_manifest_with_a_mistake_does_not():
    wrong = yaml.safe_load(
        (DEPLOY / "kubernetes.yml").read_text(encoding="utf-8").split("---")[0].replace("httpGet", "httpGot")
    )
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, kubernetes_validate.latest_version(), strict=True)


def test_a_pod_is_bounded_and_ready_when_the_network_is():
    (container,) = MANIFESTS[0]["spec"]["template"]["spec"]["containers"]
    assert set(container["resources"]["limits"]) == {"cpu", "memory"}
    path = container["readinessProbe"]["httpGet"]["path"]
    assert path == f"/v1/models/{MODELS.model_config_list.config[0].name}/labels/stable"
    assert container["securityContext"]["readOnlyRootFilesystem"]
    ports = {port["name"] for port in container["ports"]}
    assert {port["targetPort"] for port in MANIFESTS[1]["spec"]["ports"]} == ports
    names = {volume["name"] for volume in MANIFESTS[0]["spec"]["template"]["spec"]["volumes"]}
    assert {mount["name"] for mount in container["volumeMounts"]} == names


COMPOSE_KEYS = {
    *("image", "command", "ports", "volumes", "read_only", "tmpfs", "cap_drop", "security_opt", "mem_limit", "cpus"),
    "restart",
}
"""Of those of the Compose Specification, what a service of ours has."""


def test_compose():
    assert list(COMPOSE) == ["services"]
    (service,) = COMPOSE["services"].values()
    assert set(service) == COMPOSE_KEYS
    assert all(re.fullmatch(r"127\.0\.0\.1:\d+:\d+", port) for port in service["ports"])
    mounted = dict(volume.split(":")[:2] for volume in service["volumes"])
    for source, target in mounted.items():
        assert source.startswith("../runs/") or (DEPLOY / source).is_file(), source
        assert target in (MODELS.model_config_list.config[0].base_path, f"/deploy/{Path(source).name}")


def test_all_start_the_server_alike():
    (service,) = COMPOSE["services"].values()
    (container,) = MANIFESTS[0]["spec"]["template"]["spec"]["containers"]
    assert service["image"] == container["image"]
    assert set(container["args"]) == set(service["command"]) - {"--model_config_file_poll_wait_seconds=30"}
    makefile, page = ((ROOT / name).read_text(encoding="utf-8") for name in ("Makefile", "docs/SERVING.md"))
    assert service["image"] in makefile and service["image"] in page
