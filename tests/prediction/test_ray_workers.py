"""Two workers of Ray on this machine: the rows of one process, deaths, and nobody else is spoken to."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fer_md.drawn.scenes import draw_scene
from fer_md.media.pictures import save_picture

pytestmark = [pytest.mark.slow, pytest.mark.integration]

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """70 pictures in two folders, and a broken one."""
    folder = tmp_path_factory.mktemp("photos")
    for number in range(70):
        (folder / f"{number % 2}").mkdir(exist_ok=True)
        save_picture(folder / f"{number % 2}" / f"{number}.jpg", draw_scene(number, 1, faces=1, size=160).image)
    (folder / "broken.jpg").write_bytes(b"nothing")
    return folder


def start(*flags):
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
    command = [sys.executable, "-m", "fer_md.cli", "predict", *map(str, flags)]
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


def run(*flags):
    process = start(*flags)
    output, errors = process.communicate(timeout=300)
    assert output == "" and "Traceback" not in errors, errors
    return process.returncode, errors.splitlines()[-1]


def rows(output):
    lines = [line for part in sorted(output.glob("part-*")) for line in part.read_text().splitlines()]
    return sorted(map(json.loads, lines), key=lambda row: (row["source"], row["face"]))


def test_both_engines_give_equal_rows_of_every_kind_of_input(folder, tmp_path):
    import pyarrow.parquet

    names = sorted(str(path) for path in folder.rglob("*.jpg"))
    pyarrow.parquet.write_table(pyarrow.table({"path": names}), tmp_path / "paths.parquet")
    contents = [Path(name).read_bytes() for name in names]
    pyarrow.parquet.write_table(pyarrow.table({"image": contents}), tmp_path / "bytes.parquet")
    inputs = [folder / "1", folder / "**" / "*.jpg", tmp_path / "paths.parquet", tmp_path / "bytes.parquet"]
    tables = []
    for flags in ([], ["--engine=ray", "--workers=2"]):
        output = tmp_path / f"out{len(flags)}.parquet"
        status, last = run(*inputs, f"--output={output}", *flags)
        assert status == 1 and re.fullmatch(r"faces \d+, files without a face \d+, problems 2, done before 0", last)
        table = pyarrow.parquet.read_table(output).sort_by([("source", "ascending"), ("face", "ascending")])
        tables.append(table.to_pylist())
    assert tables[0] == tables[1]
    assert len({row["source"] for row in tables[0]}) == 2 * 71


def test_what_is_killed_goes_on_where_it_was(folder, tmp_path):
    """The whole of it is killed, then started again; a worker that is killed then costs nothing."""
    output = tmp_path / "out.jsonl"
    flags = (folder, f"--output={output}", "--engine=ray", "--workers=2")
    run(folder / "1", *flags[1:])
    before = rows(output)
    first = start(*flags)
    worker_of(first)
    first.kill()
    first.communicate()
    second = start(*flags)
    os.kill(worker_of(second), signal.SIGKILL)
    errors = second.communicate(timeout=300)[1]
    assert second.returncode == 1 and errors.splitlines()[-1].endswith(f"problems 1, done before {len(before)}")
    found = rows(output)
    assert len({row["source"] for row in found}) == 71 and all(row in found for row in before)
    assert [row["source"] for row in found if row["error"]] == [str(folder / "broken.jpg")]


def test_it_listens_here_alone_and_asks_nobody(folder, tmp_path):
    process = start(folder, f"--output={tmp_path / 'out.jsonl'}", "--engine=ray", "--workers=2")
    listening, connected = set(), set()
    while process.poll() is None:
        for local, remote, state in sockets(process.pid):
            (listening if state == "0A" else connected).add(local if state == "0A" else remote)
        time.sleep(0.05)
    process.communicate()
    assert listening and all(map(is_here, listening)), listening
    assert connected and all(map(is_here, connected)), connected


def worker_of(process):
    """The process of a worker that has loaded its network, at work."""
    deadline = time.monotonic() + 200
    while time.monotonic() < deadline:
        for number in descendants(process.pid):
            try:
                if "ray::_Worker.rows" in Path(f"/proc/{number}/cmdline").read_text():
                    return number
            except OSError:
                pass
        time.sleep(0.02)
    raise AssertionError("no worker came to work")


def descendants(root):
    parents = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            number, rest = status.read_text().split(" ", 1)
        except OSError:
            continue
        parents[int(number)] = int(rest.rpartition(")")[2].split()[1])
    found = {root}
    for _ in range(10):
        found |= {number for number, parent in parents.items() if parent in found}
    return found


def sockets(root):
    """(local address, remote address, state) of the TCP sockets of a process and its descendants, in hexadecimal."""
    owned = set()
    for number in descendants(root):
        try:
            links = [os.readlink(path) for path in Path(f"/proc/{number}/fd").iterdir()]
        except OSError:
            continue
        owned |= {link[8:-1] for link in links if link.startswith("socket:[")}
    for family in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{family}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[9] in owned:
                yield fields[1], fields[2], fields[3]


def is_here(address):
    host = address.partition(":")[0]
    return host[-8:] == "0100007F" and host[:-8] in ("", "0000000000000000FFFF0000")
