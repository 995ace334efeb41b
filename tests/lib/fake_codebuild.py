#!/usr/bin/env python3
"""CodeBuild's StartBuild, BatchGetBuilds and ListBuildsForProject, with its five-minute rule.

fake_codebuild.py FOLDER

Listens on 127.0.0.1, writes the port to FOLDER/port, and ends when its standard input ends. What it
keeps is in FOLDER, so that a second server goes on where the first was killed: `builds` has one JSON
line for each build that was started, `calls` one line for each request ("StartBuild iris 200").

The file FOLDER/fault says what goes wrong, as long as it is there:
  500, 503           that status                 throttle    ThrottlingException
  denied             AccessDeniedException       invalid     InvalidInputException
  limit              AccountLimitExceededException
  lost               carries the request out and closes the connection without an answer
  html               a web page with 502         hang        no answer (until the fault is gone)
The file FOLDER/skip has seconds by which the clock of the five minutes is ahead.
"""
import http.server
import json
import os
import sys
import threading
import time

FOLDER = sys.argv[1]
HOLDS = 300
PROJECTS = {"iris"}
lock = threading.Lock()


def read(name, default=""):
    try:
        with open(os.path.join(FOLDER, name), encoding="utf-8") as f:
            return f.read().strip()
    except FileNotFoundError:
        return default


def now():
    return time.time() + float(read("skip", "0") or 0)


def builds():
    return [json.loads(line) for line in read("builds").splitlines()]


def add(name, line):
    with open(os.path.join(FOLDER, name), "a", encoding="utf-8") as f:
        f.write(line + "\n")


class Refused(Exception):
    def __init__(self, code, message, status=400):
        super().__init__(message)
        self.code, self.status = code, status


def same(a, b):
    return {k: a.get(k) for k in ("projectName", "sourceVersion", "environmentVariablesOverride")} == \
        {k: b.get(k) for k in ("projectName", "sourceVersion", "environmentVariablesOverride")}


def as_answer(build):
    return {k: build[k] for k in ("id", "arn", "projectName", "sourceVersion", "startTime", "buildStatus",
                                  "environment")}


def start_build(q):
    if q["projectName"] not in PROJECTS:
        raise Refused("ResourceNotFoundException", f"Project cannot be found: {q['projectName']}")
    known = builds()
    token = q.get("idempotencyToken")
    for build in known:
        if token and build["token"] == token and now() - build["tokenTime"] < HOLDS:
            if not same(build["request"], q):
                raise Refused("InvalidInputException", "idempotencyToken was used with different parameters")
            return {"build": as_answer(build)}
    n = len(known) + 1
    build = {"id": f"{q['projectName']}:{n:08d}", "arn": f"arn:aws:codebuild:us-east-2:111111111111:build/{n}",
             "projectName": q["projectName"], "sourceVersion": q.get("sourceVersion"), "startTime": time.time(),
             "buildStatus": "IN_PROGRESS", "token": token, "tokenTime": now(), "request": q,
             "environment": {"environmentVariables": q.get("environmentVariablesOverride", [])}}
    add("builds", json.dumps(build))
    return {"build": as_answer(build)}


def list_builds(q):
    ids = [b["id"] for b in builds() if b["projectName"] == q["projectName"]]
    if q.get("sortOrder", "DESCENDING") == "DESCENDING":
        ids.reverse()
    first = int(q.get("nextToken", "0"))
    page = {"ids": ids[first:first + 100]}
    if first + 100 < len(ids):
        page["nextToken"] = str(first + 100)
    return page


def batch_get(q):
    assert 1 <= len(q["ids"]) <= 100
    return {"builds": [as_answer(b) for b in builds() if b["id"] in q["ids"]]}


CALLS = {"StartBuild": start_build, "ListBuildsForProject": list_builds, "BatchGetBuilds": batch_get}
ERRORS = {
    "throttle": Refused("ThrottlingException", "Rate exceeded"),
    "denied": Refused("AccessDeniedException", "User: u is not authorized to perform: codebuild:StartBuild"),
    "invalid": Refused("InvalidInputException", "Invalid source version"),
    "limit": Refused("AccountLimitExceededException", "Cannot have more than 1 builds in queue"),
    "500": Refused("InternalFailure", "oops", 500),
    "503": Refused("ServiceUnavailableException", "come again", 503),
}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def answer(self, status, body, kind="application/x-amz-json-1.1"):
        body = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("x-amzn-RequestId", "id-1")
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        name = self.headers.get("X-Amz-Target", ".").split(".")[1]
        q = json.loads(self.rfile.read(int(self.headers["Content-Length"])) or b"{}")
        fault = read("fault")
        while fault == "hang" and read("fault") == "hang":
            time.sleep(0.05)
        with lock:
            try:
                if "AWS4-HMAC-SHA256" not in self.headers.get("Authorization", ""):
                    raise Refused("MissingAuthenticationToken", "no signature", 403)
                if fault in ERRORS:
                    raise ERRORS[fault]
                result = CALLS[name](q)
                status, body = 200, json.dumps(result)
            except Refused as e:
                status, body = e.status, json.dumps({"__type": e.code, "message": str(e)})
            add("calls", f"{name} {q.get('projectName', '-')} {fault if fault in ('lost', 'html') else status}")
        if fault == "lost":
            self.close_connection = True
        elif fault == "html":
            self.answer(502, "<html>bad gateway</html>", "text/html")
        else:
            self.answer(status, body)


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass    # clients are killed in the middle here, on purpose


server = Server(("127.0.0.1", int(read("port", "0") or 0)), Handler)
with open(os.path.join(FOLDER, "port.new"), "w", encoding="utf-8") as out:
    out.write(str(server.server_address[1]))
os.rename(os.path.join(FOLDER, "port.new"), os.path.join(FOLDER, "port"))
threading.Thread(target=server.serve_forever, daemon=True).start()
add("up", "up")
sys.stdin.read()
