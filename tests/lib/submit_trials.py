#!/usr/bin/env python3
"""submit_trials.py FOLDER TRIALS SEED [count]: codetrain submit among faults, killed at any moment and run again.

Every trial is one request. AWS throttles, fails, resets and loses answers as the seed has it; the
program is killed after a random time, up to twice, and then run until it ends by itself. In the end
there must be exactly one job for each request, known to its last run. With "count" only that is looked at.
"""
import json
import os
import random
import subprocess
import sys

folder, trials, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
chance = random.Random(seed)
FAULTS = ["", "throttle", "500", "reset", "lost"]
IMAGE = "111111111111.dkr.ecr.us-east-2.amazonaws.com/scikit-learn-iris:abc"
problems, killed = [], 0


def plan(trial):
    """The last fault of each list makes the plan of each trial its own: the server counts by plan."""
    faults = {operation: chance.choices(FAULTS, weights=[4, 1, 1, 1, 2], k=3) + ["" for _ in range(trial)]
              for operation in ("CreateTrainingJob", "DescribeTrainingJob", "BatchGetImage", "GetSecretValue")}
    with open(os.path.join(folder, "plan.new"), "w", encoding="utf-8") as f:
        json.dump(faults, f)
    os.rename(os.path.join(folder, "plan.new"), os.path.join(folder, "plan"))


def submit(trial, kill_after):
    argv = ["codetrain-submit", "--image", IMAGE, "--role", "arn:aws:iam::222222222222:role/R", "--secret", "mlops/beta",
            "--instance-type", "ml.c4.2xlarge", "--output-path", "s3://bucket/o", "--hyperparameter", f"trial={trial}",
            "--base-name", "trial", "--json"]
    run = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        out, err = run.communicate(timeout=kill_after)
    except subprocess.TimeoutExpired:
        run.kill()
        run.communicate()
        return None, ""
    return run.returncode, out or err


for n in range(trials) if sys.argv[4:] != ["count"] else ():
    plan(n)
    code, answer = None, ""
    for attempt in range(8):
        code, answer = submit(n, chance.uniform(0.005, 0.12) if attempt < 2 else 60)
        killed += code is None
        if code == 0:
            break
        if code not in (None, 7):
            problems.append(f"trial {n}: exit {code}: {answer.strip()}")
    if code == 0:
        answer = json.loads(answer)["job"]
    else:
        problems.append(f"trial {n}: never ended well, the last exit was {code}: {answer.strip()}")

# what the server took, by request
with open(os.path.join(folder, "jobs"), encoding="utf-8") as f:
    jobs = json.load(f)
by_trial = {}
for job in jobs:
    by_trial.setdefault(job["trial"], []).append(job["name"])
for n in range(trials):
    if len(by_trial.get(str(n), [])) != 1:
        problems.append(f"trial {n}: {len(by_trial.get(str(n), []))} jobs")
print(f"# {trials} trials with seed {seed}: {len(jobs)} jobs, {killed} runs killed")
for problem in problems:
    print("# " + problem)
sys.exit(bool(problems))
