"""The page that looks at pictures itself: each of its steps gives the numbers of Python's, and so does the whole."""

import base64
import contextlib
import dataclasses
import functools
import json
import threading
import types

import cv2
import numpy as np
import pytest

from browser import browser
from drawn_videos import save_video
from fer_md.demo.in_browser import in_browser
from fer_md.demo.runtime import find_runtime
from fer_md.demo.server import DemoServer
from fer_md.drawn.scenes import draw_scene
from fer_md.evaluation.prior import apply_shift
from fer_md.faces.alignment import cut_face
from fer_md.faces.judge import resize
from fer_md.faces.regions import cover, iou, suppress
from fer_md.media.pictures import save_picture
from fer_md.prediction.predictor import Predictor

pytestmark = pytest.mark.slow

SIZES = (256, 384, 512, 640, 768, 896, 1200)
"""Sides of scenes; the last is looked at twice."""
STATUS, SPEED = (f"document.getElementById('{name}').textContent" for name in ("status", "speed"))
LOADED = "document.getElementById('loading')?.hidden && document.querySelector('[value=browser]').checked"


@functools.cache
def scene(row):
    """A drawn scene with one, two, three, no, one, two and three faces."""
    drawn = draw_scene(row + 1, 4, faces=(row + 1) % 4, size=min(SIZES[row], 900)).image
    return resize(drawn, (SIZES[row], SIZES[row]))


def scenes():
    return [scene(row) for row in range(len(SIZES))]


@pytest.fixture(scope="module")
def predictor():
    return Predictor()


@contextlib.contextmanager
def served(predictor, given):
    with DemoServer(predictor, given, port=0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def server(predictor):
    with served(predictor, in_browser("photographs", find_runtime())) as server:
        yield server


@pytest.fixture(scope="module")
def page(server, tmp_path_factory):
    """The page in a browser whose camera shows one scene; it has not asked anybody else, and had no error."""
    folder = tmp_path_factory.mktemp("page")
    shown = np.pad(scene(1), ((48, 48), (128, 128), (0, 0)), "edge")
    save_video(folder / "camera.y4m", size=(640, 480), image=lambda index, size: shown)
    with browser(folder / "browser", f"--use-file-for-fake-video-capture={folder / 'camera.y4m'}") as page:
        page.send("Page.navigate", url=server.url)
        page.wait_for(LOADED)
        page.evaluate(SETUP)
        yield page
        assert page.errors == []
        assert any("/files/" in url for url in page.requests)  # what the worker asks for is seen, too
        assert all(url.startswith((server.url, "data:", "blob:")) for url in page.requests)


SETUP = """(async () => {
  const about = await (await fetch("in_browser.json")).json();
  const script = document.createElement("script");
  script.src = about.runtime.script.url;
  await new Promise((done) => { script.onload = done; document.head.append(script); });
  const [{ download }, { Network, startRuntime }, { Predictor }] = await Promise.all(
    ["/download.js", "/network.js", "/predictor.js"].map((name) => import(name)));
  const started = await startRuntime(ModuleFactory, await download(about.runtime.program.url, () => {}));
  const network = async ({ url }) => new Network(started, await download(url, () => {}));
  const networks = {};
  for (const part of ["find", "confirm", "classify"]) networks[part] = await network(about[part]);
  Object.assign(window, { about, networks, predictor: new Predictor(networks, about) });
  window.picture = ({ width, height, channels, data }) =>
    ({ width, height, channels, data: Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0)) });
})()"""
"""Has the worker's networks and steps in the page, where a test reaches them."""


def call(page, module, body, **given):
    """What a function body gives that has the parts of a module of the page as ``own``, and ``given``."""
    names = ", ".join(given)
    return page.evaluate(
        f"import('/{module}').then((own) => (async ({{ {names} }}) => {{ {body} }})({json.dumps(given)}))"
    )


def as_picture(image):
    height, width, *channels = image.shape
    data = base64.b64encode(image.tobytes()).decode()
    return {"width": width, "height": height, "channels": channels[0] if channels else 1, "data": data}


def noise(seed, height, width):
    rng = np.random.default_rng(seed)
    return cv2.GaussianBlur(rng.integers(0, 256, (height, width, 3), np.uint8), (0, 0), 1.5)


@pytest.mark.parametrize(
    "before, after",
    [
        ((480, 640), (270, 360)),
        ((600, 800), (211, 281)),
        ((540, 960), (270, 480)),
        ((97, 97), (48, 48)),
        ((96, 96), (48, 48)),
        ((192, 192), (48, 48)),
        ((20, 20), (48, 48)),
        ((1, 50), (1, 20)),
        ((333, 777), (90, 211)),
    ],
)
def test_another_size_has_opencvs_pixels(before, after, page):
    image = noise(0, *before)
    body = "return [...own.resize(picture(image), width, height).data]"
    found = call(page, "resize.js", body, image=as_picture(image), width=after[1], height=after[0])
    wanted = resize(image, after[::-1])
    difference = np.abs(np.reshape(found, wanted.shape) - wanted.astype(int))
    assert difference.max() <= 1 and np.mean(difference > 0) < 1e-3  # sums of float32 may end beside a half


@pytest.mark.parametrize("seed", range(12))
def test_a_face_is_cut_out_alike(seed, page):
    """Inside the picture, across its edge, small, large and, each fifth, from the side."""
    rng = np.random.default_rng(seed)
    image = noise(seed, *rng.integers(60, 400, 2))
    side, corner = rng.uniform(15, 300), rng.uniform(-20, 50, 2)
    places = np.array([(0.3, 0.4), (0.7, 0.4), (0.5, 0.6), (0.35, 0.8), (0.65, 0.8)])
    landmarks = corner + side * (places + rng.normal(0, 0.04, (5, 2)))
    if seed % 5 == 0:
        landmarks[1] = landmarks[0] + 0.05 * side
    face = types.SimpleNamespace(box=(*corner, side, side), landmarks=landmarks.astype(np.float32))
    given = {"box": list(face.box), "landmarks": face.landmarks.tolist()}
    body = "return [...own.cutFace(picture(image), face, 48)]"
    found = call(page, "alignment.js", body, image=as_picture(image), face=given)
    difference = np.abs(np.reshape(found, (48, 48)) - cut_face(image, face).astype(int))
    assert difference.max() <= 1 and np.mean(difference > 0) < 0.01


@pytest.mark.parametrize("name, measure", [("iou", iou), ("cover", cover)])
def test_boxes_that_overlap_are_dropped_alike(name, measure, page):
    rng = np.random.default_rng(0)
    boxes = np.column_stack([rng.uniform(0, 60, (80, 2)), rng.uniform(10, 40, (80, 2))])
    scores = rng.integers(0, 20, 80) / 20  # some are equal
    faces = [
        {"box": box, "score": score, "row": row}
        for row, (box, score) in enumerate(zip(boxes.tolist(), scores, strict=True))
    ]
    found = call(page, "boxes.js", f"return own.suppress(faces, 0.3, own.{name}).map(({{ row }}) => row)", faces=faces)
    assert found == suppress(boxes, scores, 0.3, measure).tolist()


@pytest.mark.parametrize("row", range(len(SIZES)))
def test_faces_are_found_alike(row, page, predictor):
    wanted = predictor.detector.detect([scene(row)])[0]
    body = "return own.detect(networks, picture(image))"
    found = call(page, "detector.js", body, image=as_picture(scene(row)))
    assert len(found) == len(wanted)
    for face, other in zip(found, wanted, strict=True):
        np.testing.assert_allclose(face["box"], other.box, atol=0.05)
        np.testing.assert_allclose(face["landmarks"], other.landmarks, atol=0.05)
        assert face["score"] == pytest.approx(other.score, abs=1e-3)


def test_scenes_have_faces_and_two_looks(predictor, page):
    """Or the test above would show little."""
    assert sum(len(found) for found in predictor.detector.detect(scenes())) >= 8
    body = "return own.looksAt(picture(image)).map(({ width }) => width)"
    assert call(page, "yunet.js", body, image=as_picture(scene(6))) == [600, 75]


def test_probabilities_of_faces_are_alike(page, predictor):
    faces = np.random.default_rng(0).integers(0, 256, (8, 48, 48), np.uint8)
    faces = np.stack([cv2.GaussianBlur(face, (0, 0), 4) for face in faces])
    body = (
        "const found = [];"
        "for (const image of images)"
        "  found.push(await own.classify(networks.classify, picture(image).data, about.size, about.shift));"
        "return found"
    )
    found = call(page, "classifier.js", body, images=[as_picture(face) for face in faces])
    # A sum beside a half becomes another number of 8 bits.
    np.testing.assert_allclose(found, predictor.classifier.classify(faces), atol=0.003)


def test_a_shift_is_that_of_the_prior(page):
    answer, shift = [0.7, 0.2, 0.1], [0.5, -1, 2]
    body = "return own.classify({ call: () => answer }, null, 48, shift)"
    found = call(page, "classifier.js", body, answer=answer, shift=shift)
    np.testing.assert_allclose([found], apply_shift(np.array([answer]), np.array(shift)), atol=1e-12)


def bars(page):
    """What the page shows: for each face its label, and the probabilities by their names."""
    return page.evaluate(
        "[...document.querySelectorAll('#faces li')].map((face) => [face.querySelector('h2').textContent, "
        "Object.fromEntries([...face.querySelectorAll('meter')].map((bar) => [bar.ariaLabel, bar.value]))])"
    )


def look(page, path):
    """Chooses a picture and waits for what the status says of it."""
    page.evaluate(f"void ({STATUS} = 'Waiting')")
    page.choose_file("#file", path)
    page.wait_for(f"!['Waiting', 'Looking …'].includes({STATUS})")
    return page.evaluate(STATUS)


def check(page, wanted):
    found = bars(page)
    assert [label for label, _ in found] == [f"Face {row}: {face.label}" for row, face in enumerate(wanted, 1)]
    for (_, probabilities), face in zip(found, wanted, strict=True):
        assert probabilities == pytest.approx(face.probabilities, abs=0.01)  # a gray level beside, in 8-bit networks


def test_pictures_get_the_predictors_answers(page, predictor, tmp_path):
    for row, image in enumerate(scenes()):
        save_picture(tmp_path / f"{row}.png", image)
        status = look(page, tmp_path / f"{row}.png")
        (wanted,) = predictor.predict([image])
        check(page, wanted)
        assert status == page.evaluate("document.getElementById('picture').ariaLabel")
        assert status.startswith(f"{len(wanted)} face" if len(wanted) else "No face")


def test_a_photograph_larger_than_a_canvas_of_some_phones(page, predictor, tmp_path):
    large = np.full((3600, 5000, 3), 90, np.uint8)
    large[2000:2896, 3000:3896] = scene(5)
    save_picture(tmp_path / "large.png", large)
    look(page, tmp_path / "large.png")
    (wanted,) = predictor.predict([large])
    assert len(wanted) >= 1
    check(page, wanted)


def test_what_is_no_picture_is_said_and_the_next_one_shown(page, predictor, tmp_path):
    for name, content in (("text.png", b"no picture"), ("empty.jpg", b"")):
        (tmp_path / name).write_bytes(content)
        assert look(page, tmp_path / name).startswith("This picture cannot be shown: the browser cannot read it")
        assert page.evaluate("document.getElementById('status').className") == "error"
    save_picture(tmp_path / "one.png", scene(0))
    look(page, tmp_path / "one.png")
    check(page, predictor.predict([scene(0)])[0])
    assert page.evaluate("document.getElementById('status').className") == ""


def test_the_camera_gets_the_predictors_answers(page, predictor):
    page.evaluate("document.getElementById('camera').click()")
    page.wait_for(f"/^[0-9.]+ frames a second$/.test({SPEED}) && {STATUS}.includes('face')")
    frame = page.evaluate(
        "(() => { const canvas = document.createElement('canvas'), video = document.getElementById('video');"
        "canvas.width = video.videoWidth; canvas.height = video.videoHeight;"
        "canvas.getContext('2d').drawImage(video, 0, 0); return canvas.toDataURL().split(',')[1] })()"
    )
    (wanted,) = predictor.predict([base64.b64decode(frame)])
    assert len(wanted) >= 1
    check(page, wanted)
    page.evaluate("document.getElementById('camera').click()")
    page.wait_for(f"{STATUS} == 'The camera is off.' && {SPEED} == ''")


def test_it_is_used_with_the_keyboard_alone(page):
    def press(key, code, text=""):
        stated = {"key": key, "windowsVirtualKeyCode": code, "text": text}
        page.send("Input.dispatchKeyEvent", type="keyDown", **stated)
        page.send("Input.dispatchKeyEvent", type="keyUp", **stated)

    def focused():
        return page.evaluate(
            "document.activeElement.id || document.activeElement.value || document.activeElement.tagName"
        )

    page.evaluate("document.activeElement.blur()")
    reached = []
    for _ in range(4):
        press("Tab", 9)
        reached.append(focused())
        outline = "getComputedStyle(document.activeElement.closest('.button') ?? document.activeElement).outlineStyle"
        assert page.evaluate(outline) == "solid"
    assert reached == ["browser", "file", "camera", "SUMMARY"]
    press("Enter", 13, "\r")
    page.wait_for("document.querySelector('details').open")
    page.evaluate("document.querySelector('[value=browser]').focus()")
    press("ArrowDown", 40)
    assert focused() == "server" and page.evaluate("document.querySelector('[value=server]').checked")
    press("ArrowUp", 38)
    assert page.evaluate("document.querySelector('[value=browser]').checked")


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_nothing_is_beside_the_window(width, page):
    page.send("Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1, mobile=width < 1000)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.send("Emulation.clearDeviceMetricsOverride")


def test_both_views_agree(page, tmp_path):
    save_picture(tmp_path / "two.png", scene(1))
    look(page, tmp_path / "two.png")
    own = bars(page)
    page.evaluate(f"void ({STATUS} = 'Waiting')")
    page.evaluate("document.querySelector('[value=server]').click()")
    page.wait_for(f"!['Waiting', 'Looking …'].includes({STATUS})")
    other = bars(page)
    page.evaluate("document.querySelector('[value=browser]').click()")
    assert [label for label, _ in own] == [label for label, _ in other] and len(own) == 2
    for (_, first), (_, second) in zip(own, other, strict=True):
        assert first == pytest.approx(second, abs=0.01)


LATE = """const real = fetch;
window.fetch = async (url, ...rest) => {
  if (String(url).includes("in_browser")) await new Promise((done) => { window.release = done; });
  return real(url, ...rest);
};"""
"""Lets the page wait for the description of what it may load."""


def test_a_picture_chosen_early_waits_and_is_not_sent(server, predictor, tmp_path):
    save_picture(tmp_path / "one.png", scene(0))
    with browser(tmp_path / "browser") as page:
        page.send("Page.addScriptToEvaluateOnNewDocument", source=LATE)
        page.send("Page.navigate", url=server.url)
        page.wait_for("document.readyState == 'complete' && Boolean(window.release)")
        page.choose_file("#file", tmp_path / "one.png")
        page.wait_for(f"{STATUS} == 'Looking …'")
        page.evaluate("new Promise((done) => setTimeout(done, 500))")
        assert page.evaluate(STATUS) == "Looking …"
        page.evaluate("release()")
        page.wait_for(f"{STATUS} != 'Looking …'")
        check(page, predictor.predict([scene(0)])[0])
        assert not any(url.endswith("/predict") for url in page.requests)


def test_a_page_that_cannot_load_sends_pictures_and_says_why(predictor, tmp_path):
    given = in_browser("photographs", find_runtime())
    missing = dataclasses.replace(given, files={url: path for url, path in given.files.items() if ".wasm" not in url})
    save_picture(tmp_path / "one.png", scene(0))
    with served(predictor, missing) as server, browser(tmp_path / "browser") as page:
        page.send("Page.navigate", url=server.url)
        text = "document.getElementById('loading-text').textContent"
        page.wait_for("document.readyState == 'complete'")
        page.wait_for(f"{text}.startsWith('This page cannot look at pictures itself: ')")
        assert page.evaluate(text).endswith("the server answers 404.")
        assert page.evaluate("document.querySelector('[value=browser]').disabled")
        look(page, tmp_path / "one.png")
        check(page, predictor.predict([scene(0)])[0])
