"""Networks in LiteRT, which runs without TensorFlow, and their conversion, which needs it."""
