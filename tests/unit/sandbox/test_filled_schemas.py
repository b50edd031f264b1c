"""Values that keep a schema and are made of a text."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from batchdeck.domain.resources import template_root
from batchdeck.recipes.schemas import schema_to_send
from batchdeck.sandbox.fill import fill
from batchdeck.sandbox.material import Material

TICKET = json.dumps(
    {
        "id": 7,
        "body": "The delivery to Port Harrow is late. Delivery was promised for 2026-03-01. Where is it?",
        "from": "Ada Lorne <ada@example.org>",
    }
)
TEXTS = [
    "",
    "x",
    "42",
    "no words? 1 2 3",
    TICKET,
    "A sentence with Ann Berg in it.\n\nAnother, for 12,500.50.",
    "[1]",
]
BOUNDED: dict[str, Any] = {
    "type": "object",
    "properties": {
        "score": {"type": "integer", "minimum": 1, "maximum": 5},
        "share": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
        "tags": {"type": "array", "items": {"type": "string", "maxLength": 5}, "minItems": 2, "maxItems": 2},
        "note": {"type": "string", "minLength": 10, "maxLength": 20},
        "when": {"anyOf": [{"type": "string", "format": "date"}, {"type": "null"}]},
        "next": {"$ref": "#/$defs/next"},
        "yes": {"type": "boolean"},
        "kind": {"type": ["string", "null"]},
        "all": {"allOf": [{"type": "object", "properties": {"a": {"const": 1}}, "required": ["a"]}]},
    },
    "required": ["score", "share", "tags", "note", "when", "next", "yes", "kind", "all"],
    "$defs": {"next": {"enum": ["call back", "wait"]}},
}
SHIPPED = sorted((template_root() / "prompts").glob("*/schema.json"))


@pytest.mark.parametrize("text", TEXTS)
def test_values_keep_every_bound_although_the_api_is_only_told_of_them(text: str) -> None:
    schemas = [BOUNDED, *(json.loads(path.read_text("utf-8")) for path in SHIPPED)]
    assert len(schemas) == 4
    for schema in schemas:
        value = fill(schema_to_send(schema), Material.of(text))
        checked = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
        assert [error.message for error in checked.iter_errors(value)] == []
        assert value == fill(schema_to_send(schema), Material.of(text)), "the same every time"


def test_values_come_from_the_text() -> None:
    schema = {
        "properties": {
            "category": {"enum": ["billing", "delivery", "other"]},
            "date": {"type": "string", "format": "date"},
            "email": {"type": "string", "format": "email"},
            "people": {"type": "array", "items": {"type": "string"}},
            "summary": {"type": "string"},
            "id": {"type": "integer"},
        }
    }
    value = fill(schema, Material.of(TICKET))
    assert (value["category"], value["date"], value["email"]) == ("delivery", "2026-03-01", "ada@example.org")
    assert (value["people"], value["id"]) == (["Port Harrow", "Ada Lorne"], 7)
    assert value["summary"] in TICKET or "Delivery was promised" in value["summary"]


def test_the_samples_of_the_recipes_are_there() -> None:
    folders = [path.parent for path in (template_root() / "prompts").glob("*/recipe.toml")]
    without = {folder.name for folder in folders if not any(Path(folder / "sample").glob("*"))}
    assert without == {"pdf-to-html"}, "whose samples the demo makes"
