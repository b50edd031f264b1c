"""Plans: what a submission or a retry is going to send, page by page, before anything is paid for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from batchdeck.domain.batches import Mode, ranges_of
from batchdeck.domain.costs import Estimate, PriceList, TokensPerPage, estimate_pages
from batchdeck.domain.documents import Document, UnusableFile
from batchdeck.domain.framing import Framed, FramedSet
from batchdeck.domain.outcomes import Outcome, Remedy, next_max_tokens
from batchdeck.domain.pages import PageRow
from batchdeck.domain.requests import LintFinding

STEM = "{stem}"
"""In a file's name, the place of what the names of one document's files have in common."""
_BASE64_GROWTH = 4 / 3
_SPLIT_GROWTH = 1.25
"""Bytes of all single pages over bytes of the file, for a typical born-digital file split without bloat."""


@dataclass(frozen=True, slots=True)
class PlannedDocument:
    """A document and the 1-based page numbers of it that will be submitted, ascending."""

    document: Document
    numbers: Sequence[int]
    first_index: int
    """Global index of its first submitted page."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One job before it is submitted."""

    name: str
    recipe: str
    model: str
    max_tokens: int
    documents: tuple[PlannedDocument, ...]
    skipped: tuple[UnusableFile, ...]
    estimate: Estimate
    batches: int
    """How many batches it will probably take; the real packing is by the bytes really sent."""
    body_bytes: int
    """About how many bytes will be sent."""
    findings: tuple[LintFinding, ...] = ()
    caveats: tuple[str, ...] = ()
    """What to know before paying, a sentence each."""
    again: bool = False
    """Whether documents may be submitted that this deck has submitted before."""
    mode: Mode = Mode.BATCH
    ladder: tuple[int, ...] = ()
    """How many pages each sampling rung takes; empty to send all at once."""
    realtime_pages: int = 0
    """How many of its pages go out in real time, at the full price."""
    resumes: str | None = None
    """Id of the unfinished job of the same documents that this plan continues, or None."""

    @property
    def pages(self) -> int:
        return sum(len(document.numbers) for document in self.documents)

    def __repr__(self) -> str:
        cost = f"about ${self.estimate.usd:,.2f}" if self.estimate.known else "at an unknown price"
        size = f"{self.pages:,} pages of {len(self.documents):,} documents"
        return f"<Plan {self.name!r}: {size}, {self.model}, {cost}>"


def expected_bytes(documents: Iterable[PlannedDocument], prompt_bytes: int) -> int:
    """Return about how many bytes the bodies of these pages will have, `prompt_bytes` of prompt a page."""
    total = 0.0
    for planned in documents:
        share = len(planned.numbers) / max(planned.document.page_count, 1)
        total += planned.document.size * share * _SPLIT_GROWTH * _BASE64_GROWTH
        total += len(planned.numbers) * prompt_bytes
    return int(total)


@dataclass(frozen=True, slots=True)
class Turn:
    """Pages of one job that go out with the same parameters."""

    indices: Sequence[int]
    """Global indices, ascending."""
    model: str
    max_tokens: int
    as_image: bool = False
    realtime: bool = False
    """Whether they go out one by one, answered at once, at the full price."""
    attempt: int = 1
    lineage: tuple[str, ...] = ()
    """Keys of the submissions whose failures these are."""
    change: str = ""
    """How it differs from what it repeats, in a phrase."""
    outcome: Outcome | None = None
    remedy: Remedy | None = None
    cut_at: int = 0
    """Tokens after which the answers that are repeated were cut; 0 where they were not."""

    @property
    def ranges(self) -> tuple[tuple[int, int], ...]:
        return ranges_of(self.indices)


def estimate_turns(turns: Iterable[Turn], prices: PriceList) -> Estimate:
    """Estimate what sending turns costs, by what pages usually take; what was cut once will be no shorter."""
    estimate = Estimate(0.0, 0.0, 0.0)
    for turn in turns:
        price = prices.of(turn.model)
        estimate += estimate_pages(
            len(turn.indices),
            price,
            TokensPerPage(),
            max_tokens=turn.max_tokens,
            batch=not turn.realtime,
            at_least=turn.cut_at,
        )
    return estimate


@dataclass(frozen=True, slots=True)
class Unsent:
    """What goes out when a job is gone on with: its unsent pages, or its next rung where it has a ladder."""

    pages: int
    estimate: Estimate


@dataclass(frozen=True, slots=True)
class SkippedPage:
    """A failed page that a retry leaves out, and why."""

    index: int
    custom_id: str
    outcome: Outcome
    reason: str


@dataclass(frozen=True, slots=True)
class RetryPlan:
    """What a retry will send, grouped by the change each cause calls for."""

    job: str
    turns: tuple[Turn, ...]
    skipped: tuple[SkippedPage, ...]
    estimate: Estimate
    seen: frozenset[str] = frozenset()
    """Keys of the job's submissions when this was planned: a newer one of the same pages is a conflict."""

    @property
    def pages(self) -> int:
        return sum(len(turn.indices) for turn in self.turns)

    def __repr__(self) -> str:
        cost = f"about ${self.estimate.usd:,.2f}" if self.estimate.known else "at an unknown price"
        return f"<RetryPlan of {self.job}: {self.pages:,} pages, {len(self.skipped):,} left out, {cost}>"


@dataclass(frozen=True, slots=True)
class RetryChoice:
    """What the operator asked of a retry. Empty choices mean: every failure, with the change it calls for."""

    outcomes: frozenset[Outcome] = frozenset()
    indices: frozenset[int] = frozenset()
    """Pages that were named, by global index."""
    model: str | None = None
    max_tokens: int | None = None
    as_image: bool = False
    asked_for: frozenset[Outcome] = frozenset()
    """Outcomes whose pages go out although such pages are left out until they are asked for."""
    account_mended: bool = False
    """The operator says that the account is in order again: pages that failed for it may go out."""
    mode: Mode | None = None
    """How they are sent; by default as their job was submitted."""
    by_outcome: Mapping[Outcome, Mapping[str, object]] = field(default_factory=dict)
    """Changes for single outcomes (keys model, max_tokens, as_image), over the ones above."""

    @property
    def is_explicit(self) -> bool:
        """Whether the pages were chosen by name or by outcome."""
        return bool(self.outcomes or self.indices)


_SKIP_REASONS: Mapping[Remedy, str] = {
    Remedy.OPERATOR_FIRST: "the account needs you first: once it is in order, say so (--account-mended)",
    Remedy.FIX_REQUEST: "the request itself is wrong: change the model, max_tokens or send it as an image",
    Remedy.MAY_BE_PAID: "its answer was lost and may have been paid for: sent again only if asked for",
    Remedy.UNKNOWN: "what this failure means is not known: sent again only if asked for (--outcome, --page)",
    Remedy.ON_REQUEST: "canceled: resubmitted only when asked for (--outcome canceled)",
}


_ON_WORD_ONLY = frozenset({Remedy.ON_REQUEST, Remedy.UNKNOWN, Remedy.MAY_BE_PAID})


def plan_turns(
    rows: Sequence[PageRow],
    choice: RetryChoice,
    lineage_of: Mapping[int, str],
    *,
    ceilings: Mapping[str, int] | None = None,
) -> tuple[list[Turn], list[SkippedPage]]:
    """Group failed pages into turns, each with the change its cause calls for.

    Args:
        rows: pages of one job, good and pending ones included (they are passed over).
        choice: what the operator asked for.
        lineage_of: submission key of each page's newest attempt, by global index.
        ceilings: greatest max_tokens by model, where known.

    Never the same request again where it would fail the same way, never fewer tokens for a truncated page,
    and nothing at all where the account needs the operator first, until they say that it is mended.
    """
    groups: dict[tuple[object, ...], list[PageRow]] = {}
    skipped: list[SkippedPage] = []
    for row in rows:
        if not row.outcome.is_failure or not _is_chosen(row, choice):
            continue
        changes: dict[str, object] = {
            "model": choice.model,
            "max_tokens": choice.max_tokens,
            "as_image": choice.as_image,
        } | dict(choice.by_outcome.get(row.outcome, {}))
        decided = _decide(row, changes, choice, ceilings or {})
        if isinstance(decided, str):
            skipped.append(SkippedPage(row.index, row.custom_id, row.outcome, decided))
        else:
            groups.setdefault((row.outcome, row.error_type, *decided), []).append(row)
    turns = [_turn(key, members, lineage_of) for key, members in groups.items()]
    return turns, skipped


def _is_chosen(row: PageRow, choice: RetryChoice) -> bool:
    if choice.indices and row.index not in choice.indices:
        return False
    return not choice.outcomes or row.outcome in choice.outcomes


def _decide(
    row: PageRow, changes: Mapping[str, object], choice: RetryChoice, ceilings: Mapping[str, int]
) -> tuple[str, int, bool, str] | str:
    """Return (model, max_tokens, as_image, change) for one page, or the reason it is left out."""
    remedy = row.remedy
    model = str(changes["model"] or row.model)
    asked_tokens = changes["max_tokens"]
    tokens = asked_tokens if isinstance(asked_tokens, int) else row.max_tokens
    as_image = bool(changes["as_image"])
    if remedy is Remedy.OPERATOR_FIRST and not choice.account_mended:
        return _SKIP_REASONS[remedy]
    is_asked_for = choice.is_explicit or row.outcome in choice.asked_for
    if remedy in _ON_WORD_ONLY and not is_asked_for:
        return _SKIP_REASONS[remedy]
    if remedy is Remedy.AS_IMAGE:
        as_image = True
    if remedy is Remedy.MORE_TOKENS:
        ceiling = ceilings.get(model)
        if asked_tokens is None:
            tokens = next_max_tokens(row.max_tokens, ceiling)
        is_over = ceiling is not None and tokens > ceiling
        if is_over or tokens < row.max_tokens or (tokens == row.max_tokens and model == row.model):
            at_limit = is_over or tokens == ceiling
            why = f"the model's limit is {ceiling:,}" if at_limit else f"{tokens:,} is no more than before"
            return f"cut at max_tokens {row.max_tokens:,}, and {why}: choose another model"
    is_changed = model != row.model or as_image
    is_fixed = is_changed or asked_tokens is not None  # more tokens mend a wrong request, never a refusal
    if not (is_fixed if remedy is Remedy.FIX_REQUEST else is_changed or remedy is not Remedy.CHANGED):
        return _SKIP_REASONS.get(
            remedy, f"{row.outcome}: the same request would fail again; choose another model or as an image"
        )
    return model, tokens, as_image, _change(row, model, tokens, as_image)


def _change(row: PageRow, model: str, tokens: int, as_image: bool) -> str:
    parts = []
    if model != row.model:
        parts.append(f"model {row.model} → {model}")
    if tokens != row.max_tokens:
        parts.append(f"max_tokens {row.max_tokens:,} → {tokens:,}")
    if as_image:
        parts.append("page as an image")
    return ", ".join(parts) or "as it was"


def _turn(key: tuple[object, ...], rows: list[PageRow], lineage_of: Mapping[int, str]) -> Turn:
    outcome, _, model, tokens, as_image, change = key
    assert isinstance(outcome, Outcome)
    assert isinstance(tokens, int)
    indices = tuple(sorted(row.index for row in rows))
    lineage = dict.fromkeys(lineage_of[index] for index in indices if index in lineage_of)
    return Turn(
        indices,
        str(model),
        tokens,
        bool(as_image),
        attempt=max(row.attempts for row in rows) + 1,
        lineage=tuple(lineage),
        change=str(change),
        outcome=outcome,
        remedy=rows[0].remedy,
        cut_at=min(row.max_tokens for row in rows) if outcome is Outcome.TRUNCATED else 0,
    )


@dataclass(frozen=True, slots=True)
class Submitted:
    """What a submission or a retry came to."""

    job: str
    batches: tuple[str, ...]
    """Ids of the batches known to be accepted, in the order sent."""
    pages: int
    """Pages in those batches."""
    in_doubt: tuple[str, ...] = ()
    """Keys of submissions whose acceptance is unknown."""
    refused: tuple[str, ...] = ()
    """Reasons of refusals by the API."""
    unsent: int = 0
    """Pages of the job that are in no batch yet."""
    is_climbing: bool = False
    """Whether its unsent pages stand on later rungs of a ladder."""
    held: str = ""
    """Why the account needs the operator first, when it does."""


@dataclass(frozen=True, slots=True)
class DocumentReport:
    """One exported document."""

    document: str
    """File name of the source as shown."""
    folder: Path
    """Where its files are: one object for the thousands of documents of an export."""
    stem: str
    """What the names of its files have in common."""
    main: str
    """Name of the document's file, with `STEM` in the place of the stem: the same for all of an export."""
    pages: int
    placeholders: int
    """Pages shown as "could not be converted"."""
    unverified: int
    """Pages whose own text layer stands in for an answer."""
    errors: int
    """Built-in rules that do not hold."""
    review: int
    """Things a person should look at."""
    replaces: str = ""
    """Id of another job of the same file whose document stood in its place; empty for none."""
    lacks: str = ""
    """What is wrong with the kept source, in a clause; empty where nothing is."""

    @property
    def html(self) -> Path:
        """The document; of answers that are data, the file of them."""
        return self.folder / self.main.replace(STEM, self.stem)

    @property
    def report(self) -> Path:
        """What was found in it, as JSON."""
        return self.folder / f"{self.stem}.report.json"

    def show(self, *, height: int = 600) -> Framed:
        """Return the document as a notebook shows it in place; `height` in CSS pixels."""
        return Framed(self.html, self.document, height)


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What an export came to."""

    job: str
    folder: Path
    documents: tuple[DocumentReport, ...]
    failures: tuple[str, ...] = ()
    """Documents that could not be exported at all, and why."""

    def show(self, *, height: int = 600) -> FramedSet:
        """Return all documents as a notebook shows them in place; `height` of each in CSS pixels."""
        return FramedSet(tuple(document.show(height=height) for document in self.documents))

    def __repr__(self) -> str:
        return f"<ExportReport of {self.job}: {len(self.documents):,} documents in {self.folder}>"
