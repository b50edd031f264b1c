"""Taking in a new batch: the body of `create`, checked and laid out on disk row by row, in bounded memory.

Only what the API checks at once is checked here; the params of a row are looked at when it is its turn.
"""

from __future__ import annotations

import mmap
from array import array
from pathlib import Path
from typing import Any

import msgspec

from batchdeck.domain.requests import CUSTOM_ID
from batchdeck.sandbox.files import write_whole
from batchdeck.sandbox.problems import invalid
from batchdeck.sandbox.settings import Limits
from batchdeck.sandbox.storage import BatchFolder

_Fields = dict[str, msgspec.Raw]


def take_in(body: Path, folder: BatchFolder, limits: Limits) -> int:
    """Lay out the rows of a `create` body in a batch's folder and return how many there are.

    Args:
        body: file with the request's body.
        folder: an empty batch folder.
        limits: what is too much.

    Raises:
        Problem: what the API would refuse at once, with its message.
    """
    if body.stat().st_size == 0:
        raise invalid("The request body is empty; a JSON object is expected.")
    with body.open("rb") as file:
        # Not closed here: the rows are views into it, and it goes away with the last of them.
        data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    return _lay_out(_rows(data, limits), folder)


def _rows(data: mmap.mmap, limits: Limits) -> list[msgspec.Raw]:
    """Return the entries of `requests`, still undecoded: views into the mapped file, not copies."""
    try:
        top = msgspec.json.decode(data, type=_Fields)
    except msgspec.ValidationError:
        raise invalid("Input should be a valid dictionary") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise invalid(f"The request body is not valid JSON: {error}") from None
    for name in top:
        if name != "requests":
            raise invalid(f"{name}: Extra inputs are not permitted")
    if "requests" not in top:
        raise invalid("requests: Field required")
    try:
        rows = msgspec.json.decode(top["requests"], type=list[msgspec.Raw])
    except msgspec.ValidationError:
        raise invalid("requests: Input should be a valid list") from None
    if not rows:
        raise invalid("requests: List should have at least 1 item after validation, not 0")
    if len(rows) > limits.requests:
        raise invalid(
            f"requests: List should have at most {limits.requests} items after validation, not {len(rows)}"
        )
    return rows


def _lay_out(rows: list[msgspec.Raw], folder: BatchFolder) -> int:
    custom_ids: dict[str, None] = {}
    offsets = array("Q", [0])
    with folder.params.open("wb") as params:
        for number, row in enumerate(rows):
            custom_id, raw = _entry(number, row)
            if custom_id in custom_ids:
                raise invalid(
                    "requests: custom_id's must be unique within a batch. "
                    f"Duplicate custom_id found: {custom_id}"
                )
            custom_ids[custom_id] = None
            offsets.append(offsets[-1] + params.write(memoryview(raw)))
    write_whole(folder.offsets, offsets.tobytes())
    write_whole(folder.custom_ids, "\n".join(custom_ids).encode("ascii"))
    return len(rows)


def _entry(number: int, row: msgspec.Raw) -> tuple[str, msgspec.Raw]:
    """Return one entry's custom_id and its params, undecoded."""
    where = f"requests.{number}"
    try:
        fields = msgspec.json.decode(row, type=_Fields)
    except msgspec.ValidationError:
        raise invalid(f"{where}: Input should be a valid dictionary") from None
    for name in ("custom_id", "params"):
        if name not in fields:
            raise invalid(f"{where}.{name}: Field required")
    for name in fields:
        if name not in ("custom_id", "params"):
            raise invalid(f"{where}.{name}: Extra inputs are not permitted")
    custom_id = _decoded(fields["custom_id"])
    if not isinstance(custom_id, str):
        raise invalid(f"{where}.custom_id: Input should be a valid string")
    if not custom_id:
        raise invalid(f"{where}.custom_id: String should have at least 1 character")
    if len(custom_id) > 64:
        raise invalid(f"{where}.custom_id: String should have at most 64 characters")
    if not CUSTOM_ID.fullmatch(custom_id):
        raise invalid(f"{where}.custom_id: String should match pattern '^[a-zA-Z0-9_-]{{1,64}}$'")
    if not bytes(memoryview(fields["params"])[:1]) == b"{":
        raise invalid(f"{where}.params: Input should be a valid dictionary")
    return custom_id, fields["params"]


def _decoded(raw: msgspec.Raw) -> Any:
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise invalid(f"The request body is not valid JSON: {error}") from None
