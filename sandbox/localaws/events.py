"""EventBridge's delivery of an event as it is.

moto makes what a rule sends by a library of paths, which it needs for every rule and the sandbox has for
none: without an input transformer that is the event itself, and nothing has to be looked up.
"""

from __future__ import annotations

import copy
from typing import Any

import moto.events.models


class _Parser:
    @staticmethod
    def parse(input_template: str | None, input_paths_map: dict[str, Any], event: dict[str, Any]) -> dict[str, Any]:
        if input_template or input_paths_map:
            raise NotImplementedError("input transformers are not in the sandbox")
        sent = copy.deepcopy(event)
        sent.pop("ingestion-time", None)
        return sent


def install() -> None:
    moto.events.models.EventTemplateParser = _Parser  # type: ignore[assignment,misc]
