#!/usr/bin/env python3
"""CodePipeline, EventBridge and SQS as far as codetrain's targets ask them, with their faults.

fake_targets.py FOLDER

Listens on 127.0.0.1, writes the port to FOLDER/port, and ends when its standard input ends. What was
taken is in FOLDER, a JSON line each: `executions`, `events`, `messages`; `calls` has one line for each
request ("SendMessage 200"). A pipeline's token holds for five minutes, a FIFO queue's deduplication
id too; FOLDER/skip has seconds by which that clock is ahead.

The file FOLDER/fault says what goes wrong, as long as it is there:
  500, 503     that status              throttle   ThrottlingException    denied   AccessDeniedException
  invalid      ValidationException      busy       ConflictException
  lost         carries the request out and closes the connection without an answer
  html         a web page with 502      hang       no answer (until the fault is gone)
  empty        200 and {}               entry CODE the entry of PutEvents is refused in an answer with 200
  list         ListPipelineExecutions alone is throttled
"""
import http.server
import json
import os
import sys
import threading
import time

FOLDER = sys.argv[1]
HOLDS = 300
lock = threading.Lock()


def read(name, default=""):
    try:
        with open(os.path.join(FOLDER, name), encoding="utf-8") as f:
            return f.read().strip()
    except FileNotFoundError:
        return default


def lines(name):
    return [json.loads(line) for line in read(name).splitlines()]


def add(name, line):
    with open(os.path.join(FOLDER, name), "a", encoding="utf-8") as f:
        f.write((line if isinstance(line, str) else json.dumps(line)) + "\n")


def now():
    return time.time() + float(read("skip", "0") or 0)


class Refused(Exception):
    def __init__(self, code, message, status=400):
        super().__init__(message)
        self.code, self.status = code, status


def start_pipeline(q):
    if q["name"] not in ("iris", "pear"):
        raise Refused("PipelineNotFoundException", f"no pipeline {q['name']}")
    known = lines("executions")
    for e in known:
        if e["token"] == q.get("clientRequestToken") and now() - e["time"] < HOLDS:
            return {"pipelineExecutionId": e["id"]}
    e = {"id": f"execution-{len(known) + 1}", "token": q.get("clientRequestToken"), "time": now(), "startTime": time.time(),
         "commit": q["sourceRevisions"][0]["revisionValue"] if q.get("sourceRevisions") else "", "request": q}
    add("executions", e)
    return {"pipelineExecutionId": e["id"]}


def list_executions(q):
    first = int(q.get("nextToken", "0"))
    known = [e for e in reversed(lines("executions")) if e["request"]["name"] == q["pipelineName"]]
    page = {"pipelineExecutionSummaries": [
        {"pipelineExecutionId": e["id"], "status": e.get("status", "InProgress"), "startTime": e["startTime"],
         "trigger": {"triggerType": e.get("trigger", "StartPipelineExecution")},
         "sourceRevisions": [{"actionName": "Source", "revisionId": e["commit"]}] if e["commit"] else []}
        for e in known[first:first + 100]]}
    if first + 100 < len(known):
        page["nextToken"] = str(first + 100)
    return page


def get_execution(q):
    e = next(e for e in lines("executions") if e["id"] == q["pipelineExecutionId"])
    return {"pipelineExecution": {"pipelineExecutionId": e["id"], "variables": [
        {"name": v["name"], "resolvedValue": v["value"]} for v in e["request"].get("variables", [])]}}


def put_events(q):
    code = read("fault")
    if code.startswith("entry "):
        return {"FailedEntryCount": 1, "Entries": [{"ErrorCode": code[6:], "ErrorMessage": "it says why"}]}
    add("events", q["Entries"][0])
    return {"FailedEntryCount": 0, "Entries": [{"EventId": f"event-{len(lines('events'))}"}]}


def send(q):
    known = lines("messages")
    for n, m in enumerate(known):
        if q.get("MessageDeduplicationId") and m["request"].get("MessageDeduplicationId") == q["MessageDeduplicationId"] \
                and now() - m["time"] < HOLDS:
            return {"MessageId": f"message-{n + 1}"}
    add("messages", {"time": now(), "request": q})
    return {"MessageId": f"message-{len(known) + 1}"}


def queue_url(q):
    if not q["QueueName"].startswith("iris"):
        raise Refused("com.amazonaws.sqs#QueueDoesNotExist", "The specified queue does not exist.")
    return {"QueueUrl": f"http://sqs/111111111111/{q['QueueName']}"}


CALLS = {"StartPipelineExecution": start_pipeline, "ListPipelineExecutions": list_executions,
         "GetPipelineExecution": get_execution, "PutEvents": put_events, "SendMessage": send, "GetQueueUrl": queue_url}
ERRORS = {
    "throttle": Refused("ThrottlingException", "Rate exceeded"),
    "denied": Refused("AccessDeniedException", "User: u is not authorized to perform it"),
    "invalid": Refused("ValidationException", "it is not valid"),
    "busy": Refused("ConflictException", "the pipeline is busy"),
    "500": Refused("InternalFailure", "oops", 500),
    "503": Refused("ServiceUnavailable", "come again", 503),
}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # the second piece of an answer would wait for the client's word

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
                if fault in ERRORS or (fault == "list" and name == "ListPipelineExecutions"):
                    raise ERRORS["throttle" if fault == "list" else fault]
                status, body = 200, "{}" if fault == "empty" else json.dumps(CALLS[name](q))
            except Refused as e:
                status, body = e.status, json.dumps({"__type": e.code, "message": str(e)})
            add("calls", f"{name} {status}")
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


server = Server(("127.0.0.1", 0), Handler)
with open(os.path.join(FOLDER, "port.new"), "w", encoding="utf-8") as out:
    out.write(str(server.server_address[1]))
os.rename(os.path.join(FOLDER, "port.new"), os.path.join(FOLDER, "port"))
threading.Thread(target=server.serve_forever, daemon=True).start()
sys.stdin.read()
