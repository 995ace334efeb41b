#!/bin/sh
# codetrain grant: what is planned, made, and left alone.
. "$SOURCE/tests/lib/tap.sh"
. "$SOURCE/tests/lib/fake_sagemaker.sh"

cd "$T" || exit 1
cp "$SOURCE/examples/scikit-learn-iris/accounts.json" accounts.json || exit 1
grant() { codetrain-grant "$@"; }

# ---- the file ----
status 2 "no verb" grant
status 2 "a verb of another time" grant check
status 2 "a file that is missing" grant plan -f nothing.json
printf '{\n "region": }' >bad.json
status 2 "a file that is not JSON" grant plan -f bad.json
like "$(err)" 'bad\.json:2:12: not JSON' "told by line and column"
bad() { # bad SED PATTERN NAME
	sed "$1" accounts.json >bad.json
	status 2 "$3" grant plan -f bad.json
	like "$(err)" "$2" "$3: the place is told"
}
bad 's/"repository"/"repositry"/' 'bad\.json:3:[0-9]+: unknown member repositry; did you mean "repository"' "an unknown member"
bad 's/111111111111/11111/' 'bad\.json:10:[0-9]+: id must be the 12 digits' "an id that is none"
bad 's/333333333333/222222222222/' 'has the same id as beta' "an id twice"
bad 's/"beta": {/"gamma": {/' 'no account "beta"' "nobody who trains"
bad 's/"output\/"/"output\/*"/' 'bad\.json:6:[0-9]+: output must be' "a prefix with a wildcard"
bad 's/"region": "us-east-2"/"region": 2/' 'bad\.json:2:[0-9]+: region must be' "a region that is a number"
bad '/"group"/d' 'a "user" needs a "group"' "a user without a group"
touch aws/log
is "$(cat aws/log)" "" "in all that nothing was sent"
sed 's/mlops-beta"/mlops-production"/' accounts.json >bad.json
status 2 "a profile of another account" grant plan -f bad.json
like "$(err)" 'mlops-production is in account 333333333333, but beta is 222222222222' "both accounts are told"

# ---- plan and apply ----
status 0 "a plan" grant plan
is "$(out | grep -c '^  +')" 45 "everything is to be made"
is "$(out | awk 'length($0) > 80' | wc -l)" 0 "no line is longer than 80 columns"
is "$(grep -cE '"operation": "(Put|Create|Set|Update|Add)' aws/log)" 0 "a plan changes nothing"
status 0 "a plan as JSON" grant plan --json
is "$(json "$OUT" 'd["changes"], len(d["documents"])')" "(45, 15)" "the same"

python3 - <<'PY' >foreign.json
import json
print(json.dumps({"Version": "2008-10-17", "Id": "theirs", "Statement": {"Sid": "CodetrainOther", "Effect": "Deny",
      "Principal": "*", "Action": ["ecr:*"], "Condition": {"Bool": {"aws:SecureTransport": ["false"]}}}}))
PY
# somebody's own statement is there before us
python3 - "$PORT" <<'PY'
import http.client, json, sys
c = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]))
c.request("POST", "/", json.dumps({"repositoryName": "scikit-learn-iris", "policyText": open("foreign.json").read()}),
          {"X-Amz-Target": "x.SetRepositoryPolicy", "Authorization": "Credential=AKIADEVOPS0000/"})
c.getresponse().read()
PY
aws_plan '{"PutRolePolicy": ["", "denied"]}'
status 6 "a failure in the middle" grant apply
like "$(err)" 'beta: iam policy of role SageMakerExecutionRole: ' "what failed is told"
aws_forget
aws_plan '{}'
status 0 "the next apply goes on" grant apply
is "$(aws_calls CreateRole)" 1 "and makes what was left: the release role alone, of all roles"
is "$(request SetRepositoryPolicy 'json.loads(d["policyText"])["Statement"][0]["Condition"]')" \
	"{'Bool': {'aws:SecureTransport': ['false']}}" "a statement of somebody else stays"
is "$(request SetRepositoryPolicy '[s["Sid"] for s in json.loads(d["policyText"])["Statement"]]')" \
	"['CodetrainOther', 'CodetrainPull111111111111', 'CodetrainPull222222222222', 'CodetrainPull333333333333']" "ours stand behind it"
is "$(request SetRepositoryPolicy 'json.loads(d["policyText"])["Version"], json.loads(d["policyText"])["Id"]')" \
	"('2008-10-17', 'theirs')" "the rest of the document stays too"
is "$(grep -c CreateAccessKey aws/log)" 0 "no access key is made"
aws_forget
status 0 "apply again" grant apply
is "$(out)" "nothing to change: every grant is there" "has nothing to do"
is "$(grep -cE '"operation": "(Put|Create|Set|Update|Add)' aws/log)" 0 "and changes nothing"
status 0 "a plan now" grant plan
is "$(out | grep -c '^  =')" 45 "shows all as there"
like "$(out)" 'and 1 statement of others, which stays' "and the other's"

# a role that was made a moment ago is not known everywhere at once
sed 's/"SageMakerExecutionRole"/"Other"/' accounts.json >other.json
aws_forget
aws_plan '{"SetRepositoryPolicy": ["refuse:InvalidParameterException:Invalid repository policy provided"]}'
status 0 "a principal that is not known yet" grant apply -f other.json
is "$(aws_calls SetRepositoryPolicy)" 2 "is tried again"
aws_plan '{"SetRepositoryPolicy": ["", "refuse:InvalidParameterException:Invalid repository policy provided"]}'
status 0 "back again" grant apply
aws_plan '{"SetRepositoryPolicy": ["refuse:InvalidParameterException:Invalid repository policy provided, again"]}'
status 2 "without a new role it is a refusal" grant apply -f other.json
aws_plan '{}'
status 0 "and the documents are put right again" grant apply

sed 's/"output\/"/"results\/"/' accounts.json >other.json
status 0 "another prefix" grant plan -f other.json
is "$(out | grep -c '^  ~')" 9 "changes the statements that name it"
is "$(out | grep -c '^  +')" 0 "and adds none"
sed 's/"scikit-learn-iris"/"nothing"/' accounts.json >other.json
status 1 "a repository that is not there" grant apply -f other.json
like "$(err)" 'aws ecr create-repository --repository-name nothing' "is told with the command that mends it"
status 7 "an endpoint that refuses" env AWS_ENDPOINT_URL=http://127.0.0.1:9 AWS_MAX_ATTEMPTS=1 codetrain-grant plan
done_testing
