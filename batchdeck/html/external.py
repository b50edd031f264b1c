"""Outside judges for `validate --external`: the Nu HTML checker and axe-core in Chromium, where installed.

They need Java, Node and a browser, so nothing here is needed to run BatchDeck; what is not installed is said.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from batchdeck.domain.processes import child_environment
from batchdeck.domain.text import show
from batchdeck.errors import BatchDeckError
from batchdeck.html.model import RuleFinding

_RUNNER = Path(__file__).with_name("axe_runner.mjs")
_CHROMIUMS = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
_FILES_A_RUN = 200
_SECONDS_A_FILE = 180
_START_SECONDS = 120
_MESSAGE = 400

INSTALL_NU = "Nu is not installed: it needs Java, and `npm install -g vnu-jar` (or a `vnu` command)."
INSTALL_AXE = (
    "axe is not installed: it needs Node, Chromium, and `npm install -g axe-core playwright-core` "
    "(with PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1)."
)


@dataclass(frozen=True, slots=True)
class Judges:
    """The outside judges found on this machine."""

    nu: tuple[str, ...] = ()
    """The command that runs the Nu HTML checker; empty when it is not installed."""
    node: str = ""
    chromium: str = ""
    modules: Path | None = None
    """The node_modules folder that holds axe-core and playwright-core; None when they are not installed."""

    @property
    def has_axe(self) -> bool:
        return self.modules is not None

    @property
    def missing(self) -> tuple[str, ...]:
        """A sentence for each judge that is not installed, with how to get it."""
        return (() if self.nu else (INSTALL_NU,)) + (() if self.has_axe else (INSTALL_AXE,))


@dataclass(slots=True)
class Judgement:
    """What the outside judges said of one file."""

    findings: list[RuleFinding] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    """Addresses the document tried to fetch; all were refused."""


def find_judges(folders: Iterable[Path] = ()) -> Judges:
    """Look for the judges in the given node_modules folders, in ./node_modules and in npm's global one.

    Commands (`vnu`, `java`, `node`, `chromium`) are looked for on the PATH.
    """
    roots = [*folders, Path("node_modules")]
    npm = shutil.which("npm")
    if npm is not None:
        answer = subprocess.run([npm, "root", "-g"], capture_output=True, text=True, timeout=60, check=False)  # noqa: S603
        if answer.returncode == 0:
            roots.append(Path(answer.stdout.strip()))
    node = shutil.which("node") or ""
    chromium = next((path for name in _CHROMIUMS if (path := shutil.which(name))), "")
    modules = next(
        (root for root in roots if all((root / name).is_dir() for name in ("axe-core", "playwright-core"))),
        None,
    )
    if not (node and chromium):
        modules = None
    return Judges(_find_nu(roots), node, chromium, None if modules is None else modules.resolve())


def _find_nu(roots: Sequence[Path]) -> tuple[str, ...]:
    command = shutil.which("vnu")
    if command is not None:
        return (command,)
    java = shutil.which("java")
    for root in roots:
        jar = root / "vnu-jar" / "build" / "dist" / "vnu.jar"
        if java is not None and jar.is_file():
            return (java, "-Xss4m", "-jar", str(jar.resolve()))
    return ()


def judge_files(files: Sequence[Path], judges: Judges) -> Mapping[Path, Judgement]:
    """Run the installed judges over HTML files: one Java machine and one browser for many files.

    Raises:
        BatchDeckError: a judge is installed but did not run; with the end of what it said.
    """
    verdicts = {path: Judgement() for path in files}
    by_name = {str(path.resolve()): path for path in files}
    for start in range(0, len(files), _FILES_A_RUN):
        names = [str(path.resolve()) for path in files[start : start + _FILES_A_RUN]]
        if judges.nu:
            for name, finding in _run_nu(judges.nu, names):
                verdicts[by_name[name]].findings.append(finding)
        if judges.modules is not None:
            for name, findings, requests in _run_axe(judges, names):
                verdicts[by_name[name]].findings += findings
                verdicts[by_name[name]].requests += requests
    return verdicts


def _run_nu(command: Sequence[str], names: Sequence[str]) -> Iterator[tuple[str, RuleFinding]]:
    arguments = [*command, "--format", "json", "--errors-only", "--exit-zero-always", *names]
    done = _run(arguments, "", len(names), "Nu")
    try:
        messages = json.loads(done.stderr or done.stdout)["messages"]
    except (ValueError, KeyError, TypeError):
        raise _did_not_run("Nu", done.stderr) from None
    for message in messages:
        name = unquote(urlsplit(message.get("url", "")).path)
        text = show(str(message.get("message", "")), _MESSAGE)
        rule = "nu" if message.get("type") == "error" else f"nu-{message.get('type')}"
        yield name, RuleFinding(rule, text, int(message.get("lastLine", 0)))


def _run_axe(judges: Judges, names: Sequence[str]) -> Iterator[tuple[str, list[RuleFinding], list[str]]]:
    with tempfile.TemporaryDirectory(prefix="batchdeck-axe-") as profile:
        task = {
            "modules": str(judges.modules),
            "chromium": judges.chromium,
            "files": list(names),
            "profile": profile,
        }
        done = _run([judges.node, str(_RUNNER)], json.dumps(task), len(names), "axe")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    if done.returncode != 0 or len(rows) != len(names):
        raise _did_not_run("axe", done.stderr)
    for row in rows:
        views: dict[tuple[str, str], list[str]] = {}
        for one in row["violations"]:
            message = f"{one['help']}: {', '.join(one['targets'])}"
            views.setdefault((one["id"], message), []).append(one["view"])
        findings = [
            RuleFinding(rule, show(f"axe ({'; '.join(seen)}): {message}", _MESSAGE))
            for (rule, message), seen in views.items()
        ]
        yield row["file"], findings, row["requests"]


def _run(command: Sequence[str], given: str, files: int, judge: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(  # noqa: S603 - the command is one that was found on this machine
            command,
            input=given,
            capture_output=True,
            text=True,
            timeout=_START_SECONDS + _SECONDS_A_FILE * files,
            check=False,
            env=child_environment(os.environ),
        )
    except subprocess.TimeoutExpired as error:
        raise BatchDeckError(f"{judge} did not finish within {error.timeout:.0f} seconds.") from error


def _did_not_run(judge: str, said: str) -> BatchDeckError:
    return BatchDeckError(
        f"{judge} is installed but did not run: {show(said.strip()[-_MESSAGE:], _MESSAGE)}",
        hint="Run it by hand once to see why.",
    )
