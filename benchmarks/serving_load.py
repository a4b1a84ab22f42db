"""How long a server on this machine takes to answer 1, 8 and 32 clients at a time.

python experiments/serve.py --model=runs/served/fer
python benchmarks/serving_load.py --urls=grpc://127.0.0.1:8500/fer,http://127.0.0.1:8501/fer --output=LOAD.json

Each client is a thread that asks about a face, waits for the answer and asks again. Nothing is asked twice, so that a
request that fails is seen. Only a server of this machine is asked.
"""

import dataclasses
import gc
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
    urls: tuple[str, ...] = console.flag("Servers, as Client takes them.")
    clients: tuple[int, ...] = console.flag("Clients at a time.", (1, 8, 32), least=1)
    seconds: float = console.flag("How long each number of clients asks.", 10.0, least=0.1, most=60)
    output: str | None = console.new_file("JSON file for the results.", None)


def main(settings: Settings):
    for url in settings.urls:
        if not _HERE.fullmatch(url):
            raise FerMdError(f"--urls={url}: only a server of this machine, 127.0.0.1 or localhost, is asked")
        Client(url)  # says at once where there is no server
    gc.freeze()  # gRPC imports TensorFlow, and Python's search for garbage in it would delay the clients of REST too
    rows = [measure(url, count, settings.seconds) for url in settings.urls for count in settings.clients]
    for row in rows:
        print(json.dumps(row))
    if settings.output:
        write_result(settings.output, {"seconds": settings.seconds, "rows": rows})
    return int(any(row["failed"] for row in rows))


def measure(url: str, count: int, seconds: float) -> dict:
    """Latencies of all requests that ``count`` clients sent in the time."""
    clients = [Client(url, retries=0) for _ in range(count)]
    latencies, failed, end = [], [], time.monotonic() + seconds

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
    if not latencies:
        raise FerMdError(f"{url}: none of {len(failed)} requests was answered: {failed[0]}")
    median, slow = np.percentile(latencies, (50, 99)).round(2).tolist()
    return {
        "transport": url.partition(":")[0],
        "clients": count,
        "answered": len(latencies),
        "failed": len(failed),
        "answers_a_second": round(len(latencies) / (time.monotonic() - started), 2),
        "median_milliseconds": median,
        "milliseconds_of_99_percent": slow,
    }


if __name__ == "__main__":
    sys.exit(console.run(main, Settings))
