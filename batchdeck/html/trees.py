"""Editing ElementTree elements as mixed content: text and children as one sequence, so that no tail is lost.

Edits rebuild a parent's content in one pass, which keeps them linear however many children there are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from xml.etree.ElementTree import Element

Node = Element | str
"""An element, whose tail means nothing here, or a stretch of text."""


def contents_of(element: Element) -> list[Node]:
    """Return what is inside `element`, in order. The children's tails become nodes of their own."""
    nodes: list[Node] = [element.text] if element.text else []
    for child in element:
        nodes.append(child)
        if child.tail:
            nodes.append(child.tail)
    return nodes


def set_contents(element: Element, nodes: Iterable[Node]) -> None:
    """Make `nodes` the content of `element`, whatever it had before."""
    children: list[Element] = []
    text: list[str] = []
    runs: list[tuple[Element | None, list[str]]] = [(None, text)]
    for node in nodes:
        if isinstance(node, str):
            runs[-1][1].append(node)
        else:
            children.append(node)
            runs.append((node, []))
    element[:] = children
    for owner, pieces in runs:
        joined = "".join(pieces) or None
        if owner is None:
            element.text = joined
        else:
            owner.tail = joined


def append_nodes(element: Element, nodes: Iterable[Node]) -> None:
    """Add `nodes` behind the content of `element`."""
    for node in nodes:
        if not isinstance(node, str):
            node.tail = None
            element.append(node)
        elif len(element):
            element[-1].tail = (element[-1].tail or "") + node
        else:
            element.text = (element.text or "") + node


def prepend_nodes(element: Element, nodes: Iterable[Node]) -> None:
    """Add `nodes` in front of the content of `element`."""
    set_contents(element, [*nodes, *contents_of(element)])


def new_element(tag: str, *nodes: Node, **attributes: str) -> Element:
    """Return an element with that content. In attribute names, ``_`` stands for ``-``."""
    element = Element(tag, {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()})
    append_nodes(element, nodes)
    return element


def replace_children(parent: Element, replacement: Callable[[Element], Iterable[Node] | None]) -> bool:
    """Put what `replacement` returns in each child's place; None keeps the child. Say whether any changed."""
    nodes: list[Node] = []
    changed = False
    for node in contents_of(parent):
        put = None if isinstance(node, str) else replacement(node)
        if put is None:
            nodes.append(node)
        else:
            changed = True
            nodes.extend(put)
    if changed:
        set_contents(parent, nodes)
    return changed


def remove_block(parent: Element, block: Element) -> None:
    """Take a block out of `parent`; a space stays, so that the words around it do not become one."""
    replace_children(parent, lambda candidate: (" ",) if candidate is block else None)


def unwrap_child(parent: Element, child: Element) -> None:
    """Put the content of `child` in its place."""
    replace_children(parent, lambda candidate: contents_of(child) if candidate is child else None)


def bottom_up(root: Element) -> Iterator[Element]:
    """Yield every element below and with `root`, children before their parents."""
    yield from reversed(list(root.iter()))


def is_empty(element: Element) -> bool:
    """Say whether `element` shows nothing: no text but white space, no image, no rule, no page break."""
    return not any(
        (node.text or "").strip()
        or (node is not element and (node.tail or "").strip())
        or node.tag in ("img", "hr")
        or node.get("role") == "doc-pagebreak"
        for node in element.iter()
    )


def is_blank_text(node: Node) -> bool:
    """Say whether `node` is white space between elements."""
    return isinstance(node, str) and not node.strip()


def move_attributes(source: Element, target: Element, names: Iterable[str]) -> None:
    """Carry the named attributes of `source` over to `target` where it lacks them."""
    for name in names:
        value = source.get(name)
        if value is not None and target.get(name) is None:
            target.set(name, value)
