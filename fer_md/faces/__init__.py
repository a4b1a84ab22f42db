"""From a photograph to a face: detection, landmarks and alignment."""
