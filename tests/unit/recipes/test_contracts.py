"""Contracts beyond HTML: which answers are good, and why the others are not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from batchdeck.domain.outcomes import Outcome
from batchdeck.errors import ConfigError
from batchdeck.recipes.contracts import SchemaUnusable, judge_json, judge_text, read_json
from batchdeck.recipes.schemas import read_schema, schema_to_send

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "kind": {"enum": ["a", "b"]},
        "items": {"type": "array", "items": {"type": "object", "properties": {"n": {"type": "integer"}}}},
        "on": {"type": "string", "format": "date"},
    },
    "required": ["kind"],
    "additionalProperties": False,
}


@pytest.mark.parametrize(
    ("text", "outcome", "detail"),
    [
        ('{"kind": "a"}', Outcome.OK, ""),
        (' \n{"kind": "b", "items": [{"n": 1}]}\n', Outcome.OK, ""),
        ('```json\n{"kind": "a"}\n```', Outcome.OK_REPAIRED, "code fence"),
        ('Here it is:\n\n{"kind": "a"}\n\nAnything else?', Outcome.OK_REPAIRED, "words around it"),
        ("", Outcome.EMPTY, "white space"),
        ("  \n", Outcome.EMPTY, "white space"),
        ('{"kind": "a"', Outcome.MALFORMED, "not valid JSON"),
        ('{"kind": "a"}{"kind": "a"}', Outcome.MALFORMED, "not valid JSON"),
        ('Either {"kind": "a"} or {"kind": "b"}', Outcome.MALFORMED, "not valid JSON"),
        ('{"kind": NaN}', Outcome.MALFORMED, "NaN"),
        ("I cannot do that.", Outcome.MALFORMED, "not valid JSON"),
        ('{"kind": "c"}', Outcome.MALFORMED, "kind: 'c' is not one of"),
        (
            '{"kind": "a", "items": [{"n": 1}, {"n": "x"}]}',
            Outcome.MALFORMED,
            "items[1].n: 'x' is not of type",
        ),
        ('{"kind": "a", "more": 1}', Outcome.MALFORMED, "the answer: Additional properties"),
        ('{"kind": "a", "on": "soon"}', Outcome.MALFORMED, "on: 'soon' is not a 'date'"),
        ("[]", Outcome.MALFORMED, "the answer: [] is not of type 'object'"),
        ("[" * 100_000, Outcome.MALFORMED, "not valid JSON"),
        ('{"kind": "\x1b]52;c;!\x07"}', Outcome.MALFORMED, "not valid JSON"),
    ],
)
def test_json_is_held_to_its_schema(text: str, outcome: Outcome, detail: str) -> None:
    verdict = judge_json(text, SCHEMA)
    assert verdict.outcome is outcome
    assert detail in verdict.detail
    assert verdict.detail.isprintable()
    if outcome.is_good:
        assert read_json(text)["kind"] in "ab"


def test_any_text_will_do_but_there_must_be_some() -> None:
    assert judge_text("A word.").outcome is Outcome.OK
    assert judge_text(" \n\t").outcome is Outcome.EMPTY


def test_nothing_is_fetched_for_a_schema() -> None:
    with pytest.raises(SchemaUnusable, match="nowhere"):
        judge_json("{}", {"$ref": "http://127.0.0.1:9/nowhere.json"})


@pytest.mark.parametrize("schema", [{"type": "objekt"}, {"$ref": "#/$defs/x"}, {"pattern": "("}])
def test_a_schema_that_is_wrong_itself_is_told_from_an_answer_that_breaks_it(schema: dict[str, Any]) -> None:
    with pytest.raises(SchemaUnusable):
        judge_json('"text"', schema)


def test_a_schema_is_sent_as_structured_outputs_take_it() -> None:
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": {
            "n": {"type": "integer", "minimum": 1, "description": "A number"},
            "s": {"type": "string", "format": "date", "maxLength": 3},
            "odd": {"type": "string", "format": "hand-made"},
            "list": {"type": "array", "minItems": 2, "items": {"type": "object", "properties": {}}},
            "either": {"oneOf": [{"type": "string", "pattern": "x"}, {"type": "null"}]},
        },
        "$defs": {"d": {"type": "object", "properties": {}, "additionalProperties": True}},
    }
    sent = schema_to_send(schema)
    properties = sent["properties"]
    assert properties["n"] == {"type": "integer", "description": "A number\n\n{minimum: 1}"}
    assert properties["s"] == {"type": "string", "format": "date", "description": "{maxLength: 3}"}
    assert properties["odd"] == {"type": "string", "description": '{format: "hand-made"}'}
    assert properties["list"]["items"] == {"type": "object", "properties": {}, "additionalProperties": False}
    assert properties["list"]["description"] == "{minItems: 2}"
    assert properties["either"] == {
        "anyOf": [{"type": "string", "description": '{pattern: "x"}'}, {"type": "null"}]
    }
    assert sent["additionalProperties"] is False
    assert sent["$defs"]["d"]["additionalProperties"] is False
    assert "$schema" not in sent


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{", "is not valid JSON"),
        ("[]", "is an object"),
        ('{"type": "objekt"}', "at type: 'objekt' is not valid"),
        ('{"properties": {"a": {"minimum": "x"}}}', "at properties/a/minimum"),
        ('{"$ref": "http://x/y"}', "leads outside the file"),
        ('{"$ref": "#/$defs/x"}', "leads to nothing"),
        ('{"anyOf": [{"items": {"$ref": "other.json"}}]}', "leads outside the file"),
        ('{"properties": {"a": {"type": "object"}}}', "without `properties`"),
    ],
)
def test_a_wrong_schema_is_answered_with_its_file_and_place(text: str, complaint: str) -> None:
    with pytest.raises(ConfigError, match=complaint) as caught:
        read_schema(Path("my/schema.json"), text)
    assert "my/schema.json" in caught.value.message
