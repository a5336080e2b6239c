"""What the Arduino library specification (1.5, revision 2.2) and PlatformIO's schema ask for.

Written from https://arduino.github.io/arduino-cli/latest/library-specification/ and from
platformio/assets/schema/library.json in platformio-core. Each function lists what is wrong.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

SEMVER = r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)"
_CATEGORIES = {
    "Display",
    "Communication",
    "Signal Input/Output",
    "Sensors",
    "Device Control",
    "Timing",
    "Data Storage",
    "Data Processing",
    "Other",
}
_REQUIRED = (
    *("name", "version", "author", "maintainer", "sentence", "paragraph"),
    *("category", "url", "architectures"),
)
_KEYWORDS = {"KEYWORD1", "KEYWORD2", "KEYWORD3", "LITERAL1", "LITERAL2"}


def properties(text: str) -> dict[str, str]:
    """The key=value lines of library.properties."""
    lines = (line for line in text.splitlines() if line.strip() and not line.startswith("#"))
    return dict(line.split("=", 1) for line in lines)


def arduino_faults(library: Path) -> list[str]:
    """Of a library's root folder."""
    faults = []
    given = properties((library / "library.properties").read_text(encoding="utf-8"))
    faults += [f"no {key}" for key in _REQUIRED if not given.get(key)]
    name, version = given.get("name", ""), given.get("version", "")
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9 _.-]*", name) or not re.search("[A-Za-z]", name):
        faults.append(f"name {name!r}")
    if name.lower().startswith("arduino") or len(name) > 63:
        faults.append(f"name {name!r} is reserved or too long")
    if not re.fullmatch(SEMVER, version):
        faults.append(f"version {version!r}")
    if given.get("maintainer", "").lower().startswith("arduino"):
        faults.append("maintainer")
    if given.get("category") not in _CATEGORIES:
        faults.append(f"category {given.get('category')!r}")
    if not re.fullmatch(r"https?://[\w./-]+", given.get("url", "")):
        faults.append("url")
    if not re.fullmatch(r"\*|[\w-]+(,[\w-]+)*", given.get("architectures", "")):
        faults.append("architectures")
    if given.get("dot_a_linkage", "true") not in ("true", "false"):
        faults.append("dot_a_linkage")
    headers = [header for header in given.get("includes", "").split(",") if header]
    faults += [f"no src/{header}" for header in headers if not (library / "src" / header).is_file()]
    return faults + _arduino_layout(library)


def _arduino_layout(library: Path) -> list[str]:
    faults = []
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}", library.name):
        faults.append(f"folder {library.name!r}")
    if not list((library / "src").glob("*.h")):
        faults.append("no header in src/")
    if (library / "utility").exists():
        faults.append("src/ and utility/")
    for sketch in library.rglob("*.ino"):
        inside = sketch.relative_to(library).parts[0] in ("examples", "extras")
        if not inside or sketch.stem != sketch.parent.name:
            faults.append(f"sketch {sketch.name}")
    if not list((library / "examples").rglob("*.ino")):
        faults.append("no example")
    for line in (library / "keywords.txt").read_text().splitlines():
        fields = line.split("\t")
        if len(fields) < 2 or fields[1] not in _KEYWORDS:
            faults.append(f"keywords.txt: {line!r}")
    return faults


def platformio_faults(library: Path) -> list[str]:
    """Of a library's root folder."""
    given = json.loads((library / "library.json").read_text(encoding="utf-8"))
    faults = [
        f"no {key}" for key in ("name", "version", "description", "keywords") if key not in given
    ]
    limits = {"name": 50, "version": 20, "description": 255, "homepage": 255}
    for key, most in limits.items():
        value = given.get(key, "")
        if not isinstance(value, str) or len(value) > most:
            faults.append(key)
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", given.get("name", "")):
        faults.append(f"name {given.get('name')!r} is no slug")
    if not re.fullmatch(SEMVER, given.get("version", "")):
        faults.append("version")
    for keyword in given.get("keywords", ()):
        if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", keyword) or len(keyword) > 255:
            faults.append(f"keyword {keyword!r}")
    build = given.get("build", {})
    known = {"flags", "unflags", "includeDir", "srcDir", "srcFilter", "extraScript", "libArchive"}
    faults += [f"build.{key}" for key in build.keys() - known]
    source, include = (library / build.get(key, "src") for key in ("srcDir", "includeDir"))
    faults += [f"no folder {path.name}" for path in (source, include) if not path.is_dir()]
    if not isinstance(build.get("libArchive", True), bool):
        faults.append("libArchive")
    headers = given.get("headers", [])
    for header in [headers] if isinstance(headers, str) else headers:
        if not (include / header).is_file():
            faults.append(f"no header {header}")
    for example in given.get("examples", ()):
        for file in example["files"]:
            if not (library / example["base"] / file).is_file():
                faults.append(f"no example {file}")
    return faults
