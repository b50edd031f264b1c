"""A deck's paths stay inside it, its folders are private, and network file systems are refused."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from batchdeck.errors import DeckError, NetworkFileSystem, StorageFailed, UsageError
from batchdeck.store.layout import DeckLayout, prepare_deck, refuse_network_fs

MOUNTS = """\
22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 22 0:40 / /mnt/team rw,relatime shared:2 - nfs4 server:/team rw
31 22 0:41 / /mnt/team/scratch rw - tmpfs tmpfs rw
32 22 0:42 / /mnt/with\\040blank rw - cifs //server/share rw
33 22 0:43 / /mnt/ssh rw - fuse.sshfs me@host: rw
34 22 0:44 / /mnt/box rw - fuse.fuse-overlayfs overlay rw
35 22 0:45 / /mnt/covered rw - ext4 /dev/vdb rw
36 35 0:46 / /mnt/covered rw - nfs server:/x rw
a line of another kind
"""


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../up", "a/b", "/etc", "a\0b", "-x", "a" * 129, "ü", "a\n", "a.b"]
)
def test_a_name_from_outside_never_leaves_the_deck(name: str) -> None:
    layout = DeckLayout(Path("/deck"))
    for make in (layout.job, layout.batch, layout.results, layout.body, layout.export, layout.lock):
        with pytest.raises(UsageError):
            make(name)


def test_names_that_jobs_and_batches_have_are_taken() -> None:
    layout = DeckLayout(Path("/deck"))
    assert layout.results("msgbatch_01AbC") == Path("/deck/batches/msgbatch_01AbC/results.jsonl")
    assert layout.pages("j0a1b2c3d") == Path("/deck/jobs/j0a1b2c3d/pages.jsonl")


@pytest.mark.parametrize("digest", ["", "AB" * 32, "ab" * 31, "../" + "ab" * 32])
def test_the_vault_takes_digests_only(digest: str) -> None:
    with pytest.raises(UsageError):
        DeckLayout(Path("/deck")).source(digest)


def test_a_deck_is_open_to_its_owner_alone_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        layout = prepare_deck(tmp_path / "new" / "deck")
    finally:
        os.umask(before)
    for folder in (layout.root, *layout.folders):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_preparing_a_deck_twice_leaves_it_as_it_is(tmp_path: Path) -> None:
    layout = prepare_deck(tmp_path / "deck")
    layout.results_part("x").parent.mkdir()
    assert prepare_deck(tmp_path / "deck") == layout
    assert layout.batch("x").is_dir()


def test_a_file_is_no_deck(tmp_path: Path) -> None:
    (tmp_path / "deck").write_text("not a folder")
    with pytest.raises(DeckError, match="not a folder"):
        prepare_deck(tmp_path / "deck")


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageFailed, match="file/deck") as refused:
        prepare_deck(tmp_path / "file" / "deck")
    assert "no folder is in the way" in refused.value.hint


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/mnt/team/deck", "nfs4"),
        ("/mnt/team", "nfs4"),
        ("/mnt/with blank/deck", "cifs"),
        ("/mnt/ssh/a/b", "fuse.sshfs"),
        ("/mnt/covered/deck", "nfs"),
    ],
)
def test_network_file_systems_are_refused(path: str, kind: str, tmp_path: Path) -> None:
    mountinfo = tmp_path / "mountinfo"
    mountinfo.write_text(MOUNTS)
    with pytest.raises(NetworkFileSystem, match=kind):
        refuse_network_fs(Path(path), mountinfo)


@pytest.mark.parametrize("path", ["/home/me/deck", "/mnt/team/scratch/deck", "/mnt/teams", "/mnt/box/deck"])
def test_local_file_systems_are_taken(path: str, tmp_path: Path) -> None:
    mountinfo = tmp_path / "mountinfo"
    mountinfo.write_text(MOUNTS)
    refuse_network_fs(Path(path), mountinfo)


def test_without_a_list_of_mounts_nothing_is_refused(tmp_path: Path) -> None:
    refuse_network_fs(Path("/mnt/team/deck"), tmp_path / "none")


def test_a_part_folder_is_gone_afterwards(layout: DeckLayout) -> None:
    with layout.part_folder() as folder:
        (folder / "page").write_bytes(b"x")
        assert folder.parent == layout.spool
    assert list(layout.spool.iterdir()) == []
