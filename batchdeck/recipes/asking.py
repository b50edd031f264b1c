"""Requests about whole files and rows: the Messages parameters that ask for one of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from batchdeck.domain.text import show
from batchdeck.recipes.recipe import Recipe
from batchdeck.recipes.rendering import render
from batchdeck.recipes.schemas import schema_to_send

_NAME_LIMIT = 200


@dataclass(frozen=True, slots=True)
class Material:
    """What one request is about. All of it comes from outside and may be hostile."""

    document: str
    """File name."""
    number: int = 1
    """1-based record of the file; 1 for a whole file."""
    label: str = ""
    title: str = ""
    text: str = ""
    """Of a text file."""
    row: Mapping[str, Any] = field(default_factory=dict)
    """Of a record, by column."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Of an e-mail."""
    attachments: tuple[str, ...] = ()
    pdf: bytes | None = None
    """A whole PDF."""
    sheets: int = 0
    """Pages of the PDF."""


def build_params(recipe: Recipe, material: Material, *, model: str, max_tokens: int) -> dict[str, Any]:
    """Return the Messages parameters that ask for one file or row.

    The material is a document of its own in the request, before the instruction, so that no word of it can
    pass for one of the instruction's. With the contract `json` the answer's schema is part of the request.

    Raises:
        ConfigError: the recipe's instruction template names something that this material does not have.
    """
    values = {
        "document": show(material.document, _NAME_LIMIT),
        "number": material.number,
        "label": show(material.label or str(material.number), _NAME_LIMIT),
        "title": show(material.title, _NAME_LIMIT),
        "text": material.text,
        "row": dict(material.row),
        "headers": dict(material.headers),
        "attachments": material.attachments,
        "is_pdf": material.pdf is not None,
        "pages": material.sheets,
    }
    instruction = render(recipe.instruction, values, f"instruction of the recipe {recipe.name}")
    params: dict[str, Any] = {"model": model, "max_tokens": max_tokens, **recipe.params_for(model)}
    if recipe.schema is not None:
        wanted = {"type": "json_schema", "schema": schema_to_send(recipe.schema)}
        params["output_config"] = {**params.get("output_config", {}), "format": wanted}
    if recipe.system:
        cache_control = {"type": "ephemeral", "ttl": str(recipe.cache_ttl)}
        params["system"] = [{"type": "text", "text": recipe.system, "cache_control": cache_control}]
    content = [{"type": "document", "source": _source(material)}, {"type": "text", "text": instruction}]
    return {**params, "messages": [{"role": "user", "content": content}]}


def _source(material: Material) -> dict[str, object]:
    if material.pdf is not None:
        return {"type": "base64", "media_type": "application/pdf", "data": material.pdf}
    return {"type": "text", "media_type": "text/plain", "data": material_text(material)}


def material_text(material: Material) -> str:
    """Return a file or a row as the text that a request carries."""
    if material.row:
        return json.dumps(material.row, ensure_ascii=False, indent=1, default=str)
    head = [f"{name.title()}: {value}" for name, value in material.headers.items()]
    head += [f"Attachment: {name}" for name in material.attachments]
    return "\n".join([*head, "", material.text] if head else [material.text]).strip()
