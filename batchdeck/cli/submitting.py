"""The commands that spend money: submit and retry."""

from __future__ import annotations

import enum
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Annotated, Any

import typer

from batchdeck.cli.app import app
from batchdeck.cli.counting import count_plan
from batchdeck.cli.main_job import check_paths, narrate_plan, read_passwords
from batchdeck.cli.options import (
    Again,
    Count,
    Json,
    Ladder,
    MaxCost,
    MaxTokens,
    Model,
    Pages,
    Password,
    PasswordsFile,
    Recipe,
    SendMode,
    Yes,
    read_outcomes,
    typed_in,
)
from batchdeck.cli.output import counted, money, print_json
from batchdeck.cli.progress import Narrator
from batchdeck.cli.session import (
    EXIT_FAILED_PAGES,
    Session,
    ask,
    confirm,
    is_somebody_there,
    narrate,
    print_error,
)
from batchdeck.deck import Deck
from batchdeck.domain.batches import REALTIME_PREFIX, Mode
from batchdeck.domain.costs import Estimate
from batchdeck.domain.events import Operation
from batchdeck.domain.planning import RetryChoice, Submitted
from batchdeck.errors import AcceptanceUnknown, AccountHeld, ApiRefused, InputError, UsageError

AccountMended = Annotated[
    bool, typer.Option("--account-mended", help="Say that a held account is in order again.")
]


_RESUMED = frozenset(
    {
        "resume",
        "mode",
        "model",
        "max_tokens",
        "max_cost",
        "stagger",
        "fallback",
        "account_mended",
        "yes",
        "json",
    }
)
"""Parameters that mean something where a job is gone on with."""


def check_resuming(typed: Collection[str]) -> None:
    """Refuse what going on with a job would pass over: money may hang on it.

    Args:
        typed: names of the parameters that were typed.

    Raises:
        UsageError: it cannot be chosen any more.
    """
    unfit = sorted(set(typed) - _RESUMED)
    if "resume" in typed and unfit:
        names = " and ".join("PATH" if name == "paths" else "--" + name.replace("_", "-") for name in unfit)
        raise UsageError(
            f"With --resume there is no choosing by {names}: what goes out is what the job has not sent yet.",
            hint="Leave that out, or submit the files anew without --resume.",
        )


class Fallback(enum.StrEnum):
    """What to do with pages whose batch the API refuses for a reason that is not the account's."""

    REALTIME = "realtime"


@app.command()
def submit(
    context: typer.Context,
    paths: Annotated[
        list[str] | None, typer.Argument(help="Files and folders of them.", metavar="PATH...")
    ] = None,
    recipe: Recipe = "pdf-to-html",
    model: Model = None,
    max_tokens: MaxTokens = None,
    pages: Pages = None,
    name: Annotated[
        str, typer.Option("--name", "-n", help="Name of the job. [default: the folder's, or the file's]")
    ] = "",
    max_cost: MaxCost = None,
    mode: SendMode = None,
    ladder: Ladder = None,
    count: Count = False,
    fallback: Annotated[
        Fallback | None, typer.Option("--fallback", help="Where to send what is refused as a batch.")
    ] = None,
    stagger: Annotated[
        float | None, typer.Option("--stagger", min=0, help="Seconds between two batches.")
    ] = None,
    password: Password = None,
    passwords_file: PasswordsFile = None,
    again: Again = False,
    resume: Annotated[str | None, typer.Option("--resume", help="Go on with this unfinished job.")] = None,
    account_mended: AccountMended = False,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Scan, plan, confirm and submit: each page becomes one request, at half price."""

    async def command(deck: Deck) -> int:
        sender = _Sender(deck, Narrator(), max_cost, fallback, yes=yes, as_json=json)
        check_resuming(typed_in(context))
        if account_mended:
            await deck.account_mended()
        if resume is not None:
            job = deck.job(resume)
            estimate = deck.unsent(job.id, mode).estimate
            cost = f", for about {money(estimate.usd)}" if estimate.known else ""
            if job.gate:
                narrate(f"✗ {job.name} stopped before its next rung: {job.gate}.")
            what = "its next rung" if job.ladder else "what it has not sent yet"
            confirm(f"Send {what} of {job.name} ({job.id}){cost}?", yes=yes)
            resuming = deck.resume(
                job.id, mode=mode, model=model, max_tokens=max_tokens, max_cost=max_cost, stagger=stagger
            )
            return await sender.send(resuming, [])
        if not paths:
            raise UsageError("No file was named.", hint="Name files or folders, or a job with --resume.")
        check_paths(paths)
        scanning = deck.scan(paths, passwords=read_passwords(password, passwords_file), recipe=recipe)
        plan = deck.plan(
            await sender.narrator.run(scanning),
            recipe=recipe,
            model=model,
            max_tokens=max_tokens,
            pages=pages,
            name=name,
            again=again,
            mode=mode or Mode.BATCH,
            ladder=ladder,
        )
        skipped = [{"path": file.path, "problem": file.problem.message} for file in plan.skipped]
        if count:
            plan = replace(plan, estimate=(await count_plan(deck, plan)).estimate)
        narrate_plan(plan)
        if plan.documents:
            confirm("Submit?", yes=yes)
        return await sender.send(deck.submit(plan, max_cost=max_cost, stagger=stagger), skipped)

    session: Session = context.obj
    session.run(command)


@dataclass(frozen=True, slots=True)
class _Sender:
    """Sends pages and reports what came of it; what is refused as a batch is offered in real time."""

    deck: Deck
    narrator: Narrator
    max_cost: float | None
    fallback: Fallback | None
    yes: bool
    as_json: bool

    async def send(self, operation: Operation[Submitted], skipped: list[dict[str, Any]]) -> int:
        """Run a submission to its end; return the exit code."""
        try:
            result = await self.narrator.run(operation)
        except AccountHeld:
            raise
        except ApiRefused as error:
            if not error.job:
                raise
            print_error(error)
            unsent = self.deck.job(error.job).pages
            result = Submitted(error.job, (), 0, (), (error.message,), unsent)
        if not result.refused or result.held or not result.unsent:
            return self._report(result, skipped)
        return await self._offer(result, skipped)

    async def _offer(self, result: Submitted, skipped: list[dict[str, Any]]) -> int:
        """Offer real time for what was refused, or do it where that is a standing order."""
        estimate = self.deck.unsent(result.job, Mode.REALTIME).estimate
        price = f"about {money(estimate.usd)}" if estimate.known else "an unknown price"
        offer = f"{counted(result.unsent, 'page')} could go out in real time, at full price, for {price}"
        is_ordered = self.fallback is Fallback.REALTIME or self.deck.settings.realtime.fallback
        if is_ordered:
            narrate(f"Refused as a batch: {offer}; that is done now.")
        elif self.yes or self.as_json or not is_somebody_there():
            narrate(f"{offer}: batchdeck submit --resume {result.job} --mode realtime")
            return self._report(result, skipped, offer=estimate)
        elif not ask(f"{offer}. Send them so?"):
            return self._report(result, skipped, offer=estimate)
        second = await self.narrator.run(
            self.deck.resume(result.job, mode=Mode.REALTIME, max_cost=self.max_cost)
        )
        both = replace(
            second,
            batches=result.batches + second.batches,
            pages=result.pages + second.pages,
            in_doubt=result.in_doubt + second.in_doubt,
        )
        return self._report(both, skipped)

    def _report(
        self, result: Submitted, skipped: list[dict[str, Any]], *, offer: Estimate | None = None
    ) -> int:
        code = report_sent(self.deck, result, skipped, as_json=self.as_json, offer=offer)
        if code or not result.unsent or result.is_climbing:
            return code
        # Nothing was refused and nothing is in doubt: no request could be made of what is left.
        return EXIT_FAILED_PAGES if result.pages else InputError.exit_code


def report_sent(
    deck: Deck,
    result: Submitted,
    skipped: list[dict[str, Any]],
    *,
    as_json: bool,
    offer: Estimate | None = None,
) -> int:
    """Report what a submission came to; return the exit code. What went out in real time may have failed.

    Args:
        offer: what its unsent pages would cost in real time, where that is offered.
    """
    if as_json:
        record: dict[str, Any] = {
            "job": result.job,
            "batches": list(result.batches),
            "pages": result.pages,
            "skipped": skipped,
            "in_doubt": list(result.in_doubt),
            "refused": list(result.refused),
            "unsent": result.unsent,
        }
        if offer is not None:
            record["offer"] = {"mode": Mode.REALTIME, "usd": offer.usd, "low": offer.low, "high": offer.high}
        print_json(record)
    else:
        typer.echo(result.job)
        batches = counted(len(result.batches), "batch", "batches")
        is_open = any(not name.startswith(REALTIME_PREFIX) for name in result.batches)
        following = " Next: batchdeck watch --until-ended" if is_open else ""
        narrate(f"{counted(result.pages, 'page')} submitted in {batches}.{following}")
    if result.is_climbing and not as_json:
        rest = counted(result.unsent, "page")
        narrate(f"{rest} on later rungs: `batchdeck watch` sends each rung once the gate before it holds.")
    elif result.unsent and not as_json:
        narrate(f"{counted(result.unsent, 'page')} not sent yet: batchdeck submit --resume {result.job}")
    if result.held:
        narrate(f"The account needs you first: {result.held}")
    if result.in_doubt:
        narrate("It is not known whether the API took all of it: run `batchdeck reconcile`.")
        return AcceptanceUnknown.exit_code
    if result.refused or result.held:
        return ApiRefused.exit_code
    answered = [row for row in deck.batches() if row.realtime and row.id in result.batches]
    failed = sum(row.failed or 0 for row in answered)
    if failed and not as_json:
        narrate(f"{counted(failed, 'page')} failed in real time: see `batchdeck pages {result.job}`.")
    return EXIT_FAILED_PAGES if failed else 0


@app.command()
def retry(
    context: typer.Context,
    target: Annotated[str, typer.Argument(help="A job or a batch.", metavar="JOB_OR_BATCH")],
    outcome: Annotated[list[str] | None, typer.Option("--outcome", "-o", help="Only these outcomes.")] = None,
    page: Annotated[list[str] | None, typer.Option("--page", help="Only these pages, by custom_id.")] = None,
    model: Model = None,
    max_tokens: MaxTokens = None,
    as_image: Annotated[bool, typer.Option("--as-image", help="Send the pages as images.")] = False,
    account_mended: Annotated[
        bool,
        typer.Option("--account-mended", help="Also pages that failed for the account, now in order again."),
    ] = False,
    mode: SendMode = None,
    max_cost: MaxCost = None,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Send failed pages again as new batches, each with the change its cause calls for."""

    async def command(deck: Deck) -> int:
        if account_mended:
            await deck.account_mended()
        choice = RetryChoice(
            read_outcomes(outcome),
            deck.named_pages(target, page or ()),
            model,
            max_tokens,
            as_image,
            account_mended=account_mended,
            mode=mode,
        )
        plan = await deck.plan_retry(target, choice)
        skipped = [
            {"custom_id": skip.custom_id, "outcome": skip.outcome, "reason": skip.reason}
            for skip in plan.skipped
        ]
        if not json:
            for turn in plan.turns:
                narrate(f"{counted(len(turn.indices), 'page')} {turn.outcome}: {turn.change}")
            for reason, count in _counted_reasons(skipped):
                narrate(f"{counted(count, 'page')} left out: {reason}")
            narrate(f"{counted(plan.pages, 'page')}, about {money(plan.estimate.usd)} (an estimate).")
        if plan.turns:
            confirm("Send them?", yes=yes)
        result = await Narrator().run(deck.retry(plan, max_cost=max_cost))
        return report_sent(deck, result, skipped, as_json=json)

    session: Session = context.obj
    session.run(command)


def _counted_reasons(skipped: list[dict[str, Any]]) -> list[tuple[str, int]]:
    from collections import Counter

    return Counter(str(skip["reason"]) for skip in skipped).most_common()
