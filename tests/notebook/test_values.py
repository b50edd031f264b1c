"""What is shown of values, what they convert to, and what the core says where there is no notebook."""

from __future__ import annotations

import asyncio
import datetime as dt
import subprocess
import sys
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from batchdeck.domain.batches import Job
from batchdeck.domain.documents import Problem, ProblemKind, Scan, UnusableFile
from batchdeck.domain.events import Event, Note, Operation
from batchdeck.domain.framing import Framed
from batchdeck.domain.listing import Listing
from batchdeck.domain.planning import Submitted
from batchdeck.errors import UsageError
from batchdeck.notebook.cards import Columns
from batchdeck.notebook.front_end import terminal_page
from batchdeck.notebook.render import card_html, card_text
from batchdeck.notebook.telling import CellStory, Stopped, tell_of_operation, told_to
from batchdeck.notebook.views import listing_card, scan_card, submitted_card

ROOT = Path(__file__).parents[2]
HOSTILE = "a</td><script>alert(1)</script>\x1b[31m\u202e$x$.pdf"
WHEN = dt.datetime(2026, 1, 2, 3, 4, tzinfo=dt.UTC)


def _job(name: str) -> Job:
    return Job("j1", name, WHEN, "pdf-to-html", "claude-sonnet-5-5", 4_096, (), 3)


def test_what_comes_from_outside_is_text_on_every_page_it_gets_to() -> None:
    scan = Scan((), (UnusableFile(HOSTILE, Problem(ProblemKind.DAMAGED, HOSTILE)),))
    for card in (scan_card(scan), submitted_card(Submitted("j", (), 0, refused=(HOSTILE,)))):
        html = card_html(card)
        assert "<script" not in html
        assert "&lt;script&gt;" in html
        assert "\x1b" not in html + card_text(card)
        assert "\u202e" not in html + card_text(card)


def test_a_table_names_its_columns_its_rows_and_what_it_leaves_out() -> None:
    card = listing_card(Listing([_job("papers")] * 60))
    assert card is not None
    html = card_html(card)
    assert html.count('<th scope="row">papers</th>') == 50
    assert '<th scope="col">Job</th>' in html
    assert "<caption>Jobs, newest first</caption>" in html
    assert "… and 10 more" in html
    assert "… and 10 more" in card_text(card)
    assert listing_card(Listing(["nothing that is known"])) is None
    assert Columns(("A",)).fill("x", [(None,)], 1).rows == (("–",),)


def test_lists_convert(monkeypatch: pytest.MonkeyPatch) -> None:
    jobs = Listing([_job("papers")])
    (record,) = jobs.to_dicts()
    assert record["created_at"] == "2026-01-02T03:04:00Z"
    frame = jobs.to_frame()
    assert frame["created_at"].iloc[0] == WHEN
    assert frame["estimate.known"].tolist() == [False]
    assert Listing([]).to_frame().empty
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(UsageError, match="pandas"):
        jobs.to_frame()


def test_a_document_is_shown_in_a_frame_that_may_do_nothing(tmp_path: Path) -> None:
    file = tmp_path / "a.html"
    file.write_text('<p title="&quot;">"><script>alert(1)</script>')
    html = Framed(file, HOSTILE)._repr_html_()
    assert html.startswith('<iframe sandbox="" srcdoc="&lt;p title=&quot;&amp;quot;&quot;&gt;')
    assert "<script" not in html
    records = tmp_path / "a.jsonl"
    records.write_text('{"a": "<b>"}')
    assert "&lt;pre&gt;{&amp;quot;a&amp;quot;: &amp;quot;&amp;lt;b" in Framed(records, "a")._repr_html_()


class _Outputs:
    def __init__(self) -> None:
        self.shown: list[str] = []

    def __call__(self, html: str) -> _Outputs:
        self.shown.append(html)
        return self

    def update(self, value: object) -> None:
        self.shown.append(value._repr_html_())  # type: ignore[attr-defined]


def test_a_cell_is_repainted_four_times_a_second_and_at_the_end() -> None:
    now, outputs = 0.0, _Outputs()
    story = CellStory(outputs, clock=lambda: now)
    for done in range(1, 101):
        story.move("Preparing pages", done, 100)
        now += 0.01
    story.say("<b>")
    story.end()
    assert len(outputs.shown) <= 6
    assert '<progress value="1" max="100"></progress> Preparing pages: 1 of 100' in outputs.shown[0]
    assert "&lt;b&gt;" in outputs.shown[-1]
    assert "<progress" not in outputs.shown[-1]


async def test_an_awaited_operation_tells_and_a_cancelled_one_says_that_nothing_is_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Operation, "teller", staticmethod(tell_of_operation))
    told: list[Event] = []
    begun, is_closed = asyncio.Event(), False

    async def events() -> AsyncGenerator[Event, None]:
        nonlocal is_closed
        try:
            yield Note("begun")
            begun.set()
            await asyncio.Event().wait()
        finally:
            is_closed = True

    async def wait() -> object:
        with told_to(told.append):
            return await Operation[object](events())

    task = asyncio.create_task(wait())
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert is_closed
    assert told == [Note("begun")]
    begun.clear()
    task = asyncio.create_task(Operation[object](events())._run())
    await begun.wait()
    task.cancel()
    with pytest.raises(Stopped) as stopped:
        await task
    assert stopped.value._render_traceback_() == [
        "Stopped. Nothing is lost: the same call goes on where this one was."
    ]


def test_the_frame_of_the_terminal_fetches_nothing_and_is_well_formed() -> None:
    page = terminal_page()
    assert "default-src 'none'" in page
    assert "<link" not in page
    assert "loadAddon(this.webglAddon)" not in page, "the script has changed: see notebook/front_end.py"
    assert "new WebSocket(this.websocket_url" in page


def test_without_a_notebook_the_core_says_where_one_is_to_be_had(tmp_path: Path) -> None:
    code = f"""
import asyncio, sys
from batchdeck import Deck, errors

async def main():
    async with Deck.open({str(tmp_path)!r}, sandbox=True) as deck:
        print(deck)
        try:
            deck.dashboard()
        except errors.UsageError as error:
            print(error.hint)

asyncio.run(main())
print([name for name in ("IPython", "anywidget", "pandas") if name in sys.modules])
"""
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    shown, hint, loaded = ran.stdout.splitlines()
    assert shown == f"<sandbox deck {tmp_path}: 0 open batches, 0 failed pages>"
    assert "%load_ext batchdeck" in hint
    assert loaded == "[]"
