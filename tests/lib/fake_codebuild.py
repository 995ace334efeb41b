#!/usr/bin/env python3
"""CodeBuild's StartBuild, BatchGetBuilds and ListBuildsForProject, with its five-minute rule, and a build's log.

fake_codebuild.py FOLDER

Listens on 127.0.0.1, writes the port to FOLDER/port, and ends when its standard input ends. What it
keeps is in FOLDER, so that a second server goes on where the first was killed: `builds` has one JSON
line for each build that was started, `calls` one line for each request ("StartBuild iris 200").

The file FOLDER/fault says what goes wrong, as long as it is there:
  500, 503           that status                 throttle    ThrottlingException
  denied             AccessDeniedException       invalid     InvalidInputException
  limit              AccountLimitExceededException           expired     ExpiredTokenException
  lost               carries the request out and closes the connection without an answer
  html               a web page with 502         hang        no answer (until the fault is gone)
  page               a web page with 200         empty       {} with 200, and the request is carried out
  list               a list with 200             half        half of the answer, with 200
Any of these with "OPERATION:" in front is only for that operation ("GetLogEvents:denied").
The file FOLDER/skip has seconds by which the clock of the five minutes is ahead. FOLDER/log has the
lines that every build's log has (given out three at a time; missing: no log yet), FOLDER/status how every
build has ended (missing or empty: they go on), FOLDER/number a summand for the next builds' numbers.
"""
import http.server
import json
import os
import sys
import threading
import time

FOLDER = sys.argv[1]
HOLDS = 300
PAGE = 100
LOG_PAGE = 3
PROJECTS = {"iris", "pear"}
lock = threading.Lock()


def read(name, default=""):
    try:
        with open(os.path.join(FOLDER, name), encoding="utf-8") as f:
            return f.read().strip()
    except FileNotFoundError:
        return default


def now():
    return time.time() + float(read("skip", "0") or 0)


def add(name, line):
    with open(os.path.join(FOLDER, name), "a", encoding="utf-8") as f:
        f.write(line + "\n")


class Builds:
    """All builds in memory; read again when somebody else has written the file."""

    def __init__(self):
        self.all, self.by_id, self.by_token, self.stamp = [], {}, {}, None

    def _look(self):
        try:
            st = os.stat(os.path.join(FOLDER, "builds"))
            return st.st_ino, st.st_size, st.st_mtime_ns
        except FileNotFoundError:
            return None

    def take(self, build):
        self.all.append(build)
        self.by_id[build["id"]] = build
        if build["token"]:
            self.by_token[build["token"]] = build     # the newest: an older one is forgotten

    def read(self):
        stamp = self._look()
        if stamp != self.stamp:
            self.__init__()
            self.stamp = stamp
            for line in read("builds").splitlines():
                self.take(json.loads(line))
        return self

    def add(self, build):
        add("builds", json.dumps(build))
        self.take(build)
        self.stamp = self._look()


builds = Builds()


class Refused(Exception):
    def __init__(self, code, message, status=400):
        super().__init__(message)
        self.code, self.status = code, status


def same(a, b):
    return {k: v for k, v in a.items() if k != "idempotencyToken"} == \
        {k: v for k, v in b.items() if k != "idempotencyToken"}


def as_answers(found):
    status, log = read("status") or "IN_PROGRESS", os.path.exists(os.path.join(FOLDER, "log"))
    return [as_answer(build, status, log) for build in found]


def as_answer(build, status=None, log=False):
    shown = {k: build.get(k) for k in ("id", "arn", "buildNumber", "projectName", "sourceVersion", "startTime",
                                       "environment")}
    status = status or "IN_PROGRESS"
    name = build["id"].rpartition(":")[2]
    shown.update({"buildStatus": status, "buildComplete": status != "IN_PROGRESS",
                  "currentPhase": "BUILD" if status == "IN_PROGRESS" else "COMPLETED"})
    if log:
        shown["logs"] = {"groupName": f"/aws/codebuild/{build['projectName']}", "streamName": name}
    return shown


def start_build(q):
    project = q["projectName"]
    if project not in PROJECTS:
        raise Refused("ResourceNotFoundException", f"Project cannot be found: {project}")
    known = builds.read()
    token = q.get("idempotencyToken")
    before = known.by_token.get(token) if token else None
    if before and now() - before["tokenTime"] < HOLDS:
        if not same(before["request"], q):
            raise Refused("InvalidInputException", "idempotencyToken was used with different parameters")
        return {"build": as_answer(before)}
    n = len(known.all) + 1
    name = f"{project}:{n:08d}"
    build = {"id": name, "arn": f"arn:aws:codebuild:us-east-2:111111111111:build/{name}",
             "buildNumber": n + int(read("number", "0") or 0), "projectName": project,
             "sourceVersion": q.get("sourceVersion"), "startTime": time.time(), "token": token, "tokenTime": now(),
             "request": q, "environment": {"environmentVariables": q.get("environmentVariablesOverride", [])}}
    known.add(build)
    return {"build": as_answer(build)}


def list_builds(q):
    ids = [b["id"] for b in builds.read().all if b["projectName"] == q["projectName"]]
    if "sortOrder" in q and len(ids) > PAGE:
        raise Refused("InvalidInputException", f"sortOrder cannot be used: the project has more than {PAGE} builds")
    if q.get("sortOrder", "DESCENDING") == "DESCENDING":
        ids.reverse()
    first = int(q.get("nextToken", "0"))
    page = {"ids": ids[first:first + PAGE]}
    if first + PAGE < len(ids):
        page["nextToken"] = str(first + PAGE)
    return page


def batch_get(q):
    assert 1 <= len(q["ids"]) <= 100
    known = builds.read().by_id
    return {"builds": as_answers(known[i] for i in q["ids"] if i in known),
            "buildsNotFound": [i for i in q["ids"] if i not in known]}


def log_events(q):
    try:
        with open(os.path.join(FOLDER, "log"), encoding="utf-8", newline="\n") as f:
            lines = f.read().split("\n")[:-1]
    except FileNotFoundError:
        raise Refused("ResourceNotFoundException", "The specified log stream does not exist.") from None
    assert q.get("startFromHead") is True and q["logGroupName"].startswith("/aws/codebuild/")
    first = int(q.get("nextToken", "f/0")[2:])
    page = lines[first:first + LOG_PAGE]
    return {"events": [{"timestamp": 1, "ingestionTime": 1, "message": line + "\n"} for line in page],
            "nextForwardToken": f"f/{first + len(page)}", "nextBackwardToken": f"b/{first}"}


CALLS = {"StartBuild": start_build, "ListBuildsForProject": list_builds, "BatchGetBuilds": batch_get,
         "GetLogEvents": log_events}
ERRORS = {
    "throttle": Refused("ThrottlingException", "Rate exceeded"),
    "denied": Refused("AccessDeniedException", "User: u is not authorized to perform: codebuild:StartBuild"),
    "invalid": Refused("InvalidInputException", "Invalid source version"),
    "limit": Refused("AccountLimitExceededException", "Cannot have more than 1 builds in queue"),
    "expired": Refused("ExpiredTokenException", "The security token included in the request is expired"),
    "500": Refused("InternalFailure", "oops", 500),
    "503": Refused("ServiceUnavailableException", "come again", 503),
}
INSTEAD = {"html": (502, "<html>bad gateway</html>", "text/html"),
           "page": (200, "<html>log in to the network first</html>", "text/html"),
           "empty": (200, "{}", "application/x-amz-json-1.1"), "list": (200, "[1, 2]", "application/x-amz-json-1.1")}


def fault_of(operation):
    only, colon, fault = read("fault").rpartition(":")
    return fault if not colon or only == operation else ""


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 65536        # an answer in one piece: the second would wait for the client's word
    disable_nagle_algorithm = True

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
        fault = fault_of(name)
        while fault == "hang" and fault_of(name) == "hang":
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
            add("calls", f"{name} {q.get('projectName', '-')} {fault if fault in ('lost', 'half', *INSTEAD) else status}")
        if fault == "lost":
            self.close_connection = True
        elif fault in INSTEAD:
            self.answer(*INSTEAD[fault])
        else:
            if fault == "half":
                body = body[:len(body) // 2]
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
