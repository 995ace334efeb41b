"""A request against botocore's own model of the service, with the sentences of AWS.

botocore checks required members and types before it sends, and no maximum, pattern or enum; the service
checks everything. This is the service's side.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from botocore.loaders import Loader
from botocore.model import ServiceModel, Shape

from .errors import AwsError

_LONGEST = 200      # how much of a refused value is repeated


@lru_cache(maxsize=None)
def service_model(service: str) -> ServiceModel:
    return ServiceModel(Loader().load_service_model(service, "service-2"), service)


def check(service: str, operation: str, params: dict[str, Any], code: str = "ValidationException") -> None:
    """Raises the service's answer to a request that its model does not allow."""
    shape = service_model(service).operation_model(operation).input_shape
    found: list[str] = []
    _walk(shape, params, "", found)
    if found:
        count = f"{len(found)} validation error{'s' if len(found) > 1 else ''} detected: "
        raise AwsError(code, count + "; ".join(found))


def _lower(name: str) -> str:
    return name[:1].lower() + name[1:]


def _fails(value: Any, path: str, constraint: str) -> str:
    shown = "null" if value is None else f"'{str(value)[:_LONGEST]}'"
    return f"Value {shown} at '{path}' failed to satisfy constraint: {constraint}"


def _walk(shape: Shape, value: Any, path: str, found: list[str]) -> None:
    {"structure": _structure, "list": _list, "map": _map}.get(shape.type_name, _scalar)(shape, value, path, found)


def _structure(shape: Any, value: Any, path: str, found: list[str]) -> None:
    if not isinstance(value, dict):
        raise _wrong_type(value)
    prefix = path + "." if path else ""
    for name in shape.required_members:
        if value.get(name) is None:
            found.append(_fails(None, prefix + _lower(name), "Member must not be null"))
    for name, member in shape.members.items():
        if value.get(name) is not None:
            _walk(member, value[name], prefix + _lower(name), found)


def _list(shape: Any, value: Any, path: str, found: list[str]) -> None:
    if not isinstance(value, list):
        raise _wrong_type(value)
    _length(shape, value, len(value), path, found)
    for index, item in enumerate(value, 1):
        _walk(shape.member, item, f"{path}.{index}.member", found)


def _map(shape: Any, value: Any, path: str, found: list[str]) -> None:
    if not isinstance(value, dict):
        raise _wrong_type(value)
    _length(shape, value, len(value), path, found)
    for side, inner, items in (("keys", shape.key, value.keys()), ("value", shape.value, value.values())):
        for item in items:
            problems: list[str] = []
            _walk(inner, item, "x", problems)
            if problems:
                rules = ", ".join(text.partition("constraint: ")[2] for text in problems)
                noun = "Map keys" if side == "keys" else "Map value"
                found.append(_fails(value, path, f"{noun} must satisfy constraint: [{rules}]"))
                break


def _length(shape: Any, value: Any, size: int, path: str, found: list[str]) -> None:
    limits = shape.metadata
    if size < limits.get("min", 0):
        found.append(_fails(value, path, f"Member must have length greater than or equal to {limits['min']}"))
    if "max" in limits and size > limits["max"]:
        found.append(_fails(value, path, f"Member must have length less than or equal to {limits['max']}"))


def _scalar(shape: Any, value: Any, path: str, found: list[str]) -> None:
    kind = shape.type_name
    if kind == "string":
        if not isinstance(value, str):
            raise _wrong_type(value)
        _string(shape, value, path, found)
    elif kind in ("integer", "long"):
        if isinstance(value, bool) or not isinstance(value, int):
            raise _wrong_type(value)
        _number(shape, value, path, found)
    elif kind in ("float", "double"):
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise _wrong_type(value)
        _number(shape, value, path, found)
    elif kind == "boolean" and not isinstance(value, bool):
        raise _wrong_type(value)


def _number(shape: Any, value: float, path: str, found: list[str]) -> None:
    limits = shape.metadata
    if "min" in limits and value < limits["min"]:
        found.append(_fails(value, path, f"Member must have value greater than or equal to {limits['min']}"))
    if "max" in limits and value > limits["max"]:
        found.append(_fails(value, path, f"Member must have value less than or equal to {limits['max']}"))


def _string(shape: Any, value: str, path: str, found: list[str]) -> None:
    _length(shape, value, len(value), path, found)
    limits = shape.metadata
    pattern = limits.get("pattern")
    compiled = _compile(pattern) if pattern else None
    if compiled is not None and not compiled.fullmatch(value):
        found.append(_fails(value, path, f"Member must satisfy regular expression pattern: {pattern}"))
    if "enum" in limits and value not in limits["enum"]:
        found.append(_fails(value, path, f"Member must satisfy enum value set: [{', '.join(limits['enum'])}]"))


@lru_cache(maxsize=512)
def _compile(pattern: str) -> re.Pattern[str] | None:
    """The model's patterns are Java's; the few that Python does not know are not checked."""
    try:
        return re.compile(pattern)
    except re.error:
        return None


def _wrong_type(value: Any) -> AwsError:
    words = {bool: "TRUE_VALUE can not be converted to the expected type", int: "NUMBER_VALUE can not be converted to a String",
             float: "NUMBER_VALUE can not be converted to a String", str: "STRING_VALUE can not be converted to the expected type",
             list: "Unexpected list: found where another type was expected",
             dict: "Start of structure or map found where not expected."}
    return AwsError("SerializationException", words.get(type(value), "Unexpected value in the request"))
