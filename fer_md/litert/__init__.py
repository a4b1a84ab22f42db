"""Networks in LiteRT, which answers without TensorFlow, and their conversion, which needs it."""
