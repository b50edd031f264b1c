"""The inbox: new files of a folder are submitted once they have stopped growing, then put away."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path

from batchdeck.config import Settings
from batchdeck.domain.batches import Job, SubmissionState
from batchdeck.domain.costs import Estimate, TokensPerPage, estimate_pages
from batchdeck.domain.documents import Document, Scan, ScannedFile, UnusableFile
from batchdeck.domain.events import (
    DocumentScanned,
    Event,
    Finished,
    InboxDone,
    InboxHeld,
    InboxProblem,
    InboxSubmitted,
)
from batchdeck.domain.inbox import (
    ASKS_FIRST,
    Done,
    InboxOrder,
    Seen,
    Signature,
    affordable,
    job_name,
    look,
    settles_at,
)
from batchdeck.domain.standing import INBOX, Spender, money_left, refusal
from batchdeck.domain.text import show
from batchdeck.errors import BatchDeckError, Conflict, NothingToSubmit
from batchdeck.operations.context import Context
from batchdeck.operations.inbox_shelf import DONE, PROBLEMS, Shelf
from batchdeck.operations.plan import CAVEAT_TEXTS, PlanOptions, jobs_by_document, make_plan, unsent_indices
from batchdeck.operations.scan import scan
from batchdeck.operations.submit import resume, submit
from batchdeck.recipes.recipe import load_recipe
from batchdeck.store.bell import FolderBell
from batchdeck.store.inbox import arrived_at, list_inbox, signature_of


def inbox_order(settings: Settings, folder: str | None = None) -> InboxOrder | None:
    """Return the inbox that the settings describe, of another folder where one is named; None for none."""
    chosen = settings.inbox
    where = folder or chosen.folder
    if where is None:
        return None
    return InboxOrder(
        folder=where,
        recipe=chosen.recipe,
        model=chosen.model,
        usd_per_file=chosen.max_cost_per_file,
        usd_per_day=chosen.max_cost_per_day,
        done=Done(chosen.done),
        settle_seconds=chosen.settle_seconds,
        rescan_seconds=chosen.rescan_seconds,
    )


class Inbox:
    """Serves one folder for one poller.

    Whether a document has been submitted is for the ledger to say, by its bytes: a process that is killed
    between submitting a file and putting it away finds that out and pays nothing again.
    """

    def __init__(self, context: Context, order: InboxOrder) -> None:
        """Make it; nothing is looked at yet.

        Raises:
            NotFound: there is no such recipe.
            ReadOnlyError: the deck was opened read-only.
        """
        context.require_writable("serve an inbox")
        load_recipe(order.recipe)
        self._context = context
        self._order = order
        self.folder = (context.layout.root / Path(order.folder).expanduser()).resolve()
        self._spender = Spender(INBOX, order.usd_per_day)
        self._bell = FolderBell(self.folder)
        self._shelf = Shelf(context, self.folder, order.done)
        self._seen: dict[str, Seen] = {}
        self._scanned: dict[str, tuple[Signature, ScannedFile]] = {}
        self._told: set[str] = set()
        """What was said in the last round, so that it is said once, and again if it comes back."""
        self._saying: set[str] = set()
        self._given_up: set[str] = set()
        """Jobs of which pages are left that cannot be made into requests."""
        self._next_look = context.now()
        self._not_before = context.now()

    @property
    def is_settling(self) -> bool:
        """Whether a file is there that may still be growing, or that nobody has looked into yet."""
        return any(name not in self._scanned for name in self._seen)

    def is_due(self) -> bool:
        """Say whether the folder is to be looked at: it has changed, or it is time."""
        return self._bell.take() or self._next_look <= self._context.now()

    async def close(self) -> None:
        """Stop listening for changes."""
        await self._bell.close()

    async def round(self) -> AsyncGenerator[Event, None]:
        """Look at the folder, submit what is complete, put away what is done."""
        self._bell.start()
        now = self._context.now()
        try:
            listing = await asyncio.to_thread(list_inbox, self.folder)
        except BatchDeckError as error:
            self._next_look = now + dt.timedelta(seconds=self._order.rescan_seconds)
            for event in self._held(0, error.message):
                yield event
            return
        files = {name: sign for name, sign in listing.files.items() if not self._shelf.has(name, sign)}
        self._seen = look(self._seen, files, now)
        for name in listing.links:
            if self._is_news(f"link {name}"):
                yield InboxProblem(self.folder, show(name), "It is a link; links are not followed.", None)
        for step in (self._scan(), self._go_on(), self._put_away(), self._submit(), self._put_away()):
            async with aclosing(step) as events:
                async for event in events:
                    yield event
        await asyncio.to_thread(self._shelf.keep, listing.files)
        is_pausing = self._not_before > self._context.now()
        self._told, self._saying = self._saying | (self._told if is_pausing else set()), set()
        self._next_look = self._when_to_look(self._context.now())

    def _when_to_look(self, now: dt.datetime) -> dt.datetime:
        settled = self._settled()
        moments = [
            settles_at(seen, self._order.settle_seconds)
            for name, seen in self._seen.items()
            if name not in settled
        ]
        return min([*moments, now + dt.timedelta(seconds=self._order.rescan_seconds)])

    def _settled(self) -> list[str]:
        now, patience = self._context.now(), self._order.settle_seconds
        return [name for name, seen in self._seen.items() if settles_at(seen, patience) <= now]

    async def _scan(self) -> AsyncGenerator[Event, None]:
        """Scan the files that are complete, each once; put those that cannot be used with the problems."""
        settled = {name: self._seen[name].signature for name in self._settled()}
        self._scanned = {
            name: known for name, known in self._scanned.items() if settled.get(name) == known[0]
        }
        names = {str(self.folder / name): name for name in settled if name not in self._scanned}
        if not names:
            return
        async with aclosing(scan(self._context, list(names), recipe=self._order.recipe)) as events:
            async for event in events:
                if not isinstance(event, DocumentScanned):
                    continue
                name = names[event.file.path]
                # A file that was changed, or replaced by a link, while it was read is looked at again.
                if await asyncio.to_thread(signature_of, self.folder / name) == settled[name]:
                    self._scanned[name] = settled[name], event.file
                else:
                    self._seen.pop(name, None)
        for name, (signature, file) in list(self._scanned.items()):
            reason = self._unusable(file)
            if reason:
                async for event in self._problem(name, signature, reason):
                    yield event

    def _unusable(self, file: ScannedFile) -> str:
        """Say why a file is not to be submitted unasked, or ""."""
        if isinstance(file, UnusableFile):
            return file.problem.message
        uses = self._context.ledger.documents().get(file.sha256, ())
        if any(use.recipe == self._order.recipe for use in uses):
            return ""
        asks = [CAVEAT_TEXTS[caveat] for caveat in file.caveats if caveat in ASKS_FIRST]
        return f"It {'; it '.join(asks)}. Submit it yourself if you want it all the same." if asks else ""

    async def _go_on(self) -> AsyncGenerator[Event, None]:
        """Send what an interrupted run of an inbox has not sent."""
        for job, refused in self._unfinished():
            if refused:
                hint = f"{job.name}: {refused}. Then: batchdeck submit --resume {job.id}"
                for event in self._held(len(job.documents), hint):
                    yield event
                continue
            try:
                async with aclosing(resume(self._context, job.id, spender=self._spender)) as events:
                    async for event in events:
                        if not isinstance(event, Finished):
                            yield event
                        elif event.result.unsent and not event.result.refused:
                            self._given_up.add(job.id)
                            reason = f"{event.result.unsent} pages of {job.name} cannot be sent"
                            yield InboxHeld(self.folder, 0, reason)
            except BatchDeckError as error:
                for event in self._failed(len(job.documents), error):
                    yield event

    def _unfinished(self) -> list[tuple[Job, str]]:
        """Return the jobs of inboxes that are not wholly sent, each with why they may not be now, or ""."""
        if self._not_before > self._context.now():
            return []
        self._context.ledger.refresh()
        if self._context.ledger.meta.held:
            return []
        found = []
        for job in self._context.ledger.jobs().values():
            if job.order != INBOX or job.id in self._given_up:
                continue
            own = [s for s in self._context.ledger.submissions().values() if s.job == job.id]
            own.sort(key=lambda submission: submission.created_at)
            is_left = any(s.state is SubmissionState.PREPARED and s.order == INBOX for s in own)
            if is_left or unsent_indices(job, own):
                found.append((job, refusal(own)))
        return found

    async def _submit(self) -> AsyncGenerator[Event, None]:
        """Submit what is complete, new and affordable as one job; say what waits, and for what."""
        documents = self._new_documents()
        if not documents or self._not_before > self._context.now():
            return
        refused = self._refusal()
        if refused:
            for event in self._held(len(documents), refused):
                yield event
            return
        priced: list[tuple[tuple[str, Document], float]] = []
        for name, document in documents:
            estimate = self._estimate(document)
            too_dear = self._too_dear(estimate)
            if too_dear and estimate.known:
                async for event in self._problem(name, self._scanned[name][0], too_dear):
                    yield event
            elif too_dear:
                for event in self._held(len(documents), too_dear):
                    yield event
                return
            else:
                priced.append(((name, document), estimate.usd))
        chosen, rest = affordable(priced, self._money_left())
        if rest:
            reason = f"today's {self._order.usd_per_day:,.2f} dollars are spent; they go when there is more"
            for event in self._held(len(rest), reason, once=f"{self._context.now():%F}: {len(rest)} wait"):
                yield event
        if chosen:
            async with aclosing(self._send(dict(chosen))) as events:
                async for event in events:
                    yield event

    async def _send(self, chosen: dict[str, Document]) -> AsyncGenerator[Event, None]:
        order, context = self._order, self._context
        name = job_name(str(self.folder), context.now())
        options = PlanOptions(order.recipe, order.model, order.max_tokens, None, name)
        try:
            plan = make_plan(context, Scan(tuple(chosen.values()), ()), options)
            async with aclosing(submit(context, plan, spender=self._spender)) as events:
                async for event in events:
                    if isinstance(event, Finished):
                        files = tuple(show(file) for file in chosen)
                        usd = plan.estimate.usd
                        yield InboxSubmitted(self.folder, event.result.job, files, event.result.pages, usd)
                    else:
                        yield event
        except BatchDeckError as error:
            for event in self._failed(len(chosen), error):
                yield event

    def _new_documents(self) -> list[tuple[str, Document]]:
        """Return the complete documents that no job has with this recipe, each content once, oldest first."""
        known = jobs_by_document(self._context.ledger.jobs(), self._order.recipe)
        found: dict[str, tuple[str, Document]] = {}
        for name, (_, file) in sorted(self._scanned.items(), key=lambda item: (item[1][0].mtime_ns, item[0])):
            if isinstance(file, Document) and file.sha256 not in known:
                found.setdefault(file.sha256, (name, file))
        return list(found.values())

    def _refusal(self) -> str:
        """Say why nothing new goes out after what the API has answered last, or ""."""
        held = self._context.ledger.meta.held
        if held:
            return f"the account is held: {held} Then: batchdeck mended"
        submissions = self._context.ledger.submissions().values()
        by_age = sorted(submissions, key=lambda submission: submission.created_at)
        # A later submission that the API took shows that the line may go on.
        told = [s for s in by_age if s.order == INBOX or s.state is SubmissionState.SUBMITTED]
        return refusal(told)

    def _estimate(self, document: Document) -> Estimate:
        recipe = load_recipe(self._order.recipe)
        price = self._context.prices.of(self._order.model or recipe.model)
        tokens = self._order.max_tokens or recipe.max_tokens
        return estimate_pages(document.page_count, price, TokensPerPage(), max_tokens=tokens)

    def _too_dear(self, estimate: Estimate) -> str:
        """Say why a file can never go by itself, or ""."""
        order = self._order
        if not estimate.known:
            return "there is no price for the model, so that no cap can be kept"
        if order.usd_per_file is not None and estimate.usd > order.usd_per_file:
            return f"It would cost about ${estimate.usd:,.2f}, over the ${order.usd_per_file:,.2f} a file."
        if estimate.usd > order.usd_per_day:
            return f"It would cost about ${estimate.usd:,.2f}, over the ${order.usd_per_day:,.2f} a day."
        return ""

    def _money_left(self) -> float:
        ledger = self._context.ledger
        spent = list(ledger.submissions().values()), list(ledger.batches().values())
        return money_left(self._spender, None, *spent, self._context.now())

    async def _put_away(self) -> AsyncGenerator[Event, None]:
        """Put away the files whose documents are in a job that has sent all of its pages."""
        self._context.ledger.refresh()
        jobs = self._context.ledger.jobs()
        by_document = jobs_by_document(jobs, self._order.recipe)
        for name, (signature, file) in list(self._scanned.items()):
            if not isinstance(file, Document):
                continue
            known = by_document.get(file.sha256)
            if known and self._is_sent(jobs[known[-1]]):
                job = jobs[known[-1]]
                try:
                    is_own = self._is_own(job, file.path)
                    target = await self._away(name, signature, DONE)
                except FileNotFoundError:
                    self._scanned.pop(name)
                except BatchDeckError as error:
                    for event in self._held(1, error.message):
                        yield event
                else:
                    yield InboxDone(self.folder, show(name), job.id, target, is_duplicate=not is_own)

    def _is_own(self, job: Job, path: str) -> bool:
        """Whether a file is the very one that a job was made of, rather than another with the same bytes."""
        is_of_job = job.order == INBOX and any(ref.path == path for ref in job.documents)
        return is_of_job and arrived_at(Path(path)) <= job.created_at

    def _is_sent(self, job: Job) -> bool:
        if job.order != INBOX or job.id in self._given_up:
            return True
        own = [s for s in self._context.ledger.submissions().values() if s.job == job.id]
        return not unsent_indices(job, own)

    async def _problem(self, name: str, signature: Signature, reason: str) -> AsyncGenerator[Event, None]:
        try:
            target = await self._away(name, signature, PROBLEMS, reason)
        except BatchDeckError as error:
            for event in self._held(1, error.message):
                yield event
        else:
            self._context.audit.append("inbox_problem", file=name, reason=reason)
            yield InboxProblem(self.folder, show(name), reason, target)

    async def _away(self, name: str, signature: Signature, where: str, reason: str = "") -> Path | None:
        """Move or mark a file, and forget it here; return where it is now, if it was moved."""
        target = await asyncio.to_thread(self._shelf.take, name, signature, where, reason)
        self._seen.pop(name, None)
        self._scanned.pop(name, None)
        return target

    def _failed(self, files: int, error: BatchDeckError) -> list[Event]:
        """Send nothing for a while after something went wrong; a file that has changed is seen at once."""
        if not isinstance(error, Conflict):
            wait = self._context.settings.polling.ceiling_seconds
            if isinstance(error, NothingToSubmit):
                wait = self._order.rescan_seconds
            self._not_before = self._context.now() + dt.timedelta(seconds=wait)
        return self._held(files, error.message)

    def _held(self, files: int, reason: str, *, once: str = "") -> list[Event]:
        """Say once for each reason (or what `once` calls it) what the inbox waits for."""
        return [InboxHeld(self.folder, files, reason)] if self._is_news(once or reason) else []

    def _is_news(self, words: str) -> bool:
        is_known = words in self._told or words in self._saying
        self._saying.add(words)
        return not is_known
