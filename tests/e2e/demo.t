#!/bin/sh
# make demo, as a newcomer runs it, and then other clients look at what it left.
. "$SOURCE/tests/lib/tap.sh"
. "$SOURCE/tests/lib/story.sh"

D=$BUILD/demo
at_exit 'CODETRAIN_SANDBOX=$D/sandbox CODETRAIN_SANDBOX_VENV=$VENV codetrain sandbox down --purge >/dev/null 2>&1'
DEMO_KEEP=1 TERM=dumb "$SOURCE/tools/demo.sh" "$BUILD" "$VENV" >"$OUT" 2>"$ERR" </dev/null
is $? 0 'the demo exits 0' || { _show <"$OUT"; tail -n 40 "$OUT" | _show; _show <"$ERR"; done_testing; }
demo=$(out)

like "$demo" 'refused' 'the push with a key is refused'
like "$demo" 'settings\.ini:[12]' 'the refusal names file and line'
like "$demo" 'Settings for my laptop|commit [0-9a-f]{7,}' 'the refusal names the commit'
like "$demo" 'git rebase|git commit --amend' 'the refusal names the mending command'
lacks "$demo" 'q8Zr4nVx/T2bLk7' 'the refusal does not show the secret'
like "$demo" 'Nothing reached the server' 'nothing reached the server'
like "$demo" '^   commit +[0-9a-f]{40}$' 'the summary names the commit'
like "$demo" '^   build +scikit-learn-iris:.* SUCCEEDED' 'and the build'
like "$demo" '@sha256:[0-9a-f]{64}' 'and the digest of the image'
like "$demo" '^   training job .* Completed' 'and the training job with its state'
like "$demo" 'validation:accuracy = 0\.9|validation:accuracy = 1' 'and its metrics'
like "$demo" 'in 111111111111 \(devops\)' 'and the model in devops'
like "$demo" 'in 333333333333 \(production\)' 'and the model in production'
accuracy=$(printf '%s\n' "$demo" | sed -n 's/.*classifies .* held-out irises.* \(0\.[0-9]*\|1\.0*\).*/\1/p')
ok "the artefact is a tree that classifies held-out irises better than 0.9 ($accuracy)" \
	awk "BEGIN { exit !(${accuracy:-0} > 0.9) }"

# -- other clients
. "$D/env"
CODETRAIN_SANDBOX=$D/sandbox
job=$(as mlops-beta sagemaker list-training-jobs --query 'TrainingJobSummaries[0].TrainingJobName')
like "$job" '^scikit-learn-iris-' 'the AWS CLI sees the job in beta'
is "$(as mlops-devops sagemaker list-training-jobs --query 'TrainingJobSummaries')" '' 'and not in devops'
is "$(as mlops-production sagemaker list-training-jobs --query 'TrainingJobSummaries')" '' 'nor in production'
like "$(as mlops-devops sagemaker list-models --query 'Models[].ModelArn')" ':111111111111:model/' 'the model in devops'
like "$(as mlops-production sagemaker list-models --query 'Models[].ModelArn')" ':333333333333:model/' 'the model in production'
is "$(as mlops-beta sagemaker list-models --query 'Models')" '' 'no model in beta'
run "$VENV/clients/bin/python" - "$job" <<'PY'
import sys, boto3
s = boto3.Session(profile_name="mlops-beta")
job = s.client("sagemaker").describe_training_job(TrainingJobName=sys.argv[1])
print(job["TrainingJobStatus"], [t["Status"] for t in job["SecondaryStatusTransitions"]])
logs = s.client("logs")
streams = logs.describe_log_streams(logGroupName="/aws/sagemaker/TrainingJobs", logStreamNamePrefix=sys.argv[1] + "/")
for stream in streams["logStreams"]:
    events = logs.get_log_events(logGroupName="/aws/sagemaker/TrainingJobs", logStreamName=stream["logStreamName"])
    print(*(e["message"] for e in events["events"]), sep="\n")
PY
like "$(out)" "Completed \\['Starting', ('Downloading', )+'Training', 'Uploading', 'Completed'\\]" 'boto3 sees the states of SageMaker'
like "$(out)" 'validation:accuracy=' 'and the logs in CloudWatch Logs'

# -- stock git
cd "$T" || exit 1
run git clone -q "$url" again
is "$rc" 0 'git clone works' || _show <"$ERR"
cd again || exit 1
run git fetch
is "$rc" 0 'git fetch works'
is "$(git log --format=%s -1)" 'A decision tree on the irises' 'and it is the commit of the story'
cat >"$T/wrong" <<'END'
[mlops-devops]
aws_access_key_id = AKIAWRONGWRONGWRONGW
aws_secret_access_key = wrongwrongwrongwrongwrongwrongwrongwrong
END
run env AWS_SHARED_CREDENTIALS_FILE="$T/wrong" git fetch
isnt "$rc" 0 'a wrong key does not fetch'
like "$(err)" '403' "a wrong key gets git's own 403"

# -- nothing that was secret lies about
secret=$(sed -n '/mlops-devops/,/secret/s/aws_secret_access_key *= *//p' "$D/sandbox/aws/credentials")
[ ${#secret} -ge 20 ]
ok 'the developer has a secret key'
lacks "$demo" "$secret" 'it is not in the output'
done_testing
