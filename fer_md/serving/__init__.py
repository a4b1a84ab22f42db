"""Trained networks for other programs: SavedModel, LiteRT, ONNX and OpenVINO."""
