"""What the Submit screen lists: folders to choose from, then files with their pages and problems."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import dataclass, replace
from itertools import accumulate

from batchdeck.domain.batches import Mode
from batchdeck.domain.counting import CountedEstimate
from batchdeck.domain.documents import Document, Problem, ProblemKind, ScannedFile, UnusableFile
from batchdeck.domain.ladder import show_ladder
from batchdeck.domain.planning import Plan
from batchdeck.domain.text import show
from batchdeck.tui.glyphs import NOTHING, Tone
from batchdeck.tui.screens.paths import Entry, short_path
from batchdeck.tui.screens.spans import counted, price_range, size
from batchdeck.tui.widgets.row_table import Align, Cell, Column, Cut, RecordRows


@dataclass(frozen=True, slots=True)
class FileLine:
    """One file that the scan met."""

    path: str
    name: str
    pages: int
    size: int
    says: str
    """What is wrong with it, or how far it is; empty for nothing."""
    tone: Tone


_KEYS = {
    ProblemKind.ALREADY_SUBMITTED: (";", "e, again yes submits it once more."),
    ProblemKind.IN_DOUBT: (":", "i on the first screen settles it."),
}
"""What is done about a problem here, and the sign after which its message says what the command line does."""


def scanned_line(file: ScannedFile) -> FileLine:
    """Return what is known of a file when the scan has looked at it."""
    name = file.path.rpartition("/")[2]
    if isinstance(file, UnusableFile):
        return FileLine(file.path, name, 0, 0, f"✗ {_why_left_out(file.problem)}", Tone.BAD)
    return FileLine(file.path, name, file.page_count, file.size, show(file.title, 200), Tone.MUTED)


def _why_left_out(problem: Problem) -> str:
    """Return why a file is left out, with the keys that change it where the message names commands."""
    sign, keys = _KEYS.get(problem.kind, ("", ""))
    return problem.message.partition(sign)[0] + sign + " " + keys if sign else problem.message


def key_of_file(line: FileLine) -> str:
    return line.path


def planned_lines(plan: Plan) -> list[FileLine]:
    """Return the files of a plan, those with problems first."""
    lines = [scanned_line(file) for file in plan.skipped]
    for planned in plan.documents:
        document = planned.document
        name, pages = document.path.rpartition("/")[2], len(planned.numbers)
        lines.append(FileLine(document.path, name, pages, document.size, _says(document), Tone.MUTED))
    return lines


def _says(document: Document) -> str:
    caveats = ", ".join(caveat.value.replace("_", " ") for caveat in document.caveats)
    return f"! {caveats}" if caveats else show(document.title, 200)


FILE_COLUMNS = (
    Column[FileLine](
        "file",
        "FILE",
        lambda line: show(line.name, 200),
        20,
        grow=1,
        cut=Cut.MIDDLE,
        sort=lambda line: line.name.casefold(),
        letter="F",
    ),
    Column[FileLine](
        "pages",
        "PAGES",
        lambda line: f"{line.pages:,}" if line.pages else NOTHING,
        6,
        align=Align.RIGHT,
        sort=lambda line: line.pages,
        letter="P",
    ),
    Column[FileLine](
        "size",
        "SIZE",
        lambda line: size(line.size) if line.size else NOTHING,
        8,
        align=Align.RIGHT,
        sort=lambda line: line.size,
        letter="S",
    ),
    Column[FileLine]("says", "WHAT", lambda line: Cell(show(line.says, 300), line.tone), 24, grow=2),
)


class PlannedRows(RecordRows[FileLine]):
    """The files of a plan. How far each is prepared is worked out for those that are looked at."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(FILE_COLUMNS, planned_lines(plan), key_of=key_of_file)
        self.plan = plan
        self._starts = (0, *accumulate(len(planned.numbers) for planned in plan.documents))
        self._prepared: int | None = None

    def at(self, prepared: int) -> PlannedRows:
        """Return the same files when so many pages are prepared; documents are prepared in their order."""
        rows = copy(self)
        rows._prepared = prepared
        return rows

    def record(self, index: int) -> FileLine:
        line, place = self.records[index], index - len(self.plan.skipped)
        if self._prepared is None or place < 0:
            return line
        done = min(max(self._prepared - self._starts[place], 0), line.pages)
        if done == line.pages:
            return replace(line, says="✓ prepared", tone=Tone.GOOD)
        if not done:
            return replace(line, says=NOTHING, tone=Tone.MUTED)
        return replace(line, says=f"▸ {done:,} of {line.pages:,} prepared", tone=Tone.ACCENT)


ENTRY_COLUMNS = (
    Column[Entry](
        "name",
        "CHOOSE",
        lambda entry: Cell(show(entry.label, 200), Tone.PLAIN if entry.is_folder else Tone.STRONG),
        30,
        grow=1,
        cut=Cut.MIDDLE,
    ),
    Column[Entry](
        "size",
        "SIZE",
        lambda entry: size(entry.size) if entry.size else NOTHING,
        9,
        align=Align.RIGHT,
    ),
)


def file_text(line: FileLine) -> str:
    """Return all that is known of a file, where a list has room for its beginning."""
    facts = f"{counted(line.pages, 'page')}, {size(line.size)}" if line.pages else ""
    return "\n\n".join(part for part in (shown_path(line.path), facts, show(line.says, 600)) if part)


def key_of_entry(entry: Entry) -> str:
    return f"{entry.label}\0{entry.path}"


def options_line(plan: Plan, pages: str, *, again: bool) -> str:
    """Return what was chosen, as far as `e` can change it."""
    tokens = f"max_tokens {plan.max_tokens:,}"
    parts = [show(plan.recipe, 40), show(plan.model, 60), tokens, f"pages {show(pages, 40) or 'all'}"]
    if plan.mode is not Mode.BATCH:
        parts.append(f"mode {plan.mode}")
    if plan.ladder:
        parts.append(f"ladder {show_ladder(plan.ladder)}")
    parts.append(f"name {show(plan.name, 60)}")
    return " · ".join([*parts, "also what was submitted before"] if again else parts)


def count_line(found: CountedEstimate) -> str:
    """Return what a counted estimate rests on, or why nothing could be counted."""
    if found.input is None or found.output is None:
        return f"! {show(found.note, 300)} The estimate is the uncounted one."
    source = f"{found.answers:,} earlier answers" if found.answers else "a default"
    cut = f" ! {show(found.note, 200)}" if found.note else ""
    return (
        f"{counted(found.pages, 'page')} counted in {counted(found.calls, 'free call')}: "
        f"{found.input.mean:,.0f} tokens in, {found.output.mean:,.0f} out by {source}.{cut}"
    )


def plan_lines(plan: Plan, most_caveats: int, counted_by: str = "") -> list[str]:
    """Return what submitting will send and cost, what the cost rests on, and what to know before paying."""
    if not plan.documents:
        return ["✗ No usable page is left; the list says why for each file."]
    documents = counted(len(plan.documents), "document")
    batches = counted(plan.batches, "batch", "batches")
    what = f"{counted(plan.pages, 'page')} of {documents}"
    cost = price_range(plan.estimate)
    if plan.realtime_pages:
        batches += f", {plan.realtime_pages:,} at once in real time,"
    lines = [f"{what} · {size(plan.body_bytes)} in about {batches} · {cost}"]
    lines += [counted_by] if counted_by else []
    if plan.resumes is not None:
        lines.append(f"Goes on with the unfinished job {show(plan.name, 60)}: only its unsent pages.")
    lines += [f"✗ {show(finding.message, 300)}" for finding in plan.findings]
    lines += _shortened([f"! {show(caveat, 300)}" for caveat in plan.caveats], most_caveats)
    return lines


def _shortened(lines: Sequence[str], most: int) -> Iterable[str]:
    if len(lines) <= most:
        return lines
    return [*lines[: most - 1], f"! and {len(lines) - most + 1:,} more; WHAT in the list says which."]


def shown_path(path: str) -> str:
    """Return a path as it is shown."""
    return show(short_path(path), 300)
