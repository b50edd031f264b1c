"""Every path of a deck, and preparing its folders; nothing else in BatchDeck puts a deck's path together."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from batchdeck.domain.documents import FileKind
from batchdeck.domain.text import show
from batchdeck.errors import DeckError, NetworkFileSystem, UsageError
from batchdeck.store.disk import FOLDER_MODE, Disk, storage_failures

PART_PREFIX = "parts-"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_MOUNTINFO = Path("/proc/self/mountinfo")
# A container's own root may be fuse-overlayfs: local, although the kernel calls it FUSE.
_LOCAL_FUSE = frozenset({"fuse.fuse-overlayfs"})
_NETWORK_TYPES = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "smb2", "ncpfs", "afs", "ceph", "lustre", "beegfs", "fuse"}
)


@dataclass(frozen=True, slots=True)
class DeckLayout:
    """The paths of one deck. Jobs, keys and digests are checked, so no name from outside leaves the deck."""

    root: Path

    @property
    def ledger(self) -> Path:
        return self.root / "ledger.json"

    @property
    def journal(self) -> Path:
        """Commits since `ledger.json` was last written."""
        return self.root / "ledger.journal"

    @property
    def audit(self) -> Path:
        return self.root / "audit.jsonl"

    @property
    def has_been_used(self) -> bool:
        """Whether anything in the deck was made after its ledger: then that has to be there."""
        has_log = self.audit.exists() and self.audit.stat().st_size > 0
        return has_log or any(next(folder.glob("*"), None) for folder in (self.jobs, self.batches))

    @property
    def told(self) -> Path:
        """What people have been told."""
        return self.root / "told.json"

    @property
    def heartbeat(self) -> Path:
        """What the poller says of its last round."""
        return self.root / "watch.json"

    @property
    def run_log(self) -> Path:
        """Where rounds from cron are logged, unless asked otherwise."""
        return self.root / "watch.log"

    @property
    def vault(self) -> Path:
        return self.root / "vault"

    def source(self, sha256: str, kind: FileKind = FileKind.PDF) -> Path:
        """The kept copy of one source document."""
        if not _SHA256.fullmatch(sha256):
            raise UsageError(f"“{show(sha256, 80)}” is not a SHA-256 in 64 lower-case digits.")
        return self.vault / f"{sha256}.{kind}"

    def rows(self, sha256: str, kind: FileKind) -> Path:
        """Where each record of a kept source begins. Derived: can be made anew from the source."""
        return self.source(sha256, kind).with_suffix(f".{kind}.rows")

    def readable_source(self, sha256: str) -> Path:
        """The decrypted copy of a source that needs a password."""
        return self.source(sha256).with_suffix(".readable.pdf")

    @property
    def jobs(self) -> Path:
        return self.root / "jobs"

    def job(self, job: str) -> Path:
        return self.jobs / _checked(job)

    def pages(self, job: str) -> Path:
        return self.job(job) / "pages.jsonl"

    def asked(self, job: str) -> Path:
        """What the ready-made requests of a job ask for, where it has such."""
        return self.job(job) / "asked.json"

    def recipe(self, job: str) -> Path:
        """Where the recipe is kept that a job was submitted with, if it is one of the operator's own."""
        return self.job(job) / "recipe"

    @property
    def batches(self) -> Path:
        return self.root / "batches"

    def batch(self, key: str) -> Path:
        return self.batches / _checked(key)

    def requests(self, key: str) -> Path:
        return self.batch(key) / "requests.jsonl"

    def results(self, key: str) -> Path:
        return self.batch(key) / "results.jsonl"

    def results_part(self, key: str) -> Path:
        """Where results are written while they arrive."""
        return self.batch(key) / "results.jsonl.part"

    def realtime(self, key: str) -> Path:
        """The journal of a real-time run, until its results are archived."""
        return self.batch(key) / "realtime.jsonl"

    def index(self, key: str) -> Path:
        return self.batch(key) / "results.idx"

    @property
    def spool(self) -> Path:
        return self.root / "spool"

    def body(self, key: str) -> Path:
        """The exact request body of one submission, until it has been sent."""
        return self.spool / f"{_checked(key)}.body"

    @contextlib.contextmanager
    def part_folder(self) -> Iterator[Path]:
        """Make a folder for pages on their way into a body, and remove it afterwards with what is left.

        Raises:
            StorageFailed: it cannot be made.
        """
        with storage_failures("Making a folder in", self.spool):
            folder = tempfile.mkdtemp(prefix=PART_PREFIX, dir=self.spool)
        try:
            yield Path(folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    @property
    def exports(self) -> Path:
        return self.root / "exports"

    def export(self, job: str) -> Path:
        return self.exports / _checked(job)

    @property
    def inbox_marks(self) -> Path:
        """What has become of the files of inboxes that are left in their place."""
        return self.root / "inbox.json"

    @property
    def sandbox(self) -> Path:
        return self.root / "sandbox"

    @property
    def quarantine(self) -> Path:
        """What repairs took out of the deck, in a folder for each; made when it is first needed."""
        return self.root / "quarantine"

    @property
    def locks(self) -> Path:
        return self.root / "locks"

    def lock(self, name: str) -> Path:
        return self.locks / f"{_checked(name)}.lock"

    @property
    def ledger_lock(self) -> Path:
        return self.lock("ledger")

    @property
    def submit_lock(self) -> Path:
        """One `create` in flight per deck."""
        return self.lock("submit")

    @property
    def realtime_lock(self) -> Path:
        """One real-time run per deck."""
        return self.lock("realtime")

    @property
    def poller_lock(self) -> Path:
        """One poller per deck."""
        return self.lock("poller")

    @property
    def audit_lock(self) -> Path:
        return self.lock("audit")

    @property
    def folders(self) -> tuple[Path, ...]:
        """The folders every deck has."""
        return (self.vault, self.jobs, self.batches, self.spool, self.exports, self.locks, self.sandbox)


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"“{show(name, 80)}” cannot be the name of anything in a deck.",
            hint="Names of jobs and batches are letters, digits, - and _, at most 128 of them.",
        )
    return name


def prepare_deck(root: Path, *, force_network_fs: bool = False) -> DeckLayout:
    """Create a deck's folders where they are missing, open to their owner alone.

    Args:
        root: the deck's home folder; made with its parents when it is not there.
        force_network_fs: accept a file system whose locks reach no other machine.

    Raises:
        NetworkFileSystem: `root` lies on NFS, SMB or FUSE.
        DeckError: `root` is something else than a folder.
        StorageFailed: a folder cannot be made.
    """
    layout = DeckLayout(Path(os.path.abspath(root)))
    if not force_network_fs:
        refuse_network_fs(layout.root)
    if layout.root.exists() and not layout.root.is_dir():
        raise DeckError(
            f"{show(str(layout.root), 200)} is not a folder.", hint="Name a folder with --deck, or a new one."
        )
    with storage_failures("Preparing the deck in", layout.root):
        make_folder(layout.root, parents=True)
        for folder in layout.folders:
            make_folder(folder)
    return layout


def make_folder(folder: Path, *, parents: bool = False) -> None:
    """Make a folder for good, with mode 0700 whatever the umask; one that is there stays as it is."""
    if parents:
        folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        folder.mkdir(FOLDER_MODE)
    except FileExistsError:
        return
    folder.chmod(FOLDER_MODE)
    Disk().sync_folder(folder.parent)


def refuse_network_fs(path: Path, mountinfo: Path = _MOUNTINFO) -> None:
    """Refuse a file system whose locks cannot be trusted between machines.

    Args:
        path: where the deck is or will be.
        mountinfo: the kernel's list of mounts; where there is none (not Linux), nothing is refused.

    Raises:
        NetworkFileSystem: the type of the mount that holds `path` is NFS, SMB, FUSE or the like.
    """
    try:
        mounts = mountinfo.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return
    kind = _filesystem_of(Path(os.path.realpath(path)), mounts)
    is_fuse = kind.startswith("fuse.") and kind not in _LOCAL_FUSE
    if is_fuse or kind in _NETWORK_TYPES:
        raise NetworkFileSystem(
            f"{show(str(path), 200)} lies on a file system of type “{show(kind, 40)}”, where locks may not "
            "keep two processes apart.",
            hint="Choose a local folder with --deck. Where only one machine ever uses this deck: "
            "Deck.open(…, force_network_fs=True), from Python.",
        )


def _filesystem_of(path: Path, mounts: str) -> str:
    # One mount a line: id parent major:minor root MOUNT-POINT options … - TYPE source options (proc(5)).
    # A later line for the same mount point covers an earlier one.
    best, kind = -1, ""
    for line in mounts.splitlines():
        before, separator, after = line.partition(" - ")
        fields = before.split(" ")
        if not separator or len(fields) < 5 or not after:
            continue
        point = Path(re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), fields[4]))
        if len(point.parts) >= best and path.is_relative_to(point):
            best, kind = len(point.parts), after.split(" ", 1)[0]
    return kind
