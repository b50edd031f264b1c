"""Writing trees: what is written reads back as the same tree, whatever the tree holds."""

from __future__ import annotations

from xml.etree.ElementTree import Comment, Element, SubElement

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchdeck.domain.outcomes import Outcome
from batchdeck.html.model import PageTree
from batchdeck.html.parse import parse_page
from batchdeck.html.serialise import lines_of, serialise, serialise_children
from batchdeck.html.verify import PageProver

# What HTML can hold: no controls, surrogates or noncharacters; a line feed first in `pre` is its own test.
TEXT = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Cn", "Co"], include_characters="\n\t<>&\"'"),
    max_size=12,
)
INLINE = ["em", "strong", "code", "span", "sup", "kbd", "br", "img", "wbr"]
BLOCKS = ["p", "div", "blockquote", "ul", "table", "h2", "math"]


@st.composite
def inline_elements(draw: st.DrawFn) -> Element:
    element = Element(draw(st.sampled_from(INLINE)))
    for name in draw(st.sets(st.sampled_from(["title", "lang", "id", "alt"]), max_size=2)):
        element.set(name, draw(TEXT))
    if element.tag not in ("br", "img", "wbr"):
        element.text = draw(TEXT)
    element.tail = draw(TEXT)
    return element


@st.composite
def articles(draw: st.DrawFn) -> Element:
    article = Element("article")
    for tag in draw(st.lists(st.sampled_from(BLOCKS), max_size=5)):
        block = SubElement(article, tag)
        holder = block
        if tag == "ul":
            holder = SubElement(block, "li")
        elif tag == "table":
            holder = SubElement(SubElement(SubElement(block, "tbody"), "tr"), "td")
        elif tag == "math":
            SubElement(SubElement(block, "mrow"), "mi").text = draw(TEXT)
            continue
        holder.text = draw(TEXT)
        holder.extend(draw(st.lists(inline_elements(), max_size=3)))
        block.tail = draw(TEXT)
    return article


def _page(tree: Element) -> PageTree:
    return PageTree(1, "1", Outcome.OK, tree)


@given(articles())
def test_what_is_written_reads_back_as_the_same_tree(article: Element) -> None:
    assert PageProver().prove(_page(article), serialise_children(article)) == []


def test_attributes_cannot_end_early() -> None:
    element = Element("p", {"title": "\"><script>alert('1')</script>&amp;\n\t"})
    assert serialise(element) == (
        "<p title=\"&quot;&gt;&lt;script&gt;alert('1')&lt;/script&gt;&amp;amp;&#10;&#9;\"></p>"
    )


def test_void_elements_have_no_end_tag_and_comments_are_left_out() -> None:
    paragraph = Element("p")
    paragraph.text = "a"
    SubElement(paragraph, "br").tail = "b"
    comment = Comment("secret")
    comment.tail = "c"
    paragraph.append(comment)
    assert serialise(paragraph) == "<p>a<br>bc</p>"


def test_a_line_feed_that_pre_would_swallow_is_written_twice() -> None:
    pre = Element("pre")
    pre.text = "\n\nx"
    read = parse_page(f"<article>{serialise(pre)}</article>")
    assert read[0].text == "\n\nx"


def test_no_depth_is_too_deep() -> None:
    root = deepest = Element("div")
    for _ in range(50_000):
        deepest = SubElement(deepest, "div")
    assert serialise(root).count("</div>") == 50_001


@pytest.mark.parametrize(
    ("markup", "lines"),
    [
        ("<h1>A\nb</h1><p>c<br>d</p>", "A b\nc\nd"),
        ("<table><tr><td>1</td><td>2</td></tr><tr><td>3</td></tr></table>", "1\t2\n3"),
        ("<figure><img alt='A dot'><figcaption>F</figcaption></figure>", "A dot\nF"),
        ("<ul><li>x<ul><li>y</li></ul></li></ul>", "x\ny"),
        ("<pre>a\n b</pre>", "a\nb"),
    ],
)
def test_text_has_a_line_for_each_block(markup: str, lines: str) -> None:
    assert lines_of(parse_page(f"<article>{markup}</article>")) == lines
