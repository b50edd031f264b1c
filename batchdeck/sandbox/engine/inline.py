"""Words on rows turned into markup: emphasis, links, raised signs, words divided at the end of a row."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from html import escape
from typing import Literal

from batchdeck.sandbox.engine.shapes import Piece, Row, needs_space

_SMALL = 0.82
"""A raised or lowered sign is smaller than this share of its row."""
_RAISED = 0.12
"""In ems of the row: how far its foot lies above, or below, that of the row."""
_SIGN = re.compile(r"[\w*†‡§+\-−–,()]{1,6}")
_SOFT_HYPHEN = "\u00ad"
_HYPHENS = ("-", "‐", _SOFT_HYPHEN)
_URL = re.compile(
    r"(?:https?://|www\.)[^\s<>\"'()\[\]{}]+[^\s<>\"'()\[\]{}.,;:!?]|[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
)
_COMPOUND = re.compile(r"\w+(?:-\w+)+")

Position = Literal["", "sup", "sub"]


@dataclass(frozen=True, slots=True)
class Words:
    """What is known of a page's words while its text is written."""

    notes: frozenset[str] = frozenset()
    """Marks of the footnotes at its end."""
    links: Mapping[str, str] = field(default_factory=dict)
    """The link targets that the request lists, by what they look like in print."""
    compounds: frozenset[str] = frozenset()
    """Words written with a hyphen somewhere within a row, in lower case."""


@dataclass(frozen=True, slots=True)
class _Run:
    text: str
    bold: bool
    italic: bool
    link: str
    position: Position


def link_forms(links: Sequence[str]) -> dict[str, str]:
    """Return link targets by what they look like in print: without scheme, ``mailto:`` and last slash."""
    return {link_form(link): link for link in links}


def link_form(address: str) -> str:
    """Return what is left of an address when it is printed: no scheme, no last slash, lower case."""
    return re.sub(r"^(?:https?://|mailto:)|/$", "", address.lower())


def compounds_of(texts: Sequence[str]) -> frozenset[str]:
    """Return the words that are written with a hyphen within some text, in lower case."""
    return frozenset(word.lower() for text in texts for word in _COMPOUND.findall(text))


def plain_text(rows: Sequence[Row], words: Words, *, signs: bool = True) -> str:
    """Return rows as one line of plain text, with or without raised and lowered signs."""
    text = "".join(run.text for run in _runs(rows, words) if signs or not run.position)
    return text.replace(_SOFT_HYPHEN, "")


def inline_html(rows: Sequence[Row], words: Words, *, plain_bold: bool = False) -> str:
    """Return rows as one paragraph's markup.

    Args:
        rows: from top to bottom.
        words: what is known of the page's words.
        plain_bold: whether bold says nothing here, as in a heading.
    """
    out = []
    for run in _runs(rows, words):
        html = run.text if not run.text.strip() else _linked(run, words)
        if run.text.strip():
            html = _wrapped(html, run, words, plain_bold)
        out.append(html)
    return "".join(out).strip().replace(_SOFT_HYPHEN, "")


def _wrapped(html: str, run: _Run, words: Words, plain_bold: bool) -> str:
    lead = html[: len(html) - len(html.lstrip())]
    trail = html[len(html.rstrip()) :]
    html = html.strip()
    if run.position == "sup" and run.text.strip() in words.notes:
        html = f'<sup data-note="{escape(run.text.strip())}">{html}</sup>'
    elif run.position:
        html = f"<{run.position}>{html}</{run.position}>"
    if run.italic:
        html = f"<em>{html}</em>"
    if run.bold and not plain_bold:
        html = f"<strong>{html}</strong>"
    if run.link:
        html = f'<a href="{escape(run.link)}">{html}</a>'
    return lead + html + trail


def _linked(run: _Run, words: Words) -> str:
    """Return a run's text escaped, with the addresses printed in it linked to themselves."""
    if run.link:
        return escape(run.text, quote=False)
    out, done = [], 0
    for match in _URL.finditer(run.text):
        address = words.links.get(link_form(match[0])) or _target(match[0])
        out.append(escape(run.text[done : match.start()], quote=False))
        out.append(f'<a href="{escape(address)}">{escape(match[0], quote=False)}</a>')
        done = match.end()
    return "".join(out) + escape(run.text[done:], quote=False)


def _target(printed: str) -> str:
    if "@" in printed and "://" not in printed:
        return f"mailto:{printed}"
    return printed if "://" in printed else f"https://{printed}"


def _runs(rows: Sequence[Row], words: Words) -> list[_Run]:
    """Return the words of rows in runs of one style, divided words joined."""
    runs: list[_Run] = []
    for row in rows:
        for number, piece in enumerate(row.pieces):
            run = _Run(piece.text, piece.bold, piece.italic, piece.link, _position(piece, row))
            if runs:
                if number:
                    has_space = needs_space(row.pieces[number - 1], piece)
                else:
                    has_space = not _join_divided(runs, row.text, words)
                run = _spaced(runs, run, has_space)
            if runs and _same_style(runs[-1], run):
                runs[-1] = replace(runs[-1], text=runs[-1].text + run.text)
            else:
                runs.append(run)
    return runs


def _spaced(runs: list[_Run], run: _Run, has_space: bool) -> _Run:
    """Put the space between two runs into the one it does not change the look of."""
    if not has_space:
        return run
    if _same_style(runs[-1], run):
        return replace(run, text=" " + run.text)
    runs.append(_Run(" ", False, False, "", ""))
    return run


def _same_style(a: _Run, b: _Run) -> bool:
    return (a.bold, a.italic, a.link, a.position) == (b.bold, b.italic, b.link, b.position)


def _join_divided(runs: list[_Run], following: str, words: Words) -> bool:
    """Take the hyphen off a word that is divided only because its row ended; say whether it was one.

    A hyphen stays, without a space, in a word that is written with one elsewhere on the page."""
    text = runs[-1].text
    if len(text) < 2 or not text.endswith(_HYPHENS) or not text[-2].isalpha() or not following[:1].islower():
        return False
    before = re.findall(r"[\w-]+$", text[:-1])
    after = re.findall(r"^[\w-]+", following)
    compound = f"{before[-1] if before else ''}-{after[0] if after else ''}".lower()
    if compound not in words.compounds:
        runs[-1] = replace(runs[-1], text=text[:-1])
    return True


def _position(piece: Piece, row: Row) -> Position:
    """Say whether a piece is raised or lowered against its row."""
    if piece.size >= _SMALL * row.size or not _SIGN.fullmatch(piece.text):
        return ""
    main = max((p for p in row.pieces if p.size == row.size), key=lambda p: len(p.text))
    # Boxes reach from 0.8 of the size above the baseline to 0.2 below it.
    lift = (main.box[3] - 0.2 * main.size) - (piece.box[3] - 0.2 * piece.size)
    if lift > _RAISED * row.size:
        return "sup"
    return "sub" if lift < -_RAISED * row.size / 2 else ""
