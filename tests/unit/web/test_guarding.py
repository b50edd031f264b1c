"""The rules of `batchdeck serve` that need no server: whose link, whose host, which environment and files."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from batchdeck.errors import UsageError
from batchdeck.web.child import DashboardCommand
from batchdeck.web.exports import open_file
from batchdeck.web.guard import Addresses, SignIns
from batchdeck.web.listening import bind_file
from batchdeck.web.options import is_prefix, read_origin, read_prefix

SECRET_NAMES = ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "HTTPS_PROXY", "BATCHDECK_NOTIFY_URLS")
NEVER = ("AWS_SECRET_ACCESS_KEY", "GITHUB_TOKEN", "SSH_AUTH_SOCK", "LD_PRELOAD", "PYTHONSTARTUP", "NO_COLOR")
ALWAYS = ("PATH", "HOME", "LC_ALL", "TZ", "BATCHDECK_INTERFACE_COLOUR", "ANTHROPIC_BASE_URL")
ENVIRON = {name: f"value of {name}" for name in (*SECRET_NAMES, *NEVER, *ALWAYS)}


def test_a_token_is_traded_once_and_use_keeps_a_browser_signed_in() -> None:
    now = [0.0]
    sign_ins = SignIns(lambda: now[0], idle_seconds=60)
    token = sign_ins.token
    assert sign_ins.redeem(token + "x") is None
    assert sign_ins.redeem("") is None
    assert sign_ins.redeem("é") is None
    cookie = sign_ins.redeem(token)
    assert cookie is not None
    assert sign_ins.redeem(token) is None
    assert sign_ins.token != token
    for _ in range(3):
        now[0] += 59
        assert sign_ins.is_signed_in(cookie)
    assert not sign_ins.is_signed_in(cookie + "x")
    now[0] += 61
    assert not sign_ins.is_signed_in(cookie)


def test_hosts_are_compared_whole_and_origins_with_their_port() -> None:
    addresses = Addresses(("https://hub.example.org",), bound="10.0.0.5")
    for own in ("127.0.0.1:1", "[::1]", "LocalHost:8642", "10.0.0.5:8642", "hub.example.org", "10.0.0.9"):
        assert addresses.is_own_host([own], "10.0.0.9"), own
    for foreign in ("", "hub.example.org.evil", "a@localhost", "localhost/", "127.0.0.2", "[::1", "10.0.0.9"):
        assert not addresses.is_own_host([foreign]), foreign
    assert not addresses.is_own_host(["localhost", "localhost"])
    assert not Addresses().is_own_host([""], "")
    assert addresses.is_own_origin("http://localhost:9000", "localhost:9000")
    assert addresses.is_own_origin("https://hub.example.org", "127.0.0.1:8642")
    for origin in ("http://localhost:9001", "http://127.0.0.1:9000", "null", "", "ftp://localhost:9000"):
        assert not addresses.is_own_origin(origin, "localhost:9000"), origin


@pytest.mark.parametrize(
    ("write", "calls_api", "secrets"),
    [
        (False, False, ()),
        (True, False, ("BATCHDECK_NOTIFY_URLS",)),
        (True, True, SECRET_NAMES),
    ],
)
def test_a_dashboard_gets_what_it_needs_and_no_more(
    write: bool, calls_api: bool, secrets: tuple[str, ...]
) -> None:
    command = DashboardCommand(Path("/deck"), write=write, calls_api=calls_api)
    given = command.environment(ENVIRON, width=100, height=30)
    kept = {name for name in given if name in ENVIRON}
    assert kept == {*ALWAYS, *secrets}
    assert (given["COLUMNS"], given["ROWS"], given["TERM"]) == ("100", "30", "xterm-256color")
    assert ("--read-only" in command.arguments) is not write


def test_prefixes_and_origins_are_read_strictly() -> None:
    assert [read_prefix(text) for text in ("", "/", "/a/b/")] == ["", "", "/a/b"]
    assert read_origin("https://Hub.example.org:443/") == "https://hub.example.org"
    assert read_origin("http://[::1]:8000") == "http://[::1]:8000"
    for text in ("a", "/../a", "/a//b", "/a b", "/a;Domain=x", "/a\r\nX: y", "//evil.example"):
        assert not is_prefix(text), text
        with pytest.raises(UsageError):
            read_prefix(text)
    for text in (
        "hub.example.org",
        "https://",
        "https://a/path",
        "javascript:x",
        "https://a:x",
        "https://[a",
    ):
        with pytest.raises(UsageError):
            read_origin(text)


def test_a_socket_file_replaces_only_what_is_dead(tmp_path: Path) -> None:
    path = tmp_path / "socket"
    with bind_file(path):
        pass
    with bind_file(path) as listener:
        listener.listen()
        assert path.stat().st_mode & 0o777 == 0o600
        with pytest.raises(UsageError):
            bind_file(path)
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(path))
    path.unlink()
    path.write_text("mine")
    with pytest.raises(UsageError):
        bind_file(path)
    assert path.read_text() == "mine"


def test_files_are_opened_below_their_folder_only(tmp_path: Path) -> None:
    folder = tmp_path / "export"
    (folder / "figures").mkdir(parents=True)
    (folder / "figures" / "1.png").write_bytes(b"png")
    (tmp_path / "outside.html").write_text("outside")
    (folder / "figures" / "link").symlink_to(tmp_path)
    with open_file(folder, "figures/1.png") as file:
        assert file.read() == b"png"
    for name in (
        *("", ".", "..", "../outside.html", "figures", "figures/", "/figures/1.png", "figures//1.png"),
        *(
            "figures/../figures/1.png",
            "figures/link/outside.html",
            "figures\\1.png",
            "figures/1.png\0",
            "\ud800",
        ),
        "x" * 5000,
    ):
        with pytest.raises(FileNotFoundError):
            open_file(folder, name)
    (tmp_path / "linked").symlink_to(folder)
    with pytest.raises(FileNotFoundError):
        open_file(tmp_path / "linked", "figures/1.png")
