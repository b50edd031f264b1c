"""The content model: blocks out of lines of text, list items in lists, captions in figures.

What a parser accepts is not yet valid HTML. Every repair keeps all words in their order; where it parts two
blocks that become one line, it puts a space between them.
"""

from __future__ import annotations

from collections.abc import Iterable
from xml.etree.ElementTree import Element

from batchdeck.html.markup import AS_DIV, CHILDREN, HEADINGS, MATH, PHRASING, WITHOUT_TEXT, names
from batchdeck.html.model import Change
from batchdeck.html.plain import LINE, NO_HEADING, has_bare_line, is_plain, is_settled
from batchdeck.html.trees import (
    Node,
    append_nodes,
    bottom_up,
    contents_of,
    is_blank_text,
    is_empty,
    move_attributes,
    new_element,
    set_contents,
)

STAGE = "nesting"

_LINE_PARENTS = HEADINGS | {"p", "pre"}
_NEVER_INSIDE = names("address header footer section")
"""What may not stand in the elements that may hold no heading either."""
_TABLE_INNARDS = names("thead tbody tfoot tr td th caption")
_GROUP = "data-group"
"""Marks, while a page is settled, the lists that orphans were gathered in."""


def settle_nesting(tree: Element, page: int) -> list[Change]:
    """Give a page's tree valid nesting, in place, and return the changes (none of them touches a word).

    Afterwards the article holds blocks only: text and phrasing that stood bare in it are paragraphs.
    """
    if is_plain(tree):
        return []
    rules: set[str] = set()
    for element in list(tree.iter()):
        if element.tag not in CHILDREN:
            _rename(element, rules)
        elif element.tag in ("section", "header", "footer"):
            _rename_unless_marked(element, rules)
        elif element.tag in NO_HEADING:
            _demote_headings(element, rules)
    if tree.find(".//rt") is not None or tree.find(".//rp") is not None:
        _settle_ruby(tree, rules)
    for inner in tree.findall(".//a//a"):
        rules.add("link in a link")
        inner.tag = "span"
        inner.attrib.pop("href", None)
    holders: set[Element] = set()  # phrasing with a block somewhere inside: the block around takes it apart
    for element in bottom_up(tree):
        if element.tag in PHRASING:
            if any(child.tag not in LINE or child in holders for child in element):
                holders.add(element)
        elif not is_settled(element) or any(child in holders for child in element):
            set_contents(element, _settled(element, rules))
    if has_bare_line(tree):
        set_contents(tree, _blocks_of(contents_of(tree), rules))
    return [Change(STAGE, page, rule) for rule in sorted(rules)]


def _rename(element: Element, rules: set[str]) -> None:
    if element.tag in AS_DIV:
        rules.add(f"<{element.tag}> is a plain block")
        if element.tag == "aside":
            element.set("role", "note")  # says what an aside says, without being a landmark
        element.tag = "div"
    elif element.tag == "ruby" and element.find("rt") is None:
        element.tag = "span"


def _rename_unless_marked(element: Element, rules: set[str]) -> None:
    marked = "footnotes" if element.tag == "section" else "running"
    if element.get("data-role") != marked:
        rules.add(f"<{element.tag}> is a plain block")
        element.tag = "div"


def _demote_headings(element: Element, rules: set[str]) -> None:
    for inner in list(element.iter()):
        if inner is not element and inner.tag in HEADINGS:
            inner.tag = "p"
            set_contents(inner, [new_element("strong", *contents_of(inner))])
            rules.add(f"heading in <{element.tag}>")
        elif inner is not element and inner.tag in _NEVER_INSIDE:
            inner.tag = "div"


def _settled(element: Element, rules: set[str]) -> list[Node]:
    """Return the content that `element` should have, its children being settled already."""
    nodes = contents_of(element)
    tag = element.tag
    if tag in MATH:
        return nodes
    nodes = _lifted(nodes, rules)
    if tag in _LINE_PARENTS or (tag == "caption" and element.find(".//table") is not None):
        return _line(nodes, rules, tag)
    if tag in ("ul", "ol"):
        return _list(nodes, rules)
    if tag == "dl":
        return _definitions(nodes, rules)
    if tag == "figure":
        return _figure(nodes, rules)
    if tag in WITHOUT_TEXT:
        return _rows(nodes, tag, rules)
    return _flow(nodes, rules, in_figure=False)


def _settle_ruby(tree: Element, rules: set[str]) -> None:
    """Make readings plain text in line wherever they do not stand directly in a ruby, or in one too many."""
    stack = [(tree, False)]
    while stack:
        element, in_ruby = stack.pop()
        if element.tag == "ruby" and in_ruby:
            element.tag = "span"
        is_ruby = element.tag == "ruby"
        for child in element:
            if child.tag in ("rt", "rp") and not is_ruby:
                rules.add(f"<{child.tag}> outside a ruby")
                child.tag = "span"
            stack.append((child, in_ruby or is_ruby))


def _lifted(nodes: Iterable[Node], rules: set[str]) -> list[Node]:
    """Take apart phrasing that holds blocks: the blocks stay, what was around them keeps its element."""
    out: list[Node] = []
    for node in nodes:
        if isinstance(node, str) or node.tag not in PHRASING or not _holds_block(node):
            out.append(node)
            continue
        rules.add(f"block in <{node.tag}>")
        out += _taken_apart(node)
    return out


def _holds_block(element: Element) -> bool:
    return any(child.tag not in LINE for child in element.iter() if child is not element)


def _taken_apart(element: Element) -> list[Node]:
    """Return the content of a phrasing element with the element around each stretch of line, and around
    the content of each block that takes a line, so that emphasis, language and links reach all they did."""
    out: list[Node] = []
    line: list[Node] = []

    def flush() -> None:
        if line:
            if all(is_blank_text(node) for node in line):
                out.extend(line)
            else:
                out.append(_like(element, line))
            line.clear()

    for node in contents_of(element):
        if isinstance(node, str) or (node.tag in LINE and not _holds_block(node)):
            line.append(node)
        elif node.tag in PHRASING:
            flush()
            for piece in _taken_apart(node):
                inner_line = isinstance(piece, str) or piece.tag in PHRASING
                out.append(_like(element, [piece]) if inner_line and not is_blank_text(piece) else piece)
        else:
            flush()
            if node.tag in _LINE_PARENTS and node.tag != "pre":
                set_contents(node, [_like(element, contents_of(node))])
            else:
                move_attributes(element, node, ["lang", "dir"])
            out.append(node)
    flush()
    return out


def _like(element: Element, nodes: Iterable[Node]) -> Element:
    copy = new_element(element.tag, *nodes)
    copy.attrib.update((name, value) for name, value in element.attrib.items() if name != "id")
    return copy


def _line(nodes: Iterable[Node], rules: set[str], tag: str) -> list[Node]:
    """Return nodes as a line of text: blocks give up their element, a space on either side."""
    out: list[Node] = []
    for node in nodes:
        if isinstance(node, str) or node.tag in LINE:
            out.append(node)
        elif node.tag == "hr":
            out.append(" ")
        else:
            rules.add(f"block in <{tag}>")
            out += [" ", *_line(contents_of(node), rules, tag), " "]
    return out


def _list(nodes: Iterable[Node], rules: set[str]) -> list[Node]:
    out: list[Node] = []
    last: Element | None = None
    for group in _runs(nodes):
        node = group[0]
        if not isinstance(node, str) and node.tag == "li":
            last = node
            out.append(node)
        elif last is not None and not isinstance(node, str) and node.tag in ("ul", "ol"):
            rules.add("list directly in list")
            append_nodes(last, [node])
        elif is_blank_text(node):
            out += group
        else:
            rules.add("list content outside an item")
            last = _wrapped("li", group, rules)
            out.append(last)
    return out


def _runs(nodes: Iterable[Node]) -> list[list[Node]]:
    """Return nodes in groups: each stretch of line together, without white space before it; each block, and
    each white space between blocks, alone."""
    runs: list[list[Node]] = []
    in_line = False
    for node in nodes:
        is_line = isinstance(node, str) or node.tag in LINE
        if is_line and in_line:
            runs[-1].append(node)
        else:
            runs.append([node])
            in_line = is_line and not is_blank_text(node)
    return runs


def _wrapped(tag: str, nodes: Iterable[Node], rules: set[str]) -> Element:
    """Return strays in an element of their own, as what may stand in it."""
    return new_element(tag, *_flow(nodes, rules, in_figure=False))


def _definitions(nodes: Iterable[Node], rules: set[str]) -> list[Node]:
    """Return terms, each with a description: a description without a term, or a term without a description,
    gets an empty one."""
    out: list[Node] = []
    last = ""
    for group in _runs(nodes):
        node = group[0]
        if is_blank_text(node):
            out += group
            continue
        if isinstance(node, str) or node.tag not in ("dt", "dd"):
            rules.add("content outside term and description")
            node = _wrapped("dd", group, rules)
        if node.tag == "dd" and not last:
            rules.add("description without a term")
            out.append(Element("dt"))
        last = node.tag
        out.append(node)
    if last == "dt":
        rules.add("term without a description")
        out.append(Element("dd"))
    return out


def _rows(nodes: Iterable[Node], tag: str, rules: set[str]) -> list[Node]:
    """Return the content of a table, a part of it or a row, with strays in a cell of their own."""
    out: list[Node] = []
    for group in _runs(nodes):
        node = group[0]
        if is_blank_text(node) or (not isinstance(node, str) and node.tag in CHILDREN[tag]):
            out += group
            continue
        rules.add(f"content directly in <{tag}>")
        cell = _wrapped("td", group, rules)
        row = cell if tag == "tr" else new_element("tr", cell)
        out.append(new_element("tbody", row) if tag == "table" else row)
    return out


def _figure(nodes: Iterable[Node], rules: set[str]) -> list[Node]:
    """Return a figure's content with one caption, first or last."""
    rest: list[Node] = []
    captions: list[Element] = []
    at_first = False
    for node in _flow(nodes, rules, in_figure=True):
        if not isinstance(node, str) and node.tag == "figcaption":
            at_first = at_first or all(is_blank_text(other) for other in rest)
            captions.append(node)
            rest.append(" ")  # where it stood, the words on either side stay apart
        else:
            rest.append(node)
    if not captions:
        return rest
    rules.add("place of the caption")
    for extra in captions[1:]:
        append_nodes(captions[0], [" ", *contents_of(extra)])
    return [captions[0], *rest] if at_first else [*rest, captions[0]]


def _flow(nodes: Iterable[Node], rules: set[str], *, in_figure: bool) -> list[Node]:
    """Return flow content: items and terms in a list of their own, parts of other things plain blocks."""
    out: list[Node] = []
    for node in nodes:
        if isinstance(node, str) or node.tag in LINE:
            out.append(node)
        elif node.tag in ("li", "dt", "dd"):
            wrapper = "ul" if node.tag == "li" else "dl"
            group = _open_group(out, wrapper)
            rules.add(f"<{node.tag}> outside a list")
            append_nodes(group, [node])
        elif node.tag in _TABLE_INNARDS or (node.tag == "figcaption" and not in_figure):
            rules.add(f"<{node.tag}> outside its parent")
            node.tag = "div"
            out.append(node)
        else:
            out.append(node)
    for node in out:
        if not isinstance(node, str) and node.get(_GROUP) is not None:
            del node.attrib[_GROUP]
            if node.tag == "dl":
                set_contents(node, _definitions(contents_of(node), rules))
    return out


def _open_group(out: list[Node], wrapper: str) -> Element:
    at = len(out) - 1
    while at >= 0 and is_blank_text(out[at]):
        at -= 1
    last = out[at] if at >= 0 else ""
    if not isinstance(last, str) and last.tag == wrapper and last.get(_GROUP) is not None:
        return last
    group = Element(wrapper, {_GROUP: ""})
    out.append(group)
    return group


def _blocks_of(nodes: Iterable[Node], rules: set[str]) -> list[Node]:
    """Put bare text and phrasing between blocks into paragraphs; drop paragraphs that show nothing."""
    out: list[Node] = []
    line: list[Node] = []

    def flush() -> None:
        if any(not is_blank_text(node) for node in line):
            rules.add("bare text is a paragraph")
            out.append(new_element("p", *line))
        else:
            out.extend(line)
        line.clear()

    for node in nodes:
        if isinstance(node, str) or node.tag in LINE:
            line.append(node)
        else:
            flush()
            if node.tag == "p" and is_empty(node):
                rules.add("empty paragraph")
            else:
                out.append(node)
    flush()
    return out
