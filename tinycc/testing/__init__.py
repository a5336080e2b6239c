"""A network's accuracy, bytes and instructions as assertions, for tests of firmware."""
