#!/bin/sh
# codetrain submit among faults, killed at any moment: no job twice, none lost.
. "$SOURCE/tests/lib/tap.sh"
. "$SOURCE/tests/lib/fake_sagemaker.sh"

export AWS_MAX_ATTEMPTS=2
trials=${TRIALS:-12} seed=${SEED:-$$}
status 0 "$trials trials" python3 "$SOURCE/tests/lib/submit_trials.py" "$T/aws" "$trials" "$seed"
out
# The twin: a job that somebody else made of a trial's request is seen as a second one.
python3 - "$T/aws/jobs" <<'PY'
import json, sys
jobs = json.load(open(sys.argv[1]))
json.dump(jobs + [dict(jobs[0], name="again")], open(sys.argv[1], "w"))
PY
status 1 "a second job would be seen" python3 "$SOURCE/tests/lib/submit_trials.py" "$T/aws" "$trials" "$seed" count
like "$(out)" 'trial 0: 2 jobs' "and named"
done_testing
