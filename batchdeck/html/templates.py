"""Export templates: finding, reading and listing them, and the sandbox they run in. Not what they are fed."""

from __future__ import annotations

import base64
import functools
import hashlib
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import jinja2
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from batchdeck.domain.resources import template_root
from batchdeck.domain.text import show
from batchdeck.errors import NotFound, UsageError

MANIFEST = "template.toml"
_SHARED = "_shared"
_REPORT = "_report"
_RECORDS = "records"
_UNESCAPED_SUFFIXES = (".jsonl", ".json", ".txt", ".md", ".csv")
_MOST_REPEATED = 1_000_000
"""Longest text that `*` or `%` may build inside a template, in characters."""


@dataclass(frozen=True, slots=True)
class TemplateFile:
    """One file a template writes.

    `name` is a pattern with ``{stem}`` (of the export) and, where `each` is "page", ``{page}`` (1-based,
    zero-padded to the document's longest).
    """

    template: str
    name: str
    each: str = "document"

    def file_name(self, stem: str, page: str = "") -> str:
        """Return the name of one file."""
        return self.name.replace("{page}", page).replace("{stem}", stem)


@dataclass(frozen=True, slots=True)
class Template:
    """An export template: a folder with a manifest, or one file. The first of `files` is the main one."""

    name: str
    summary: str
    folder: Path
    files: tuple[TemplateFile, ...]
    style: tuple[Path, ...] = ()
    is_shipped: bool = True

    @property
    def suffix(self) -> str:
        """Suffix of the main file, with its dot."""
        return Path(self.files[0].name.replace("{stem}", "x")).suffix


@dataclass(frozen=True, slots=True)
class Style:
    """A template's style sheet and the Content-Security-Policy source that lets exactly it through."""

    css: Markup
    source: Markup


class Makes(StrEnum):
    """What a template makes its files of."""

    DOCUMENTS = "documents"
    """The pages of one document, assembled."""
    RECORDS = "records"
    """The answers of a whole job, as data."""


_DEFAULTS: Mapping[Makes, str] = {Makes.DOCUMENTS: "document", Makes.RECORDS: "jsonl"}


def list_templates(makes: Makes = Makes.DOCUMENTS) -> tuple[Template, ...]:
    """Return the shipped templates, the default one first."""
    root = _export_root(makes)
    names = sorted(folder.name for folder in root.iterdir() if _is_offered(folder))
    names.sort(key=lambda name: name != _DEFAULTS[makes])
    return tuple(_read_folder(root / name, is_shipped=True) for name in names)


def find_template(name: str | Path, makes: Makes = Makes.DOCUMENTS) -> Template:
    """Return the shipped template of that name, or the one at that path (a folder with ``template.toml``,
    or one Jinja file, which then makes one file a document).

    Raises:
        NotFound: no shipped template has that name and nothing lies at that path.
        UsageError: the manifest is wrong; names the file and the field.
    """
    path = Path(name)
    if isinstance(name, str) and path.name == name:
        shipped = _export_root(makes) / name
        if _is_offered(shipped):
            return _read_folder(shipped, is_shipped=True)
    if path.is_dir():
        return _read_folder(path, is_shipped=False)
    if path.is_file():
        target = path.name.removesuffix(".jinja")
        suffix = Path(target).suffix or ".html"
        file = TemplateFile(path.name, "{stem}" + suffix)
        return Template(target, "", path.parent, (file,), is_shipped=False)
    known = ", ".join(template.name for template in list_templates(makes))
    raise NotFound(
        f"There is no export template “{show(str(name), 120)}”.", hint=f"Shipped: {known}; or give a path."
    )


def find_report_template() -> Template:
    """Return the template of the report beside a document."""
    return _read_folder(_export_root() / _REPORT, is_shipped=True)


def read_style(template: Template) -> Style:
    """Return the template's style sheets as one, with the hash that the security policy names."""
    css = "".join(path.read_text("utf-8") for path in template.style)
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    # The sheets are files of the template, not of the document; `</` could end the style element.
    if "</" in css:
        raise UsageError(f"A style sheet of the template “{template.name}” holds “</”.", hint="Remove it.")
    return Style(Markup(css), Markup(f"'sha256-{digest}'"))  # noqa: S704 - see above


class _BoundedSandbox(ImmutableSandboxedEnvironment):
    """Jinja's sandbox for templates from outside, which also stops text from being multiplied without end."""

    intercepted_binops = frozenset({"*", "**", "%"})

    def call_binop(self, context: jinja2.runtime.Context, operator: str, left: Any, right: Any) -> Any:
        if operator == "*" and not _is_small_product(left, right):
            raise SecurityError("a product in the template is too large")
        if operator == "**" and (abs(left) > 10_000 or abs(right) > 16):
            raise SecurityError("a power in the template is too large")
        if operator == "%" and isinstance(left, str):
            raise SecurityError("use the format filter or ~ instead of % on text")
        return super().call_binop(context, operator, left, right)


def _is_small_product(left: Any, right: Any) -> bool:
    for value, times in ((left, right), (right, left)):
        if isinstance(value, str | list | tuple):
            return isinstance(times, int) and len(value) * times <= _MOST_REPEATED
    return True


@functools.lru_cache(maxsize=8)
def environment(template: Template) -> jinja2.Environment:
    """Return the environment a template runs in: sandboxed, escaping, strict about undefined names.

    Kept for the next document: compiling the templates takes longer than filling in a short one.
    """
    loader = jinja2.FileSystemLoader([template.folder, _export_root() / _SHARED])
    sandbox = _BoundedSandbox(
        loader=loader,
        autoescape=_is_escaped,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    sandbox.policies["json.dumps_kwargs"] = {"ensure_ascii": False, "default": _as_list}
    return sandbox


def _as_list(value: object) -> list[Any]:
    """Return for JSON a sequence whose items are made when they are asked for."""
    if not isinstance(value, Sequence):
        raise TypeError(f"{type(value).__name__} is nothing that JSON can say")
    return list(value)


def _is_escaped(name: str | None) -> bool:
    return name is None or not name.removesuffix(".jinja").endswith(_UNESCAPED_SUFFIXES)


def _is_offered(folder: Path) -> bool:
    return not folder.name.startswith("_") and (folder / MANIFEST).is_file()


def _export_root(makes: Makes = Makes.DOCUMENTS) -> Path:
    root = template_root() / "export"
    return root / _RECORDS if makes is Makes.RECORDS else root


def _read_folder(folder: Path, *, is_shipped: bool) -> Template:
    manifest = folder / MANIFEST
    try:
        table = tomllib.loads(manifest.read_text("utf-8"))
    except FileNotFoundError:
        raise UsageError(
            f"{show(str(folder), 120)} is no export template: it has no {MANIFEST}.",
            hint="See docs/templates.md for what a template folder holds.",
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{show(str(manifest), 120)} cannot be read: {show(str(error), 200)}.") from error
    unknown = set(table) - {"summary", "style", "files"}
    if unknown:
        raise _wrong(manifest, f"has the unknown field “{show(min(unknown), 40)}”")
    rows = table.get("files")
    if not isinstance(rows, list) or not rows:
        raise _wrong(manifest, "needs at least one [[files]] table")
    style = table.get("style", [])
    if not isinstance(style, list) or not all(isinstance(item, str) for item in style):
        raise _wrong(manifest, "needs `style` to be a list of file names")
    paths = tuple(folder / item for item in style)
    for path in paths:
        if not path.is_file():
            raise _wrong(manifest, f"names the style sheet “{show(path.name, 80)}”, which is not there")
    return Template(
        folder.name,
        str(table.get("summary", "")),
        folder,
        tuple(_read_file(manifest, row) for row in rows),
        paths,
        is_shipped,
    )


def _read_file(manifest: Path, row: object) -> TemplateFile:
    if not isinstance(row, Mapping) or not {"template", "name"} <= set(row) <= {"template", "name", "each"}:
        raise _wrong(manifest, "has a [[files]] table without `template` and `name`, or with another field")
    file = TemplateFile(str(row["template"]), str(row["name"]), str(row.get("each", "document")))
    if file.each not in ("document", "page"):
        raise _wrong(manifest, "has an `each` that is neither “document” nor “page”")
    sample = file.file_name("stem", "1")
    if "{" in sample or "}" in sample:
        what = f"has the file name “{show(file.name, 80)}”; only {{stem}} and {{page}} are filled in"
        raise _wrong(manifest, what)
    if "/" in sample or "\\" in sample or sample in (".", ".."):
        raise _wrong(manifest, f"has the file name “{show(file.name, 80)}”, which leads to another folder")
    if (file.each == "page") != ("{page}" in file.name):
        raise _wrong(manifest, "needs “{page}” in the names of files that are made for each page, only there")
    return file


def _wrong(manifest: Path, what: str) -> UsageError:
    return UsageError(f"{show(str(manifest), 120)} {what}.", hint="See docs/templates.md for the fields.")
