"""docs/spec/report.md and together.md from their JSON Schemas."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pages import table

HEAD = """# {title}

Made from [{name}.schema.json]({name}.schema.json) (JSON Schema 2020-12):
`pytest tests/docs --update-golden`.

"""


def schema_page(schema: dict[str, Any], name: str) -> str:
    """Every key of a report with its type and meaning, in one table for each object."""
    parts = [HEAD.format(title=schema["title"], name=name), schema["description"], "\n"]
    for name, one in _tables(schema, "", schema):
        parts.append(f"\n## {name or 'The document'}\n\n")
        if name:
            parts.append(f"{one['description']}\n\n")
        rows = [_row(key, value, schema) for key, value in one["properties"].items()]
        parts.append(table(("key", "type", "meaning"), rows))
    return "".join(parts)


def _tables(one: dict[str, Any], path: str, root: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """All objects with named keys, outer ones first; each definition where it is first met."""
    yield path, one
    seen: set[str] = set()
    for key, value in one["properties"].items():
        inner, suffix = _inner(value, root)
        reference = value.get("items", value).get("$ref")
        if "properties" not in inner or reference in seen:
            continue
        if reference is not None:
            seen.add(reference)
        yield from _tables(inner, f"{path}.{key}{suffix}".lstrip("."), root)


def _inner(value: dict[str, Any], root: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """The object that a value is, or that its items are."""
    suffix = "[]" if "items" in value else ""
    one = value.get("items", value)
    if "$ref" in one:
        one = root["$defs"][one["$ref"].rpartition("/")[2]]
    return one, suffix


def _row(key: str, value: dict[str, Any], root: dict[str, Any]) -> tuple[str, ...]:
    inner, _ = _inner(value, root)
    return f"`{key}`", _type(value, root), value.get("description", inner.get("description", ""))


def _type(value: dict[str, Any], root: dict[str, Any]) -> str:
    if "const" in value:
        return str(value["const"])
    if "enum" in value:
        return ", ".join(f"`{one}`" for one in value["enum"])
    if "items" in value:
        return f"array of {_type(value['items'], root)}"
    if "$ref" in value:
        return "object"
    kinds = value["type"]
    return kinds if isinstance(kinds, str) else " or ".join(kinds)
