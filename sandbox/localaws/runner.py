"""Starts supervised commands for the api: training hosts and builds. None of them outlives it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Callable

_SUPERVISE = (f"import sys; sys.path.insert(0, {str(Path(__file__).resolve().parent.parent)!r}); "
              "from localaws.supervise import main; sys.exit(main())")


class Run:
    """A running command. Lines of its output go to `lines` as they come, in batches."""

    def __init__(self, argv: list[str], env: dict[str, str], cwd: Path, grace: float,
                 lines: Callable[[list[str]], None]) -> None:
        reading, self._lifeline = os.pipe()
        try:
            # -I: the environment is the command's own and says nothing to this Python.
            command = [sys.executable, "-I", "-S", "-B", "-c", _SUPERVISE, str(reading), str(grace), "--", *argv]
            self._process = subprocess.Popen(command, env=env, cwd=cwd, stdin=subprocess.DEVNULL,
                                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, pass_fds=[reading])
        except BaseException:
            os.close(self._lifeline)
            raise
        finally:
            os.close(reading)
        self._lock = threading.Lock()
        self._reader = threading.Thread(target=self._read, args=(lines,), daemon=True)
        self._reader.start()

    def _read(self, lines: Callable[[list[str]], None]) -> None:
        assert self._process.stdout is not None
        descriptor, rest = self._process.stdout.fileno(), b""
        while chunk := os.read(descriptor, 1 << 16):
            *whole, rest = (rest + chunk).split(b"\n")
            lines([line.decode("utf-8", "replace").rstrip("\r") for line in whole])
        if rest:
            lines([rest.decode("utf-8", "replace")])

    def wait(self, seconds: float | None) -> int | None:
        """The exit status, or None if it is still running after that time."""
        try:
            code = self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None
        self._reader.join(10)
        self._close()
        return code

    def stop(self) -> None:
        """Asks for an orderly end: SIGTERM now, SIGKILL after the grace."""
        with self._lock:
            if self._lifeline >= 0:
                try:
                    os.write(self._lifeline, b"s")
                except BrokenPipeError:
                    pass

    def _close(self) -> None:
        with self._lock:
            if self._lifeline >= 0:
                os.close(self._lifeline)
                self._lifeline = -1
