"""What was run, where, and how long it took."""

import dataclasses
import html
import json
from collections.abc import Iterator

from fer_md.progress import format_seconds
from fer_md.typed_json import to_json
from pages.blocks import table
from pages.report.page import commands, html_of
from pages.report.sources import Sources, evaluations
from pages.result_files import KINDS, read_run_config, read_run_time


def environment_section(sources: Sources) -> str:
    """Machine and versions, the time of each training, every command, and each run's settings."""
    trained = [run for run in (*sources.runs, sources.finetuned) if run]
    configs = {run: read_run_config(run) for run in trained}
    where = dataclasses.asdict(configs[trained[-1]].environment)
    lines = [config.command for config in configs.values()]
    lines += [found.command for run in dict.fromkeys(sources.runs) for found in evaluations(run)]
    lines += [found.command for found in map(sources.result, KINDS) if found]
    settings = "".join(
        f"<details><summary>Settings of {html.escape(str(run))}</summary>"
        f"<pre>{html.escape(json.dumps(to_json(config), indent=1))}</pre></details>"
        for run, config in configs.items()
    )
    machine = table({"environment": name.replace("_", " "), "": value} for name, value in where.items())
    return (
        f"{html_of([machine])}<h3>Time of training</h3>{html_of([_times(sources, trained)])}"
        f"<h3>Commands</h3>{commands(lines)}{settings}"
    )


def _times(sources, trained):
    """One row a training, and all together."""
    found = {str(run): read_run_time(run) for run in trained}
    seconds = {name: time.seconds for name, time in found.items()} | dict(_other_trainings(sources))
    rows = [
        {
            "run": name,
            "time": format_seconds(value),
            "images/s": f"{found[name].images_per_second:.0f}" if name in found else "",
        }
        for name, value in (seconds | {"all": sum(seconds.values())}).items()
    ]
    return table(rows)


def _other_trainings(sources: Sources) -> Iterator[tuple[str, float]]:
    """Title and seconds of what was trained for Tab. 4 and Fig. 6 alone."""
    for name, title in (("table4", "Tab. 4"), ("table4-wild", "Tab. 4 on photographs")):
        if found := sources.result(name):
            yield f"{title}, all networks", found.seconds
    if found := sources.result("figure6"):
        yield "Fig. 6, all networks", sum(found.seconds.values())
