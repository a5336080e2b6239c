"""The errors a user can see: what is wrong, where in the user's words, and one thing to try.

Exit codes: 1 the model or the data (or a tool that is missing), 2 usage, 3 our bug.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One fact that stops a compilation: the message, the place and the next step."""

    message: str
    where: str | None = None
    hint: str | None = None

    def render(self) -> str:
        """The text that is printed: `error:`, then `in` and `hint:` lines where known."""
        lines = [f"error: {self.message}"]
        if self.where:
            lines.append(f"  in   {self.where}")
        if self.hint:
            lines.append(f"hint: {self.hint}")
        return "\n".join(lines)


class TinyccError(Exception):
    """Base of all errors that are shown without a traceback; holds one or more problems."""

    exit_code = 1

    def __init__(self, message: str, where: str | None = None, hint: str | None = None) -> None:
        super().__init__(message)
        self.problems: tuple[Problem, ...] = (Problem(message, where, hint),)

    def render(self) -> str:
        """All problems, one after the other."""
        return "\n".join(problem.render() for problem in self.problems)

    def __str__(self) -> str:
        return self.render()


class ModelError(TinyccError):
    """The model or the data cannot be compiled or used as they are."""

    @classmethod
    def of(cls, problems: Sequence[Problem]) -> ModelError:
        """One error that lists every problem found (so that a user mends them in one go)."""
        error = cls(problems[0].message)
        error.problems = tuple(problems)
        return error


class DoesNotFitError(ModelError):
    """The model is fine, but needs more memory than the budget or the target has."""


class ToolError(TinyccError):
    """A compiler or emulator is missing or failed."""


class UsageError(TinyccError):
    """A command line or an argument that makes no sense."""

    exit_code = 2


class InternalError(TinyccError):
    """A bug of ours; names the pass or stage. `dump` is what we would need to look at."""

    exit_code = 3

    def __init__(
        self, message: str, where: str | None = None, hint: str | None = None, dump: str = ""
    ) -> None:
        super().__init__(message, where, hint)
        self.dump = dump
