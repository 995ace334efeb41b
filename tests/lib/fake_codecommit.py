#!/usr/bin/env python3
"""CodeCommit's side of git over HTTPS, for every host: a proxy whose CONNECT ends here.

fake_codecommit.py PORTFILE LOG CERTIFICATE KEY REPOSITORIES

Listens on 127.0.0.1, writes the port to PORTFILE, ends when its standard input ends. Behind CONNECT HOST:PORT it
speaks TLS, checks the password against $FAKE_KEYS ({ACCESS-KEY: {"secret": …, "token": …}}) for the region in
the host's name (or $FAKE_REGION), and serves the bare repositories below REPOSITORIES by git http-backend. LOG
gets a line of JSON for each request: host, path, user (the access key), status.
A repository called "elsewhere" redirects to another host, one called "expired" takes no password for a POST,
and one called "public" needs none.
"""
import base64
import json
import os
import re
import ssl
import subprocess
import sys
import threading
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.environ["SOURCE"], "sandbox"))
from localaws import git_password  # noqa: E402

PORTFILE, LOG, CERTIFICATE, KEY, REPOSITORIES = sys.argv[1:]
KEYS = {name: {"expires": None, "token": None, **entry} for name, entry in json.loads(os.environ["FAKE_KEYS"]).items()}
tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
tls.load_cert_chain(CERTIFICATE, KEY)
lock = threading.Lock()


class Git(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # the second piece of an answer would wait for the client's word
    timeout = 60

    def __init__(self, connection, address, server, host):
        self.host = host
        super().__init__(connection, address, server)

    def do_GET(self):
        body = self.body()
        path, _, query = self.path.partition("?")
        match = re.fullmatch(r"(/v1/repos/([^/]+))(/.*)", path)
        kind, _, encoded = self.headers.get("Authorization", "").partition(" ")
        user, _, password = base64.b64decode(encoded).decode().partition(":") if kind == "Basic" else ("", "", "")
        region = re.search(r"git-codecommit(?:-fips)?\.([a-z0-9-]+)\.", self.host)
        region = region[1] if region else os.environ.get("FAKE_REGION", "")
        now = datetime.now(timezone.utc)
        name = unquote(match[2]) if match else ""
        if name == "public":
            return self.backend(user, f"/{name}{match[3]}", query, body)
        if not user:
            return self.answer(401, "authentication is required\n", "")
        if not match or not git_password.check(KEYS, user, password, region, self.host.partition(":")[0], match[1], now):
            return self.answer(403, "the signature is not valid\n", user)
        if name == "elsewhere":
            return self.answer(301, "", user, f"https://elsewhere.example/v1/repos/other{match[3]}?{query}")
        if name == "expired" and self.command == "POST":
            return self.answer(401, "the password has ended\n", user)
        if not os.path.isdir(os.path.join(REPOSITORIES, name)):
            return self.answer(404, "repository not found\n", user)
        return self.backend(user, f"/{name}{match[3]}", query, body)

    do_POST = do_GET

    def body(self):
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def backend(self, user, path, query, body):
        env = {"PATH": os.environ["PATH"], "GIT_PROJECT_ROOT": REPOSITORIES, "GIT_HTTP_EXPORT_ALL": "1",
               "GIT_CONFIG_NOSYSTEM": "1", "PATH_INFO": path, "QUERY_STRING": query, "REQUEST_METHOD": self.command,
               "CONTENT_TYPE": self.headers.get("Content-Type", ""), "CONTENT_LENGTH": str(len(body)),
               "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""), "REMOTE_USER": user.partition("%")[0],
               "GIT_PROTOCOL": self.headers.get("Git-Protocol", "")}
        done = subprocess.run(["git", "http-backend"], env=env, input=body, stdout=subprocess.PIPE, timeout=60, check=False)
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        headers = [line.partition(": ")[::2] for line in head.decode().split("\r\n")]
        status = next((int(value.split()[0]) for name, value in headers if name == "Status"), 200)
        self.log(user, status)
        self.send_response(status)
        for name, value in headers:
            if name != "Status":
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def answer(self, status, text, user, location=None):
        self.log(user, status)
        self.send_response(status)
        if status == 401:
            self.send_header("WWW-Authenticate", 'Basic realm="AWS CodeCommit"')
        if location:
            self.send_header("Location", location)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log(self, user, status):
        with lock, open(LOG, "a") as log:
            print(json.dumps({"host": self.host, "path": self.path.partition("?")[0], "user": user.partition("%")[0],
                              "token": "%" in user, "status": status}), file=log)

    def log_message(self, form, *args):
        return


class Proxy(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # the second piece of an answer would wait for the client's word
    timeout = 60

    def do_CONNECT(self):
        self.send_response_only(200, "Connection established")
        self.end_headers()
        self.wfile.flush()
        self.close_connection = True
        try:
            with tls.wrap_socket(self.connection, server_side=True) as secure:
                Git(secure, self.client_address, self.server, self.path.removesuffix(":443"))
        except OSError:
            pass

    def log_message(self, form, *args):
        return


server = ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
server.daemon_threads = True
threading.Thread(target=server.serve_forever, daemon=True).start()
with open(PORTFILE + ".new", "w") as file:
    print(server.server_address[1], file=file)
os.rename(PORTFILE + ".new", PORTFILE)
sys.stdin.read()
