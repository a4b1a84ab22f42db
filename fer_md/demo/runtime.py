"""LiteRT's runtime for browsers: two files of the npm package ``@litertjs/core``, fetched once and kept.

They are too large for this package. Whatever place they come from, they are used only with the content stated here.
"""

import hashlib
import io
import os
import tarfile
from collections.abc import Callable
from pathlib import Path

from fer_md.demo.npm_registry import fetch_archive
from fer_md.errors import FerMdError
from fer_md.files import atomic_file, check_writable, file_sha256

NAME, VERSION = "@litertjs/core", "2.5.3"
"""The npm package. Its licence is Apache-2.0."""

ARCHIVE_BYTES = 11_817_097
"""Size of the package's archive."""

ARCHIVE_SHA512 = (
    "3e51a66cc3aaf568ad5fb14ed2385b749c3d1ad85ab6ccae0905e34edff0259a"
    "3414b6b0e3cab8b73f08c2a82a08892f8981abf4e1432f59029cde27cd6a3225"
)

SCRIPT, PROGRAM = "litert_wasm_compat_internal.js", "litert_wasm_compat_internal.wasm"
"""The two files: of the package's variants, the one that needs neither threads nor the latest browsers."""

SHA256 = {
    SCRIPT: "4d8f894b7883654fd6e8439730aa41e79ceaab7d19184fc4f1f0b0f1a2a2c8a5",
    PROGRAM: "5255c8ad06eabdbd2522cdebf6b22fc10faf74625c23a49b9e072570cd1fa41c",
}

_FOLDER = "package/wasm"
"""Where the archive has them."""


def cache_folder() -> Path:
    """Where what was fetched is kept: in ``XDG_CACHE_HOME``, or else ``~/.cache``."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return Path(base) / "fer_md" / f"litertjs-core-{VERSION}"


def find_runtime(folder: Path | str | None = None, say: Callable[[str], object] = print) -> Path:
    """The folder with the runtime's files.

    Args:
        folder: where a copy of them lies; None for the cache, into which they are fetched where they are not there.
        say: called with one line before anything is fetched.

    Raises:
        FerMdError: a file is not in ``folder`` or has other content; or the archive cannot be fetched, has other
            content, or cannot be kept.
    """
    if folder is not None:
        for name in SHA256:
            if not _is_right(Path(folder) / name):
                raise FerMdError(f"{Path(folder) / name}: is missing, or not that of {NAME} {VERSION}")
        return Path(folder)
    cache = cache_folder()
    if not all(_is_right(cache / name) for name in SHA256):
        check_writable(cache)
        say(
            f"fetching LiteRT's runtime for browsers, {NAME} {VERSION} of npm, {ARCHIVE_BYTES / 1e6:.0f} MB, to {cache}"
        )
        _keep(fetch_archive(NAME, VERSION, ARCHIVE_BYTES), cache)
    return cache


def _is_right(path):
    return path.is_file() and file_sha256(path) == SHA256[path.name]


def _keep(archive, cache):
    if hashlib.sha512(archive).hexdigest() != ARCHIVE_SHA512:
        raise FerMdError(f"{NAME} {VERSION}: what the registry gave has not the SHA-512 that it should have")
    with tarfile.open(fileobj=io.BytesIO(archive)) as members:
        for name, sha256 in SHA256.items():
            member = members.extractfile(f"{_FOLDER}/{name}")
            content = member.read() if member else b""
            if hashlib.sha256(content).hexdigest() != sha256:
                raise FerMdError(f"{NAME} {VERSION}: its {name} is not the one that it should be")
            try:
                with atomic_file(cache / name) as partial:
                    partial.write_bytes(content)
            except OSError as error:
                raise FerMdError(f"{error.filename or cache}: cannot be written ({error.strerror})") from None
