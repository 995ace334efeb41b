"""One build at work: the commit looked up, our buildspec runner started on it, its log streamed, its phases told."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import threading
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import access, logs, moto_world
from .errors import AwsError
from .runner import Run
from .state import read_json
from .store import Entry, Store

if TYPE_CHECKING:
    from .api import Api

GRACE = 10.0
_ENTERING = re.compile(r"\[Container\] [\d/]+ [\d:.]+ Entering phase ([A-Z_]+)$")
_slots = threading.BoundedSemaphore(4)      # builds at the same time; others stay QUEUED


class Failed(Exception):
    """The build ends with this status, in the phase that it is in."""

    def __init__(self, status: str, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class BuildRun(threading.Thread):
    def __init__(self, api: "Api", builds: Store, build: Entry) -> None:
        super().__init__(name=f"build {build['id']}", daemon=True)
        self.api, self.builds, self.build = api, builds, build
        self.folder = api.state.tmp / ("build-" + build["id"].rpartition(":")[2])
        self._stopping = threading.Event()
        self._run: Run | None = None

    def stop(self) -> None:
        self._stopping.set()
        if self._run:
            self._run.stop()

    def run(self) -> None:
        from .builds import finish
        status, reason = "FAULT", "an internal error of the sandbox; see its api log"
        with _slots:
            try:
                status, reason = self._work()
            except Failed as failure:
                status, reason = failure.status, str(failure)
            except Exception:       # a fault of the sandbox must end the build, not leave it hanging
                traceback.print_exc(file=sys.stderr)
            finally:
                shutil.rmtree(self.folder, ignore_errors=True)
        with self.builds.lock:
            finish(self.build, status, reason)
            self.builds.put(self.build)

    def _phase(self, name: str) -> None:
        from .builds import begin_phase, end_phase
        with self.builds.lock:
            end_phase(self.build, "SUCCEEDED")
            begin_phase(self.build, name)
            self.builds.put(self.build)

    def _work(self) -> tuple[str, str]:
        build = self.build
        self._phase("PROVISIONING")
        group, stream_name = build["logs"]["groupName"], build["logs"]["streamName"]
        stream = logs.Stream(self.api.state.cloudwatch, build["account"], build["region"], group, stream_name)
        try:
            role = access.execution_role(build["serviceRole"], "codebuild.amazonaws.com", "AWSCodeBuild-" + stream_name,
                                         self.api.accounts)
            if role is None:
                raise Failed("FAILED", f"ACCESS_DENIED: Service role {build['serviceRole']} does not allow "
                             "AWS CodeBuild to assume it")
            self._phase("DOWNLOAD_SOURCE")
            repository, commit = self._source()
            with self.builds.lock:
                build["resolvedSourceVersion"] = commit
            self.folder.mkdir(mode=0o700, parents=True)
            return self._build(repository, commit, stream, role)
        finally:
            stream.close()

    def _source(self) -> tuple[Path, str]:
        """The bare repository and the commit that the source version means in it."""
        build = self.build
        name = build["source"].get("location", "").rstrip("/").rpartition("/")[2]
        repository = self.api.state.git / build["account"] / f"{name}.git"
        version = build["sourceVersion"]
        known = name in moto_world.backend("codecommit", build["account"], build["region"]).repositories
        if known and repository.is_dir() and not version.startswith("-"):
            found = subprocess.run(["git", "--git-dir", str(repository), "rev-parse", "--verify", "--quiet",
                                    "--end-of-options", version + "^{commit}"], capture_output=True, text=True, timeout=30,
                                   env={"PATH": "/usr/local/bin:/usr/bin:/bin", "GIT_CONFIG_NOSYSTEM": "1",
                                        "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory",
                                        "GIT_CONFIG_VALUE_0": "*", "HOME": str(self.api.state.home)})
            if found.returncode == 0:
                return repository, found.stdout.strip()
        raise Failed("FAILED", f"CLIENT_ERROR: reference not found for primary source and source version {version}")

    def _build(self, repository: Path, commit: str, stream: logs.Stream, role: Any) -> tuple[str, str]:
        program = find_program(self.api, "codetrain-build")
        if program is None:
            raise Failed("FAULT", "codetrain-build was not found: name its folder in CODETRAIN_SANDBOX_PROGRAMS and "
                         "run `codetrain sandbox up` again")
        minutes = int(self.build["timeoutInMinutes"])
        result = self.folder / "result.json"
        argv = [str(program), "--repo", str(repository), "--commit", commit, "--log", str(self.folder / "log"),
                "--result", str(result), "--timeout", str(minutes)]
        env = self._environment(commit, role)
        override = self.build["source"].get("buildspec")
        if override:
            spec = self._write_spec(override)
            argv += ["-f", spec]
        # what the project and the start say goes before the buildspec; the values stay out of the arguments
        for variable in self.build["environment"].get("environmentVariables", ()):
            argv += ["--env", variable["name"]]
        self._phase("BUILD")
        try:
            self._run = Run(argv, env, self.folder, GRACE, lambda lines: self._lines(lines, stream))
            if self._stopping.is_set():
                self._run.stop()
            code = self._run.wait(minutes * 60 + 60)
            timed_out = code is None
            while code is None:
                self._run.stop()
                code = self._run.wait(GRACE + 5)
        finally:
            self.api.containers.forget(env)
        return self._conclude(result, code, timed_out)

    def _lines(self, lines: list[str], stream: logs.Stream) -> None:
        """Into the log; and the runner's own words say which phase it is in."""
        stream.write(lines)
        for line in lines:
            entered = _ENTERING.match(line)
            if entered:
                with self.builds.lock:
                    self.build["currentPhase"] = entered[1]

    def _write_spec(self, override: str) -> str:
        if "\n" not in override and ":" not in override:
            return override         # a path in the repository
        path = self.folder / "buildspec-override.yml"
        path.write_text(override)
        return str(path)

    def _conclude(self, result: Path, code: int, timed_out: bool) -> tuple[str, str]:
        told = read_json(result, {}) if result.exists() else {}
        with self.builds.lock:
            if told.get("phases"):
                self._phases(told["phases"])
            self.build["exportedEnvironmentVariables"] = [
                {"name": name, "value": str(value)} for name, value in (told.get("exported") or {}).items()]
        if self._stopping.is_set():
            return "STOPPED", "the build was stopped"
        if timed_out:
            return "TIMED_OUT", "the build ran longer than its time-out"
        status = told.get("status") or ("SUCCEEDED" if code == 0 else "FAILED")
        if status == "SUCCEEDED" and code != 0:
            status = "FAILED"
        words = {2: "YAML_FILE_ERROR: the buildspec is not valid, see the log"}.get(code, f"the build ended with exit status {code}")
        return status, "" if status == "SUCCEEDED" else words

    def _phases(self, told: list[dict[str, Any]]) -> None:
        """The runner's own phases in place of the one that stood for all of them."""
        stood = self.build["phases"].pop()
        start = stood["startTime"]
        for phase in told:
            seconds = float(phase.get("seconds") or 0)
            name = str(phase.get("name", "BUILD")).upper()
            entry = {"phaseType": name, "phaseStatus": phase.get("status", "SUCCEEDED"), "startTime": start,
                     "endTime": start + seconds, "durationInSeconds": int(seconds)}
            if phase.get("command"):
                message = f"Error while executing command: {phase['command']}. Reason: exit status {phase.get('exit_code')}"
                entry["contexts"] = [{"statusCode": "COMMAND_EXECUTION_ERROR", "message": message}]
            start += seconds
            self.build["phases"].append(entry)

    def _environment(self, commit: str, role: Any) -> dict[str, str]:
        """What a build sees: CodeBuild's variables, the project's and the caller's, the role; nothing of the user's."""
        build, state = self.build, self.api.state
        home = self.folder / "home"
        home.mkdir()
        env = {variable["name"]: self._value(variable, role)
               for variable in build["environment"].get("environmentVariables", ())}
        env.update({
            "CODETRAIN_BUILD_SLOTS": "0", "HOME": str(home), "TMPDIR": str(self.folder), "LANG": "C.UTF-8",
            "PATH": ":".join([str(state.bin), *program_folders(self.api), "/usr/local/bin:/usr/bin:/bin"]),
            "CODEBUILD_BUILD_ID": build["id"], "CODEBUILD_BUILD_ARN": build["arn"], "CODEBUILD_CI": "true",
            "CODEBUILD_BUILD_NUMBER": str(build["buildNumber"]), "CODEBUILD_INITIATOR": build["initiator"],
            "CODEBUILD_BUILD_IMAGE": build["environment"].get("image", ""),
            "CODEBUILD_RESOLVED_SOURCE_VERSION": commit, "CODEBUILD_SOURCE_VERSION": build["sourceVersion"],
            "CODEBUILD_SOURCE_REPO_URL": build["source"].get("location", ""),
            "CODEBUILD_START_TIME": str(int(build["startTime"] * 1000)), "CODEBUILD_LOG_PATH": build["logs"]["streamName"],
            "CODEBUILD_KMS_KEY_ID": build["encryptionKey"], "AWS_REGION": build["region"],
            "AWS_DEFAULT_REGION": build["region"]})
        env.update(self.api.containers.environment(build["serviceRole"], "AWSCodeBuild-" + build["logs"]["streamName"]))
        return env

    def _value(self, variable: dict[str, str], role: Any) -> str:
        kind, value, build = variable.get("type", "PLAINTEXT"), variable["value"], self.build
        if kind == "PLAINTEXT":
            return value
        try:
            if kind == "SECRETS_MANAGER":
                return _secret(role, build, value)
            return _parameter(role, build, value)
        except (AwsError, KeyError, ValueError) as error:
            raise Failed("FAILED", f"CLIENT_ERROR: {kind} {value}: {error}") from None


def _secret(role: Any, build: Entry, reference: str) -> str:
    name, _, key = reference.partition(":")
    backend = moto_world.backend("secretsmanager", build["account"], build["region"])
    with moto_world.lock:
        secret = next(s for s in backend.secrets.values() if name in (s.name, s.arn))
        if not access.allowed(role, "secretsmanager:GetSecretValue", secret.arn):
            raise AwsError("AccessDeniedException", "the build role may not read it")
        text = backend.get_secret_value(name, "", "")["SecretString"]
    return str(json.loads(text)[key.split(":")[0]]) if key else text


def _parameter(role: Any, build: Entry, name: str) -> str:
    arn = f"arn:aws:ssm:{build['region']}:{build['account']}:parameter/{name.lstrip('/')}"
    if not access.allowed(role, "ssm:GetParameters", arn):
        raise AwsError("AccessDeniedException", "the build role may not read it")
    with moto_world.lock:
        return moto_world.backend("ssm", build["account"], build["region"]).get_parameter(name).value


def program_folders(api: "Api") -> list[str]:
    """Where codetrain's programs are, as `up` found them."""
    return [folder for folder in read_json(api.state.installation, {}).get("programs", []) if os.path.isdir(folder)]


def find_program(api: "Api", name: str) -> Path | None:
    for folder in program_folders(api):
        path = Path(folder) / name
        if os.access(path, os.X_OK):
            return path
    return None
