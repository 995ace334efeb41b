"""The git process: CodeCommit over HTTPS under its real name, on a loopback port, without the api's help.

git is told to use this port as the proxy of git-codecommit.REGION.amazonaws.com. A CONNECT to that name
ends here: TLS with the sandbox's own certificate, the password checked, then `git http-backend`.
"""

from __future__ import annotations

import base64
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import unquote

from . import ca, git_password, git_repositories, processes
from .state import DEVOPS, REGION, State, read_json

FIRST = "scikit-learn-iris"      # there before the api has said which repositories there are
IDLE_SECONDS = 120
BACKEND_SECONDS = 900
CHUNK = 1 << 16
_REPOSITORY = re.compile(r"(/v1/repos/([A-Za-z0-9._-]{1,100}))(/(?:info/refs|git-upload-pack|git-receive-pack|HEAD|objects/.*))?")


class Answered(Exception):
    """An answer that ends the request early."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status, self.text = status, text


class Proxy(BaseHTTPRequestHandler):
    """Plain HTTP: a health check, and CONNECT to the one host that is here."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = IDLE_SECONDS
    server: "GitServer"

    def do_GET(self) -> None:
        if self.path != "/sandbox/health":
            self.send_error(404)
            return
        body = json.dumps({"state": str(self.server.state.root)}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_CONNECT(self) -> None:
        host, _, port = self.path.rpartition(":")
        if host not in ca.HOSTS or port != "443":
            self.send_error(403, "this proxy reaches the sandbox's CodeCommit only")
            return
        self.send_response_only(200, "Connection established")
        self.end_headers()
        self.wfile.flush()
        self.close_connection = True
        try:
            secure = self.server.tls.wrap_socket(self.connection, server_side=True)
        except OSError:
            return          # the client does not trust us, or went away
        try:
            Git(secure, self.client_address, self.server, host)
        except OSError:
            pass
        finally:
            try:
                secure.close()
            except OSError:
                pass

    def log_message(self, form: str, *args: Any) -> None:
        return


class Git(BaseHTTPRequestHandler):
    """HTTPS: authentication, then the CGI of git, streamed both ways."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = IDLE_SECONDS
    server: "GitServer"

    def __init__(self, connection: socket.socket, address: Any, server: "GitServer", host: str) -> None:
        self.host = host
        super().__init__(connection, address, server)   # type: ignore[arg-type]

    def do_GET(self) -> None:
        self._serve()

    do_POST = do_GET

    def _serve(self) -> None:
        try:
            body = self._body()
            self._backend(body)
        except Answered as answered:
            text = answered.text.encode()
            self.send_response(answered.status)
            if answered.status == 401:
                self.send_header("WWW-Authenticate", 'Basic realm="AWS CodeCommit"')
            self.send_header("Content-Type", "text/plain")
            self.send_header("Content-Length", str(len(text)))
            if self.command == "POST":
                self.close_connection = True        # the body may be unread
                self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(text)

    def _body(self) -> "Body":
        return Body(self.rfile, self.headers.get("Transfer-Encoding", "").lower() == "chunked",
                    int(self.headers.get("Content-Length") or 0))

    # ---- who, and what ----

    def _authorise(self) -> tuple[Path, str, dict[str, Any]]:
        """The repository, the path below it and the key's entry; Answered when it may not be."""
        path, _, query = self.path.partition("?")
        match = _REPOSITORY.fullmatch(unquote(path))
        access = read_json(self.server.state.git_access, {"keys": {}, "repositories": {}})
        kind, _, encoded = self.headers.get("Authorization", "").partition(" ")
        if kind.lower() != "basic":
            raise Answered(401, "authentication is required\n")
        try:
            username, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
        except ValueError:
            raise Answered(401, "authentication is required\n") from None
        signed = match[1] if match else path
        entry = git_password.check(access["keys"], username, password, REGION, self.host, signed, datetime.now(timezone.utc))
        if entry is None:
            raise Answered(403, "the security token or the signature is not valid\n")
        if match is None or match[2] not in access["repositories"].get(entry["account"], ()):
            raise Answered(404, "repository not found\n")
        writing = "git-receive-pack" in (match[3] or "") or "service=git-receive-pack" in query
        if ("GitPush" if writing else "GitPull") not in entry["rights"].get(match[2], ()):
            raise Answered(403, f"{entry['arn']} may not codecommit:{'GitPush' if writing else 'GitPull'}\n")
        return git_repositories.ensure(self.server.state, entry["account"], match[2]), match[3] or "", dict(entry)

    # ---- git http-backend ----

    def _backend(self, body: "Body") -> None:
        repository, below, entry = self._authorise()
        env = git_repositories.environment(self.server.state)
        env.update({
            "GIT_PROJECT_ROOT": str(repository.parent), "GIT_HTTP_EXPORT_ALL": "1", "PATH_INFO": f"/{repository.name}{below}",
            "REQUEST_METHOD": self.command, "QUERY_STRING": self.path.partition("?")[2],
            "CONTENT_TYPE": self.headers.get("Content-Type", ""), "REMOTE_USER": entry["arn"].rpartition("/")[2],
            "REMOTE_ADDR": "127.0.0.1", "GATEWAY_INTERFACE": "CGI/1.1", "SERVER_PROTOCOL": "HTTP/1.1",
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", "")})
        if body.length is not None:
            env["CONTENT_LENGTH"] = str(body.length)
        process = subprocess.Popen(["git", "http-backend"], env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   start_new_session=True)
        assert process.stdin and process.stdout
        timer = threading.Timer(BACKEND_SECONDS, processes.end_tree, (process.pid, 2.0))
        timer.daemon = True
        timer.start()
        feeder = threading.Thread(target=_feed, args=(body, process.stdin), daemon=True)
        feeder.start()
        try:
            self._relay(process.stdout)
        finally:
            process.stdout.close()
            feeder.join(IDLE_SECONDS)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                processes.end_tree(process.pid, 2.0)
                process.wait()
            timer.cancel()
            self.close_connection = self.close_connection or not body.finished

    def _relay(self, output: BinaryIO) -> None:
        status, headers = 200, []
        while line := output.readline(CHUNK).strip():
            name, _, value = line.decode("latin-1").partition(":")
            if name.lower() == "status":
                status = int(value.split()[0])
            else:
                headers.append((name, value.strip()))
        if not headers and status == 200:
            raise Answered(500, "git http-backend did not answer\n")
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        while chunk := output.read1(CHUNK):     # type: ignore[attr-defined]
            self.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
        self.wfile.write(b"0\r\n\r\n")

    def log_message(self, form: str, *args: Any) -> None:
        sys.stderr.write(f"{self.log_date_time_string()} {self.command} {self.path} "
                         f"{args[1] if len(args) > 1 else ''}\n")


class Body:
    """A request's body as it comes: with a length, or in chunks."""

    def __init__(self, source: BinaryIO, chunked: bool, length: int) -> None:
        self._source, self._chunked, self._left = source, chunked, 0 if chunked else length
        self.length = None if chunked else length
        self.finished = not chunked and length == 0

    def read(self) -> bytes:
        if self.finished:
            return b""
        if self._chunked and self._left == 0:
            size = self._source.readline(64).split(b";")[0].strip()
            self._left = int(size, 16)
            if self._left == 0:
                while self._source.readline(CHUNK).strip():
                    continue
                self.finished = True
                return b""
        data = self._source.read1(min(CHUNK, self._left))       # type: ignore[attr-defined]
        if not data:
            raise OSError("the client ended the connection inside a body")
        self._left -= len(data)
        if self._chunked and self._left == 0:
            self._source.readline(8)
        self.finished = not self._chunked and self._left == 0
        return data


def _feed(body: Body, stdin: BinaryIO) -> None:
    try:
        while data := body.read():
            stdin.write(data)
    except (OSError, ValueError):
        pass                    # either side went away; git notices the short body itself
    finally:
        try:
            stdin.close()
        except OSError:
            pass


class GitServer(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64
    allow_reuse_address = True

    def __init__(self, state: State, port: int) -> None:
        self.state = state
        self.tls = ca.context(state)
        super().__init__(("127.0.0.1", port), Proxy)

    def handle_error(self, request: Any, client_address: Any) -> None:
        error = sys.exc_info()[1]
        if not isinstance(error, (OSError, ValueError)):
            super().handle_error(request, client_address)


def _reap_strangers(stop: threading.Event) -> None:
    """Background deliveries that hooks leave behind come to this process when they end: bury them.

    Only what was dead at two looks in a row: a child that a subprocess object waits for is gone by then.
    """
    before: set[int] = set()
    while not stop.wait(2.0):
        dead = _dead_children()
        for pid in dead & before:
            try:
                os.waitpid(pid, os.WNOHANG)
            except ChildProcessError:
                continue
        before = dead


def _dead_children() -> set[int]:
    found = set()
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                fields = Path(f"/proc/{entry}/stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if fields[0] == "Z" and int(fields[1]) == os.getpid():
                found.add(int(entry))
    return found


def main() -> int:
    os.umask(0o077)
    state = State.from_environment()
    held = processes.claim(state.run / "git.pid")
    processes.become_subreaper()
    server = GitServer(state, state.ports()["git"])
    known = read_json(state.git_access, {"repositories": {DEVOPS: [FIRST]}})["repositories"]
    for account, names in known.items():
        for name in names:
            git_repositories.ensure(state, account, name)
    signal.signal(signal.SIGTERM, lambda number, frame: threading.Thread(target=server.shutdown).start())
    stop = threading.Event()
    threading.Thread(target=_reap_strangers, args=(stop,), daemon=True).start()
    server.serve_forever(poll_interval=0.1)
    stop.set()
    processes.end_all(processes.descendants(os.getpid()), 2.0)
    held.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
