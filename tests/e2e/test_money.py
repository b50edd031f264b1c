"""Money over a real sandbox: estimated by a count, paid, accounted for, from the shell and from Python."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from batchdeck.config import Settings
from batchdeck.config_sections import Polling
from batchdeck.deck import Deck
from batchdeck.domain.outcomes import Outcome
from batchdeck.domain.planning import RetryChoice
from batchdeck.domain.spending import CostsBy
from batchdeck.operations import count
from batchdeck.sandbox.samples import write_samples
from tests.e2e.conftest import Operator

DOCUMENT = Path(__file__).parents[2] / "docs" / "money.md"
ONE_REFUSED_COUNT = '[[calls]]\nendpoint = "count_tokens"\naction = "too_large_html"\noccurrences = 19\n'
TRUNCATED = '[[rows]]\noutcome = "truncated"\npages = 2\nattempts = 1\n'


def papers(folder: Path) -> Path:
    """Return a folder with two documents of two pages each."""
    write_samples(folder, "accounts", "annual-report")
    return folder


def documented(heading: str) -> list[list[str]]:
    """Return the arguments of the commands that docs/money.md shows first under a heading."""
    found = re.search(rf"^## {heading}.*?```\n(.*?)```", DOCUMENT.read_text(), re.DOTALL | re.MULTILINE)
    assert found is not None
    return [shlex.split(line)[1:] for line in found[1].splitlines()]


async def test_from_a_counted_estimate_to_what_was_paid(
    tmp_path: Path, operator: Callable[..., Operator]
) -> None:
    ana = operator(TRUNCATED + ONE_REFUSED_COUNT, batch_seconds=0)
    ana.environ["BATCHDECK_MONEY_COUNT_PAGES"] = "3"
    papers(tmp_path / "papers")
    for command, _, *options in documented("Before"):
        ran = ana.run(command, tmp_path / "papers", *options)
        assert ran.code == 0
        assert "Counted 3 pages in 4 free calls: " in ran.err
    pending = ana.json("costs")
    often = Settings(polling=Polling(floor_seconds=0.2, ceiling_seconds=0.5))
    async with Deck.open(ana.deck, base_url=ana.base_url, api_key=ana.api_key, settings=often) as deck:
        (job,) = deck.jobs()
        scan = await deck.scan([tmp_path / "papers"])
        assert job.estimate != deck.plan(scan, again=True).estimate
        assert pending["rows"][0]["cost"] is None
        assert pending["total"]["pending"] == pytest.approx(job.estimate.usd)
        await deck.track(until_ended=True)
        await deck.retry(await deck.plan_retry(job.id, RetryChoice(model="claude-haiku-5-5")))
        await deck.track(until_ended=True)
        assert deck.job(job.id).outcomes == {Outcome.OK: 4}

        usage = {
            batch.submission.model: batch.usage
            for batch in map(deck.batch, batch_ids(deck))
            if batch.submission
        }
        counted = await deck.count_estimate(deck.plan(scan, again=True))
        assert (counted.pages, counted.calls, counted.answers) == (4, 5, 4)  # all there are, and the prompt
        assert counted.input is not None
        assert counted.output is not None
        # What was counted is what was then charged for.
        assert counted.input.mean * 4 == pytest.approx(usage["claude-sonnet-5-5"].total_input, rel=0.01)
        assert counted.output.mean * 4 == usage["claude-sonnet-5-5"].output

        keys = {}
        for by in CostsBy:
            table = deck.costs(by, job="papers")
            keys[by] = [row.key for row in table.rows]
            total = table.total
            assert total.cost == pytest.approx(deck.job_cost(job))
            assert sum(row.cost or 0 for row in table.rows) == pytest.approx(total.cost)
            assert total.pages == 6  # four, and two of them again
            assert total.usage == usage["claude-sonnet-5-5"] + usage["claude-haiku-5-5"]
            assert total.saved == pytest.approx(total.cost)
        assert keys[CostsBy.JOB] == [job.id]
        assert keys[CostsBy.DOCUMENT] == ["accounts.pdf", "annual-report.pdf"]
        assert keys[CostsBy.RECIPE] == ["pdf-to-html"]
        assert keys[CostsBy.MODEL] == ["claude-sonnet-5-5", "claude-haiku-5-5"]

        at_once = deck.plan(scan, again=True, mode="realtime", name="at once")
        dear = await deck.count_estimate(at_once)
        assert dear.estimate.usd == pytest.approx(2 * counted.estimate.usd)
        partly = await deck.count_estimate(deck.plan(scan, again=True))
        assert (partly.pages, partly.calls) == (3, 5), "a page that is refused does not hide the others"
        assert partly.note.startswith("1 of 4 pages chosen cannot be counted: ")
        await deck.submit(replace(at_once, estimate=dear.estimate))
        in_real_time = deck.costs(job="at once").total
        assert in_real_time.estimated == pytest.approx(dear.estimate.usd)
        assert in_real_time.cost == in_real_time.realtime_cost
        assert in_real_time.saved == 0

    shown = ana.json("costs", "papers")
    assert set(shown) == {"currency", "by", "rows", "total", "advice"}
    assert (shown["currency"], shown["by"]) == ("usd", "document")
    assert shown["total"]["cost"] == pytest.approx(total.cost)
    assert shown["total"]["output_tokens"] == total.usage.output
    assert shown["total"]["cache_write_tokens"] == total.usage.cache_write_1h
    (advice,) = [each for each in shown["advice"] if each["model"] == "claude-haiku-5-5"]
    assert "in this deck 100.0% of its 2 answers were good" in advice["text"]
    for arguments in documented("After"):
        told = ana.run(*arguments)
        assert told.code == 0
        assert told.out.splitlines()[-1].startswith("total")
        assert "less than in real time" in told.err
    assert ana.run("costs", "--by", "document").code == 2


def batch_ids(deck: Deck) -> list[str]:
    return [row.id for row in deck.batches()]


async def test_without_the_api_the_estimate_is_the_uncounted_one(tmp_path: Path) -> None:
    async with Deck.open(tmp_path / "deck", base_url="http://127.0.0.1:9", api_key="key") as deck:
        plan = deck.plan(await deck.scan([papers(tmp_path / "papers")]))
        found = await deck.count_estimate(plan)
    assert found.estimate == plan.estimate
    assert found.pages == 0
    assert found.note.startswith("Not counted: ")


def test_prices_are_shown_with_their_place_and_replaced_with_one_command(tmp_path: Path) -> None:
    environ = {"XDG_CONFIG_HOME": str(tmp_path / "config")}
    ana = Operator(tmp_path / "deck", "http://127.0.0.1:9", "key", environ)
    offered = tmp_path / "offered.toml"
    offered.write_text("as_of = 2026-12-24\n[models.claude-sonnet-5-5]\ninput = 9\noutput = 5\n")
    replaced = ana.json("prices", "--replace", offered)
    dearer = {"model": "claude-sonnet-5-5", "field": "input", "before": 1.0, "after": 9.0}
    assert dearer in replaced["changes"]
    shown = ana.json("prices")
    assert shown["file"] == str(tmp_path / "config" / "batchdeck" / "prices.toml")
    assert (shown["as_of"], shown["shipped"]) == ("2026-12-24", False)
    told = ana.run("prices", "--reset")
    assert "claude-sonnet-5-5: input 9.0 → 1.0" in told.out
    assert "prices-2026-12-24.toml" in told.err
    assert "(shipped)" in told.err


async def test_a_count_that_is_never_answered_ends_and_says_so(
    tmp_path: Path, operator: Callable[..., Operator], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(count, "_SECONDS_OF_CALLS", 0.5)
    ana = operator('[[calls]]\nendpoint = "count_tokens"\naction = "stall"\nseconds = 600\n', batch_seconds=0)
    async with Deck.open(ana.deck, base_url=ana.base_url, api_key=ana.api_key) as deck:
        plan = deck.plan(await deck.scan([papers(tmp_path / "papers")]))
        counted = await deck.count_estimate(plan)
    assert (counted.estimate, counted.calls) == (plan.estimate, 1)
    assert counted.note == "Not counted: The API has not answered within 0.5 s."
