"""Drawn faces with landmarks for tests of alignment."""

import numpy as np

from fer_md.drawn.synthetic import draw_face


def drawn_landmarks(count, size=64, first=0):
    """Faces of as many people: list of images (size, size) uint8, landmarks (count, 68, 2) float64, list of names."""
    faces = [
        draw_face(index, f"person {index}", ("happiness", "anger")[index % 2], "lab", size)
        for index in range(first, first + count)
    ]
    landmarks = np.array([face.landmarks for face in faces], np.float64)
    return [face.image for face in faces], landmarks, [face.subject for face in faces]
