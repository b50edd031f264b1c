from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from batchdeck.html.parse import parse_fragment_with_errors
from batchdeck.html.strict import read_strictly


@pytest.mark.parametrize(
    "markup",
    [
        '<article data-page="1"><h2>A &amp; b</h2>\n<p>a<em>b</em>c<br>d</p></article>',
        "<article><ul><li>a</li>\n<li><p>b</p><ol start='3'><li>c</li></ol></li></ul></article>",
        "<article><table>\n<tr><td>1</td><th>2</th></tr>\n<tr><td>3</td></tr></table>tail</article>",
        "<article><table><tr><td>1</td></tr><tfoot><tr><td>2</td></tr></tfoot></table></article>",
        "<article><table><caption>c</caption><thead><tr><th>a</th></tr></thead>"
        "<tbody><tr><td><table><tr><td>in</td></tr></table></td></tr></tbody></table></article>",
        "<article><dl><dt>t</dt><dd>d</dd></dl><figure><img alt='x'>"
        "<figcaption>c</figcaption></figure></article>",
        "<article><p>&eacute; &#233; &#x1F600; R & D &lt;&gt;</p><pre>a\n b</pre><hr><hr/></article>",
        "<article><p><math><mfrac><mi>a</mi><mrow><mn>2</mn></mrow></mfrac></math> x</p></article>",
        "\n<article><p data-unclear>x</p></article>\n",
    ],
)
def test_plain_markup_is_read_as_html5lib_reads_it(markup: str) -> None:
    strict = read_strictly(markup)
    full, errors = parse_fragment_with_errors(markup)
    assert strict is not None
    assert errors == []
    assert ET.tostring(strict) == ET.tostring(full[0]).rstrip()


@pytest.mark.parametrize(
    "inner",
    [
        "<p>a<p>b",  # implied end tags
        "<p>a</p></div>",
        "<P>a</P>",
        "<p>a < b</p>",
        "<p>AT&T</p>",
        "<p>&bogus;</p>",
        "<p>&#1;</p>",
        "<p>&#55296;</p>",
        "<p>&#128;</p>",
        "<p>&#x9f;</p>",
        "<pre>&#10;a</pre>",
        '<p lang="de" lang="en">a</p>',
        "<p lang=de>a</p>",
        '<a href="?a=1&b=2">a</a>',
        "<p><div>a</div></p>",
        "<a href='x'>a<em><a href='y'>b</a></em></a>",
        "<table>text<tr><td>a</td></tr></table>",
        "<table><tr>text<td>a</td></tr></table>",
        "<table><p>a</p></table>",
        "<table><tr><td>a</td></tr></tbody></table>",
        "<ul>text<li>a</li></ul>",
        "<b><p>a</p></b>",
        "<!-- c --><p>a</p>",
        "<pre>\na</pre>",
        "<p/>a",
        "<script>x</script>",
        "<li>a</li>",
        "<math><p>a</p></math>",
        "<article>a</article>",
    ],
)
def test_anything_else_is_left_to_html5lib(inner: str) -> None:
    assert read_strictly(f"<article>{inner}</article>") is None


def test_more_than_one_root_or_text_around_it_is_left_to_html5lib() -> None:
    assert read_strictly("<article></article><article></article>") is None
    assert read_strictly("x<article></article>") is None
    assert read_strictly("<article></article>x") is None
    assert read_strictly("<article>") is None
    assert read_strictly("") is None
