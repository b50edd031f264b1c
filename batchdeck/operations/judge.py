"""Judging results: each line's outcome by the API's facts, its contract, and its fidelity to the page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from batchdeck.domain.batches import Batch, documents_within
from batchdeck.domain.documents import Page
from batchdeck.domain.outcomes import JUDGE_VERSION, Outcome, ResultFacts, Verdict, classify
from batchdeck.domain.requests import parse_custom_id
from batchdeck.html.fidelity import FidelityThresholds, Grade
from batchdeck.html.judge import judge_answer, judge_cut
from batchdeck.html.model import TextLayer
from batchdeck.operations.context import Context
from batchdeck.operations.judge_records import RecordJudge, RecordRules, rules_of
from batchdeck.operations.sources import source_of
from batchdeck.pdf.text import TextReader, Trust
from batchdeck.store.index import IndexRow, is_index_current, write_index
from batchdeck.store.layout import DeckLayout
from batchdeck.store.plans import read_plan
from batchdeck.store.results import scan_results

JUDGE_SECONDS = 3_600.0


@dataclass(frozen=True, slots=True)
class JudgeTask:
    """One batch's archived results to judge, for a worker process."""

    root: str
    """The deck's folder."""
    key: str
    results_sha256: str
    job: str | None
    sources: Mapping[str, str]
    """Readable PDF by document, where the deck has one."""
    thresholds: FidelityThresholds
    trust: Trust
    rules: RecordRules | None = None
    """What answers are held to that are not pages of HTML."""


def thresholds_of(context: Context) -> tuple[FidelityThresholds, Trust]:
    """Return the settings' limits of fidelity, and of what a text layer must be to measure it by."""
    fidelity = context.settings.fidelity
    return FidelityThresholds(
        recall_fail=fidelity.recall_fail,
        precision_fail=fidelity.precision_fail,
        recall_warn=fidelity.recall_warn,
        precision_warn=fidelity.precision_warn,
        missing_run=fidelity.missing_run,
    ), Trust(fidelity.trust_words, fidelity.trust_agreement)


def judge_task(context: Context, batch: Batch) -> JudgeTask:
    """Describe a batch's judging for a worker. Looks for the PDFs of its pages: for threads, not for event
    loops."""
    assert batch.archive is not None
    sources: dict[str, str] = {}
    job = context.ledger.job(batch.job) if batch.job is not None else None
    rules = rules_of(context, job) if job is not None else None
    if job is not None and rules is None:
        claimed = batch.submission.indices if batch.submission is not None else ((0, job.pages),)
        for ref in documents_within(job.documents, claimed):
            source = source_of(context, ref.sha256)
            if source is not None:
                sources[ref.sha256] = str(source)
    thresholds, trust = thresholds_of(context)
    return JudgeTask(
        str(context.layout.root),
        batch.key,
        batch.archive.sha256,
        batch.job,
        sources,
        thresholds,
        trust,
        rules,
    )


def ensure_index(context: Context, batch: Batch) -> None:
    """Rebuild a batch's index now if it is missing or stale, and wait for it: its sources are untrusted, so
    even now in a worker."""
    assert batch.archive is not None
    if not is_index_current(context.layout, batch.key, batch.archive.sha256, JUDGE_VERSION):
        context.readers.run_now(judge_results, judge_task(context, batch), seconds=JUDGE_SECONDS)


def judge_results(task: JudgeTask) -> dict[Outcome, int]:
    """Judge every line of a batch's results and write its index; return the tally. Runs in a worker process.

    The text layer is read only for answers that the API calls good, and its trust is worked out only when
    an answer falls short of it, since that is by far the slower part.
    """
    layout = DeckLayout(Path(task.root))
    tally: dict[Outcome, int] = {}

    def rows() -> Iterator[IndexRow]:
        with _Layers(task) as layers, RecordJudge(task.rules or RecordRules(), layout) as records:
            for facts, text, offset, length in scan_results(layout.results(task.key), with_text=True):
                if task.rules is None:
                    index, verdict, recall = _judge(facts, text, layers)
                else:
                    index, verdict, recall = *_judge_record(facts, text, layers, records), None
                tally[verdict.outcome] = tally.get(verdict.outcome, 0) + 1
                yield IndexRow(index, facts, verdict, recall, offset, length)

    write_index(layout, task.key, rows(), results_sha256=task.results_sha256, judge_version=JUDGE_VERSION)
    return tally


def _judge(facts: ResultFacts, text: str, layers: _Layers) -> tuple[int, Verdict, float | None]:
    """Return the page's global index (-1 for a stranger's), the verdict and the recall."""
    verdict = classify(facts)
    parsed = parse_custom_id(facts.custom_id)
    index = parsed.index if parsed is not None else -1
    if parsed is None or not layers.holds(index):
        return index, verdict, None
    if verdict.outcome is Outcome.TRUNCATED and (cut := judge_cut(text)) is not None:
        return index, Verdict(cut.outcome, cut.detail), None
    if verdict.outcome is not Outcome.OK:
        return index, verdict, None
    judged = judge_answer(text, parsed.page, layers.assumed(index), layers.thresholds)
    if judged.grade not in (Grade.PASS, Grade.UNVERIFIABLE) or not judged.outcome.is_good:
        judged = judge_answer(text, parsed.page, layers.weighed(index), layers.thresholds)
    return index, Verdict(judged.outcome, judged.detail), judged.recall


def _judge_record(
    facts: ResultFacts, text: str, layers: _Layers, records: RecordJudge
) -> tuple[int, Verdict]:
    """Return the page's global index (-1 for a stranger's) and the verdict."""
    parsed = parse_custom_id(facts.custom_id)
    if parsed is None or not layers.holds(parsed.index):
        return -1 if parsed is None else parsed.index, classify(facts)
    return parsed.index, records.judge(facts, text, layers.page(parsed.index))


class _Layers:
    """Text layers of the pages being judged, from the PDFs they belong to."""

    def __init__(self, task: JudgeTask) -> None:
        self.thresholds = task.thresholds
        self._trust = task.trust
        self._sources = task.sources
        self._readers: dict[str, TextReader] = {}
        self._plan = read_plan(DeckLayout(Path(task.root)), task.job) if task.job is not None else None

    def holds(self, index: int) -> bool:
        """Whether there is such a page to judge by; batches made elsewhere have none."""
        return self._plan is not None and 0 <= index < len(self._plan)

    def page(self, index: int) -> Page:
        """Return a page of the job."""
        assert self._plan is not None
        return self._plan.page(index)

    def __enter__(self) -> _Layers:
        return self

    def __exit__(self, *_: object) -> None:
        for reader in self._readers.values():
            reader.close()

    def assumed(self, index: int) -> TextLayer | None:
        """Return a page's text layer as if it could be trusted: enough for answers that agree with it."""
        return self._layer(index, is_weighed=False)

    def weighed(self, index: int) -> TextLayer | None:
        """Return a page's text layer with its trust worked out, about ten times slower."""
        return self._layer(index, is_weighed=True)

    def _layer(self, index: int, *, is_weighed: bool) -> TextLayer | None:
        """Return a layer, or None where the document has none or cannot be read."""
        assert self._plan is not None
        page = self._plan.page(index)
        source = self._sources.get(page.document)
        if source is None:
            return None
        try:
            reader = self._readers.get(page.document)
            if reader is None:
                reader = self._readers[page.document] = TextReader(source)
            return TextLayer(
                reader.text(page.number),
                trusted=reader.trusts(page.number, self._trust) if is_weighed else True,
                image_share=reader.image_share(page.number) if is_weighed else 0.0,
            )
        except Exception:  # hostile input may raise anything: a page that cannot be read has no layer
            return None
