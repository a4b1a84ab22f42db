"""Serves an exported network on this machine as TensorFlow Serving does, for tests and development.

python experiments/export.py --pretrained --output=runs/served/fer
python experiments/serve.py --model=runs/served/fer
python experiments/serve.py --model=runs/served/fer --labels=stable:1,canary:2

It answers gRPC and REST requests until Ctrl-C, and loads new versions as they appear. docs/SERVING.md says how to query
it.
"""

import dataclasses
import gc
import signal
import sys
import time

from fer_md import console
from fer_md.errors import FerMdError
from fer_md.serving.local_server import LocalServer


@dataclasses.dataclass(frozen=True)
class Settings:
    model: str = console.flag("Folder that export.py wrote; its numbered folders are the versions.")
    name: str = console.flag("Name of the model in requests.", "fer")
    labels: tuple[str, ...] = console.flag("Labels of versions, such as stable:1,canary:2.", ())
    host: str = console.flag("Address to listen on.", "127.0.0.1")
    port: int = console.flag("Port of gRPC; 0 for a free one.", 8500, least=0, most=65535)
    rest_port: int = console.flag("Port of REST; 0 for a free one.", 8501, least=0, most=65535)
    max_batch_size: int = console.flag("Largest number of pictures in a batch of several requests.", 32, least=1)
    look_every: float = console.flag("Seconds between checks for new versions.", 2.0, least=0.1)


def main(settings: Settings):
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    server = LocalServer(
        settings.model,
        settings.name,
        labels_of(settings.labels),
        settings.host,
        settings.port,
        settings.rest_port,
        settings.max_batch_size,
    )
    with server:
        versions = ", ".join(map(str, server.versions.loaded))
        print(f"versions {versions}: grpc://{settings.host}:{server.port}/{settings.name}", end="")
        print(f" and http://{settings.host}:{server.rest_port}/{settings.name}", flush=True)
        # JSON requests make Python look for garbage often, and in all of TensorFlow that takes 0.2 s each time.
        gc.collect()
        gc.freeze()
        told = ""
        while True:
            time.sleep(settings.look_every)
            problem = ""
            try:
                server.refresh()
            except FerMdError as error:
                problem = f"not loaded: {error}"
            if problem and problem != told:  # a version that stays broken is told of once
                print(problem, file=sys.stderr, flush=True)
            told = problem


def labels_of(texts: tuple[str, ...]) -> dict[str, int]:
    labels = {}
    for text in texts:
        label, colon, number = text.partition(":")
        if not (label and colon and number.isdecimal()):
            raise FerMdError(f"--labels must be LABEL:VERSION, separated by commas; found {text}")
        labels[label] = int(number)
    return labels


if __name__ == "__main__":
    sys.exit(console.run(main, Settings))
