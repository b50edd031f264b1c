"""Every way a page can fail: shown by its own name, resubmitted with the fitting change, or left alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from .conftest import Operator
from .pdfs import write_pdf

MakeOperator = Callable[..., Operator]

# What the API answers for each page of the document, in order, and what must be shown for it.
ROWS = (
    ("ok", "ok"),
    ("truncated", "truncated"),
    ("context_full", "truncated"),
    ("refused", "refused"),
    ("blocked", "blocked"),
    ("empty", "empty"),
    ("only_thinking", "empty"),
    ("malformed", "malformed"),
    ("unclosed", "truncated"),
    ("fenced", "ok_repaired"),
    ("chatty", "ok_repaired"),
    ("repeating", "repetition"),
    ("wrong_page", "malformed"),
    ("lossy", "low_fidelity"),
    ("expired", "expired"),
    ("canceled", "canceled"),
    ("missing", "missing"),
    ("unknown_type", "errored"),
    ("paused", "malformed"),
    ("overloaded_error", "errored"),
    ("api_error", "errored"),
    ("rate_limit_error", "errored"),
    ("timeout_error", "errored"),
    ("invalid_request_error", "errored"),
    ("not_found_error", "errored"),
    ("unreadable", "errored"),
    ("billing_error", "errored"),
    ("authentication_error", "errored"),
    ("permission_error", "errored"),
    ("no_credit", "errored"),
)
# Pages that a plain retry sends again; the others need a word of the operator, or the account mended.
RETRIED = {
    *("truncated", "context_full", "empty", "only_thinking", "malformed", "unclosed", "repeating"),
    *("wrong_page", "lossy", "expired", "missing", "paused", "overloaded_error", "api_error"),
    *("rate_limit_error", "timeout_error", "unreadable"),
}
ACCOUNT = {"billing_error", "authentication_error", "permission_error", "no_credit"}


def _faults() -> str:
    rules = [
        f'[[rows]]\noutcome = "{fault}"\npages = {page}\nattempts = 1\n'
        for page, (fault, _) in enumerate(ROWS, 1)
        if fault != "ok"
    ]
    return "\n".join(rules)


def test_every_outcome_has_its_name_and_its_remedy(operator: MakeOperator, tmp_path: Path) -> None:
    who = operator(_faults())
    write_pdf(tmp_path / "in" / "all.pdf", len(ROWS), words=80)
    job = who.json("submit", tmp_path / "in", "--yes")["job"]
    assert who.run("watch", "--until-ended").code == 6
    pages = who.json("pages", job)["pages"]
    shown = {ROWS[page["page"] - 1][0]: page["outcome"] for page in pages}
    assert shown == dict(ROWS)

    first = who.json("ls")["batches"][0]
    retried = who.json("retry", job, "--yes")
    fault_of = {page["custom_id"]: ROWS[page["page"] - 1][0] for page in pages}
    left_out = {fault_of[skip["custom_id"]] for skip in retried["skipped"]}
    failed = {fault for fault, outcome in ROWS if not outcome.startswith("ok")}
    assert left_out == failed - RETRIED
    assert retried["pages"] == len(RETRIED)
    assert len(retried["batches"]) == 1, "pages that differ in parameters share one batch"
    reasons = {fault_of[skip["custom_id"]]: skip["reason"] for skip in retried["skipped"]}
    assert all("account" in reasons[fault] for fault in ACCOUNT)

    assert who.run("watch", "--until-ended").code == 6
    after = {ROWS[page["page"] - 1][0]: page for page in who.json("pages", job)["pages"]}
    assert {fault for fault, page in after.items() if page["outcome"].startswith("ok")} == (
        RETRIED | {"ok", "fenced", "chatty"}
    )
    newest = who.json("ls")["batches"][0]
    assert newest["lineage"] == [first["key"]]
    tokens = {
        attempt["number"]: attempt["max_tokens"]
        for attempt in who.json("page", after["truncated"]["custom_id"])["attempts"]
    }
    assert tokens[2] == 2 * tokens[1], "a truncated page is never tried again with fewer tokens"


def test_what_needs_the_operator_is_sent_only_with_a_change(operator: MakeOperator, tmp_path: Path) -> None:
    faults = "".join(
        f'[[rows]]\noutcome = "{fault}"\npages = {page}\nattempts = 1\n'
        for page, fault in enumerate(("refused", "blocked", "canceled", "no_credit"), 1)
    )
    who = operator(faults)
    pdf = write_pdf(tmp_path / "a.pdf", 4)
    job = who.json("submit", pdf, "--yes")["job"]
    who.run("watch", "--until-ended")
    batch = who.json("ls")["batches"][0]["id"]
    for whole in (job, batch):
        nothing = who.run("retry", whole, "--yes")
        assert nothing.code == 3, f"naming all of {whole} asks for none of its pages"
        assert "No page is left to resubmit" in nothing.err
    assert who.json("retry", job, "--yes", "--outcome", "canceled")["pages"] == 1
    assert who.json("retry", job, "--yes", "--outcome", "refused", "--model", "claude-opus-5-5")["pages"] == 1
    assert who.json("retry", job, "--yes", "--outcome", "blocked", "--as-image")["pages"] == 1
    assert who.run("retry", job, "--yes", "--outcome", "errored", "--model", "claude-opus-5-5").code == 3
    who.run("watch", "--until-ended")
    (left,) = who.json("pages", job, "--outcome", "errored")["pages"]
    assert left["calls_for"] == "operator_first"


def test_a_failed_page_never_fails_its_document(operator: MakeOperator, tmp_path: Path) -> None:
    who = operator('[[rows]]\noutcome = "blocked"\npages = 2\n')
    pdf = write_pdf(tmp_path / "a.pdf", 3)
    job = who.json("submit", pdf, "--yes")["job"]
    who.run("watch", "--until-ended")
    (document,) = who.json("export", job, "--out", tmp_path / "out", code=6)["documents"]
    assert (document["pages"], document["errors"]) == (3, 0)
    assert document["unverified"] + document["placeholders"] == 1
    html = Path(document["html"]).read_text()
    assert "nverified" in html
    assert "Chapter 2 of 0" in html, "the page's own text layer stands in"


def test_results_that_arrive_short_are_downloaded_again(operator: MakeOperator, tmp_path: Path) -> None:
    who = operator(
        '[[calls]]\nendpoint = "results"\naction = "short"\noccurrences = 1\nrows = 1\n'
        '[[calls]]\nendpoint = "results"\naction = "torn"\noccurrences = 2\n'
        '[[calls]]\nendpoint = "retrieve"\naction = "not_found"\noccurrences = "1-2"\n'
    )
    pdf = write_pdf(tmp_path / "a.pdf", 3)
    job = who.json("submit", pdf, "--yes")["job"]
    assert who.run("watch", "--until-ended").code == 0
    assert all(page["outcome"].startswith("ok") for page in who.json("pages", job)["pages"])


def test_a_refused_batch_costs_nothing_and_can_be_sent_again(operator: MakeOperator, tmp_path: Path) -> None:
    who = operator('[[calls]]\nendpoint = "create"\naction = "billing"\noccurrences = 1\n')
    pdf = write_pdf(tmp_path / "a.pdf", 2)
    refused = who.run("submit", pdf, "--yes")
    assert refused.code == 4
    assert len(refused.err.strip().splitlines()) >= 3
    assert who.json("ls")["held"] is not None
    stays = who.run("submit", pdf, "--yes")
    assert (stays.code, "batchdeck mended" in stays.err) == (4, True), "nobody has said that it is in order"
    again = who.json("submit", pdf, "--yes", "--account-mended")
    assert (again["pages"], len(again["batches"])) == (2, 1)
    assert len(who.json("jobs")["jobs"]) == 1, "it goes on with the same job"


def test_a_rate_limit_is_waited_out(operator: MakeOperator, tmp_path: Path) -> None:
    who = operator(
        '[[calls]]\nendpoint = "create"\naction = "rate_limit"\noccurrences = 1\nretry_after = 1\n'
    )
    pdf = write_pdf(tmp_path / "a.pdf", 1)
    assert len(who.json("submit", pdf, "--yes")["batches"]) == 1


def test_an_unknown_acceptance_is_reconciled_not_repeated(operator: MakeOperator, tmp_path: Path) -> None:
    who = operator('[[calls]]\nendpoint = "create"\naction = "reset_after"\noccurrences = 1\n')
    pdf = write_pdf(tmp_path / "a.pdf", 2)
    submitted = who.json("submit", pdf, "--yes", code=5)
    assert submitted["batches"] == []
    assert len(submitted["in_doubt"]) == 1
    stays = who.run("submit", pdf, "--yes")
    assert stays.code == 3, "pages in doubt are not sent again"
    insists = who.run("submit", pdf, "--yes", "--again")
    assert (insists.code, "reconcile" in insists.err) == (3, True), "not even when submitting twice is wanted"
    assert who.run("watch", "--until-ended").code == 0
    (batch,) = who.json("ls")["batches"]
    assert (batch["archived"], batch["requests"]) == (True, 2)
    assert who.json("reconcile")["undecided"] == []
    assert len(who.json("submit", pdf, "--yes", "--again")["batches"]) == 1, "once it is known, as one likes"


def test_missing_pages_are_looked_for_before_they_are_paid_again(
    operator: MakeOperator, tmp_path: Path
) -> None:
    who = operator(
        '[[calls]]\nendpoint = "results"\naction = "short"\noccurrences = "1-3"\nrows = 2\n',
    )
    pdf = write_pdf(tmp_path / "a.pdf", 3)
    job = who.json("submit", pdf, "--yes")["job"]
    assert who.run("watch", "--until-ended").code == 6, "the same short answer every time is taken as it is"
    (missing,) = who.json("pages", job, "--outcome", "missing")["pages"]
    came = who.run("retry", job, "--yes")
    assert came.code == 3
    assert "have come after all" in came.err
    (batch,) = who.json("ls")["batches"]
    assert batch["outcomes"] == {"ok": 3}
    assert who.json("page", missing["custom_id"])["outcome"] == "ok"
