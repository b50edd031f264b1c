"""How the terminal is treated: colours, safe text, clipboard, attention, pace, and what a crash leaves."""

from __future__ import annotations

import base64
import datetime as dt
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.color import Color

from batchdeck.domain.stories import said_by
from batchdeck.errors import StorageFailed, UsageError
from batchdeck.tui.manners.attention import attention_sequence
from batchdeck.tui.manners.clipboard import MOST_BYTES, clipboard_sequence
from batchdeck.tui.manners.colour import ColourMode, decide_colours, refuse_unfit_terminal, theme_name
from batchdeck.tui.manners.crash import crash_lines, crash_report, save_crash
from batchdeck.tui.manners.sinks import SafeLine, strip_unsafe
from batchdeck.tui.themes import DARK_COLOURS, LIGHT_COLOURS

NOW = dt.datetime(2026, 11, 21, 3, 12, tzinfo=dt.UTC)
SECRET = "sk-ant-api03-abcdefghijklmnop"


@pytest.mark.parametrize(
    ("environ", "wish", "mode"),
    [
        ({"TERM": "xterm-256color"}, "auto", ColourMode.FULL),
        ({"TERM": "screen-256color"}, "auto", ColourMode.FULL),
        ({"TERM": "xterm", "COLORTERM": "truecolor"}, "auto", ColourMode.FULL),
        ({"TERM": "screen"}, "auto", ColourMode.ANSI),
        ({"TERM": "linux"}, "auto", ColourMode.ANSI),
        ({"TERM": "vt100"}, "auto", ColourMode.NONE),
        ({"TERM": "vt220"}, "auto", ColourMode.NONE),
        ({"TERM": "xterm-mono"}, "auto", ColourMode.NONE),
        ({"TERM": "vte-256color"}, "auto", ColourMode.FULL),
        ({"TERM": "xterm-256color", "NO_COLOR": "1"}, "auto", ColourMode.NONE),
        ({"TERM": "xterm-256color", "NO_COLOR": ""}, "auto", ColourMode.FULL),
        ({"TERM": "screen"}, "full", ColourMode.FULL),
        ({"TERM": "xterm-256color", "NO_COLOR": "1"}, "ansi", ColourMode.ANSI),
        ({"TERM": "xterm-256color"}, "none", ColourMode.NONE),
    ],
)
def test_colours_go_by_the_settings_then_no_color_then_the_terminal(
    environ: dict[str, str], wish: str, mode: ColourMode
) -> None:
    assert decide_colours(environ, wish) is mode


@pytest.mark.parametrize(
    ("mode", "colorfgbg", "name"),
    [
        (ColourMode.FULL, "", "batchdeck-dark"),
        (ColourMode.FULL, "0;15", "batchdeck-light"),
        (ColourMode.ANSI, "15;0", "batchdeck-ansi-dark"),
        (ColourMode.NONE, "0;default;15", "batchdeck-ansi-light"),
    ],
)
def test_the_theme_goes_by_the_background_where_the_terminal_tells_it(
    mode: ColourMode, colorfgbg: str, name: str
) -> None:
    assert theme_name(mode, {"COLORFGBG": colorfgbg}) == name


@pytest.mark.parametrize(
    ("environ", "is_terminal"),
    [({"TERM": "dumb"}, True), ({}, True), ({"TERM": "unknown"}, True), ({"TERM": "xterm"}, False)],
)
def test_where_nothing_can_be_drawn_the_commands_are_pointed_to(
    environ: dict[str, str], is_terminal: bool
) -> None:
    with pytest.raises(UsageError) as caught:
        refuse_unfit_terminal(environ, is_terminal=is_terminal)
    assert "batchdeck ls" in caught.value.hint


def test_a_terminal_is_good_enough() -> None:
    refuse_unfit_terminal({"TERM": "vt220"}, is_terminal=True)


@given(st.text())
def test_nothing_a_terminal_obeys_passes_and_widths_stay(text: str) -> None:
    safe = strip_unsafe(text)
    assert not any("\x00" <= char < " " or "\x7f" <= char <= "\x9f" for char in safe)
    assert not set(safe) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\ufeff")
    safe.encode("utf-8")  # No lone surrogate is left.
    assert cell_len(safe) == cell_len(text)


def test_ordinary_text_of_any_script_passes_as_it_is() -> None:
    for text in ("Ünïcode – “quotes” …", "日本語", "العربية", "हिन्दी", "👩‍🚀", "✓ ✗ ▸ ▌ │ ╭"):
        assert strip_unsafe(text) == text


def test_lines_lose_links_that_styles_carry() -> None:
    (segment,) = SafeLine().apply([Segment("x", Style(link="http://evil\x1b\\", bold=True))], Color(0, 0, 0))
    assert segment.style is not None
    assert segment.style.link is None
    assert segment.style.bold


def test_copying_sends_what_lies_between_the_terminal_needs() -> None:
    encoded = base64.b64encode("msgbatch_01 ü".encode()).decode()
    raw = f"\x1b]52;c;{encoded}\x07"
    assert clipboard_sequence("msgbatch_01 ü", {}) == raw
    in_tmux = clipboard_sequence("msgbatch_01 ü", {"TMUX": "/tmp/tmux,1,0"})
    assert in_tmux == raw + "\x1bPtmux;" + raw.replace("\x1b", "\x1b\x1b") + "\x1b\\"
    in_screen = clipboard_sequence("x" * 600, {"STY": "1.pts"})
    chunks = in_screen.removesuffix("\x1b\\").split("\x1b\\")
    assert all(chunk.startswith("\x1bP") and len(chunk) < 256 for chunk in chunks)
    assert "".join(chunk[2:] for chunk in chunks) == clipboard_sequence("x" * 600, {})


def test_too_long_a_text_is_refused_not_cut() -> None:
    longest = "x" * (MOST_BYTES // 4 * 3)
    assert len(clipboard_sequence(longest, {})) < MOST_BYTES + 20
    with pytest.raises(UsageError, match="too many"):
        clipboard_sequence(longest + "xxx", {})


def test_copying_keeps_the_bytes_of_odd_names() -> None:
    encoded = clipboard_sequence("caf\udce9", {}).removeprefix("\x1b]52;c;").removesuffix("\x07")
    assert base64.b64decode(encoded) == b"caf\xe9"


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"TERM": "xterm-kitty"}, "\x1b]9;Job ended: 17 failed, 2 left\x07"),
        ({"TERM": "foot"}, "\x1b]777;notify;Job ended;17 failed, 2 left\x07"),
        (
            {"TERM": "xterm-256color", "VTE_VERSION": "7600"},
            "\x1b]777;notify;Job ended;17 failed, 2 left\x07",
        ),
        ({"TERM": "linux"}, ""),
        ({"TERM": "screen", "TMUX": "x"}, "\x1bPtmux;\x1b\x1b]9;Job ended: 17 failed, 2 left\x07\x1b\\"),
    ],
)
def test_a_notification_speaks_the_terminals_language(environ: dict[str, str], expected: str) -> None:
    text = attention_sequence("Job ended", "17 failed; 2 left", bell=False, notify=True, environ=environ)
    assert text == expected


def test_the_bell_and_silence() -> None:
    assert attention_sequence("a", "b", bell=True, notify=False, environ={}) == "\x07"
    assert attention_sequence("a", "b", bell=False, notify=False, environ={}) == ""


@given(st.text(), st.text())
def test_a_notification_cannot_be_broken_out_of(title: str, body: str) -> None:
    sequence = attention_sequence(title, body, bell=False, notify=True, environ={"TERM": "xterm"})
    assert sequence.startswith("\x1b]9;")
    assert sequence.endswith("\x07")
    inside = sequence[4:-1]
    assert all(char.isprintable() or char in "\u200c\u200d\xad\xa0" or char.isspace() for char in inside)
    assert not set(inside) & {"\x07", "\x1b", "\x9c", ";"}


def crash() -> Exception:
    api_key = SECRET
    page_text = "confidential words of a page"
    try:
        raise ValueError(f"the header was Bearer {api_key} and \x1b[31mred")
    except ValueError as error:
        assert page_text
        return error


def test_a_crash_leaves_neither_keys_nor_pages_nor_escape_codes() -> None:
    error = crash()
    for text in (crash_report(error, NOW), "\n".join(crash_lines(error, Path("/x/report.txt")))):
        assert SECRET not in text
        assert "confidential words" not in text
        assert "\x1b" not in text
        assert "ValueError" in text
    assert "test_manners.py" in crash_report(error, NOW)


def test_what_a_library_quotes_of_a_page_is_left_out() -> None:
    """Exceptions repeat what they choked on; the errors of our own are written to be read."""
    page = "confidential words of a page"
    try:
        try:
            int(page)
        except ValueError as cause:
            raise KeyError(page) from cause
    except KeyError as error:
        report, screen = crash_report(error, NOW), "\n".join(crash_lines(error, None))
    assert "confidential" not in report + screen
    assert report.index("ValueError") < report.index("direct cause") < report.index("KeyError")
    assert "has no attribute 'nothing'" in said_by(AttributeError("'dict' object has no attribute 'nothing'"))
    assert said_by(StorageFailed("The file “a b” is gone.")) == "The file “a b” is gone."


def test_the_crash_file_is_its_owners_alone(tmp_path: Path) -> None:
    path = save_crash(crash(), NOW, tmp_path)
    assert path is not None
    assert path.parent == tmp_path
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "Traceback" in path.read_text(encoding="utf-8")


def test_where_no_file_can_be_written_the_screen_says_what_it_can(tmp_path: Path) -> None:
    assert save_crash(crash(), NOW, tmp_path / "missing") is None
    assert not any("details" in line for line in crash_lines(crash(), None))


def test_an_error_of_the_tree_leaves_its_own_three_lines() -> None:
    lines = crash_lines(StorageFailed("The disk is full.", hint="Make room."), None)
    assert lines == [StorageFailed.title, "The disk is full.", "Make room."]


def luminance(colour: Color) -> float:
    def linear(value: int) -> float:
        share = value / 255
        return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4

    return 0.2126 * linear(colour.r) + 0.7152 * linear(colour.g) + 0.0722 * linear(colour.b)


@pytest.mark.parametrize("colours", [DARK_COLOURS, LIGHT_COLOURS], ids=["dark", "light"])
@pytest.mark.parametrize("ground", ["ground", "raised"])
@pytest.mark.parametrize("name", ["text", "muted", "accent", "good", "warn", "bad"])
def test_every_colour_can_be_read_on_every_ground(colours: dict[str, str], ground: str, name: str) -> None:
    darker, lighter = sorted(luminance(Color.parse(colours[part])) for part in (ground, name))
    assert (lighter + 0.05) / (darker + 0.05) >= 4.5


@pytest.mark.parametrize("colour", [*DARK_COLOURS.values(), *LIGHT_COLOURS.values()])
def test_every_colour_is_one_of_the_256(colour: str) -> None:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    steps = {0, 95, 135, 175, 215, 255}
    is_grey = red == green == blue and (red - 8) % 10 == 0 and red <= 238
    assert is_grey or {red, green, blue} <= steps
