"""Rows, text files and ready-made requests from one command each to schema-valid data, failures retried."""

from __future__ import annotations

import csv
import json
import os
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from batchdeck import Deck
from batchdeck.domain.outcomes import Outcome
from batchdeck.domain.resources import template_root

from .conftest import POLL_FLOOR, Operator

MakeOperator = Callable[..., Operator]
ROOT = Path(__file__).parents[2]
PROMPTS = template_root() / "prompts"
FAULTS = """
[[rows]]
outcome = "off_schema"
share = 0.08
attempts = 1
[[rows]]
outcome = "malformed"
custom_id = "*-tickets-*"
share = 0.08
attempts = 1
[[rows]]
outcome = "fenced"
custom_id = "*-tickets-*"
share = 0.08
[[rows]]
outcome = "overloaded_error"
share = 0.1
attempts = 1
[[rows]]
outcome = "truncated"
share = 0.1
attempts = 1
[[rows]]
outcome = "empty"
share = 0.1
attempts = 1
[[rows]]
outcome = "expired"
share = 0.1
attempts = 1
"""
ANSWER = {
    "type": "object",
    "properties": {"town": {"type": "string"}, "size": {"enum": ["small", "large"]}},
    "required": ["town", "size"],
    "additionalProperties": False,
}


def _tickets(path: Path) -> list[str]:
    samples = [
        json.loads(line) for line in (PROMPTS / "tickets/sample/tickets.jsonl").read_text().splitlines()
    ]
    lines = []
    for number in range(200):
        sample = samples[number % len(samples)]
        lines.append(json.dumps({**sample, "id": f"T-{number:04d}", "body": f"{sample['body']} ({number})"}))
    path.write_text("\n".join([*lines[:100], "{ this row is broken", *lines[100:]]) + "\n")
    return [f"T-{number:04d}" for number in range(200)]


def _texts(folder: Path) -> list[str]:
    samples = sorted((PROMPTS / "summarize/sample").iterdir())
    folder.mkdir()
    for number in range(30):
        sample = samples[number % len(samples)]
        text = sample.read_text().replace("Easter", f"Easter {number}") + f"\nCopy {number}.\n"
        (folder / f"{number:02d}{sample.suffix}").write_text(text)
    return sorted(path.name for path in folder.iterdir())


def _requests(path: Path) -> list[str]:
    names, lines = [], []
    for number in range(40):
        params: dict[str, Any] = {
            "model": "claude-haiku-5-5" if number % 3 else "claude-sonnet-5-5",
            "max_tokens": 200 + 100 * (number % 2),
            "messages": [{"role": "user", "content": f"Which town has the number {number}?"}],
        }
        if number % 2:
            params["output_config"] = {"format": {"type": "json_schema", "schema": ANSWER}}
        names.append(f"town/{number}")
        lines.append(json.dumps({"custom_id": names[-1], "params": params}))
    path.write_text("\n".join(lines) + "\n")
    return names


def _readme_commands() -> list[list[str]]:
    """Return the commands of the README's section, without the program's name and the remarks."""
    section = (ROOT / "README.md").read_text().split("## Other material than PDFs")[1]
    lines = section.split("```")[1].strip().splitlines()
    return [shlex.split(line, comments=True)[1:] for line in lines]


async def _records(deck: Deck, job: str, out: Path) -> list[dict[str, Any]]:
    report = await deck.export(job, out=out, template="jsonl")
    assert report.documents[0].placeholders == 0
    return [json.loads(line) for line in report.documents[0].html.read_text().splitlines()]


async def test_every_kind_of_material_from_one_command_each_as_the_readme_says(
    operator: MakeOperator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    who = operator(FAULTS)
    monkeypatch.chdir(tmp_path)
    who.environ["PYTHONPATH"] = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    ids, names = _tickets(tmp_path / "tickets.jsonl"), _requests(tmp_path / "requests.jsonl")
    files = _texts(tmp_path / "mails")

    said = {" ".join(command): who.run(*command) for command in _readme_commands()}
    assert {name: ran.code for name, ran in said.items() if ran.code} == {"watch --until-ended": 6}
    assert "Line 101 is not valid JSON" in said["submit tickets.jsonl --recipe tickets --yes"].err
    for outcome in ("malformed", "errored", "truncated", "empty", "expired"):
        assert outcome in said["retry tickets --yes"].err
    (table,) = (tmp_path / "answers").glob("tickets-*.csv")
    rows = list(csv.DictReader(table.read_text().splitlines()))
    assert [row["id"] for row in rows] == ids
    assert {row["outcome"] for row in rows} == {"ok", "ok_repaired"}

    for name, value in POLL_FLOOR.items():
        monkeypatch.setenv(name, value)
    async with Deck.open(who.deck, base_url=who.base_url, api_key=who.api_key) as deck:
        for job in ("mails", "requests"):
            await deck.retry(await deck.plan_retry(deck.target(job)))
        await deck.track(until_ended=True)

        schema = Draft202012Validator(json.loads((PROMPTS / "tickets/schema.json").read_text()))
        records = await _records(deck, "tickets", tmp_path / "data")
        assert [record["id"] for record in records] == ids
        assert {record["attempts"] for record in records} == {1, 2}
        assert [error for record in records for error in schema.iter_errors(record["answer"])] == []

        mails = await _records(deck, "mails", tmp_path / "data")
        assert [record["id"] for record in mails] == files
        assert all(record["answer"].strip() for record in mails)
        page = await deck.export("mails", out=tmp_path / "data", template="html")
        assert page.documents[0].errors == 0

        answers = await _records(deck, "requests", tmp_path / "data")
        assert [record["id"] for record in answers] == names
        for number, record in enumerate(answers):
            assert record["model"] == ("claude-haiku-5-5" if number % 3 else "claude-sonnet-5-5")
            if number % 2:
                Draft202012Validator(ANSWER).validate(json.loads(record["answer"]))


async def test_a_job_keeps_its_recipe_its_source_and_what_was_left_out(
    start_sandbox: Callable[..., tuple[str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither a changed recipe nor a lost source changes what is asked again and how answers are judged."""
    for name, value in POLL_FLOOR.items():
        monkeypatch.setenv(name, value)
    base_url, key = start_sandbox('[[rows]]\noutcome = "overloaded_error"\npages = 2\nattempts = 1\n')
    own, source = tmp_path / "own", tmp_path / "rows.csv"
    shutil.copytree(PROMPTS / "classify", own)
    source.write_text("id,text\na,praise for you\nb,a question\nc\nd,a complaint\n")
    async with Deck.open(tmp_path / "deck", base_url=base_url, api_key=key) as deck:
        plan = deck.plan(await deck.scan([source], recipe=str(own)), recipe=str(own))
        assert [str(file.problem) for file in plan.skipped] == ["Line 4 has 1 values, the header has 2."]
        submitted = await deck.submit(plan)
        shutil.rmtree(own)
        source.unlink()
        next((tmp_path / "deck" / "vault").glob("*.rows")).unlink()
        await deck.track(until_ended=True)
        assert [(row.label, row.outcome) for row in deck.pages(submitted.job)] == [
            ("a", Outcome.OK),
            ("b", Outcome.ERRORED),
            ("d", Outcome.OK),
        ]
        report = await deck.export(submitted.job)
        (failed,) = [row for row in _rows(report.documents[0].html) if row["error"]]
        assert (failed["id"], failed["outcome"], failed["category"]) == ("b", "errored", "")
        assert report.documents[0].placeholders == 1
        await deck.retry(await deck.plan_retry(submitted.job))
        await deck.track(until_ended=True)
        report = await deck.export(submitted.job)
        rows = _rows(report.documents[0].html)
        assert [row["category"] for row in rows] == ["praise", "question", "complaint"]
        assert deck.source_page(submitted.job, 2).text == '{\n "id": "d",\n "text": "a complaint"\n}'


def _rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text().splitlines()))


def test_what_no_request_can_be_made_of_is_not_called_done(operator: MakeOperator, tmp_path: Path) -> None:
    """One row lacks a column that the instruction asks for, then all do."""
    who = operator()
    recipe = tmp_path / "by-place"
    shutil.copytree(PROMPTS / "tickets", recipe)
    (recipe / "instruction.md.jinja").write_text("Triage the ticket from {{ row.place }}.")
    rows = tmp_path / "rows.jsonl"
    rows.write_text('{"id": 1, "place": "Ayr"}\n{"id": 2}\n')
    some = who.run("submit", rows, "--recipe", recipe, "--yes")
    assert some.code == 6, "done, but not all of it"
    assert "has no attribute 'place'" in some.err
    rows.write_text('{"id": 3}\n{"id": 4}\n')
    none = who.json("submit", rows, "--recipe", recipe, "--yes", code=3)
    assert (none["batches"], none["pages"], none["unsent"]) == ([], 0, 2)
