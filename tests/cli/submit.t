#!/bin/sh
# codetrain submit: what is checked before anything is sent, what is sent, once, and what becomes of it.
. "$SOURCE/tests/lib/tap.sh"
. "$SOURCE/tests/lib/fake_sagemaker.sh"

R=111111111111.dkr.ecr.us-east-2.amazonaws.com/scikit-learn-iris
submit() { codetrain-submit "$@"; }
cd "$T" || exit 1
cat >spec.json <<'SPEC'
{
  "AlgorithmSpecification": { "TrainingImage": "${IMAGE}", "TrainingInputMode": "File" },
  "RoleArn": "arn:aws:iam::222222222222:role/SageMakerExecutionRole",
  "OutputDataConfig": { "S3OutputPath": "s3://mlops-beta-222222222222/output/" },
  "ResourceConfig": { "InstanceType": "ml.c4.2xlarge", "InstanceCount": 1, "VolumeSizeInGB": 30 },
  "StoppingCondition": { "MaxRuntimeInSeconds": 3600 }
}
SPEC
IMAGE=$R:abc
export IMAGE
beta="spec.json --secret mlops/beta --base-name iris"

# ---- usage and input: exit 2, nothing sent ----
aws_plan '{}'
aws_forget
status 2 "an unknown option" submit --nope
status 2 "--local is not an option" submit spec.json --local
status 2 "a spec that is missing" submit nothing.json
printf '{"RoleArn": "x",\n "HyperParameters": {"a": 1,}}' >bad.json
status 2 "a spec that is not JSON" submit bad.json
like "$(err)" 'bad\.json:2:[0-9]+: not JSON' "it is told by line and column"
sed 's/"RoleArn"/"RoleArm"/' spec.json >bad.json
status 2 "an unknown member" submit bad.json
like "$(err)" 'bad\.json:3:14: /RoleArm: unknown member.*did you mean "RoleArn"' "it is told with its place and the nearest name"
sed 's/3600/"3600"/; s/c4.2x/c4.9x/' spec.json >bad.json
status 2 "two faults" submit bad.json
like "$(err)" 'bad\.json:5:.*InstanceType' "the first is told"
like "$(err)" 'bad\.json:6:.*MaxRuntimeInSeconds' "and the second"
printf '{"a\\u001b[2J\302\233": 1}' >bad.json
status 2 "control characters in a member's name" submit bad.json
is "$(tr -cd '\033\233' <"$ERR")" "" "they do not reach the terminal"
status 2 "a variable that is not set" env -u IMAGE codetrain-submit spec.json
like "$(err)" 'spec\.json:2:[0-9]+: .*IMAGE is not set' "it is told with its place"
status 2 "a place for --set that is not there" submit spec.json --set 'InputDataConfig[0].ChannelName=x'
status 2 "--set without a value" submit spec.json --set RoleArn
status 2 "--input that is no URI" submit spec.json --input training=/tmp
status 2 "two names at once" submit spec.json --job-name a --base-name b
status 2 "a name that SageMaker does not take" submit spec.json --job-name a_b
status 2 "--timeout without --wait" submit spec.json --timeout 5
status 2 "secret and role at once" submit spec.json --secret a --role-arn b
status 2 "an image in another region" submit spec.json --image 111111111111.dkr.ecr.eu-west-1.amazonaws.com/x:y
like "$(err)" 'eu-west-1' "its region is told"
status 2 "no image at all" submit --role R --instance-type ml.c4.2xlarge --output-path s3://bucket/o
is "$(cat aws/log)" "" "in all that nothing was sent"

# ---- what is sent ----
status 0 "options alone make a request" submit --image $R:abc --role codebuild-scikit-learn-iris --profile mlops-beta \
	--instance-type ml.c4.2xlarge --output-path s3://bucket/output --input s3://bucket/data --dry-run
like "$(err)" "sha256:5{64}" "the image is pinned"
is "$(json "$OUT" 'd["RoleArn"]')" arn:aws:iam::222222222222:role/codebuild-scikit-learn-iris "the role has its ARN"
is "$(aws_calls CreateTrainingJob)" 0 "a dry run creates nothing"
aws_forget
status 1 "a role name that the account does not have" submit spec.json --role Nobody --secret mlops/beta
like "$(err)" "no role Nobody in mlops/beta.*codetrain grant apply" "it is told with the command that mends it"
is "$(aws_calls CreateTrainingJob)" 0 "and nothing was created"
aws_forget
# shellcheck disable=SC2086
status 0 "a job in another account" env CODEBUILD_RESOLVED_SOURCE_VERSION=0123abc \
	CODEBUILD_SOURCE_REPO_URL=https://me:canary-token@git.example/r CODEBUILD_BUILD_ID=p:1 \
	codetrain-submit $beta --hyperparameter a=b --hyperparameter c=1 --set HyperParameters.c=2 \
	--set EnableManagedSpotTraining=false --input train=s3://bucket/t --input test=s3://bucket/u --json
is "$(json "$OUT" 'd["account"], d["status"], d["attached"]')" "('222222222222', 'InProgress', False)" "its account, state"
is "$(json "$OUT" 'd["digest"]')" "sha256:5555555555555555555555555555555555555555555555555555555555555555" "its digest"
like "$(json "$OUT" 'd["job"]')" '^iris-[0-9a-f]{10}$' "its name: base and hash"
is "$(request CreateTrainingJob 'd["AlgorithmSpecification"]["TrainingImage"][-72:-60]')" "@sha256:5555" \
	"the image is sent by its digest"
is "$(request CreateTrainingJob 'd["HyperParameters"]')" "{'a': 'b', 'c': '2'}" "hyperparameters are strings"
is "$(request CreateTrainingJob 'd["EnableManagedSpotTraining"]')" "False" "--set gives a boolean where one is wanted"
is "$(request CreateTrainingJob '[c["ChannelName"] for c in d["InputDataConfig"]]')" "['train', 'test']" "channels"
is "$(request CreateTrainingJob '{t["Key"]: t["Value"] for t in d["Tags"]}["codetrain:commit"]')" 0123abc "the commit is a tag"
is "$(request CreateTrainingJob '{t["Key"]: t["Value"] for t in d["Tags"]}["codetrain:repository"]')" \
	"https://git.example/r" "the repository is, without who read it"
is "$(grep -c canary aws/log)" 0 "no secret is sent"

# ---- the Estimator's defaults ----
aws_forget
status 0 "what Estimator(...).fit(...) sends" submit --image $R:abc --role arn:aws:iam::222222222222:role/R \
	--secret mlops/beta --instance-type ml.c4.2xlarge --output-path s3://bucket/o --input s3://bucket/data
is "$(request CreateTrainingJob '{k: v for k, v in d.items() if k not in ("TrainingJobName", "Tags")}')" \
"{'AlgorithmSpecification': {'TrainingImage': '$R@sha256:5555555555555555555555555555555555555555555555555555555555555555', 'TrainingInputMode': 'File'}, 'RoleArn': 'arn:aws:iam::222222222222:role/R', 'OutputDataConfig': {'S3OutputPath': 's3://bucket/o'}, 'ResourceConfig': {'InstanceType': 'ml.c4.2xlarge', 'InstanceCount': 1, 'VolumeSizeInGB': 30}, 'InputDataConfig': [{'ChannelName': 'training', 'DataSource': {'S3DataSource': {'S3DataType': 'S3Prefix', 'S3Uri': 's3://bucket/data', 'S3DataDistributionType': 'FullyReplicated'}}}], 'StoppingCondition': {'MaxRuntimeInSeconds': 86400}}" \
	"member for member"
like "$(out)" '^scikit-learn-iris-[0-9a-f]{10}$' "the base is the image's name"

# ---- once ----
aws_forget
# shellcheck disable=SC2086
{
status 0 "a first time" submit $beta --hyperparameter once=1 --json
first=$(json "$OUT" 'd["job"]')
status 0 "the same a second time" submit $beta --hyperparameter once=1 --json
is "$(json "$OUT" 'd["job"], d["attached"]')" "('$first', True)" "finds the job of the first"
status 0 "another request" submit $beta --hyperparameter once=2 --json
isnt "$(json "$OUT" 'd["job"]')" "$first" "is another job"
status 0 "another commit" env CODEBUILD_RESOLVED_SOURCE_VERSION=9 codetrain-submit $beta --hyperparameter once=1 --json
isnt "$(json "$OUT" 'd["job"]')" "$first" "is another job"
status 0 "--new" submit $beta --hyperparameter once=1 --new --json
like "$(json "$OUT" 'd["job"]')" "^$first-[0-9a-f]+$" "is another job of the same request"
status 0 "a name of one's own" submit spec.json --secret mlops/beta --job-name mine
status 0 "the same under it" submit spec.json --secret mlops/beta --job-name mine
status 5 "another request under it" submit spec.json --secret mlops/beta --job-name mine --hyperparameter x=1 \
	--instance-count 2
like "$(err)" 'ResourceConfig.InstanceCount: 1 there, 2 here' "the difference is told"
like "$(err)" 'HyperParameters' "all of it"

aws_forget
aws_plan '{"CreateTrainingJob": ["lost"]}'
status 0 "an answer that is lost" submit $beta --hyperparameter lost=1 --json
is "$(aws_calls CreateTrainingJob)" 1 "the job is found, not made again"
aws_forget
aws_plan '{"CreateTrainingJob": ["500", "reset", "throttle", "500"]}'
status 0 "failures before the job is taken" submit $beta --hyperparameter lost=2 --json
is "$(json "$OUT" 'd["attached"]')" "False" "the job is made"
aws_plan '{}'

# ---- how it ends ----
aws_plan '{"polls": 1, "lines": ["one", "two", "three", "four", "five"], "streams": 2}'
status 0 "waiting for Completed" submit $beta --hyperparameter wait=1 --wait --json --report reports/training.xml
is "$(json "$OUT" 'd["status"], d["metrics"]')" "('Completed', {'validation:accuracy': 0.97})" "state and metrics"
like "$(json "$OUT" 'd["artifact"]')" '^s3://mlops-beta-222222222222/output/iris-.*/output/model.tar.gz$' "the artefact"
is "$(err | grep -c ' of algo-')" 10 "every log line of both hosts once"
is "$(err | grep '^algo-2: ' | cut -d' ' -f2 | tr '\n' ' ')" "one two three four five " "in their order"
like "$(err)" 'Training: In progress' "the states"
is "$(python3 -c 'import xml.etree.ElementTree as e; r=e.parse("reports/training.xml").getroot(); print(r.get("tests"), r.get("failures"), r.get("errors"), len(r.findall(".//testcase/*")))')" \
	"1 0 0 1" "the report says passed"

aws_plan '{"status": "Failed", "reason": "AlgorithmError: <boom> & exit 1"}'
status 1 "waiting for Failed" submit $beta --hyperparameter wait=2 --wait --json --report t.xml
is "$(json "$OUT" 'd["failure"]')" "AlgorithmError: <boom> & exit 1" "the reason is in the object"
like "$(err)" 'Failed: AlgorithmError: <boom>' "and in the message"
is "$(python3 -c 'import xml.etree.ElementTree as e; r=e.parse("t.xml").getroot(); print(r.find(".//failure").get("message")[-31:])')" \
	"AlgorithmError: <boom> & exit 1" "and in the report"
status 1 "attaching to one that Failed" submit $beta --hyperparameter wait=2 --json
like "$(err)" 'submit --new' "how to train again is told"
aws_plan '{"status": "Failed", "reason": "ClientError: Data download failed: Access denied (403)"}'
status 1 "a job that may not read its data" submit $beta --hyperparameter wait=3 --wait --input s3://bucket/in
like "$(err)" 'grant that is missing: reading s3://bucket/in for role SageMakerExecutionRole of account 222222222222.*codetrain grant apply' \
	"the missing grant is named"
aws_plan '{"status": "Stopped"}'
status 3 "waiting for Stopped" submit $beta --hyperparameter wait=4 --wait
aws_plan '{"status": "MaxRuntimeExceeded"}'
status 3 "waiting for one that ran too long" submit $beta --hyperparameter wait=5 --wait
like "$(err)" 'MaxRuntimeInSeconds' "that is said"
aws_plan '{"status": ""}'
status 4 "--timeout" submit $beta --hyperparameter wait=6 --wait --timeout 1 --json --report t.xml
like "$(err)" 'the job goes on: codetrain watch iris-' "how to go on is told"
is "$(json "$OUT" 'd["status"]')" "InProgress" "the job is printed all the same"
like "$(cat t.xml)" 'error type="TimedOut"' "the report has it as an error"

# ---- access ----
aws_plan '{"CreateTrainingJob": ["refuse:ValidationException:Could not assume role arn:aws:iam::222222222222:role/SageMakerExecutionRole. Please ensure that the role exists"]}'
status 6 "a role that cannot be assumed" submit $beta --hyperparameter g=1
like "$(err)" 'grant that is missing: role SageMakerExecutionRole of account 222222222222.*codetrain grant apply -f accounts.json' \
	"the missing grant is named"
aws_plan '{"CreateTrainingJob": ["refuse:ValidationException:1 validation error detected"]}'
status 2 "a refusal for another reason" submit $beta --hyperparameter g=2
unlike "$(err)" 'grant' "names no grant"
aws_plan '{"BatchGetImage": ["denied", "denied"]}'
status 0 "a registry that may not be asked" submit $beta --hyperparameter g=3
like "$(err)" 'warning: the image .* stays unpinned' "is a warning"
aws_plan '{}'
aws_forget
status 2 "an image that is not there" submit $beta --image $R:missing
is "$(aws_calls CreateTrainingJob)" 0 "is found before the job is made"
status 2 "a secret without keys" submit spec.json --secret no-keys
unlike "$(err)" 'canary' "what is in it is not shown"
submit spec.json --secret nothing >"$OUT" 2>"$ERR"
[ $? -ne 0 ]
ok "a secret that is not there"
aws_plan '{"CreateTrainingJob": ["denied"]}'
status 6 "access denied" submit $beta --hyperparameter g=4
}

# ---- endpoints that do not answer ----
aws_plan '{"GetSecretValue": ["html", "html", "html", "html", "html"]}'
status 7 "an endpoint that answers HTML" submit spec.json --secret mlops/beta
like "$(err)" 'HTML' "it says so"
status 7 "an endpoint that refuses" env AWS_ENDPOINT_URL=http://127.0.0.1:9 AWS_MAX_ATTEMPTS=1 codetrain-submit spec.json --secret mlops/beta
status 2 "no such profile" submit spec.json --profile nobody
status 2 "no region" env AWS_CONFIG_FILE=/dev/null codetrain-submit spec.json

! grep -rl 'canary/Secret' . --exclude-dir=aws --exclude=.std* >/dev/null 2>&1
ok "the secret is in no file"
done_testing
