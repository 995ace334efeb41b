"""Runs `train` and `serve` as SageMaker would, in a folder of their own.

    python3 -m unittest discover -s tests
"""
import csv
import json
import os
import signal
import subprocess
import sys
import tempfile
import unittest
import urllib.error
import urllib.request
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
DEADLINE = 60  # seconds for any one program


class Case(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        self.channel = self.root / "input/data/training"
        self.channel.mkdir(parents=True)
        (self.root / "input/config").mkdir()

    def start(self, program, **env):
        process = subprocess.Popen(
            [sys.executable, str(PROJECT / program)], text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env={**os.environ, "OPT_ML_DIR": str(self.root), **env})
        self.addCleanup(self.end, process)
        return process

    @staticmethod
    def end(process):
        if process.poll() is None:
            process.kill()
        process.communicate()

    def train(self, data="", hyperparameters=None):
        if data:
            (self.channel / "rows.csv").write_text(data)
        if hyperparameters is not None:
            text = hyperparameters if isinstance(hyperparameters, str) \
                else json.dumps(hyperparameters)
            (self.root / "input/config/hyperparameters.json").write_text(text)
        process = self.start("train")
        out, err = process.communicate(timeout=DEADLINE)
        return process.returncode, out, err

    def iris(self):
        return (PROJECT / "data/iris.csv").read_text()

    def metric(self, out, name):
        values = [line.split("=")[1] for line in out.splitlines()
                  if line.startswith(name + "=")]
        return float(values[-1])


class Train(Case):
    def test_heldout_accuracy(self):
        status, out, err = self.train(self.iris(), {"seed": "1", "max_leaf_nodes": "8"})
        self.assertEqual((status, err), (0, ""))
        self.assertGreater(self.metric(out, "validation:accuracy"), 0.9)
        self.assertFalse((self.root / "output/failure").exists())
        self.assertEqual([], list(self.root.rglob("*.part")))

    def test_saved_tree_scores_what_was_printed(self):
        import joblib
        _, out, _ = self.train(self.iris())
        tree = joblib.load(self.root / "model/model.joblib")
        with open(self.root / "output/data/holdout.csv", newline="") as file:
            rows = list(csv.reader(file))
        guesses = tree.predict([[float(cell) for cell in row[1:]] for row in rows])
        right = sum(guess == row[0] for guess, row in zip(guesses, rows))
        self.assertAlmostEqual(right / len(rows),
                               self.metric(out, "validation:accuracy"), places=4)
        self.assertEqual(len(rows), self.metric(out, "validation:rows"))

    def test_same_input_same_tree(self):
        first = self.train(self.iris())
        self.assertEqual(first, self.train(self.iris()))

    def test_all_files_of_the_channel(self):
        lines = self.iris().splitlines(keepends=True)
        (self.channel / "more").mkdir()
        (self.channel / "more/half.csv").write_text("".join(lines[::2]))
        status, out, _ = self.train("".join(lines[1::2]))
        self.assertEqual(status, 0)
        self.assertEqual(150, self.metric(out, "train:rows")
                         + self.metric(out, "validation:rows"))

    def test_metric_definitions_match_the_log(self):
        import re
        _, out, _ = self.train(self.iris())
        spec = json.loads((PROJECT / "training-job.json").read_text())
        for metric in spec["AlgorithmSpecification"]["MetricDefinitions"]:
            self.assertTrue(re.search(metric["Regex"], out), metric["Name"])

    def test_hyperparameters_of_the_spec_are_taken(self):
        spec = json.loads((PROJECT / "training-job.json").read_text())
        self.assertEqual(0, self.train(self.iris(), spec["HyperParameters"])[0])

    def refused(self, words, data, hyperparameters=None):
        status, _, err = self.train(data, hyperparameters)
        reason = (self.root / "output/failure").read_text()
        self.assertEqual(status, 1)
        self.assertIn(words, reason)
        self.assertNotIn("\n", reason)
        self.assertNotIn("Traceback", err)
        self.assertFalse((self.root / "model/model.joblib").exists())

    def test_bad_hyperparameters(self):
        for words, given in (
                ("max_leaf_nodes", {"max_leaf_nodes": "many"}),
                ("max_leaf_nodes", {"max_leaf_nodes": "1"}),
                ("must be a string", {"max_leaf_nodes": 8}),
                ("holdout", {"holdout": "nan"}),
                ("gini, entropy", {"criterion": "ginny"}),
                ("unknown hyperparameter max_leaves", {"max_leaves": "8"}),
                ("not JSON", "{"),
                ("not a JSON object", "[]")):
            with self.subTest(given):
                self.refused(words, self.iris(), given)

    def test_names_of_sagemaker_itself_are_left_alone(self):
        given = {"sagemaker_region": "us-east-2", "_tuning_objective_metric": "x"}
        self.assertEqual(0, self.train(self.iris(), given)[0])

    def test_bad_data(self):
        for words, data in (
                ("no CSV file", ""),
                ("no rows", "\n\n"),
                ("line 2: 4 columns", "a,1,2,3,4\na,1,2,3\n"),
                ("header row", "species,length\na,1\n"),
                ("missing or infinite", "a,1\nb,nan\n"),
                ("cannot hold out", "a,1\nb,2\n")):
            with self.subTest(words):
                self.refused(words, data)

    def test_sigterm_leaves_no_model(self):
        # The pipe has no writer: train waits in the middle of reading it.
        os.mkfifo(self.channel / "rows.csv")
        process = self.start("train")
        for line in process.stdout:
            if line.startswith("reading"):
                break
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=DEADLINE)
        self.assertEqual(process.returncode, 128 + signal.SIGTERM)
        self.assertIn("stopped by SIGTERM", err)
        self.assertFalse((self.root / "model").exists())
        self.assertFalse((self.root / "output/failure").exists())


class Serve(Case):
    def ask(self, path, body=None, **headers):
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}", data=body,
            headers={k.replace("_", "-"): v for k, v in headers.items()})
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=DEADLINE) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()

    def test_answers(self):
        self.assertEqual(0, self.train(self.iris())[0])
        process = self.start("serve", SAGEMAKER_BIND_TO_PORT="0")
        self.port = int(process.stdout.readline().split()[-1])
        rows = b"5.1,3.5,1.4,0.2\n6.7,3.0,5.2,2.3\n"
        self.assertEqual(self.ask("/ping")[0], 200)
        self.assertEqual(self.ask("/invocations", rows, Content_Type="text/csv"),
                         (200, "setosa\nvirginica\n"))
        status, text = self.ask("/invocations", rows, Accept="application/json",
                                Content_Type="text/csv; charset=utf-8")
        self.assertEqual((status, json.loads(text)),
                         (200, {"predictions": ["setosa", "virginica"]}))
        for status, path, body, headers in (
                (404, "/", None, {}),
                (404, "/elsewhere", rows, {"Content_Type": "text/csv"}),
                (415, "/invocations", rows, {"Content_Type": "image/png"}),
                (406, "/invocations", rows, {"Content_Type": "text/csv",
                                             "Accept": "image/png"}),
                (400, "/invocations", b"1,2,3\n", {"Content_Type": "text/csv"}),
                (400, "/invocations", b"a,b,c,d\n", {"Content_Type": "text/csv"}),
                (400, "/invocations", b"\xff\xfe", {"Content_Type": "text/csv"}),
                (400, "/invocations", b"", {"Content_Type": "text/csv"})):
            with self.subTest(status=status, path=path, body=body):
                self.assertEqual(self.ask(path, body, **headers)[0], status)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=DEADLINE)
        self.assertEqual(process.returncode, 0)

    def test_no_model(self):
        process = self.start("serve", SAGEMAKER_BIND_TO_PORT="0")
        _, err = process.communicate(timeout=DEADLINE)
        self.assertEqual(process.returncode, 1)
        self.assertIn("model.joblib", err)


if __name__ == "__main__":
    unittest.main()
