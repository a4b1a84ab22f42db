"""Which registry npm packages come from on this machine, and one file of a package there."""

import http.client
import os
import urllib.parse
import urllib.request
from pathlib import Path

from fer_md.errors import FerMdError

REGISTRY = "https://registry.npmjs.org/"
"""The registry of npm where nothing else is set."""

_SECONDS = 60


def registry_of(scope: str) -> str:
    """The address of the registry for a scope such as ``"@litertjs"``, with a slash at its end.

    It is what npm is set to: by ``npm_config_registry``, or else in ``~/.npmrc``, for the scope or in general.
    """
    stated = {}
    try:
        for line in (Path.home() / ".npmrc").read_text(encoding="utf-8").splitlines():
            name, _, value = line.partition("=")
            stated[name.strip()] = value.strip().strip("\"'")
    except (OSError, UnicodeDecodeError, RuntimeError):
        pass  # there is none, or npm itself could not read it
    variable = next((value for name, value in os.environ.items() if name.lower() == "npm_config_registry"), None)
    found = stated.get(f"{scope}:registry") or variable or stated.get("registry") or REGISTRY
    return found.rstrip("/") + "/"


def fetch_archive(name: str, version: str, most: int) -> bytes:
    """The content of a package's archive.

    Args:
        name: of the package, with its scope.
        version: of the package.
        most: largest size in bytes.

    Raises:
        FerMdError: it cannot be fetched, or is larger.
    """
    url = f"{registry_of(name.partition('/')[0])}{name}/-/{name.rpartition('/')[2]}-{version}.tgz"
    if urllib.parse.urlsplit(url).scheme not in ("http", "https"):
        raise FerMdError(f"{url}: a registry of npm has an address with http or https")
    try:
        with urllib.request.urlopen(url, timeout=_SECONDS) as answer:
            content = answer.read(most + 1)
    except (OSError, ValueError, http.client.HTTPException) as error:  # the last: it broke off, or the port is none
        raise FerMdError(f"{url}: cannot be fetched ({getattr(error, 'reason', None) or error})") from None
    if len(content) > most:
        raise FerMdError(f"{url}: is larger than {most:,} bytes, so it is not what it should be")
    return content
