"""Trees: a page's markup as plain ElementTree elements without namespaces, read once and passed on."""

from __future__ import annotations

from typing import Any
from xml.etree.ElementTree import Comment, Element

import html5lib
from html5lib.constants import namespaces

from batchdeck.html.strict import read_strictly
from batchdeck.html.trees import append_nodes, contents_of, prepend_nodes

_PARSER = html5lib.HTMLParser(tree=html5lib.getTreeBuilder("etree"), namespaceHTMLElements=False)
_FOREIGN = tuple(f"{{{namespaces[name]}}}" for name in ("mathml", "svg"))
_WRAPPER = "<div>"


def parse_fragment(markup: str) -> Element:
    """Return a `div` that holds html5lib's tree of `markup`.

    Without the wrapping div, html5lib silently drops what it moves out of a table at the fragment's top.
    """
    fragment: Element = _PARSER.parseFragment(f"{_WRAPPER}{markup}</div>")
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


def parse_fragment_with_errors(markup: str) -> tuple[Element, list[tuple[int, int, str]]]:
    """Return the tree of `parse_fragment`, and html5lib's errors as (line, column, code) within `markup`,
    both from 1, where the fault was noticed."""
    root = parse_fragment(markup)
    errors = [
        (line, max(column - len(_WRAPPER) if line == 1 else column, 1), str(code))
        for (line, column), code, _ in _PARSER.errors
    ]
    return root, errors


def parse_page(markup: str) -> Element:
    """Return the `article` element of a page's sanitised markup; its tail is empty.

    What the parser moved in front of the article or behind it goes back inside, at that end.
    """
    strict = read_strictly(markup)
    if strict is not None:
        return strict
    root = parse_fragment(markup)
    nodes = contents_of(root)
    at = next(
        (at for at, node in enumerate(nodes) if not isinstance(node, str) and node.tag == "article"), -1
    )
    if at < 0:
        root.tag = "article"
        return root
    article = nodes[at]
    assert not isinstance(article, str)
    article.tail = None
    before, after = nodes[:at], nodes[at + 1 :]
    if any(not isinstance(node, str) or node.strip() for node in before):
        prepend_nodes(article, before)
    if any(not isinstance(node, str) or node.strip() for node in after):
        append_nodes(article, after)
    return article
