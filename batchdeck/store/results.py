"""Reading a results file: one line at a time, in bounded memory, each reduced to what judging needs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, Literal, TypeVar, overload

import msgspec

from batchdeck.domain.costs import Usage
from batchdeck.domain.outcomes import ResultFacts
from batchdeck.store.disk import storage_failures
from batchdeck.store.layout import DeckLayout

LONGEST_LINE = 256 * 1024 * 1024
"""No answer is this long (a batch's whole request body may not be); a longer line is not read into memory."""
UNREADABLE = "unreadable"
"""The `type` of a line that is not a result at all; its custom_id is empty."""
_T = TypeVar("_T")


class _Block(msgspec.Struct, gc=False):
    type: str = ""
    text: object = ""
    """Text in a text block. Whatever kinds of blocks there will be may put anything here."""


class _CacheCreation(msgspec.Struct, gc=False):
    ephemeral_5m_input_tokens: int | None = None
    ephemeral_1h_input_tokens: int | None = None


class _Usage(msgspec.Struct, gc=False):
    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_creation_input_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    cache_creation: _CacheCreation | None = None


class _StopDetails(msgspec.Struct, gc=False):
    category: str | None = None
    explanation: str | None = None


class _Message(msgspec.Struct, gc=False):
    content: list[_Block] | None = None
    model: str | None = None
    stop_reason: str | None = None
    stop_details: _StopDetails | None = None
    usage: _Usage | None = None


class _Problem(msgspec.Struct, gc=False):
    type: str | None = None
    message: str | None = None


class _Error(msgspec.Struct, gc=False):
    error: _Problem | None = None


class _Result(msgspec.Struct, gc=False):
    type: str
    message: _Message | None = None
    error: _Error | None = None


class _Line(msgspec.Struct, gc=False):
    custom_id: str
    result: _Result


_decode = msgspec.json.Decoder(_Line).decode


@overload
def scan_results(
    path: Path, *, with_text: Literal[False] = ...
) -> Iterator[tuple[ResultFacts, int, int]]: ...
@overload
def scan_results(path: Path, *, with_text: Literal[True]) -> Iterator[tuple[ResultFacts, str, int, int]]: ...


def scan_results(path: Path, *, with_text: bool = False) -> Iterator[tuple[Any, ...]]:
    """Read a results file in one pass.

    Blank lines and CRLF are fine. A line that is no result yields facts of type `UNREADABLE`, with its
    custom_id if that much could be read.

    Args:
        path: the file, whole or still a part.
        with_text: also yield the answer's text (its text blocks, joined).

    Yields:
        The facts of each line, the text where asked for, and where the line lies: offset and length in
        bytes, without its line break.

    Raises:
        StorageFailed: the file cannot be read.
    """
    offset = 0
    with storage_failures("Reading the results in", path), path.open("rb", buffering=1 << 18) as file:
        while line := file.readline(LONGEST_LINE):
            begin, offset = offset, offset + len(line)
            content = line.rstrip()
            if len(line) == LONGEST_LINE:
                offset += _skip_line(file)
                facts, text = ResultFacts("", UNREADABLE, message="a line longer than any answer can be"), ""
            elif content:
                facts, text = _read_line(content)
            else:
                continue
            yield (facts, text, begin, len(content)) if with_text else (facts, begin, len(content))


def read_row(layout: DeckLayout, key: str, offset: int, length: int) -> bytes:
    """Return one line of a batch's archived results, byte for byte.

    Raises:
        StorageFailed: it cannot be read.
    """
    path = layout.results(key)
    with storage_failures("Reading the results in", path), path.open("rb", buffering=0) as file:
        file.seek(offset)
        return file.read(length)


def read_row_id(row: bytes) -> str:
    """Return the custom_id of one line of results, or an empty string where it has none."""
    return _read_line(row)[0].custom_id


def _skip_line(file: BinaryIO) -> int:
    skipped = 0
    while piece := file.readline(1 << 20):
        skipped += len(piece)
        if piece.endswith(b"\n"):
            break
    return skipped


def _read_line(line: bytes) -> tuple[ResultFacts, str]:
    try:
        row = _decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        known = _what_is_known(line)
        if known is None:
            return ResultFacts(_id_at_least(line), UNREADABLE, message=f"not a result: {error}"), ""
        row = known
    message = row.result.message
    if message is not None:
        text = "".join(
            [b.text for b in message.content or () if b.type == "text" and isinstance(b.text, str)]
        )
        details = message.stop_details
        facts = ResultFacts(
            row.custom_id,
            row.result.type,
            stop_reason=message.stop_reason or "",
            error_type=(details.category if details is not None else None) or "",
            message=(details.explanation if details is not None else None) or "",
            usage=_usage(message.usage),
            has_text=bool(text) and not text.isspace(),
            model=message.model or "",
        )
        return facts, text
    problem = row.result.error.error if row.result.error is not None else None
    if problem is None:
        return ResultFacts(row.custom_id, row.result.type), ""
    return (
        ResultFacts(
            row.custom_id, row.result.type, error_type=problem.type or "", message=problem.message or ""
        ),
        "",
    )


def _what_is_known(line: bytes) -> _Line | None:
    """Read a result of which a part has another shape than ever before, without that part.

    What an answer is worth depends on its content and on why it stopped: without those it is None, no result,
    which nobody sends again unasked. Everything else it can do without.
    """
    try:
        row = msgspec.convert(msgspec.json.decode(line), dict[str, Any])
        result = msgspec.convert(row.get("result"), dict[str, Any])
        custom_id, type_ = (msgspec.convert(text, str) for text in (row.get("custom_id"), result.get("type")))
        read = _Result(type_, error=_convert(result.get("error"), _Error))
        if type_ == "succeeded":
            parts = msgspec.convert(result.get("message"), dict[str, Any])
            read.message = _Message(
                msgspec.convert(parts.get("content"), list[_Block] | None),
                _convert(parts.get("model"), str),
                msgspec.convert(parts.get("stop_reason"), str | None),
                _convert(parts.get("stop_details"), _StopDetails),
                _convert(parts.get("usage"), _Usage),
            )
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return _Line(custom_id, read)


def _convert(value: object, shape: type[_T]) -> _T | None:
    try:
        return msgspec.convert(value, shape)
    except msgspec.ValidationError:
        return None


def _id_at_least(line: bytes) -> str:
    try:
        row = msgspec.json.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return ""
    custom_id = row.get("custom_id") if isinstance(row, dict) else None
    return custom_id if isinstance(custom_id, str) else ""


def _usage(usage: _Usage | None) -> Usage:
    if usage is None:
        return Usage()
    parts = usage.cache_creation
    if parts is None:
        write_5m, write_1h = usage.cache_creation_input_tokens or 0, 0
    else:
        write_5m, write_1h = parts.ephemeral_5m_input_tokens or 0, parts.ephemeral_1h_input_tokens or 0
    return Usage(
        usage.input_tokens or 0,
        usage.output_tokens or 0,
        write_5m,
        write_1h,
        usage.cache_read_input_tokens or 0,
    )
