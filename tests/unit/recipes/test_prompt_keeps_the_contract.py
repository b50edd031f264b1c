"""The prompt promises what the HTML stages keep: its lists and its example are held against them."""

from __future__ import annotations

import re

import html5lib
import pytest

from batchdeck.domain.outcomes import Outcome
from batchdeck.html.extract import read_answer
from batchdeck.html.markup import ATTRIBUTES, ELEMENTS, GLOBAL_ATTRIBUTES, MATH
from batchdeck.html.sanitise import sanitise
from batchdeck.recipes.recipe import load_recipe

SYSTEM = load_recipe("pdf-to-html").system


def section(title: str) -> str:
    return SYSTEM.split(f"# {title}\n\n", 1)[1].split("\n\n# ", 1)[0]


EXAMPLE = section("An example")


def test_the_list_of_elements_is_the_sanitisers_without_mathml() -> None:
    listed = set(section("Only these elements").split())
    assert listed <= ELEMENTS - MATH
    assert ELEMENTS - MATH - listed <= {"wbr"}


def test_every_listed_attribute_passes_the_sanitiser() -> None:
    listed = section("Only these attributes").split("\n\n", 1)[0]
    for line in listed.splitlines()[1:]:
        for part in line.removeprefix("- ").split("; "):
            names, _, elements = part.rpartition(" on ") if " on " in part else (part, "", "anywhere")
            for element in elements.rstrip(".").split(", "):
                allowed = GLOBAL_ATTRIBUTES | ATTRIBUTES.get(element, frozenset())
                assert set(re.findall(r"`([a-z-]+)`", names)) <= allowed, part


def test_the_example_is_an_answer_that_would_be_accepted() -> None:
    answer = read_answer(EXAMPLE, 12)
    assert answer.outcome is Outcome.OK
    assert answer.changes == ()
    assert answer.html == EXAMPLE


def test_the_example_has_no_syntax_error() -> None:
    parser = html5lib.HTMLParser()
    parser.parseFragment(f"<div>{EXAMPLE}</div>")
    assert parser.errors == []


def test_the_example_passes_the_sanitiser_word_for_word() -> None:
    def attributes(markup: str) -> list[str]:
        return sorted(re.findall(r'[a-z-]+="[^"]*"', markup))

    clean = sanitise(EXAMPLE)
    assert attributes(clean) == attributes(EXAMPLE)
    assert re.findall(r"</?[a-z0-9]+", clean) == re.findall(r"</?[a-z0-9]+", EXAMPLE)


def test_the_example_uses_only_what_is_listed() -> None:
    listed = set(section("Only these elements").split())
    assert set(re.findall(r"<([a-z0-9]+)", EXAMPLE)) <= listed
    for tag in re.findall(r"<[a-z0-9]+[^>]*>", EXAMPLE):
        for name in re.findall(r"\s([a-z-]+)=", tag):
            assert f"`{name}`" in SYSTEM or f'`{name}="' in SYSTEM, name


@pytest.mark.parametrize(
    "name", ["data-starts", "data-ends", "data-rotation", "data-printed-page", "data-kind"]
)
def test_the_articles_attributes_are_explained(name: str) -> None:
    assert f"`{name}`" in section("The answer")
    assert f"{name}=" in EXAMPLE


def test_the_constant_part_is_long_enough_to_be_cached_and_short_enough_to_be_paid() -> None:
    # The shortest prompt that is cached is 512 tokens; a token of English is about four characters.
    assert 4 * 512 < len(SYSTEM) < 16_000
