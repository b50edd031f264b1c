"""The door for markup from outside: everything not on the closed list of elements and attributes goes."""

from __future__ import annotations

import html
import re

import nh3

from batchdeck.html.extract import clean_characters
from batchdeck.html.markup import (
    AS_DIV,
    ATTRIBUTES,
    DROPPED_WITH_CONTENT,
    ELEMENTS,
    GLOBAL_ATTRIBUTES,
    URL_SCHEMES,
    names,
)

MAX_DEPTH = 96
"""Elements nested deeper than this lose their tags, never their words. Real pages stay below 20; every
later stage walks trees by recursion."""

_CLEANER = nh3.Cleaner(
    tags=set(ELEMENTS | AS_DIV),
    clean_content_tags=set(DROPPED_WITH_CONTENT),
    attributes={"*": set(GLOBAL_ATTRIBUTES)} | {tag: set(names) for tag, names in ATTRIBUTES.items()},
    url_schemes=set(URL_SCHEMES),
    link_rel=None,
    strip_comments=True,
)

_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)([^<>]*)>")
_UNCOUNTED = names(
    "area base br col embed hr img input link meta source track wbr "  # void
    "p li dt dd tr td th thead tbody tfoot colgroup option optgroup rb rt rp"  # may leave out the end tag
)
_INPUT = re.compile(r"<input(\s[^<>]{0,2000})?>", re.I)
_INPUT_TYPE = re.compile(r"\btype\s*=\s*[\"']?([a-z]+)", re.I)
_INPUT_VALUE = re.compile(r"\bvalue\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))", re.I)
_CHECKED = re.compile(r"\schecked(?=[\s=/]|$)", re.I)


def sanitise(source: str, *, is_flat: bool = False) -> str:
    """Return the markup of a page with nothing in it but the closed list (`markup.ELEMENTS`).

    Links keep http, https and mailto targets and fragments. What form controls hold becomes text, because
    a control would be dropped together with its value. The result is well-formed: every element that is
    not void has its end tag. `is_flat` says that `flatten` has seen the source already.
    """
    if "<input" in source.lower():
        source = _INPUT.sub(_input_as_text, source)
    return clean_characters(_CLEANER.clean(source if is_flat else flatten(source)))


def _input_as_text(match: re.Match[str]) -> str:
    attributes = match[1] or ""
    type_match = _INPUT_TYPE.search(attributes)
    kind = type_match[1].lower() if type_match else "text"
    if kind in ("checkbox", "radio"):
        return "☑" if _CHECKED.search(attributes) else "☐"
    value = _INPUT_VALUE.search(attributes)
    if kind == "hidden" or value is None:
        return ""
    return html.escape(html.unescape(next(part for part in value.groups() if part is not None)), quote=False)


def flatten(source: str, limit: int = MAX_DEPTH) -> str:
    """Return `source` without the tags of elements nested deeper than `limit`.

    Counting is by tags alone, so an element left open counts as nested: re-opening hundreds of unclosed
    formatting elements in every paragraph is what makes HTML parsers slow and their output huge.
    """
    if source.count("<") <= limit:
        return source
    depth = 0
    dropped = 0

    def keep(match: re.Match[str]) -> str:
        nonlocal depth, dropped
        tag = match[2].lower()
        if tag in _UNCOUNTED or match[3].endswith("/"):
            return match[0] if depth <= limit else " "
        if match[1]:
            inside = depth > limit
            depth = max(depth - 1, 0)
        else:
            depth += 1
            inside = depth > limit
        if inside:
            dropped += 1
            return " "
        return match[0]

    flat = _TAG.sub(keep, source)
    return flat if dropped else source
