"""What error messages are made of: facts, names, shapes and types of a model file."""

from __future__ import annotations

from collections.abc import Sequence

from tinycc.ir.types import TensorType


class FactError(Exception):
    """A fact that stops the import, with a hint; whoever catches it knows the place."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


LONGEST_NAME = 160  # tf2onnx joins the names of fused nodes; longer ones are cut in the middle


def quoted(name: str | bytes) -> str:
    """A name of the model in backquotes, on one line, control characters escaped.

    protobuf hands out damaged text as bytes.
    """
    name = name.decode(errors="replace") if isinstance(name, bytes) else name
    clean = "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in name
    )
    if len(clean) > LONGEST_NAME:
        half = LONGEST_NAME // 2
        clean = f"{clean[:half]}...{clean[-half:]}"
    return f"`{clean}`"


def quoted_list(names: Sequence[str], most: int = 8) -> str:
    """Some names, the first few of them when there are many."""
    shown = ", ".join(quoted(name) for name in names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown


def extents(shape: Sequence[int]) -> str:
    """A shape as 1x49x10x1."""
    return "x".join(map(str, shape)) or "scalar"


def type_text(type_: TensorType, unsigned: bool = False) -> str:
    """A type without its quantisation: int8 1x49x10x1; unsigned: as the file calls it."""
    return f"{'uint8' if unsigned else type_.dtype.value} {extents(type_.shape)}"


def exception_text(error: Exception) -> str:
    """What an exception of Python or numpy says, on one line of bounded length."""
    text = " ".join(str(error).split())
    kind = "" if isinstance(error, ValueError) and text else f"{type(error).__name__}: "
    return f"{kind}{text}"[:200].rstrip(". ")
