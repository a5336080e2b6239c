"""The ecosystems that firmware projects take libraries from: one record for each.

The files of a package are the templates below templates/packages/<name>/, at the same places.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tinycc.emit.names import cmake_target
from tinycc.packages.cores import ARM, PORTABLE, RISCV, X86, cmsis_cores
from tinycc.packages.firmware import Firmware, firmware
from tinycc.pipeline import Compiled


@dataclass(frozen=True)
class Ecosystem:
    """How a network is called and laid out where it becomes a library.

    `cores`: the families of cores it is for. `repacked`: the header lies in `src` and the other C
    in `src/tinycc`; else all lies as `build` writes it, its build files too. `rename`: the
    library's name from the network's. `archive`: the name of the one file that is handed over, in
    which all lies below `root`; else the folder itself is the package. NAME and RELEASE stand for
    the library's. `firmware`: the example is a whole program for the target.
    """

    name: str
    title: str
    cores: frozenset[str]
    repacked: bool = True
    rename: Callable[[str], str] = lambda name: name
    archive: str = ""
    root: str = ""
    firmware: Callable[[Compiled], Firmware] | None = None
    context: Mapping[str, object] = field(default_factory=dict)


_MICROCONTROLLERS = frozenset({ARM, RISCV, PORTABLE})

ALL = (
    Ecosystem(
        "cmake",
        "CMake, and Make",
        frozenset({ARM, RISCV, PORTABLE, X86}),
        repacked=False,
        rename=cmake_target,
        firmware=firmware,
    ),
    Ecosystem(
        "zephyr",
        "Zephyr",
        _MICROCONTROLLERS,
        rename=lambda name: f"tinycc_{name}",  # modules and Kconfig symbols are one name space
    ),
    Ecosystem("esp-idf", "ESP-IDF", frozenset({RISCV, PORTABLE})),
    Ecosystem(
        "arduino",
        "Arduino",
        _MICROCONTROLLERS,
        # "Arduino" in front is for Arduino's own libraries.
        rename=lambda name: f"nn_{name}" if name.startswith("arduino") else name,
        archive="NAME-RELEASE.zip",
        root="NAME/",
        context={
            "architectures": {
                ARM: "mbed,mbed_edge,mbed_giga,mbed_nano,mbed_nicla,mbed_opta,mbed_portenta,"
                "mbed_rp2040,nrf52,renesas_portenta,renesas_uno,rp2040,sam,samd,stm32,teensy,"
                "zephyr",
                RISCV: "esp32",
                PORTABLE: "*",
            }
        },
    ),
    Ecosystem(
        "platformio",
        "PlatformIO",
        _MICROCONTROLLERS,
        rename=lambda name: name.replace("_", "-"),  # the registry's names are slugs
    ),
    Ecosystem(
        "cmsis-pack",
        "CMSIS-Pack",
        frozenset({ARM}),
        archive="tinycc.NAME.RELEASE.pack",
        context={"cmsis_cores": cmsis_cores},
    ),
)
BY_NAME = {ecosystem.name: ecosystem for ecosystem in ALL}
