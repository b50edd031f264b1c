"""What one submission asks for, `batches/<key>/requests.jsonl`: custom_ids, pages and parameters, without the
document's bytes; on the disk before the request is sent."""

from __future__ import annotations

import contextlib
import hashlib
import os
import threading
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from operator import ge
from string import digits
from typing import Any

import msgspec

from batchdeck.errors import DeckDamaged, NotFound
from batchdeck.store.compact import as_range
from batchdeck.store.disk import FILE_MODE, Disk, storage_failures
from batchdeck.store.layout import DeckLayout, make_folder

_BUFFER = 1 << 20
_WHOLE = 2**32 - 1
"""In the place of a page's number: the text is the whole custom_id."""
_MOST_DIGITS = len(str(_WHOLE))


@dataclass(frozen=True, slots=True)
class LoggedRequest:
    """One request as it was asked."""

    custom_id: str
    index: int
    """Global index of its page."""
    params: Mapping[str, Any]


class RequestLogWriter:
    """Writes a submission's request log. Nothing is there under its name until `finish` has returned."""

    def __init__(self, layout: DeckLayout, key: str, *, disk: Disk | None = None) -> None:
        self._path = layout.requests(key)
        self._part = self._path.with_name(self._path.name + ".part")
        self._disk = disk or Disk()
        self._digest = hashlib.sha256()
        self._encode = msgspec.json.Encoder().encode
        with storage_failures("Writing", self._part):
            make_folder(self._path.parent)
            descriptor = os.open(self._part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, FILE_MODE)
            self._file = open(descriptor, "wb", buffering=_BUFFER)  # noqa: SIM115 - closed by finish, discard

    def add(self, custom_id: str, index: int, params: Mapping[str, Any]) -> None:
        """Note one request.

        Raises:
            StorageFailed: the disk did not take it.
        """
        line = self._encode({"custom_id": custom_id, "index": index, "params": params}) + b"\n"
        self._digest.update(line)
        with storage_failures("Writing", self._part):
            self._file.write(line)

    def finish(self) -> str:
        """Put the log on the disk under its name; return its SHA-256.

        Raises:
            StorageFailed: the disk did not take it.
        """
        with storage_failures("Writing", self._path):
            self._file.flush()
            self._disk.sync(self._file.fileno())
            self._file.close()
            self._disk.replace(self._part, self._path)
            self._disk.sync_folder(self._path.parent)
        return self._digest.hexdigest()

    def discard(self) -> None:
        """Throw the log away, finished or not, with its folder if nothing else is in it."""
        with contextlib.suppress(OSError):
            self._file.close()
        with storage_failures("Removing", self._path):
            self._disk.unlink(self._part)
            self._disk.unlink(self._path)
        with contextlib.suppress(OSError):
            self._path.parent.rmdir()


def read_requests(layout: DeckLayout, key: str) -> Iterator[LoggedRequest]:
    """Yield a submission's requests in the order they were sent.

    Raises:
        NotFound: there is no log of that submission.
        DeckDamaged: a line is not what it must be; names it.
    """
    path = layout.requests(key)
    decode = msgspec.json.Decoder(LoggedRequest).decode
    number = 0
    try:
        with path.open("rb") as file:
            for line in file:
                number += 1
                yield decode(line)
    except FileNotFoundError as error:
        raise NotFound(f"Submission {key} has no request log.", hint="Run `batchdeck doctor`.") from error
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise DeckDamaged(
            f"The request log of submission {key} is damaged at line {number}: {error}.",
            hint="Run `batchdeck doctor`.",
        ) from error


def read_custom_ids(layout: DeckLayout, key: str) -> dict[str, int]:
    """Return the custom_ids of a submission with the global index of each one's page.

    Raises:
        NotFound, DeckDamaged: as `read_requests`.
    """
    return {request.custom_id: request.index for request in read_requests(layout, key)}


class RequestIds:
    """custom_ids by submission and page, read when they are wanted; those of the last few are remembered."""

    _REMEMBERED = 200_000

    def __init__(self, layout: DeckLayout) -> None:
        self._layout = layout
        self._mutex = threading.Lock()
        self._ids: dict[str, _SentIds] = {}

    def get(self, key: str, index: int) -> str:
        """Return the custom_id of a page in a submission; empty where its log is gone or has no such page."""
        with self._mutex:
            ids = self._ids.pop(key, None)
            if ids is None:
                ids = self._read(key)
                while self._ids and sum(map(len, self._ids.values())) + len(ids) > self._REMEMBERED:
                    del self._ids[next(iter(self._ids))]
            self._ids[key] = ids
            return ids.get(index)

    def _read(self, key: str) -> _SentIds:
        try:
            return _SentIds(key, read_requests(self._layout, key))
        except (NotFound, DeckDamaged):
            return _SentIds(key, ())


class _SentIds:
    """The custom_ids of one submission, 8 bytes each, 12 where pages are left out: as strings, 200.

    An id of ours is the submission's key, the page's index, a slug that its document's pages share, and the
    number of the page. Any other is kept whole.
    """

    def __init__(self, key: str, requests: Iterable[LoggedRequest]) -> None:
        self._key = key
        codes: dict[str, int] = {}
        self._codes = array("I")
        """Number in `_texts` of each id's slug, or of the whole id."""
        self._numbers = array("I")
        """The page of its document, or `_WHOLE`."""
        indices = array("I")
        self._places: dict[int, int] | None = None
        """Where each page stands among them, if not in their order."""
        for request in requests:
            text, number = self._split(request.custom_id, request.index)
            self._codes.append(codes.setdefault(text, len(codes)))
            self._numbers.append(number)
            indices.append(request.index)
        self._texts = list(codes)
        self._indices = as_range(indices)
        if any(map(ge, self._indices, islice(self._indices, 1, None))):
            self._places = {index: place for place, index in enumerate(self._indices)}

    def __len__(self) -> int:
        return len(self._indices)

    def get(self, index: int) -> str:
        """Return a page's custom_id, or an empty string."""
        place = self._place(index)
        if place is None:
            return ""
        text, number = self._texts[self._codes[place]], self._numbers[place]
        return text if number == _WHOLE else self._join(index, text, number)

    def _join(self, index: int, text: str, number: int) -> str:
        return f"{self._key}-{index:07d}-{text}{number}"

    def _split(self, custom_id: str, index: int) -> tuple[str, int]:
        rest = custom_id[len(self._join(index, "", 0)) - 1 :]
        text = rest.rstrip(digits)
        number = int(rest[len(text) :][:_MOST_DIGITS] or _WHOLE)
        is_ours = number < _WHOLE and self._join(index, text, number) == custom_id
        return (text, number) if is_ours else (custom_id, _WHOLE)

    def _place(self, index: int) -> int | None:
        if self._places is not None:
            return self._places.get(index)
        place = bisect_left(self._indices, index)
        return place if place < len(self._indices) and self._indices[place] == index else None
