#!/bin/sh
# Each granted statement, taken away: the story fails where it needs it, the plan
# names it, apply mends it.
. "$SOURCE/tests/lib/tap.sh"
. "$SOURCE/tests/lib/story.sh"

sandbox_up
sandbox_enter
status 0 'the grants' grant || bail 'no grants'
mkdir "$T/work" && cd "$T/work" || exit 1
cp "$SOURCE/examples/scikit-learn-iris/training-job.json" .
COMMIT=0 TRAINING_IMAGE=none
export COMMIT TRAINING_IMAGE

# an image that trains at once
cat >train <<'PY'
#!/usr/bin/env python3
import os
open(os.environ.get("OPT_ML_DIR", "/opt/ml") + "/model/model.txt", "w").write("a model")
PY
chmod +x train
printf '%s\n' 'FROM public.ecr.aws/docker/library/python:3.13-slim' 'ENV PATH="/opt/program:${PATH}"' \
	'COPY train /opt/program/' 'WORKDIR /opt/program' >Dockerfile
PATH=$SOURCE/sandbox:$PATH DOCKER_CONFIG=$T/docker
export DOCKER_CONFIG
registry=111111111111.dkr.ecr.us-east-2.amazonaws.com
"$VENV/bin/python" -c 'import base64, botocore.session
answer = botocore.session.Session(profile="mlops-devops").create_client("ecr").get_authorization_token()
print(base64.b64decode(answer["authorizationData"][0]["authorizationToken"]).decode().partition(":")[2])' |
	docker login --username AWS --password-stdin $registry >"$OUT" 2>&1 &&
	docker build -q -t quick . >"$OUT" 2>&1 && docker tag quick $registry/scikit-learn-iris:quick >"$OUT" 2>&1 &&
	docker push $registry/scikit-learn-iris:quick >"$OUT" 2>&1
ok 'there is an image' || { out; bail 'no image'; }

"$VENV/bin/python" "$SOURCE/tests/e2e/statements.py" $registry/scikit-learn-iris:quick \
	"$SOURCE/examples/scikit-learn-iris/accounts.json" >"$T/tap" 2>"$ERR"
rc=$?
while IFS= read -r line; do
	case $line in
	'ok '*) ok "${line#ok * - }" true ;;
	'not ok '*) ok "${line#not ok * - }" false ;;
	'#'*) echo "$line" | cut -c1-500 ;;
	esac
done <"$T/tap"
is $rc 0 'every statement was needed' || _show <"$ERR"
like "$(cat "$T/tap")" '^1\.\.[1-9]' 'and all were tried'
done_testing
