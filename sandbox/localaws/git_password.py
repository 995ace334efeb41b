"""CodeCommit's signature for HTTPS git, written from its description and not from codetrain's C.

username = ACCESSKEY or ACCESSKEY%SESSIONTOKEN; password = YYYYmmddTHHMMSSZ and 64 hex digits. The
canonical request is five lines and, unlike any other AWS request, has no payload hash.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import datetime, timedelta, timezone
from typing import Any, Mapping

WINDOW = timedelta(minutes=15)
_PASSWORD = re.compile(r"(\d{8}T\d{6})Z([0-9a-f]{64})")


def sign(secret: str, moment: str, region: str, host: str, path: str) -> str:
    """The 64 hex digits. `moment` is YYYYmmddTHHMMSS without Z; `path` begins with a slash."""
    canonical = f"GIT\n{path}\n\nhost:{host}\n\nhost\n"
    scope = f"{moment[:8]}/{region}/codecommit/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = ("AWS4" + secret).encode()
    for part in (moment[:8], region, "codecommit", "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def check(keys: Mapping[str, Mapping[str, Any]], username: str, password: str, region: str, host: str, path: str,
          now: datetime) -> Mapping[str, Any] | None:
    """The key's entry if this is a good password of it for this path at this time."""
    name, _, token = username.partition("%")
    entry = keys.get(name)
    match = _PASSWORD.fullmatch(password)
    if entry is None or match is None:
        return None
    if (entry["token"] or token) and not hmac.compare_digest((entry["token"] or "").encode(), token.encode()):
        return None
    if entry["expires"] and datetime.fromisoformat(entry["expires"]) <= now:
        return None
    try:
        when = datetime.strptime(match[1], "%Y%m%dT%H%M%S").replace(tzinfo=timezone.utc)
    except ValueError:
        return None
    if abs(now - when) > WINDOW:
        return None
    good = sign(entry["secret"], match[1], region, host, path)
    return entry if hmac.compare_digest(good, match[2]) else None
