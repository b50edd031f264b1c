"""Answers made for benchmarks, the same ones each time: pages of a report in the page contract.

A page is about 6 KB: a running head and foot, paragraphs of which the last goes on overleaf, a heading, a
table, a list, and by turns a figure, formulas, footnotes; every tenth answer is loosely written.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

from batchdeck.domain.outcomes import Outcome
from batchdeck.html.model import PageMaterial, TextLayer

_SYLLABLES = (
    "ba",
    "ce",
    "di",
    "fo",
    "gu",
    "ha",
    "ke",
    "li",
    "mo",
    "nu",
    "pa",
    "re",
    "si",
    "to",
    "vu",
    "wa",
    "xe",
)


def make_answers(pages: int, *, seed: int = 1) -> Iterator[PageMaterial]:
    """Yield the pages of one document, each with the text layer that its words would have."""
    chance = random.Random(seed)
    words = ["".join(chance.choices(_SYLLABLES, k=chance.randint(1, 4))) for _ in range(4_000)]
    for number in range(1, pages + 1):
        text = _page(chance, words, number)
        printed = " ".join(text.replace("<", " <").replace(">", "> ").split())
        layer = TextLayer(_without_tags(printed), trusted=True)
        yield PageMaterial(number, str(number), Outcome.OK, text, layer=layer)


def _without_tags(text: str) -> str:
    return " ".join(piece.split(">", 1)[-1] for piece in text.split("<"))


def _page(chance: random.Random, words: list[str], number: int) -> str:
    def line(count: int) -> str:
        return " ".join(chance.choices(words, k=count))

    goes_on = ' data-continues="prev"' if number > 1 else ""
    parts = [
        f'<article data-bd="1" data-page="{number}" data-lang="en" data-kind="text" '
        f'data-printed-page="{number}" data-starts="{"continues" if number > 1 else "new"}" '
        'data-ends="continues">',
        '<header data-role="running"><p>Annual report of the made-up authority</p></header>',
        f"<p{goes_on}>{line(60)} <em>{line(3)}</em>, {line(20)}.</p>",
        f"<h2>{number} {line(4).title()}</h2>",
        *(f"<p>{line(25)} <strong>{line(2)}</strong> {line(45)}.</p>" for _ in range(4)),
        _table(chance, line(5), 12, 5),
        "<ul>" + "".join(f"<li>{line(9)}</li>" for _ in range(6)) + "</ul>",
    ]
    turn = number % 3
    if turn == 0:
        parts.append(
            f'<figure data-bbox="100 100 900 500" data-kind="chart"><img alt="{line(20)}">'
            f"<figcaption>{line(8)}</figcaption></figure>"
        )
    elif turn == 1:
        index = chance.randint(1, 99)
        parts.append(
            f'<p>{line(6)} <span data-math="inline">x_{{{index}}} = \\frac{{a}}{{b}}</span> {line(6)}:</p>'
            f'<p><span data-math="block">\\sum_{{i=0}}^{{{index}}} i^2 = \\sqrt{{n}}</span></p>'
        )
    else:
        parts.append(
            f'<p>{line(12)}.<sup data-note="1">1</sup> {line(4)}.</p>'
            f'<section data-role="footnotes"><p data-note="1">{line(15)}.</p></section>'
        )
    parts.append(f'<p data-continues="next">{line(50)} acces-</p>')
    parts.append(f'<footer data-role="running"><p>{number}</p></footer></article>')
    text = "\n".join(parts)
    return text if number % 10 else text.replace("</li>", "").replace("<table>", "<table border=1>")


def _table(chance: random.Random, title: str, rows: int, columns: int) -> str:
    head = "".join(f'<th scope="col">{chance.randint(1, 99)} kg</th>' for _ in range(columns))
    body = "".join(
        "<tr>" + "".join(f"<td>{chance.randint(0, 9999)}</td>" for _ in range(columns)) + "</tr>"
        for _ in range(rows)
    )
    return f"<table><caption>{title}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
