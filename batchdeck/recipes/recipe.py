"""Recipes: what to ask for a page and what a good answer looks like. Read and checked here."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from batchdeck.domain.documents import FileKind
from batchdeck.domain.requests import lint_parameters
from batchdeck.domain.text import show
from batchdeck.errors import ConfigError, NotFound
from batchdeck.recipes.manifest import MANIFEST, Manifest
from batchdeck.recipes.places import known_folders, shipped_root
from batchdeck.recipes.rendering import check_names, render
from batchdeck.recipes.schemas import read_schema


class SourceKind(StrEnum):
    """What a request carries."""

    PDF_PAGES = "pdf_pages"
    """One page of a PDF."""
    PDF_DOCUMENTS = "pdf_documents"
    """A whole PDF."""
    TEXT_FILES = "text_files"
    """A text, Markdown, HTML or e-mail file."""
    ROWS = "rows"
    """A row of a CSV or JSONL file."""
    REQUESTS = "requests"
    """The parameters of a ready-made request, as they are."""

    @property
    def kinds(self) -> frozenset[FileKind]:
        """The kinds of files that it reads."""
        return _KINDS[self]

    @property
    def given(self) -> frozenset[str]:
        """The names that an instruction is given (`prompts` for pages, `asking` for everything else)."""
        return _OF_PAGES if self is SourceKind.PDF_PAGES else _OF_MATERIAL


_OF_PAGES = frozenset({"page", "is_image"})
_OF_MATERIAL = frozenset(
    {
        *("document", "number", "label", "title"),
        *("text", "row", "headers", "attachments", "is_pdf", "pages"),
    }
)
_KINDS: Mapping[SourceKind, frozenset[FileKind]] = {
    SourceKind.PDF_PAGES: frozenset({FileKind.PDF}),
    SourceKind.PDF_DOCUMENTS: frozenset({FileKind.PDF}),
    SourceKind.TEXT_FILES: frozenset({FileKind.TEXT, FileKind.MARKDOWN, FileKind.HTML, FileKind.EMAIL}),
    SourceKind.ROWS: frozenset({FileKind.CSV, FileKind.JSONL}),
    SourceKind.REQUESTS: frozenset({FileKind.JSONL}),
}


class Contract(StrEnum):
    """What a good answer looks like."""

    PAGE_HTML = "page-html"
    """One article of HTML that is faithful to the page."""
    JSON = "json"
    """JSON that keeps the recipe's schema."""
    TEXT = "text"
    """Any text."""


class CacheTtl(StrEnum):
    """How long the API keeps the constant part of the prompt. Batches run longer than five minutes."""

    FIVE_MINUTES = "5m"
    ONE_HOUR = "1h"


@dataclass(frozen=True, slots=True)
class Recipe:
    """What to ask for a page and what a good answer looks like."""

    name: str
    title: str
    description: str
    model: str
    max_tokens: int
    sources: tuple[SourceKind, ...]
    """What it reads, at most one for each kind of file."""
    contract: Contract
    system: str
    """The constant part of the prompt, already rendered: the same bytes in every request."""
    instruction: str
    """Template of what is said about one page."""
    cache_ttl: CacheTtl
    export: str
    """Name of the export template for its answers."""
    params: Mapping[str, Any] = field(default_factory=dict)
    """Further parameters of the Messages request."""
    refused_by: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """By parameter, the beginnings of the ids of models that refuse it."""
    is_shipped: bool = True
    reference: str = ""
    """How it is named again: its name, or the path of a folder that is not among the known ones."""
    schema: Mapping[str, Any] | None = None
    """What answers are checked against, for the contract `json`."""
    id_column: str = ""
    """The column that names a row in lists and exports."""

    @property
    def source(self) -> SourceKind:
        """What it reads first of all."""
        return self.sources[0]

    def source_for(self, kind: FileKind) -> SourceKind | None:
        """Return how it reads a kind of file; None where it does not."""
        return _source_for(self.sources, kind)

    def params_for(self, model: str) -> dict[str, Any]:
        """Return the further parameters that `model` accepts."""
        return {
            name: value
            for name, value in self.params.items()
            if not any(model.startswith(prefix) for prefix in self.refused_by.get(name, ()))
        }


def list_recipes() -> tuple[Recipe, ...]:
    """Return the recipes that can be named, in the order of their names: the operator's own, and the shipped
    ones that none of those stands in for. One's own that cannot be read are left out (`check` says why)."""
    found = []
    for name, folder in sorted(known_folders().items()):
        try:
            found.append(load_recipe(name))
        except ConfigError:
            if folder.parent == shipped_root():
                raise
    return tuple(found)


def load_recipe(name_or_path: str | Path) -> Recipe:
    """Return the recipe of that name, or the one in the folder at that path.

    Raises:
        NotFound: no recipe has that name, and no folder with a manifest lies at that path.
        ConfigError: its manifest or a template is wrong; names the file and the key.
    """
    known = known_folders()
    if isinstance(name_or_path, str) and name_or_path in known:
        folder = known[name_or_path]
        return _read(folder, name_or_path, is_shipped=folder.parent == shipped_root())
    folder = Path(name_or_path)
    if (folder / MANIFEST).is_file():
        return _read(folder, str(folder.absolute()), is_shipped=False)
    wanted = show(str(name_or_path), 120)
    near = difflib.get_close_matches(str(name_or_path), known, 1)
    guess = f"Did you mean “{near[0]}”? " if near else ""
    raise NotFound(
        f"There is no recipe “{wanted}”.",
        hint=f"{guess}Known: {', '.join(sorted(known))}; or give a folder that holds a {MANIFEST}.",
    )


@cache
def _source_for(sources: tuple[SourceKind, ...], kind: FileKind) -> SourceKind | None:
    return next((source for source in sources if kind in source.kinds), None)


_REQUIRED = {"title", "model", "max_tokens", "source", "contract", "system", "instruction", "export"}
_UNASKED = {"model", "max_tokens", "system", "instruction"}
"""What a recipe for ready-made requests does not have: they say all of it themselves."""
_OPTIONAL = {"description", "cache_ttl", "params", "refused_by", "schema", "id_column"}
_RESERVED_PARAMS = {"model", "max_tokens", "system", "messages"}


def _read(folder: Path, reference: str, *, is_shipped: bool) -> Recipe:
    manifest = Manifest(folder / MANIFEST)
    sources = _sources(manifest)
    if SourceKind.REQUESTS in sources:
        return _for_requests(manifest, folder, reference, sources, is_shipped=is_shipped)
    manifest.check_keys(_REQUIRED, _OPTIONAL)
    params = manifest.table("params")
    for name in sorted(_RESERVED_PARAMS & set(params)):
        raise manifest.wrong(f"params.{name}", "is set by BatchDeck; use the recipe's own keys")
    for finding in lint_parameters({"model": "m", "max_tokens": 1, "messages": ["page"], **params}):
        raise manifest.wrong(f"params.{finding.parameter}", finding.message)
    refused_by = manifest.table("refused_by")
    for name, prefixes in refused_by.items():
        if not isinstance(prefixes, list) or not all(isinstance(prefix, str) for prefix in prefixes):
            raise manifest.wrong(f"refused_by.{name}", "must be a list of beginnings of model ids")
    contract = manifest.one_of("contract", Contract)
    _check_contract(manifest, contract, sources, params)
    system_file, system = manifest.template("system")
    instruction_file, instruction = manifest.template("instruction")
    given = {name for source in sources for name in source.given}
    check_names(instruction, given, str(instruction_file))
    if not instruction.strip():
        raise manifest.wrong("instruction", "names an empty file")
    return Recipe(
        name=folder.resolve().name,
        title=manifest.text("title"),
        description=manifest.text("description"),
        model=manifest.text("model"),
        max_tokens=manifest.positive("max_tokens"),
        sources=sources,
        contract=contract,
        system=render(system, {}, str(system_file)),
        instruction=instruction,
        cache_ttl=manifest.one_of("cache_ttl", CacheTtl, CacheTtl.ONE_HOUR),
        export=manifest.text("export"),
        params=params,
        refused_by=refused_by,
        is_shipped=is_shipped,
        reference=reference,
        schema=read_schema(*manifest.template("schema")) if contract is Contract.JSON else None,
        id_column=manifest.text("id_column"),
    )


def _for_requests(
    manifest: Manifest, folder: Path, reference: str, sources: tuple[SourceKind, ...], *, is_shipped: bool
) -> Recipe:
    """Read a recipe for ready-made requests, which asks nothing of its own."""
    manifest.check_keys(_REQUIRED - _UNASKED, {"description"})
    if manifest.one_of("contract", Contract) is not Contract.TEXT:
        raise manifest.wrong("contract", "must be “text” for ready-made requests")
    return Recipe(
        name=folder.resolve().name,
        title=manifest.text("title"),
        description=manifest.text("description"),
        model="",
        max_tokens=1,
        sources=sources,
        contract=Contract.TEXT,
        system="",
        instruction="",
        cache_ttl=CacheTtl.ONE_HOUR,
        export=manifest.text("export"),
        is_shipped=is_shipped,
        reference=reference,
    )


def _sources(manifest: Manifest) -> tuple[SourceKind, ...]:
    sources = manifest.some_of("source", SourceKind)
    if SourceKind.REQUESTS in sources and len(sources) > 1:
        raise manifest.wrong("source", "cannot be ready-made requests and something else")
    for kind in FileKind:
        if sum(kind in source.kinds for source in sources) > 1:
            raise manifest.wrong("source", f"names two ways to read {kind.upper()} files")
    return sources


def _check_contract(
    manifest: Manifest, contract: Contract, sources: tuple[SourceKind, ...], params: Mapping[str, Any]
) -> None:
    if contract is Contract.PAGE_HTML and sources != (SourceKind.PDF_PAGES,):
        raise manifest.wrong("contract", "can be “page-html” only where `source` is “pdf_pages”")
    if contract is not Contract.JSON and "schema" in manifest.values:
        raise manifest.wrong("schema", "belongs to the contract “json”")
    if contract is Contract.JSON and "schema" not in manifest.values:
        raise manifest.wrong("schema", "is missing", "Name the file of the JSON schema beside it.")
    if "format" in (params.get("output_config") or {}):
        raise manifest.wrong("params.output_config.format", "is set by BatchDeck from the `schema`")
