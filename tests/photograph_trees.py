"""Small trees of photographs for the tests of the readers: drawn faces on larger backgrounds."""

import zipfile

import cv2
import numpy as np

from fer_md.drawn.synthetic import draw_face
from fer_md.expressions import EXPRESSIONS
from fer_md.faces.detection import Detection
from fer_md.readers.photographs import Listing, Photograph

SESSION = '<?xml version="1.0"?><session><subject id="1"/><track view="{}" filename="{}"/></session>'
EMOTION = '<Metadata><Metatag Name="Time" Value="9"/><Metatag Name="Emotion" Value="{}"/></Metadata>'


def photograph(person, label, side=120):
    """(side, side, 3) uint8 with a drawn face in it."""
    face = draw_face(label, person, EXPRESSIONS[label % len(EXPRESSIONS)], "lab", side * 2 // 3)
    image = np.full((side, side, 3), 90, np.uint8)
    image[side // 6 :, side // 6 :][: face.image.shape[0], : face.image.shape[1]] = face.image[..., None]
    return image


def write_photograph(path, person="somebody", label=0, side=120):
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), photograph(person, label, side))


def write_sequence(root, subject, sequence, frames, emotion=None):
    """A sequence of CK+, with the code of its emotion."""
    for frame in range(1, frames + 1):
        name = f"{subject}_{sequence}_{frame:08d}.png"
        write_photograph(root / "cohn-kanade-images" / subject / sequence / name, subject, (emotion or 0) % 7, 60)
    folder = root / f"Emotion/{subject}/{sequence}"
    folder.mkdir(parents=True)
    if emotion is not None:
        (folder / f"{subject}_{sequence}_{frames:08d}_emotion.txt").write_text(f"   {emotion:.7e}\n")


def write_video(path, frames, size=(120, 120)):
    """A video whose frame number shows in its brightness: 5 times the number."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 25, size[::-1])
    for frame in range(frames):
        writer.write(np.full((*size, 3), 5 * frame, np.uint8))
    writer.release()


def write_session(root, number, clip, emotion, view="0", frames=20):
    """A session of MMI with a video, or without one if ``frames`` is 0."""
    folder = root / f"Sessions/{number}"
    folder.mkdir(parents=True)
    (folder / "session.xml").write_text(SESSION.format(view, clip))
    if emotion:
        (folder / f"{clip}.xml").write_text(EMOTION.format(emotion))
    if frames:
        write_video(folder / f"{clip}.avi", frames)
    return folder


def zipped(folder, path, extra=()):
    """Packs a folder; ``extra`` are (name, content) pairs added as they are."""
    files = sorted(folder.rglob("*"))  # before the zip exists, which may lie in the folder
    with zipfile.ZipFile(path, "w") as archive:
        for file in files:
            archive.write(file, file.relative_to(folder))
        for name, content in extra:
            archive.writestr(name, content)
    return path


class FixedDetector:
    """Finds a face with level eyes in the middle of each image, unless its corner is white; counts what it is given."""

    def __init__(self):
        self.images = 0

    def detect(self, images):
        self.images += len(images)
        return [[] if image[0, 0].min() > 240 else [self._middle(*image.shape[1::-1])] for image in images]

    @staticmethod
    def _middle(width, height):
        shares = np.array([(0.4, 0.45), (0.6, 0.45), (0.5, 0.55), (0.42, 0.65), (0.58, 0.65)])
        landmarks = (shares * (width, height) - 0.5).astype(np.float32)
        return Detection((width / 4, height / 4, width / 2, height / 2), 0.9, landmarks)


SPLITS = ("PrivateTest", "Training", "PublicTest")


def listing(images, unused=()):
    photographs = [
        Photograph(
            f"k{i}", i % 7, f"p{i}", SPLITS[i % 3], f"file{i}", image if callable(image) else lambda image=image: image
        )
        for i, image in enumerate(images)
    ]
    return Listing("few", EXPRESSIONS, photographs, list(unused))
