"""How long a server on this machine takes to answer 1, 8 and 32 clients at a time.

python experiments/serve.py --model=runs/served/fer
python benchmarks/serving_load.py --url=grpc://127.0.0.1:8500/fer --output=serving_load.json

Each client is a thread that asks about a face, waits for the answer and asks again. Nothing is asked twice, so that a
request that fails is seen. Only a server of this machine is asked.
"""

import dataclasses
import json
import re
import sys
import threading
import time

import numpy as np

from fer_md import console
from fer_md.errors import FerMdError
from fer_md.runs.results import write_result
from fer_md.serving.client import Client

_HERE = re.compile(r"\w+://(localhost|127\.0\.0\.1)[:/].*")


@dataclasses.dataclass(frozen=True)
class Settings:
    url: str = console.flag("Server, as Client takes it.")
    clients: tuple[int, ...] = console.flag("Clients at a time.", (1, 8, 32), least=1)
    seconds: float = console.flag("How long each number of clients asks.", 10.0, least=0.1, most=60)
    output: str | None = console.flag("JSON file for the results.", None)


def main(settings: Settings):
    if not _HERE.fullmatch(settings.url):
        raise FerMdError(f"--url={settings.url}: only a server of this machine, 127.0.0.1 or localhost, is asked")
    Client(settings.url)  # says at once where there is no server
    rows = [measure(settings, count) for count in settings.clients]
    for row in rows:
        print(json.dumps(row))
    if settings.output:
        write_result(settings.output, {"url": settings.url, "seconds": settings.seconds, "rows": rows})
    return int(any(row["failed"] for row in rows))


def measure(settings: Settings, count: int) -> dict:
    """Latencies of all requests that ``count`` clients sent in the time."""
    clients = [Client(settings.url, retries=0) for _ in range(count)]
    latencies, failed, end = [], [], time.monotonic() + settings.seconds

    def ask(client):
        face = np.random.default_rng(0).integers(0, 256, (1, client.image_size, client.image_size), np.uint8)
        while (started := time.monotonic()) < end:
            try:
                client.classify(face)
                latencies.append(1e3 * (time.monotonic() - started))
            except FerMdError as error:
                failed.append(str(error))

    started = time.monotonic()
    threads = [threading.Thread(target=ask, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    quantiles = np.percentile(latencies, (50, 95, 99)).round(2).tolist() if latencies else [None] * 3
    return {
        "clients": count,
        "answered": len(latencies),
        "failed": len(failed),
        "answers_a_second": round(len(latencies) / (time.monotonic() - started), 2),
        "milliseconds": dict(zip(("median", "95 of 100", "99 of 100"), quantiles, strict=True)),
    }


if __name__ == "__main__":
    sys.exit(console.run(main, Settings))
