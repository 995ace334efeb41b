"""IAM's decision as a pure function: documents and a request in, a decision out.

Understood: Effect, Action, NotAction, Resource, NotResource, Principal, NotPrincipal and the condition
operators of the table below, with IfExists and ForAnyValue/ForAllValues. An explicit Deny wins. A
condition operator that is not in the table does not match, and neither does a key without a value.
"""

from __future__ import annotations

import enum
import ipaddress
import re
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, Callable, Iterable, Mapping

Document = Mapping[str, Any]


class Decision(enum.Enum):
    ALLOW = "allow"
    DENY = "explicit deny"
    NONE = "nothing allows it"


class Naming(enum.IntEnum):
    """How a resource policy names the caller: not at all, by its account, or itself."""

    NOT = 0
    ACCOUNT = 1
    DIRECT = 2


@dataclass(frozen=True)
class Question:
    action: str
    resource: str
    account: str = ""                       # of the caller
    principals: tuple[str, ...] = ()        # ARNs or service names the caller goes by
    service: bool = False                   # the caller is an AWS service
    context: Mapping[str, str] = field(default_factory=dict)


def identity(documents: Iterable[Document], question: Question) -> Decision:
    """What the caller's own policies say."""
    result = Decision.NONE
    for statement in _statements(documents):
        if _matches(statement, question):
            if statement.get("Effect") == "Deny":
                return Decision.DENY
            if statement.get("Effect") == "Allow":
                result = Decision.ALLOW
    return result


def resource(document: Document | None, question: Question) -> tuple[Decision, Naming]:
    """What the policy on the resource says, and how closely an allowing statement names the caller."""
    result, closest = Decision.NONE, Naming.NOT
    for statement in _statements([document] if document else []):
        naming = _naming(statement, question)
        if naming is Naming.NOT or not _matches(statement, question):
            continue
        if statement.get("Effect") == "Deny":
            return Decision.DENY, naming
        if statement.get("Effect") == "Allow":
            result, closest = Decision.ALLOW, max(closest, naming)
    return result, closest


def _statements(documents: Iterable[Document]) -> Iterable[Document]:
    for document in documents:
        found = document.get("Statement", [])
        yield from [found] if isinstance(found, Mapping) else found


def _matches(statement: Document, question: Question) -> bool:
    return (_action(statement, question.action) and _resource(statement, question)
            and _conditions(statement.get("Condition", {}), question.context))


def _action(statement: Document, action: str) -> bool:
    if "NotAction" in statement:
        return not any(like(action.lower(), pattern.lower()) for pattern in as_list(statement["NotAction"]))
    return any(like(action.lower(), pattern.lower()) for pattern in as_list(statement.get("Action", [])))


def _resource(statement: Document, question: Question) -> bool:
    context = question.context
    if "NotResource" in statement:
        return not any(like(question.resource, fill(p, context)) for p in as_list(statement["NotResource"]))
    if "Resource" not in statement:
        return True            # trust and repository policies have none: they are about what they hang on
    return any(like(question.resource, fill(p, context)) for p in as_list(statement["Resource"]))


def _naming(statement: Document, question: Question) -> Naming:
    if "NotPrincipal" in statement:
        named = _listed(statement["NotPrincipal"], question)
        return Naming.DIRECT if named is Naming.NOT else Naming.NOT
    return _listed(statement.get("Principal", {}), question)


def _listed(principal: Any, question: Question) -> Naming:
    if principal == "*":
        return Naming.DIRECT
    if not isinstance(principal, Mapping):
        return Naming.NOT
    if question.service:
        return Naming.DIRECT if set(as_list(principal.get("Service", []))) & set(question.principals) else Naming.NOT
    closest = Naming.NOT
    for name in as_list(principal.get("AWS", [])):
        if name == "*" or name in question.principals:
            closest = Naming.DIRECT
        elif question.account and (name == question.account
                                   or re.fullmatch(rf"arn:aws[a-z-]*:iam::{question.account}:root", name)):
            closest = max(closest, Naming.ACCOUNT)
    return closest


def as_list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value]


def fill(pattern: str, context: Mapping[str, str]) -> str:
    """Policy variables: ${aws:username} and the like; one without a value matches nothing."""
    return re.sub(r"\$\{([^}]+)\}", lambda match: _variable(match.group(1), context), pattern)


def _variable(name: str, context: Mapping[str, str]) -> str:
    if name in ("*", "?", "$"):
        return {"*": "\x01", "?": "\x02", "$": "$"}[name]
    return _value(context, name) or "\x00"


def like(value: str, pattern: str) -> bool:
    """AWS's wildcards: * is anything, ? is one character; nothing else is special."""
    return _compiled(pattern).fullmatch(value) is not None


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    parts = {"*": ".*", "?": ".", "\x01": r"\*", "\x02": r"\?"}
    return re.compile("".join(parts.get(char) or re.escape(char) for char in pattern), re.DOTALL)


def _value(context: Mapping[str, str], key: str) -> str | None:
    return next((value for name, value in context.items() if name.lower() == key.lower()), None)


def _conditions(block: Mapping[str, Mapping[str, Any]], context: Mapping[str, str]) -> bool:
    return all(_condition(operator, key, as_list(wanted), context)
               for operator, keys in block.items() for key, wanted in keys.items())


def _condition(operator: str, key: str, wanted: list[Any], context: Mapping[str, str]) -> bool:
    name, value = operator, _value(context, key)
    quantifier, _, rest = name.partition(":")
    if rest:
        name = rest
        if quantifier == "ForAllValues" and value is None:
            return True
    if name.endswith("IfExists"):
        name = name[:-len("IfExists")]
        if value is None:
            return True
    if name == "Null":
        return any((value is None) == (str(want).lower() == "true") for want in wanted)
    test = _OPERATORS.get(name)
    if test is None:
        return False
    filled = [fill(str(want).lower() if isinstance(want, bool) else str(want), context) for want in wanted]
    if name in _NEGATIVE:
        return value is None or all(_safe(test, value, want) for want in filled)
    return value is not None and any(_safe(test, value, want) for want in filled)


def _safe(test: Callable[[str, str], bool], value: str, want: str) -> bool:
    try:
        return test(value, want)
    except ValueError:
        return False


def _arn_like(value: str, pattern: str) -> bool:
    have, want = value.split(":", 5), pattern.split(":", 5)
    return len(have) == len(want) == 6 and all(like(h, w) for h, w in zip(have, want))


def _date(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


_OPERATORS: dict[str, Callable[[str, str], bool]] = {
    "StringEquals": lambda value, want: value == want,
    "StringNotEquals": lambda value, want: value != want,
    "StringEqualsIgnoreCase": lambda value, want: value.lower() == want.lower(),
    "StringNotEqualsIgnoreCase": lambda value, want: value.lower() != want.lower(),
    "StringLike": like,
    "StringNotLike": lambda value, want: not like(value, want),
    "ArnEquals": _arn_like,
    "ArnLike": _arn_like,
    "ArnNotEquals": lambda value, want: not _arn_like(value, want),
    "ArnNotLike": lambda value, want: not _arn_like(value, want),
    "Bool": lambda value, want: value.lower() == want.lower(),
    "NumericEquals": lambda value, want: float(value) == float(want),
    "NumericNotEquals": lambda value, want: float(value) != float(want),
    "NumericLessThan": lambda value, want: float(value) < float(want),
    "NumericLessThanEquals": lambda value, want: float(value) <= float(want),
    "NumericGreaterThan": lambda value, want: float(value) > float(want),
    "NumericGreaterThanEquals": lambda value, want: float(value) >= float(want),
    "DateLessThan": lambda value, want: _date(value) < _date(want),
    "DateGreaterThan": lambda value, want: _date(value) > _date(want),
    "IpAddress": lambda value, want: ipaddress.ip_address(value) in ipaddress.ip_network(want, strict=False),
    "NotIpAddress": lambda value, want: ipaddress.ip_address(value) not in ipaddress.ip_network(want, strict=False),
}
_NEGATIVE = {name for name in _OPERATORS if "Not" in name}
