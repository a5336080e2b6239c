"""Puts this folder and its parent on the import path (pytest's prepend mode)."""
