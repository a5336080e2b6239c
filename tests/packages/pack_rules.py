"""What PACK.xsd 1.7.32 of Open-CMSIS-Pack asks of the elements that our .pdsc files use.

Written from schema/PACK.xsd and the file name conventions of the Open-CMSIS-Pack specification. An
element or attribute that is not listed here is a fault: whoever adds one adds its rule.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from pathlib import Path

_RESTRICTED = r"[\-_A-Za-z0-9]+"
_PART = r"(?=.{2,32}$)[A-Za-z0-9][A-Za-z0-9_+()'/\-\s.]+"
_SUB = r"(?=.{0,32}$)([A-Za-z0-9][A-Za-z0-9_+():/\- .]*)?"
_NUMBER = r"(0|[1-9]\d*)\.\d+(\.\d+)?"
_CORES = (
    r"(Star-MC1|SC000|SC300|Cortex-M(0|0\+|1|3|4|7|23|33|35P|52|55|85)|ARMV8MBL|ARMV8MML|ARMV81MML)"
)
_ANY = r"(?s).*"
_BRIEF = r"(?s).{1,255}"  # BriefDescType


@dataclass(frozen=True)
class _Rule:
    """An element's text, attributes, and children with how many of them at least and at most."""

    text: str = r"\s*"
    attributes: dict[str, str] = field(default_factory=dict)
    required: frozenset[str] = frozenset()
    children: dict[str, tuple[int, int]] = field(default_factory=dict)


_MANY = 10_000
_FILTER = {"Dcore": _CORES, "Ddsp": "NO_DSP|DSP", "Dmve": "NO_MVE|MVE|FP_MVE"}
_RULES = {
    "package": _Rule(
        attributes={"schemaVersion": r"\d+\.\d+(\.\d+)?", "noNamespaceSchemaLocation": "PACK.xsd"},
        required=frozenset({"schemaVersion"}),
        children={
            **dict.fromkeys(("name", "vendor", "description", "url", "releases"), (1, 1)),
            **dict.fromkeys(("license", "keywords", "conditions", "components"), (0, 1)),
        },
    ),
    "name": _Rule(_RESTRICTED),
    "vendor": _Rule(_RESTRICTED),
    "description": _Rule(_BRIEF),
    "url": _Rule(r"https?://[\w./-]*|file://.*"),
    "releases": _Rule(children={"release": (1, _MANY)}),
    "release": _Rule(
        _ANY,
        {"version": r"\d+\.\d+\.\d+(-[\w.-]+)?", "date": r"\d{4}-\d\d-\d\d"},
        frozenset({"version"}),
    ),
    "keywords": _Rule(children={"keyword": (1, _MANY)}),
    "keyword": _Rule(_ANY),
    "conditions": _Rule(children={"condition": (1, _MANY)}),
    "condition": _Rule(
        attributes={"id": _ANY},
        required=frozenset({"id"}),
        children={"description": (0, 1), "accept": (0, _MANY), "require": (0, _MANY)},
    ),
    "accept": _Rule(attributes=_FILTER),
    "require": _Rule(attributes=_FILTER),
    "components": _Rule(children={"component": (1, _MANY)}),
    "component": _Rule(
        attributes={
            **dict.fromkeys(("Cclass", "Cgroup", "Cvariant"), _PART),
            "Csub": _SUB,
            "Cversion": _NUMBER,
            "condition": _ANY,
        },
        required=frozenset({"Cclass", "Cgroup", "Cversion"}),
        children={"description": (1, 1), "files": (1, 1)},
    ),
    "files": _Rule(children={"file": (1, _MANY)}),
    "file": _Rule(
        attributes={
            "category": "doc|header|include|library|source|other",
            "name": r"[^\\]+",
            "attr": "config|template",
            "select": _ANY,
            "scope": "public|private",
            "condition": _ANY,
        },
        required=frozenset({"category", "name"}),
    ),
}


def pack_faults(archive: str, folder: Path) -> list[str]:
    """Of an archive's name and its contents, unpacked into a folder."""
    descriptions = [path.name for path in folder.glob("*.pdsc")]
    if len(descriptions) != 1:
        return [f"{len(descriptions)} files .pdsc at the top"]
    root = ET.parse(folder / descriptions[0]).getroot()
    faults = _element_faults(root)
    vendor, name = root.findtext("vendor"), root.findtext("name")
    versions = [release.get("version") for release in root.iter("release")]
    if descriptions[0] != f"{vendor}.{name}.pdsc":
        faults.append(f"file name {descriptions[0]}")
    if archive != f"{vendor}.{name}.{versions[0]}.pack":
        faults.append(f"file name {archive}")
    names = [file.get("name", "") for file in root.iter("file")]
    faults += [f"no file {path}" for path in names if not (folder / path).is_file()]
    known = {condition.get("id") for condition in root.iter("condition")}
    used = {element.get("condition") for element in root.iter()} - {None}
    return faults + [f"no condition {name}" for name in used - known]


def _element_faults(element: ET.Element) -> list[str]:
    tag = element.tag
    rule = _RULES.get(tag)
    if rule is None:
        return [f"element {tag}"]
    attributes = {key.rpartition("}")[2]: value for key, value in element.attrib.items()}
    faults = [f"{tag} without {key}" for key in sorted(rule.required - attributes.keys())]
    for key, value in attributes.items():
        if not re.fullmatch(rule.attributes.get(key, r"(?!)"), value):
            faults.append(f"{tag} {key}={value!r}")
    if not re.fullmatch(rule.text, element.text or ""):
        faults.append(f"{tag}: text {element.text!r}")
    tags = [child.tag for child in element]
    faults += [f"{tag} with {child}" for child in tags if child not in rule.children]
    for child, (least, most) in rule.children.items():
        if not least <= tags.count(child) <= most:
            faults.append(f"{tag}: {tags.count(child)} times {child}")
    for child in element:
        faults += _element_faults(child)
    return faults
