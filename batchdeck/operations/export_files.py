"""The files of one export, each put in place whole, and the archived answers it is made of."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from batchdeck.operations.export_task import AnswerPlace
from batchdeck.store.disk import Disk, drop, storage_failures, write_whole, writing_alone
from batchdeck.store.layout import DeckLayout


class ExportFiles:
    """Writes files into one folder, each whole or not at all."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._disk = Disk()
        self.main = folder
        """The first file written: the export itself."""

    @contextlib.contextmanager
    def open(self, name: str) -> Iterator[BinaryIO]:
        """Open a file to write, under its temporary name until the block ends without an error."""
        path = self._path(name)
        temporary = path.with_name(path.name + ".tmp")
        with storage_failures("Writing", path):
            # Folders of figures are as open as the export's own.
            path.parent.mkdir(self._folder.stat().st_mode & 0o777, parents=True, exist_ok=True)
            with (
                writing_alone(self._disk, temporary) as descriptor,
                open(descriptor, "wb", closefd=False) as file,
            ):
                try:
                    yield file
                    file.flush()
                    self._disk.sync(descriptor)
                    self._disk.replace(temporary, path)
                except BaseException:
                    drop(temporary)
                    raise
            self._disk.sync_folder(path.parent)
        if self.main == self._folder:
            self.main = path

    def write(self, name: str, data: bytes) -> Path:
        """Write one whole file."""
        path = self._path(name)
        with storage_failures("Writing", path):
            write_whole(self._disk, path, [data])
        return path

    def _path(self, name: str) -> Path:
        path = self._folder / name
        if not path.resolve().is_relative_to(self._folder.resolve()):
            raise ValueError(f"{name!r} leads out of the export folder")
        return path


class ResultFiles:
    """The archived results files that an export's answers lie in, each opened once."""

    def __init__(self, layout: DeckLayout, stack: contextlib.ExitStack) -> None:
        self._layout = layout
        self._stack = stack
        self._open: dict[str, BinaryIO] = {}

    def row(self, place: AnswerPlace) -> bytes:
        """Return the bytes of a results line."""
        file = self._open.get(place.key)
        if file is None:
            path = self._layout.results(place.key)
            file = self._open[place.key] = self._stack.enter_context(path.open("rb"))
        return os.pread(file.fileno(), place.length, place.offset)
