#!/bin/sh
# codetrain promote: models of a finished job, in other accounts, once.
. "$SOURCE/tests/lib/tap.sh"
. "$SOURCE/tests/lib/fake_sagemaker.sh"

cd "$T" || exit 1
image=111111111111.dkr.ecr.us-east-2.amazonaws.com/scikit-learn-iris
both="--to mlops-devops --to mlops-production"
promote() { codetrain-promote "$@"; }
aws_plan '{}'
codetrain-submit --image $image:abc --role arn:aws:iam::222222222222:role/R --secret mlops/beta --base-name iris \
	--instance-type ml.c4.2xlarge --output-path s3://bucket/output --wait --json >job.json 2>"$ERR"
ok "there is a finished job"
job=$(json job.json 'd["job"]')
aws_forget

# shellcheck disable=SC2086
{
status 2 "nothing to promote" promote $both
status 2 "nobody to promote to" promote "$job"
status 2 "a copy is not an option" promote "$job" $both --copy-to s3://x/y
status 2 "a job file that is missing" promote --job-file nothing.json $both
echo '{"job": ' >bad.json
status 2 "a job file that is not JSON" promote --job-file bad.json $both
like "$(err)" 'bad\.json:2:1: not JSON' "it is told by line and column"
echo '{"job": "x", "status": "Completed"}' >bad.json
status 2 "a job file without an artefact" promote --job-file bad.json $both
sed 's/Completed/InProgress/' job.json >bad.json
status 1 "a job that is not over" promote --job-file bad.json $both
like "$(err)" 'only a Completed job has a model' "that is said"
status 2 "another job than the file's" promote --job-file job.json other $both
status 2 "a name that no model has" promote --job-file job.json --model-name a_b $both
is "$(cat aws/log)" "" "in all that nothing was sent"

status 0 "models in two accounts" promote --job-file job.json $both --json
is "$(json "$OUT" '[(m["profile"], m["account"], m["model"], m["created"]) for m in d["models"]]')" \
	"[('mlops-devops', '111111111111', '$job', True), ('mlops-production', '333333333333', '$job', True)]" "each in its own"
is "$(grep -c '"account": "222222222222"' aws/log)" 0 "beta is not asked"
is "$(request CreateModel 'd["PrimaryContainer"]["Image"][-72:-60], d["ExecutionRoleArn"]')" \
	"('@sha256:5555', 'arn:aws:iam::333333333333:role/SageMakerExecutionRole')" "pinned, with the account's own role"
is "$(request CreateModel 'd["PrimaryContainer"]["ModelDataUrl"]')" "s3://bucket/output/$job/output/model.tar.gz" "the artefact in place"
aws_forget
status 0 "again" promote --job-file job.json $both --json
is "$(json "$OUT" '[m["created"] for m in d["models"]]')" "[False, False]" "they are there already"
is "$(aws_calls CreateModel)" 0 "nothing was made"
status 0 "by the job's name, asked in beta" promote "$job" --secret mlops/beta --to mlops-devops
like "$(out)" "^arn:aws:sagemaker:us-east-2:111111111111:model/$job$" "the result is the model's ARN"
status 1 "a job that is not there" promote nothing --secret mlops/beta --to mlops-devops
status 5 "another model under the name" promote --job-file job.json --role Other --to mlops-devops
like "$(err)" 'ExecutionRoleArn: .*SageMakerExecutionRole. there, .*Other. here' "the difference is told"
status 0 "under another name" promote --job-file job.json --role Other --to mlops-devops --model-name other

aws_plan '{"CreateModel": ["lost"]}'
status 0 "an answer that is lost" promote --job-file job.json --to mlops-devops --model-name lost --json
is "$(json "$OUT" 'd["models"][0]["model"]')" lost "the model is found"
aws_plan '{"CreateModel": ["refuse:ValidationException:Could not access model data at s3://bucket/x. Please ensure that the role exists and that its trust relationship policy allows the action sts:AssumeRole. Also ensure that the role has s3:GetObject permissions"]}'
status 6 "one of two may not read the artefact" promote --job-file job.json $both --model-name two --json
like "$(err)" 'mlops-devops: .*grant that is missing: reading s3://bucket/.* for role SageMakerExecutionRole of account 111111111111' \
	"its missing grant is named"
is "$(json "$OUT" '[m["profile"] for m in d["models"]]')" "['mlops-production']" "the other is made all the same"
status 2 "a profile that is not there" promote --job-file job.json --to nobody
status 7 "an endpoint that refuses" env AWS_ENDPOINT_URL=http://127.0.0.1:9 AWS_MAX_ATTEMPTS=1 \
	codetrain-promote --job-file job.json --to mlops-devops
}
done_testing
