"""From a photograph to a face: detection and alignment."""
