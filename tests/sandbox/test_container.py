"""Running a command in an image's files: in bubblewrap, and plainly where there is none. Nothing outlives its run."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from unittest import mock

from support import SANDBOX, Case, until
from localaws import container, processes
from localaws.runner import Run

SHOW = 'echo "path=$0 ml=${OPT_ML_DIR:-/opt/ml} mode=$MODE"; cat "${OPT_ML_DIR:-/opt/ml}/in"; pwd; echo out >"${OPT_ML_DIR:-/opt/ml}/out"'


class Container(Case):
    def setUp(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="codetrain-container-"))
        self.addCleanup(shutil.rmtree, self.folder)
        (self.folder / "tree/opt/program").mkdir(parents=True)
        (self.folder / "tree/app").mkdir()
        (self.folder / "ml").mkdir()
        (self.folder / "ml/in").write_text("given\n")
        self.program("train", SHOW)
        self.lines: list[str] = []

    def program(self, name: str, text: str) -> None:
        path = self.folder / "tree/opt/program" / name
        path.write_text("#!/bin/sh\n" + text + "\n")
        path.chmod(0o755)

    def start(self, plainly: bool, grace: float = 5.0, **change: object) -> Run:
        box = container.Container(**{"tree": self.folder / "tree", "ml": self.folder / "ml", "command": ["train"],
                                     "env": {"PATH": "/opt/program:" + container.SYSTEM_PATH, "MODE": "test"},
                                     "workdir": "/opt/program", **change})      # type: ignore[arg-type]
        works = None if plainly else container.bubblewrap()
        with mock.patch.object(container, "bubblewrap", lambda: works):
            argv, env, note = container.argv_and_env(box)
        self.assertEqual(note is not None, plainly)
        return Run(argv, env, self.folder, grace, self.lines.extend)

    def ways(self) -> list[bool]:
        return [True] if container.bubblewrap() is None else [False, True]

    def test_files_and_environment(self) -> None:
        for plainly in self.ways():
            with self.subTest(plainly=plainly):
                self.lines.clear()
                self.assertEqual(self.start(plainly).wait(20), 0)
                root = str(self.folder / "tree") if plainly else ""
                ml = str(self.folder / "ml") if plainly else "/opt/ml"
                self.assertEqual(self.lines, [f"path={root}/opt/program/train ml={ml} mode=test", "given", f"{root}/opt/program"])
                self.assertEqual((self.folder / "ml/out").read_text(), "out\n")
                (self.folder / "ml/out").unlink()

    def test_other_folders(self) -> None:
        if container.bubblewrap() is None or not Path("/usr/src").is_dir():
            self.skipTest("bubblewrap does not work here")
        shutil.rmtree(self.folder / "tree/opt")
        for place in ("app", "usr/src/app", "home/me"):
            target = self.folder / "tree" / place
            target.mkdir(parents=True, exist_ok=True)
            (target / "train").write_text('#!/bin/sh\necho "$0 $(cat /opt/ml/in)"\n')
            (target / "train").chmod(0o755)
            self.lines.clear()
            self.assertEqual(self.start(False, command=[f"/{place}/train"], workdir=f"/{place}").wait(20), 0)
            self.assertEqual(self.lines, [f"/{place}/train given"])

    def test_the_home_is_out_of_sight(self) -> None:
        if container.bubblewrap() is None:
            self.skipTest("bubblewrap does not work here")
        secret = self.folder / "secret"
        secret.write_text("s")
        self.program("train", f'test ! -e {secret} && test ! -e /root/.aws && ! touch /usr/x 2>/dev/null && echo hidden')
        self.assertEqual((self.start(False).wait(20), self.lines), (0, ["hidden"]))

    def test_no_network(self) -> None:
        if container.bubblewrap() is None:
            self.skipTest("bubblewrap does not work here")
        self.program("train", "grep -c : /proc/net/dev")
        self.start(False, network=False).wait(20)
        self.assertEqual(self.lines, ["1"])        # the loopback and nothing else

    def test_exit_codes(self) -> None:
        for plainly in self.ways():
            for text, code in (("exit 7", 7), ("kill -KILL $$", 137), ("exec /nothing", 127)):
                with self.subTest(text, plainly=plainly):
                    self.program("train", text)
                    self.assertEqual(self.start(plainly).wait(20), code)

    def test_stop_is_asked_for_first(self) -> None:
        self.program("train", 'trap "echo asked; exit 3" TERM; echo ready; while :; do sleep 0.05; done')
        for plainly in self.ways():
            with self.subTest(plainly=plainly):
                self.lines.clear()
                run = self.start(plainly, 20)
                until(lambda: "ready" in self.lines)
                run.stop()
                self.assertEqual((run.wait(15), self.lines), (3, ["ready", "asked"]))

    def test_stop_is_not_asked_for_ever(self) -> None:
        self.program("train", 'trap "" TERM; echo ready; while :; do sleep 0.05; done')
        for plainly in self.ways():
            with self.subTest(plainly=plainly):
                self.lines.clear()
                run = self.start(plainly, 0.3)
                until(lambda: "ready" in self.lines)
                began = time.monotonic()
                run.stop()
                self.assertEqual(run.wait(15), 137)
                self.assertGreaterEqual(time.monotonic() - began, 0.3)

    def test_nothing_outlives_its_parent(self) -> None:
        """The process that started it is killed: the command goes, and so does a child that left its session."""
        self.program("train", f'setsid sh -c "echo \\$\\$ >{self.folder}/ml/child; sleep 600" & echo $$ >"$OPT_ML_DIR/pid"; sleep 600')
        script = f'''
import sys; sys.path.insert(0, {str(SANDBOX)!r})
from pathlib import Path
from localaws.runner import Run
folder = Path({str(self.folder)!r})
run = Run([str(folder / "tree/opt/program/train")], {{"PATH": "/usr/bin:/bin", "OPT_ML_DIR": str(folder / "ml")}}, folder, 5, print)
run.wait(60)
'''
        parent = subprocess.Popen([sys.executable, "-c", script])
        files = [self.folder / "ml" / name for name in ("pid", "child")]
        pids = until(lambda: all(f.exists() and f.read_text().strip() for f in files) and [int(f.read_text()) for f in files])
        parent.kill()
        parent.wait(10)
        until(lambda: not any(processes.start_time(pid) for pid in pids))

    def test_leftovers_of_a_command_that_ended(self) -> None:
        self.program("train", f"setsid sleep 600 & echo $! >{self.folder}/ml/left")
        run = self.start(True)
        self.assertEqual(run.wait(20), 0)
        left = int((self.folder / "ml/left").read_text())
        self.assertIsNone(processes.start_time(left))

    def test_places_for_files(self) -> None:
        for path, good in (("/opt/program", True), ("/app", True), ("/usr/src/app", True), ("/home/x", True), ("/usr/bin", False),
                           ("/etc", False), ("/usr/local/bin/train", False), ("/tmp/x", False)):
            self.assertEqual(container.can_hold(path), good, path)
