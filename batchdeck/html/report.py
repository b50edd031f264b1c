"""The report beside an exported document: what was done, what was checked, what a person should look at.

It says "automated checks passed, N items for review" and never more: no machine can call a document
accessible.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from batchdeck.domain.text import show
from batchdeck.html.contents import title_of
from batchdeck.html.made import Item, Made
from batchdeck.html.model import Assembly, Change, Exported, PageTree, Review, RuleFinding, SyntaxIssue
from batchdeck.html.templates import environment, find_report_template, read_style
from batchdeck.html.verify import is_html

FORMAT = 1
"""Raised when a field of the JSON report changes its meaning or goes."""
_MOST_ROWS = 500
"""Rows a table of the HTML report shows; the JSON report has them all."""
_EXCERPT = 300

_KINDS = {
    "alt_text": "Alternative text",
    "table_scope": "Table headers",
    "join": "Join over pages",
    "unverified": "Unverified page",
    "placeholder": "Missing page",
    "fidelity": "Words missing",
    "accessibility": "Check that does not hold",
    "math": "Formula",
    "link": "Link",
    "note": "Footnote",
}


def report_data(
    exported: Exported, assembly: Assembly, *, paid: Mapping[str, object] | None = None
) -> dict[str, Any]:
    """Return the report as plain data; its lists make each row when it is asked for, and keep none.

    Args:
        exported: the rendered document.
        assembly: what it was rendered from.
        paid: what its answers cost, as the caller accounts for it (`usd` in US dollars).

    Every text in it is harmless to show: control characters are written visibly.
    """
    material = assembly.material
    findings, reviews, changes = exported.findings, exported.reviews, exported.changes
    pages = [review.page for review in reviews]
    by_page = sorted(range(len(reviews)), key=pages.__getitem__)
    return {
        "format": FORMAT,
        "document": {
            "name": _safe(material.name),
            "file": exported.name,
            "title": _safe(title_of(assembly)),
            "language": assembly.language,
            "sha256": material.sha256,
            "pages": len(assembly.pages),
            "job": _safe(material.job),
            "recipe": _safe(material.recipe),
        },
        "summary": {
            "sentence": summary_sentence(len(findings), len(reviews)),
            "passed": not findings,
            "findings": len(findings),
            "reviews": len(reviews),
            "changes": len(changes),
            "syntax_errors": len(exported.issues),
            "placeholders": exported.placeholders,
            "unverified": exported.unverified,
        },
        "outcomes": dict(Counter(str(page.outcome) for page in assembly.pages)),
        "pages": Made(assembly.pages, _page),
        "findings": Made(findings, _finding),
        "reviews": Made(by_page, lambda at: _review(reviews[at])),
        "changes": Made(changes, _change),
        "syntax_errors": Made(exported.issues, _issue),
        "paid": dict(paid or {}),
    }


def _page(page: PageTree) -> dict[str, Any]:
    return {
        "page": page.number,
        "label": _safe(page.label),
        "outcome": str(page.outcome),
        "source": page.source,
    }


def _finding(one: RuleFinding) -> dict[str, Any]:
    return {"rule": one.rule, "message": _safe(one.message), "page": one.page, "line": one.line}


def _review(one: Review) -> dict[str, Any]:
    return {"page": one.page, "kind": one.kind, "message": _safe(one.message), "excerpt": _safe(one.excerpt)}


def _change(one: Change) -> dict[str, Any]:
    return {
        "stage": one.stage,
        "page": one.page,
        "rule": one.rule,
        "before": _safe(one.before),
        "after": _safe(one.after),
        "words_removed": len(one.removed),
        "words_added": len(one.added),
    }


def _issue(one: SyntaxIssue) -> dict[str, Any]:
    return {"page": one.page, "line": one.line, "column": one.column, "code": one.code}


def report_json(data: Mapping[str, Any]) -> Iterator[str]:
    """Write what `report_data` gave as JSON, in pieces: as `json.dumps` does with `indent=1`."""
    opening = "{"
    for name, value in data.items():
        yield f"{opening}\n {_json(name)}: "
        opening = ","
        if not isinstance(value, Made):
            yield _json(value).replace("\n", "\n ")
            continue
        before = "[\n  "
        for row in value:
            yield before + _json(row).replace("\n", "\n  ")
            before = ",\n  "
        yield "\n ]" if value else "[]"
    yield "\n}"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1)


def summary_sentence(findings: int, reviews: int) -> str:
    """Return the one sentence that says how a document stands."""
    items = f"{reviews:,} item{'' if reviews == 1 else 's'} for review"
    if not findings:
        return f"Automated checks passed, {items}."
    return f"{findings:,} automated check{'' if findings == 1 else 's'} did not pass, {items}."


def render_report(data: Mapping[str, Any]) -> str:
    """Return the HTML report of what `report_data` gave."""
    template = find_report_template()
    summary = data["summary"]
    figures = [
        (summary["reviews"], "for review"),
        (summary["findings"], "checks not passed"),
        (len(data["pages"]) - summary["placeholders"] - summary["unverified"], "pages converted"),
        (summary["unverified"], "pages unverified"),
        (summary["placeholders"], "pages missing"),
        (summary["changes"], "changes made"),
    ]
    shown = [{"value": f"{value:,}", "words": words} for value, words in figures]
    cost = data["paid"].get("usd")
    if isinstance(cost, int | float):
        shown.append({"value": f"${cost:,.4f}", "words": "paid, by the price list"})
    jinja = environment(template)
    style = read_style(template)
    return jinja.get_template(template.files[0].template).render(
        report=_for_template(data),
        figures=shown,
        groups=_groups(data["changes"]),
        kinds=_KINDS,
        most=_MOST_ROWS,
        style={"css": style.css, "source": style.source},
    )


def _for_template(data: Mapping[str, Any]) -> dict[str, Any]:
    words = {"text_layer": "unverified", "placeholder": "not converted"}

    def with_words(page: Item) -> Item:
        return {**page, "words": words.get(page["source"], page["outcome"].replace("_", " "))}

    labels = _Labels((page["page"], page["label"]) for page in data["pages"])
    pages = Made(data["pages"], with_words)
    return {**data, "labels": labels, "pages": pages, "links": is_html(data["document"]["file"])}


class _Labels(dict[int, str]):
    """The printed labels of pages by number; the number itself where there is no such page."""

    def __missing__(self, page: int) -> str:
        return str(page)


def _groups(changes: Sequence[Item]) -> list[dict[str, Any]]:
    """Gather changes by stage and rule, in the order in which the stages ran: those a table shows, and how
    many there are."""
    grouped: dict[tuple[str, str], dict[str, Any]] = {}
    for change in changes:
        stage, rule = change["stage"], change["rule"]
        group = grouped.setdefault((stage, rule), {"stage": stage, "rule": rule, "changes": [], "count": 0})
        group["count"] += 1
        if group["count"] <= _MOST_ROWS:
            group["changes"].append(change)
    return list(grouped.values())


def _safe(text: str) -> str:
    return show(" ".join(text.split()), _EXCERPT)
