"""Golden documents: small PDFs' worth of answers in the page contract, one for each thing the stages do.

Each is built by a function without arguments. `GOLDENS` names them all; what must come of each is asserted in
`test_html_goldens.py`, and whoever wants to hold a finished document against a judge can render them.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from batchdeck.domain.documents import OutlineEntry
from batchdeck.domain.outcomes import Outcome
from batchdeck.html.figures import Box, Crop
from batchdeck.html.model import Assembly, DocumentMaterial, PageMaterial, TextLayer
from batchdeck.html.pipeline import assemble

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAIAQAAAADsdIMmAAAAC0lEQVQI12NggAEAABAAARoJt2cAAAAASUVORK5CYII="
)
"""A valid picture of 8 by 8 pixels."""
SHA256 = "c0de" * 16


@dataclass(frozen=True, slots=True)
class Golden:
    """A document before assembly."""

    material: DocumentMaterial
    pages: tuple[PageMaterial, ...]
    crop: Crop | None = None

    def assemble(self) -> Assembly:
        return assemble(self.material, self.pages, crop=self.crop)


def picture(page: int, box: Box) -> bytes:
    """Stand in for the cutting of a figure out of a PDF."""
    return PNG


def answer(number: int, body: str, language: str = "en", **attributes: str) -> str:
    """Return an answer for page `number`; further attributes of the article get their `data-` prefix."""
    marks = "".join(f' data-{name.replace("_", "-")}="{value}"' for name, value in attributes.items())
    return f'<article data-bd="1" data-page="{number}" data-lang="{language}"{marks}>{body}</article>'


def page(
    number: int,
    body: str,
    language: str = "en",
    *,
    label: str = "",
    layer: TextLayer | None = None,
    **attributes: str,
) -> PageMaterial:
    """Return a page with a good answer."""
    text = answer(number, body, language, **attributes)
    return PageMaterial(number, label or str(number), Outcome.OK, text, layer=layer)


def document(*pages: PageMaterial, outline: tuple[OutlineEntry, ...] = ()) -> DocumentMaterial:
    """Return the facts of a document of these pages."""
    return DocumentMaterial("report.pdf", SHA256, len(pages), outline=outline)


def golden(*pages: PageMaterial, crop: Crop | None = None) -> Golden:
    """Return a golden document of these pages."""
    return Golden(document(*pages), pages, crop)


def _head(text: str) -> str:
    return f'<header data-role="running"><p>{text}</p></header>'


def _foot(text: str) -> str:
    return f'<footer data-role="running"><p>{text}</p></footer>'


_HEAD_ROW = (
    '<thead><tr><th scope="col">Station</th><th scope="col">1 m</th><th scope="col">5 m</th></tr></thead>'
)


def _rows(*names: str) -> str:
    return "".join(f'<tr><th scope="row">{name}</th><td>30.1</td><td>31.2</td></tr>' for name in names)


def table_over_three_pages() -> Golden:
    """A table that repeats its header row overleaf, its caption once with "(continued)"."""
    caption = "<caption>Table 4. Mean salinity in g/kg</caption>"
    continued = "<caption>Table 4 (continued)</caption>"
    return golden(
        page(
            1,
            "<h1>Harbour Survey</h1><p>Values follow.</p>"
            f'<table data-continues="next">{caption}{_HEAD_ROW}'
            f"<tbody>{_rows('North quay', 'Lock')}</tbody></table>",
            ends="continues",
        ),
        page(
            2,
            f'<table data-continues="both">{continued}{_HEAD_ROW}'
            f"<tbody>{_rows('Weir', 'Basin')}</tbody></table>",
            starts="continues",
            ends="continues",
        ),
        page(
            3,
            f'<table data-continues="prev">{_HEAD_ROW}<tbody>{_rows("Mole")}</tbody>'
            '<tfoot><tr><th scope="row">Mean</th><td>30.1</td><td>31.2</td></tr></tfoot></table>'
            "<p>Values below 30 are rare.</p>",
            starts="continues",
        ),
    )


def list_over_pages() -> Golden:
    """A numbered list that goes on with its next number, and an item that the edge cuts."""
    return golden(
        page(
            1,
            '<h1>Steps</h1><ol data-continues="next"><li>Open the valve.</li>'
            '<li data-continues="next">Wait until the pressure</li></ol>',
            ends="continues",
        ),
        page(
            2,
            '<ol start="2" data-continues="both"><li data-continues="prev">has settled.</li>'
            "<li>Close it.</li></ol>",
            starts="continues",
            ends="continues",
        ),
        page(
            3,
            '<ol start="4" data-continues="prev"><li>Note the time.</li></ol><p>Done.</p>',
            starts="continues",
        ),
    )


def footnotes() -> Golden:
    """Notes on two pages with the same marks, one that goes on overleaf, and a mark without a note."""
    return golden(
        page(
            1,
            '<h1>Notices</h1><p>Closed in March.<sup data-note="1">1</sup> '
            'Open again.<sup data-note="*">*</sup></p>'
            '<section data-role="footnotes"><p data-note="1">Notice 14 of the harbour master.</p>'
            '<p data-note="*" data-continues="next">Since the first of</p></section>',
        ),
        page(
            2,
            '<p>Closed again.<sup data-note="1">1</sup> Nobody knows.<sup data-note="9">9</sup></p>'
            '<section data-role="footnotes"><p data-continues="prev">April, to be exact.</p>'
            '<p data-note="1">Notice 15.</p></section>',
        ),
    )


def running_heads() -> Golden:
    """Six pages with a running head and a foot that holds the page number, printed two behind the file's."""
    pages = [
        page(
            1, f"{_head('Harbour Survey 2019')}<h1>Harbour Survey 2019</h1><p>Words of page 1.</p>", label="i"
        )
    ]
    pages += [
        page(
            number,
            f"{_head('Port Authority · 2019')}<p>Words of page {number}.</p>"
            f"{_foot(f'Confidential – {number - 2}')}",
            label=str(number - 2),
            printed_page=str(number - 2),
        )
        for number in range(3, 9)
    ]
    return golden(*pages)


def hyphens() -> Golden:
    """Words cut at a line's end and at a page's edge: the vocabulary joins one and keeps another."""
    return golden(
        page(
            1,
            "<h1>Access</h1><p>The port authority is well-known for accessibility. It is well-\nknown, "
            "and its accessi-\nbility is praised, as is the port author-</p>",
            ends="continues",
        ),
        page(2, '<p data-continues="prev">ity itself.</p>', starts="continues"),
    )


def two_languages() -> Golden:
    """An English document with a German page and a French title inside a line."""
    return golden(
        page(
            1,
            '<h1>Methods</h1><p>After <cite lang="fr">Méthodes d’analyse</cite>, three depths '
            "were taken.</p>",
        ),
        page(2, "<p>Der Salzgehalt wurde gemessen.</p>", "german"),
        page(3, "<p>That was the survey, and it was long enough to be English.</p>"),
    )


def maths() -> Golden:
    """Formulas in a line and on one of their own, one not to be converted, one that tries to break in."""
    return golden(
        page(
            1,
            '<h1>Energy</h1><p>With <span data-math="inline">m &lt; \\frac{a}{b}</span>, we have</p>'
            '<p><span data-math="block">E=mc^2</span> (3.1)</p>'
            '<p>but not <span data-math="inline">\\unheardof{x}</span> nor '
            '<span data-math="inline">\\text{&lt;img src=x onerror=alert(1)&gt;}</span>.</p>',
        )
    )


def figures() -> Golden:
    """A chart, a picture without a description, decoration, and a box that is none."""
    return golden(
        page(
            1,
            '<h1>Pictures</h1><figure data-bbox="100 100 900 400" data-kind="chart">'
            '<img alt="Salinity falls."><figcaption>Figure 6. Salinity</figcaption></figure>'
            '<figure data-bbox="0 0 500 500" data-kind="photo"><img alt="">'
            "<figcaption>The lock</figcaption></figure>"
            '<figure data-bbox="0 900 1000 1000" data-kind="decorative"><img alt=""></figure>'
            '<figure data-bbox="5 5 5 5" data-kind="photo"><img alt="A boat."></figure>',
        ),
        crop=picture,
    )


def right_to_left() -> Golden:
    """An Arabic document with a table and a word in Latin letters."""
    return golden(
        page(
            1,
            '<h1>مسح الميناء</h1><p>أُغلق الرصيف في مارس وفق <span lang="en">Harbour Survey</span>.</p>'
            "<table><thead><tr><th>المحطة</th><th>العمق</th></tr></thead><tbody><tr><td>الرصيف</td><td>5</td></tr>"
            "</tbody></table>",
            "ar",
        ),
        page(2, "<p>انتهى.</p>", "ar"),
    )


def chinese() -> Golden:
    """A Chinese document whose paragraph goes on overleaf: no space comes between the characters."""
    return golden(
        page(
            1,
            '<h1>港口調查</h1><p data-continues="next">碼頭在三月關閉，因為水位</p>',
            "zh-Hant",
            ends="continues",
        ),
        page(2, '<p data-continues="prev">太低。</p>', "zh-Hant", starts="continues"),
    )


def form() -> Golden:
    """A form as the contract asks for it, and one whose answer used controls all the same."""
    return golden(
        page(
            1,
            "<h1>Application</h1><p>Name: Ana Sousa</p><p>☑ Resident ☐ Visitor</p><p>Date: ____</p>",
            kind="form",
        ),
        page(
            2,
            '<form><label>Name <input type="text" value="Bob &lt;B&gt;"></label> '
            '<input type="checkbox" checked> Resident <input type="radio"> Visitor'
            '<input type="hidden" value="secret"></form>',
            kind="form",
        ),
    )


def blank_and_failed_pages() -> Golden:
    """A blank page, one from the text layer, one whose answer is cut off, one with nothing at all."""
    layer = TextLayer("The lock was closed.\r\nIt opened in\r\nApril.", trusted=True)
    return Golden(
        DocumentMaterial("scan.pdf", SHA256, 5),
        (
            page(1, "<h1>Scan</h1><p>Readable.</p>"),
            page(2, "", kind="blank"),
            PageMaterial(3, "3", Outcome.REFUSED, None, "the model declined", layer),
            PageMaterial(4, "4", Outcome.OK, '<article data-bd="1" data-page="4"><p>Cut of', layer=layer),
            PageMaterial(5, "iv", Outcome.ERRORED, None, "Could not process PDF"),
        ),
    )


def loose_markup() -> Golden:
    """What models do against the contract: fences, greetings, bullets in lines, bold for b, bare text."""
    body = (
        "Bare words<p>• one<br>• two</p><p>First<br><br>Second</p><p><b>bold</b> and <i>it</i></p>"
        "<li>orphan</li><table><tr><td colspan=2>Title</td></tr><tr><th>a</th><th>b</th></tr>"
        "<tr><td>1</td></tr></table>"
    )
    text = f"Here you are:\n```html\n{answer(1, body)}\n```\nAnything else?"
    return Golden(DocumentMaterial("loose.pdf", SHA256, 1), (PageMaterial(1, "1", Outcome.OK, text),))


def links_lost() -> Golden:
    """Links of the PDF: one kept, one lost but printed, one lost without a trace, one invented."""
    layer = TextLayer(
        "see",
        trusted=False,
        links=("https://example.org/a", "https://www.example.org/data", "https://example.org/lost"),
    )
    body = (
        '<h1>Links</h1><p><a href="https://example.org/a">A</a>, the data at example.org/data, '
        '<a href="https://invented.example/">elsewhere</a>, <a href="#nowhere">nowhere</a> and '
        '<a href="https://example.org/a"></a>.</p>'
    )
    return golden(page(1, body, layer=layer))


def outline() -> Golden:
    """Headings whose levels every page chose for itself, and the bookmarks that know better."""
    entries = (
        OutlineEntry(1, "1 Introduction", 1),
        OutlineEntry(2, "1.1 Scope", 1),
        OutlineEntry(1, "2 Results", 2),
        OutlineEntry(2, "Discussion of results", 2),
        OutlineEntry(1, "untitled bookmark", None),
    )
    pages = (
        page(
            1,
            "<h1>Harbour Survey</h1><h2>1 Introduction</h2><p>Text.</p>"
            "<h5>1.1 Scope</h5><p>Text.</p><h3></h3>",
        ),
        page(
            2,
            "<h1>2 Results</h1><p><strong>Discussion of results</strong></p>"
            "<p>Text.</p><h4>2.1.1 Detail</h4>",
        ),
    )
    return Golden(document(*pages, outline=entries), pages)


def same_ids() -> Golden:
    """Ids that answers should not have given: the same on two pages, and one of ours."""
    body = '<p id="a">One</p><p><a href="#a">up</a></p><p id="page-1">Two</p>'
    return golden(page(1, f"<h1>Ids</h1>{body}"), page(2, body))


GOLDENS: Mapping[str, Callable[[], Golden]] = {
    builder.__name__: builder
    for builder in (
        table_over_three_pages,
        list_over_pages,
        footnotes,
        running_heads,
        hyphens,
        two_languages,
        maths,
        figures,
        right_to_left,
        chinese,
        form,
        blank_and_failed_pages,
        loose_markup,
        links_lost,
        outline,
        same_ids,
    )
}
