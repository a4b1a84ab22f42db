"""How the cost of a training step grows: with the batch, the number of classes K, and replicas.

python benchmarks/scaling.py --output=docs/results/scaling.json

Each variant (softmax alone, or with a form of MD loss) runs in a process of its own. The processes take turns of a few
steps, so that a slow moment of the machine hits all of them. The ratios are medians of the turns', of the time by the
clock and of the processor time, which other programs disturb less. The best turn gives images/s; the memory is the most
that the process had. Replicas are logical CPUs of one machine: they share its cores, so that they show what
dividing the batch costs, not what more machines bring.
"""

from fer_md import console  # isort: skip  (first: on another backend of Keras it ends in one line)

import contextlib
import dataclasses
import json
import os
import resource
import statistics
import subprocess
import sys
import time

from bare_step import bare_step, noise

from fer_md.losses import MD_FORMS, MDLoss
from fer_md.models import NETWORKS, build_component
from fer_md.runs.results import write_result
from fer_md.training.precision import PRECISIONS, set_precision


@dataclasses.dataclass(frozen=True)
class Settings:
    batches: tuple[int, ...] = console.flag("Images a step, at 7 classes.", (32, 128, 256, 512, 1024), least=1)
    classes: tuple[int, ...] = console.flag("Numbers of classes K, at 256 images.", (100, 1000, 10000), least=2)
    replicas: tuple[int, ...] = console.flag("Numbers of replicas, at 256 images and 7 classes.", (2,), least=2)
    network: str = console.flag("What is trained.", "default", choices=list(NETWORKS))
    precision: str = console.flag("Of the layers.", "float32", choices=PRECISIONS)
    milliseconds: int = console.flag("Least length of a turn.", 400, least=1)
    rounds: int = console.flag("Turns of each variant.", 15, least=1)
    row: str | None = console.flag("Serve only this row and variant, as JSON; how a process is told what it is.", None)
    output: str | None = console.new_file("JSON file for the results.", None)


SOFTMAX = "softmax"
SEARCH_PARTS = 16
FORMS = {
    "nearest": MD_FORMS["nearest"],
    "nearest, searched in parts": {**MD_FORMS["nearest"], "search_parts": SEARCH_PARTS},
    "pulling": MD_FORMS["pulling"],
    "pulling, 16 nearest, searched in parts": {**MD_FORMS["pulling"], "nearest": 16, "search_parts": SEARCH_PARTS},
}
MANY_CLASSES = 1000
"""From here on, forms that search in parts are timed as well."""


def main(settings: Settings):
    if settings.row:
        serve(settings, **json.loads(settings.row))
        return
    load = os.getloadavg()[0]
    places = [{"batch_size": size, "classes": 7, "replicas": 1} for size in settings.batches]
    places += [{"batch_size": 256, "classes": classes, "replicas": 1} for classes in settings.classes]
    places += [{"batch_size": 256, "classes": 7, "replicas": replicas} for replicas in settings.replicas]
    rows = [row for place in places for row in measure(settings, place)]
    if settings.output:
        found = {"network": settings.network, "precision": set_precision(settings.precision), "rounds": settings.rounds}
        write_result(settings.output, {**found, "load_before": load, "search_parts": SEARCH_PARTS, "rows": rows})


def variants(classes):
    """Softmax first, to which the others are compared."""
    return [SOFTMAX, *(name for name in FORMS if "parts" not in name or classes >= MANY_CLASSES)]


def measure(settings: Settings, place):
    """A row for each variant at one place."""
    names = variants(place["classes"])
    with contextlib.ExitStack() as stack:
        workers = {name: stack.enter_context(worker(settings, place, name)) for name in names}
        for process in workers.values():
            answer(process)  # it is warm
        turns = []
        for _ in range(settings.rounds):
            turns.append({name: ask(process, "turn") for name, process in workers.items()})
        megabytes = {name: ask(process, "memory") for name, process in workers.items()}
    rows = []
    for name in names:
        clock, processor = ([turn[name][kind] for turn in turns] for kind in (0, 1))
        ratios = [[turn[name][kind] / turn[SOFTMAX][kind] for turn in turns] for kind in (0, 1)]
        rows.append(
            {
                **place,
                "variant": name,
                "images_per_second": place["batch_size"] / min(clock),
                "processor_milliseconds": 1000 * statistics.median(processor),
                "over_softmax": statistics.median(ratios[0]),
                "processor_over_softmax": statistics.median(ratios[1]),
                "megabytes": megabytes[name],
            }
        )
        where = f"B = {place['batch_size']}  K = {place['classes']}  {place['replicas']} replicas"
        row = rows[-1]
        figures = (
            f"{row['images_per_second']:8.0f} images/s  {row['over_softmax']:.3f} x softmax by the clock  "
            f"{row['processor_over_softmax']:.3f} x of the processor  {megabytes[name]:6.0f} MB"
        )
        print(f"{where:36}{name:40}{figures}", flush=True)
    return rows


@contextlib.contextmanager
def worker(settings: Settings, place, variant):
    """A process that takes the steps of a variant; the end of its input ends it."""
    row = json.dumps({**place, "variant": variant})
    flags = [f"--network={settings.network}", f"--precision={settings.precision}"]
    command = [sys.executable, __file__, f"--row={row}", f"--milliseconds={settings.milliseconds}", *flags]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.stdin.close()


def ask(process, word):
    process.stdin.write(word + "\n")
    process.stdin.flush()
    return answer(process)


def answer(process):
    return json.loads(process.stdout.readline())


def serve(settings: Settings, batch_size, classes, replicas, variant):
    """Answers ``turn`` by a step's seconds, and those of the processor; ``memory`` by the most megabytes it had."""
    set_precision(settings.precision)
    config = dataclasses.replace(NETWORKS[settings.network], num_classes=classes)
    loss = None if variant == SOFTMAX else MDLoss(classes, config.embedding_dim, **FORMS[variant])
    take_step = bare_step(lambda: build_component(config), noise(batch_size, classes), loss, replicas)
    take_step(0).numpy()  # compiles, and looks for impostors everywhere
    began = time.perf_counter()
    for step in range(2):
        take_step(step).numpy()
    count = max(1, round(settings.milliseconds / (500 * (time.perf_counter() - began))))
    print(json.dumps(count), flush=True)
    for line in sys.stdin:
        if line.strip() == "memory":
            print(json.dumps(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024), flush=True)
            continue
        began = time.perf_counter(), time.process_time()
        for step in range(count):  # never the eighth: averaging the weights is left out
            figures = take_step(step % 7)
        figures.numpy()
        taken = time.perf_counter() - began[0], time.process_time() - began[1]
        print(json.dumps([seconds / count for seconds in taken]), flush=True)


if __name__ == "__main__":
    sys.exit(console.run(main, Settings))
