"""Documents from page answers: every stage, and rendering, against a bare html5lib parse of the same pages.

The parse is what any of it would cost at least, were each answer read once and nothing done with it. Memory
is measured in a process for each way, over a document whose pages are made as they are asked for.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict

import html5lib
from apart import Try, add_inner_options, measure, race_apart, report, show_costs
from made_answers import make_answers
from measure import Contender, Result, Row, by_name, options, race, show, spread, write_json

from batchdeck.html.judge import judge_answer
from batchdeck.html.model import DocumentMaterial, PageMaterial
from batchdeck.html.pipeline import assemble
from batchdeck.html.render import render_to

STAGES = "batchdeck: all stages"
EXPORT = "batchdeck: all stages, rendered and proved"
JUDGE = "batchdeck: verdicts on arrival"
HTML5LIB = "html5lib: parse alone"
WAYS = (STAGES, EXPORT, JUDGE, HTML5LIB)


def parse(pages: Iterable[PageMaterial]) -> float:
    """Read every answer with one parser that is used again, and keep the trees, as the stages must."""
    parser = html5lib.HTMLParser(tree=html5lib.getTreeBuilder("etree"), namespaceHTMLElements=False)
    return float(len([parser.parseFragment(f"<div>{page.answer}</div>") for page in pages]))


def make(pages: Iterable[PageMaterial], *, is_rendered: bool) -> float:
    """Assemble the document and, when asked, render it into files that nobody keeps."""
    assembly = assemble(DocumentMaterial("made.pdf", "0" * 64, 0), pages)
    if is_rendered:
        render_to(assembly, _nowhere)
    return float(len(assembly.pages))


@contextlib.contextmanager
def _nowhere(name: str) -> Iterator[io.BytesIO]:
    yield _Sink()


class _Sink(io.BytesIO):
    def write(self, data: object) -> int:
        return len(data)  # type: ignore[arg-type]


def judge(pages: Iterable[PageMaterial]) -> float:
    verdicts = [judge_answer(page.answer or "", page.number, page.layer).outcome for page in pages]
    return float(len(verdicts))


def do(way: str, pages: Iterable[PageMaterial]) -> float:
    """Do the job one way, and return the number of pages."""
    if way == HTML5LIB:
        return parse(pages)
    if way == JUDGE:
        return judge(pages)
    return make(pages, is_rendered=way == EXPORT)


def try_once(way: str, pages: int) -> Try:
    """Measure one way in this process."""

    async def work() -> None:
        do(way, make_answers(pages))

    return asyncio.run(measure(work))


def rows_of(
    results: list[Result],
    few: Mapping[str, Sequence[Try]],
    more: Mapping[str, Sequence[Try]],
    pages: int,
    times: int,
) -> list[Row]:
    """Return what is held: the stages and the whole export against the parse alone, and memory."""
    found = by_name(results)
    growth = more[EXPORT][0].peak_mb - few[EXPORT][0].peak_mb
    return [
        Row("html", "all stages, × a bare html5lib parse", found[STAGES].speed[HTML5LIB], least=0.4),
        Row("html", "stages, rendering and proof, × the parse", found[EXPORT].speed[HTML5LIB], least=0.4),
        Row("html", "verdict on arrival, × the parse", found[JUDGE].speed[HTML5LIB]),
        Row("html", f"memory growth, {pages:,} to {times * pages:,} pages, MB", spread([growth]), most=5),
    ]


def main() -> None:
    parser = options(__doc__ or "")
    parser.add_argument("--pages", type=int, default=1_000, help="of the document (default: %(default)s)")
    parser.add_argument("--times", type=int, default=10, help="memory also at so many × pages (%(default)s)")
    add_inner_options(parser)
    given = parser.parse_args()
    if given.way:
        report(try_once(given.way, given.pages))
        return
    _, tries = race_apart(__file__, WAYS, 1, ["--pages", str(given.pages)])
    _, more = race_apart(__file__, [EXPORT], 1, ["--pages", str(given.times * given.pages)])
    pages = list(make_answers(given.pages))
    results = race(
        [Contender(way, lambda way=way: do(way, pages)) for way in WAYS], given.rounds, time.process_time
    )
    show(f"Documents of {given.pages:,} pages", results, "pages", [HTML5LIB])
    show_costs(tries)
    costs = {way: [asdict(one) for one in measured] for way, measured in tries.items()}
    held = rows_of(results, tries, more, given.pages, given.times)
    write_json(given.json, "html_stages", {"html": results}, held, pages=given.pages, tries=costs)


if __name__ == "__main__":
    main()
