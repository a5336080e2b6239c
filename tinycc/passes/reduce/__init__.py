"""Exact reduction: what can be proved unnecessary is removed, and no output byte changes."""
