"""Looking at files of rows, requests and text: what is usable, and one clear problem for what is not."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from batchdeck.domain.documents import Document, FileKind, ProblemKind, UnusableFile
from batchdeck.sources.find import find_sources
from batchdeck.sources.opening import SourceLimits
from batchdeck.sources.reading import RecordReader, read_places, tell_records
from batchdeck.sources.scan import scan_source

Write = Callable[[str, bytes | str], Path]
PARAMS = {"model": "m", "max_tokens": 5, "messages": [{"role": "user", "content": "Hi"}]}


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def writing(name: str, content: bytes | str) -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return writing


def usable(path: Path, kind: FileKind, **options: Any) -> Document:
    found = scan_source(str(path), kind, **options)
    assert isinstance(found, Document), found
    assert found.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert found.size == path.stat().st_size
    return found


def unusable(path: Path, kind: FileKind, **options: Any) -> UnusableFile:
    found = scan_source(str(path), kind, **options)
    assert isinstance(found, UnusableFile), found
    return found


def reader(path: Path, kind: FileKind) -> RecordReader:
    places = path.with_suffix(".places")
    places.write_bytes(b"".join(read_places(path, kind)))
    return RecordReader(path, places, kind)


CSVS = {
    "plain": "id,text\n1,one\n2,two\n3,three\n",
    "crlf, byte order mark, no break at the end": "\ufeffid,text\r\n1,one\r\n2,two\r\n3,three",
    "semicolons": "id;text\n1;one\n2;two\n3;three\n",
    "tabs": "id\ttext\n1\tone\n2\ttwo\n3\tthree\n",
    "blank lines": "\nid,text\n\n1,one\n\n\n2,two\n3,three\n\n",
}


@pytest.mark.parametrize("text", CSVS.values(), ids=CSVS)
def test_rows_of_csv_in_all_its_shapes(write: Write, text: str) -> None:
    path = write("rows.csv", text)
    assert usable(path, FileKind.CSV).page_count == 3
    with reader(path, FileKind.CSV) as rows:
        assert [rows.row(n) for n in (3, 1, 2)] == [
            {"id": "3", "text": "three"},
            {"id": "1", "text": "one"},
            {"id": "2", "text": "two"},
        ]
    told = list(tell_records(path, FileKind.CSV, id_column="text", are_requests=False))
    assert [(t.number, t.label) for t in told] == [(1, "one"), (2, "two"), (3, "three")]


def test_quoted_values_keep_breaks_quotes_and_odd_line_ends(write: Write) -> None:
    value = 'a "quoted", long\nvalue\u2028 with \x0b every\r\nbreak'
    escaped = value.replace('"', '""')
    path = write("rows.csv", f'id,text\n1,"{escaped}"\n2,short\u2028er\n')
    assert usable(path, FileKind.CSV).page_count == 2
    with reader(path, FileKind.CSV) as rows:
        assert rows.row(1) == {"id": "1", "text": value}
        assert rows.row(2) == {"id": "2", "text": "short\u2028er"}


def test_rows_of_jsonl_are_read_by_number_and_named_by_their_column(write: Write) -> None:
    lines = [json.dumps({"id": f"T-{n}", "n": n, "deep": {"a": [n]}}) for n in range(1, 6)]
    path = write("rows.jsonl", b"\xef\xbb\xbf" + "\n\n".join(lines).encode() + b"\r\n")
    assert usable(path, FileKind.JSONL).page_count == 5
    with reader(path, FileKind.JSONL) as rows:
        assert [rows.row(n)["n"] for n in (5, 1, 3)] == [5, 1, 3]
        assert rows.raw(2) == lines[1].encode()
    told = list(tell_records(path, FileKind.JSONL, id_column="id", are_requests=False))
    assert [t.label for t in told] == ["T-1", "T-2", "T-3", "T-4", "T-5"]


def test_bad_rows_are_left_out_each_with_its_line_and_the_others_keep_their_numbers(write: Write) -> None:
    lines = [
        b'{"a": 1}',
        b"{",
        b"",
        b"[1]",
        b'{"a": "\xff"}',
        b'{"a": 2}',
        b'{"a": NaN}',
        b'{"a": "' + b"x" * 99,
    ]
    path = write("rows.jsonl", b"\n".join(lines) + b'"}\n{"a": 3}\n')
    found = usable(path, FileKind.JSONL, limits=SourceLimits(page_bytes=60))
    assert found.page_count == 8
    assert [bad.number for bad in found.bad] == [2, 3, 4, 6, 7]
    words = [bad.problem.message for bad in found.bad]
    for message, expected in zip(
        words,
        (
            "Line 2 is not valid JSON",
            "Line 4 is not a JSON object",
            "Line 5 is not",
            "Line 7 is",
            "Line 8 is longer",
        ),
        strict=True,
    ):
        assert message.startswith(expected)
    with reader(path, FileKind.JSONL) as rows:
        assert [rows.row(n)["a"] for n in (1, 5, 8)] == [1, 2, 3]


def test_rows_without_any_value_are_not_paid_for(write: Write) -> None:
    found = usable(write("rows.csv", "id;text\n1;one\n;\n3;three\n; \n;\n"), FileKind.CSV)
    assert found.page_count == 3, "what a spreadsheet leaves at the end is no row"
    assert [(bad.number, bad.problem.message) for bad in found.bad] == [(2, "Line 3 is empty.")]
    found = usable(write("rows.jsonl", '{"a": 1}\n{}\n'), FileKind.JSONL)
    assert [(bad.number, bad.problem.message) for bad in found.bad] == [(2, "Line 2 is empty.")]


def test_a_quotation_mark_that_is_never_closed_says_how_much_it_takes_with_it(write: Write) -> None:
    (bad,) = usable(write("rows.csv", 'id,text\n1,one\n2,"two\n3,three\n4,four\n'), FileKind.CSV).bad
    assert bad.problem.message == (
        "Line 3 opens a quotation mark that is never closed: it is left out, "
        "and the 2 lines after it with it."
    )
    (bad,) = usable(write("rows.csv", 'id,text\n1,one\n2,"two\n'), FileKind.CSV).bad
    assert bad.problem.message == "Line 3 opens a quotation mark that is never closed: it is left out."


def test_bad_rows_of_csv(write: Write) -> None:
    path = write("rows.csv", 'id,text\n1,one\n2\n3,"x"y\n4,four\n')
    found = usable(path, FileKind.CSV)
    assert [(bad.number, bad.problem.message[:20]) for bad in found.bad] == [
        (2, "Line 3 has 1 values,"),
        (3, "Line 4 is not valid "),
    ]
    with reader(path, FileKind.CSV) as rows:
        assert rows.row(4) == {"id": "4", "text": "four"}


@pytest.mark.parametrize(
    ("kind", "content", "problem", "words"),
    [
        (FileKind.CSV, b"", ProblemKind.EMPTY_FILE, "empty"),
        (FileKind.CSV, b"id,text\n", ProblemKind.NO_ROWS, "no records"),
        (FileKind.CSV, b"id,id\n1,2\n", ProblemKind.WRONG_FORMAT, "column “id” twice"),
        (FileKind.CSV, b"id,\n1,2\n", ProblemKind.WRONG_FORMAT, "one has no name"),
        (FileKind.CSV, b"id\n1\n\xe9t\xe9\n", ProblemKind.NOT_TEXT, "Line 3 is not UTF-8"),
        (FileKind.CSV, b'id\n"' + b"x\n" * 200, ProblemKind.TOO_LARGE, "quotation mark"),
        (FileKind.JSONL, b"\n \n", ProblemKind.NO_ROWS, "no records"),
        (FileKind.JSONL, b"nothing\nat all\n", ProblemKind.BAD_ROW, "None of its records"),
        (FileKind.JSONL, b"{}\n" + b"x\n" * 4, ProblemKind.BAD_ROW, "More than 3"),
        (FileKind.JSONL, b'{"a": 1}\n' * 21, ProblemKind.TOO_MANY_PAGES, "more than 20"),
        (FileKind.TEXT, b" \n", ProblemKind.EMPTY_FILE, "no text"),
        (FileKind.TEXT, b"x" * 301, ProblemKind.TOO_LARGE, "one request"),
        (FileKind.TEXT, b"a\n\xe9", ProblemKind.NOT_TEXT, "byte 0xe9 in line 2"),
        (FileKind.TEXT, b"\xff\xfeh\0", ProblemKind.NOT_TEXT, "UTF-16"),
        (FileKind.TEXT, b"a\0b", ProblemKind.NOT_TEXT, "zero bytes"),
        (FileKind.EMAIL, b"no headers here", ProblemKind.WRONG_FORMAT, "no e-mail"),
        (FileKind.HTML, b"<script>x()</script>", ProblemKind.EMPTY_FILE, "no text"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(
    write: Write, kind: FileKind, content: bytes, problem: ProblemKind, words: str
) -> None:
    limits = SourceLimits(page_bytes=300, rows=20, bad_rows=3)
    found = unusable(write("file", content), kind, limits=limits)
    assert found.problem.kind is problem
    assert words in found.problem.message


def test_files_that_are_no_files_cannot_hold_anything_up(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jsonl")
    assert unusable(tmp_path / "pipe.jsonl", FileKind.JSONL).problem.kind is ProblemKind.NOT_A_FILE
    assert unusable(tmp_path / "nowhere.csv", FileKind.CSV).problem.kind is ProblemKind.UNREADABLE


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ({"params": PARAMS}, "has no custom_id"),
        ({"custom_id": 7, "params": PARAMS}, "has no custom_id"),
        ({"custom_id": "a\u202e", "params": PARAMS}, "hidden"),
        ({"custom_id": "first", "params": PARAMS}, "which line 1 has too"),
        ({"custom_id": "b"}, "has no params"),
        ({"custom_id": "b", "params": []}, "no object"),
        ({"custom_id": "b", "params": {**PARAMS, "stream": True}}, "would be refused: “stream”"),
        ({"custom_id": "b", "params": {**PARAMS, "max_tokens": 0}}, "would be refused: max_tokens"),
        ({"custom_id": "b", "method": "POST", "params": PARAMS}, "has the key “method”"),
    ],
)
def test_requests_are_checked_before_they_are_paid_for(
    write: Write, line: dict[str, Any], words: str
) -> None:
    good = {"custom_id": "first", "params": PARAMS}
    path = write("requests.jsonl", f"{json.dumps(good)}\n{json.dumps(line)}\n")
    found = usable(path, FileKind.JSONL, are_requests=True)
    ((number, message),) = [(bad.number, bad.problem.message) for bad in found.bad]
    assert (number, found.asks[0].count) == (2, 1)
    assert message.startswith("Line 2 ")
    assert words in message


def test_requests_are_read_back_byte_for_byte(write: Write) -> None:
    params = '{ "model":"m", "max_tokens":1e1,  "messages":[{"role":"user","content":"\\u00e9"}] }'
    odd = params.replace("1e1", "10")
    path = write("requests.jsonl", f'{{"custom_id": "x", "params": {odd}}}\n')
    usable(path, FileKind.JSONL, are_requests=True)
    with reader(path, FileKind.JSONL) as requests:
        name, raw = requests.request(1)
    assert (name, bytes(raw)) == ("x", odd.encode())
    (told,) = tell_records(path, FileKind.JSONL, id_column="", are_requests=True)
    assert (told.label, told.model, told.max_tokens) == ("x", "m", 10)


EMAIL = b"""From: =?utf-8?q?Andr=C3=A9?= <a@example.org>
To: desk@example.org
Subject: Two
 lines
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/html; charset=latin-1

<p>Gr\xfc\xdfe,<br>Andr\xe9<script>bad()</script></p>
--b
Content-Type: application/pdf
Content-Disposition: attachment; filename="bill.pdf"

%PDF
--b--
"""


def test_texts_are_what_a_reader_sees(write: Write) -> None:
    from batchdeck.sources.texts import read_text

    mail = read_text(EMAIL, FileKind.EMAIL)
    assert mail.text == "Grüße,\nAndré"
    assert mail.headers["from"] == "André <a@example.org>"
    assert (mail.title, mail.attachments) == ("Two lines", ("bill.pdf",))
    page = "<title>A &amp; B</title><style>p{}</style><h1>Head</h1><p>One <b>two</b></p><table><td>x<td>y"
    found = read_text(page.encode(), FileKind.HTML)
    assert (found.title, found.text) == ("A & B", "Head\nOne two\nx y")
    assert read_text(b"\xef\xbb\xbftext\r\n# Not\r\n", FileKind.TEXT).text == "text\n# Not"
    assert read_text(b"words\n# The title\n", FileKind.MARKDOWN).title == "The title"
    assert usable(write("mail.eml", EMAIL), FileKind.EMAIL).title == "Two lines"


@pytest.mark.parametrize(
    "content",
    [b"From: \xff\xfe\nContent-Type: text/plain; charset=nonsense\n\n\xff\xe9", b"Subject: =?x?q?=?=\n\n"],
)
def test_broken_mails_are_text_that_can_be_sent(content: bytes) -> None:
    from batchdeck.sources.texts import read_text

    found = read_text(content, FileKind.EMAIL)
    json.dumps([found.text, *found.headers.values()], ensure_ascii=False).encode()


def test_files_are_found_by_what_a_recipe_reads(tmp_path: Path) -> None:
    for name in ("b.txt", "a.md", "c.csv", ".hidden.txt", "sub/d.EML", "sub/e.pdf", "noending"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("{}" if name == "noending" else "x")
    (tmp_path / "link.txt").symlink_to(tmp_path / "b.txt")
    texts = {FileKind.TEXT, FileKind.MARKDOWN, FileKind.EMAIL}
    found = [os.path.relpath(f.path, tmp_path) for f in find_sources([str(tmp_path)], texts)]
    assert found == ["a.md", "b.txt", "sub/d.EML"]
    (named,) = find_sources([str(tmp_path / "c.csv")], texts)
    assert named.problem is not None
    assert ".txt" in named.problem.message
    (sniffed,) = find_sources([str(tmp_path / "noending")], {FileKind.JSONL})
    assert (sniffed.kind, sniffed.problem) == (FileKind.JSONL, None)
    (gone,) = find_sources([str(tmp_path / "gone")], texts)
    assert gone.problem is not None
