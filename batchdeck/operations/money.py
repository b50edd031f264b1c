"""Money of one deck: the caps that everything paid for must keep, and the hold of an account that cannot pay.

Both are looked at twice: before anything is made, to say so early, and in the very transaction that claims
the pages or sends them, so that nobody else's spending can come between.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncGenerator, Collection
from dataclasses import replace

from batchdeck.domain.batches import Job, Part, Submission, range_total
from batchdeck.domain.caps import Caps, check_caps
from batchdeck.domain.costs import BATCH_SHARE, Estimate, TokensPerPage, estimate_pages
from batchdeck.domain.events import Event, Finished
from batchdeck.errors import AccountHeld
from batchdeck.operations.context import Context
from batchdeck.operations.plan import pages_at_once
from batchdeck.store.transaction import Transaction

MENDED_HINT = "Nothing is sent meanwhile. Put the account in order, then say so: batchdeck mended."


def caps_of(context: Context) -> Caps:
    """Return the caps of the settings."""
    money = context.settings.money
    return Caps(money.max_cost_per_submission, money.max_cost_per_day, money.max_cost_per_deck)


def expected_cost(context: Context, job: Job, part: Part, *, realtime: bool) -> Estimate:
    """Return what pages of a job should cost: their share of its estimate where they ask as it did.

    The estimate may have been counted; what else is asked is reckoned from what pages usually take.
    """
    pages = range_total(part.indices)
    is_as_estimated = (part.model, part.max_tokens, part.as_image) == (job.model, job.max_tokens, False)
    if not is_as_estimated or not job.estimate.known or not job.pages:
        return _usual_cost(context, pages, part.model, part.max_tokens, realtime=realtime)
    at_once = sum(pages_at_once(context, job, job.mode))
    # In pages at the batch price, of which one in real time is two.
    whole = job.pages - at_once + at_once / BATCH_SHARE
    share = (pages / BATCH_SHARE if realtime else pages) / whole
    return Estimate(job.estimate.usd * share, job.estimate.low * share, job.estimate.high * share)


def uncounted_cost(context: Context, job: Job) -> Estimate:
    """Return what all of a job should cost by what pages usually take, as its model is now."""
    at_once = sum(pages_at_once(context, job, job.mode))
    batched = _usual_cost(context, job.pages - at_once, job.model, job.max_tokens, realtime=False)
    return batched + _usual_cost(context, at_once, job.model, job.max_tokens, realtime=True)


def _usual_cost(context: Context, pages: int, model: str, max_tokens: int, *, realtime: bool) -> Estimate:
    price = context.prices.of(model)
    return estimate_pages(pages, price, TokensPerPage(), max_tokens=max_tokens, batch=not realtime)


def check_cost(
    context: Context, estimate: Estimate, max_cost: float | None, *, waiting: Collection[str] = ()
) -> None:
    """Refuse what would cost more than allowed, as far as can be said before it is prepared.

    Args:
        max_cost: a cap for this once, in dollars.
        waiting: keys of prepared submissions that the estimate holds already.

    Raises:
        NothingToSubmit: the estimate is over a cap, or there is a cap and nobody knows what it costs.
    """
    ledger = context.ledger
    spent = list(ledger.submissions().values()), list(ledger.batches().values())
    check_caps(caps_of(context), estimate, *spent, context.now(), max_cost=max_cost, without=waiting)


def require_means(context: Context, tx: Transaction, submission: Submission, *, known: bool = True) -> None:
    """Refuse to claim or send a submission that no cap leaves room for, or while the account is held.

    Args:
        tx: the transaction that claims or sends it.
        known: whether its price is known.

    Raises:
        NothingToSubmit: a cap is in the way.
        AccountHeld: the operator has to act first.
    """
    _refuse_hold(tx.meta.held)
    usd = submission.reserved_usd
    spent = list(tx.submissions().values()), list(tx.batches().values())
    estimate = Estimate(usd, usd, usd, known=known)
    check_caps(caps_of(context), estimate, *spent, context.now(), without={submission.key})


def require_account(context: Context) -> None:
    """Refuse to spend while the account is held.

    Raises:
        AccountHeld: the operator has to act first.
    """
    _refuse_hold(context.ledger.meta.held)


def _refuse_hold(reason: str) -> None:
    if reason:
        raise AccountHeld(f"The account is held: {reason}", hint=MENDED_HINT)


def hold_account(context: Context, error: AccountHeld) -> None:
    """Stop all paid work of the deck, in every process, because the API has said that the account needs the
    operator. A credential that is missing here is this process's own affair: the API has said nothing."""
    if error.status is None:
        return
    error.hint = f"{error.hint} {MENDED_HINT}".strip()
    with context.ledger.transaction() as tx:
        if tx.meta.held:
            return
        tx.put(replace(tx.meta, held=error.message, held_at=context.now()))
    context.audit.append("held", reason=error.message)


async def account_mended(context: Context) -> AsyncGenerator[Event, None]:
    """Let paid work go on, at the operator's word; the result is since when it was held, or None."""
    context.require_writable("let paid work go on")
    since: dt.datetime | None = None
    with context.ledger.transaction() as tx:
        if tx.meta.held:
            since = tx.meta.held_at
            tx.put(replace(tx.meta, held="", held_at=None))
    if since is not None:
        context.audit.append("mended")
    yield Finished(since)
