"""docs/filters.md says what is so: every example can be read, every field exists, none is missing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from batchdeck.domain.columns import BATCH_FIELDS, CALL_FIELDS, PAGE_FIELDS
from batchdeck.domain.query import FieldKind, parse
from batchdeck.domain.query_regex import LONGEST_TEXT

DOCUMENT = (Path(__file__).parents[3] / "docs" / "filters.md").read_text(encoding="utf-8")
FIELDS: Mapping[str, FieldKind] = {
    **PAGE_FIELDS,
    **BATCH_FIELDS,
    "archived": FieldKind.FLAG,
    "size": FieldKind.BYTES,
    "created": FieldKind.TIME,
}


def first_cells(part: str) -> Iterator[str]:
    """Yield what stands in code in the first column of a section's tables."""
    for line in DOCUMENT.partition(part)[2].partition("\n## ")[0].splitlines():
        cell = re.match(r"\| (.*?) (?<!\\)\| ", line)
        for code in re.findall(r"`(.+?)`", cell[1] if cell else ""):
            yield code.replace(r"\|", "|")


def fields_of(things: str) -> list[str]:
    table = DOCUMENT.partition(f"\nOf {things}:")[2].partition("\nOf ")[0]
    return re.findall(r"^\| `(\w+)` \|", table, flags=re.MULTILINE)


@pytest.mark.parametrize("example", [*first_cells("\n## Conditions"), *first_cells("\n## Together")])
def test_every_example_can_be_read(example: str) -> None:
    query = parse(example, FIELDS)
    assert query.condition is not None or query.sort


def test_there_are_examples() -> None:
    assert len([*first_cells("\n## Conditions"), *first_cells("\n## Together")]) >= 35


def test_the_fields_of_every_list_are_all_there() -> None:
    assert sorted(fields_of("pages")) == sorted(PAGE_FIELDS)
    assert sorted(fields_of("batches")) == sorted(BATCH_FIELDS)
    assert sorted(fields_of("calls to the API, on the Log screen")) == sorted(CALL_FIELDS)


def test_the_limit_of_expressions_is_the_real_one() -> None:
    assert f"first {LONGEST_TEXT} characters" in " ".join(DOCUMENT.split())
