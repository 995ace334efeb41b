#!/bin/sh
# codetrain-credentials: formats, commands, every provider against a server that
# behaves and misbehaves. Each fault: no hang, the right exit code, one clear line.
. "$SOURCE/tests/lib/tap.sh"

command -v python3 >/dev/null || skip_all "needs python3"
C=$BUILD/codetrain-credentials

# ---- the server ends when its standard input does ----
mkfifo "$T/hold"
python3 "$SOURCE/tests/lib/fake_server.py" "$T/port" "$T/log" <"$T/hold" 2>"$T/server.err" &
exec 9>"$T/hold"
until_true 20 test -s "$T/port" || bail "the fake server did not start: $(cat "$T/server.err")"
PORT=$(cat "$T/port")
S=http://127.0.0.1:$PORT

SECRET=canarySecret/canarySecret+canarySecret00
TOKEN=canaryToken/canaryToken==
mkdir -p "$HOME/.aws"
cat >"$HOME/.aws/config" <<END
[profile mlops-devops]
region = us-east-2
[profile role]
role_arn = arn:aws:iam::222222222222:role/deploy
source_profile = mlops-devops
region = us-east-2
[profile chained]
role_arn = arn:aws:iam::333333333333:role/second
source_profile = role
region = us-east-2
[profile in-container]
role_arn = arn:aws:iam::333333333333:role/release
credential_source = EcsContainer
region = us-east-2
[profile mfa]
role_arn = arn:aws:iam::222222222222:role/deploy
source_profile = mlops-devops
mfa_serial = arn:aws:iam::111111111111:mfa/me
region = us-east-2
[profile process]
credential_process = $BUILD/codetrain-credentials --profile mlops-devops
[profile self]
credential_process = $BUILD/codetrain-credentials --profile self
[profile login]
login_session = arn:aws:iam::111111111111:user/me
[profile corp]
sso_start_url = https://corp.awsapps.com/start
sso_region = us-east-2
sso_account_id = 111111111111
sso_role_name = Admin
END
cat >"$HOME/.aws/credentials" <<END
[mlops-devops]
aws_access_key_id = AKIACANARYCANARY0001
aws_secret_access_key = $SECRET
END
chmod 600 "$HOME/.aws/credentials"

# json FILTER: of what the program printed, by Python, our JSON reader being what is tested
json() { python3 -c "import json,sys; d=json.load(open('$OUT')); print($1)"; }
# with VAR=VALUE... -- ARGUMENT...: the program in that environment
with() {
	_set=
	while [ "$1" != -- ]; do _set="$_set $1"; shift; done
	shift
	# shellcheck disable=SC2086
	env $_set "$C" "$@"
}
one_line() { [ "$(wc -l <"$ERR")" -eq 1 ]; }

# ---- formats ----
status 0 "a profile's keys as credential_process JSON" "$C" --profile mlops-devops
is "$(json "sorted(d), d['Version'], d['AccessKeyId'], d['SecretAccessKey']")" \
	"['AccessKeyId', 'SecretAccessKey', 'Version'] 1 AKIACANARYCANARY0001 $SECRET" "with what it needs and no more"
status 0 "as JSON for people" "$C" --profile mlops-devops --format json
is "$(json "d['Region'], d['Profile'], 'mlops-devops' in d['Source']")" "us-east-2 mlops-devops True" "with region, profile and source"
status 0 "as lines" "$C" --profile mlops-devops --format lines
is "$(head -n 2 "$OUT")" "codetrain-credentials 1
access_key_id=AKIACANARYCANARY0001" "in the protocol of the other programs"
status 0 "as shell exports" "$C" --profile mlops-devops --format env
ok "quoted" grep -qxF "export AWS_SECRET_ACCESS_KEY='$SECRET'" "$OUT"
is "$(AWS_SESSION_TOKEN=old AWS_PROFILE=other sh -c "$(out); env" | grep '^AWS_[APS]' | sort)" "AWS_ACCESS_KEY_ID=AKIACANARYCANARY0001
AWS_SECRET_ACCESS_KEY=$SECRET" "which leave nothing of another identity behind"
status 0 "a secret with quotes" env AWS_ACCESS_KEY_ID=AKIAXXXXXXXXXXXXXXXX "AWS_SECRET_ACCESS_KEY=a'b\$(touch\`x\`" "$C" --format env
is "$(sh -c "$(out); printf %s \"\$AWS_SECRET_ACCESS_KEY\"")" "a'b\$(touch\`x\`" "is only text for a shell"
status 2 "an unknown format" "$C" --format xml
like "$(err)" "process, env, json or lines" "is told the known ones"
status 2 "a format and a command" "$C" --format env -- true
status 2 "an unknown option" "$C" --frobnicate
status 0 "--help" "$C" --help
status 0 "--version" "$C" --version
sh -c "\"$C\" --profile mlops-devops >/dev/full" 2>"$ERR"
is "$?" 70 "a full disk is no success"

# ---- commands ----
status 0 "a command gets the credentials" env AWS_PROFILE=role AWS_SESSION_TOKEN=old "$C" --profile mlops-devops -- env
is "$(grep '^AWS_' "$OUT" | grep -v METADATA | sort)" "AWS_ACCESS_KEY_ID=AKIACANARYCANARY0001
AWS_DEFAULT_REGION=us-east-2
AWS_REGION=us-east-2
AWS_SECRET_ACCESS_KEY=$SECRET" "and nothing that names another identity"
status 37 "its exit code is passed on" "$C" --profile mlops-devops -- sh -c 'exit 37'
status 0 "its arguments are its own" "$C" --profile mlops-devops -- printf '%s|' --format -- 'a b'
is "$(out)" "--format|--|a b|" "whatever they look like"
status 2 "a command that is not there" "$C" --profile mlops-devops -- /nonexistent/command
like "$(err)" "cannot run /nonexistent/command: No such file" "is named"

# ---- formats ----
for f in process json env lines; do
	status 0 "the format $f" "$C" --profile mlops-devops --format $f
	is "$(tail -c 1 "$OUT" | wc -l)" 1 "ends with the end of a line"
done

# ---- what is wrong before anything is sent ----
status 6 "nothing configured" "$C"
like "$(err)" "no AWS credentials" "says so"
status 2 "no such profile" "$C" --profile nobody
like "$(err)" 'nobody.*aws configure' "says how to make it"
status 2 "an unknown region" "$C" --profile mlops-devops --region us-esat-2
like "$(err)" "did you mean us-east-2" "suggests one"
printf '[profile x\n' >"$T/broken"
status 2 "a broken config line" with AWS_CONFIG_FILE="$T/broken" -- --profile x
like "$(err)" "$T/broken:1:" "is named by file and line"
status 2 "a secret without a region" env AWS_ACCESS_KEY_ID=AKIAXXXXXXXXXXXXXXXX AWS_SECRET_ACCESS_KEY=x "$C" --secret s
like "$(err)" "no region is set" "says so"
status 2 "an endpoint that is no URL" with AWS_ENDPOINT_URL=nowhere -- --profile mlops-devops --secret s

# ---- a secret ----
for s in mlops/beta upper nested binary 'staged#AWSPREVIOUS'; do
	status 0 "secret $s" with AWS_ENDPOINT_URL="$S/ok" -- --profile mlops-devops --secret "$s"
	is "$(json "d['AccessKeyId']")" AKIAFAKEFAKEFAKE0001 "has beta's key"
done
status 0 "a secret with a session token" with AWS_ENDPOINT_URL="$S/ok" -- --profile mlops-devops --secret camel
is "$(json "d['SessionToken']")" camelToken "keeps it"
for s in role:from-secret keys-and-role:with-keys; do
	status 0 "a secret with a role (${s%:*})" with AWS_ENDPOINT_URL="$S/ok" -- --profile mlops-devops --secret "${s%:*}"
	is "$(json "d['SessionToken'], d['Expiration']")" "fakeSessionToken/${s#*:}== 2099-01-02T03:04:05Z" "assumes it"
done
for s in wrong half text staged; do
	status 2 "a secret without keys ($s)" with AWS_ENDPOINT_URL="$S/ok" -- --profile mlops-devops --secret "$s"
	like "$(err)" "secret \"$s\": .*aws_access_key_id" "says what is wanted"
	unlike "$(err)" "hunter2" "and shows no value"
	ok "in one line" one_line
done
status 1 "a secret that is not there" with AWS_ENDPOINT_URL="$S/ok" -- --profile mlops-devops --secret nope
like "$(err)" "ResourceNotFoundException: .*\[id-header\]" "with AWS's words and the request id"

# ---- roles, SSO, processes ----
status 0 "a role" with AWS_ENDPOINT_URL="$S/ok" -- --profile role
is "$(json "d['SessionToken']")" "fakeSessionToken/deploy==" "is assumed"
status 0 "a role of a role" with AWS_ENDPOINT_URL="$S/ok" -- --profile chained
is "$(json "d['SessionToken']")" "fakeSessionToken/second==" "is assumed through the first"
status 6 "an MFA device without a terminal" setsid -w env AWS_ENDPOINT_URL="$S/ok" "$C" --profile mfa
like "$(err)" "MFA device arn:aws:iam::111111111111:mfa/me" "is named"
# what the AWS CLI and we keep of sessions
forget() { rm -rf "$HOME/.aws/cli"; }
tty() { forget; env GIT_TERMINAL_PROMPT=1 STDOUT="$T/tty" AWS_ENDPOINT_URL="$S/ok" python3 "$SOURCE/tests/lib/on_a_terminal.py" "mfa/me: " "$1" "$C" --profile mfa; }
status 0 "an MFA device with a terminal" tty 123456
ok "gives the role's credentials" grep -q 'fakeSessionToken/deploy==' "$T/tty"
ok "for the code that was typed" grep -q 'SerialNumber=arn%3Aaws%3Aiam%3A%3A111111111111%3Amfa%2Fme&TokenCode=123456' "$T/log"
status 0 "a code of five digits" tty "12345
123456"
like "$(out)" "An MFA code has six digits" "may be typed again"
status 6 "a code of five digits, twice" tty "12345
abcdef"
like "$(out)" "an MFA code has six digits" "is refused before it is sent"
helper_tty() {
	forget
	env GIT_TERMINAL_PROMPT=1 STDOUT="$T/tty" AWS_ENDPOINT_URL="$S/ok" python3 "$SOURCE/tests/lib/on_a_terminal.py" "mfa/me: " 123456 sh -c \
		'printf "protocol=https\nhost=git-codecommit.us-east-2.amazonaws.com\npath=v1/repos/x\n\n" | "$0" --profile mfa get' \
		"$BUILD/git-credential-codecommit"
}
status 0 "an MFA device for git" helper_tty
ok "is asked on the terminal too" grep -q '^username=.*%fakeSessionToken/deploy==$' "$T/tty"
status 0 "a credential_process" "$C" --profile process
is "$(json "d['AccessKeyId']")" AKIACANARYCANARY0001 "is run"
status 6 "a credential_process that runs itself" "$C" --profile self
like "$(err)" "credential_process" "ends"
status 6 "a login session" "$C" --profile login
like "$(err)" "was never begun; run aws login --profile login" "that was never begun"
status 6 "SSO without a session" "$C" --profile corp
like "$(err)" "run aws sso login --profile corp" "says how to begin one"
mkdir -p "$HOME/.aws/sso/cache"
cache=$HOME/.aws/sso/cache/$(printf %s https://corp.awsapps.com/start | sha1sum | cut -d' ' -f1).json
printf '{"accessToken":"goodBearer","expiresAt":"2099-01-01T00:00:00Z"}' >"$cache"
status 0 "SSO with a session" with AWS_ENDPOINT_URL="$S/ok" -- --profile corp
is "$(json "d['SessionToken'], d['AccountId']")" "ssoToken 111111111111" "gives the role's credentials"
forget
printf '{"accessToken":"oldBearer","expiresAt":"2099-01-01T00:00:00Z"}' >"$cache"
status 6 "an SSO session that was ended" with AWS_ENDPOINT_URL="$S/ok" -- --profile corp
like "$(err)" "no longer valid; run aws sso login --profile corp" "says so"
printf '{"accessToken":"goodBearer","expiresAt":"2099-01-01T00:00:00Z"}' >"$cache"
printf 'jwt\n' >"$T/jwt"
status 0 "a web identity" with AWS_ENDPOINT_URL="$S/ok" AWS_WEB_IDENTITY_TOKEN_FILE="$T/jwt" AWS_ROLE_ARN=arn:aws:iam::1:role/web --
is "$(json "d['SessionToken']")" "fakeSessionToken/web==" "is exchanged for a role"

# ---- container and instance ----
printf 'good token\n' >"$T/token"
container() { # container SCENARIO ARGUMENT...
	_scenario=$1
	shift
	env AWS_CONTAINER_CREDENTIALS_FULL_URI="$S/$_scenario/container" AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE="$T/token" \
		http_proxy=http://127.0.0.1:1 "$C" "$@"
}
imds() {
	env -u AWS_EC2_METADATA_DISABLED AWS_EC2_METADATA_SERVICE_ENDPOINT="$S/$1" http_proxy=http://127.0.0.1:1 "$C"
}
status 0 "the container endpoint" container ok
is "$(json "d['SessionToken'], d['Expiration']")" "containerSession 2099-01-02T03:04:05Z" "is asked, past any proxy"
status 0 "a role with credential_source EcsContainer" env AWS_ENDPOINT_URL="$S/ok" \
	AWS_CONTAINER_CREDENTIALS_FULL_URI="$S/ok/container" AWS_CONTAINER_AUTHORIZATION_TOKEN="good token" "$C" --profile in-container
is "$(json "d['SessionToken']")" "fakeSessionToken/release==" "is assumed from there"
status 0 "the instance metadata" imds ok
is "$(json "d['SessionToken']")" imdsSession "is asked, past any proxy"
printf 'good token\nX-Evil: 1\n' >"$T/token-2"
status 2 "a token file with a line break inside" env AWS_CONTAINER_CREDENTIALS_FULL_URI="$S/ok/container" \
	AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE="$T/token-2" "$C"
for u in http://example.com/x http://127.0.0.1.example.com/x http://169.254.169.254/x; do
	status 2 "the token never goes to $u" env AWS_CONTAINER_CREDENTIALS_FULL_URI="$u" AWS_CONTAINER_AUTHORIZATION_TOKEN=t "$C"
done

# ---- faults ----
# fault CODE PATTERN NAME COMMAND...: one clear line within 20 seconds
fault() {
	_code=$1 _pattern=$2 _label=$3
	shift 3
	forget
	_began=$(date +%s)
	status "$_code" "$_label" "$@"
	like "$(err)" "$_pattern" "$_label: cause"
	ok "$_label: one line" one_line || _show <"$ERR"
	[ $(($(date +%s) - _began)) -le 20 ]
	ok "$_label: no hang"
	! grep -q -e "$SECRET" -e "$TOKEN" "$ERR" "$OUT"
	ok "$_label: no secret"
}
export CODETRAIN_HTTP_TIMEOUT=1 AWS_MAX_ATTEMPTS=1
all='hang:7:no whole answer from 127
reset:7:broke the connection off: Connection reset
close:7:closed the connection without an answer
slow:7:no whole answer
html502:7:HTML, not AWS JSON .status 502
redirect:7:a redirect to .*not followed
truncated:7:broke off
halfjson:7:cannot be read
big:7:larger than
headers:7:headers larger than
garbage:7:does not answer in HTTP
403:6:AccessDeniedException
500:7:ServiceUnavailable
throttle:7:ThrottlingException
expired:6:ExpiredToken'
echo "$all" >"$T/all"
while IFS=: read -r s code pattern; do
	fault "$code" "GetSecretValue in mlops-devops .us-east-2.: .*$pattern" "secret, $s" \
		with AWS_ENDPOINT_URL="$S/$s" AWS_SESSION_TOKEN="$TOKEN" -- --profile mlops-devops --secret mlops/beta
done <"$T/all"
fault 7 "answered with HTML \(status 200\), not AWS JSON" "secret, html" \
	with AWS_ENDPOINT_URL="$S/html" -- --profile mlops-devops --secret mlops/beta
fault 7 "no connection to 127.0.0.1:1: Connection refused" "secret, refused" \
	with AWS_ENDPOINT_URL=http://127.0.0.1:1 -- --profile mlops-devops --secret mlops/beta
fault 7 "host name name.invalid is not known" "secret, no such host" \
	with AWS_ENDPOINT_URL=https://name.invalid -- --profile mlops-devops --secret mlops/beta
for s in hang reset html redirect truncated big garbage; do
	code=7
	fault $code "profile role .assume role.: AssumeRole in role .us-east-2.: " "role, $s" with AWS_ENDPOINT_URL="$S/$s" -- --profile role
done
fault 6 "profile role .assume role.: .*AccessDenied" "role, 403" with AWS_ENDPOINT_URL="$S/403" -- --profile role
fault 6 "profile role .assume role.: .*token" "role, token-line-break" with AWS_ENDPOINT_URL="$S/token-line-break" -- --profile role
for s in hang reset close slow html truncated halfjson big garbage 500 redirect; do
	case $s in
	html | halfjson | redirect) code=6 ;;
	*) code=7 ;;
	esac
	fault $code "profile default .container.: " "container, $s" container $s
done
fault 6 "not with JSON credentials" "container, empty" container empty
fault 6 "token" "container, token-line-break" container token-line-break
for s in hang reset close html empty 500 garbage redirect token-line-break; do
	fault 6 "profile default .instance metadata.: .*nothing else is configured" "instance, $s" imds $s
done
for s in hang html 403 token-line-break; do
	case $s in 403 | token-line-break) code=6 ;; *) code=7 ;; esac
	fault $code "profile corp .SSO.: " "SSO, $s" with AWS_ENDPOINT_URL="$S/$s" -- --profile corp
done
unset AWS_MAX_ATTEMPTS
status 0 "throttled twice" with AWS_ENDPOINT_URL="$S/throttle2" -- --profile mlops-devops --secret mlops/beta
status 0 "unavailable twice" with AWS_ENDPOINT_URL="$S/fail2" -- --profile mlops-devops --secret mlops/beta
status 0 "a clock two hours late" with AWS_ENDPOINT_URL="$S/skew" -- --profile mlops-devops --secret mlops/beta
! grep -q '"path": "/ok/stolen' "$T/log"
ok "no redirect was followed"

# ---- TLS ----
if command -v openssl >/dev/null; then
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=other.example \
		-addext subjectAltName=DNS:localhost -keyout "$T/key.pem" -out "$T/cert.pem" 2>/dev/null
	python3 "$SOURCE/tests/lib/fake_server.py" "$T/tls-port" "$T/log" "$T/cert.pem" "$T/key.pem" <"$T/hold" 2>>"$T/server.err" 9>&- &
	until_true 20 test -s "$T/tls-port"
	TLS=$(cat "$T/tls-port")
	fault 7 "the certificate of localhost:$TLS is not trusted" "an unknown authority" \
		with AWS_ENDPOINT_URL="https://localhost:$TLS/ok" -- --profile mlops-devops --secret mlops/beta
	status 0 "AWS_CA_BUNDLE" with AWS_ENDPOINT_URL="https://localhost:$TLS/ok" AWS_CA_BUNDLE="$T/cert.pem" -- --profile mlops-devops --secret mlops/beta
	fault 7 "the certificate of 127.0.0.1:$TLS is not trusted" "a certificate of another name" \
		with AWS_ENDPOINT_URL="https://127.0.0.1:$TLS/ok" AWS_CA_BUNDLE="$T/cert.pem" -- --profile mlops-devops --secret mlops/beta
	fault 7 "no connection to localhost:$PORT in time" "TLS to a port that does not answer it" \
		with AWS_ENDPOINT_URL="https://localhost:$PORT/ok" -- --profile mlops-devops --secret mlops/beta
	fault 2 "CA bundle /nonexistent.pem" "a CA bundle that is not there" \
		with AWS_ENDPOINT_URL="https://localhost:$TLS/ok" AWS_CA_BUNDLE=/nonexistent.pem -- --profile mlops-devops --secret mlops/beta
else
	skip "TLS" "needs openssl"
fi

# ---- signatures, by botocore ----
if [ -x "${VENV:-}/bin/python" ] && "$VENV/bin/python" -c 'import botocore' 2>/dev/null; then
	"$VENV/bin/python" "$SOURCE/tests/lib/verify_log.py" "$T/log" "AKIACANARYCANARY0001=$SECRET" >"$OUT" 2>&1
	rc=$?
	is "$rc" 0 "botocore agrees with every signature that the server saw"
	like "$(out)" '^[1-9][0-9]* signatures' "and there were some" || _show <"$OUT"
else
	skip "signatures" "needs botocore"
fi
is "$(cat "$T/server.err")" "" "the server itself had no fault"
exec 9>&-
done_testing
