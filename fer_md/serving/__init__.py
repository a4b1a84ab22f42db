"""Trained networks for TensorFlow Serving."""
