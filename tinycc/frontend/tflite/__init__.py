"""TensorFlow Lite files as IR."""
