"""One training job at work: inputs, the container on every host, logs, metrics, artefact, and the end."""

from __future__ import annotations

import gzip
import json
import os
import re
import shutil
import sys
import tarfile
import threading
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import images, logs, s3_objects
from .accounts import Caller
from .container import Container, argv_and_env
from .errors import AwsError
from .runner import Run
from .store import Entry, Store

if TYPE_CHECKING:
    from .api import Api

GRACE = 30.0              # seconds from SIGTERM to SIGKILL; 120 on SageMaker
GROUP = "/aws/sagemaker/TrainingJobs"
FAILURE_MAX = 1024
HOSTS_AT_ONCE = 16        # of all jobs together; a job of more hosts than that runs alone


class Failed(Exception):
    """The job ends as Failed, with this as its FailureReason."""


class Slots:
    """Room for hosts: a job takes all that it needs at once, so that two jobs never wait for each other."""

    def __init__(self, total: int) -> None:
        self._total = self._free = total
        self._changed = threading.Condition()

    def take(self, count: int) -> int:
        count = min(count, self._total)
        with self._changed:
            self._changed.wait_for(lambda: self._free >= count)
            self._free -= count
        return count

    def give(self, count: int) -> None:
        with self._changed:
            self._free += count
            self._changed.notify_all()


_slots = Slots(HOSTS_AT_ONCE)


class TrainingRun(threading.Thread):
    def __init__(self, api: "Api", jobs: Store, job: Entry, role: Caller, manifest: dict[str, Any]) -> None:
        super().__init__(name=f"training {job['name']}", daemon=True)
        self.api, self.jobs, self.job, self.role, self.manifest = api, jobs, job, role, manifest
        self.folder = api.state.tmp / f"training-{job['account']}-{job['region']}-{job['name']}"
        self._stopping = threading.Event()
        self._runs: list[Run] = []
        self._metrics: dict[str, tuple[float, float]] = {}
        self._patterns = [(d["Name"], _pattern(d["Regex"]))
                          for d in job["AlgorithmSpecification"].get("MetricDefinitions", ())]
        self._lock = threading.Lock()

    def stop(self) -> None:
        self._stopping.set()
        with self._lock:
            for run in self._runs:
                run.stop()

    # ---- the way of a job ----

    def run(self) -> None:
        try:
            self._work()
        except Failed as failure:
            self._end("Failed", "Training job failed", str(failure))
        except Exception:       # a fault of the sandbox must end the job, not leave it hanging
            traceback.print_exc(file=sys.stderr)
            self._end("Failed", "Training job failed",
                      "InternalServerError: We encountered an internal error. Please try again.")
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _work(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        hosts = [f"algo-{index}" for index in range(1, host_count(self.job) + 1)]
        self._step("Downloading", "Downloading input data", TrainingStartTime=time.time())
        for host in hosts:
            self._prepare(host, hosts)
        self._step("Downloading", "Downloading the training image")
        unpacked = [self._unpack(host) for host in hosts]
        self._step("Training", "Training image download completed. Training in progress.")
        codes, timed_out = ([], False) if self._stopping.is_set() else self._train(hosts, unpacked)
        stopped = self._stopping.is_set()
        if not stopped and not timed_out:
            for host, code in zip(hosts, codes):
                if code != 0:
                    self._upload_data(host)
                    raise Failed(f"AlgorithmError: {self._failure_text(host)}, exit code: {code}")
        self._step("Uploading", "Uploading generated training model")
        self._upload_model(hosts[0])
        if timed_out:
            self._end("Stopped", "Training job runtime exceeded MaxRuntimeInSeconds provided", secondary="MaxRuntimeExceeded")
        elif stopped:
            self._end("Stopped", "Training job stopped")
        else:
            self._end("Completed", "Training job completed")

    def _step(self, status: str, message: str, **fields: Any) -> None:
        from .training import transition
        if self._stopping.is_set() and status != "Uploading":
            return
        with self.jobs.lock:
            transition(self.job, status, message)
            self.job.update(fields)
            self.jobs.put(self.job)

    def _end(self, status: str, message: str, reason: str | None = None, secondary: str | None = None) -> None:
        from .training import transition
        job = self.job
        with self.jobs.lock:
            transition(job, secondary or status, message)
            job["TrainingJobStatus"] = status
            job["TrainingEndTime"] = job["LastModifiedTime"]
            if reason:
                job["FailureReason"] = reason[:FAILURE_MAX]
            started = job.get("TrainingStartTime")
            if started:
                seconds = max(1, round(job["TrainingEndTime"] - started))
                job["TrainingTimeInSeconds"], job["BillableTimeInSeconds"] = seconds, seconds * host_count(job)
            with self._lock:
                if self._metrics:
                    job["FinalMetricDataList"] = [{"MetricName": name, "Value": value, "Timestamp": when}
                                                  for name, (value, when) in self._metrics.items()]
            self.jobs.put(job)

    # ---- /opt/ml ----

    def _ml(self, host: str) -> Path:
        return self.folder / host / "ml"

    def _prepare(self, host: str, hosts: list[str]) -> None:
        job, ml = self.job, self._ml(host)
        for part in ("input/config", "input/data", "model", "output/data", "checkpoints", "code"):
            (ml / part).mkdir(parents=True, exist_ok=True)
        channels = {}
        for channel in job.get("InputDataConfig", ()):
            self._channel(ml / "input/data" / channel["ChannelName"], channel, hosts.index(host), len(hosts))
            source = channel.get("DataSource", {}).get("S3DataSource", {})
            channels[channel["ChannelName"]] = {
                "TrainingInputMode": channel.get("InputMode", job["AlgorithmSpecification"]["TrainingInputMode"]),
                "S3DistributionType": source.get("S3DataDistributionType", "FullyReplicated"),
                "RecordWrapperType": channel.get("RecordWrapperType", "None"),
                **({"ContentType": channel["ContentType"]} if "ContentType" in channel else {})}
        config = {"hyperparameters.json": job.get("HyperParameters", {}), "inputdataconfig.json": channels,
                  "resourceconfig.json": {"current_host": host, "hosts": hosts, "network_interface_name": "lo",
                                          "current_instance_type": job["ResourceConfig"].get("InstanceType", "")}}
        for name, value in config.items():
            (ml / "input/config" / name).write_text(json.dumps(value))
        # Each host has a loopback address of its own, so that hosts can listen on the same port.
        (self.folder / host / "hosts").write_text("127.0.0.1 localhost\n" + "".join(
            f"127.0.1.{index} {name}\n" for index, name in enumerate(hosts, 1)))

    def _channel(self, target: Path, channel: dict[str, Any], index: int, count: int) -> None:
        target.mkdir(parents=True, exist_ok=True)
        source = channel.get("DataSource", {}).get("S3DataSource")
        if not source:
            return
        bucket, prefix = s3_objects.split(source["S3Uri"])
        try:
            keys = [key for key in s3_objects.listing(self.role, bucket, prefix) if not key.endswith("/")]
            if source.get("S3DataDistributionType") == "ShardedByS3Key":
                keys = keys[index::count]
            base = prefix if prefix.endswith("/") else prefix.rpartition("/")[0] + "/" if "/" in prefix else ""
            for key in keys:
                relative = key[len(base):] if prefix.endswith("/") or key == prefix else key[len(prefix):].lstrip("/") \
                    if key.startswith(prefix + "/") else key[len(base):]
                place = (target / relative).resolve()
                if target.resolve() not in place.parents:
                    raise Failed(f"ClientError: Data download failed:the key {key} leaves its channel")
                s3_objects.download(self.role, bucket, key, place)
        except AwsError as error:
            raise Failed(f"ClientError: Data download failed:{error.code} ({error.status}): {error.message}") from None

    def _unpack(self, host: str) -> images.Unpacked:
        api = self.api
        try:
            return images.unpack(api.blobs, api.state.venvs(), self.manifest, self.folder / host / "tree")
        except AwsError as error:
            raise Failed(f"ClientError: Failed to pull or extract the image: {error.message}") from None

    # ---- the container ----

    def _train(self, hosts: list[str], unpacked: list[images.Unpacked]) -> tuple[list[int], bool]:
        """Exit codes of all hosts, and whether MaxRuntime ended them."""
        limit = self.job.get("StoppingCondition", {}).get("MaxRuntimeInSeconds", 86400)
        deadline = time.monotonic() + limit
        stamp = int(time.time() * 1000)
        streams = [logs.Stream(self.api.state.cloudwatch, self.job["account"], self.job["region"], GROUP,
                               f"{self.job['name']}/{host}-{stamp}") for host in hosts]
        taken = _slots.take(len(hosts))
        try:
            with self._lock:
                for host, image, stream in zip(hosts, unpacked, streams):
                    self._runs.append(self._start(host, image, stream))
            if self._stopping.is_set():
                self.stop()
            return self._wait(deadline)
        finally:
            _slots.give(taken)
            for stream in streams:
                stream.close()

    def _start(self, host: str, image: images.Unpacked, stream: logs.Stream) -> Run:
        job, folder = self.job, self.folder / host
        algorithm = job["AlgorithmSpecification"]
        command = [*(algorithm.get("ContainerEntrypoint") or image.entrypoint),
                   *(algorithm.get("ContainerArguments") or ["train"])]
        env = {**image.env, **job.get("Environment", {}), "TRAINING_JOB_NAME": job["name"],
               "TRAINING_JOB_ARN": job["TrainingJobArn"], "AWS_REGION": job["region"],
               "AWS_DEFAULT_REGION": job["region"], "PYTHONUNBUFFERED": "1"}
        network = not job.get("EnableNetworkIsolation", False)
        if network:
            env.update(self.api.containers.environment(job["RoleArn"], "SageMaker"))
        box = Container(folder / "tree", self._ml(host), command, env, image.workdir, host, network, image.venv,
                        folder / "hosts")
        argv, clean, note = argv_and_env(box)
        if note:
            stream.write([note])

        def lines(batch: list[str]) -> None:
            stream.write(batch)
            self._measure(batch)

        return Run(argv, clean, folder, GRACE, lines)

    def _wait(self, deadline: float) -> tuple[list[int], bool]:
        timed_out = False
        codes: list[int | None] = [None] * len(self._runs)
        while None in codes:
            codes = [run.wait(0) if code is None else code for run, code in zip(self._runs, codes)]
            if None in codes:
                time.sleep(0.02)
            failed = any(code not in (None, 0) for code in codes)
            late = time.monotonic() >= deadline
            if (failed or late) and None in codes and not timed_out:
                timed_out = late and not failed
                for run in self._runs:      # one host's failure, or the bound, ends the job on all hosts
                    run.stop()
                deadline = float("inf") if not late else deadline
        return [code or 0 for code in codes], timed_out

    def _measure(self, batch: list[str]) -> None:
        with self._lock:
            for line in batch:
                for name, pattern in self._patterns:
                    match = pattern.search(line) if pattern else None
                    if match:
                        try:
                            self._metrics[name] = (float(match.group(1)), time.time())
                        except (ValueError, IndexError):
                            continue

    # ---- what comes out ----

    def _failure_text(self, host: str) -> str:
        try:
            with open(self._ml(host) / "output/failure", encoding="utf-8", errors="replace") as source:
                return source.read(FAILURE_MAX).strip()
        except OSError:
            return ""

    def _upload_model(self, host: str) -> None:
        uri = f"{self.job['OutputDataConfig']['S3OutputPath'].rstrip('/')}/{self.job['name']}/output"
        archive = self.folder / "model.tar.gz"
        _pack(self._ml(host) / "model", archive)
        self._upload(archive, f"{uri}/model.tar.gz")
        with self.jobs.lock:
            self.job["ModelArtifacts"] = {"S3ModelArtifacts": f"{uri}/model.tar.gz"}
        self._upload_data(host)

    def _upload_data(self, host: str) -> None:
        data = self._ml(host) / "output/data"
        if data.is_dir() and any(data.iterdir()):
            archive = self.folder / "output.tar.gz"
            _pack(data, archive)
            uri = f"{self.job['OutputDataConfig']['S3OutputPath'].rstrip('/')}/{self.job['name']}/output/output.tar.gz"
            self._upload(archive, uri)

    def _upload(self, archive: Path, uri: str) -> None:
        bucket, key = s3_objects.split(uri)
        try:
            s3_objects.upload(self.api.journal, self.role, self.job["region"], bucket, key, archive)
        except AwsError as error:
            raise Failed(f"ClientError: Artifact upload failed:{error.code} ({error.status}): {error.message}") from None


def host_count(job: Entry) -> int:
    resources = job["ResourceConfig"]
    groups = resources.get("InstanceGroups")
    return sum(group["InstanceCount"] for group in groups) if groups else int(resources.get("InstanceCount", 1))


def _pattern(text: str) -> re.Pattern[str] | None:
    try:
        return re.compile(text)
    except re.error:
        return None


def _pack(folder: Path, archive: Path) -> None:
    """A .tar.gz that depends on nothing but the files: no names, times or order of this machine."""
    with open(archive, "wb") as raw, gzip.GzipFile("", "wb", 6, raw, mtime=0) as packed, \
            tarfile.open(fileobj=packed, mode="w") as tar:
        for root, folders, files in os.walk(folder):
            folders.sort()
            for name in sorted(files):
                path = Path(root) / name
                info = tar.gettarinfo(str(path), str(path.relative_to(folder)))
                info.uid = info.gid = 0
                info.uname = info.gname = ""
                info.mtime = 0
                if info.isreg():
                    with open(path, "rb") as source:
                        tar.addfile(info, source)
                elif info.issym():
                    tar.addfile(info)
