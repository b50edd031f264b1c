"""Rows of a batch: answering a chunk of them, and putting the whole results file together at the end."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal

import msgspec

from batchdeck.sandbox.answers import Asked, answer, count_tokens, read_request
from batchdeck.sandbox.call import Call
from batchdeck.sandbox.chance import fraction
from batchdeck.sandbox.checks import unreadable
from batchdeck.sandbox.faults import Faults, RowRule, RowTraits
from batchdeck.sandbox.faults_file import read_faults
from batchdeck.sandbox.files import write_whole
from batchdeck.sandbox.identity import page_key, page_of
from batchdeck.sandbox.problems import Problem, invalid
from batchdeck.sandbox.row_faults import UNANSWERED, copies_of, error_of, spoil
from batchdeck.sandbox.settings import Limits
from batchdeck.sandbox.storage import BatchFolder


@dataclass(frozen=True, slots=True)
class Stop:
    """A batch that stopped before all its rows were done."""

    share: float
    """How much of its planned time had passed."""
    left: Literal["canceled", "expired"]
    """What became of the rows not done by then."""


class _Kind(msgspec.Struct):
    type: str


class _Line(msgspec.Struct):
    result: _Kind


def done_at(seed: int, custom_id: str) -> float:
    """Return when a row is done, as a share of its batch's time. Results come in this order."""
    return 0.1 + 0.9 * fraction(seed, "done", custom_id)


class Rows:
    """Answers rows and calls by one seed, one set of faults and one set of limits."""

    def __init__(self, *, seed: int, salt: str, faults: Path | None, limits: Limits) -> None:
        self._seed = seed
        self._salt = salt
        self._limits = limits
        self._faults = read_faults(faults) if faults is not None else Faults()

    def give_up(self, folder: BatchFolder, row: int) -> None:
        """Write a row that no worker survived as one whose PDF could not be processed."""
        custom_id = folder.read_custom_ids()[row]
        result = {"type": "errored", "error": unreadable("PDF").row_body()}
        write_whole(folder.part(row, row + 1), b"1" + _line(custom_id, result))

    def answer_chunk(self, folder: BatchFolder, version: str, today: dt.date, start: int, stop: int) -> None:
        """Answer rows [start, stop) of a batch and write them as one part.

        A line of a part is a digit, which says how often the row appears in the results, and the row.
        """
        ids, offsets, attempts = folder.read_custom_ids(), folder.read_offsets(), folder.read_attempts()
        lines = []
        with folder.params.open("rb") as file:
            file.seek(offsets[start])
            for number in range(start, stop):
                call = Call(
                    name=ids[number],
                    salt=f"{self._salt}/{folder.path.name}",
                    version=version,
                    today=today,
                    in_batch=True,
                    is_first=number == 0,
                    attempt=attempts[number],
                )
                lines.append(self._marked(file.read(offsets[number + 1] - offsets[number]), call))
        write_whole(folder.part(start, stop), b"".join(lines))

    def _marked(self, raw: bytes, call: Call) -> bytes:
        copies = 1
        try:
            asked = read_request(self._decoded(raw), call)
            rule = self._faults.for_row(self._seed, _traits(asked, call))
            copies = copies_of(rule)
            result = self._result(asked, call, rule)
        except Problem as problem:
            result = {"type": "errored", "error": problem.row_body()}
        return b"%d" % copies + _line(call.name, result)

    def _decoded(self, raw: bytes) -> dict[str, Any]:
        if len(raw) > self._limits.request_bytes:
            raise invalid(f"The request of {len(raw)} bytes exceeds {self._limits.request_bytes} bytes.")
        try:
            return msgspec.json.decode(raw, type=dict[str, Any])
        except msgspec.ValidationError:
            raise invalid("Input should be a valid dictionary") from None
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise invalid(f"The request is not valid JSON: {error}") from None

    def _result(self, asked: Asked, call: Call, rule: RowRule | None) -> dict[str, Any]:
        if rule is not None:
            if rule.outcome in UNANSWERED:
                return {"type": rule.outcome.value}
            if (problem := error_of(rule)) is not None:
                raise problem
        made = answer(asked, call, self._limits)
        if rule is not None:
            made = spoil(rule, made)
        return {"type": "succeeded", "message": made.limited().message(call)}

    def answer_message(self, body: Path, call: Call) -> dict[str, Any]:
        """Answer one real-time request.

        Returns:
            The Message as `message`, and as `stream` whether it is asked for as a stream.
        """
        asked = read_request(self._decoded(body.read_bytes()), call)
        made = answer(asked, call, self._limits).limited()
        return {"message": made.message(call), "stream": asked.params.get("stream") is True}

    def count_tokens(self, body: Path, call: Call) -> int:
        """Return the input tokens of one request, or raise the API's refusal."""
        return count_tokens(self._decoded(body.read_bytes()), call, self._limits)

    def finish(self, folder: BatchFolder, stop: Stop | None) -> dict[str, int]:
        """Write a batch's results file from its parts, in the order the rows were done, and count them.

        Args:
            folder: the batch; every row that was done must be in its parts.
            stop: how it stopped early, or None.
        """
        ids = folder.read_custom_ids()
        moments = [done_at(self._seed, name) for name in ids]
        counts: Counter[str] = Counter()
        with folder.gathered.open("w+b") as gathered, folder.unfinished_results.open("wb") as out:
            places = _gather(folder, gathered)
            for number in sorted(range(len(ids)), key=moments.__getitem__):
                if stop is not None and moments[number] > stop.share:
                    copies, line = 1, _line(ids[number], {"type": stop.left})
                else:
                    gathered.seek(places[number])
                    marked = gathered.readline()
                    copies, line = marked[0] - ord("0"), marked[1:]
                counts[msgspec.json.decode(line, type=_Line).result.type] += 1
                out.write(line * copies)
        folder.gathered.unlink()
        folder.unfinished_results.replace(folder.results)
        return dict(counts)


def _line(custom_id: str, result: dict[str, Any]) -> bytes:
    return msgspec.json.encode({"custom_id": custom_id, "result": result}) + b"\n"


def _gather(folder: BatchFolder, gathered: BinaryIO) -> dict[int, int]:
    """Copy all parts into one file and return where in it each row's line begins."""
    places: dict[int, int] = {}
    for start, _, path in folder.list_parts():
        with path.open("rb") as part:
            for number, line in enumerate(part, start):
                places[number] = gathered.tell()
                gathered.write(line)
    return places


def _traits(asked: Asked, call: Call) -> RowTraits:
    named = page_of(call.name)
    prompt = asked.prompt
    return RowTraits(
        key=page_key(call.name),
        custom_id=call.name,
        page=named if named is not None else prompt.page,
        attempt=call.attempt,
        model=asked.params["model"],
        max_tokens=asked.params["max_tokens"],
        inputs=frozenset(item.kind for item in prompt.attachments) or frozenset({"text"}),
    )
