"""Ready-made requests: a custom_id and the parameters to submit, checked before they are paid for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from batchdeck.domain.documents import Asked
from batchdeck.domain.requests import lint_parameters
from batchdeck.domain.text import show

_LONGEST_ID = 200
_MOST_ASKS = 64
"""Each combination of model and max_tokens is a part of a batch of its own in the ledger."""


@dataclass(slots=True)
class RequestCheck:
    """Looks at one file's requests, a line at a time."""

    _seen: dict[int, int] = field(default_factory=dict)
    """Line of each custom_id, by its hash: the ids of a million requests need not be held."""
    _asks: Counter[tuple[str, int]] = field(default_factory=Counter)

    def problem_of(self, values: Mapping[str, Any], line: int) -> str:
        """Say what is wrong with a request, or nothing."""
        unknown = sorted(set(values) - {"custom_id", "params"})
        if unknown:
            return f"has the key “{show(unknown[0], 60)}”; a request is a custom_id and params, and no more"
        name, params = values.get("custom_id"), values.get("params")
        if not isinstance(name, str) or not name:
            return "has no custom_id"
        if len(name) > _LONGEST_ID or show(name) != name:
            return f"has a custom_id that is longer than {_LONGEST_ID} characters or holds hidden ones"
        first = self._seen.setdefault(hash(name), line)
        if first != line:
            return f"has the custom_id “{show(name, 60)}”, which line {first:,} has too"
        if not isinstance(params, dict):
            return "has no params" if params is None else "has params that are no object"
        findings = [finding.message for finding in lint_parameters(params) if finding.fatal]
        if findings:
            return f"would be refused: {show(findings[0], 160)}"
        asked = params["model"], params["max_tokens"]
        if asked not in self._asks and len(self._asks) >= _MOST_ASKS:
            return f"is the first with combination {_MOST_ASKS + 1} of model and max_tokens; split the file"
        self._asks[asked] += 1
        return ""

    @property
    def asks(self) -> tuple[Asked, ...]:
        """What the good ones ask for, the most frequent first."""
        return tuple(Asked(model, tokens, count) for (model, tokens), count in self._asks.most_common())
