"""How each status of a batch and each outcome of a page looks: a glyph, a word and a tone, in one table."""

from __future__ import annotations

from collections.abc import Mapping

from batchdeck.domain.outcomes import Outcome
from batchdeck.domain.overview import BatchStatus
from batchdeck.tui.glyphs import Sign, Tone

BATCH_SIGNS: Mapping[BatchStatus, Sign] = {
    BatchStatus.DUPLICATE: Sign("!", "duplicate", Tone.BAD),
    BatchStatus.AT_RISK: Sign("!", "at risk", Tone.BAD),
    BatchStatus.IN_DOUBT: Sign("?", "in doubt", Tone.BAD),
    BatchStatus.REJECTED: Sign("✗", "rejected", Tone.BAD),
    BatchStatus.GATE: Sign("✗", "at a gate", Tone.BAD),
    BatchStatus.ABSENT: Sign("✗", "not taken", Tone.BAD),
    BatchStatus.FAILED: Sign("✗", "failed", Tone.BAD),
    BatchStatus.PREPARED: Sign("○", "not sent", Tone.WARN),
    BatchStatus.SENDING: Sign("▸", "sending", Tone.ACCENT),
    BatchStatus.RUNNING: Sign("▸", "running", Tone.ACCENT),
    BatchStatus.CANCELING: Sign("▸", "canceling", Tone.WARN),
    BatchStatus.COLLECTING: Sign("↓", "collecting", Tone.ACCENT),
    BatchStatus.DONE: Sign("✓", "done", Tone.GOOD),
    BatchStatus.RETRIED: Sign("✓", "retried", Tone.MUTED),
    BatchStatus.GONE: Sign("·", "gone", Tone.MUTED),
}

OUTCOME_SIGNS: Mapping[Outcome, Sign] = {
    Outcome.PENDING: Sign("▸", "pending", Tone.ACCENT),
    Outcome.OK: Sign("✓", "ok", Tone.GOOD),
    Outcome.OK_REPAIRED: Sign("✓", "ok, repaired", Tone.GOOD),
    Outcome.TRUNCATED: Sign("…", "truncated", Tone.BAD),
    Outcome.REFUSED: Sign("✗", "refused", Tone.BAD),
    Outcome.BLOCKED: Sign("✗", "blocked", Tone.BAD),
    Outcome.EMPTY: Sign("✗", "empty", Tone.BAD),
    Outcome.REPETITION: Sign("✗", "repetition", Tone.BAD),
    Outcome.LOW_FIDELITY: Sign("!", "low fidelity", Tone.WARN),
    Outcome.MALFORMED: Sign("✗", "malformed", Tone.BAD),
    Outcome.ERRORED: Sign("✗", "errored", Tone.BAD),
    Outcome.EXPIRED: Sign("✗", "expired", Tone.BAD),
    Outcome.CANCELED: Sign("·", "canceled", Tone.MUTED),
    Outcome.MISSING: Sign("?", "missing", Tone.BAD),
}
