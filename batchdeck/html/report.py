"""The report beside an exported document: what was done, what was checked, what a person should look at.

It says "automated checks passed, N items for review" and never more: no machine can call a document
accessible.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from batchdeck.domain.text import show
from batchdeck.html.contents import title_of
from batchdeck.html.model import Assembly, Exported
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
    "language": "Language",
    "math": "Formula",
    "link": "Link",
    "note": "Footnote",
}


def report_data(
    exported: Exported, assembly: Assembly, *, paid: Mapping[str, object] | None = None
) -> dict[str, Any]:
    """Return the report as plain JSON data.

    Args:
        exported: the rendered document.
        assembly: what it was rendered from.
        paid: what its answers cost, as the caller accounts for it (`usd` in US dollars).

    Every text in it is harmless to show: control characters are written visibly.
    """
    material = assembly.material
    findings = [
        {"rule": one.rule, "message": _safe(one.message), "page": one.page, "line": one.line}
        for one in exported.findings
    ]
    reviews = [
        {"page": one.page, "kind": one.kind, "message": _safe(one.message), "excerpt": _safe(one.excerpt)}
        for one in sorted(exported.reviews, key=lambda review: review.page)
    ]
    changes = [
        {
            "stage": one.stage,
            "page": one.page,
            "rule": one.rule,
            "before": _safe(one.before),
            "after": _safe(one.after),
            "words_removed": len(one.removed),
            "words_added": len(one.added),
        }
        for one in exported.changes
    ]
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
        "pages": [
            {
                "page": page.number,
                "label": _safe(page.label),
                "outcome": str(page.outcome),
                "source": page.source,
            }
            for page in assembly.pages
        ],
        "findings": findings,
        "reviews": reviews,
        "changes": changes,
        "syntax_errors": [
            {"page": one.page, "line": one.line, "column": one.column, "code": one.code}
            for one in exported.issues
        ],
        "paid": dict(paid or {}),
    }


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
    labels = {page["page"]: page["label"] for page in data["pages"]}
    pages = [
        page | {"words": words.get(page["source"], page["outcome"].replace("_", " "))}
        for page in data["pages"]
    ]
    used = {row["page"] for name in ("findings", "reviews", "changes", "syntax_errors") for row in data[name]}
    labels = {page: str(page) for page in used} | labels
    return {**data, "labels": labels, "pages": pages, "links": is_html(data["document"]["file"])}


def _groups(changes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Gather changes by stage and rule, in the order in which the stages ran."""
    grouped: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for change in changes:
        grouped.setdefault((change["stage"], change["rule"]), []).append(change)
    return [{"stage": stage, "rule": rule, "changes": rows} for (stage, rule), rows in grouped.items()]


def _safe(text: str) -> str:
    return show(" ".join(text.split()), _EXCERPT)
