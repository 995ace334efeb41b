"""codetrain-sandbox: up, down, env, status. Standard library only; moto is the daemons' affair."""

from __future__ import annotations

import fcntl
import json
import os
import shlex
import shutil
import signal
import socket
import stat
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator

from . import VERSION, processes
from .state import REGION, State, read_json, write_json, write_private

USAGE = """usage: codetrain sandbox up | down [--purge] | env | status [--json]

A local AWS with three accounts (devops, beta, production), to play and to test.
  up             start it; a second time: only what died. What was made stays
  down           stop it, with its builds and training jobs
  down --purge   and forget everything in it
  env            print what to export: eval "$(codetrain sandbox env)"
  status         what runs, and where

State: $CODETRAIN_SANDBOX, else codetrain/sandbox in $XDG_STATE_HOME or
~/.local/state. Packages of images: $CODETRAIN_SANDBOX_CACHE, else in the state.
Exit: 0 done, 1 not running (status), 2 usage, 7 could not start, 70 a fault
"""
PARTS = ("api", "git")
START_SECONDS = 60
STOP_SECONDS = 15
_KEPT_FOR_PIP = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR",
                 "REQUESTS_CA_BUNDLE", "HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME")


def main(argv: list[str]) -> int:
    verbs = {("up",): up, ("down",): down, ("down", "--purge"): purge, ("env",): env, ("status",): status,
             ("status", "--json"): status_json}
    if argv and argv[-1] in ("--help", "-h", "help"):
        sys.stdout.write(USAGE)
        return 0
    if argv == ["--version"]:
        print(f"codetrain-sandbox {VERSION}")
        return 0
    verb = verbs.get(tuple(argv))
    if verb is None:
        sys.stderr.write(USAGE)
        return 2
    os.umask(0o077)
    try:
        code = verb(State.from_environment())
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)    # nobody reads any more: no traceback for that
        return 70
    return code


@contextmanager
def _locked(state: State) -> Iterator[None]:
    """One `up` or `down` at a time."""
    state.root.mkdir(mode=0o700, parents=True, exist_ok=True)
    with open(state.lock_file, "a") as lock:
        deadline = time.monotonic() + START_SECONDS + STOP_SECONDS
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise SystemExit("codetrain-sandbox: another up or down holds the lock") from None
                time.sleep(0.05)
        yield


# ---- up ----

def up(state: State) -> int:
    with _locked(state):
        state.prepare()
        state.token()
        _remember(state)
        dead = [part for part in PARTS if not processes.running(state.run / f"{part}.pid")]
        _choose_ports(state, dead)
        _install_docker(state)
        started = {part: _start(state, part) for part in dead}
        deadline = time.monotonic() + START_SECONDS
        for part in PARTS:
            if not _answers(state, part, started.get(part), deadline):
                log = state.logs / f"{part}.log"
                print(f"codetrain-sandbox: {part} did not start; the end of {log}:", file=sys.stderr)
                print("\n".join(log.read_text(errors="replace").splitlines()[-12:]), file=sys.stderr)
                for process in started.values():
                    processes.end_tree(process.pid, 2)
                return 7
    _summary(state, dead)
    return 0


def _remember(state: State) -> None:
    """Where codetrain's programs are, and the caller's settings of pip for when an image needs packages."""
    here = Path(os.environ.get("CODETRAIN_SANDBOX_SELF", "."))
    named = [folder for folder in os.environ.get("CODETRAIN_SANDBOX_PROGRAMS", "").split(":") if folder]
    near = [here, here.parent.parent / "bin", here.parent / "build"]     # installed, and in the source tree
    folders = [str(Path(folder).absolute()) for folder in [*named, *map(str, near)]]
    folders += [os.path.dirname(found) for name in ("codetrain", "codetrain-build") if (found := shutil.which(name))]
    write_json(state.installation, {"programs": list(dict.fromkeys(folders)), "python": sys.executable})
    cache, place = os.environ.get("CODETRAIN_SANDBOX_CACHE"), state.images / "venvs"
    if cache and not place.exists():
        (Path(cache) / "venvs").mkdir(mode=0o700, parents=True, exist_ok=True)
        place.unlink(missing_ok=True)
        place.symlink_to(Path(cache).absolute() / "venvs")
    kept = {key: value for key, value in os.environ.items()
            if key.startswith("PIP_") or key.upper() in _KEPT_FOR_PIP}
    write_json(state.pip_env, kept)


def _choose_ports(state: State, dead: list[str]) -> None:
    ports = state.ports()
    for part in dead:
        if not (part in ports and _is_free(ports[part])):
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                ports[part] = probe.getsockname()[1]
    write_json(state.ports_file, ports)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _install_docker(state: State) -> None:
    lib = os.environ.get("PYTHONPATH", "")
    script = (f"#!/bin/sh\nCODETRAIN_SANDBOX={shlex.quote(str(state.root))} "
              f"CODETRAIN_SANDBOX_VENV={shlex.quote(os.environ.get('CODETRAIN_SANDBOX_VENV', ''))} "
              f"exec {shlex.quote(lib + '/docker')} \"$@\"\n")
    write_private(state.bin / "docker", script, 0o700)


def _start(state: State, part: str):  # type: ignore[no-untyped-def]
    module = {"api": "localaws.api", "git": "localaws.git_server"}[part]
    env = {"CODETRAIN_SANDBOX": str(state.root), "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
           "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1", "HOME": str(state.home), "LANG": "C.UTF-8",
           "PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "TZ": "UTC"}
    (state.run / f"{part}.pid").unlink(missing_ok=True)
    return processes.spawn_daemon([sys.executable, "-s", "-m", module], env, state.logs / f"{part}.log")


def _answers(state: State, part: str, process, deadline: float) -> bool:  # type: ignore[no-untyped-def]
    url = f"http://127.0.0.1:{state.ports()[part]}/sandbox/health"
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while time.monotonic() < deadline:
        if process is not None and process.poll() is not None:
            return False
        try:
            with opener.open(url, timeout=2) as answer:
                return json.load(answer).get("state") == str(state.root)
        except (OSError, ValueError):
            time.sleep(0.05)
    return False


def _summary(state: State, started: list[str]) -> None:
    what = "is up" if started else "was up already"
    print(f"codetrain-sandbox: the local AWS {what} ({REGION}; devops, beta, production)")
    print(f"  state  {state.root}")
    print(f"  AWS    {state.api_url()}")
    print(f"  git    https://git-codecommit.{REGION}.amazonaws.com (proxy 127.0.0.1:{state.ports()['git']})")
    print('  use it: eval "$(codetrain sandbox env)"; stop it: codetrain sandbox down')


# ---- down ----

def down(state: State) -> int:
    if not state.root.exists():
        return 0
    with _locked(state):
        _stop(state)
    return 0


def _stop(state: State) -> None:
    for part in ("git", "api"):
        path = state.run / f"{part}.pid"
        pid = processes.running(path)
        if pid:
            below = processes.descendants(pid)
            os.kill(pid, signal.SIGTERM)
            deadline = time.monotonic() + STOP_SECONDS
            while processes.start_time(pid) is not None and time.monotonic() < deadline:
                time.sleep(0.02)
            processes.end_all([pid, *below], 2.0)
        path.unlink(missing_ok=True)
    processes.end_all(processes.marked(str(state.root)), 2.0)


def purge(state: State) -> int:
    if not state.root.exists():
        return 0
    with _locked(state):
        _stop(state)
        venv = Path(os.environ.get("CODETRAIN_SANDBOX_VENV") or state.root / "venv")
        for entry in state.root.iterdir():
            if entry in (venv, venv.with_name(venv.name + ".lock"), state.lock_file):
                continue        # the Python environment is no state: it only costs to make it anew
            if entry.is_dir() and not entry.is_symlink():
                _remove_tree(entry)
            else:
                entry.unlink()
    return 0


def _remove_tree(path: Path) -> None:
    def make_writable(function, name, error):  # type: ignore[no-untyped-def]
        os.chmod(os.path.dirname(name), stat.S_IRWXU)
        function(name)

    shutil.rmtree(path, onerror=make_writable)


# ---- env and status ----

def env(state: State) -> int:
    if not state.ports():
        print("codetrain-sandbox: it was never up: codetrain sandbox up", file=sys.stderr)
        return 2
    site = f"https://git-codecommit.{REGION}.amazonaws.com"
    programs = read_json(state.installation, {}).get("programs", [])
    found = next((os.path.join(folder, "git-credential-codecommit") for folder in programs
                  if os.access(os.path.join(folder, "git-credential-codecommit"), os.X_OK)), "git-credential-codecommit")
    git = [(f"http.{site}/.proxy", f"http://127.0.0.1:{state.ports()['git']}"),
           (f"http.{site}/.sslCAInfo", str(state.ca_bundle)),
           (f"credential.{site}.helper", ""), (f"credential.{site}.helper", found),
           (f"credential.{site}.useHttpPath", "true")]
    exports = {"AWS_ENDPOINT_URL": state.api_url(), "AWS_REGION": REGION, "AWS_CONFIG_FILE": str(state.aws_config),
               "AWS_SHARED_CREDENTIALS_FILE": str(state.aws_credentials), "AWS_PROFILE": "mlops-devops",
               "AWS_EC2_METADATA_DISABLED": "true", "CODETRAIN_SANDBOX": str(state.root),
               "GIT_CONFIG_COUNT": str(len(git))}
    if os.environ.get("GIT_SSL_CAINFO"):
        exports["GIT_SSL_CAINFO"] = str(_with_own_ca(state, Path(os.environ["GIT_SSL_CAINFO"])))
    for index, (key, value) in enumerate(git):
        exports[f"GIT_CONFIG_KEY_{index}"], exports[f"GIT_CONFIG_VALUE_{index}"] = key, value
    for key, value in exports.items():
        print(f"export {key}={shlex.quote(value)}")
    return 0


def _with_own_ca(state: State, theirs: Path) -> Path:
    """The caller's own bundle and ours in one file: git lets GIT_SSL_CAINFO win over its configuration."""
    both = state.ca / "with-yours.pem"
    if theirs != both:
        write_private(both, (theirs.read_bytes() if theirs.is_file() else b"") + b"\n" + state.ca_bundle.read_bytes())
    return both


def _parts(state: State) -> dict[str, dict[str, int | None]]:
    ports = state.ports() if state.root.exists() else {}
    return {part: {"pid": processes.running(state.run / f"{part}.pid"), "port": ports.get(part)} for part in PARTS}


def status(state: State) -> int:
    parts = _parts(state)
    for part, entry in parts.items():
        print(f"{part:4} " + (f"runs (pid {entry['pid']}, 127.0.0.1:{entry['port']})" if entry["pid"] else "is down"))
    print(f"state {state.root}")
    return 0 if all(entry["pid"] for entry in parts.values()) else 1


def status_json(state: State) -> int:
    parts = _parts(state)
    print(json.dumps({"state": str(state.root), "parts": parts}))
    return 0 if all(entry["pid"] for entry in parts.values()) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
