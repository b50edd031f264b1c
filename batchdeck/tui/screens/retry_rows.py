"""What the Retry screen says of a retry: a line for each cause, with the change it calls for and its cost."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from batchdeck.domain.costs import Estimate, PriceList
from batchdeck.domain.outcomes import Outcome
from batchdeck.domain.planning import RetryPlan, SkippedPage, estimate_turns
from batchdeck.domain.text import show
from batchdeck.tui.glyphs import NOTHING, Tone
from batchdeck.tui.screens.spans import dollars
from batchdeck.tui.signs import OUTCOME_SIGNS
from batchdeck.tui.widgets.row_table import Align, Cell, Column

LEFT_OUT = "left out by you"
OPERATOR_FIRST_MARK = "account"


@dataclass(frozen=True, slots=True)
class CauseLine:
    """The failed pages that share an outcome and what becomes of them."""

    key: str
    outcome: Outcome
    pages: int
    says: str
    """The change, or why they are left out."""
    sent: bool
    cost: Estimate | None = None
    error_type: str = ""


_OPTION = re.compile(r" \(--[^)]*\)")


def without(plan: RetryPlan, left_out: Iterable[Outcome], prices: PriceList) -> RetryPlan:
    """Return a plan that does not send the pages of some outcomes."""
    outcomes = frozenset(left_out)
    kept = tuple(turn for turn in plan.turns if turn.outcome not in outcomes)
    skipped = [
        SkippedPage(index, "", turn.outcome, LEFT_OUT)
        for turn in plan.turns
        if turn.outcome is not None and turn.outcome in outcomes
        for index in turn.indices
    ]
    estimate = estimate_turns(kept, prices)
    return replace(plan, turns=kept, skipped=(*plan.skipped, *skipped), estimate=estimate)


def cause_lines(plan: RetryPlan, prices: PriceList, errors: Mapping[int, str]) -> list[CauseLine]:
    """Return the causes of a plan: those sent first, then those the account holds back.

    Args:
        errors: error types of failed pages by global index, where there is one.
    """
    sent = [
        CauseLine(
            f"{turn.outcome} {turn.indices[0]}",
            turn.outcome,
            len(turn.indices),
            turn.change,
            True,
            estimate_turns([turn], prices),
            errors.get(turn.indices[0], ""),
        )
        for turn in plan.turns
        if turn.outcome is not None
    ]
    groups: dict[tuple[Outcome, str, str], list[SkippedPage]] = {}
    for page in plan.skipped:
        groups.setdefault((page.outcome, page.reason, errors.get(page.index, "")), []).append(page)
    left = [
        CauseLine(f"{outcome} {pages[0].index}", outcome, len(pages), in_keys(reason), False, None, error)
        for (outcome, reason, error), pages in groups.items()
    ]
    left.sort(key=lambda line: OPERATOR_FIRST_MARK not in line.says)
    return sorted(sent, key=lambda line: -line.pages) + left


def in_keys(reason: str) -> str:
    """Return why pages are left out, with what to press where the reason names the command line's option."""
    return _OPTION.sub(": e, send yes", reason)


def _cause(line: CauseLine) -> Cell:
    sign = OUTCOME_SIGNS[line.outcome]
    # Pages that are blocked are errors of the request to the API, and have a word of their own here.
    error = show(line.error_type, 30).removesuffix("_error") if line.outcome is Outcome.ERRORED else ""
    return Cell(str(sign.saying(error) if error else sign), sign.tone)


def _what(line: CauseLine) -> Cell:
    return Cell(
        show(line.says if line.sent else f"not sent: {line.says}", 300),
        Tone.PLAIN if line.sent else Tone.MUTED,
    )


def _cost(line: CauseLine) -> Cell:
    if line.cost is None:
        return Cell(NOTHING, Tone.MUTED)
    return Cell(f"~{dollars(line.cost.usd)}" if line.cost.known else "unknown")


CAUSE_COLUMNS = (
    Column[CauseLine]("pages", "PAGES", lambda line: f"{line.pages:,}", 6, align=Align.RIGHT),
    Column[CauseLine]("cause", "CAUSE", _cause, 15, grow=1, widest=22),
    Column[CauseLine]("change", "WHAT IS DONE", _what, 20, grow=4),
    Column[CauseLine]("cost", "COST", _cost, 9, align=Align.RIGHT),
)
