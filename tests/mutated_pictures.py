"""Pictures and videos that are broken in ways that files are broken, and a predictor that is shown them.

python tests/mutated_pictures.py pictures|videos COUNT SEED prints what came of them as JSON; the tests run it in a
process of its own, so that a crash or a hang is seen.
"""

import contextlib
import functools
import io
import json
import re
import resource
import struct
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from drawn_videos import save_video
from fer_md.evaluation.predict import logits_function
from fer_md.evaluation.softmax import softmax
from fer_md.expressions import EXPRESSIONS
from fer_md.faces.choice import choose_detector
from fer_md.media.sources import find_media, read_media
from fer_md.models import TINY, build_component
from fer_md.prediction.classifier import Classifier
from fer_md.prediction.predictor import Predictor
from stub_predictor import StubDetector

SUFFIXES = (".jpg", ".png", ".gif", ".webp", ".bmp", ".jpeg", ".tiff", ".heic")
_BATCH = 100


def whole_pictures():
    """Encoded pictures of every format and kind, list of bytes."""
    rng = np.random.default_rng(0)
    photo = Image.fromarray(cv2.resize(rng.integers(0, 256, (6, 8, 3), np.uint8), (96, 72)))
    turned = Image.Exif()
    turned[0x0112] = 8
    film = {"save_all": True, "append_images": [photo.rotate(angle) for angle in (90, 180)]}
    kinds = [
        ("JPEG", "RGB", {"exif": turned}),
        ("JPEG", "L", {}),
        ("JPEG", "CMYK", {}),
        ("JPEG", "RGB", {"progressive": 1}),
        ("PNG", "RGB", {}),
        ("PNG", "RGBA", {}),
        ("PNG", "P", {}),
        ("PNG", "1", {}),
        ("PNG", "LA", {}),
        ("GIF", "P", {}),
        ("GIF", "RGB", film),
        ("WEBP", "RGB", {}),
        ("WEBP", "RGBA", {"lossless": True}),
        ("WEBP", "RGB", film),
        ("BMP", "RGB", {}),
        ("BMP", "P", {}),
        ("TIFF", "RGB", {"compression": "tiff_lzw"}),
        ("JPEG2000", "RGB", {}),
        ("AVIF", "RGB", {}),
    ]
    with contextlib.suppress(ImportError):
        import pillow_heif

        pillow_heif.register_heif_opener()
        kinds.append(("HEIF", "RGB", {}))
    pictures = []
    for kind, mode, settings in kinds:
        stream = io.BytesIO()
        photo.convert(mode).save(stream, kind, **settings)
        pictures.append(stream.getvalue())
    deep = cv2.imencode(".png", rng.integers(0, 2**16, (50, 40, 3), np.uint16))[1].tobytes()
    return [*pictures, deep]


def mutate(data, rng):
    """One way or another of breaking the bytes of a file."""
    kind = rng.integers(7)
    if kind == 0:  # cut off
        return data[: rng.integers(len(data))]
    if kind == 1:  # single bits
        return flip(data, rng, rng.integers(1, 20))
    if kind == 2:  # zeros
        start = int(rng.integers(len(data)))
        length = int(rng.integers(1, 200))
        return data[:start] + bytes(min(length, len(data) - start)) + data[start + length :]
    if kind == 3:  # another size in the header, often a huge one
        return resize_header(data, rng)
    if kind == 4:  # what is no picture
        texts = (
            b"",
            b"<svg xmlns='http://www.w3.org/2000/svg'/>",
            b"%PDF-1.7",
            b"GIF89a",
            b"\x89PNG\r\n\x1a\n",
            b"RIFF",
            bytes(300),
            b"BM",
            b"\xff\xd8\xff" * 40,
            rng.bytes(500),
        )
        return texts[rng.integers(len(texts))]
    if kind == 5:  # something taken out or put in
        start, length = int(rng.integers(len(data))), int(rng.integers(1, 60))
        put_in = rng.bytes(length) if rng.random() < 0.5 else b""
        return data[:start] + put_in + data[start + (0 if put_in else length) :]
    return data + rng.bytes(100)  # something after the end


def flip(data, rng, count):
    """Flips bits, half of them in the first 64 bytes, where headers are."""
    broken = bytearray(data)
    for _ in range(count):
        last = len(data) if rng.random() < 0.5 else min(64, len(data))
        broken[rng.integers(last)] ^= 1 << rng.integers(8)
    return bytes(broken)


def resize_header(data, rng):
    """Puts two random numbers, mostly large, where the format keeps width and height."""
    sizes = [int(size) for size in rng.choice([0, 1, 5, 3000, 7000, 16383, 65535, 2**31 - 1, 2**32 - 1], 2)]
    if data[:4] == b"\x89PNG":
        return data[:16] + struct.pack(">II", *sizes) + data[24:]
    if data[:3] == b"GIF":
        return data[:6] + struct.pack("<HH", *(size & 0xFFFF for size in sizes)) + data[10:]
    if data[:2] == b"BM":
        return data[:18] + struct.pack("<II", *sizes) + data[26:]
    if data[:4] == b"RIFF":
        return data[:24] + rng.bytes(6) + data[30:]
    frame = max(data.find(b"\xff\xc0"), data.find(b"\xff\xc2"))
    return data[: frame + 5] + struct.pack(">HH", *(size & 0xFFFF for size in sizes)) + data[frame + 9 :]


def attack_videos(count, seed):
    """Reads ``count`` broken videos; returns dict: ``frames`` that came out, ``refused`` videos."""
    result = {"frames": 0, "refused": 0}
    with tempfile.TemporaryDirectory() as folder:
        wholes = [Path(folder, name) for name in ("whole.mp4", "whole.avi", "whole.mkv", "whole.ts")]
        for path in wholes:
            save_video(path)
        wholes = [(path.suffix, path.read_bytes()) for path in wholes]
        for index in range(count):
            rng, refused = np.random.default_rng((seed, index)), []
            suffix, data = wholes[rng.integers(len(wholes))]
            path = Path(folder, f"broken{suffix}")
            path.write_bytes(mutate(data, rng))
            result["frames"] += sum(1 for _ in read_media(find_media([path], refused.append), 1, refused.append))
            result["refused"] += len(refused)
    return result


def attack(count, seed, make_detector=StubDetector):
    """Shows a predictor with a detector ``count`` broken pictures under names of any format.

    Returns:
        dict: ``read`` and ``refused`` pictures, processor ``seconds`` of the slowest one, ``grown``: megabytes
        that the largest memory of the process grew by after the first hundred, ``messages``: one a kind of refusal.
    """
    forward, wholes = logits_function(build_component(TINY, 0)), whole_pictures()
    classifier = Classifier(lambda faces: softmax(forward(faces)), EXPRESSIONS, 48, ["tiny"])
    predictor = Predictor(classifier, make_detector())
    result, refused, start_memory = {"read": 0, "seconds": 0.0}, [], 0
    for first in range(0, count, _BATCH):
        with tempfile.TemporaryDirectory() as folder:
            for index in range(first, min(first + _BATCH, count)):
                rng = np.random.default_rng((seed, index))
                data = mutate(wholes[rng.integers(len(wholes))], rng)
                Path(folder, f"{index}{SUFFIXES[rng.integers(len(SUFFIXES))]}").write_bytes(data)
            timed = _timed(read_media(find_media([folder], refused.append), 1, refused.append), result)
            for _, faces in predictor.stream(timed):
                result["read"] += 1
                assert all(abs(sum(face.probabilities.values()) - 1) < 1e-5 for face in faces)
        if first == 0:
            start_memory = _peak_memory()
    assert all(len(str(error).splitlines()) == 1 for error in refused)
    messages = sorted({re.sub(r"-?\d[\d,]*", "N", str(error).partition(": ")[2]) for error in refused})
    return {**result, "refused": len(refused), "grown": _peak_memory() - start_memory, "messages": messages}


def _timed(frames, result):
    start = time.process_time()
    for frame in frames:
        result["seconds"] = max(result["seconds"], time.process_time() - start)
        yield frame
        start = time.process_time()


def _peak_memory():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    attack_all = {
        "pictures": attack,
        "videos": attack_videos,
        "searched": functools.partial(attack, make_detector=choose_detector),
    }[sys.argv[1]]
    print(json.dumps(attack_all(int(sys.argv[2]), int(sys.argv[3]))))
