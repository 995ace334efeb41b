#!/usr/bin/env python3
"""An AWS endpoint that misbehaves on request.

fake_server.py PORTFILE LOG [CERTIFICATE KEY]

Listens on 127.0.0.1, writes the port to PORTFILE and every request as a line of JSON to LOG, and ends
when its standard input ends. With a certificate it speaks TLS, and is also a proxy that stands for every host that it
is asked to CONNECT to. $FAKE_SERVER_ALSO: more places to listen on ("169.254.169.254:80 [fd00:ec2::254]:80").
$FAKE_SERVER_SKEW: seconds that its clock is ahead. The first part of the path chooses what happens; a "~NAME"
behind it only tells places apart in the log, and a path that was written for AWS's own hosts (behind CONNECT,
/latest/…) is answered as /ok/…:

  /ok/…         answers as the service would (see answer below)
  /hang/…       never answers               /reset/…     resets after the request was read
  /close/…      closes without an answer    /slow/…      a byte each 0.3 s
  /html/…       a web page, 200             /html502/…   one with 502
  /empty/…      200 and nothing             /redirect/…  301 to another place of this server
  /truncated/…  half of the answer          /halfjson/…  half of the answer, and says that is all
  /big/…        100 MB                      /headers/…   headers without end
  /garbage/…    not HTTP                    /403/… /500/… /503/…   that status, in AWS's words
  /throttle/…   ThrottlingException         /throttleN/… that N times, then ok
  /failN/…      503 N times, then ok        /lostN/…      a reset N times, then ok
  /stuckN/…     no answer N times, then ok  /late-X/…     as X, a second later
  /agingN/…     the first session ends in N seconds, the next in an hour, each with a key of its own
  /endingN/…    the first session ends in N seconds, and another is refused
  /skew/…      RequestTimeTooSkewed until the date is near
  /expired/…    ExpiredToken                /token-line-break/…  a session token with a line break
  /wrong/…      well-formed, of another kind           /list/…  a JSON list
  /v1-STATUS/…  metadata that gives no token, with that status (hang: no answer), and asks for none
  /norole/…     metadata of an instance without a role  /norights/…  one whose role cannot be assumed
  /account/…    a container's answer with AccountId     /lasting/…   one without token and end
"""
import base64
import email.utils
import json
import os
import re
import socket
import ssl
import struct
import sys
import threading
import time
import urllib.parse

KEYS = {"AccessKeyId": "AKIAFAKEFAKEFAKE0001", "SecretAccessKey": "fakeSecret/0123456789+abcdefghijklmnopqr"}
END = "2099-01-02T03:04:05Z"
SKEW = int(os.environ.get("FAKE_SERVER_SKEW", "0"))
lock = threading.Lock()
counts = {}


def role_answer(action, role, token="fakeSessionToken/%s=="):
    name = role.rsplit("/", 1)[-1]
    account = role.split(":")[4] if role.count(":") >= 5 else ""
    return 200, "text/xml", f"""<{action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><{action}Result>
<Credentials><AccessKeyId>ASIA{name.upper():0<16.16}</AccessKeyId><SecretAccessKey>{KEYS['SecretAccessKey']}</SecretAccessKey>
<SessionToken>{token % name}</SessionToken><Expiration>{END}</Expiration></Credentials>
<AssumedRoleUser><AssumedRoleId>AROA:x</AssumedRoleId><Arn>arn:aws:sts::{account}:assumed-role/{name}/x</Arn></AssumedRoleUser></{action}Result>
<ResponseMetadata><RequestId>id-sts</RequestId></ResponseMetadata></{action}Response>"""


# what the references of a buildspec stand for; the tests put these together, too
PARAMETERS = {"/app/plain": "a plain parameter", "/app/secret": "canary" + "Parameter0001",
              "/app/lines": "-----BEGIN-----\ncanary" + "LineOne001\ncanary" + "LineTwo002\n-----END-----\n",
              "/app/empty": "", "bare-name": "of no path", "/app/huge": "canary" + "x" * 9000}
VALUES = {"AWSCURRENT": {"password": "canary" + "Current0001", "port": 5432, "on": True, "nothing": None,
                         "quoted": "a \"quoted\" $(touch hacked) `touch hacked` 'value' with  spaces"},
          "AWSPREVIOUS": {"password": "canary" + "Previous002"},
          "11111111-2222-3333-4444-555555555555": {"password": "canary" + "Version0003"}}


def parameter(q):
    name = q["Name"].rpartition(":parameter")[2] if q["Name"].startswith("arn:") else q["Name"]
    if name not in PARAMETERS:
        return 400, "application/x-amz-json-1.1", json.dumps({"__type": "ParameterNotFound"})
    value = PARAMETERS[name] if q.get("WithDecryption") or name != "/app/secret" else "AQICAHciphertext"
    return 200, "application/x-amz-json-1.1", json.dumps({"Parameter": {"Name": name, "Value": value}})


def secret(name, stage, version=None):
    if name == "app/db" or name.endswith(":secret:app/db-AbCdEf"):
        value = VALUES.get(version or stage or "AWSCURRENT")
        return {"SecretString": json.dumps(value)} if value else None
    flat = {"aws_access_key_id": KEYS["AccessKeyId"], "aws_secret_access_key": KEYS["SecretAccessKey"]}
    upper = {k.upper(): v for k, v in flat.items()}
    values = {
        "mlops/beta": flat,
        "upper": upper,
        "camel": {**KEYS, "SessionToken": "camelToken"},
        "nested": {"Credentials": KEYS},
        "role": {"role_arn": "arn:aws:iam::222222222222:role/from-secret", "external_id": "x-1"},
        "keys-and-role": {**flat, "roleArn": "arn:aws:iam::222222222222:role/with-keys"},
        "wrong": {"username": "u", "password": "hunter2hunter2"},
        "half": {"aws_access_key_id": KEYS["AccessKeyId"]},
        "staged": flat if stage == "AWSPREVIOUS" else {"username": "u"},
    }
    if name == "binary":
        return {"SecretBinary": base64.b64encode(json.dumps(flat).encode()).decode()}
    if name == "text":
        return {"SecretString": "hunter2hunter2"}
    return {"SecretString": json.dumps(values[name])} if name in values else None


def signin(headers, q):
    """CreateOAuth2Token: the refresh token "good.THUMBPRINT" is bound to a key, which the proof must be of."""
    import dpop  # needs Python's cryptography: only the tests of `aws login` do

    def denied(error, message):
        return 400, "application/json", json.dumps({"__type": "AccessDeniedException", "error": error, "message": message})

    kind, _, bound = q["refreshToken"].partition(".")
    try:
        key = dpop.verify(headers.get("dpop", ""), "POST", headers["x-url"], time.time())
    except ValueError as e:
        return denied("INVALID_PROOF", str(e))
    if set(q) != {"clientId", "refreshToken", "grantType"} or q["grantType"] != "refresh_token":
        return denied("INVALID_REQUEST", "other members")
    if kind != "good":
        return denied(kind, "the token is of no use")
    if key != bound:
        return denied("INVALID_PROOF", "the proof is of another key")
    if not used_once(headers["dpop"]):
        return denied("INVALID_PROOF", "the proof was used before")
    return 200, "application/json", json.dumps({
        "accessToken": {"accessKeyId": "ASIALOGINLOGINLOGIN0", "secretAccessKey": KEYS["SecretAccessKey"],
                        "sessionToken": "nextLoginToken"},
        "tokenType": "aws_sigv4", "expiresIn": 900, "refreshToken": "good." + bound})


def answer(method, path, headers, body):
    """Status, content type, text."""
    target = headers.get("x-amz-target", "")
    form = dict(urllib.parse.parse_qsl(body.decode("utf-8", "replace")))
    if target == "secretsmanager.GetSecretValue":
        q = json.loads(body)
        s = secret(q["SecretId"], q.get("VersionStage"), q.get("VersionId"))
        if s is None:
            return 400, "application/x-amz-json-1.1", json.dumps({
                "__type": "ResourceNotFoundException",
                "Message": "Secrets Manager can't find the specified secret."})
        return 200, "application/x-amz-json-1.1", json.dumps({"Name": q["SecretId"], **s})
    if target == "AmazonSSM.GetParameter":
        return parameter(json.loads(body))
    if form.get("Action") == "GetCallerIdentity":
        return 200, "text/xml", """<GetCallerIdentityResponse><GetCallerIdentityResult>
<Arn>arn:aws:iam::111111111111:user/x</Arn><UserId>A</UserId><Account>111111111111</Account>
</GetCallerIdentityResult></GetCallerIdentityResponse>"""
    if form.get("Action") in ("AssumeRole", "AssumeRoleWithWebIdentity"):
        return role_answer(form["Action"], form["RoleArn"])
    if path.startswith("/federation/credentials"):
        q = dict(urllib.parse.parse_qsl(path.partition("?")[2]))
        if headers.get("x-amz-sso_bearer_token") not in ("goodBearer", "nextBearer") or q["account_id"] != "111111111111":
            return 401, "application/json", json.dumps(
                {"__type": "UnauthorizedException", "message": "Session token not found or invalid"})
        return 200, "application/json", json.dumps({"roleCredentials": {
            "accessKeyId": "ASIASSO0000000000000", "secretAccessKey": KEYS["SecretAccessKey"],
            "sessionToken": "ssoToken", "expiration": 4070995445000}})
    if path == "/token" and method == "POST":
        if json.loads(body).get("refreshToken") != "goodRefresh":
            return 400, "application/json", json.dumps(
                {"__type": "InvalidGrantException", "error": "invalid_grant", "error_description": "no such token"})
        return 200, "application/json", json.dumps({
            "accessToken": "nextBearer", "tokenType": "Bearer", "expiresIn": 28800, "refreshToken": "nextRefresh"})
    if path == "/v1/token" and method == "POST":
        return signin(headers, json.loads(body))
    if path == "/latest/api/token":
        return 200, "text/plain", "imdsToken=="
    if path.startswith("/latest/meta-data/"):
        if headers.get("x-aws-ec2-metadata-token") != "imdsToken==":
            return 401, "text/plain", ""
        if path.endswith("security-credentials/"):
            return 200, "text/plain", "instance-role"
        return 200, "application/json", json.dumps(
            {"Code": "Success", "Type": "AWS-HMAC", **KEYS, "Token": "imdsSession", "Expiration": END})
    if path.startswith("/container"):
        if headers.get("authorization") != "good token":
            return 401, "application/json", json.dumps({"code": "x", "message": "the token is not good"})
        return 200, "application/json", json.dumps({**KEYS, "Token": "containerSession", "Expiration": END})
    return 404, "application/json", json.dumps({"__type": "UnknownOperationException", "message": path})


def wrong(status, code, message, headers, extra=()):
    if "x-amz-target" in headers:
        return status, "application/x-amz-json-1.1", json.dumps({"__type": "x.y#" + code, "message": message}), extra
    return status, "text/xml", (f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}"
                                "</Message></Error><RequestId>id-xml</RequestId></ErrorResponse>"), extra


def http(status, kind, text, extra=(), length=None):
    data = text.encode()
    lines = [f"HTTP/1.1 {status} X", f"Content-Type: {kind}", f"Content-Length: {len(data) if length is None else length}",
             "x-amzn-RequestId: id-header", *extra]
    if not any(e.startswith("Date:") for e in extra):
        lines.append("Date: " + email.utils.formatdate(time.time() + SKEW, usegmt=True))
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + data


def used_once(proof):
    return count("proof " + proof) == 1


def count(scenario):
    with lock:
        counts[scenario] = counts.get(scenario, 0) + 1
        return counts[scenario]


def is_near(headers, now):
    stamp = headers.get("x-amz-date", "19700101T000000Z")
    import calendar
    return abs(calendar.timegm(time.strptime(stamp, "%Y%m%dT%H%M%SZ")) - now) < 300


def special(conn, scenario, method, path, headers, body):
    """What only one kind of server does; None when it is none of these."""
    if scenario.startswith("v1-"):
        if method == "PUT" and scenario == "v1-hang":
            conn.settimeout(60)
            conn.recv(1)
            return False
        status = int(scenario[3:]) if method == "PUT" else None
        good = (status, "text/plain", "") if status else answer(
            method, path, {**headers, "x-aws-ec2-metadata-token": "imdsToken=="}, body)
    elif scenario in ("norole", "norights"):
        good = answer(method, path, headers, body)
        if scenario == "norole" and path.startswith("/latest/meta-data/"):
            good = 404, "text/html", "<html><body>404 - Not Found</body></html>"
        elif path.endswith("/instance-role"):
            good = 200, "application/json", json.dumps(
                {"Code": "AssumeRoleUnauthorizedAccess", "Message": "EC2 cannot assume the role instance-role."})
    elif scenario in ("account", "lasting"):
        status, kind, text = answer(method, path, headers, body)
        tree = json.loads(text)
        if scenario == "account":
            tree["AccountId"] = "444444444444"
        else:
            tree.pop("Token", None), tree.pop("Expiration", None)
        good = status, kind, json.dumps(tree)
    elif scenario == "wrong":
        xml = b"Action=" in body
        good = 200, "text/xml" if xml else "application/json", (
            "<Weather><City>Kiel</City></Weather>" if xml else '{"weather": {"city": "Kiel", "degrees": [1, 2]}}')
    elif scenario == "list":
        good = 200, "application/json", '["AccessKeyId", 1, null]'
    else:
        return None
    conn.sendall(http(*good))
    return True


def misbehave(conn, scenario, method, path, headers, body):
    """Answers; False ends the connection."""
    place, scenario = scenario, scenario.partition("~")[0]
    if scenario.startswith("late-"):
        time.sleep(1)
        return misbehave(conn, place[5:], method, path, headers, body)
    if scenario.startswith(("aging", "ending")):
        n = count(place)
        if n > 1 and scenario.startswith("ending"):
            return misbehave(conn, "403", method, path, headers, body)
        seconds = 3600 if n > 1 else int(re.sub(r"\D", "", scenario))
        status, kind, text = answer(method, path, headers, body)
        end = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))
        conn.sendall(http(status, kind, re.sub("ASIA[^<]+", f"ASIA{n:016}", text.replace(END, end))))
        return True
    done = special(conn, scenario, method, path, headers, body)
    if done is not None:
        return done
    numbered = re.fullmatch(r"(throttle|fail|lost|stuck)(\d+)", scenario)
    if numbered:
        n = count(place)
        scenario = ("ok" if n > int(numbered[2]) else {"throttle": "throttle", "fail": "503", "lost": "reset",
                                                         "stuck": "hang"}[numbered[1]])
    good = answer(method, path, headers, body)
    if scenario == "ok":
        conn.sendall(http(*good))
        return True
    if scenario == "hang":
        conn.settimeout(60)
        conn.recv(1)
    elif scenario == "reset":
        conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    elif scenario == "slow":
        for b in http(*good):
            conn.sendall(bytes([b]))
            time.sleep(0.3)
    elif scenario in ("html", "html502"):
        conn.sendall(http(200 if scenario == "html" else 502, "text/html",
                          "<!DOCTYPE html><html><body>Welcome to the hotel's network</body></html>"))
    elif scenario == "empty":
        conn.sendall(http(200, "application/json", ""))
    elif scenario == "redirect":
        conn.sendall(http(301, "text/plain", "", [f"Location: http://127.0.0.1:{port}/ok/stolen"]))
        return True
    elif scenario == "truncated":
        conn.sendall(http(good[0], good[1], good[2][:len(good[2]) // 2], length=len(good[2])))
    elif scenario == "halfjson":
        conn.sendall(http(good[0], good[1], good[2][:len(good[2]) // 2]))
    elif scenario == "big":
        conn.sendall(http(200, "application/json", "", length=100 << 20))
        for _ in range(100):
            conn.sendall(b" " * (1 << 20))
    elif scenario == "headers":
        conn.sendall(b"HTTP/1.1 200 OK\r\n")
        for i in range(20000):
            conn.sendall(b"X-%d: %s\r\n" % (i, b"y" * 100))
    elif scenario == "garbage":
        conn.sendall(b"220 mail.example ESMTP\r\n")
    elif scenario == "403":
        conn.sendall(http(*wrong(403, "AccessDeniedException", "User: x is not authorized", headers)))
        return True
    elif scenario in ("500", "503"):
        conn.sendall(http(*wrong(int(scenario), "ServiceUnavailable", "come again", headers)))
        return True
    elif scenario == "throttle":
        conn.sendall(http(*wrong(400, "ThrottlingException", "Rate exceeded", headers)))
        return True
    elif scenario == "expired":
        conn.sendall(http(*wrong(400, "ExpiredTokenException", "The security token is expired", headers)))
        return True
    elif scenario == "skew":
        now = time.time() + 7200
        date = "Date: " + email.utils.formatdate(now, usegmt=True)
        if is_near(headers, now):
            conn.sendall(http(*good, [date]))
        else:
            conn.sendall(http(*wrong(403, "RequestTimeTooSkewed", "The difference is too large", headers, [date])))
        return True
    elif scenario == "token-line-break":
        text = (good[2].replace("fakeSessionToken/", "fake\nSession").replace("containerSession", "container\\nS")
                .replace("imdsSession", "imds\\nS").replace("ssoToken", "sso\\nT").replace("nextBearer", "next\\nBearer")
                .replace("nextLoginToken", "next\\nLogin"))
        conn.sendall(http(good[0], good[1], text))
        return True
    return False


def read_request(conn, rest):
    data = rest
    while b"\r\n\r\n" not in data:
        more = conn.recv(65536)
        if not more:
            return None
        data += more
    head, _, data = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    method, path, _ = first.split(" ", 2)
    headers = {k.strip().lower(): v.strip() for k, v in (line.split(":", 1) for line in lines)}
    length = int(headers.get("content-length", 0))
    while len(data) < length:
        more = conn.recv(65536)
        if not more:
            return None
        data += more
    return method, path, headers, data[:length], data[length:]


def serve(conn):
    rest, connected = b"", None
    try:
        if context and conn.recv(1, socket.MSG_PEEK) == b"\x16":
            conn = context.wrap_socket(conn, server_side=True)
        while True:
            request = read_request(conn, rest)
            if request is None:
                return
            method, path, headers, body, rest = request
            if method == "CONNECT" and context:
                connected = path
                conn.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                conn = context.wrap_socket(conn, server_side=True)
                continue
            with lock, open(log, "a", encoding="utf-8") as f:
                f.write(json.dumps({"method": method, "path": path, "headers": headers,
                                    "body": body.decode("utf-8", "replace"),
                                    **({"connected": connected} if connected else {})}) + "\n")
            headers["x-url"] = f"http{'s' if context else ''}://{headers.get('host')}{path}"
            if connected or path.startswith("/latest/"):
                path = "/ok" + path
            _, scenario, inner = (path + "/").split("/", 2) if path.count("/") == 1 else path.split("/", 2)
            if not misbehave(conn, scenario, method, "/" + inner, headers, body):
                return
    except (OSError, ValueError, KeyError) as e:
        if not isinstance(e, OSError):
            sys.stderr.write(f"fake_server: {type(e).__name__}: {e}\n")
    finally:
        conn.close()


def accept(place):
    while True:
        threading.Thread(target=serve, args=(place.accept()[0],), daemon=True).start()


def end_with_stdin():
    sys.stdin.buffer.read()
    os._exit(0)


portfile, log, *tls = sys.argv[1:]
context = None
if tls:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*tls)
listener = socket.create_server(("127.0.0.1", 0), backlog=64)
port = listener.getsockname()[1]
for place in os.environ.get("FAKE_SERVER_ALSO", "").split():
    address, _, number = place.rpartition(":")
    more = socket.create_server((address.strip("[]"), int(number)), backlog=64,
                                family=socket.AF_INET6 if address.startswith("[") else socket.AF_INET)
    threading.Thread(target=accept, args=(more,), daemon=True).start()
threading.Thread(target=end_with_stdin, daemon=True).start()
with open(portfile + ".new", "w", encoding="utf-8") as out:
    out.write(str(port))
os.rename(portfile + ".new", portfile)
accept(listener)
