"""Where npm packages come from: what npm itself would take."""

import pytest

from fer_md.demo.npm_registry import REGISTRY, fetch_archive, registry_of
from fer_md.errors import FerMdError


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("npm_config_registry", raising=False)
    monkeypatch.delenv("NPM_CONFIG_REGISTRY", raising=False)
    return tmp_path


def test_npms_own_registry_where_nothing_is_set(home):
    assert registry_of("@litertjs") == REGISTRY
    (home / ".npmrc").write_text("fund=false\n# a comment\n")
    assert registry_of("@litertjs") == REGISTRY
    (home / ".npmrc").write_bytes(b"\xff\xfe")
    assert registry_of("@litertjs") == REGISTRY


def test_a_registry_that_npm_is_set_to(home, monkeypatch):
    (home / ".npmrc").write_text("registry = http://mirror.example/npm\n")
    assert registry_of("@litertjs") == "http://mirror.example/npm/"
    monkeypatch.setenv("NPM_CONFIG_REGISTRY", "http://other.example/")
    assert registry_of("@litertjs") == "http://other.example/"
    (home / ".npmrc").write_text('registry=http://mirror.example\n@litertjs:registry="http://own.example/"\n')
    assert registry_of("@litertjs") == "http://own.example/"
    assert registry_of("@others") == "http://other.example/"


@pytest.mark.parametrize(
    "registry, reason",
    [
        ("file:///etc", "a registry of npm has an address with http or https"),
        ("http://127.0.0.1:1", "cannot be fetched"),
        ("http://127.0.0.1:port", "cannot be fetched"),
        ("none", "a registry of npm has an address"),
    ],
)
def test_a_registry_that_does_not_answer_is_named(registry, reason, monkeypatch):
    monkeypatch.setenv("npm_config_registry", registry)
    with pytest.raises(FerMdError, match=f"^{registry}/@scope/name/-/name-1.2.tgz: {reason}"):
        fetch_archive("@scope/name", "1.2", 10)
