"""The vault keeps the bytes that were scanned, and nothing that happens to the source reaches them."""

from __future__ import annotations

import hashlib
import os
import stat
import threading
from pathlib import Path

import pytest

from batchdeck.errors import Conflict, InputError, NotFound, StorageFailed, UsageError
from batchdeck.store import vault as vault_module
from batchdeck.store.layout import DeckLayout
from batchdeck.store.vault import Vault, digest_of
from tests.unit.store.faulty import FaultyDisk, no_space

CONTENT = b"%PDF-1.7 " + bytes(range(256)) * 9_000
DIGEST = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "in.pdf"
    path.write_bytes(CONTENT)
    return path


def leftovers(layout: DeckLayout) -> list[str]:
    return [path.name for path in layout.vault.iterdir() if path.suffix != ".pdf"]


def test_a_source_is_kept_byte_for_byte_and_found_again(layout: DeckLayout, source: Path) -> None:
    vault = Vault(layout)
    assert not vault.has(DIGEST)
    kept = vault.keep(source, DIGEST)
    assert kept.read_bytes() == CONTENT
    assert vault.has(DIGEST)
    assert vault.path(DIGEST) == vault.readable(DIGEST) == kept
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert leftovers(layout) == []


def test_what_happens_to_the_source_does_not_reach_the_copy(layout: DeckLayout, source: Path) -> None:
    kept = Vault(layout).keep(source, DIGEST)
    with source.open("r+b") as file:
        file.write(b"changed in place")
    assert kept.read_bytes() == CONTENT
    source.unlink()
    assert Vault(layout).keep(source, DIGEST) == kept


def test_a_source_that_changed_since_the_scan_is_refused(layout: DeckLayout, source: Path) -> None:
    source.write_bytes(CONTENT + b"x")
    with pytest.raises(Conflict, match="changed since it was scanned"):
        Vault(layout).keep(source, DIGEST)
    assert list(layout.vault.iterdir()) == []


def test_not_a_byte_is_copied_of_a_source_of_another_size(layout: DeckLayout, source: Path) -> None:
    source.write_bytes(CONTENT + b"x")
    disk = FaultyDisk(0, no_space)
    with pytest.raises(Conflict, match="changed since it was scanned"):
        Vault(layout, disk=disk).keep(source, DIGEST, size=len(CONTENT))
    assert disk.calls == []


@pytest.mark.parametrize("kind", ["missing", "folder", "pipe", "endless"])
def test_a_source_that_is_no_file_any_more_is_refused(layout: DeckLayout, source: Path, kind: str) -> None:
    source.unlink()
    if kind == "folder":
        source.mkdir()
    elif kind == "pipe":
        os.mkfifo(source)
    elif kind == "endless":
        source.symlink_to("/dev/zero")
    with pytest.raises(InputError, match=r"cannot be read any more|not a regular file any more") as refused:
        Vault(layout).keep(source, DIGEST)
    assert refused.value.hint
    assert list(layout.vault.iterdir()) == []


def test_a_full_disk_leaves_nothing_behind(layout: DeckLayout, source: Path) -> None:
    counting = FaultyDisk(0, no_space)
    Vault(layout, disk=counting).keep(source, DIGEST)
    layout.source(DIGEST).unlink()
    for at in range(1, len(counting.calls)):
        with pytest.raises(StorageFailed, match="No space left"):
            Vault(layout, disk=FaultyDisk(at, no_space, tear=0.5)).keep(source, DIGEST)
        assert list(layout.vault.iterdir()) == [], counting.calls[at - 1]


def test_many_may_keep_the_same_source_at_once(layout: DeckLayout, source: Path) -> None:
    failures: list[BaseException] = []

    def keep() -> None:
        try:
            Vault(layout).keep(source, DIGEST)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=keep) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert Vault(layout).path(DIGEST).read_bytes() == CONTENT
    assert leftovers(layout) == []


def test_the_opened_form_of_a_locked_source_stands_in_for_it(layout: DeckLayout, source: Path) -> None:
    vault = Vault(layout)
    kept = vault.keep(source, DIGEST)
    layout.readable_source(DIGEST).write_bytes(b"%PDF opened")
    assert vault.path(DIGEST) == kept
    assert vault.readable(DIGEST).read_bytes() == b"%PDF opened"


def test_what_was_never_kept_is_not_found(layout: DeckLayout) -> None:
    for look in (Vault(layout).path, Vault(layout).readable):
        with pytest.raises(NotFound):
            look(DIGEST)
    with pytest.raises(UsageError):
        Vault(layout).has("../../etc/passwd")


def test_a_kept_source_is_read_again_only_when_somebody_has_touched_it(
    layout: DeckLayout, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[Path] = []

    def read(path: Path) -> str:
        reads.append(path)
        return digest_of(path)

    monkeypatch.setattr(vault_module, "digest_of", read)
    vault = Vault(layout)
    kept = vault.keep(source, DIGEST)
    assert vault.keep(source, DIGEST) == kept
    assert (vault.problem(DIGEST), reads) == ("", [])
    assert (Vault(layout).problem(DIGEST), len(reads)) == ("", 1), "another process has not seen it written"

    was = kept.stat()
    kept.write_bytes(CONTENT[:-1] + b"x")
    os.utime(kept, ns=(was.st_atime_ns, was.st_mtime_ns))
    assert vault.problem(DIGEST) == vault.problem(DIGEST) == "is not what was submitted"
    vault.keep(source, DIGEST)
    assert kept.read_bytes() == CONTENT
    assert vault.problem(DIGEST) == ""
    kept.unlink()
    assert vault.problem(DIGEST) == "is gone from the vault"
