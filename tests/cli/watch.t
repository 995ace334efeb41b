#!/bin/sh
# codetrain watch: states, log lines, the end, signals.
. "$SOURCE/tests/lib/tap.sh"
. "$SOURCE/tests/lib/fake_sagemaker.sh"

cd "$T" || exit 1
image=111111111111.dkr.ecr.us-east-2.amazonaws.com/scikit-learn-iris:abc
job() { # job NAME: there is one in beta
	codetrain-submit --image $image --role arn:aws:iam::222222222222:role/R --secret mlops/beta --job-name "$1" \
		--instance-type ml.c4.2xlarge --output-path s3://bucket/output >/dev/null 2>&1
}
watch() { codetrain-watch --secret mlops/beta "$@"; }

status 2 "no job" codetrain-watch
status 2 "a name that no job has" codetrain-watch a_b
status 1 "a job that is not there" watch nothing
like "$(err)" 'no training job nothing in mlops/beta' "it is told where"

aws_plan '{"polls": 1, "lines": ["a\rb", "\u001b[31mred", "\u009b31mred"]}'
job one
status 0 "a job that completes" watch one
is "$(out)" "a
b of algo-1
?[31mred of algo-1
?31mred of algo-1" "its log lines are on stdout, and steer no terminal"
like "$(err)" '^22:13:20 Starting: Preparing$' "its states are on stderr"
like "$(err)" 'validation:accuracy = 0.97' "its metrics too"
status 0 "without logs" watch one --no-logs
is "$(out)" "" "there are no lines"
status 0 "with --json" watch one --json
is "$(json "$OUT" 'd["job"], d["status"]')" "('one', 'Completed')" "the object is all of stdout"

aws_plan '{"status": "Failed", "reason": "AlgorithmError: no"}'
status 1 "a job that failed" watch one
aws_plan '{"status": "Stopped"}'
status 3 "a job that was stopped" watch one
aws_plan '{"DescribeTrainingJob": ["denied"]}'
status 6 "one that may not be looked at" watch one
aws_plan '{"status": ""}'
status 4 "--timeout" watch one --timeout 1
like "$(err)" 'the job goes on: codetrain watch one' "says how to go on"
aws_plan '{"polls": 1, "lines": ["x"], "DescribeLogStreams": ["denied", "denied", "denied", "denied"]}'
job two
status 0 "a log that may not be read" watch two
is "$(err | grep -c 'the log cannot be read')" 1 "is said once, and the job is waited for"
aws_plan '{"polls": 2, "DescribeTrainingJob": ["", "500", "500", "reset", "500"]}'
job three
status 0 "AWS out of reach for a while" watch three

# ---- credentials that end while it waits ----
aws_forget
aws_plan '{"polls": 2, "DescribeTrainingJob": ["", "refuse:ExpiredTokenException:The security token included in the request is expired"]}'
job five
status 0 "an assumed role that ends" codetrain-watch five --role-arn arn:aws:iam::222222222222:role/x
is "$(aws_calls AssumeRole)" 2 "is assumed again"
aws_plan '{"DescribeTrainingJob": ["refuse:ExpiredTokenException:expired", "refuse:ExpiredTokenException:expired"]}'
status 6 "one that ends at once" codetrain-watch five --role-arn arn:aws:iam::222222222222:role/x

# ---- signals ----
aws_plan '{"status": "", "lines": ["line"]}'
job four
codetrain-watch --secret mlops/beta four >"$OUT" 2>"$ERR" 9>&- &
pid=$!
until_true 10 grep -q line "$OUT"
kill -TERM "$pid"
wait "$pid"
is $? 4 "a signal ends the waiting alone"
is "$(aws_calls StopTrainingJob)" 0 "the job goes on"
codetrain-watch --secret mlops/beta four --stop-on-signal >"$OUT" 2>"$ERR" 9>&- &
pid=$!
until_true 10 grep -q line "$OUT"
kill -TERM "$pid"
wait "$pid"
is $? 3 "with --stop-on-signal the end is Stopped"
is "$(aws_calls StopTrainingJob)" 1 "the job was stopped"
done_testing
