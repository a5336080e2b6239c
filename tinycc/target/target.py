"""What is known about a target. The fields of these records are the keys of targets/*.toml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

FEATURES = MappingProxyType(
    {
        "thumb": "Arm Thumb code",
        "thumb2": "32-bit Thumb encodings: conditional blocks, wide constants, MLA",
        "rv32im": "RISC-V, 32 bits, with multiplication and division",
        "umull": "a 32 x 32 -> 64 bit multiply (SMULL, UMULL, SMLAL; MUL and MULH)",
        "divide": "a hardware division",
        "unaligned": "16- and 32-bit loads and stores at any address",
        "dsp": "16-bit pairs: SMLAD, SXTB16, saturating arithmetic (Armv7E-M, Armv8-M DSP)",
        "fpu": "single-precision floating point",
        "mve": "the M-profile vector extension (Helium), integer",
        "wide_weights": "room in flash for weights as int16, which `--optimize speed` finds out",
        "avx2": "an x86-64 with AVX2",
        "avx512vnni": "an x86-64 with AVX-512 and its dot products of int8 (VNNI)",
        "lob": "low-overhead loops (Armv8.1-M)",
    }
)
"""Every instruction-set feature that a kernel may ask for, and what it stands for."""

MEMORY_KINDS = ("flash", "sram", "vectors")
RUNNER_KINDS = ("native", "qemu")


@dataclass(frozen=True)
class Memory:
    """One region of the address space; `cost` is the relative price of an access (1 = fastest).

    `reserved` bytes are the firmware's own. An arena that lies here goes into the linker section
    `section`, by default one that linker scripts which do not know it take for variables.
    """

    name: str
    kind: str
    address: int
    bytes: int
    cost: float = 1.0
    reserved: int = 0
    section: str = ""

    @property
    def linker_section(self) -> str:
        """The section of an arena in this memory."""
        return self.section or f".bss.tinycc_{self.name}"


@dataclass(frozen=True)
class Compiler:
    """How C becomes an image. `packages` are the Debian packages that bring the commands.

    `library` is a file of the C library that the compiler finds when it is installed.
    """

    command: str
    packages: tuple[str, ...]
    flags: tuple[str, ...]
    optimization: str
    support: tuple[str, ...]
    alternatives: tuple[str, ...] = ()
    link_flags: tuple[str, ...] = ()
    cpu_flags: tuple[str, ...] = ()
    linker_script: str | None = None
    objdump: str | None = None
    library: str = "libc.a"


@dataclass(frozen=True)
class Emulator:
    """The command that runs images, and the Debian packages that bring it.

    `load` are the arguments that load an image and start it; `{image}` stands for its path.
    """

    command: str
    packages: tuple[str, ...]
    load: tuple[str, ...] = ("-kernel", "{image}")


@dataclass(frozen=True)
class Runner:
    """One way to execute an image: natively, or on an emulated machine with its memories."""

    kind: str
    machine: str = "host"
    memories: tuple[Memory, ...] = ()
    stack_bytes: int = 0
    note: str = ""


@dataclass(frozen=True)
class CostTable:
    """What kernels cost on a core, with the date and the way it was measured.

    `kernels` gives executed instructions per event (tinycc/ops/work.py) of every measured kernel;
    others are taken to cost what portable kernels do on a Cortex-M4 times `portable_instructions`.
    In a target's file `kernels` names the file of these figures in targets/costs, or several, of
    which the later ones count.
    """

    date: str
    method: str
    portable_instructions: float
    kernels: Mapping[str, Mapping[str, float]] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Target:
    """A core or a board. A bare core has no `memories`: its limits are not known.

    Stack and variables of a firmware lie in the first memory of kind `sram`; arenas may lie in all
    of them.
    """

    name: str
    description: str
    isa: frozenset[str]
    pointer_bytes: int
    alignment: int
    compiler: Compiler
    runners: tuple[Runner, ...]
    cost: CostTable
    emulator: Emulator | None = None
    memories: tuple[Memory, ...] = ()
    clock_hz: int | None = None

    @property
    def is_native(self) -> bool:
        """Whether its programs run directly on this machine."""
        return self.runners[0].kind == "native"

    @property
    def rams(self) -> tuple[Memory, ...]:
        """The memories that arenas may lie in; none for a bare core."""
        return tuple(memory for memory in self.memories if memory.kind == "sram")

    @property
    def sram_bytes(self) -> int | None:
        """Bytes of all SRAM, or None for a bare core."""
        return sum(memory.bytes for memory in self.rams) or None

    @property
    def flash_bytes(self) -> int | None:
        """Bytes of the largest flash, or None for a bare core."""
        sizes = (memory.bytes for memory in self.memories if memory.kind == "flash")
        return max(sizes, default=None)
