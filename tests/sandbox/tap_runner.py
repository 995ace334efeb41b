"""Runs the unit tests below this folder and reports in TAP, with the time each took."""

from __future__ import annotations

import sys
import time
import unittest
from pathlib import Path


class TapResult(unittest.TestResult):
    def __init__(self) -> None:
        super().__init__()
        self._began, self._told = 0.0, True

    def startTest(self, test: unittest.TestCase) -> None:
        super().startTest(test)
        self._began, self._told = time.monotonic(), False

    def stopTest(self, test: unittest.TestCase) -> None:
        if not self._told:      # unittest says nothing more of a test whose subtest failed
            self._line("not ok", test)
        super().stopTest(test)

    def _line(self, verdict: str, test: unittest.TestCase, more: str = "") -> None:
        self._told = True
        print(f"{verdict} {self.testsRun} - {test.id()} ({time.monotonic() - self._began:.2f} s){more}", flush=True)

    def _bad(self, test: unittest.TestCase, text: str) -> None:
        self._line("not ok", test)
        print("\n".join("# " + line for line in text.splitlines()), flush=True)

    def addSuccess(self, test: unittest.TestCase) -> None:
        self._line("ok", test)

    def addSkip(self, test: unittest.TestCase, reason: str) -> None:
        super().addSkip(test, reason)
        self._line("ok", test, f" # SKIP {reason}")

    def addFailure(self, test: unittest.TestCase, error) -> None:  # type: ignore[no-untyped-def, override]
        super().addFailure(test, error)
        self._bad(test, self.failures[-1][1])

    def addError(self, test: unittest.TestCase, error) -> None:  # type: ignore[no-untyped-def, override]
        super().addError(test, error)
        if not isinstance(test, unittest.TestCase):
            self.testsRun += 1
        self._bad(test, self.errors[-1][1])

    def addSubTest(self, test, subtest, error) -> None:  # type: ignore[no-untyped-def, override]
        if error:
            super().addSubTest(test, subtest, error)
            print("\n".join("# " + line for line in f"{subtest}: {error[1]}".splitlines()), flush=True)


def main() -> int:
    names = [f"test_{name.removeprefix('test_')}.py" for name in sys.argv[1:]] or ["test_*.py"]
    here = str(Path(__file__).parent)
    suite = unittest.TestSuite(unittest.defaultTestLoader.discover(here, pattern=name) for name in names)
    print("TAP version 13")
    result = TapResult()
    suite.run(result)
    print(f"1..{result.testsRun}")
    return 0 if result.wasSuccessful() and result.testsRun else 1


if __name__ == "__main__":
    sys.exit(main())
