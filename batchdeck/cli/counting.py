"""Counting a sample for an estimate, and how the command line tells of it."""

from __future__ import annotations

from typing import Any

from batchdeck.cli.output import counted
from batchdeck.cli.session import narrate
from batchdeck.deck import Deck
from batchdeck.domain.counting import CountedEstimate, Measured
from batchdeck.domain.planning import Plan


async def count_plan(deck: Deck, plan: Plan) -> CountedEstimate:
    """Count a few pages of a plan at the API, and say on stderr what the estimate rests on."""
    found = await deck.count_estimate(plan)
    if found.note:
        narrate(f"! {found.note}")
    if found.input is None or found.output is None:
        narrate("The estimate is the uncounted one.")
        return found
    source = f"{counted(found.answers, 'earlier answer')}" if found.answers else "a default"
    narrate(
        f"Counted {counted(found.pages, 'page')} in {counted(found.calls, 'free call')}: "
        f"{_range(found.input)} tokens in a page ({found.shared:,} of them shared by all), "
        f"{_range(found.output)} out by {source}."
    )
    return found


def counted_record(found: CountedEstimate | None) -> dict[str, Any]:
    """Return what JSON says of a count; nothing where none was asked for."""
    if found is None:
        return {}
    return {
        "counted": {
            "pages": found.pages,
            "calls": found.calls,
            "input_tokens": found.input,
            "shared_tokens": found.shared,
            "output_tokens": found.output,
            "answers": found.answers,
            "note": found.note or None,
        }
    }


def _range(tokens: Measured) -> str:
    return f"{tokens.mean:,.0f} ({tokens.low:,.0f} to {tokens.high:,.0f})"
