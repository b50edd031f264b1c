"""People are told, by a real mail server and a real webhook, once, and never at the cost of tracking."""

from __future__ import annotations

import datetime as dt
import json
import socket
from collections.abc import AsyncGenerator, Callable
from dataclasses import replace
from pathlib import Path

from batchdeck.config import Settings
from batchdeck.config_sections import Notify
from batchdeck.deck import Deck
from batchdeck.domain.events import (
    AccountHeldEvent,
    Event,
    Finished,
    InboxProblem,
    Note,
    Polled,
    StandingOrderHeld,
)
from batchdeck.domain.secret import Secret
from batchdeck.operations.letters import Office
from batchdeck.operations.tell import Teller, telling

from ..receivers import hook, mailbox
from .conftest import Operator
from .pdfs import write_pdf

MakeOperator = Callable[..., Operator]
HOST = socket.gethostname()


def test_a_job_is_told_by_mail_and_webhook_and_nothing_secret_is_shown(
    operator: MakeOperator, tmp_path: Path
) -> None:
    who = operator()
    write_pdf(tmp_path / "r & d" / "one.pdf", 3, seed=1)
    with mailbox() as box, hook() as web:
        addresses = tmp_path / "addresses"
        addresses.write_text(f"{web.url}\n{box.url}\n")
        addresses.chmod(0o600)
        who.environ = {
            "BATCHDECK_NOTIFY_URLS_FILE": str(addresses),
            "BATCHDECK_NOTIFY_ON": "batch_ended job_complete",
        }
        job = who.json("submit", tmp_path / "r & d", "--yes", "--name", "r & d")["job"]
        shown = who.run("watch", "--until-ended")
        assert web.titles == ["r & d: all pages are back, 3 pages ok"]
        assert web.paths == ["/hook/T0PS3CRET"]
        (mail,) = box.texts
        assert mail.startswith("r & d: all pages are back, 3 pages ok\n")
        assert f"On {HOST}: batchdeck --deck {who.deck} export {job}" in " ".join(mail.split())

        # A service that is gone is said to be.
        box_url, web_url = box.url, web.url
    tested = who.run("notify", "test", "--json")
    assert tested.code == 5
    assert [sent["ok"] for sent in tested.json["sent"]] == [False, False]
    said = "".join(ran.out + ran.err for ran in (shown, tested))
    kept = "".join(path.read_text() for path in (who.deck / "told.json", who.deck / "audit.jsonl"))
    for secret in ("T0PS3CRET", "ops@example.org", web_url, box_url):
        assert secret not in said + kept


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self, text: str) -> None:
        self.time = dt.datetime.fromisoformat(text)

    def __call__(self) -> dt.datetime:
        return self.time


async def take(teller: Teller, *events: Event) -> list[str]:
    """Let a teller take events as tracking brings them, and return what it says itself."""
    for event in events:
        await teller.take(event)
    await teller.finish()
    said = [note.text for note in teller.notes() if isinstance(note, Note)]
    await teller.close()
    return said


async def test_in_quiet_hours_only_what_is_urgent_comes_and_afterwards_all_else_as_one(
    tmp_path: Path,
) -> None:
    clock = Clock("2026-11-21T22:30+00:00")
    with hook() as web:
        settings = replace(
            Settings(),
            notify=replace(
                Notify(), urls=(Secret(web.url),), quiet_hours="23:00-07:00", time_zone="Europe/Berlin"
            ),
        )
        async with Deck.open(
            tmp_path / "deck", base_url="http://127.0.0.1:9", settings=settings, now=clock
        ) as deck:
            context = deck._context
            said = await take(
                Teller(context, Office(context)),
                StandingOrderHeld("auto-retry", "j1", "too dear"),
                InboxProblem(Path("/in"), "a.pdf", "encrypted", None),
                AccountHeldEvent("no credit"),
                AccountHeldEvent("no credit"),
                Polled(1, None),
            )
            assert web.titles == ["The account needs you: batch work has stopped"]
            assert [text.partition(".")[0] for text in said] == ["Messages not sent yet: 2"]
            assert "from 2026-11-22 06:00 UTC on" in said[0]
            # Somebody else goes on in the morning: nothing is lost or told twice.
            clock.time = dt.datetime.fromisoformat("2026-11-22T06:00+00:00")
            again = (
                StandingOrderHeld("auto-retry", "j1", "too dear"),
                AccountHeldEvent("no credit"),
                Polled(1, None),
            )
            assert await take(Teller(context, Office(context)), *again) == []
            (digest,) = web.messages[1:]
            assert digest["title"] == f"BatchDeck on {HOST}: 2 messages"
            assert "2026-11-21 23:30 CET · j1: auto-retry leaves something to you" in digest["message"]
            assert "/in/a.pdf on" in digest["message"]
            # Once a round went well the hold is over, and a new one is told anew.
            await take(Teller(context, Office(context)), Polled(1, None), AccountHeldEvent("no credit"))
            assert len(web.messages) == 3


async def test_a_service_that_fails_is_tried_again_and_then_noted_while_the_others_get_theirs(
    tmp_path: Path,
) -> None:
    with hook() as good, hook() as bad:
        settings = replace(
            Settings(),
            notify=replace(Notify(), urls=(Secret(bad.url), Secret(good.url)), templates=str(tmp_path)),
        )
        (tmp_path / "account_held.txt.jinja").write_text("{{ nothing_known }}")
        async with Deck.open(tmp_path / "deck", base_url="http://127.0.0.1:9", settings=settings) as deck:
            context = deck._context
            office = Office(context, pauses=(0.0, 0.0))
            bad.answers = [500, 503]
            await take(Teller(context, office), AccountHeldEvent("no credit"))
            assert [len(bad.messages), len(good.messages), len(bad.paths)] == [1, 1, 3]
            # A template that cannot be used keeps nobody from being told.
            assert "no credit" in good.messages[0]["message"]
            assert "A template was not used" in good.messages[0]["message"]

            bad.answers = [500] * 9
            await take(Teller(context, office), InboxProblem(Path("/in"), "b.pdf", "broken", None))
            assert [len(bad.messages), len(good.messages), len(bad.paths)] == [1, 2, 6]
            entry = deck.log()[-1]
            assert (entry.action, entry.facts["what"]) == ("not told", "inbox_problem")
            assert f"json://127.0.0.1:{bad.port}: " in entry.facts["reason"]
            assert "T0PS3CRET" not in json.dumps(entry.facts)
            assert json.loads((deck.path / "told.json").read_text())["letters"] == []
            found = deck.notifying()
            assert (found.addresses, found.waiting) == (
                tuple(f"json://127.0.0.1:{one.port}" for one in (bad, good)),
                0,
            )
            assert "T0PS3CRET" not in repr(found)


async def test_settings_that_cannot_be_used_are_said_once_and_disturb_nothing(tmp_path: Path) -> None:
    addresses = tmp_path / "addresses"
    addresses.write_text("json://127.0.0.1/x\n")
    addresses.chmod(0o644)
    settings = replace(Settings(), notify=replace(Notify(), urls_file=str(addresses)))
    rounds: tuple[Event, ...] = (Polled(1, None), AccountHeldEvent("no credit"), Finished(None))

    async def tracking() -> AsyncGenerator[Event, None]:
        for event in rounds:
            yield event

    async with Deck.open(tmp_path / "deck", base_url="http://127.0.0.1:9", settings=settings) as deck:
        note, *passed = [event async for event in telling(deck._context, tracking())]
        assert isinstance(note, Note)
        assert (note.level, "chmod 600" in note.text) == ("error", True)
        assert tuple(passed) == rounds
        assert any("chmod 600" in problem for problem in deck.notifying().problems)


async def test_what_comes_from_outside_stays_text_also_where_a_service_shows_html(tmp_path: Path) -> None:
    with mailbox() as box:
        settings = replace(Settings(), notify=replace(Notify(), urls=(Secret(f"{box.url}&format=html"),)))
        async with Deck.open(tmp_path / "deck", base_url="http://127.0.0.1:9", settings=settings) as deck:
            teller = Teller(deck._context, Office(deck._context))
            await take(teller, AccountHeldEvent("<script>alert(1)</script>\r\nBcc: eve@example.org"))
        (mail,) = box.mails
        html = mail.get_body(("html",))
        assert html is not None
        assert "&lt;script&gt;" in html.get_content()
        assert "<script" not in html.get_content()
        assert mail["Bcc"] is None
