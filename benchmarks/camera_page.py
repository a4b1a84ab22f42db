"""The page of fer-md demo in Chromium: how long it loads, and how many frames of a camera it answers a second.

python benchmarks/camera_page.py --output=docs/results/camera_page.json

It needs Chromium (apt-get install chromium) and, the first time, npm's registry. The camera is a drawn scene
(synthetic) of 640x480 pixels at 60 frames per second. The rate is the median of what the page itself says each second.
"""

import dataclasses
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path

import cv2
import numpy as np

from fer_md import console
from fer_md.demo.in_browser import in_browser
from fer_md.demo.runtime import find_runtime
from fer_md.demo.server import DemoServer
from fer_md.drawn.scenes import draw_scene
from fer_md.prediction.predictor import Predictor
from fer_md.runs.results import write_result

sys.path.append(str(Path(__file__).parents[1] / "tests"))
from browser import browser


@dataclasses.dataclass(frozen=True)
class Settings:
    seconds: int = console.flag("Seconds for each view, after two for warming up.", 20, least=1)
    output: str | None = console.new_file("JSON file for the figures.", None)


SCENES = {1: 2, 3: 3}
"""Faces that are drawn, and the seed of a scene in which all of them are found."""

VIEWS = {"browser": "in the page", "server": "on the server"}
TEXT = "document.getElementById('{}')?.textContent"


def main(settings: Settings) -> None:
    loaded, rates, version = [], [], ""
    given = in_browser("photographs", find_runtime())
    with DemoServer(Predictor(), given, port=0) as server, tempfile.TemporaryDirectory() as folder:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        for faces, seed in SCENES.items():
            camera = write_camera(Path(folder) / f"{faces}.y4m", draw_scene(seed, 4, faces=faces, size=480).image)
            with browser(Path(folder) / str(faces), f"--use-file-for-fake-video-capture={camera}") as page:
                version = page.send("Browser.getVersion")["product"]
                loaded.append(load(page, server.url))
                for view, name in VIEWS.items():
                    rate = frames_a_second(page, view, settings.seconds)
                    found = page.evaluate("document.querySelectorAll('#faces li').length")
                    rates.append({"view": name, "faces": found, "frames_a_second": rate})
                    print(f"{name}, faces {found}: {rate:.1f} frames a second")
        server.shutdown()
    print(f"loaded in {min(loaded):.1f} s")
    if settings.output:
        write_result(settings.output, {"browser": version, "seconds_to_load": min(loaded), "rates": rates})


def write_camera(path: Path, scene: np.ndarray) -> Path:
    """A film of one second for Chromium's camera: the scene (480, 480, 3) uint8 in the middle of 640x480 pixels."""
    frame = np.pad(scene, ((0, 0), (80, 80), (0, 0)), "edge")
    pixels = cv2.cvtColor(frame, cv2.COLOR_RGB2YUV_I420).tobytes()
    path.write_bytes(b"YUV4MPEG2 W640 H480 F60:1 Ip A1:1 C420\n" + 60 * (b"FRAME\n" + pixels))
    return path


def load(page, url: str) -> float:
    """Seconds from the address to a page that can look at pictures."""
    start = time.perf_counter()
    page.send("Page.navigate", url=url)
    page.wait_for("document.getElementById('loading')?.hidden && document.querySelector('[value=browser]').checked")
    return time.perf_counter() - start


def frames_a_second(page, view: str, seconds: int) -> float:
    """The median of the rates that the page says in one of its views."""
    page.evaluate(f"document.querySelector('[value={view}]').click()")
    page.evaluate("document.getElementById('camera').click()")
    page.wait_for(TEXT.format("speed"))
    time.sleep(2)
    rates = []
    for _ in range(seconds):
        time.sleep(1)
        rates.append(float(page.evaluate(TEXT.format("speed")).split()[0]))
    page.evaluate("document.getElementById('camera').click()")
    return statistics.median(rates)


if __name__ == "__main__":
    sys.exit(console.run(main, Settings))
