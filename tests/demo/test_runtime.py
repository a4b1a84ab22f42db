"""The runtime for browsers: fetched once, from a registry of this test, and never used with other content."""

import functools
import hashlib
import http.server
import io
import tarfile
import threading

import pytest

from fer_md.demo import runtime
from fer_md.demo.runtime import PROGRAM, SCRIPT, find_runtime
from fer_md.errors import FerMdError

CONTENT = {SCRIPT: b"var ModuleFactory;", PROGRAM: b"\0asm"}


def archive(content, folder="package/wasm"):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as members:
        for name, data in content.items():
            member = tarfile.TarInfo(f"{folder}/{name}")
            member.size = len(data)
            members.addfile(member, io.BytesIO(data))
    return stream.getvalue()


@pytest.fixture
def registry(tmp_path, monkeypatch):
    """A function that gives the registry an archive; returned are the paths it was asked for."""
    served, asked = tmp_path / "served", []
    path = served / "@litertjs" / "core" / "-" / f"core-{runtime.VERSION}.tgz"
    path.parent.mkdir(parents=True)

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *values):
            asked.append(self.path)

    def give(data, expected=None):
        path.write_bytes(data)
        monkeypatch.setattr(runtime, "ARCHIVE_BYTES", len(expected or data))
        monkeypatch.setattr(runtime, "ARCHIVE_SHA512", hashlib.sha512(expected or data).hexdigest())

    monkeypatch.setattr(runtime, "SHA256", {name: hashlib.sha256(data).hexdigest() for name, data in CONTENT.items()})
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    handler = functools.partial(Handler, directory=served)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        monkeypatch.setenv("npm_config_registry", f"http://127.0.0.1:{server.server_address[1]}")
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield give, asked
        server.shutdown()
        thread.join()


def test_it_is_fetched_once_and_said_once(registry, tmp_path):
    give, asked = registry
    give(archive({**CONTENT, "../../../../evil": b"x", "other.wasm": b"x"}))
    said = []
    folder = find_runtime(say=said.append)
    assert folder == find_runtime(say=said.append) == tmp_path / "cache" / "fer_md" / f"litertjs-core-{runtime.VERSION}"
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == CONTENT
    assert len(said) == len(asked) == 1 and "@litertjs/core" in said[0] and " MB" in said[0] and str(folder) in said[0]
    assert not list(tmp_path.rglob("evil"))


def test_a_damaged_copy_is_fetched_again(registry):
    give, asked = registry
    give(archive(CONTENT))
    folder = find_runtime(say=print)
    (folder / PROGRAM).write_bytes(b"damaged")
    assert (find_runtime(say=print) / PROGRAM).read_bytes() == CONTENT[PROGRAM] and len(asked) == 2


@pytest.mark.parametrize(
    "data, expected, reason",
    [
        (archive({**CONTENT, PROGRAM: b"evil"}), archive(CONTENT) + bytes(100), "has not the SHA-512"),
        (archive(CONTENT) + b"x", archive(CONTENT), "larger than"),
        (archive({**CONTENT, PROGRAM: b"evil"}), None, f"its {PROGRAM} is not the one"),
    ],
)
def test_other_content_is_refused_and_not_kept(data, expected, reason, registry):
    give, _ = registry
    give(data, expected)
    with pytest.raises(FerMdError, match=reason):
        find_runtime(say=print)
    assert not (runtime.cache_folder() / PROGRAM).exists()


def test_a_missing_archive_and_a_cache_that_cannot_be_written(registry, tmp_path):
    give, asked = registry
    give(archive(CONTENT))
    (tmp_path / "cache").write_text("a file")
    with pytest.raises(FerMdError, match="cache.*: cannot be written"):
        find_runtime(say=print)
    assert not asked
    (tmp_path / "cache").unlink()
    next((tmp_path / "served").rglob("*.tgz")).unlink()
    with pytest.raises(FerMdError, match="tgz: cannot be fetched .*404|tgz: cannot be fetched .*File not found"):
        find_runtime(say=print)


def test_a_folder_of_ones_own_is_checked_and_nothing_fetched(registry, tmp_path):
    _, asked = registry
    for name, data in CONTENT.items():
        with pytest.raises(FerMdError, match=f"own/{name}: is missing, or not that of @litertjs/core"):
            find_runtime(tmp_path / "own")
        (tmp_path / "own").mkdir(exist_ok=True)
        (tmp_path / "own" / name).write_bytes(data)
    assert find_runtime(tmp_path / "own") == tmp_path / "own" and not asked
    (tmp_path / "own" / SCRIPT).write_bytes(b"other")
    with pytest.raises(FerMdError, match=f"own/{SCRIPT}"):
        find_runtime(tmp_path / "own")
