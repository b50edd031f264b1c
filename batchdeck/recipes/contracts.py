"""What a good answer looks like beyond HTML: JSON that keeps a schema, or simply text."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NoReturn

from batchdeck.domain.outcomes import Outcome, Verdict
from batchdeck.domain.text import show

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

_FENCE = re.compile(r"\A```[a-zA-Z]*[ \t]*\n(.*?)\n?```\Z", re.DOTALL)
_SHOWN = 120


class SchemaUnusable(ValueError):
    """A schema by which nothing can be checked: wrong in itself, or it leads elsewhere."""


def judge_text(text: str) -> Verdict:
    """Judge an answer of which nothing is asked but that there is one."""
    return Verdict(Outcome.OK) if text.strip() else Verdict(Outcome.EMPTY, "the answer is only white space")


def judge_json(text: str, schema: Mapping[str, Any]) -> Verdict:
    """Judge an answer that must be JSON and keep a schema.

    An answer that is right but wrapped (a code fence, words before or after) counts as repaired.

    Raises:
        SchemaUnusable: nothing can be checked by the schema. Those of recipes have been looked at before.
    """
    if not text.strip():
        return Verdict(Outcome.EMPTY, "the answer is only white space")
    value, note, problem = _read(text)
    if problem:
        return Verdict(Outcome.MALFORMED, problem)
    problem = _breach(value, schema)
    if problem:
        return Verdict(Outcome.MALFORMED, problem)
    return Verdict(Outcome.OK_REPAIRED, note) if note else Verdict(Outcome.OK)


def read_json(text: str) -> Any:
    """Return the JSON of an answer that was found good.

    Raises:
        ValueError: it holds none.
    """
    value, _, problem = _read(text)
    if problem:
        raise ValueError(problem)
    return value


def _read(text: str) -> tuple[Any, str, str]:
    """Return the value, how it had to be taken out, and why there is none."""
    content = text.strip()
    try:
        return _loads(content), "", ""
    except (ValueError, RecursionError) as error:
        problem = f"not valid JSON: {show(str(error), _SHOWN)}"
    fenced = _FENCE.match(content)
    if fenced:
        try:
            return _loads(fenced[1]), "taken out of its code fence", ""
        except (ValueError, RecursionError):
            return None, "", problem
    starts = [place for place in (content.find("{"), content.find("[")) if place > 0]
    if starts:
        try:
            value, end = _DECODER.raw_decode(content, min(starts))
        except (ValueError, RecursionError):
            return None, "", problem
        if not set(content[end:]) & set("{}[]"):
            return value, "taken out of the words around it", ""
    return None, "", problem


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


_DECODER = json.JSONDecoder(parse_constant=_no_constant)


def _loads(text: str) -> Any:
    return json.loads(text, parse_constant=_no_constant)


def _breach(value: Any, schema: Mapping[str, Any]) -> str:
    """Say where and how a value breaks a schema, or nothing."""
    from jsonschema.exceptions import SchemaError, best_match
    from referencing.exceptions import Unresolvable

    try:
        error = best_match(_validator(json.dumps(schema, sort_keys=True)).iter_errors(value))
    except (SchemaError, Unresolvable, re.error, RecursionError) as unusable:
        raise SchemaUnusable(show(str(unusable), _SHOWN)) from unusable
    if error is None:
        return ""
    place = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in error.absolute_path)
    return f"{show(place.lstrip('.') or 'the answer', _SHOWN)}: {show(error.message, _SHOWN)}"


@lru_cache(maxsize=8)
def _validator(schema: str) -> Validator:
    from jsonschema import Draft202012Validator
    from referencing import Registry

    Draft202012Validator.check_schema(json.loads(schema))
    # An empty registry: nothing is ever fetched for a schema.
    return Draft202012Validator(
        json.loads(schema), registry=Registry(), format_checker=Draft202012Validator.FORMAT_CHECKER
    )
