"""The axe rules on the page as a whole: title, ways past what repeats, landmarks, zoom and refresh."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element

from batchdeck.html.markup import names
from batchdeck.html.model import RuleFinding
from batchdeck.html.rules.reading import excerpt, tag_of, words_of
from batchdeck.html.rules.tree import Tree

_LANDMARKS = names(
    "banner complementary contentinfo form main navigation region search "
    "doc-acknowledgments doc-afterword doc-appendix doc-bibliography doc-chapter doc-conclusion doc-credits "
    "doc-endnotes doc-epilogue doc-errata doc-foreword doc-glossary doc-index doc-introduction doc-pagelist "
    "doc-part doc-preface doc-prologue doc-toc"
)
"""Roles of WAI-ARIA and DPUB-ARIA that are landmarks."""
_OF_TAG = {"nav": "navigation", "main": "main", "aside": "complementary", "search": "search"}
_LANDMARK_TAGS = names("aside footer form header main nav search section")
_SECTIONED = ("article", "aside", "main", "nav", "section")
_TOP_LEVEL = ("banner", "main", "contentinfo", "complementary")
_ALONE = ("banner", "main", "contentinfo")
_UNSEEN = frozenset({"script", "style", "template", "noscript", "link", "meta", "title", "head"})
_REFRESH = re.compile(r"\s*(\d+)")
_SECONDS_THAT_COUNT = 72_000
_LEAST_ZOOM = 2


def document_title(tree: Tree) -> Iterator[RuleFinding]:
    """WCAG 2.4.2: the document has a title."""
    if not tree.is_first:
        return
    head = next(tree.all("head"), None)
    titles = [] if head is None else [child for child in head if tag_of(child) == "title"]
    if not titles or not words_of(titles[0]):
        yield tree.finding("document-title", titles[0] if titles else tree.root, "The document has no title.")
    for extra in titles[1:]:
        yield tree.finding("content-model", extra, "The document has a second title.")


def landmark_of(tree: Tree, element: Element) -> str:
    """Return the landmark an element is, by its role or by what it is; empty for none."""
    role = (element.get("role") or "").strip().lower()
    if role:
        return role if role in _LANDMARKS and (role not in ("region", "form") or tree.name(element)) else ""
    tag = tag_of(element)
    if tag in ("header", "footer"):
        if tree.closest(element, *_SECTIONED) is not None:
            return ""
        return "banner" if tag == "header" else "contentinfo"
    if tag in ("section", "form"):
        is_named = bool(element.get("aria-label") or element.get("aria-labelledby") or element.get("title"))
        return ("region" if tag == "section" else "form") if is_named else ""
    if tag == "aside" and tree.closest(element, *_SECTIONED) is not None:
        is_named = bool(element.get("aria-label") or element.get("aria-labelledby"))
        within_main = tree.closest(element, "article", "aside", "nav", "section") is None
        return "complementary" if is_named or within_main else ""
    return _OF_TAG.get(tag, "")


def landmarks(tree: Tree) -> Iterator[RuleFinding]:
    """One main, one banner, one content info, none of them inside another landmark, no two of one name."""
    counts, seen = tree.document.landmarks, tree.document.named_landmarks
    for element in tree.elements:
        if element.tag not in _LANDMARK_TAGS and element.get("role") is None:
            continue
        kind = landmark_of(tree, element)
        if not kind or tree.is_hidden(element):
            continue
        counts[kind] += 1
        if kind in _ALONE and counts[kind] == 2:
            yield tree.finding(f"landmark-no-duplicate-{kind}", element, f"A second {kind} landmark.")
        if kind in _TOP_LEVEL and any(landmark_of(tree, above) for above in tree.ancestors(element)):
            rule = f"landmark-{kind}-is-top-level"
            yield tree.finding(rule, element, f"The {kind} landmark lies inside another landmark.")
        name = _label(tree, element).lower()
        if (kind, name) in seen:
            message = f"Another {kind} landmark has the same name: “{excerpt(name)}”."
            yield tree.finding("landmark-unique", element, message)
        seen.add((kind, name))
    if tree.is_last and not counts["main"]:
        yield tree.finding("landmark-one-main", tree.root, "The document has no main landmark.")


def _label(tree: Tree, element: Element) -> str:
    """Return a landmark's name; its content does not count."""
    is_labelled = bool(element.get("aria-label") or element.get("aria-labelledby"))
    return tree.name(element) if is_labelled else (element.get("title") or "").strip()


def region(tree: Tree) -> Iterator[RuleFinding]:
    """All content lies in a landmark; a first link past the navigation is the one exception.

    Of a document that is looked at part by part, no more than the first page is seen: its pages have to lie
    in a landmark.
    """
    body = next(tree.all("body"), None)
    if body is None:
        return
    stack = list(reversed(list(body)))
    loose = body.text or ""
    first_link = next(tree.all("a"), None)
    while stack:
        element = stack.pop()
        tag = tag_of(element)
        is_skip_link = element is first_link and (element.get("href") or "").startswith("#")
        role = element.get("role") or ""
        is_passed = tag in _UNSEEN or not tag or is_skip_link or role in ("alert", "status", "log", "dialog")
        if not (is_passed or tree.is_hidden(element) or landmark_of(tree, element) or tag == "dialog"):
            has_text = bool((element.text or "").strip())
            if has_text or tag in ("img", "iframe", "video", "audio", "object", "math", "svg"):
                yield tree.finding(
                    "region", element, f"This lies in no landmark: {excerpt(words_of(element))}"
                )
            else:
                stack.extend(reversed(element))
                loose += "".join(child.tail or "" for child in element)
        loose += (element.tail or "") if tree.parent(element) is body else ""
    if loose.strip():
        yield tree.finding("region", body, f"This text lies in no landmark: {excerpt(loose)}")


def bypass(tree: Tree) -> Iterator[RuleFinding]:
    """WCAG 2.4.1: headings, landmarks or a link lead past what repeats."""
    has_way = any(True for _ in tree.all("h1", "h2", "h3", "h4", "h5", "h6", "main")) or any(
        (link.get("href") or "").startswith("#") for link in tree.all("a")
    )
    document = tree.document
    if not document.has_way:
        document.has_way = has_way or any(
            element.get("role") in ("main", "heading") for element in tree.elements
        )
    if tree.is_last and not document.has_way:
        yield tree.finding("bypass", tree.root, "There is no heading, landmark or link to skip to.")


def zoom_and_refresh(tree: Tree) -> Iterator[RuleFinding]:
    """WCAG 1.4.4, 2.2.1: the page can be enlarged and does not leave by itself."""
    for meta in tree.all("meta"):
        content = (meta.get("content") or "").lower()
        if (meta.get("name") or "").lower() == "viewport":
            settings = dict(
                (part.partition("=")[0].strip(), part.partition("=")[2].strip())
                for part in content.replace(";", ",").split(",")
            )
            if settings.get("user-scalable") in ("no", "0") or _is_small(settings.get("maximum-scale", "")):
                yield tree.finding("meta-viewport", meta, f"Zooming is stopped: {excerpt(content)}")
        if (meta.get("http-equiv") or "").lower() == "refresh":
            delay = _REFRESH.match(content)
            if delay and 0 < int(delay[1]) < _SECONDS_THAT_COUNT:
                yield tree.finding("meta-refresh", meta, f"The page leaves after {delay[1]} seconds.")


def _is_small(scale: str) -> bool:
    try:
        return 0 <= float(scale) < _LEAST_ZOOM
    except ValueError:
        return False


RULES = (document_title, landmarks, region, bypass, zoom_and_refresh)
