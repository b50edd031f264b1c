"""The smallest value that satisfies a JSON schema, for requests that demand one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_TEXT = "offline engine"
FORMATS: Mapping[str, str] = {
    "date": "2026-01-01",
    "date-time": "2026-01-01T00:00:00Z",
    "time": "00:00:00Z",
    "email": "offline@example.org",
    "uri": "https://example.org/",
    "uuid": "00000000-0000-4000-8000-000000000000",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "hostname": "example.org",
    "duration": "PT0S",
}
"""A valid value of each format."""
DEEPEST = 32
"""How deep schemas are followed; one that contains itself ends there."""


def example_of(schema: Mapping[str, Any]) -> Any:
    """Return a minimal value for a schema: only required properties, shortest lists, first choices.

    Understands what structured outputs support: type, enum, const, properties, required, items, anyOf, oneOf,
    allOf, $ref within the document, formats and the numeric and length bounds.
    """
    return _example(schema, schema, 0)


def _example(schema: object, root: Mapping[str, Any], depth: int) -> Any:
    if not isinstance(schema, Mapping) or depth > DEEPEST:
        return None
    if "const" in schema:
        return schema["const"]
    if schema.get("enum"):
        return schema["enum"][0]
    if "$ref" in schema:
        return _example(resolve(str(schema["$ref"]), root), root, depth + 1)
    for choice in ("anyOf", "oneOf"):
        if schema.get(choice):
            return _example({**_without(schema, choice), **_plain(schema[choice])}, root, depth + 1)
    if schema.get("allOf"):
        return _example(merged(schema, root), root, depth + 1)
    return _by_type(schema, root, depth)


def _plain(choices: list[Any]) -> Mapping[str, Any]:
    """Return the simplest of several choices: null if it is one, else the first."""
    nulls = [choice for choice in choices if isinstance(choice, Mapping) and choice.get("type") == "null"]
    chosen = (nulls or choices)[0]
    return chosen if isinstance(chosen, Mapping) else {}


def _without(schema: Mapping[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in schema.items() if name != key}


def merged(schema: Mapping[str, Any], root: Mapping[str, Any]) -> dict[str, Any]:
    """Return a schema with the parts of its `allOf` put together."""
    whole = _without(schema, "allOf")
    for part in schema["allOf"]:
        if isinstance(part, Mapping) and "$ref" in part:
            part = resolve(str(part["$ref"]), root)
        if not isinstance(part, Mapping):
            continue
        for name, value in part.items():
            if name == "properties":
                whole["properties"] = {**whole.get("properties", {}), **value}
            elif name == "required":
                whole["required"] = [*whole.get("required", []), *value]
            else:
                whole.setdefault(name, value)
    return whole


def resolve(reference: str, root: Mapping[str, Any]) -> object:
    """Return what a reference within the document leads to."""
    found: object = root
    for step in reference.removeprefix("#").strip("/").split("/"):
        if step and isinstance(found, Mapping):
            found = found.get(step.replace("~1", "/").replace("~0", "~"))
    return found


def _by_type(schema: Mapping[str, Any], root: Mapping[str, Any], depth: int) -> Any:
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = "null" if "null" in kind else kind[0]
    if kind == "object" or (kind is None and "properties" in schema):
        properties = schema.get("properties", {})
        return {
            name: _example(properties.get(name, {}), root, depth + 1) for name in schema.get("required", ())
        }
    if kind == "array":
        item = schema.get("items", {})
        return [_example(item, root, depth + 1) for _ in range(int(schema.get("minItems", 0)))]
    if kind == "string" or kind is None:
        text = FORMATS.get(str(schema.get("format")), _TEXT)
        text = text.ljust(int(schema.get("minLength", 0)), ".")
        return text[: int(schema["maxLength"])] if "maxLength" in schema else text
    if kind in ("integer", "number"):
        return number_within(schema)
    return False if kind == "boolean" else None


def number_within(schema: Mapping[str, Any]) -> int | float:
    """Return the number next to zero, or to the lower bound, that a schema allows."""
    step = schema.get("multipleOf", 1)
    low = schema.get("minimum", schema.get("exclusiveMinimum", 0))
    value = -(-low // step) * step
    if "exclusiveMinimum" in schema and value <= schema["exclusiveMinimum"]:
        value += step
    high = schema.get("maximum", schema.get("exclusiveMaximum"))
    if high is not None and value > high:
        value = high // step * step
    if schema.get("type") == "integer":
        return int(value)
    number: int | float = value
    return number
