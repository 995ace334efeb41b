"""The api process: every AWS service on one loopback port. moto answers, this decides who may ask.

A request is read, its signature verified, its caller found, its permission decided; then it goes to the
overlay that knows the operation better than moto, or to moto. Every answer has a request id.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import traceback
import uuid
from typing import Any, Callable, Iterable

from werkzeug.serving import ThreadedWSGIServer

from . import access, bootstrap, git_access, git_repositories, logs, moto_world, processes, signature, sts
from .accounts import Accounts, Caller, Sessions, now
from .blobs import Blobs
from .builds import Builds
from .containers import PATH as CREDENTIALS_PATH, Containers
from .errors import AwsError, render
from .faults import PATH as FAULTS_PATH, Dropped, Faults, drop
from .journal import Journal
from .models import Models
from .moto_world import Answer
from .registry import Registry
from .request import Request, read
from .state import State
from .tags import Tags
from .training import Training
from moto.moto_server.werkzeug_app import MotoRequestHandler

_READ_ONLY = ("Get", "List", "Describe", "BatchGet", "BatchCheck", "Head", "Filter", "Lookup", "Search", "Simulate",
              "Receive", "Validate", "GET ", "HEAD ")
_NEVER = ("/moto-api", "/latest/", "/favicon.ico")      # moto's own doors, which ask for no signature
_CHANGES_GIT = ("iam", "codecommit")


class Api:
    """The WSGI application and everything that it holds together."""

    def __init__(self, state: State, url: str) -> None:
        self.state = state
        self.sessions = Sessions(state.sessions)
        self.accounts = Accounts(self.sessions)
        self.containers = Containers(self.sessions, url)
        self.faults = Faults()
        self.blobs = Blobs(state.ecr)
        self.journal = Journal(state.journal)
        self.registry = Registry(self)
        self.training, self.models, self.builds = Training(self), Models(self), Builds(self)
        self.tags = Tags(self)
        self.overlay: dict[tuple[str, str], Callable[[Request, Caller], dict[str, Any]]] = {}
        for service, part in (("sagemaker", self.training), ("sagemaker", self.models), ("codebuild", self.builds),
                              ("ecr", self.registry)):
            self.overlay.update({(service, name): handler for name, handler in part.operations.items()})
        self.marker = state.root / "bootstrapped"

    def begin(self) -> None:
        """Brings the world of last time back, or makes a new one."""
        count = self.journal.replay()
        logs.restore(self.state.cloudwatch)
        if not self.marker.exists():
            bootstrap.run(self)
            self.marker.touch(0o600)
        self.training.recover()
        self.builds.recover()
        self.sessions.changed = self.publish
        self.publish()
        print(f"api: {count} changes of the journal run again", file=sys.stderr, flush=True)

    def publish(self) -> None:
        git_access.publish(self.state.git_access, self.accounts)

    # ---- one request ----

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        request_id = str(uuid.uuid4())
        try:
            answer = self._own(environ) or self._aws(environ, request_id)
        except Dropped:
            drop(environ.get("werkzeug.socket"))
            answer = Answer(500, [], b"")
        headers = [(key, value) for key, value in answer.headers
                   if key.lower() not in ("x-amzn-requestid", "transfer-encoding", "connection", "server")]
        headers += [("x-amzn-RequestId", request_id)]
        if environ["REQUEST_METHOD"] != "HEAD" and not any(key.lower() == "content-length" for key, _ in headers):
            headers.append(("Content-Length", str(len(answer.body))))
        start_response(f"{answer.status} {'OK' if answer.status < 400 else 'Error'}", headers)
        return [answer.body]

    def _own(self, environ: dict[str, Any]) -> Answer | None:
        """The sandbox's own endpoints; None for what is AWS."""
        path = environ["PATH_INFO"]
        if path == "/sandbox/health":
            return Answer(200, [("Content-Type", "application/json")], json.dumps({"state": str(self.state.root)}).encode())
        if path.startswith(CREDENTIALS_PATH):
            return self.containers.answer(path, environ.get("HTTP_AUTHORIZATION", ""))
        if path == FAULTS_PATH:
            if environ.get("HTTP_AUTHORIZATION") != f"Bearer {self.state.token()}":
                return Answer(403, [], b"")
            return self.faults.control(environ["REQUEST_METHOD"],
                                       environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)))
        if path.startswith("/v2/") or path == "/v2":
            return self.registry.answer(environ)
        if path.startswith(_NEVER):
            return Answer(404, [], b"")
        return None

    def _aws(self, environ: dict[str, Any], request_id: str) -> Answer:
        request = None
        try:
            request = read(environ, str(self.state.tmp))
            environ["codetrain.whole"] = True
            environ["codetrain.operation"] = f"{request.service}:{request.operation}"
            faulty = self.faults.before(request)
            answer = faulty or self._serve(request, request_id)
            self.faults.after(request)
            return answer
        except AwsError as error:
            protocol = request.protocol if request else "json" if "HTTP_X_AMZ_TARGET" in environ else "s3"
            return Answer(*render(error, protocol, request_id, environ["PATH_INFO"]))
        except Dropped:
            raise
        except Exception:       # a fault of the sandbox: said in the log, answered as AWS would
            traceback.print_exc(file=sys.stderr)
            fault = AwsError("InternalFailure", "The request processing has failed because of an unknown error.", 500)
            return Answer(*render(fault, request.protocol if request else "json", request_id))
        finally:
            if request is not None:
                request.body.close()

    def _serve(self, request: Request, request_id: str) -> Answer:
        signature.verify(request, self.accounts.key, now())
        assert request.credential is not None
        caller = self.accounts.caller(request.credential.access_key)
        if caller is None:
            raise AwsError("UnrecognizedClientException", "The security token included in the request is invalid.",
                           403 if request.protocol != "json" else 400)
        owner = access.enforce(request, caller)
        if request.service == "sts" and request.operation in sts.OPERATIONS:
            return sts.OPERATIONS[request.operation](self.accounts, request, caller, request_id)
        handler = self.overlay.get((request.service, request.operation)) or self.tags.handler(request)
        if handler:
            result = handler(request, caller)
            return Answer(200, [("Content-Type", "application/x-amz-json-1.1")], json.dumps(result).encode())
        return self._moto(request, owner)

    def _moto(self, request: Request, owner: str) -> Answer:
        environ = moto_world.environ_for(request, owner)
        if request.operation.startswith(_READ_ONLY):
            return moto_world.execute(environ)
        answer = self.journal.run(environ, request.region, request.service, request.operation)
        if request.service in _CHANGES_GIT:
            self.publish()
            if request.operation == "DeleteRepository" and answer.status < 400:
                git_repositories.remove(self.state, owner, str(request.params["repositoryName"]))
        return answer


class Handler(MotoRequestHandler):
    """Keeps connections open, and logs neither query strings nor headers: they can hold signatures."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # a body behind its headers would wait for the client's word, 40 ms
    timeout = 120

    def run_wsgi(self) -> None:
        """In place of werkzeug's, which ends every connection and waits 10 ms for what may still come."""
        self.environ = environ = self.make_environ()
        started: list[Any] = []

        def start_response(*answer: Any) -> Any:
            started.extend(answer)

        body = b"".join(self.server.app(environ, start_response))
        status, headers = started
        code, _, words = status.partition(" ")
        self.send_response(int(code), words)
        for name, value in headers:
            self.send_header(name, value)
        if not environ.get("codetrain.whole"):      # part of the body may be unread
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_request(self, code: Any = "-", size: Any = "-") -> None:
        operation = getattr(self, "environ", {}).get("codetrain.operation", "")
        sys.stderr.write(f"{self.log_date_time_string()} {self.command} {self.path.partition('?')[0]} {code} {operation}\n")

    def log(self, kind: str, message: str, *args: Any) -> None:
        sys.stderr.write(f"{self.log_date_time_string()} {kind} {message % args if args else message}\n")


class Server(ThreadedWSGIServer):
    daemon_threads = True
    request_queue_size = 128


def main() -> int:
    os.umask(0o077)
    state = State.from_environment()
    port = state.ports()["api"]
    held = processes.claim(state.run / "api.pid")
    processes.become_subreaper()
    api = Api(state, f"http://127.0.0.1:{port}")
    api.begin()
    server = Server("127.0.0.1", port, api, Handler)
    server.log_startup = lambda: None       # type: ignore[method-assign]
    signal.signal(signal.SIGTERM, lambda number, frame: threading.Thread(target=server.shutdown).start())
    server.serve_forever(poll_interval=0.1)
    processes.end_all(processes.descendants(os.getpid()), 1.0)
    held.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
