"""Which source of a setting counts, and how wrong ones are refused."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from batchdeck.config import Settings, deck_home, load_prices, load_settings
from batchdeck.config_prices import price_file
from batchdeck.config_reading import OTHER_VARIABLES, catalogue, read_value
from batchdeck.config_sections import SECTIONS
from batchdeck.errors import ConfigError


@pytest.fixture
def user_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the user's settings file belongs, in a home of its own."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    path = tmp_path / "config" / "batchdeck" / "config.toml"
    path.parent.mkdir(parents=True)
    return path


@pytest.fixture
def deck(tmp_path: Path) -> Path:
    folder = tmp_path / "deck"
    folder.mkdir()
    return folder


def refusal(deck: Path | None = None, environ: Mapping[str, str] | None = None) -> tuple[str, str]:
    with pytest.raises(ConfigError) as refused:
        load_settings(deck, environ or {})
    return refused.value.message, refused.value.hint


@pytest.mark.usefixtures("user_file")
def test_without_anything_the_defaults_count() -> None:
    settings = load_settings(None, {})
    assert settings == Settings()
    assert settings.origins == {}


def test_environment_beats_deck_beats_user_beats_default(user_file: Path, deck: Path) -> None:
    user_file.write_text("[polling]\nfloor_seconds = 11\nceiling_seconds = 111\njitter = 0.1\nhistory = 1\n")
    (deck / "config.toml").write_text("[polling]\nfloor_seconds = 22\nceiling_seconds = 222\njitter = 0.2\n")
    environ = {"BATCHDECK_POLLING_CEILING_SECONDS": "333"}
    settings = load_settings(deck, environ)
    assert dataclasses.astuple(settings.polling) == (22.0, 333.0, 0.2, 1)
    assert settings.limits == Settings().limits
    assert settings.origins == {
        "polling.floor_seconds": str(deck / "config.toml"),
        "polling.ceiling_seconds": "BATCHDECK_POLLING_CEILING_SECONDS",
        "polling.jitter": str(deck / "config.toml"),
        "polling.history": str(user_file),
    }


def test_a_variable_can_say_none(deck: Path) -> None:
    (deck / "config.toml").write_text("[workers]\ncount = 3\n")
    assert load_settings(deck, {}).workers.count == 3
    assert load_settings(deck, {"BATCHDECK_WORKERS_COUNT": "none"}).workers.count is None


def test_a_cap_can_be_lifted_where_another_file_set_one(user_file: Path, deck: Path) -> None:
    user_file.write_text("[money]\nmax_cost_per_day = 20\n")
    (deck / "config.toml").write_text('[money]\nmax_cost_per_day = "none"\n')
    assert load_settings(None, {}).money.max_cost_per_day == 20.0
    assert load_settings(deck, {}).money.max_cost_per_day is None


def test_keys_can_be_a_list_or_a_text(user_file: Path) -> None:
    user_file.write_text('[interface.keys]\nretry = ["x", "f5"]\nexport = "e,ctrl+e"\n')
    assert dict(load_settings(None, {}).interface.keys) == {"retry": "x,f5", "export": "e,ctrl+e"}


@pytest.mark.parametrize(("text", "truth"), [("yes", True), ("ON", True), ("1", True), ("false", False)])
def test_yes_and_no_can_be_written_in_several_ways_in_the_environment(text: str, truth: bool) -> None:
    assert load_settings(None, {"BATCHDECK_INTERFACE_MOUSE": text}).interface.mouse is truth


@pytest.mark.parametrize(
    ("text", "says", "hint"),
    [
        ("[pollling]\n", "“pollling” is not a table of settings", "“polling”"),
        ("[polling]\nflor_seconds = 3\n", "“flor_seconds” is not a setting there", "“floor_seconds”"),
        ("polling = 3\n", "polling is a table", ""),
        ("[polling]\nfloor_seconds = 'soon'\n", "polling.floor_seconds cannot be 'soon'", ""),
        ("[polling]\nfloor_seconds = true\n", "polling.floor_seconds cannot be True", ""),
        ("[polling]\nfloor_seconds = nan\n", "polling.floor_seconds cannot be nan", ""),
        ("[polling]\nfloor_seconds = 0\n", "takes a number from 0.1 up to 3,600", ""),
        ("[limits]\nbatch_requests = 100_001\n", "a whole number from 1 up to 100,000", ""),
        ("[limits]\nbatch_requests = 10.5\n", "limits.batch_requests cannot be 10.5", ""),
        ("[limits]\nscan_seconds = 0\n", "a number above 0", ""),
        ("[money]\nmax_cost_per_day = 'lots'\n", 'a number from 0, or "none"', ""),
        ("[money]\nmax_cost_per_day = -1\n", "money.max_cost_per_day cannot be -1", ""),
        ("[interface]\ncolour = 'ansy'\n", "one of auto, full, ansi, none", "“ansi”"),
        ("[interface]\nmouse = 1\n", "interface.mouse cannot be 1", ""),
        ("[interface]\nkeys = 'x'\n", "a table of names", ""),
        ("[interface.keys]\nretry = 3\n", "a table of names", ""),
        ("[export]\ntemplate = ''\n", "export.template cannot be ''", ""),
        (
            "[polling]\nfloor_seconds = 700\n",
            "more than polling.ceiling_seconds",
            "raise polling.ceiling_seconds",
        ),
        ("[fidelity]\nrecall_fail = 0.95\n", "more than fidelity.recall_warn", ""),
        ("[polling\n", "is not valid TOML", "quotes"),
        ("x = '\x1b'", "is not valid TOML", ""),
    ],
)
def test_a_wrong_file_is_refused_with_its_name_the_key_and_the_nearest_name(
    user_file: Path, text: str, says: str, hint: str
) -> None:
    user_file.write_text(text)
    message, advice = refusal()
    assert message.startswith(str(user_file))
    assert says in message
    assert hint in advice
    assert "\x1b" not in message


def test_an_inbox_belongs_to_one_deck(user_file: Path, deck: Path) -> None:
    user_file.write_text("[inbox]\nmax_cost_per_day = 3\n")
    (deck / "config.toml").write_text('[inbox]\nfolder = "in"\n')
    inbox = load_settings(deck, {}).inbox
    assert (inbox.folder, inbox.max_cost_per_day) == ("in", 3.0)
    user_file.write_text('[inbox]\nfolder = "in"\n')
    message, hint = refusal(deck)
    assert "every deck would serve the inbox" in message
    assert "the one deck" in hint


def test_a_file_that_is_no_text_is_refused(user_file: Path) -> None:
    user_file.write_bytes(b"\xff\xfe\x00")
    assert refusal() == (f"{user_file}, line 1: byte 0xff is no UTF-8 text.", "Save the file as UTF-8.")
    user_file.write_bytes("[polling]\n# größer\n".encode("latin-1"))
    assert refusal()[0] == f"{user_file}, line 2: byte 0xf6 is no UTF-8 text."


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("# one\n\n[polling]\nfloor_seconds = 3\njiter = 0.1\n", 5),
        ("polling.jitter = 0.1\npolling.jiter = 0.2\n", 2),
        ("[polling]\njitter = 'x'\n[limits]\n", 2),
        ('[export]\ntemplate = "plain"\n[notify]\nurls = [\n  "json://a",\n  7,\n]\n', 4),
        ("[money]\r\n\r\ncount_pages = 0.5\r\n", 3),
        ("[[polling]]\njitter = 0.1\n", 1),
        ("[polling]\n\n[poling]\n", 3),
        ("[polling]\njitter = \n", 2),
    ],
)
def test_a_wrong_value_is_refused_with_its_line(deck: Path, text: str, line: int) -> None:
    (deck / "config.toml").write_bytes(text.encode())
    assert f"line {line}" in refusal(deck)[0]


def test_a_byte_order_mark_and_line_ends_of_windows_are_read(deck: Path) -> None:
    (deck / "config.toml").write_bytes(b"\xef\xbb\xbf[polling]\r\njitter = 0.25\r\n")
    assert load_settings(deck, {}).polling.jitter == 0.25


@pytest.mark.parametrize("text", ["x = " + "9" * 5_000, "x = " + "[" * 20_000])
def test_what_the_reader_itself_gives_up_on_is_a_wrong_file(deck: Path, text: str) -> None:
    (deck / "config.toml").write_text(text)
    assert "is not valid TOML" in refusal(deck)[0]


@pytest.mark.parametrize("which", ["user", "deck", "prices"])
@pytest.mark.parametrize(
    ("put", "says"),
    [
        (Path.mkdir, "Is a directory"),
        (os.mkfifo, "no regular file"),
        (lambda path: path.symlink_to("/nowhere/config.toml"), "a link that leads nowhere"),
        (lambda path: path.symlink_to(path.name), "symbolic links"),
    ],
    ids=["folder", "pipe", "dangling", "loop"],
)
def test_what_stands_in_a_files_place_is_never_passed_over(
    user_file: Path, deck: Path, which: str, put: Callable[[Path], object], says: str
) -> None:
    path = {
        "user": user_file,
        "deck": deck / "config.toml",
        "prices": user_file.with_name("prices.toml"),
    }[which]
    put(path)
    with pytest.raises(ConfigError, match=says) as refused:
        load_prices(price_file(load_settings(deck, {})))
    assert refused.value.message.startswith(str(path))
    assert refused.value.hint


@pytest.mark.parametrize(
    ("variable", "value", "says", "hint"),
    [
        ("BATCHDECK_POLING_JITTER", "1", "“BATCHDECK_POLING_JITTER” is not", "“BATCHDECK_POLLING_JITTER”"),
        ("BATCHDECK_HOMR", "x", "“BATCHDECK_HOMR” is not", "“BATCHDECK_HOME”"),
        ("BATCHDECK_POLLING_JITTER", "much", "BATCHDECK_POLLING_JITTER: polling.jitter cannot be 'much'", ""),
        ("BATCHDECK_WORKERS_COUNT", "1e3", "a whole number from 1 up to 1,024", ""),
        ("BATCHDECK_INTERFACE_KEYS", "a=b", "in a settings file", ""),
        ("BATCHDECK_CONFIG", "/nowhere/config.toml", "There is no settings file", "BATCHDECK_CONFIG"),
    ],
)
def test_a_wrong_variable_is_refused_by_name(variable: str, value: str, says: str, hint: str) -> None:
    message, advice = refusal(environ={variable: value})
    assert says in message
    assert hint in advice


def test_one_source_may_mend_what_another_left_out_of_order(user_file: Path) -> None:
    user_file.write_text("[polling]\nfloor_seconds = 700\n")
    environ = {"BATCHDECK_POLLING_CEILING_SECONDS": "800"}
    assert load_settings(None, environ).polling.floor_seconds == 700


def test_another_file_can_be_named(tmp_path: Path, user_file: Path) -> None:
    user_file.write_text("[polling]\nhistory = 1\n")
    named = tmp_path / "mine.toml"
    named.write_text("[polling]\nhistory = 2\n")
    assert load_settings(None, {"BATCHDECK_CONFIG": str(named)}).polling.history == 2


def test_variables_of_others_are_none_of_our_business() -> None:
    others = {"BATCHDECK_HOME": "/x", "BATCHDECK_OPERATOR": "ana"}
    assert load_settings(None, {"PATH": "/bin", "BATCHDECKS": "1", **others}) == Settings()


def test_every_setting_has_a_variable_of_its_own_and_every_default_is_allowed() -> None:
    settings = catalogue()
    variables = {setting.variable for setting in settings.values()}
    assert len(variables) == len(settings)
    assert not variables & set(OTHER_VARIABLES)
    for setting in settings.values():
        if not setting.is_table:
            assert read_value(setting, setting.default, where="here") == setting.default


def test_sections_are_frozen() -> None:
    for name in SECTIONS:
        section = getattr(Settings(), name)
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(section, dataclasses.fields(section)[0].name, 1)


def test_the_deck_is_where_it_was_said_to_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("HOME", str(tmp_path))
    environ = {"BATCHDECK_HOME": "~/mine"}
    assert deck_home("there", environ) == tmp_path / "there"
    assert deck_home(None, environ) == tmp_path / "mine"
    assert deck_home(None, {"BATCHDECK_HOME": ""}) == tmp_path / "data" / "batchdeck"
    assert deck_home(None, {}) == tmp_path / "data" / "batchdeck"
