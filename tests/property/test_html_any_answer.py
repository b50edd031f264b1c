"""Any answer whatever yields a document: an article, a text layer or a placeholder, and no exception."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from batchdeck.domain.outcomes import Outcome
from batchdeck.html.extract import FORBIDDEN
from batchdeck.html.judge import judge_answer
from batchdeck.html.model import DocumentMaterial, PageMaterial, TextLayer
from batchdeck.html.pipeline import assemble
from batchdeck.html.render import render

MATERIAL = DocumentMaterial("report.pdf", "c0de" * 16, 1)

_SCRAPS = st.sampled_from(
    [
        *('<article data-page="1">', "</article>", "<article>", "<!--", "-->", "<![CDATA[", "]]>"),
        *("<", ">", "&", "&#", "&#x110000;", "&#0;", "'", '"', "=", "```", "```html\n"),
        *("<p>", "</p>", "<b>", "<table>", "<tr>", "<td>", "</table>", "<math>", "<mtext>", "<svg>"),
        *("<style>", "<script>", "<textarea>", "<plaintext>", "<template>", "<select>", "<option>"),
        *("<frameset>", "<html>", "<body>", '<a href="', "</span>", '<sup data-note="">'),
        *("\x00", "\ud800", "\ufffe", "\r", "\u2028", '<span data-math="block">', "\\frac{", "{"),
        *('<li value="999999999999">', '<td colspan="99999999999" rowspan="-1">', '<p lang="\u0130">'),
        '<figure data-bbox="1e9 -1 . 7"><img>',
    ]
)
_ANY = st.one_of(st.text(), st.lists(st.one_of(_SCRAPS, st.text(max_size=6)), max_size=40).map("".join))
_LAYERS = st.one_of(
    st.none(),
    st.builds(
        TextLayer, st.text(), st.booleans(), st.lists(st.text(), max_size=3).map(tuple), st.floats(0.0, 1.0)
    ),
)


@given(_ANY, _LAYERS)
@settings(max_examples=300)
@example('<article data-page="1"><plaintext></article>', None)
@example('<article data-page="1"><title></article>', None)
def test_any_text_is_judged(text: str, layer: TextLayer | None) -> None:
    judged = judge_answer(text, 1, layer)
    assert judged.outcome is not Outcome.PENDING
    assert judged.outcome.is_good or judged.detail


@given(_ANY, st.booleans(), _LAYERS, st.text(max_size=20))
@settings(max_examples=300)
def test_any_text_makes_a_page_of_a_document(
    text: str, wrapped: bool, layer: TextLayer | None, label: str
) -> None:
    answer = f'<article data-bd="1" data-page="1">{text}</article>' if wrapped else text
    material = PageMaterial(1, label, Outcome.OK, answer, layer=layer)
    assembly = assemble(MATERIAL, [material])
    assert assembly.pages[0].source in ("answer", "text_layer", "placeholder")
    exported = render(assembly)
    assert list(exported.findings) == []
    assert FORBIDDEN.search(exported.html) is None


@given(st.text(), _LAYERS, st.sampled_from([outcome for outcome in Outcome if not outcome.is_good]))
def test_any_failed_page_makes_a_page_of_a_document(
    cause: str, layer: TextLayer | None, outcome: Outcome
) -> None:
    assembly = assemble(MATERIAL, [PageMaterial(1, "1", outcome, None, cause, layer)])
    assert assembly.pages[0].source in ("text_layer", "placeholder")
    assert assembly.pages[0].outcome is outcome
    assert list(render(assembly).findings) == []
