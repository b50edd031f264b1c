"""The whole main job from the command line: what each command prints, returns and leaves on disk."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from .conftest import Operator
from .pdfs import write_pdf

MakeOperator = Callable[..., Operator]


def _folder(tmp_path: Path) -> Path:
    folder = tmp_path / "reports"
    write_pdf(folder / "one.pdf", 3, seed=1)
    write_pdf(folder / "two.pdf", 2, seed=2)
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7\nnothing follows")
    return folder


def test_scan_says_what_would_be_submitted_and_changes_nothing(
    operator: MakeOperator, tmp_path: Path
) -> None:
    who = operator()
    found = who.json("scan", _folder(tmp_path))
    problems = {Path(d["path"]).name: d["problem"] for d in found["documents"]}
    assert problems["one.pdf"] is None
    assert problems["broken.pdf"]
    assert (found["pages"], found["batches"]) == (5, 1)
    assert found["bytes"] > 1_000
    assert 0 < found["estimate"]["low"] < found["estimate"]["usd"] < found["estimate"]["high"]
    assert who.json("jobs") == {"jobs": []}


def test_the_main_job_from_folder_to_html(operator: MakeOperator, tmp_path: Path) -> None:
    who = operator()
    submitted = who.json("submit", _folder(tmp_path), "--yes", "--name", "reports")
    assert submitted["pages"] == 5
    assert len(submitted["batches"]) == 1
    assert [Path(s["path"]).name for s in submitted["skipped"]] == ["broken.pdf"]

    events = who.run("watch", "--until-ended", "--json")
    assert events.code == 0
    assert "batch_archived" in [event["event"] for event in events.lines]

    (batch,) = who.json("ls")["batches"]
    assert batch["counts"] == {"processing": 0, "succeeded": 5, "errored": 0, "canceled": 0, "expired": 0}
    assert (batch["archived"], batch["attempt"], batch["job"]) == (True, 1, submitted["job"])
    (job,) = who.json("jobs")["jobs"]
    assert (job["name"], job["documents"], job["pages"], job["state"]) == ("reports", 2, 5, "complete")
    assert job["cost"]["actual"] > 0

    pages = who.json("pages", "reports")["pages"]
    assert [page["index"] for page in pages] == [0, 1, 2, 3, 4]
    assert [page["page"] for page in pages] == [1, 2, 3, 1, 2]
    assert all(page["outcome"].startswith("ok") for page in pages)
    assert len({page["custom_id"] for page in pages}) == 5

    out = tmp_path / "html"
    exported = who.json("export", "reports", "--out", out)["documents"]
    assert {d["document"] for d in exported} == {"one.pdf", "two.pdf"}
    for document in exported:
        assert (document["errors"], document["placeholders"]) == (0, 0)
        assert json.loads(Path(document["report"]).read_text())
        assert who.json("validate", document["html"])["files"][0]["errors"] == []
    assert "Chapter 3 of 1" in Path(next(d["html"] for d in exported if d["pages"] == 3)).read_text()


def test_documents_are_not_submitted_twice_unless_asked(operator: MakeOperator, tmp_path: Path) -> None:
    who = operator()
    folder = _folder(tmp_path)
    who.json("submit", folder, "--yes")
    again = who.run("submit", folder, "--yes")
    assert again.code == 3
    assert "Already submitted" in again.err
    assert who.json("submit", folder, "--yes", "--again")["pages"] == 5

    newer, older = (job["job"] for job in who.json("jobs")["jobs"])
    first, twice = (who.run("export", older, "--out", tmp_path / "out") for _ in range(2))
    assert "stand where job" not in first.err + twice.err
    other = who.run("export", newer, "--out", tmp_path / "out")
    assert f"2 of the documents stand where job {older} had exported" in " ".join(other.err.split())


def test_one_page_with_all_its_attempts_and_its_raw_line(operator: MakeOperator, tmp_path: Path) -> None:
    who = operator("[[rows]]\noutcome = 'overloaded_error'\npages = 2\nattempts = 1\n")
    pdf = write_pdf(tmp_path / "a.pdf", 2)
    who.json("submit", pdf, "--yes")
    assert who.run("watch", "--until-ended").code == 6
    (failed,) = who.json("pages", "a", "--outcome", "errored")["pages"]
    assert (failed["page"], failed["error_type"], failed["attempts"]) == (2, "overloaded_error", 1)
    retried = who.json("retry", "a", "--yes")
    assert (retried["pages"], retried["skipped"]) == (1, [])
    assert who.run("watch", "--until-ended").code == 0
    page = who.json("page", failed["custom_id"])
    assert [attempt["outcome"] for attempt in page["attempts"]] == ["errored", "ok"]
    raw = json.loads(who.run("page", failed["custom_id"], "--raw").out)
    assert raw["result"]["error"]["error"]["type"] == "overloaded_error"
    newest, oldest = who.json("ls")["batches"]
    assert newest["lineage"] == [oldest["key"]]
    assert newest["attempt"] == 2


def test_errors_are_three_lines_with_the_documented_codes(operator: MakeOperator, tmp_path: Path) -> None:
    who = operator()
    pdf = write_pdf(tmp_path / "a.pdf", 1)
    wrong_use = who.run("submit", pdf, "--yes", "--pages", "5-2")
    assert wrong_use.code == 2
    assert len(wrong_use.err.splitlines()) >= 3
    passed_over = who.run("submit", "--resume", "j1", "--pages", "1", "--yes")
    assert (passed_over.code, "no choosing by --pages" in passed_over.err) == (2, True)
    assert who.run("submit", tmp_path / "nowhere.pdf", "--yes").code == 3
    assert who.run("submit", pdf, "--yes", "--max-cost", "0.0001").code == 3
    assert who.run("submit", pdf).code == 2, "nobody is there to confirm"
    refused = Operator(who.deck, who.base_url, "sk-wrong").run("submit", pdf, "--yes")
    assert refused.code == 4
    unreachable = Operator(tmp_path / "other", "http://127.0.0.1:9", "sk-any").run("submit", pdf, "--yes")
    assert unreachable.code == 5
    assert who.run("--read-only", "submit", pdf, "--yes").code == 2


def test_root_options_may_stand_anywhere(operator: MakeOperator, tmp_path: Path) -> None:
    who = operator()
    listed = who.run("ls", "--json", "--deck", str(tmp_path / "else"))
    assert listed.json == {"batches": [], "held": None}
    assert (tmp_path / "else").is_dir()
