"""What export templates are fed: plain values, and pages one at a time, as docs/templates.md describes."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from batchdeck.domain.text import show
from batchdeck.html.contents import Entry, nest, title_of
from batchdeck.html.dress import Layout
from batchdeck.html.made import Made
from batchdeck.html.model import Assembly, PageTree
from batchdeck.html.rules.language import direction_of, is_language
from batchdeck.html.serialise import escape_attribute, lines_of
from batchdeck.html.templates import Style

UNKNOWN_LANGUAGE = "und"
_UI_LANGUAGE = "en"
_REMARKS = {"text_layer": "unverified", "placeholder": "not converted"}
_SHOWN_NAME = 200
_SHOWN_TITLE = 300

FileOf = Callable[[int], str]
"""Name of the file a page (1-based) stands in; empty when that is the file itself."""
MarkupOf = Callable[[PageTree], str]
"""Writes the markup of a page."""


@dataclass(frozen=True, slots=True)
class Facts:
    """A document's own facts, settled once for all files that are made of it."""

    title: str
    language: str
    name: str
    has_h1: bool


def settle(assembly: Assembly, layout: Layout) -> Facts:
    """Return title, language and shown name of a document. The language is `und` where none is known."""
    language = next(
        (tag for tag in (assembly.language, assembly.material.language) if is_language(tag)), UNKNOWN_LANGUAGE
    )
    return Facts(
        show(title_of(assembly), _SHOWN_TITLE),
        language,
        show(assembly.material.name, _SHOWN_NAME),
        bool(layout.titles),
    )


class _PageValues(dict[str, Any]):
    """What a template is fed of one page. Its `text` is made when it is asked for: few templates do."""

    def __init__(self, page: PageTree, values: Mapping[str, Any]) -> None:
        super().__init__(values)
        self._page = page

    def __missing__(self, name: str) -> str:
        if name != "text":
            raise KeyError(name)
        with self._page.open() as tree:
            return lines_of(tree)


def pages_for(
    assembly: Assembly, layout: Layout, facts: Facts, file_of: FileOf, markup_of: MarkupOf
) -> Made[PageTree]:
    """Return the pages for a template. `markup_of` gives a page's markup, which goes in as it is."""
    titled = {heading.page for heading in layout.titles}

    def values_of(page: PageTree) -> Mapping[str, Any]:
        language = page.meta.get("lang", "")
        if not is_language(language):
            language = facts.language
        values = {
            "number": page.number,
            "label": show(page.label),
            "source": page.source,
            "outcome": str(page.outcome),
            "kind": page.meta.get("kind", ""),
            "language": language,
            "direction": direction_of(language),
            "lang": language_attributes(language, inside=facts.language),
            "break": "inline" if page.number in layout.breaks else "block",
            "file": file_of(page.number),
            "dir": _direction_attribute(language),
            "ui": language_attributes(_UI_LANGUAGE, inside=language),
            "has_h1": page.number in titled,
            "html": Markup(markup_of(page)),  # noqa: S704 - serialised from a sanitised tree
        }
        return _PageValues(page, values)

    return Made(assembly.pages, values_of)


def values_for(
    assembly: Assembly,
    layout: Layout,
    facts: Facts,
    pages: Made[PageTree],
    style: Style,
    *,
    stem: str,
    toc_depth: int,
    generator: str,
    file_of: FileOf,
) -> dict[str, Any]:
    """Return everything a template is fed, by name."""
    material = assembly.material
    sources = [page.source for page in assembly.pages]
    return {
        "document": {
            "name": facts.name,
            "title": facts.title,
            "language": facts.language,
            "direction": direction_of(facts.language),
            "dir": _direction_attribute(facts.language),
            "lang": language_attributes(facts.language, inside=_UI_LANGUAGE),
            "sha256": material.sha256,
            "page_count": material.page_count,
            "job": show(material.job),
            "recipe": show(material.recipe),
            "has_h1": facts.has_h1,
            "has_image_files": bool(assembly.figures),
        },
        "counts": {
            "pages": len(sources),
            "placeholders": sources.count("placeholder"),
            "unverified": sources.count("text_layer"),
        },
        "toc": _contents(nest(layout.headings, toc_depth), facts, file_of),
        "page_list": Made(assembly.pages, lambda page: _page_link(page, file_of)),
        "pages": pages,
        "style": {"css": style.css, "source": style.source},
        "stem": stem,
        "generator": generator,
        "ui": language_attributes(_UI_LANGUAGE, inside=facts.language),
    }


def _contents(entries: Sequence[Entry], facts: Facts, file_of: FileOf) -> Made[Entry]:
    def values_of(entry: Entry) -> Mapping[str, Any]:
        heading = entry.heading
        language = heading.language if is_language(heading.language) else facts.language
        return {
            "text": heading.text,
            "level": heading.level,
            "id": heading.id,
            "page": heading.page,
            "href": f"{file_of(heading.page)}#{heading.id}",
            "lang": language_attributes(language, inside=_UI_LANGUAGE),
            "children": _contents(entry.children, facts, file_of),
        }

    return Made(entries, values_of)


def _page_link(page: PageTree, file_of: FileOf) -> dict[str, Any]:
    return {
        "number": page.number,
        "label": show(page.label),
        "href": f"{file_of(page.number)}#page-{page.number}",
        "file": file_of(page.number),
        "source": page.source,
        "remark": _REMARKS.get(page.source, ""),
    }


@functools.lru_cache(maxsize=512)
def language_attributes(language: str, *, inside: str) -> Markup:
    """Return the attributes that mark text of `language` where the text around it is of language `inside`."""
    if language == inside:
        return Markup("")
    direction = direction_of(language)
    turn = f' dir="{direction}"' if direction != direction_of(inside) else ""
    return Markup(f' lang="{escape_attribute(language)}"{turn}')  # noqa: S704 - escaped just here


def _direction_attribute(language: str) -> Markup:
    return Markup(' dir="rtl"') if direction_of(language) == "rtl" else Markup("")
