"""What the API says of its models, asked once per opened deck before money is spent."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from batchdeck.domain.models import ModelInfo
from batchdeck.domain.text import show
from batchdeck.errors import ApiNotFound, ApiUnreachable, RequestRefused
from batchdeck.operations.context import Context

_RETIRES_SOON = dt.timedelta(days=30)


async def list_models(context: Context) -> Mapping[str, ModelInfo]:
    """Return the models the API offers, by id; empty where the endpoint does not list any.

    Raises:
        AccountHeld: there is no usable credential.
    """
    if context.models is None:
        gateway = await context.open_gateway()
        try:
            context.models = {model.id: model for model in await gateway.list_models()}
        except (ApiNotFound, ApiUnreachable, RequestRefused):
            # Gateways and proxies often serve the batch endpoints alone: knowing less is no reason to stop.
            context.models = {}
    return context.models


async def model_ceilings(context: Context) -> dict[str, int]:
    """Return the greatest max_tokens of each model that the API told of."""
    models = await list_models(context)
    return {model.id: model.max_tokens for model in models.values() if model.max_tokens is not None}


async def check_model(context: Context, model: str, max_tokens: int) -> list[str]:
    """Return warnings about a model, a sentence each.

    Raises:
        RequestRefused: the API says that the model cannot be used in batches, or does not take that many
            tokens: every page would come back errored, hours later.
    """
    models = await list_models(context)
    if not models:
        return []
    name = show(model, 60)
    info = models.get(model) or next(
        (models[known] for known in sorted(models, reverse=True) if known.startswith(model + "-")), None
    )
    if info is None:
        # Not refused: lists may leave aliases out. Rows of an unknown model come back errored, unpaid.
        return [f"The API does not list the model {name}; it lists {', '.join(sorted(models)[:6])} …"]
    if info.batch is False:
        raise RequestRefused(
            f"The model {name} cannot be used in batches.", hint="Choose another one with --model."
        )
    if info.max_tokens is not None and max_tokens > info.max_tokens:
        raise RequestRefused(
            f"max_tokens {max_tokens:,} is over the limit of {info.max_tokens:,} of {name}.",
            hint=f"Choose at most {info.max_tokens:,} with --max-tokens.",
        )
    if info.retires_at is not None and info.retires_at - context.now() < _RETIRES_SOON:
        return [f"The model {name} retires on {info.retires_at.date().isoformat()}."]
    return []
