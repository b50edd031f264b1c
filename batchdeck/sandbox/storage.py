"""The state folder of a sandbox: where everything lies, and reading and writing its small records."""

from __future__ import annotations

import secrets
import shutil
import tempfile
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import msgspec

from batchdeck.errors import DeckDamaged, DeckTooNew
from batchdeck.sandbox.files import write_whole
from batchdeck.sandbox.records import BatchRecord

FORMAT = 1
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Identity:
    """What makes one state different from every other."""

    format: int
    salt: str
    """Goes into every id, so that two sandboxes never mint the same one."""
    key: str
    """The API key it takes when its settings name none."""
    batches: int = 0
    """How many batches it ever made."""


@dataclass(frozen=True, slots=True)
class BatchFolder:
    """The files of one batch."""

    path: Path

    @property
    def record(self) -> Path:
        return self.path / "batch.json"

    @property
    def params(self) -> Path:
        """The rows' params, one after the other, as received."""
        return self.path / "params.bin"

    @property
    def offsets(self) -> Path:
        """Where each row's params begin in `params`, and where the last one ends: native unsigned 64-bit."""
        return self.path / "params.idx"

    @property
    def custom_ids(self) -> Path:
        """One custom_id a line, in the order received."""
        return self.path / "custom_ids.txt"

    @property
    def attempts(self) -> Path:
        """Which turn of its page each row is: native unsigned 16-bit, in the order received."""
        return self.path / "attempts.bin"

    @property
    def parts(self) -> Path:
        """Folder of answered rows, a file for each chunk of them."""
        return self.path / "parts"

    @property
    def results(self) -> Path:
        """The results as they are served; there once the batch has ended."""
        return self.path / "results.jsonl"

    def part(self, start: int, stop: int) -> Path:
        return self.parts / f"{start:06d}-{stop:06d}.jsonl"

    def list_parts(self) -> list[tuple[int, int, Path]]:
        """Return the parts there are, each with the rows [start, stop) it holds, in order."""
        return sorted(
            (int(path.name[:6]), int(path.name[7:13]), path) for path in self.parts.glob("[0-9]*.jsonl")
        )

    @property
    def gathered(self) -> Path:
        """All parts in one file, while the results are put together."""
        return self.path / "gathered.tmp"

    @property
    def unfinished_results(self) -> Path:
        return self.path / "results.jsonl.part"

    def read_custom_ids(self) -> list[str]:
        return self.custom_ids.read_text("ascii").split("\n")

    def read_offsets(self) -> array[int]:
        return array("Q", self.offsets.read_bytes())

    def read_attempts(self) -> array[int]:
        return array("H", self.attempts.read_bytes())

    def drop_work(self) -> None:
        """Delete what was needed only until the batch ended: what was asked, and the rows in parts."""
        self.params.unlink(missing_ok=True)
        self.offsets.unlink(missing_ok=True)
        shutil.rmtree(self.parts, ignore_errors=True)

    def write_attempts(self, attempts: Sequence[int]) -> None:
        write_whole(self.attempts, array("H", (min(turn, 0xFFFF) for turn in attempts)).tobytes())


class Storage:
    """The state folder. One serving process owns it at a time.

    Raises:
        DeckTooNew: a newer version made the folder.
        DeckDamaged: a record in it cannot be read.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.batches = root / "batches"
        self.incoming = root / "incoming"
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.batches.mkdir(exist_ok=True)
        shutil.rmtree(self.incoming, ignore_errors=True)
        self.incoming.mkdir()
        self.identity = self._load_identity()

    def _load_identity(self) -> Identity:
        path = self.root / "state.json"
        if not path.exists():
            identity = Identity(FORMAT, secrets.token_hex(16), f"sk-sandbox-{secrets.token_hex(16)}")
            write_whole(path, msgspec.json.encode(identity))
            return identity
        identity = _read(path, Identity)
        if identity.format > FORMAT:
            raise DeckTooNew(f"{path} has format {identity.format}; this version knows {FORMAT}.")
        return identity

    def next_sequence(self) -> int:
        """Return the number of the next batch. Never given out twice, deleted batches included."""
        self.identity = replace(self.identity, batches=self.identity.batches + 1)
        write_whole(self.root / "state.json", msgspec.json.encode(self.identity))
        return self.identity.batches

    def folder(self, batch_id: str) -> BatchFolder:
        return BatchFolder(self.batches / batch_id)

    def new_folder(self) -> BatchFolder:
        """Return an empty folder for rows that are being taken in. It becomes a batch's by `adopt`."""
        folder = BatchFolder(Path(tempfile.mkdtemp(dir=self.incoming)))
        folder.parts.mkdir()
        return folder

    def adopt(self, folder: BatchFolder, record: BatchRecord) -> None:
        """Make a folder of taken in rows the folder of a new batch, in one step."""
        write_whole(folder.record, msgspec.json.encode(record))
        folder.path.rename(self.folder(record.id).path)

    def save(self, record: BatchRecord) -> None:
        write_whole(self.folder(record.id).record, msgspec.json.encode(record))

    def load_records(self) -> list[BatchRecord]:
        """Return all batches, oldest first. A folder without a record is what a killed delete has left."""
        records = []
        for path in self.batches.iterdir():
            folder = BatchFolder(path)
            if folder.record.exists():
                records.append(_read(folder.record, BatchRecord))
            else:
                shutil.rmtree(path)
        return sorted(records, key=lambda record: record.sequence)

    def remove(self, batch_id: str) -> None:
        """Delete a batch and all its files."""
        folder = self.folder(batch_id)
        folder.record.unlink()
        shutil.rmtree(folder.path)


def _read(path: Path, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except msgspec.MsgspecError as error:
        raise DeckDamaged(
            f"{path} cannot be read: {error}", hint="Remove the sandbox's folder to begin anew."
        ) from error
