"""JSON schemas: read and checked once, sent as the API takes them, and kept whole for judging answers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from batchdeck.domain.text import show
from batchdeck.errors import ConfigError

_FORMATS = frozenset(
    ("date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid")
)
_SENT = frozenset(
    (
        *("type", "enum", "const", "properties", "required", "items", "anyOf", "allOf", "$ref", "$defs"),
        *("definitions", "description", "title", "default", "additionalProperties"),
    )
)
"""Keywords that structured outputs understand. Others are told to the model in words, and held on arrival."""
_UNSENT = frozenset(("$schema", "$id", "$comment", "examples"))
"""Keywords that constrain nothing."""
_OF_SCHEMAS = ("anyOf", "allOf", "oneOf", "prefixItems")
_BY_NAME = ("properties", "$defs", "definitions")


def read_schema(path: Path, text: str) -> Mapping[str, Any]:
    """Return a schema from the text of its file.

    Raises:
        ConfigError: it is no JSON schema, or refers to something outside itself.
    """
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import SchemaError

    try:
        schema = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{path}: is not valid JSON ({show(str(error), 120)}).") from None
    if not isinstance(schema, dict):
        raise ConfigError(f"{path}: a JSON schema is an object.")
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        place = "/".join(map(str, error.absolute_path)) or "the top"
        raise ConfigError(f"{path}: at {show(place, 120)}: {show(error.message, 200)}.") from None
    for part in _parts(schema):
        reference = part.get("$ref")
        if isinstance(reference, str) and _target(schema, reference) is None and reference.startswith("#"):
            raise ConfigError(f"{path}: `$ref` “{show(reference, 120)}” leads to nothing in the file.")
        if isinstance(reference, str) and not reference.startswith("#"):
            raise ConfigError(
                f"{path}: `$ref` “{show(reference, 120)}” leads outside the file.",
                hint="Put what it names under `$defs` and refer to it as `#/$defs/NAME`.",
            )
        if _is_open_object(part):
            raise ConfigError(
                f"{path}: an object without `properties` is nothing that structured outputs can ask for.",
                hint="Name its properties, or make it a list of objects with a name and a value.",
            )
    return schema


def _target(schema: Mapping[str, Any], reference: str) -> Any:
    """Return what a reference within a schema leads to; None for nothing."""
    found: Any = schema
    for step in reference.removeprefix("#").split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~")
        found = found.get(key) if isinstance(found, Mapping) else None
    return found


def _is_open_object(part: Mapping[str, Any]) -> bool:
    return part.get("type") == "object" and not {"properties", "anyOf", "oneOf", "allOf", "$ref"} & set(part)


def _parts(schema: Any) -> Iterator[Mapping[str, Any]]:
    """Yield a schema and all schemas in it."""
    if not isinstance(schema, dict):
        return
    yield schema
    for name in _BY_NAME:
        for part in (schema.get(name) or {}).values():
            yield from _parts(part)
    for name in _OF_SCHEMAS:
        for part in schema.get(name) or ():
            yield from _parts(part)
    yield from _parts(schema.get("items"))


def schema_to_send(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return a schema as structured outputs take it.

    Objects are closed, `oneOf` becomes `anyOf`, and bounds that the API refuses (lengths, minima, patterns)
    become words of the description: the model is told of them, and answers are held to them on arrival.
    Source: the API's documentation of structured outputs, and what its SDK does with schemas.
    """
    sent: dict[str, Any] = {}
    told: dict[str, Any] = {}
    for key, value in schema.items():
        if key in _BY_NAME:
            sent[key] = {name: schema_to_send(part) for name, part in value.items()}
        elif key in ("anyOf", "oneOf"):
            sent["anyOf"] = [schema_to_send(part) for part in value]
        elif key == "allOf":
            sent[key] = [schema_to_send(part) for part in value]
        elif key == "items" and isinstance(value, dict):
            sent[key] = schema_to_send(value)
        elif key in _SENT or _is_taken(key, value):
            sent[key] = value
        elif key not in _UNSENT:
            told[key] = value
    if sent.get("type") == "object" or "properties" in sent:
        sent["additionalProperties"] = False
    if told:
        words = ", ".join(f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in told.items())
        sent["description"] = "\n\n".join(filter(None, (sent.get("description", ""), f"{{{words}}}")))
    return sent


def _is_taken(key: str, value: Any) -> bool:
    return (key == "format" and value in _FORMATS) or (key == "minItems" and value in (0, 1))
