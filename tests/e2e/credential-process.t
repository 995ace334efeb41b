#!/bin/sh
# codetrain as the credential_process of other tools, and as the one who starts them: the AWS CLI, boto3 and
# Terraform's reading of the format, with each provider behind it; commands with their exit code, signals, environment.
. "$SOURCE/tests/lib/tap.sh"

command -v python3 >/dev/null || skip_all "needs python3"
clients=${VENV:-/nonexistent}/clients/bin
[ -x "$clients/aws" ] || skip_all "no AWS CLI"
look="$clients/python $SOURCE/tests/e2e/credential_process.py"
C=$BUILD/codetrain-credentials

mkfifo "$T/hold"
python3 "$SOURCE/tests/lib/fake_server.py" "$T/port" "$T/log" <"$T/hold" 2>"$T/server.err" &
exec 9>"$T/hold"
until_true 20 test -s "$T/port" || bail "the fake server did not start: $(cat "$T/server.err")"
S=http://127.0.0.1:$(cat "$T/port")

SECRET='static/Secret+0123456789abcdefghijklmnop'
mkdir -p "$HOME/.aws/sso/cache"
cat >"$HOME/.aws/config" <<END
[profile keys]
aws_access_key_id = AKIASTATICSTATIC0001
aws_secret_access_key = $SECRET
aws_account_id = 123456789012
[profile role]
role_arn = arn:aws:iam::222222222222:role/deploy
source_profile = keys
[profile chained]
role_arn = arn:aws:iam::333333333333:role/second
source_profile = role
[profile web]
role_arn = arn:aws:iam::222222222222:role/web
web_identity_token_file = $T/jwt
[profile sso]
sso_start_url = https://corp.awsapps.com/start
sso_region = us-east-2
sso_account_id = 111111111111
sso_role_name = Admin
[profile process]
credential_process = $T/process "two words"
[profile container]
region = us-east-2
[profile instance]
region = us-east-2
[profile aging]
role_arn = arn:aws:iam::222222222222:role/aging
source_profile = keys
endpoint_url = $S/aging600
[profile self]
credential_process = codetrain credentials --profile self
[profile ping]
credential_process = codetrain credentials --profile pong
[profile pong]
credential_process = $C --profile ping
[profile by-the-cli]
credential_process = $T/through
[profile back]
credential_process = codetrain credentials --profile by-the-cli
END
providers="keys role chained web sso process container instance"
for p in $providers self; do
	printf '[profile front-%s]\ncredential_process = codetrain credentials --profile %s\n' "$p" "$p"
	printf '[profile direct-%s]\ncredential_process = %s --profile %s\n' "$p" "$C" "$p"
done >>"$HOME/.aws/config"
cat >>"$HOME/.aws/config" <<END
[profile renewing]
credential_process = codetrain credentials --profile aging
endpoint_url = $S/ok
END
printf webToken >"$T/jwt"
printf '#!/bin/sh\n[ "$1" = "two words" ] && echo "{\\"Version\\":1,\\"AccessKeyId\\":\\"AKIAPROCESSPROCESS01\\",\\"SecretAccessKey\\":\\"%s\\"}"\n' \
	"$SECRET" >"$T/process"
printf '#!/bin/sh\n%s --profile back sts get-caller-identity >&2\nexit 1\n' "$clients/aws" >"$T/through"
chmod +x "$T/process" "$T/through"
chmod 600 "$HOME/.aws/config"
name=$(printf %s https://corp.awsapps.com/start | sha1sum | cut -d' ' -f1)
printf '{"accessToken":"goodBearer","expiresAt":"2099-01-01T00:00:00Z"}' >"$HOME/.aws/sso/cache/$name.json"
chmod 600 "$HOME/.aws/sso/cache/$name.json"
export AWS_ENDPOINT_URL="$S/ok" AWS_DEFAULT_REGION=us-east-2 CODETRAIN_SESSION_CACHE=off

# The environment that a provider needs.
with() { # with PROVIDER COMMAND...
	_p=$1
	shift
	case $_p in
	container) env AWS_CONTAINER_CREDENTIALS_FULL_URI="$S/ok/container" AWS_CONTAINER_AUTHORIZATION_TOKEN="good token" "$@" ;;
	instance) env -u AWS_EC2_METADATA_DISABLED AWS_EC2_METADATA_SERVICE_ENDPOINT="$S/ok" "$@" ;;
	aging) env -u AWS_ENDPOINT_URL "$@" ;;
	*) env "$@" ;;
	esac
}

# What each gives: key, token, account, end.
given() {
	end=2099-01-02T03:04:05Z
	case $1 in
	keys) echo "AKIASTATICSTATIC0001 - 123456789012 - same" ;;
	role) echo "ASIADEPLOY0000000000 fakeSessionToken/deploy== 222222222222 $end same" ;;
	chained) echo "ASIASECOND0000000000 fakeSessionToken/second== 333333333333 $end same" ;;
	web) echo "ASIAWEB0000000000000 fakeSessionToken/web== 222222222222 $end same" ;;
	sso) echo "ASIASSO0000000000000 ssoToken 111111111111 2099-01-02T00:04:05Z same" ;;
	process) echo "AKIAPROCESSPROCESS01 - - - same" ;;
	container) echo "AKIAFAKEFAKEFAKE0001 containerSession - $end same" ;;
	instance) echo "AKIAFAKEFAKEFAKE0001 imdsSession - $end same" ;;
	esac
}

# The key and the token of the last call that asked who it is.
signed() {
	python3 - "$T/log" <<'END'
import json, re, sys
calls = [json.loads(line) for line in open(sys.argv[1])]
h = [c["headers"] for c in calls if "Action=GetCallerIdentity" in c["body"]][-1]
print(re.search("Credential=([^/]+)/", h["authorization"])[1], h.get("x-amz-security-token", "-"))
END
}

for p in $providers; do
	key=$(given "$p" | cut -d' ' -f1,2)
	ways=front
	[ "$p" = role ] && ways="front direct"
	for way in $ways; do
		: >"$T/log"
		status 0 "the AWS CLI with $p, $way" with "$p" "$clients/aws" --profile $way-$p sts get-caller-identity --query Account --output text
		is "$(out)" 111111111111 "gets its answer"
		is "$(signed)" "$key" "by the session that codetrain gave"
	done
	: >"$T/log"
	# shellcheck disable=SC2086
	status 0 "boto3 with $p" with "$p" $look boto front-$p
	is "$(out)" "$(given "$p")" "has its key, token, account and end"
	is "$(signed)" "$key" "and signs with them"
	# shellcheck disable=SC2086
	status 0 "Terraform reads $p" with "$p" $look terraform "$C" --profile "$p"
	case $(given "$p") in
	*2099*) like "$(out)" "Expiration.* SessionToken" "with token and end" ;;
	*) unlike "$(out)" "Expiration|SessionToken" "without token and end" ;;
	esac
done
# shellcheck disable=SC2086
status 0 "boto3 with a session that is about to end" with aging $look boto renewing
like "$(out)" "^ASIA0*2 fakeSessionToken/aging==" "asks for the next at once"

# Twins that must fail.
printf '#!/bin/sh\necho "{\\"Version\\":\\"1\\",\\"AccessKeyId\\":\\"x\\",\\"SecretAccessKey\\":\\"y\\"}"\n' >"$T/text"
chmod +x "$T/text"
# shellcheck disable=SC2086
status 1 "a version that is text is seen" $look terraform "$T/text"
status 6 "no end of keys that nobody has" "$C" --profile container
status 255 "the AWS CLI says why it got none" "$clients/aws" --profile front-container sts get-caller-identity
like "$(err)" "no AWS credentials" "in codetrain's words"

# ---- one that asks for itself ----
for p in self ping by-the-cli; do
	began=$(date +%s)
	status 6 "$p goes round in a circle" env PATH="$BUILD:$PATH" "$C" --profile $p
	like "$(err)" "credential_process runs itself" "and is told so"
	[ $(($(date +%s) - began)) -le 20 ]
	ok "at once"
done
status 255 "for the AWS CLI too" "$clients/aws" --profile front-self sts get-caller-identity
like "$(err)" "credential_process runs itself" "with the reason"

# ---- commands ----
front() { codetrain credentials "$@"; }
status 37 "an exit code" front --profile role -- sh -c 'exit 37'
# shellcheck disable=SC2016
status 143 "a command that ends by a signal" sh -c 'codetrain credentials --profile keys -- sh -c "kill -TERM \$\$"; exit $?'
# The command is the process that was started: what is sent to it arrives.
# shellcheck disable=SC2016
codetrain credentials --profile keys -- sh -c 'trap "echo got it >\"$T/got\"; exit 5" TERM; : >"$T/ready"; while :; do sleep 0.05; done' &
pid=$!
until_true 20 test -e "$T/ready"
kill -TERM $pid
wait $pid
is "$?:$(cat "$T/got")" "5:got it" "a signal reaches the command"
printf 'some input\n' | codetrain credentials --profile keys -- cat >"$OUT"
is "$(out)" "some input" "its input is its own"
grep '^Sig[IB]' /proc/self/status >"$T/signals"
status 0 "signals are" codetrain credentials --profile keys -- grep '^Sig[IB]' /proc/self/status
is "$(out)" "$(cat "$T/signals")" "as they were before"
status 0 "before, open files are" ls /proc/self/fd
cp "$OUT" "$T/open"
status 0 "open files are" codetrain credentials --profile role -- ls /proc/self/fd
is "$(out)" "$(cat "$T/open")" "those that there were"
umask 027
status 0 "the umask is" codetrain credentials --profile keys -- sh -c umask
is "$(out)" "$(umask)" "as it was"

environment() { # environment PROFILE: its AWS_ variables
	env AWS_PROFILE=other AWS_ACCESS_KEY_ID=AKIAOTHER AWS_SECRET_ACCESS_KEY=x AWS_SESSION_TOKEN=old AWS_SECURITY_TOKEN=older \
		AWS_ACCOUNT_ID=999999999999 AWS_ROLE_ARN=arn:aws:iam::1:role/x AWS_MAX_ATTEMPTS=2 KEEP='a b' \
		codetrain credentials --profile "$1" -- env | grep -E '^(AWS_|KEEP)' | grep -v METADATA | sort
}
is "$(environment role)" "AWS_ACCESS_KEY_ID=ASIADEPLOY0000000000
AWS_ACCOUNT_ID=222222222222
AWS_CREDENTIAL_EXPIRATION=2099-01-02T03:04:05Z
AWS_DEFAULT_REGION=us-east-2
AWS_ENDPOINT_URL=$S/ok
AWS_MAX_ATTEMPTS=2
AWS_REGION=us-east-2
AWS_SECRET_ACCESS_KEY=fakeSecret/0123456789+abcdefghijklmnopqr
AWS_SESSION_TOKEN=fakeSessionToken/deploy==
KEEP=a b" "the environment names one identity, and the rest stays"
for p in $providers; do
	: >"$T/log"
	status 0 "the AWS CLI, started with $p" with "$p" codetrain credentials --profile "$p" -- "$clients/aws" sts get-caller-identity
	is "$(signed)" "$(given "$p" | cut -d' ' -f1,2)" "is that identity"
done
is "$(cat "$T/server.err")" "" "the server itself had no fault"
exec 9>&-
done_testing
