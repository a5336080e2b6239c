"""Fixtures of all tests. Its folder is on the import path, so tests share modules beside it."""
