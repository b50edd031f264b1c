"""What the Submit screen says around its list: the plan, how sending goes, what it came to."""

from __future__ import annotations

from batchdeck.domain.planning import Plan
from batchdeck.domain.text import show
from batchdeck.errors import BatchDeckError
from batchdeck.tui.glyphs import Tone
from batchdeck.tui.screens.sending import Sending, ending
from batchdeck.tui.screens.submit_rows import plan_lines


def browsing_line(recipe: str) -> str:
    """Return how a folder is chosen, and for which recipe."""
    return f"recipe {show(recipe, 24)} · Tab completes, Enter looks · Esc to the list, f back"


def why_unsendable(plan: Plan) -> str:
    """Say why a plan cannot be sent, or ""."""
    fatal = [finding.message for finding in plan.findings if finding.fatal]
    if fatal:
        return f"The API would refuse every page: {fatal[0]}"
    return "" if plan.documents else "No usable page is left: the list says why."


def words_below(
    sending: Sending | None,
    error: BatchDeckError | None,
    plan: Plan | None,
    counted: str,
    why_not: str,
    *,
    may_send: bool,
) -> tuple[str, Tone]:
    """Return what is said below the list, and in which tone. `counted` is what counting came to, or empty."""
    if sending is not None:
        text, tone = ending(sending)
        lines = sending.lines(6)
        return "\n".join([*lines, text] if text else lines or ["▸ Preparing…"]), tone
    if error is not None:
        return f"✗ {error.title}: {error.message} {error.hint}".rstrip(), Tone.BAD
    if plan is None:
        return "", Tone.PLAIN
    lines = plan_lines(plan, 4, counted)
    if why_not:
        return "\n".join(lines), Tone.BAD
    if may_send:
        lines.append("y sends them. Nothing has been sent yet.")
    return "\n".join(lines), Tone.PLAIN
