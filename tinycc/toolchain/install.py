"""How the tools that are not ours are installed, on the systems that people use.

Debian's names are those that targets and Makefile use, and what tests run; the rest is taken from
the package lists of Fedora 41, Homebrew and winget (2026-11) and was not tried here.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path

_OS_RELEASE = Path("/etc/os-release")


class System(StrEnum):
    """A system with a way of its own to install programs."""

    DEBIAN = "Debian, Ubuntu"
    FEDORA = "Fedora"
    MACOS = "macOS"
    WINDOWS = "Windows"


_RISCV = "a RISC-V gcc from https://github.com/xpack-dev-tools/riscv-none-elf-gcc-xpack"
_ARM_HOMEBREW = "brew install --cask gcc-arm-embedded"
_ARM_WINGET = "winget install Arm.GnuArmEmbeddedToolchain"
_QEMU_WINGET = "winget install SoftwareFreedomConservancy.QEMU"
_ZIG = "pip install ziglang, then --cc 'python -m ziglang cc'"

# By Debian's name: Fedora's packages, and the commands for macOS and Windows.
_ELSEWHERE: dict[str, tuple[str, str, str]] = {
    "gcc": ("gcc", "xcode-select --install", _ZIG),
    "libc6-dev": ("glibc-devel", "xcode-select --install", _ZIG),
    "gcc-arm-none-eabi": ("arm-none-eabi-gcc-cs", _ARM_HOMEBREW, _ARM_WINGET),
    "libnewlib-arm-none-eabi": ("arm-none-eabi-newlib", _ARM_HOMEBREW, _ARM_WINGET),
    "qemu-system-arm": ("qemu-system-arm", "brew install qemu", _QEMU_WINGET),
    "qemu-system-misc": ("qemu-system-riscv", "brew install qemu", _QEMU_WINGET),
    "gcc-riscv64-unknown-elf": ("", _RISCV, _RISCV),
    "picolibc-riscv64-unknown-elf": ("", _RISCV, _RISCV),
}


def this_system() -> System:
    """The system that this program runs on; other kinds of Linux are taken for Debian."""
    if sys.platform == "darwin":
        return System.MACOS
    if sys.platform in ("win32", "cygwin"):
        return System.WINDOWS
    return System.FEDORA if _names() & {"fedora", "rhel", "centos"} else System.DEBIAN


def _names() -> set[str]:
    """What /etc/os-release calls this Linux, and those that it is like."""
    try:
        lines = _OS_RELEASE.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return set()
    pairs = (line.partition("=") for line in lines)
    found = [value.strip('"') for key, _, value in pairs if key in ("ID", "ID_LIKE")]
    return set(" ".join(found).split())


def install_command(packages: Sequence[str], system: System | None = None) -> str:
    """What installs programs that are named by their Debian packages."""
    system = this_system() if system is None else system
    if system is System.DEBIAN:
        return f"sudo apt-get install {' '.join(packages)}"
    column = (System.FEDORA, System.MACOS, System.WINDOWS).index(system)
    found = dict.fromkeys(_ELSEWHERE.get(name, ("", "", ""))[column] for name in packages)
    known = [name for name in found if name]
    if system is System.FEDORA and known:
        return f"sudo dnf install {' '.join(known)}"
    return "; ".join(known) or (_RISCV if system is System.FEDORA else "no package is known")
