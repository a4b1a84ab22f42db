"""Faces and scenes that are drawn: they can be drawn again exactly, and every landmark is known."""
