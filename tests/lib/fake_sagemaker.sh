# Three accounts on loopback for the build step's tests; sourced after tap.sh.
# See fake_sagemaker.py for what the file $T/aws/plan makes it do.

mkdir -p "$T/aws" "$T/home/.aws"
mkfifo "$T/aws/stdin"
python3 "$SOURCE/tests/lib/fake_sagemaker.py" "$T/aws" <"$T/aws/stdin" &
_fake=$!
exec 9>"$T/aws/stdin"	# while this is open it runs
at_exit 'exec 9>&-; kill "$_fake" 2>/dev/null; wait "$_fake" 2>/dev/null'
until_true 20 test -f "$T/aws/port" || bail "the fake AWS does not start"
PORT=$(cat "$T/aws/port")

AWS_ENDPOINT_URL=http://127.0.0.1:$PORT AWS_PROFILE=mlops-devops
export AWS_ENDPOINT_URL AWS_PROFILE
for _account in devops beta production; do
	printf '[profile mlops-%s]\nregion = us-east-2\n' "$_account" >>"$HOME/.aws/config"
	printf '[mlops-%s]\naws_access_key_id = AKIA%s0000000000\naws_secret_access_key = secret%s\n' \
		"$_account" "$(echo "$_account" | tr a-z A-Z)" "$_account" >>"$HOME/.aws/credentials"
done
chmod 600 "$HOME/.aws/credentials"

# aws_plan JSON: what happens from now on
aws_plan() { printf '%s\n' "$1" >"$T/aws/plan.new" && mv "$T/aws/plan.new" "$T/aws/plan"; }

# aws_calls OPERATION: how often it was called since aws_forget
aws_calls() { grep -c "\"operation\": \"$1\"" "$T/aws/log" || :; }
aws_forget() { : >"$T/aws/log"; }

# json FILE EXPRESSION: of the document d
json() { python3 -c 'import json,sys; d=json.load(open(sys.argv[1])); print(eval(sys.argv[2]))' "$1" "$2"; }
# request OPERATION EXPRESSION: of the body of its last call
request() {
	grep "\"operation\": \"$1\"" "$T/aws/log" | tail -n 1 >"$T/request"
	json "$T/request" "(lambda d: ($2))(d['body'])"
}
