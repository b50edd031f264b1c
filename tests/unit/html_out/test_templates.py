"""Export templates: the shipped ones, the operator's own, and what a template may not do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from batchdeck.errors import NotFound, UsageError
from batchdeck.html.render import render
from batchdeck.html.templates import find_template, list_templates
from tests.unit.html_out.hand import assembly

PAGE = "<h1>Title</h1><p>first <em>page</em></p>"


def _own(folder: Path, text: str, name: str = "own.html.jinja") -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    return path


def _folder(folder: Path, manifest: str, **files: str) -> Path:
    (folder / "template.toml").write_text(manifest, "utf-8")
    for name, text in files.items():
        (folder / name.replace("_", ".")).write_text(text, "utf-8")
    return folder


def test_the_shipped_templates_are_listed_with_what_they_are_for() -> None:
    listed = {template.name: template.suffix for template in list_templates()}
    assert listed == {"document": ".html", "jsonl": ".jsonl", "pages": ".html", "plain": ".html"}
    assert next(iter(listed)) == "document"
    assert all(template.summary for template in list_templates())


@pytest.mark.parametrize("name", ["nope", "_report", "_shared", "..", "/no/such/file", ""])
def test_a_template_that_is_not_there_is_said_so(name: str) -> None:
    with pytest.raises((NotFound, UsageError)) as caught:
        find_template(name)
    assert caught.value.hint


def test_an_own_file_is_a_template(tmp_path: Path) -> None:
    path = _own(
        tmp_path,
        "<!DOCTYPE html><title>{{ document.title }}</title>"
        "{% for page in pages %}{{ page.html }}{% endfor %}",
    )
    exported = render(assembly(PAGE), path)
    assert "<title>Title</title><h1" in exported.html
    assert {finding.rule for finding in exported.findings} >= {"html-has-lang", "landmark-one-main"}


def test_an_own_file_of_text_is_not_escaped(tmp_path: Path) -> None:
    path = _own(tmp_path, "{% for page in pages %}{{ page.text }}{% endfor %}", "own.txt")
    exported = render(assembly("<p>a &lt; b</p>"), path)
    assert exported.html == "a < b"
    assert exported.name.endswith(".txt")


def test_an_own_folder_may_use_the_shared_pieces(tmp_path: Path) -> None:
    folder = _folder(
        tmp_path,
        'summary = "mine"\nstyle = ["own.css"]\n[[files]]\ntemplate = "a.html"\nname = "{stem}-x.html"\n',
        a_html='{% from "parts.html.jinja" import page_body %}{{ style.css }}'
        "{% for p in pages %}{{ page_body(p, ui) }}{% endfor %}",
        own_css="p { margin: 0 }",
    )
    exported = render(assembly(PAGE), folder)
    assert exported.name.endswith("-x.html")
    assert "p { margin: 0 }" in exported.html
    assert '<div class="page">' in exported.html


def test_jsonl_holds_an_object_for_each_page() -> None:
    exported = render(assembly(PAGE, "<p>zwei &amp; „drei“</p>"), "jsonl")
    rows = [json.loads(line) for line in exported.html.splitlines()]
    assert [row["page"] for row in rows] == [1, 2]
    assert rows[1]["text"] == "zwei & „drei“"
    assert "„drei“" in exported.html
    assert rows[0]["html"].startswith("<h1")


def test_contents_and_page_links_are_lists_in_json(tmp_path: Path) -> None:
    source = _own(tmp_path, "{{ {'toc': toc, 'pages': page_list[1:]} | tojson }}", name="own.json")
    data = json.loads(render(assembly("<h2>A</h2><h3>B</h3>", "<p>c</p>"), source).html)
    assert [(one["text"], [two["text"] for two in one["children"]]) for one in data["toc"]] == [("A", ["B"])]
    assert [page["href"] for page in data["pages"]] == ["#page-2"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{{ nothing }}", "line 1"),
        ("\n\n{{ document.nothing }}", "line 3"),
        ("{% for %}", "line 1"),
        ("\n{{ 1 / 0 }}", "line 2"),
        ("{{ document + 1 }}", "line 1"),
        ("{% include '../secret.html' %}", "own.html"),
        ("{% include '/etc/passwd' %}", "own.html"),
        ("{{ ().__class__.__base__ }}", "unsafe"),
        ("{{ pages._things }}", "unsafe"),
        ("{{ pages.__init__.__globals__ }}", "unsafe"),
        ("{{ document.update({'title': 1}) }}", "unsafe"),
        ("{{ toc.append(1) }}", "no attribute"),
        ("{{ 'x' * 10000000000 }}", "too large"),
        ("{{ [1] * 10000000000 }}", "too large"),
        ("{{ 9 ** 9 ** 9 }}", "too large"),
        ("{{ '%9999999999d' % 1 }}", "format filter"),
        ("{% for a in range(10000000) %}x{% endfor %}", "Range too big"),
    ],
)
def test_a_template_that_goes_wrong_is_an_error_with_a_place(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        render(assembly(PAGE), _own(tmp_path, text))
    assert "own.html" in caught.value.message
    assert said in caught.value.message
    assert caught.value.hint


def test_a_template_cannot_write_without_end(tmp_path: Path) -> None:
    loops = (
        "{% for a in range(99999) %}{% for b in range(99999) %}" + "x" * 2_000 + "{% endfor %}{% endfor %}"
    )
    with pytest.raises(UsageError, match="without end"):
        render(assembly(PAGE), _own(tmp_path, loops))


@pytest.mark.parametrize(
    ("manifest", "said"),
    [
        ("summary = 'x'", "[[files]]"),
        ("files = 3", "[[files]]"),
        ("colour = 1\n[[files]]\ntemplate='a'\nname='{stem}.html'", "colour"),
        ("[[files]]\ntemplate='a'", "without `template` and `name`"),
        ("[[files]]\ntemplate='a'\nname='{stem}.html'\neach='word'", "neither"),
        ("[[files]]\ntemplate='a'\nname='../{stem}.html'", "another folder"),
        ("[[files]]\ntemplate='a'\nname='{stem.__class__}.html'", "only {stem} and {page}"),
        ("[[files]]\ntemplate='a'\nname='{stem}.html'\neach='page'", "{page}"),
        ("style = ['gone.css']\n[[files]]\ntemplate='a'\nname='{stem}.html'", "gone.css"),
        ("not toml", "cannot be read"),
    ],
)
def test_a_wrong_manifest_names_file_and_fault(tmp_path: Path, manifest: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        find_template(_folder(tmp_path, manifest))
    assert "template.toml" in caught.value.message
    assert said in caught.value.message


def test_a_folder_without_a_manifest_is_no_template(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"template\.toml"):
        find_template(tmp_path)
