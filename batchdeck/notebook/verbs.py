"""What each command of the magic does: the same call of the deck as the command line's, for its result."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from batchdeck.cli.main_job import check_paths, read_passwords
from batchdeck.cli.money import read_day
from batchdeck.cli.options import read_outcomes
from batchdeck.cli.submitting import check_resuming
from batchdeck.deck import Deck, export_templates, known_recipes, validate_files
from batchdeck.domain.batches import Mode
from batchdeck.domain.columns import BATCH_FIELDS, PAGE_FIELDS, batch_value, page_value, select
from batchdeck.domain.listing import Listing
from batchdeck.domain.planning import Plan, RetryChoice
from batchdeck.domain.spending import CostsBy
from batchdeck.errors import UsageError
from batchdeck.notebook.words import Words

Options = Mapping[str, Any]
Say = Callable[[str], object]
Verb = Callable[[Deck, Options, Say], Awaitable[object]]

UNCONFIRMED = "Nothing was sent: look at it, then give --yes."


async def _ls(deck: Deck, options: Options, _: Say) -> object:
    rows = deck.batches()
    return Listing(
        select(rows, options["filter_"], BATCH_FIELDS, lambda row, name: batch_value(row, name, deck.now()))
    )


async def _jobs(deck: Deck, _: Options, __: Say) -> object:
    return deck.jobs()


async def _pages(deck: Deck, options: Options, _: Say) -> object:
    wanted = read_outcomes(options["outcome"])
    table = deck.pages(deck.target(options["target"]))
    if not wanted and not options["filter_"]:
        return table
    chosen = (row for row in table if not wanted or row.outcome in wanted)
    return Listing(select(chosen, options["filter_"], PAGE_FIELDS, page_value))


async def _page(deck: Deck, options: Options, _: Say) -> object:
    answer = deck.answer(options["custom_id"]) if options["raw"] else None
    return answer.raw if answer is not None else deck.page(options["custom_id"])


async def _plan(deck: Deck, options: Options, _: Say) -> Plan:
    paths = list(options["paths"] or ())
    check_paths(paths)
    passwords = read_passwords(list(options["password"] or ()), options["passwords_file"])
    scan = await deck.scan(paths, passwords=passwords, recipe=options["recipe"])
    plan = deck.plan(
        scan,
        recipe=options["recipe"],
        model=options["model"],
        max_tokens=options["max_tokens"],
        pages=options["pages"],
        name=options.get("name", ""),
        again=options["again"],
        mode=options["mode"] or Mode.BATCH,
        ladder=options.get("ladder"),
    )
    if options["count"]:
        plan = replace(plan, estimate=(await deck.count_estimate(plan)).estimate)
    return plan


async def _submit(deck: Deck, options: Options, say: Say) -> object:
    if options["resume"] is not None:
        if not options["yes"]:
            raise UsageError("Resuming spends money.", hint="Give --yes to go ahead.")
        return await deck.resume(
            options["resume"],
            mode=options["mode"],
            model=options["model"],
            max_tokens=options["max_tokens"],
            max_cost=options["max_cost"],
            stagger=options["stagger"],
        )
    if not options["paths"]:
        raise UsageError("No file was named.", hint="Name files or folders, or a job with --resume.")
    plan = await _plan(deck, options, say)
    if not options["yes"]:
        say(UNCONFIRMED)
        return plan
    return await deck.submit(plan, max_cost=options["max_cost"], stagger=options["stagger"])


async def _watch(deck: Deck, options: Options, _: Say) -> object:
    if options["status"]:
        return await asyncio.to_thread(deck.health)
    if not options["once"] and not options["until_ended"]:
        raise UsageError("It would never end.", hint="Give --once or --until-ended, or use deck.live().")
    return await deck.watch(
        once=options["once"], until_ended=options["until_ended"], inbox=options["inbox"], log=options["log"]
    )


async def _retry(deck: Deck, options: Options, say: Say) -> object:
    choice = RetryChoice(
        read_outcomes(options["outcome"]),
        deck.named_pages(options["target"], options["page"] or ()),
        options["model"],
        options["max_tokens"],
        options["as_image"],
        account_mended=options["account_mended"],
        mode=options["mode"],
    )
    plan = await deck.plan_retry(options["target"], choice)
    if not options["yes"]:
        say(UNCONFIRMED)
        return plan
    if options["account_mended"]:
        await deck.account_mended()
    return await deck.retry(plan, max_cost=options["max_cost"])


async def _export(deck: Deck, options: Options, _: Say) -> object:
    return await deck.export(
        options["job"], out=options["out"], template=options["template"], figures=options["figures"]
    )


async def _validate(_: Deck, options: Options, __: Say) -> object:
    return validate_files([Path(file) for file in options["files"]], external=options["external"])


async def _cancel(deck: Deck, options: Options, _: Say) -> object:
    _require_yes(options, "Canceling stops work at the API.")
    return await deck.cancel(options["batch"])


async def _delete(deck: Deck, options: Options, _: Say) -> object:
    _require_yes(options, "Deleting takes the batch off the API.")
    return await deck.delete(options["batch"])


async def _adopt(deck: Deck, options: Options, _: Say) -> object:
    if not options["batches"] and not options["everything"]:
        raise UsageError("No batch was named.", hint="Name batch ids, or give --all.")
    return Listing(await deck.adopt(tuple(options["batches"] or ())))


async def _reconcile(deck: Deck, _: Options, __: Say) -> object:
    return await deck.reconcile()


async def _doctor(deck: Deck, options: Options, _: Say) -> object:
    return await deck.doctor(deep=options["deep"])


async def _costs(deck: Deck, options: Options, _: Say) -> object:
    job = options["job"]
    by = options["by"] or (CostsBy.DOCUMENT if job is not None else CostsBy.JOB)
    return await asyncio.to_thread(deck.costs, by, job=job, since=read_day(options["since"]))


async def _templates(_: Deck, __: Options, ___: Say) -> object:
    return Listing([*export_templates(), *export_templates("records")])


async def _recipes(_: Deck, __: Options, ___: Say) -> object:
    return Listing(known_recipes())


async def _prices(deck: Deck, _: Options, __: Say) -> object:
    return deck.prices


def _require_yes(options: Options, why: str) -> None:
    if not options["yes"]:
        raise UsageError(why, hint="Give --yes to go ahead.")


_PLANNED = frozenset(
    {
        "paths",
        "recipe",
        "model",
        "max_tokens",
        "pages",
        "password",
        "passwords_file",
        "again",
        "mode",
        "count",
    }
)
VERBS: Mapping[str, tuple[Verb, frozenset[str]]] = {
    "scan": (_plan, _PLANNED),
    "submit": (_submit, _PLANNED | {"name", "ladder", "max_cost", "stagger", "resume", "yes"}),
    "watch": (_watch, frozenset({"once", "until_ended", "inbox", "log", "status"})),
    "ls": (_ls, frozenset({"filter_"})),
    "jobs": (_jobs, frozenset()),
    "pages": (_pages, frozenset({"target", "outcome", "filter_"})),
    "page": (_page, frozenset({"custom_id", "raw"})),
    "retry": (
        _retry,
        frozenset({"target", "outcome", "page", "model", "max_tokens", "as_image", "account_mended"})
        | {"mode", "max_cost", "yes"},
    ),
    "export": (_export, frozenset({"job", "out", "template", "figures"})),
    "validate": (_validate, frozenset({"files", "external"})),
    "cancel": (_cancel, frozenset({"batch", "yes"})),
    "delete": (_delete, frozenset({"batch", "yes"})),
    "adopt": (_adopt, frozenset({"batches", "everything", "yes"})),
    "reconcile": (_reconcile, frozenset({"yes"})),
    "doctor": (_doctor, frozenset({"deep"})),
    "costs": (_costs, frozenset({"job", "by", "since"})),
    "templates": (_templates, frozenset()),
    "recipes": (_recipes, frozenset()),
    "prices": (_prices, frozenset()),
}
"""The commands that have a result to return, and the parameters that each of them minds. The others belong
into a terminal."""


def find_verb(words: Words, line: str) -> Verb | None:
    """Return what a command does; None for no command.

    Raises:
        UsageError: it has nothing to return, or minds less than what was typed: money may hang on it.
    """
    if not words.command:
        return None
    check_resuming(words.typed)
    verb, minded = VERBS.get(words.command, (None, frozenset()))
    unminded = words.typed - minded - {"json"}
    if verb is None or words.rest or unminded:
        what = f"with {', '.join(sorted(unminded))} " if unminded else ""
        raise UsageError(
            f"“{words.command}” {what}has nothing to return to a notebook.",
            hint=f"Run it as a program: !batchdeck {line.strip()}",
        )
    return verb
