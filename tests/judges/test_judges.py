"""Nu, axe and a browser look at what BatchDeck writes of broken and hostile answers, and at our checks."""

from __future__ import annotations

from pathlib import Path

import pytest

from batchdeck.html.external import Judges, judge_files
from tests.judges.browser import watch
from tests.judges.exports import broken_samples, hostile_samples
from tests.judges.payloads import PAYLOADS
from tests.unit.html_out.faults import FAULTS, SOUND

pytestmark = pytest.mark.judges

_BROKEN = 300
_AT_LEAST_HOSTILE_RAW = 60
"""Of the payloads, so many must do harm when nothing is in their way; else the probe sees nothing."""


def test_documents_of_broken_answers_are_clean(tmp_path: Path, judges: Judges) -> None:
    samples = list(broken_samples(tmp_path, _BROKEN))
    own = {sample.name: sample.exported.findings for sample in samples if sample.exported.findings}
    assert own == {}
    verdicts = judge_files([file for sample in samples for file in sample.files], judges)
    found = {file.name: verdict for file, verdict in verdicts.items() if verdict.findings or verdict.requests}
    assert found == {}


def test_hostile_answers_run_nothing_and_fetch_nothing(tmp_path: Path, judges: Judges) -> None:
    files = [file for sample in hostile_samples(tmp_path) for file in sample.files]
    deeds = watch(files, judges)
    assert len(deeds) == len(files)
    harmful = {file.name: one for file, one in deeds.items() if one.hits or one.requests or one.dangers}
    assert harmful == {}


def test_the_probe_sees_harm_where_nothing_is_in_its_way(tmp_path: Path, judges: Judges) -> None:
    files = []
    for family, payloads in PAYLOADS.items():
        for at, payload in enumerate(payloads):
            file = tmp_path / f"{family}-{at}.html"
            text = f"<!DOCTYPE html><title>x</title><p>{payload}".encode("utf-8", "replace")
            file.write_bytes(text)
            files.append(file)
    deeds = watch(files, judges)
    assert sum(bool(one.hits or one.requests) for one in deeds.values()) >= _AT_LEAST_HOSTILE_RAW


def test_the_judges_agree_on_faults(tmp_path: Path, judges: Judges) -> None:
    cases = {tmp_path / f"{at:03}.html": fault for at, fault in enumerate((*FAULTS, *SOUND))}
    for file, fault in cases.items():
        file.write_text(fault.html, "utf-8")
    verdicts = judge_files(list(cases), judges)
    disagreements = {}
    for file, fault in cases.items():
        said = {finding.rule for finding in verdicts[file].findings}
        axe = {rule for rule in said if not rule.startswith("nu")}
        agree = (
            axe <= fault.rules
            and bool(axe) == fault.axe
            and any(r.startswith("nu") for r in said) == fault.nu
        )
        if not agree:
            disagreements[fault.name] = sorted(said)
    assert disagreements == {}
