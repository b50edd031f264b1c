"""Where the files of an inbox go when they are dealt with: moved into a folder, or marked in the deck."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from batchdeck.domain.inbox import Done, Signature, problem_text
from batchdeck.operations.context import Context
from batchdeck.store.disk import Disk
from batchdeck.store.inbox import Mark, Marks, move_away

DONE, PROBLEMS = "done", "problems"


class Shelf:
    """Puts files away, in the way that was chosen for the inbox. Writes to the disk: call it in a thread."""

    def __init__(self, context: Context, folder: Path, done: Done) -> None:
        self._context = context
        self._folder = folder
        self._moves = done is Done.MOVE
        self._file = Marks(context.layout, folder)
        self._marks: dict[str, Mark] = {} if self._moves else self._file.load()
        self._has_new_marks = False

    def has(self, name: str, signature: Signature) -> bool:
        """Say whether a file that lies in the folder has been put away already."""
        return name in self._marks and self._marks[name].fits(signature)

    def take(self, name: str, signature: Signature, where: str, reason: str = "") -> Path | None:
        """Put a file away; return where it is now, if it was moved.

        Args:
            where: the folder in the inbox, `DONE` or `PROBLEMS`.
            reason: why it cannot be used; becomes a note beside it.

        Raises:
            Conflict: it is not the same file any more.
            StorageFailed: the disk did not take it.
        """
        if not self._moves:
            self._marks[name] = Mark(signature.size, signature.mtime_ns, signature.inode, reason)
            self._has_new_marks = True
            return None
        note = problem_text(name, reason, self._context.now()) if reason else ""
        return move_away(self._folder / name, self._folder / where, signature, note=note, disk=Disk())

    def keep(self, there: Iterable[str]) -> None:
        """Write down what was marked, without the files that are no longer there.

        Raises:
            StorageFailed: the disk did not take it.
        """
        if self._has_new_marks:
            names = set(there)
            self._marks = {name: mark for name, mark in self._marks.items() if name in names}
            self._file.save(self._marks)
            self._has_new_marks = False
