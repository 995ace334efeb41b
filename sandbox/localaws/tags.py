"""AddTags, ListTags and DeleteTags for the SageMaker things that the sandbox keeps itself."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Callable

from .accounts import Caller
from .errors import AwsError
from .request import Request
from .store import Entry, Store

if TYPE_CHECKING:
    from .api import Api

TAGS_MAX = 50


class Tags:
    def __init__(self, api: "Api") -> None:
        self._stores: dict[str, Store] = {"training-job": api.training.jobs, "model": api.models.models}
        self._operations = {"AddTags": self.add, "ListTags": self.list, "DeleteTags": self.delete}

    def handler(self, request: Request) -> Callable[[Request, Caller], dict[str, Any]] | None:
        """The operation, if it is about one of ours; moto keeps the tags of everything else."""
        kind = re.match(r"arn:aws:sagemaker:[^:]*:\d{12}:([a-z-]+)/", str(request.params.get("ResourceArn", "")))
        ours = request.service == "sagemaker" and kind is not None and kind.group(1) in self._stores
        return self._operations.get(request.operation) if ours else None

    def _entry(self, request: Request, caller: Caller) -> tuple[Store, Entry]:
        _, _, _, region, account, rest = request.params["ResourceArn"].split(":", 5)
        kind, _, name = rest.partition("/")
        store = self._stores[kind]
        found = next((entry for entry in store.of(account, region) if entry["name"].lower() == name.lower()), None)
        if found is None or account != caller.account:
            raise AwsError("ValidationException", f"Requested resource {request.params['ResourceArn']} not found.")
        return store, found

    def add(self, request: Request, caller: Caller) -> dict[str, Any]:
        store, entry = self._entry(request, caller)
        merged = {tag["Key"]: tag for tag in [*entry["tags"], *request.params.get("Tags", [])]}
        if len(merged) > TAGS_MAX:
            raise AwsError("ResourceLimitExceeded", f"A resource can have at most {TAGS_MAX} tags.")
        with store.lock:
            entry["tags"] = list(merged.values())
            store.put(entry)
        return {"Tags": entry["tags"]}

    def list(self, request: Request, caller: Caller) -> dict[str, Any]:
        return {"Tags": self._entry(request, caller)[1]["tags"]}

    def delete(self, request: Request, caller: Caller) -> dict[str, Any]:
        store, entry = self._entry(request, caller)
        with store.lock:
            entry["tags"] = [tag for tag in entry["tags"] if tag["Key"] not in request.params.get("TagKeys", [])]
            store.put(entry)
        return {}
