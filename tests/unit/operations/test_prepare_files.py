"""What is really sent about rows and ready-made requests, to the byte."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from batchdeck.domain.documents import FileKind
from batchdeck.operations.prepare import PageTask, PreparedPart, PrepareTask
from batchdeck.operations.prepare_files import prepare
from batchdeck.operations.sources import RecordsTask, write_places, write_told
from tests.e2e.pdfs import write_pdf

PARAMS = '{"model":"m",  "max_tokens":10, "messages":[{"role":"user","content":"\\u00e9 1.50"}], "top": 1.50}'


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "requests.jsonl"
    path.write_text(f'{{"custom_id": "mine/1", "params": {PARAMS}}}\n{{"custom_id": "2", "params": {{}}}}\n')
    write_places(RecordsTask(str(path), str(tmp_path / "places"), FileKind.JSONL))
    return path


def task_of(source: Path, **changes: Any) -> PrepareTask:
    values: dict[str, Any] = {
        "source": str(source),
        "name": source.name,
        "page_count": 2,
        "language": "",
        "pages": (PageTask(7, 1, "mine/1"),),
        "recipe": "requests",
        "model": "m",
        "max_tokens": 10,
        "as_image": False,
        "request_bytes": 10_000,
        "part": str(source.with_name("part")),
        "kind": FileKind.JSONL,
        "places": str(source.with_name("places")),
    }
    return PrepareTask(**values | changes)


def sent(part: PreparedPart) -> str:
    (page,) = part.pages
    assert page.problem == ""
    data = Path(part.task.part).read_bytes()
    assert page.length == len(data)
    return data.decode()


def test_a_ready_made_request_is_sent_as_it_is_under_an_id_of_ours(source: Path) -> None:
    line = sent(prepare(task_of(source)))
    assert line == '{"custom_id":"0000000000-0000007-requests-p1","params":' + PARAMS + "}"


@pytest.mark.parametrize("recipe", ["requests", "pdf-to-html"])
def test_what_is_on_its_way_is_for_its_owners_eyes_whatever_the_umask(source: Path, recipe: str) -> None:
    is_pdf = recipe == "pdf-to-html"
    paper = write_pdf(source.with_name("a.pdf"), 1)
    task = task_of(paper, recipe=recipe, kind=FileKind.PDF) if is_pdf else task_of(source)
    told = source.with_name("told")
    umask = os.umask(0)
    try:
        prepare(task)
        write_told(RecordsTask(str(source), str(told), FileKind.JSONL, are_requests=True))
    finally:
        os.umask(umask)
    assert {path.stat().st_mode & 0o777 for path in (Path(task.part), told)} == {0o600}


def test_a_retry_changes_only_what_it_must(source: Path) -> None:
    line = json.loads(sent(prepare(task_of(source, max_tokens=20))))
    assert line["params"] == json.loads(PARAMS) | {"max_tokens": 20}


def test_what_cannot_be_sent_says_why_and_spares_the_others(source: Path) -> None:
    (page,) = prepare(task_of(source, request_bytes=50)).pages
    assert page.problem.startswith("needs ")
    rows = source.with_name("rows.csv")
    rows.write_text("id,text\n1,one\n2,two\n")
    write_places(RecordsTask(str(rows), str(source.with_name("rows.places")), FileKind.CSV))
    folder = source.with_name("picky")
    folder.mkdir()
    (folder / "recipe.toml").write_text(
        'title="t"\nmodel="m"\nmax_tokens=5\nsource="rows"\ncontract="text"\nexport="jsonl"\n'
        'system="s"\ninstruction="i"\n'
    )
    (folder / "s").write_text("System.")
    (folder / "i").write_text("{{ row.missing if row.id == '1' else row.text }}")
    pages = (PageTask(0, 1, "1"), PageTask(1, 2, "2"))
    places = str(source.with_name("rows.places"))
    task = task_of(rows, pages=pages, recipe=str(folder), kind=FileKind.CSV, places=places)
    bad, good = prepare(task).pages
    assert "'dict object' has no attribute 'missing'" in bad.problem
    assert json.loads(Path(task.part).read_bytes())["params"]["messages"][0]["content"][1]["text"] == "two"
    assert (good.problem, bad.length) == ("", 0)
