"""Trees: html5lib's reading of a page's markup, once, as plain ElementTree elements without namespaces."""

from __future__ import annotations

from typing import Any
from xml.etree.ElementTree import Comment, Element

import html5lib
from html5lib.constants import namespaces

_PARSER = html5lib.HTMLParser(tree=html5lib.getTreeBuilder("etree"), namespaceHTMLElements=False)
_FOREIGN = tuple(f"{{{namespaces[name]}}}" for name in ("mathml", "svg"))


def parse_fragment(markup: str) -> Element:
    """Return a `div` that holds the tree of `markup`.

    Without the wrapping div, html5lib silently drops what it moves out of a table at the fragment's top.
    """
    fragment: Element = _PARSER.parseFragment(f"<div>{markup}</div>")
    root = fragment[0]
    for stray in fragment[1:]:  # what follows an end tag that closed the wrapping div
        root.append(stray)
    for element in root.iter():
        tag: Any = element.tag
        if tag is Comment:
            element.tag, element.text = "span", None
        elif tag.startswith(_FOREIGN):
            element.tag = tag.partition("}")[2]
    return root


def parse_page(markup: str) -> Element:
    """Return the `article` element of a page's sanitised markup; its tail is empty.

    What the parser moved in front of the article or behind it goes back inside, at that end.
    """
    root = parse_fragment(markup)
    article = next((child for child in root if child.tag == "article"), None)
    if article is None:
        root.tag = "article"
        return root
    position = list(root).index(article)
    before, after = root[:position], root[position + 1 :]
    tail, article.tail = article.tail or "", None
    if tail.strip():
        _append_text(article, tail)
    for offset, child in enumerate(before):
        article.insert(offset, child)
    if before:
        last = before[-1]
        last.tail = (last.tail or "") + (article.text or "")
        article.text = root.text
    elif (root.text or "").strip():
        article.text = (root.text or "") + (article.text or "")
    article.extend(after)
    return article


def _append_text(element: Element, text: str) -> None:
    if len(element):
        element[-1].tail = (element[-1].tail or "") + text
    else:
        element.text = (element.text or "") + text
