"""A value that keeps a JSON schema, made of the words and numbers of a text. Deterministic; it understands
nothing and says so nowhere but in the answer's `sandbox` field."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from batchdeck.sandbox.chance import fraction
from batchdeck.sandbox.material import Material
from batchdeck.sandbox.schemas import DEEPEST, FORMATS, merged, number_within, resolve

_TOLD = re.compile(r"\{([^{}]*)\}\s*\Z")
_TOLD_BOUND = re.compile(
    r"(minLength|maxLength|minItems|maxItems|minimum|maximum|exclusiveMinimum|exclusiveMaximum|multipleOf): "
    r"(-?\d+(?:\.\d+)?)"
)
_MOST_ITEMS = 3
_TITLE = re.compile(r"title|subject|name|heading", re.IGNORECASE)
_SUMMARY = re.compile(r"summar|abstract|gist", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Spot:
    """Where in the answer a value is wanted."""

    name: str
    depth: int = 0
    item: int = 0


def fill(schema: Mapping[str, Any], material: Material) -> Any:
    """Return a value for a schema, taken from a text as far as it has something of that kind.

    An enumeration is answered with the value whose words the text has most often. Bounds that are only told
    in a description, as ``{maxLength: 300}``, are kept too.
    """
    return _Filler(schema, material).value(schema, _Spot("answer"))


class _Filler:
    def __init__(self, root: Mapping[str, Any], material: Material) -> None:
        self._root = root
        self._material = material

    def value(self, schema: object, spot: _Spot) -> Any:
        if not isinstance(schema, Mapping) or spot.depth > DEEPEST:
            return None
        if "const" in schema:
            return schema["const"]
        if schema.get("enum"):
            return self._choice(schema["enum"], spot)
        if "$ref" in schema:
            return self.value(resolve(str(schema["$ref"]), self._root), _deeper(spot))
        for choices in ("anyOf", "oneOf"):
            if schema.get(choices):
                return self._one_of(schema[choices], spot)
        if schema.get("allOf"):
            return self.value(merged(schema, self._root), _deeper(spot))
        return self._by_type(_with_told_bounds(schema), spot)

    def _choice(self, values: Sequence[Any], spot: _Spot) -> Any:
        counts = [self._material.count_of(value) if isinstance(value, str) else 0 for value in values]
        if max(counts):
            return values[counts.index(max(counts))]
        return values[int(fraction("choice", spot.name, self._material.text) * len(values))]

    def _one_of(self, choices: Sequence[Any], spot: _Spot) -> Any:
        """Return a value of the first choice that the text has something for, else null where that is one."""
        wanted = [c for c in choices if isinstance(c, Mapping) and c.get("type") != "null"]
        if len(wanted) < len(choices) and wanted and self._lacks(wanted[0]):
            return None
        return self.value(wanted[0] if wanted else choices[0], _deeper(spot))

    def _lacks(self, schema: Mapping[str, Any]) -> bool:
        match schema.get("format"), schema.get("type"):
            case "date", _:
                return not self._material.dates
            case "email", _:
                return not self._material.emails
            case _, "integer" | "number":
                return not self._material.numbers
        return False

    def _by_type(self, schema: Mapping[str, Any], spot: _Spot) -> Any:
        kind = schema.get("type")
        if isinstance(kind, list):
            kind = next((name for name in kind if name != "null"), "null")
        if kind == "object" or (kind is None and "properties" in schema):
            properties = schema.get("properties", {})
            return {
                name: self.value(part, _Spot(name, spot.depth + 1, spot.item))
                for name, part in properties.items()
            }
        if kind == "array":
            return self._items(schema, spot)
        if kind == "string" or kind is None:
            return self._text(schema, spot)
        if kind in ("integer", "number"):
            return self._number(schema, spot, kind)
        return fraction("yes", spot.name, self._material.text) < 0.5 if kind == "boolean" else None

    def _items(self, schema: Mapping[str, Any], spot: _Spot) -> list[Any]:
        item = schema.get("items", {})
        is_text = isinstance(item, Mapping) and item.get("type") == "string"
        offered = len(self._material.names) if is_text else len(self._material.numbers)
        least = int(schema.get("minItems", 0))
        count = min(
            max(least, min(offered, _MOST_ITEMS)), int(schema.get("maxItems", max(least, _MOST_ITEMS)))
        )
        found = []
        for place in range(count):
            at = _Spot(spot.name, spot.depth + 1, place)
            has_name = is_text and "enum" not in item and place < len(self._material.names)
            found.append(self._named(place, item) if has_name else self.value(item, at))
        return found

    def _named(self, place: int, item: Mapping[str, Any]) -> str:
        return _bounded(self._material.names[place], _with_told_bounds(item))

    def _text(self, schema: Mapping[str, Any], spot: _Spot) -> str:
        material, form = self._material, str(schema.get("format"))
        if form == "date" and material.dates:
            return material.dates[0]
        if form == "email" and material.emails:
            return material.emails[0]
        if form in FORMATS:
            return FORMATS[form]
        if _TITLE.search(spot.name):
            text = material.first_line
        elif _SUMMARY.search(spot.name):
            text = material.summary()
        else:
            start = int(fraction("text", spot.name, material.text) * len(material.sentences))
            text = material.sentences[(start + spot.item) % len(material.sentences)]
        return _bounded(text, schema)

    def _number(self, schema: Mapping[str, Any], spot: _Spot, kind: str) -> int | float:
        numbers = self._material.numbers
        found = numbers[spot.item % len(numbers)] if numbers else 0.0
        value: int | float = int(found) if kind == "integer" or found.is_integer() else found
        low = schema.get("minimum", schema.get("exclusiveMinimum"))
        high = schema.get("maximum", schema.get("exclusiveMaximum"))
        is_outside = (low is not None and value <= low) or (high is not None and value >= high)
        if "multipleOf" in schema or (is_outside and (kind == "integer" or low is None or high is None)):
            return number_within(schema)
        return (low + high) / 2 if is_outside else value


def _deeper(spot: _Spot) -> _Spot:
    return _Spot(spot.name, spot.depth + 1, spot.item)


def _bounded(text: str, schema: Mapping[str, Any]) -> str:
    text = text.ljust(int(schema.get("minLength", 0)), ".")
    return text[: int(schema["maxLength"])] if "maxLength" in schema else text


def _with_told_bounds(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a schema with the bounds that its description tells in braces at its end."""
    told = _TOLD.search(str(schema.get("description", "")))
    if told is None:
        return schema
    return {**{name: json.loads(value) for name, value in _TOLD_BOUND.findall(told[1])}, **schema}
