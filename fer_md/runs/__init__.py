"""A training run on disk: its folder, checkpoint, log and results."""
