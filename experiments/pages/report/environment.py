"""What was run, where, and how long it took."""

import html
import json

from fer_md.files import read_json
from fer_md.progress import format_seconds
from pages.report.page import commands, table
from pages.report.sources import evaluations


def environment_section(sources):
    """Machine and versions, the time of each training, every command, and each run's settings."""
    trained = [run for run in (*sources.runs, sources.finetuned) if run]
    configs = {run: read_json(run / "config.json") for run in trained}
    rows, total = [], 0.0
    for run in trained:
        time = read_json(run / "time.json")
        total += time["seconds"]
        rows.append([run, format_seconds(time["seconds"]), f"{time['images_per_second']:.0f}"])
    for name, seconds in _other_trainings(sources):
        total += seconds
        rows.append([name, format_seconds(seconds), ""])
    rows.append(["all", format_seconds(total), ""])
    where = configs[trained[-1]]["environment"]
    lines = [config.get("command", "") for config in configs.values()]
    lines += [found["command"] for run in sources.runs for found in evaluations(run)]
    lines += [found["command"] for found in map(sources.result, _names(sources)) if found]
    settings = "".join(
        f"<details><summary>Settings of {html.escape(str(run))}</summary>"
        f"<pre>{html.escape(json.dumps(config, indent=1))}</pre></details>"
        for run, config in configs.items()
    )
    return (
        f"{table(['', ''], [[name.replace('_', ' '), value] for name, value in where.items()])}"
        f"<h3>Time of training</h3>{table(['run', 'time', 'images/s'], rows)}"
        f"<h3>Commands</h3>{commands([line for line in lines if line])}{settings}"
    )


def _other_trainings(sources):
    """Title and seconds of what was trained for Tab. 4 and Fig. 6 alone, where their files say it."""
    titles = {"table4": "Tab. 4", "table4-wild": "Tab. 4 on photographs", "figure6": "Fig. 6"}
    for name, title in titles.items():
        if seconds := (sources.result(name) or {}).get("seconds"):
            yield f"{title}, all networks", sum(seconds.values()) if isinstance(seconds, dict) else seconds


def _names(sources):
    return [path.stem for path in sorted(sources.results.glob("*.json"))] if sources.results else []
