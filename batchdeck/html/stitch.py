"""Joining what a page's edge cut: paragraphs, lists, items and quotations that go on overleaf."""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from batchdeck.html.edgewords import first_word, last_word
from batchdeck.html.hyphens import HYPHENS, Vocabulary
from batchdeck.html.lists import first_number, items_of, last_item
from batchdeck.html.model import Assembly, Change, PageTree, Review, opened
from batchdeck.html.pagebreaks import inline_break
from batchdeck.html.stitch_tables import joint_of_tables, move_rows
from batchdeck.html.trees import append_nodes, contents_of, is_blank_text, prepend_nodes, remove_block
from batchdeck.html.words import excerpt, text_of

STAGE = "stitch"

_SENTENCE_END = re.compile(r"[.!?:;…。！？：；؟۔।][\"'”’»)\]』」]*\s*\Z")
_HYPHEN_END = re.compile(rf"[^\W\d_][{HYPHENS}]\Z")
_LETTER = re.compile(r"[\s\"'“‘«„(\[]*([^\W\d_])")
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u3000-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff00-\uffef]")
_LEAST_WORDS = 4
"""A shorter line is a label or a title rather than the beginning of a paragraph that goes on."""


@dataclass(slots=True)
class _Tail:
    """The block that the text so far ends in, and the page whose end it is."""

    block: Element
    page: PageTree
    began: PageTree
    """The page it began on, which holds it and stays open."""
    next_number: int | None = None
    """The number the next item of a joined ordered list would have."""


def stitch_pages(assembly: Assembly, vocabulary: Vocabulary, *, tables: bool = True) -> None:
    """Join blocks over page edges, in place.

    A block that goes on moves to where it began, with a page-break marker where the page began. The
    answers' marks (`data-continues`, `data-starts`, `data-ends`) and the text must agree: two marks, one mark
    that the text does not contradict, or, for paragraphs, text alone that leaves no doubt (and a review).
    Without `tables`, tables stay apart.
    """
    tail: _Tail | None = None
    with contextlib.ExitStack() as held:
        for page in opened(assembly.pages):
            if page.source != "answer":
                tail = None
                continue
            if tail is not None and _language(tail.page) == _language(page):
                _Edge(assembly, tail, page, vocabulary).join(tables=tables)
            blocks = [block for block in page.tree if not _is_aside(block)]
            if blocks:
                tail = _Tail(blocks[-1], page, page)
                held.close()
                held.enter_context(page.open())
            elif tail is not None:
                tail.page = page


def _language(page: PageTree) -> str:
    return page.meta.get("lang", "").partition("-")[0].lower()


def _is_aside(block: Element) -> bool:
    """Say whether a block stands beside the running text: notes, kept furniture, figures, rules."""
    return block.tag in ("section", "figure", "hr") or block.get("data-role") is not None


def _is_marked(block: Element, side: str) -> bool:
    return block.get("data-continues", "").strip().lower() in (side, "both")


class _Edge:
    """One page edge: the block before it, the page after it, and what is known of both."""

    def __init__(self, assembly: Assembly, tail: _Tail, page: PageTree, vocabulary: Vocabulary) -> None:
        self.assembly = assembly
        self.tail = tail
        self.page = page
        self.vocabulary = vocabulary

    def join(self, *, tables: bool) -> None:
        """Join the first block of the page to the block before, if they are one."""
        head = next((block for block in self.page.tree if not _is_aside(block)), None)
        if head is None:
            return
        before = self.tail.block
        marks = self._marks(before, head)
        match before.tag, head.tag:
            case "p", "p":
                if before.get("lang") == head.get("lang") and _goes_on(before, head, marks):
                    self._merge_line(before, head)
                    self._take(head, "paragraph", certain=marks > 0)
            case ("ul", "ul") | ("ol", "ol"):
                self._join_lists(before, head, marks)
            case (("ul" | "ol"), "p"):
                item = last_item(before)
                if item is not None and _is_marked(head, "prev"):
                    self._merge_item(item, head)
                    self._take(head, "list item")
            case "table", "table":
                if tables:
                    self._join_tables(before, head, marks)
            case ("blockquote", "blockquote") | ("pre", "pre"):
                if marks == 2:
                    self._join_alike(before, head)

    def _marks(self, before: Element, head: Element) -> int:
        """Return how many sides of the edge say that the text goes on: 0, 1 or 2."""
        out = _is_marked(before, "next") or self.tail.page.meta.get("ends", "") == "continues"
        into = _is_marked(head, "prev") or self.page.meta.get("starts", "") == "continues"
        return out + into

    def _merge_line(self, before: Element, head: Element) -> None:
        """Append the content of `head`, with the page break between, closing a word that the edge cut."""
        marker = inline_break(self.page)
        last, first = last_word(before), first_word(head)
        if last is not None and first is not None:
            whole = self._closed(last.word, first.word)
            if whole:
                last.replace_last(whole)
                first.replace_first("")
                rule = "word over the page's edge"
                self._record(rule, f"{last.word} {first.word}", whole, (last.word, first.word), (whole,))
                append_nodes(before, [marker, *contents_of(head)])
                return
        append_nodes(before, [" ", marker, *contents_of(head)])

    def _closed(self, last: str, first: str) -> str:
        """Return the one word that two words at the edge are, or nothing where they are two."""
        if _HYPHEN_END.search(last) and first[:1].isalpha():
            return self.vocabulary.join_tokens(last, first)
        if _UNSPACED.match(last[-1]) and _UNSPACED.match(first[0]):
            return last + first
        return ""

    def _merge_item(self, item: Element, head: Element) -> None:
        """Append `head`, a paragraph or an item, to an item: line to line where both are lines."""
        item.attrib.pop("data-continues", None)
        if _is_marked(head, "next"):
            item.set("data-continues", "next")
        holder = item[-1] if len(item) and item[-1].tag == "p" and not (item[-1].tail or "").strip() else item
        blocks = any(child.tag in ("p", "ul", "ol", "dl", "table", "figure") for child in holder)
        if not blocks and not any(child.tag == "p" for child in head):
            self._merge_line(holder, head)
        else:
            append_nodes(item, [" ", inline_break(self.page), *contents_of(head)])

    def _join_lists(self, before: Element, head: Element, marks: int) -> None:
        last, more = last_item(before), items_of(head)
        if last is None or not more or before.get("type") != head.get("type"):
            return
        cut_item = _is_marked(more[0], "prev") or _is_marked(last, "next")
        expected = self._next_number(before) if before.tag == "ol" else None
        begins = first_number(head) if head.get("start") is not None else None
        if cut_item and begins is not None and expected is not None:
            begins = begins + 1 if begins == expected - 1 else begins
        numbered = expected is not None and begins is not None
        if numbered and begins != expected:
            return
        if not marks and not cut_item and not (numbered and expected != 1):
            return
        if cut_item and (marks or _is_marked(more[0], "prev")):
            self._merge_item(last, more[0])
            more = more[1:]
        else:
            target = more[0][0] if len(more[0]) and more[0][0].tag == "p" else more[0]
            prepend_nodes(target, [inline_break(self.page)])
        append_nodes(before, [node for item in more for node in (item, "\n")])
        if expected is not None:
            self.tail.next_number = expected + len(more)
        self._take(head, "list", certain=marks > 0 or numbered)

    def _next_number(self, ordered: Element) -> int:
        if self.tail.next_number is None:
            number = first_number(ordered)
            for item in items_of(ordered):
                value = item.get("value")
                number = (int(value) if value is not None else number) + 1
            self.tail.next_number = number
        return self.tail.next_number

    def _join_tables(self, before: Element, head: Element, marks: int) -> None:
        joint = joint_of_tables(before, head, marks)
        if joint is None:
            return
        says = excerpt(text_of(joint.rows[0]) if joint.rows else "", 80)
        for dropped in joint.dropped:
            words = tuple(text_of(dropped).split())
            self._record("repeated table header", excerpt(" ".join(words)), "", words, ())
        move_rows(before, joint, inline_break(self.page))
        self._take(head, "table", certain=False, says=says)

    def _join_alike(self, before: Element, head: Element) -> None:
        marker = inline_break(self.page)
        if before.tag == "pre":
            append_nodes(before, ["\n", marker, *contents_of(head)])
        else:
            last = next((node for node in reversed(contents_of(before)) if not is_blank_text(node)), "")
            nodes = [node for node in contents_of(head) if not is_blank_text(node)]
            first = nodes[0] if nodes else ""
            if isinstance(last, str) or isinstance(first, str) or (last.tag, first.tag) != ("p", "p"):
                append_nodes(before, [" ", marker, *nodes])
            else:
                self._merge_line(last, first)
                append_nodes(before, nodes[1:])
        self._take(head, before.tag)

    def _take(self, head: Element, kind: str, *, certain: bool = True, says: str = "") -> None:
        """Note that `head` has moved, and let the block before say what `head` said of its end."""
        remove_block(self.page.tree, head)
        if _is_marked(head, "next"):
            self.tail.block.set("data-continues", "next")
        else:
            self.tail.block.attrib.pop("data-continues", None)
        began, number = self.tail.began.number, self.page.number
        self._record(f"{kind} joined", f"pages {began} and {number}", "", (), ())
        if not certain:
            message = f"A {kind} of page {began} goes on with the beginning of page {number}."
            self.assembly.reviews.append(Review(number, "join", message, says))

    def _record(
        self, rule: str, before: str, after: str, removed: tuple[str, ...], added: tuple[str, ...]
    ) -> None:
        self.assembly.changes.append(Change(STAGE, self.page.number, rule, before, after, removed, added))


def _goes_on(before: Element, head: Element, marks: int) -> bool:
    """Say whether two paragraphs are one: by two marks, by one that the text bears out, or by the text."""
    if marks == 2:
        return True
    last, first = last_word(before), first_word(head)
    if last is None or first is None:
        return marks > 0
    is_open = not _SENTENCE_END.search(last.word)
    letter = _LETTER.match(first.word)
    is_small = letter is not None and letter[1].islower()
    if marks == 1:
        return is_open or is_small
    return is_open and is_small and _has_words(before, _LEAST_WORDS)


def _has_words(element: Element, least: int) -> bool:
    """Say whether an element has so many words, without reading a long one to its end."""
    count = 0
    for text in element.itertext():
        count += len(text.split())
        if count >= least:
            return True
    return False
