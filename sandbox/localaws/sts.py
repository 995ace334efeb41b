"""STS: sessions that are really checked afterwards, handed out only where the role's trust policy says so."""

from __future__ import annotations

import json
import re
from datetime import datetime, timezone
from typing import Any
from xml.sax.saxutils import escape

from . import access
from .accounts import Accounts, Caller, find_role
from .errors import AwsError
from .moto_world import Answer
from .request import Request

_NAMESPACE = "https://sts.amazonaws.com/doc/2011-06-15/"
_CHAINED_MAX = 3600


def assume_role(accounts: Accounts, request: Request, caller: Caller, request_id: str) -> Answer:
    params = request.params
    arn, name = params.get("RoleArn", ""), params.get("RoleSessionName", "")
    _validate(arn, name)
    seconds = _seconds(params, 900, 43200, 3600)
    role = find_role(arn)
    if role is None or not access.trusts_caller(role, arn, caller, params.get("ExternalId")):
        raise AwsError("AccessDenied", f"User: {caller.arn} is not authorized to perform: sts:AssumeRole "
                       f"on resource: {arn}", 403)
    if caller.kind == "session" and seconds > _CHAINED_MAX:
        raise AwsError("ValidationError", "The requested DurationSeconds exceeds the 1 hour session limit for roles "
                       "assumed by role chaining")
    if seconds > (role.max_session_duration or 3600):
        raise AwsError("ValidationError",
                       "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
    document = params.get("Policy")
    if document is not None:
        try:
            json.loads(document)
        except ValueError:
            raise AwsError("MalformedPolicyDocument", "Syntax errors in policy.") from None
    account = arn.split(":")[4]
    session = accounts.sessions.create(account, arn, name, seconds, session_policy=document)
    assumed = accounts.role(arn, name)
    assert assumed is not None
    return _answer("AssumeRole", request_id, _credentials(session)
                   + f"<AssumedRoleUser><AssumedRoleId>{assumed.user_id}</AssumedRoleId>"
                     f"<Arn>{escape(assumed.arn)}</Arn></AssumedRoleUser><PackedPolicySize>0</PackedPolicySize>")


def get_session_token(accounts: Accounts, request: Request, caller: Caller, request_id: str) -> Answer:
    if caller.kind != "user":
        raise AwsError("AccessDenied", "Cannot call GetSessionToken with session credentials", 403)
    seconds = _seconds(request.params, 900, 129600, 43200)
    session = accounts.sessions.create(caller.account, None, "", seconds, user=caller.context["aws:username"])
    return _answer("GetSessionToken", request_id, _credentials(session))


def get_caller_identity(accounts: Accounts, request: Request, caller: Caller, request_id: str) -> Answer:
    return _answer("GetCallerIdentity", request_id,
                   f"<Arn>{escape(caller.arn)}</Arn><UserId>{caller.user_id}</UserId><Account>{caller.account}</Account>")


OPERATIONS = {"AssumeRole": assume_role, "GetSessionToken": get_session_token,
              "GetCallerIdentity": get_caller_identity}


def _validate(arn: str, name: str) -> None:
    if not re.fullmatch(r"arn:aws[a-z-]*:iam::\d{12}:role/.+", arn):
        raise AwsError("ValidationError", f"{arn} is invalid")
    if not re.fullmatch(r"[\w+=,.@-]{2,64}", name, re.ASCII):
        raise AwsError("ValidationError", f"1 validation error detected: Value '{name}' at 'roleSessionName' failed to "
                       r"satisfy constraint: Member must satisfy regular expression pattern: [\w+=,.@-]*")


def _seconds(params: dict[str, Any], least: int, most: int, usual: int) -> int:
    text = params.get("DurationSeconds")
    if text is None:
        return usual
    if not text.isdigit() or not least <= int(text) <= most:
        bound = f"greater than or equal to {least}" if not text.isdigit() or int(text) < least \
            else f"less than or equal to {most}"
        raise AwsError("ValidationError", f"1 validation error detected: Value '{text}' at 'durationSeconds' failed to "
                       f"satisfy constraint: Member must have value {bound}")
    return int(text)


def _credentials(session: dict[str, Any]) -> str:
    expires = datetime.fromisoformat(session["expires"]).astimezone(timezone.utc)
    return (f"<Credentials><AccessKeyId>{session['key']}</AccessKeyId>"
            f"<SecretAccessKey>{session['secret']}</SecretAccessKey><SessionToken>{session['token']}</SessionToken>"
            f"<Expiration>{expires.strftime('%Y-%m-%dT%H:%M:%SZ')}</Expiration></Credentials>")


def _answer(operation: str, request_id: str, result: str) -> Answer:
    body = (f'<{operation}Response xmlns="{_NAMESPACE}"><{operation}Result>{result}</{operation}Result>'
            f"<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></{operation}Response>")
    return Answer(200, [("Content-Type", "text/xml")], body.encode())
