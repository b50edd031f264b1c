"""Recipes: the shipped one, one's own, and complaints that name the file and the key."""

from __future__ import annotations

import pickle
import shutil
from pathlib import Path

import pytest

from batchdeck.domain.resources import template_root
from batchdeck.errors import ConfigError, NotFound
from batchdeck.recipes.recipe import CacheTtl, Contract, SourceKind, list_recipes, load_recipe


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A copy of the shipped recipe's folder, to be changed."""
    folder = tmp_path / "my-recipe"
    shutil.copytree(template_root() / "prompts" / "pdf-to-html", folder)
    return folder


def edit(folder: Path, old: str, new: str, name: str = "recipe.toml") -> None:
    path = folder / name
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


def test_the_shipped_recipe() -> None:
    recipe = load_recipe("pdf-to-html")
    assert (recipe.name, recipe.is_shipped) == ("pdf-to-html", True)
    assert (recipe.model, recipe.max_tokens) == ("claude-sonnet-5-5", 16_000)
    assert (recipe.source, recipe.contract) == (SourceKind.PDF_PAGES, Contract.PAGE_HTML)
    assert (recipe.cache_ttl, recipe.export) == (CacheTtl.ONE_HOUR, "document")
    assert recipe in list_recipes()
    assert [shipped.name for shipped in list_recipes()] == sorted(shipped.name for shipped in list_recipes())


def test_a_recipe_reaches_a_worker_process_unchanged() -> None:
    recipe = load_recipe("pdf-to-html")
    assert pickle.loads(pickle.dumps(recipe)) == recipe


def test_parameters_that_a_model_refuses_are_left_out() -> None:
    recipe = load_recipe("pdf-to-html")
    assert recipe.params_for("claude-sonnet-5-5") == {"output_config": {"effort": "low"}}
    assert recipe.params_for("claude-haiku-4-5-20251001") == {}


def test_ones_own_recipe_is_found_by_its_path(own: Path) -> None:
    edit(own, 'title = "PDF pages to accessible HTML"', 'title = "Mine"')
    recipe = load_recipe(own)
    assert (recipe.name, recipe.title, recipe.is_shipped) == ("my-recipe", "Mine", False)
    assert load_recipe(str(own)) == recipe


def test_optional_keys_may_be_left_out(own: Path) -> None:
    manifest = own / "recipe.toml"
    kept = [line for line in manifest.read_text("utf-8").splitlines() if not line.startswith("cache_ttl")]
    manifest.write_text("\n".join(kept[: kept.index("[params.output_config]")]), "utf-8")
    edit(own, "description", "# description")
    recipe = load_recipe(own)
    assert (recipe.cache_ttl, recipe.params, recipe.description) == (CacheTtl.ONE_HOUR, {}, "")


@pytest.mark.parametrize(
    ("name", "hint"),
    [("pdf-to-htm", "Did you mean “pdf-to-html”"), ("nothing like it", "Known:"), ("../x", "Known:")],
)
def test_an_unknown_recipe_is_answered_with_the_nearest(name: str, hint: str) -> None:
    with pytest.raises(NotFound, match="no recipe") as caught:
        load_recipe(name)
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("old", "new", "complaint", "hint"),
    [
        ("max_tokens =", "max_token =", "`max_token` is not a key", "`max_tokens`"),
        ("max_tokens = 16000", 'max_tokens = "many"', "`max_tokens` must be a whole number", ""),
        ("max_tokens = 16000", "max_tokens = true", "`max_tokens` must be a whole number", ""),
        ("max_tokens = 16000", "max_tokens = 0", "`max_tokens` must be a whole number", ""),
        ('model = "claude-sonnet-5-5"', "", "`model` is missing", ""),
        ('model = "claude-sonnet-5-5"', 'model = " "', "`model` must be a text", ""),
        ('source = "pdf_pages"', 'source = "pdf_page"', "`source` must be one of: pdf_pages", "pdf_pages"),
        ('contract = "page-html"', "contract = 7", "`contract` must be one of: page-html", ""),
        ('cache_ttl = "1h"', 'cache_ttl = "2h"', "`cache_ttl` must be one of: 5m, 1h", ""),
        ('system = "system.md.jinja"', 'system = "../../secret"', "`system` must be the name of a file", ""),
        ("[params.output_config]", "params = 5\n[x]", "`x` is not a key", ""),
        ("[params.output_config]", "[params]\ntemperature = 0.2\n[x]", "`x` is not a key", ""),
        ('effort = "low"', 'effort = "low"\n[params.messages]', "`params.messages` is set by BatchDeck", ""),
        ('effort = "low"', 'effort = "low"\n[params.stream]', "`params.stream`.*not allowed", ""),
        ('["claude-haiku-4-5", "claude-sonnet-4-5"]', '"claude"', "`refused_by.output_config` must be", ""),
        ("title =", "title", "line 1", ""),
    ],
)
def test_a_wrong_manifest_is_answered_with_file_and_key(
    own: Path, old: str, new: str, complaint: str, hint: str
) -> None:
    edit(own, old, new)
    with pytest.raises(ConfigError, match=complaint) as caught:
        load_recipe(own)
    assert str(own / "recipe.toml") in caught.value.message
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("name", "old", "new", "complaint"),
    [
        ("instruction.md.jinja", "{% if is_image -%}", "{% if is_image", "line 2"),
        ("system.md.jinja", "You transcribe", "{{ page.number }} You transcribe", "'page' is undefined"),
        ("system.md.jinja", "You transcribe", "{{ ''.__class__.__mro__ }} You transcribe", "unsafe"),
    ],
)
def test_a_wrong_template_is_answered_with_its_file(
    own: Path, name: str, old: str, new: str, complaint: str
) -> None:
    edit(own, old, new, name)
    with pytest.raises(ConfigError, match=complaint) as caught:
        load_recipe(own)
    assert str(own / name) in caught.value.message


def test_files_that_cannot_be_read_are_named(own: Path) -> None:
    (own / "system.md.jinja").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match=r"system\.md\.jinja: is not UTF-8"):
        load_recipe(own)
    (own / "system.md.jinja").write_text("x" * 200_001)
    with pytest.raises(ConfigError, match="longer than 200,000"):
        load_recipe(own)
    (own / "system.md.jinja").unlink()
    with pytest.raises(ConfigError, match="cannot be read"):
        load_recipe(own)
