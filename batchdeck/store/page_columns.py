"""The pages of a table as columns, for filtering and sorting a million of them without making rows."""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import compress, repeat
from operator import add, mul
from typing import Any, overload

from batchdeck.domain.batches import Job
from batchdeck.domain.columns import PAGE_FIELDS
from batchdeck.domain.costs import BATCH_SHARE, ModelPrice, Usage
from batchdeck.domain.outcomes import ANSWER_LOST, Remedy, remedy
from batchdeck.domain.query_columns import Codes, Column, Values
from batchdeck.store.compact import Column as Numbers
from batchdeck.store.index import IS_BILLED, OUTCOMES, BatchIndex
from batchdeck.store.plans import PagePlan
from batchdeck.store.standings import NO_TURN, Moment
from batchdeck.store.turns import Turn

_REMEDIES = tuple(Remedy)
_IS_FAILURE = bytes(outcome.is_failure for outcome in OUTCOMES).ljust(256, b"\0")
_CODE_OF_REMEDY = {each: code for code, each in enumerate(_REMEDIES)}


class PageColumns:
    """Makes columns of the pages at one moment; they say what `domain.columns.page_value` says of the rows.

    Args:
        moment: the pages as they stand.
        plan: the job's plan; None for a batch made elsewhere.
        job: the job, or None.
        names: of the plan's documents, by their numbers.
        price_of: price by model.
        custom_id: the id of a page in a turn.
        cost_of: what a page with more than one attempt has cost.
    """

    def __init__(
        self,
        moment: Moment,
        plan: PagePlan | None,
        job: Job | None,
        *,
        names: Sequence[str],
        price_of: Callable[[str], ModelPrice | None],
        custom_id: Callable[[Turn, int], str],
        cost_of: Callable[[int], float | None],
    ) -> None:
        self._moment = moment
        self._runs = moment.runs
        self._plan = plan
        self._job = job
        self._names = names
        self._price_of = price_of
        self._custom_id = custom_id
        self._cost_of = cost_of
        self._made: dict[str, Column] = {}

    def column(self, name: str) -> Column:
        """Return one column by position in the table. It is made once.

        Raises:
            KeyError: `name` is none of `PAGE_FIELDS`.
        """
        if name not in self._made:
            values = self._values(name)
            if isinstance(values, tuple):
                self._made[name] = Codes(name, PAGE_FIELDS[name], _narrow(*values), values[1])
            else:
                self._made[name] = Values(name, PAGE_FIELDS[name], values)
        return self._made[name]

    def _values(self, name: str) -> Sequence[Any] | tuple[Sequence[int], Sequence[object]]:
        standings = self._moment.standings
        match name:
            case "index":
                return array("L", (i for start, stop in self._moment.scope for i in range(start, stop)))
            case "document":
                return self._documents()
            case "page":
                return self._numbers_of_pages()
            case "label":
                return self._labels()
            case "outcome":
                return b"".join(bytes(standings.outcomes[a:b]) for a, b in self._moment.scope), OUTCOMES
            case "tries":
                return self._scoped(standings.attempts)
            case "error":
                return self._texts("error_type", _no_text)
            case "why":
                return self._texts("detail", _why_no_row)
            case "tokens":
                return self._figures("output", "I", 0)
            case "recall":
                return self._figures("recall", "f", math.nan)
            case "cost":
                return self._costs()
            case "model":
                return self._models()
            case "batch":
                return self._batches()
            case "remedy":
                return self._remedies()
            case "id":
                return _CustomIds(self._moment, self._custom_id)
            case _:
                raise KeyError(name)

    def _scoped(self, numbers: Numbers) -> Numbers:
        scoped = array(numbers.typecode)
        for start, stop in self._moment.scope:
            scoped.extend(numbers[start:stop])
        return scoped

    def _documents(self) -> tuple[Sequence[int], Sequence[object]]:
        if self._plan is None:
            return bytes(self._moment.starts[-1]), self._names
        return self._scoped(self._plan.document_codes), self._names

    def _numbers_of_pages(self) -> Numbers:
        if self._plan is None:
            return array("I", range(1, self._moment.starts[-1] + 1))
        return self._scoped(self._plan.numbers)

    def _labels(self) -> tuple[Sequence[int], Sequence[object]]:
        numbers = self._numbers_of_pages()
        names: list[object] = list(map(str, range(max(numbers, default=0) + 1)))
        plan = self._plan
        if plan is None or len(plan.labels) == 1:
            return numbers, names
        shift, codes = len(names), self._scoped(plan.label_codes)
        labelled = (shift + code if code else n for code, n in zip(codes, numbers, strict=True))
        return array("I", labelled), names + plan.labels

    def _figures(self, column: str, typecode: str, missing: float) -> Numbers:
        figures: Numbers = array(typecode)
        for start, stop, turn in self._runs:
            index = turn.index if turn is not None else None
            if index is None:
                figures.extend(array(typecode, [missing]) * (stop - start))
            else:
                first, last = index.span(start, stop)
                figures.extend(_placed(index, index.column(column)[first:last], first, start, stop, missing))
        return figures

    def _texts(
        self, column: str, rest: Callable[[Turn | None], str]
    ) -> tuple[Sequence[int], Sequence[object]]:
        shared = _Shared()
        codes = array("I")
        for start, stop, turn in self._runs:
            default = shared.number(rest(turn))
            index = turn.index if turn is not None else None
            if index is None:
                codes.extend(array("I", [default]) * (stop - start))
                continue
            numbers = [shared.number(text) for text in index.texts(column)]
            first, last = index.span(start, stop)
            known = array("I", map(numbers.__getitem__, index.column(column)[first:last]))
            codes.extend(_placed(index, known, first, start, stop, default))
        return codes, shared.texts

    def _models(self) -> tuple[Sequence[int], Sequence[object]]:
        """The model each page was asked of; where nobody here knows, the one that answered."""
        shared = _Shared()
        codes = array("I")
        for start, stop, turn in self._runs:
            models = {part.model for part in turn.submission.parts} if turn is not None else set()
            if turn is None:
                model = self._job.model if self._job is not None else ""
                codes.extend(array("I", [shared.number(model)]) * (stop - start))
            elif len(models) == 1:
                codes.extend(array("I", [shared.number(models.pop())]) * (stop - start))
            elif models:
                codes.extend(shared.number(turn.part_of(index).model) for index in range(start, stop))
            else:
                index = turn.index
                texts = ("" for _ in range(start, stop)) if index is None else _answered(index, start, stop)
                codes.extend(map(shared.number, texts))
        return codes, shared.texts

    def _batches(self) -> tuple[Sequence[int], Sequence[object]]:
        shared = _Shared()
        codes = array("I")
        for start, stop, turn in self._runs:
            batch = (turn.batch_id if turn is not None else None) or ""
            codes.extend(array("I", [shared.number(batch)]) * (stop - start))
        return codes, shared.texts

    def _remedies(self) -> tuple[Sequence[int], Sequence[object]]:
        outcomes, _ = self._values("outcome")
        errors, error_texts = self._texts("error_type", _no_text)
        details, detail_texts = self._texts("detail", _why_no_row)
        tries = self._scoped(self._moment.standings.attempts)
        codes = bytearray([_CODE_OF_REMEDY[Remedy.NOTHING]]) * len(outcomes)
        known: dict[tuple[int, int, int, int], int] = {}
        for at in compress(range(len(outcomes)), bytes(outcomes).translate(_IS_FAILURE)):
            why = outcomes[at], errors[at], details[at], tries[at]
            if why not in known:
                error, detail = str(error_texts[why[1]] or ""), str(detail_texts[why[2]] or "")
                known[why] = _CODE_OF_REMEDY[remedy(OUTCOMES[why[0]], error, detail, why[3])]
            codes[at] = known[why]
        return bytes(codes), _REMEDIES

    def _costs(self) -> Numbers:
        models, names = self._models()
        weights = [_weights(self._price_of(str(name))) for name in names]
        costs = array("d", [math.nan]) * len(models)
        at = 0
        for start, stop, turn in self._runs:
            index = turn.index if turn is not None else None
            share = 1 / BATCH_SHARE if turn is not None and turn.submission.realtime else 1.0
            if index is not None:
                first, last = index.span(start, stop)
                asked = set(models[at : at + stop - start])
                is_whole = len(asked) == 1 and last - first == stop - start
                if is_whole and not index.unmeasured(first, last):
                    costs[at : at + stop - start] = _costs_of(index, first, last, weights[asked.pop()], share)
                    first = last
                for row in range(first, last):
                    place = at + index.pages[row] - start
                    if not IS_BILLED[index.outcome_codes[row]]:
                        costs[place] = math.nan if index.text(row, "error_type") == ANSWER_LOST else 0.0
                    elif (weight := weights[models[place]]) is not None and any(tokens := index.tokens(row)):
                        costs[place] = sum(map(mul, weight, tokens)) * share
            at += stop - start
        attempts = self._scoped(self._moment.standings.attempts)
        for at, tries in enumerate(attempts if max(attempts, default=0) > 1 else ()):
            if tries > 1:
                cost = self._cost_of(self._moment.index_at(at))
                costs[at] = math.nan if cost is None else cost
        return costs


def _costs_of(
    index: BatchIndex, first: int, last: int, weight: tuple[float, ...] | None, share: float
) -> Numbers:
    """Return what each of some rows has cost, all asked of one model and none of unknown cost: column by
    column, for that is ten times as fast as row by row."""
    billed = index.outcome_codes[first:last].translate(IS_BILLED.ljust(256, b"\0"))
    if weight is None:
        return array("d", (math.nan if is_billed else 0.0 for is_billed in billed))
    sums: Iterable[float] = repeat(0.0, last - first)
    for price, tokens in zip(weight, index.token_columns(), strict=True):
        used = tokens[first:last]
        if any(used):
            sums = map(add, sums, map(mul, repeat(price), used))
    costs = array("d", sums if share == 1 else map(mul, sums, repeat(share)))
    at = billed.find(0)
    while at >= 0:
        costs[at] = 0.0
        at = billed.find(0, at + 1)
    return costs


def _narrow(codes: Sequence[int], names: Sequence[object]) -> Sequence[int]:
    """Return codes as bytes where their names are few: those are looked through in single steps."""
    return codes if isinstance(codes, bytes) or len(names) > 256 else bytes(list(codes))


def _no_text(turn: Turn | None) -> str:
    return ""


def _why_no_row(turn: Turn | None) -> str:
    return turn.why_no_row if turn is not None else ""


def _weights(price: ModelPrice | None) -> tuple[float, ...] | None:
    """Return what one token of each kind costs, in the order of `Usage`."""
    if price is None:
        return None
    return tuple(price.cost(Usage(*(int(kind == each) for each in range(5)))) for kind in range(5))


def _answered(index: BatchIndex, start: int, stop: int) -> Iterator[str]:
    for page in range(start, stop):
        row = index.row_of(page)
        yield index.text(row, "model") if row is not None else ""


def _placed(index: BatchIndex, known: Numbers, first: int, start: int, stop: int, missing: float) -> Numbers:
    """Return a number per page from `start` to `stop`, given those of its rows from row `first` on."""
    if len(known) == stop - start:
        return known
    placed = array(known.typecode, [missing]) * (stop - start)
    for row, number in enumerate(known, first):
        placed[index.pages[row] - start] = number
    return placed


class _Shared:
    """Texts that pages share, numbered; an empty one is no value."""

    def __init__(self) -> None:
        self.texts: list[str | None] = []
        self._numbers: dict[str, int] = {}

    def number(self, text: str) -> int:
        number = self._numbers.get(text)
        if number is None:
            number = self._numbers[text] = len(self.texts)
            self.texts.append(text or None)
        return number


class _CustomIds(Sequence[str | None]):
    """The custom_ids of the attempts that count, read when they are looked at."""

    def __init__(self, moment: Moment, custom_id: Callable[[Turn, int], str]) -> None:
        self._moment = moment
        self._custom_id = custom_id

    def __len__(self) -> int:
        return self._moment.starts[-1]

    @overload
    def __getitem__(self, position: int) -> str | None: ...
    @overload
    def __getitem__(self, position: slice) -> list[str | None]: ...

    def __getitem__(self, position: int | slice) -> str | list[str | None] | None:
        if isinstance(position, slice):
            return [self[at] for at in range(*position.indices(len(self)))]
        index = self._moment.index_at(position)
        place = self._moment.standings.turns[index]
        return None if place == NO_TURN else self._custom_id(self._moment.turns[place], index) or None
