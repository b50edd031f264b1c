"""Names of exported files: any source name becomes a plain one, and no two sources share one."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchdeck.html.naming import export_stem

SHA256 = "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("Annual report 2025.pdf", "Annual-report-2025-0123456789"),
        ("Größe & Übersicht.PDF", "Groe-Ubersicht-0123456789"),
        ("数据.pdf", "document-0123456789"),
        ("../../etc/passwd", "passwd-0123456789"),
        ("..\\..\\boot.ini.pdf", "boot-ini-0123456789"),
        ("con.pdf", "file-con-0123456789"),
        ("LPT1.x.pdf", "file-LPT1-x-0123456789"),
        ("-rf.pdf", "rf-0123456789"),
        ("", "document-0123456789"),
        (".pdf", "document-0123456789"),
        ("a\x1b[2Jb\udce9.pdf", "a-2Jb-0123456789"),
    ],
)
def test_a_stem_is_plain(name: str, stem: str) -> None:
    assert export_stem(name, SHA256) == stem


@given(st.text(max_size=400), st.text("0123456789abcdef", min_size=64, max_size=64))
def test_every_stem_is_safe_on_every_file_system(name: str, sha256: str) -> None:
    stem = export_stem(name, sha256)
    assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9-]*", stem)
    assert len(stem) <= 120
    assert stem.endswith("-" + sha256[:10])
    assert not re.match(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(-|$)", stem)


def test_names_that_differ_in_case_only_do_not_collide() -> None:
    other = "f" * 64
    assert export_stem("Report.pdf", SHA256).lower() != export_stem("report.pdf", other).lower()
