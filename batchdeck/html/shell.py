"""Reading the document around a long document's pages: html5lib's tree of it, and nothing kept beside that.

html5lib takes a text whole, and keeps a node for every element until it ends. Here the text comes in pieces,
and a node is let go with its element's end tag, so that a page costs its elements alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from sys import intern
from typing import Any
from xml.etree.ElementTree import Element

import html5lib

from batchdeck.html.model import RuleFinding
from batchdeck.html.rules.source import syntax_findings


class _Misnested(Exception):
    """End tags cross: the parser has called it an error, and wants children of a node that were let go."""


_Builder: Any = html5lib.getTreeBuilder("etree")


class _Node(_Builder.elementClass):  # type: ignore[misc]
    """html5lib's node of an element, which does not remember its children. Names are one string each."""

    def appendChild(self, node: Any) -> None:
        self._element.append(node._element)
        node.parent = self

    def reparentChildren(self, newParent: Any) -> None:
        raise _Misnested

    def removeChild(self, node: Any) -> None:
        raise _Misnested

    def _getETreeTag(self, name: str, namespace: str | None) -> str:
        return intern(super()._getETreeTag(name, namespace))

    def _set_named(self, attributes: Mapping[Any, str]) -> None:
        if attributes:  # a foreign name is a tuple
            said = attributes.items()
            self._setAttributes({intern(name) if type(name) is str else name: text for name, text in said})

    attributes = property(_Builder.elementClass._getAttributes, _set_named)


class _ShellBuilder(_Builder):  # type: ignore[misc]
    elementClass = _Node


class _Pieces:
    """Text in pieces, as a file that html5lib reads."""

    def __init__(self, pieces: Iterable[str]) -> None:
        self._pieces = filter(None, pieces)

    def read(self, size: int) -> str:
        return next(self._pieces, "") if size else ""


def read_shell(pieces: Iterable[str]) -> tuple[Element | None, list[RuleFinding]]:
    """Return the `html` element of a document that comes in pieces, and its syntax errors.

    There is no tree where end tags cross, which is an error.
    """
    parser = html5lib.HTMLParser(tree=_ShellBuilder, namespaceHTMLElements=False)
    try:
        root: Element | None = parser.parse(_Pieces(pieces))
    except _Misnested:
        root = None
    return root, syntax_findings(parser.errors)
