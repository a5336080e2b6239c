"""C identifiers and comments from the names in a model, which may hold anything.

The rule, also in docs: the part of the name behind the last `/` or `;` (a `:0` at the end
dropped), every run of characters other than ASCII letters and digits made one `_`, at most 40
characters, `t_` in front where it would not start with a letter or is a word of C or C++; a number
behind it where it is taken.
"""

from __future__ import annotations

import re

_LONGEST = 40
_RESERVED = frozenset(
    re.findall(
        r"\w+",
        """
    alignas alignof and asm auto bitand bitor bool break case catch char class compl const
    constexpr continue decltype default delete do double dynamic_cast else enum explicit export
    extern false float for friend goto if inline int long main mutable namespace new noexcept not
    nullptr operator or private protected public register reinterpret_cast restrict return short
    signed sizeof static static_assert static_cast struct switch template this throw true try
    typedef typeid typename typeof union unsigned using virtual void volatile wchar_t while xor
    arena net rows memcpy memset linux unix errno null int8_t uint8_t int32_t uint32_t size_t
    size ssize time clock off wint wchar div ldiv lldiv fpos max_align sig_atomic char8 char16
    char32 mode dev pid uid gid id key
""",
    )
)


# What the runtime and <stdint.h> define, in any case.
_OWNED = re.compile(r"(?i)tinycc|u?int(\d|_|max|ptr)|size_max|ptrdiff|.*_t$")


def identifier(name: str) -> str:
    """A valid C identifier for any text (not yet unique)."""
    tail = re.split(r"[/;]", re.sub(r":\d+$", "", name).rstrip("/;"))[-1]
    plain = re.sub(r"[^A-Za-z0-9]+", "_", tail).strip("_")[:_LONGEST].rstrip("_")
    if not plain or not plain[0].isalpha() or _OWNED.match(plain) or plain.lower() in _RESERVED:
        plain = f"t_{plain}".rstrip("_")
    return plain


_C_HEADERS = frozenset(
    re.findall(
        r"\w+",
        """
    assert complex ctype errno fenv iso646 inttypes limits locale math setjmp signal stdalign stdarg
    stdatomic stdbool stddef stdint stdio stdlib stdnoreturn string tgmath threads uchar unistd
    wctype memory new vector array main arduino
""",
    )
)


def network_name(text: str) -> str:
    """The C prefix of a network: an identifier in lower case whose .h hides no other header."""
    found = identifier(text).lower()
    return f"{found}_net" if found in _C_HEADERS else found


# The targets that CMake makes itself (policy CMP0037), and those of a package's example.
_CMAKE_TARGETS = frozenset(
    re.findall(r"\w+", "all clean depend edit_cache help install package rebuild_cache test")
) | {"firmware", "run"}


def cmake_target(name: str) -> str:
    """The CMake target of a network: its C name where no other target is called so."""
    return f"{name}_network" if name in _CMAKE_TARGETS else name


class Names:
    """Hands out identifiers that are unique in one C file, case-insensitively."""

    def __init__(self, taken: tuple[str, ...] = ()) -> None:
        self._taken = {name.lower() for name in taken}

    def unique(self, name: str) -> str:
        """The identifier for a name, with a number where it is taken."""
        base = found = identifier(name)
        number = 1
        while found.lower() in self._taken:
            number += 1
            found = f"{base}_{number}"
        self._taken.add(found.lower())
        return found


def comment(text: str) -> str:
    """Text that is safe inside a C comment: printable ASCII that neither opens nor closes one."""
    shown = "".join(c if 32 <= ord(c) < 127 else f"<U+{ord(c):04X}>" for c in text)
    shown = shown.replace("*/", "*<U+002F>").replace("/*", "/<U+002A>").replace("??/", "?<U+003F>/")
    return shown.replace("\\", "<U+005C>")


def literal(text: str) -> str:
    """A C string literal that shows what `comment` does; no two question marks make a trigraph."""
    return '"' + comment(text).replace('"', '\\"').replace("??", "?\\?") + '"'


def printable(text: str) -> str:
    """Text for a terminal: no control characters, no marks that change the reading direction."""
    return "".join(c if c.isprintable() else f"<U+{ord(c):04X}>" for c in text)
