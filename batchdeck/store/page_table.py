"""All pages of a job or of one batch as rows, from its plan, its submissions and the indexes of its results.

A page's state is worked out, never kept: the newest good attempt counts, else the newest.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Hashable, Iterator, Sequence
from functools import cached_property, partial
from itertools import chain

from batchdeck.domain.batches import Job
from batchdeck.domain.costs import ModelPrice, PriceList, Usage
from batchdeck.domain.documents import Page, Sha256
from batchdeck.domain.listing import Tabular
from batchdeck.domain.outcomes import ANSWER_LOST, Outcome
from batchdeck.domain.pages import Attempt, FailureGroup, PageRow
from batchdeck.domain.query_columns import Column
from batchdeck.errors import NotFound
from batchdeck.store.failures import failure_groups
from batchdeck.store.index import OUTCOMES
from batchdeck.store.layout import DeckLayout
from batchdeck.store.ledger import Ledger
from batchdeck.store.page_columns import PageColumns
from batchdeck.store.plans import PagePlan, read_plan
from batchdeck.store.requests import RequestIds
from batchdeck.store.results import read_row, read_row_id
from batchdeck.store.standings import NO_TURN, Moment, Scope
from batchdeck.store.turns import IndexCache, Turn, foreign_turn, turns_of_job

_FAILURES = frozenset(outcome for outcome in Outcome if outcome.is_failure)


class _Derived:
    """What was worked out of the pages at one moment, and is kept until the next."""

    def __init__(self, moment: Moment, columns: PageColumns) -> None:
        self.moment = moment
        self.columns = columns

    @cached_property
    def groups(self) -> list[FailureGroup]:
        return failure_groups(self.moment)


class PageTable(Tabular):
    """Pages as rows. A row is made when it is asked for; what is kept is columns and derived arrays.

    Use `of_job` or `of_batch`; `refresh` after the ledger has changed re-reads only the indexes that are new.
    Many threads may read while one refreshes.
    """

    def __init__(
        self,
        layout: DeckLayout,
        job: Job | None,
        plan: PagePlan | None,
        scope: Scope | None,
        prices: PriceList,
        load_turns: Callable[[], Sequence[Turn]],
    ) -> None:
        self._layout = layout
        self._job = job
        self._plan = plan
        self._fixed_scope = scope
        self._names = _names_of(job, plan)
        self._prices = prices
        self._price_of: dict[str, ModelPrice | None] = {}
        self._ids = RequestIds(layout)
        self._load_turns = load_turns
        self._moment = self._moment_of(load_turns())
        self._derived: _Derived | None = None

    @classmethod
    def of_job(
        cls,
        layout: DeckLayout,
        ledger: Ledger,
        job: str,
        prices: PriceList,
        *,
        judge_version: int | None = None,
    ) -> PageTable:
        """Return all pages of a job.

        Args:
            layout: the deck.
            ledger: its ledger.
            job: the job's id.
            prices: for what pages have cost.
            judge_version: take only indexes that this version of the judge has made; None for any.

        Raises:
            NotFound: there is no such job, or it has no plan.
            DeckDamaged: its plan is damaged.
        """
        record, indexes = ledger.job(job), IndexCache(layout, judge_version)
        plan = _plan_of(layout, record)
        scope = ((0, len(plan)),)
        return cls(layout, record, plan, scope, prices, lambda: tuple(turns_of_job(ledger, indexes, job)))

    @classmethod
    def of_batch(
        cls,
        layout: DeckLayout,
        ledger: Ledger,
        batch: str,
        prices: PriceList,
        *,
        judge_version: int | None = None,
    ) -> PageTable:
        """Return the pages of one batch: of a job's batch as they stand in it, of another each row as a page.

        Args and errors as `of_job`, with the id of a batch.
        """
        record, indexes = ledger.batch(batch), IndexCache(layout, judge_version)
        submission = record.submission

        def turns() -> tuple[Turn, ...]:
            current = ledger.batch(batch)
            index = indexes.get(current)
            if submission is None:
                return (foreign_turn(current, index),)
            return (Turn(ledger.submission(submission.key), current, index),)

        if submission is None:
            return cls(layout, None, None, None, prices, turns)
        job = ledger.job(submission.job)
        return cls(layout, job, _plan_of(layout, job), submission.indices, prices, turns)

    def refresh(self) -> bool:
        """Take in what the ledger knows by now; say whether any page may have changed."""
        turns = self._load_turns()
        if _state_of(turns) == self.state:
            return False
        self._moment = self._moment_of(turns)
        return True

    @property
    def state(self) -> Hashable:
        """Differs as soon as any page may have changed. A table is shared: whoever keeps what was worked out
        of it goes by this, since `refresh` says nothing of what somebody else has taken in."""
        return _state_of(self._moment.turns)

    def __len__(self) -> int:
        return self._moment.starts[-1]

    def __iter__(self) -> Iterator[PageRow]:
        return map(self.row_of, self.indices())

    def indices(self) -> Iterator[int]:
        """Yield the global indices of the pages, ascending."""
        return chain.from_iterable(range(start, stop) for start, stop in self._moment.scope)

    def index_at(self, position: int) -> int:
        """Return the global index of the page at a position of the table."""
        return self._moment.index_at(position)

    def row(self, position: int, *, with_id: bool = True) -> PageRow:
        """Return the page at a position of the table, from 0.

        Args:
            with_id: also its custom_id, for which the log of its batch's requests is read.
        """
        return self.row_of(self.index_at(position), with_id=with_id)

    def columns(self, names: Collection[str]) -> list[Column]:
        """Return columns of the whole table by position, for filtering and sorting without rows.

        Args:
            names: of `domain.columns.PAGE_FIELDS`.

        Raises:
            KeyError: there is no such field.
        """
        columns = self._at_moment().columns
        return [columns.column(name) for name in names]

    def _at_moment(self) -> _Derived:
        derived, moment = self._derived, self._moment
        if derived is None or derived.moment is not moment:
            columns = PageColumns(
                moment,
                self._plan,
                self._job,
                names=self._names,
                price_of=self._price,
                custom_id=self._custom_id,
                cost_of=lambda index: self.row_of(index).cost,
            )
            derived = self._derived = _Derived(moment, columns)
        return derived

    def row_of(self, index: int, *, with_id: bool = True) -> PageRow:
        """Return a page by its global index; `with_id` as for `row`.

        Raises:
            NotFound: the table has no such page.
        """
        page, moment = self._page(index), self._moment
        place = moment.standings.turns[index]
        outcome = OUTCOMES[moment.standings.outcomes[index]]
        attempts = moment.standings.attempts[index]
        name = self._names[self._plan.document_codes[index] if self._plan is not None else 0]
        row = partial(PageRow, index, name, page.document, page.number, page.label, outcome, attempts)
        if place == NO_TURN:
            job = self._job
            return row(max_tokens=job.max_tokens, model=job.model) if job is not None else row()
        attempt = self._attempt(moment.turns[place], index, attempts, with_id=with_id)
        return row(
            custom_id=attempt.custom_id,
            batch=attempt.batch or "",
            error_type=attempt.error_type,
            detail=attempt.detail,
            usage=attempt.usage,
            cost=self._cost(index, attempt, attempts),
            max_tokens=attempt.max_tokens,
            model=attempt.model,
            recall=attempt.recall,
        )

    def attempts(self, index: int) -> tuple[Attempt, ...]:
        """Return every attempt of a page, from oldest to newest."""
        self._page(index)
        turns = [turn for turn in self._moment.turns if turn.has_page(index)]
        return tuple(self._attempt(turn, index, number) for number, turn in enumerate(turns, 1))

    def answer_place(self, index: int) -> tuple[str, int, int] | None:
        """Return where the row of the attempt that counts lies: batch folder, offset, length in bytes."""
        moment = self._moment
        place = moment.standings.turns[index]
        if place == NO_TURN:
            return None
        turn = moment.turns[place]
        row = turn.index.row_of(index) if turn.index is not None else None
        if row is None or turn.index is None or turn.batch is None:
            return None
        return turn.batch.key, *turn.index.place(row)

    def tally(self) -> dict[Outcome, int]:
        """Count the pages by outcome."""
        moment = self._moment
        return moment.standings.tally(moment.scope)

    def indices_where(self, outcomes: Collection[Outcome]) -> list[int]:
        """Return the global indices of the pages with one of these outcomes, ascending."""
        moment = self._moment
        return moment.standings.where(moment.scope, outcomes)

    def failed_indices(self) -> list[int]:
        """Return the global indices of the failed pages, ascending."""
        return self.indices_where(_FAILURES)

    def failure_groups(self) -> list[FailureGroup]:
        """Group the failed pages by cause and by what it calls for, the largest group first."""
        return list(self._at_moment().groups)

    @property
    def unindexed(self) -> tuple[str, ...]:
        """Folders of archived batches whose index has to be made anew; their pages count as pending."""
        return tuple(
            turn.batch.key
            for turn in self._moment.turns
            if turn.batch is not None and turn.has_archive and turn.index is None
        )

    def _moment_of(self, turns: Sequence[Turn]) -> Moment:
        scope = self._fixed_scope if self._fixed_scope is not None else turns[0].submission.indices
        pages = len(self._plan) if self._plan is not None else sum(stop - start for start, stop in scope)
        return Moment.of(turns, scope, pages)

    def _page(self, index: int) -> Page:
        if self._plan is not None:
            return self._plan.page(index)
        if not 0 <= index < len(self):
            raise NotFound(f"The batch has no row {index}; it has {len(self):,}.")
        return Page(index, Sha256(""), index + 1, str(index + 1))

    def _attempt(self, turn: Turn, index: int, number: int, *, with_id: bool = True) -> Attempt:
        found, part = turn.index, turn.part_of(index)
        row = found.row_of(index) if found is not None else None
        attempt = Attempt(
            self._custom_id(turn, index) if with_id else "",
            turn.submission.key,
            turn.batch_id,
            number,
            turn.rest,
            detail=turn.why_no_row,
            model=part.model,
            max_tokens=part.max_tokens,
            change=part.change,
            at=turn.at,
        )
        if found is None or row is None:
            return attempt
        return dataclasses.replace(
            attempt,
            outcome=found.outcome(row),
            detail=found.text(row, "detail"),
            error_type=found.text(row, "error_type"),
            stop_reason=found.text(row, "stop_reason"),
            usage=found.usage_of(row),
            # As it was asked for: a retry and the price list go by that, not by the snapshot that answered.
            model=part.model or found.text(row, "model"),
            recall=found.recall(row),
            realtime=turn.submission.realtime,
        )

    def _custom_id(self, turn: Turn, index: int) -> str:
        if not turn.is_foreign:
            return self._ids.get(turn.submission.key, index)
        row = turn.index.row_of(index) if turn.index is not None else None
        if turn.index is None or row is None:
            return ""
        return read_row_id(read_row(self._layout, turn.submission.key, *turn.index.place(row)))

    def _cost(self, index: int, standing: Attempt, attempts: int) -> float | None:
        """What all attempts of a page have cost; None while nothing is known, or where a model has no price,
        a paid answer came without usage, or an answer that may have been paid for was lost."""
        turns = self.attempts(index) if attempts > 1 else (standing,)
        costs = [
            self._cost_of(attempt)
            for attempt in turns
            if attempt.outcome.is_billed or attempt.error_type == ANSWER_LOST
        ]
        known = [cost for cost in costs if cost is not None]
        if len(known) < len(costs):
            return None
        if not known and standing.outcome in (Outcome.PENDING, Outcome.MISSING):
            return None
        return sum(known)

    def _cost_of(self, attempt: Attempt) -> float | None:
        if attempt.usage == Usage():
            return None
        price = self._price(attempt.model)
        return price.cost(attempt.usage, batch=not attempt.realtime) if price is not None else None

    def _price(self, model: str) -> ModelPrice | None:
        if model not in self._price_of:
            self._price_of[model] = self._prices.of(model)
        return self._price_of[model]


def _state_of(turns: Sequence[Turn]) -> Hashable:
    return tuple(turn.signature for turn in turns)


def _plan_of(layout: DeckLayout, job: Job) -> PagePlan:
    return read_plan(layout, job.id, (ref.sha256 for ref in job.documents))


def _names_of(job: Job | None, plan: PagePlan | None) -> Sequence[str]:
    """Return the names of a plan's documents by their numbers; of a batch made elsewhere, none."""
    if job is None or plan is None:
        return ("",)
    names = {ref.sha256: ref.name for ref in job.documents}
    return [names.get(sha256, "") for sha256 in plan.documents]
