"""``DONE``, the last file of a run: it lists the SHA-256 of the others, as ``sha256sum --check`` reads it."""

from collections.abc import Iterable
from pathlib import Path

from fer_md.errors import FerMdError
from fer_md.files import atomic_file, file_sha256


def write_done(run_dir: Path | str, names: Iterable[str]) -> None:
    """Marks a run as complete, with these files of its folder."""
    run_dir = Path(run_dir)
    with atomic_file(run_dir / "DONE") as partial:
        partial.write_text("".join(f"{file_sha256(run_dir / name)}  {name}\n" for name in names))


def check_done(path: Path | str) -> None:
    """Holds a file of a run to what ``DONE`` beside it lists; before the run is complete nothing is listed.

    Raises:
        FerMdError: the file is another than when the run was completed.
    """
    path = Path(path)
    try:
        lines = (path.parent / "DONE").read_text(errors="replace").splitlines()
    except FileNotFoundError:
        return
    listed = {name: sha256 for sha256, _, name in (line.partition("  ") for line in lines)}
    if path.name in listed and path.is_file() and file_sha256(path) != listed[path.name]:
        raise FerMdError(f"{path}: was changed after the run was complete (its SHA-256 is not that of DONE)")
