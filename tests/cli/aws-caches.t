#!/bin/sh
# One sign-in for both tools: what the AWS CLI keeps in ~/.aws/cli/cache serves us without a call of STS,
# what we keep there serves the AWS CLI, and what is broken or not ours serves nobody.
. "$SOURCE/tests/lib/tap.sh"

python=${VENV:-/nonexistent}/bin/python
[ -x "$python" ] && "$python" -c 'import botocore' 2>/dev/null || skip_all "no botocore"
C=$BUILD/codetrain-credentials

# ---- the server ends when its standard input does ----
mkfifo "$T/hold"
python3 "$SOURCE/tests/lib/fake_server.py" "$T/port" "$T/log" <"$T/hold" 2>"$T/server.err" &
exec 9>"$T/hold"
until_true 20 test -s "$T/port" || bail "the fake server did not start: $(cat "$T/server.err")"
S=http://127.0.0.1:$(cat "$T/port")
DEAD=http://127.0.0.1:1
export CODETRAIN_HTTP_TIMEOUT=5 AWS_MAX_ATTEMPTS=1 CODETRAIN_SESSION_CACHE=off

cache=$HOME/.aws/cli/cache
mkdir -p "$HOME/.aws"
printf 'jwt\n' >"$T/jwt"
cat >"$HOME/.aws/config" <<END
[profile base]
region = us-east-2
[profile role]
role_arn = arn:aws:iam::222222222222:role/deploy
source_profile = base
region = us-east-2
[profile chained]
role_arn = arn:aws:iam::333333333333:role/second
source_profile = role
region = us-east-2
[profile mfa]
role_arn = arn:aws:iam::222222222222:role/deploy
source_profile = base
mfa_serial = arn:aws:iam::111111111111:mfa/me
external_id = e-1
role_session_name = me
duration_seconds = 3600
region = us-east-2
[profile over-mfa]
role_arn = arn:aws:iam::333333333333:role/second
source_profile = mfa
region = us-east-2
[profile mfa-of-environment]
role_arn = arn:aws:iam::222222222222:role/third
credential_source = Environment
mfa_serial = arn:aws:iam::111111111111:mfa/me
region = us-east-2
[profile short]
role_arn = arn:aws:iam::222222222222:role/short
source_profile = base
duration_seconds = 900
region = us-east-2
[profile web]
role_arn = arn:aws:iam::222222222222:role/web
web_identity_token_file = $T/jwt
role_session_name = pod
region = us-east-2
END
"$python" "$SOURCE/tests/cli/aws_caches.py" odd 40 1 >>"$HOME/.aws/config"
cat >"$HOME/.aws/credentials" <<END
[base]
aws_access_key_id = AKIACANARYCANARY0001
aws_secret_access_key = canarySecret/canarySecret+canarySecret00
END
chmod 600 "$HOME/.aws/credentials"

json() { python3 -c "import json,sys; d=json.load(open('$OUT')); print($1)"; }
# ours PROFILE [URL], theirs PROFILE...: each with the server, or with none
ours() { AWS_ENDPOINT_URL=${2:-$S/ok} "$C" --profile "$1"; }
theirs() { AWS_ENDPOINT_URL=$S/ok "$python" "$SOURCE/tests/cli/aws_caches.py" get "$@"; }
theirs_dead() { AWS_ENDPOINT_URL=$DEAD AWS_MAX_ATTEMPTS=1 "$python" "$SOURCE/tests/cli/aws_caches.py" get "$@"; }
calls() { grep -c 'Action=AssumeRole' "$T/log" 2>/dev/null; }
# entry FILE SECONDS [ACCOUNT]: one that the AWS CLI might have written, good for so long
entry() {
	python3 - "$@" <<'PY'
import json, os, sys, time
path, seconds = sys.argv[1], int(sys.argv[2])
end = time.strftime("%Y-%m-%dT%H:%M:%SUTC", time.gmtime(time.time() + seconds))
os.makedirs(os.path.dirname(path), exist_ok=True)
with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as f:
    json.dump({"Credentials": {"AccessKeyId": "ASIAFROMTHEAWSCLI000", "SecretAccessKey": "s", "SessionToken": "cliToken",
                               "Expiration": end, "AccountId": "222222222222"},
               "AssumedRoleUser": {"Arn": "x"}, "ResponseMetadata": {"RetryAttempts": 0}}, f)
os.chmod(path, 0o600)
PY
}
key() { printf %s "$1" | sha1sum | cut -d' ' -f1; }

# ---- what we write, they read ----
umask 022
for p in role chained web; do
	status 0 "the profile $p" ours $p
	want=$(json "d['AccessKeyId'] + ' ' + d['SessionToken'] + ' ' + d['AccountId']")
	is "$(theirs_dead $p)" "$p $want" "is then known to botocore without a call"
done
file=$cache/$(key '{"RoleArn": "arn:aws:iam::222222222222:role/deploy"}').json
is "$(stat -c %a "$file")" 600 "an entry is for this user alone"
is "$(stat -c %a "$cache")" 755 "in a folder as botocore makes it"
is "$(python3 -c "import json; d=json.load(open('$file')); print(sorted(d), sorted(d['Credentials']), d['Credentials']['Expiration'])")" \
	"['Credentials', 'codetrainEndpoint'] ['AccessKeyId', 'AccountId', 'Expiration', 'SecretAccessKey', 'SessionToken'] 2099-01-02T03:04:05Z" "with what botocore reads of it"
is "$(find "$cache" ! -name '????????????????????????????????????????.json' -type f)" "" "and nothing else is left there"
! grep -rq canarySecret "$cache"
ok "the long-lived key is in none of them"
before=$(calls)
for p in role chained web; do status 0 "the profile $p again" ours $p $DEAD; done
is "$(calls)" "$before" "asks nobody"
rm -rf "$cache"
status 7 "without the cache" ours role $DEAD
like "$(theirs_dead role)" "ConnectionError|EndpointConnection" "botocore asks too"

# ---- what they write, we read ----
theirs role chained web >"$T/theirs"
while read -r p k t a; do
	status 0 "what botocore has kept of $p" ours "$p" $DEAD
	is "$(json "d['AccessKeyId'] + ' ' + d['SessionToken'] + ' ' + d['AccountId']")" "$k $t $a" "serves us without a call"
done <"$T/theirs"
rm -rf "$cache"
aws=$VENV/clients/bin/aws
if [ -x "$aws" ]; then
	cli() { env AWS_ENDPOINT_URL="$1" AWS_MAX_ATTEMPTS=1 "$aws" --profile "$2" sts get-caller-identity --output text; }
	status 0 "the AWS CLI with a role" cli "$S/ok" role
	before=$(calls)
	status 0 "and then we" ours role $DEAD
	is "$(json "d['SessionToken']")" "fakeSessionToken/deploy==" "have its session"
	rm -rf "$cache"
	status 0 "we with a role" ours role
	before=$(calls)
	status 0 "and then the AWS CLI" cli "$S/ok" role
	is "$(calls)" "$before" "needs no new session"
else
	skip "the AWS CLI itself" "not installed"
fi

# ---- keys: what is awkward in JSON ----
rm -rf "$cache"
names=$(sed -n 's/^\[profile \(odd.*\)\]/\1/p' "$HOME/.aws/config")
for p in $names; do ours "$p" >/dev/null 2>>"$T/odd.err"; done
is "$(cat "$T/odd.err")" "" "forty roles with awkward names"
find "$cache" -name '*.json' | sort >"$T/our-names"
rm -rf "$cache"
# shellcheck disable=SC2086
theirs $names | grep -v 'ASIA' >"$T/odd-theirs"
is "$(cat "$T/odd-theirs")" "" "as botocore has them"
find "$cache" -name '*.json' | sort | diff "$T/our-names" - >"$T/odd.diff"
ok "have the same keys" || _show <"$T/odd.diff"
is "$(wc -l <"$T/our-names")" 40 "of their own each"

# ---- MFA: one prompt for both ----
rm -rf "$cache"
cat >"$T/askpass" <<'END'
#!/bin/sh
echo "$*" >>"$T/asked"
env | grep '^AWS_' >>"$T/asked.env"
echo " 123 456"
END
printf '#!/bin/sh\necho nonsense\n' >"$T/askpass-nonsense"
printf '#!/bin/sh\nexit 1\n' >"$T/askpass-no"
chmod +x "$T"/askpass*
mfa() { # mfa VAR=VALUE... : without a terminal, in that environment
	setsid -w env "$@" AWS_ENDPOINT_URL="$S/ok" AWS_SESSION_TOKEN=canary "$C" --profile mfa
}
status 6 "an MFA device, and nobody to ask" mfa A=b
like "$(err)" "MFA device arn:aws:iam::111111111111:mfa/me, .*GIT_TERMINAL_PROMPT.*run codetrain credentials --profile mfa -- true in a terminal" \
	"says what to do"
status 6 "and with a terminal allowed" mfa GIT_TERMINAL_PROMPT=1
like "$(err)" "there is no terminal to ask on" "says that there is none"
status 6 "an askpass that gives no code" mfa GIT_ASKPASS="$T/askpass-no"
like "$(err)" "askpass-no gave no MFA code .exit code 1" "is named"
status 6 "an askpass that is not there" mfa GIT_ASKPASS=/nonexistent/askpass
like "$(err)" "/nonexistent/askpass" "is named"
status 6 "an askpass that says nonsense" mfa SSH_ASKPASS="$T/askpass-nonsense"
like "$(err)" "six digits" "is told"
lacks "$(err)" nonsense "without what it said"
status 0 "GIT_ASKPASS before SSH_ASKPASS" mfa GIT_ASKPASS="$T/askpass" SSH_ASKPASS="$T/askpass-no"
is "$(cat "$T/asked")" "MFA code of arn:aws:iam::111111111111:mfa/me: " "gets the prompt"
is "$(cat "$T/asked.env")" "" "and nothing of AWS in its environment"
ok "the code is sent without its spaces" grep -q 'SerialNumber=arn%3Aaws%3Aiam%3A%3A111111111111%3Amfa%2Fme&TokenCode=123456' "$T/log"
is "$(theirs_dead mfa)" "mfa ASIADEPLOY0000000000 fakeSessionToken/deploy== 222222222222" "botocore then asks for none"
status 0 "and we" mfa GIT_ASKPASS="$T/askpass-no"
rm -rf "$cache"
status 0 "SSH_ASKPASS alone" mfa SSH_ASKPASS="$T/askpass"
tty() { env GIT_TERMINAL_PROMPT=1 GIT_ASKPASS="$T/askpass-no" STDOUT="$T/tty" AWS_ENDPOINT_URL="$S/ok" python3 \
	"$SOURCE/tests/lib/on_a_terminal.py" "mfa/me: " "$1" "$C" --profile mfa; }
rm -rf "$cache"
status 0 "a terminal comes before both" tty 123456
like "$(out)" "mfa/me: " "and asks"
status 0 "once" tty 654321
unlike "$(out)" "mfa/me: " "for both tools"

# ---- MFA at the first of two roles, and with the environment's keys ----
rm -rf "$cache" "$T/asked"
over() { env GIT_ASKPASS="$T/askpass" AWS_ENDPOINT_URL="${1:-$S/ok}" "$C" --profile "${2:-over-mfa}"; }
status 0 "a role whose source wants an MFA code" over
is "$(wc -l <"$T/asked") $(json "d['SessionToken'], d['AccountId']")" "1 fakeSessionToken/second== 333333333333" "asks once"
status 0 "and again" over $DEAD
status 0 "and its source" over $DEAD mfa
is "$(wc -l <"$T/asked")" 1 "asks nobody"
is "$(theirs_dead over-mfa)" "over-mfa ASIASECOND0000000000 fakeSessionToken/second== 333333333333" "nor does botocore"
status 0 "a role of the environment's keys" env AWS_ACCESS_KEY_ID=AKIAENVENVENVENVENV0 AWS_SECRET_ACCESS_KEY=x GIT_ASKPASS="$T/askpass" \
	AWS_ENDPOINT_URL="$S/ok" "$C" --profile mfa-of-environment
is "$(json "d['SessionToken']")" "fakeSessionToken/third==" "is assumed with a code"
ok "by those keys" grep -q 'Credential=AKIAENVENVENVENVENV0/' "$T/log"
status 6 "a role that is refused" env GIT_ASKPASS="$T/askpass" AWS_ENDPOINT_URL="$S/403" "$C" --profile short
like "$(err)" "profile short .assume role.: AssumeRole in short .us-east-2.: AccessDenied.*the role was arn:aws:iam::222222222222:role/short" \
	"is told with profile, cause and role"

# ---- time ----
short=$cache/$(key '{"DurationSeconds": 900, "RoleArn": "arn:aws:iam::222222222222:role/short"}').json
token() { json "d['SessionToken']"; }
entry "$file" 1000
status 0 "an entry with more than 15 minutes" ours role
is "$(token)" cliToken "serves"
entry "$file" 800
is "$(theirs role)" "role ASIADEPLOY0000000000 fakeSessionToken/deploy== 222222222222" "one with less does not serve botocore"
entry "$file" 800
status 0 "nor us" ours role
is "$(token)" "fakeSessionToken/deploy==" "while there is a better"
is "$(json "d['Expiration']")" 2099-01-02T03:04:05Z "which is kept"
entry "$file" 800
status 0 "what lives still serves" ours role $DEAD
is "$(token)" cliToken "when there is no better"
is "$(err)" "" "without a word"
entry "$file" 30
status 7 "but not for its last minute" ours role $DEAD
entry "$file" -10
status 7 "and not when it is over" ours role $DEAD
status 0 "an entry that is over" ours role
is "$(token)" "fakeSessionToken/deploy==" "is replaced"
entry "$short" 600
status 0 "a role of 15 minutes" ours short
is "$(token)" cliToken "is used to its half"
entry "$short" 400
status 0 "and then" ours short
is "$(token)" "fakeSessionToken/short==" "asked for again"

# ---- what AWS calls expired ----
entry "$file" 10000
before=$(calls)
status 6 "a session that AWS refuses" env AWS_ENDPOINT_URL="$S/expired" AWS_ENDPOINT_URL_STS="$S/ok" "$C" --profile role --secret upper
is "$(calls)" $((before + 1)) "is not taken from the cache again"
is "$(theirs_dead role)" "role ASIADEPLOY0000000000 fakeSessionToken/deploy== 222222222222" "and a new one is kept for both"

# ---- what is no entry ----
not_used() { # not_used WHAT: the file is as it should not be; it is asked for again, and the file put right
	_before=$(calls)
	status 0 "$1" ours role
	is "$(token)" "fakeSessionToken/deploy==" "$1 is not used"
	is "$(calls)" $((_before + 1)) "$1: STS is asked"
	status 0 "$1 is put right" ours role $DEAD
	is "$(stat -c %a "$file")" 600 "$1: for this user alone"
}
n=0
for text in '' '{' '[]' 'null' '"x"' '{}' '{"Credentials": null}' '{"Credentials": []}' '{"Credentials": {"AccessKeyId": "ASIAXXXXXXXXXXXXXXXX"}}' \
	'{"Credentials": {"AccessKeyId": "ASIAXXXXXXXXXXXXXXXX", "SecretAccessKey": "s", "SessionToken": "t"}}' \
	'{"Credentials": {"AccessKeyId": "ASIAXXXXXXXXXXXXXXXX", "SecretAccessKey": "s", "SessionToken": "t", "Expiration": "soon"}}' \
	'{"Credentials": {"AccessKeyId": "ASIAXXXXXXXXXXXXXXXX", "SecretAccessKey": "s", "Expiration": "2099-01-01T00:00:00Z"}}' \
	'{"Credentials": {"AccessKeyId": "A\nB", "SecretAccessKey": "s", "SessionToken": "t", "Expiration": "2099-01-01T00:00:00Z"}}' \
	'{"Credentials": {"AccessKeyId": 7, "SecretAccessKey": {}, "SessionToken": [], "Expiration": true}}'; do
	(umask 077 && printf %s "$text" >"$file")
	n=$((n + 1))
	not_used "broken entry $n"
done
(umask 077 && head -c 1000000 /dev/zero | tr '\0' ' ' >"$file")
not_used "an entry of 1 MB"
for mode in 644 640 660 604; do
	entry "$file" 10000
	chmod $mode "$file"
	not_used "an entry with mode $mode"
done
entry "$T/elsewhere" 10000
ln -sf "$T/elsewhere" "$file"
not_used "an entry behind a link"
if [ "$(id -u)" -eq 0 ]; then
	entry "$file" 10000
	chown 65534 "$file"
	not_used "an entry of another user"
else
	skip "an entry of another user" "needs root"
fi
rm -f "$file"
mkfifo "$file"
status 0 "a pipe in its place does not hang us" ours role
is "$(token)" "fakeSessionToken/deploy==" "and is not used"
rm -f "$file"
mkdir "$file"
status 0 "nor does a folder" ours role
rmdir "$file"
rm -rf "$HOME/.aws/cli"
: >"$HOME/.aws/cli"
status 0 "a cache that cannot be written is no failure" ours role
is "$(err)" "" "and not a word of it"
rm -f "$HOME/.aws/cli"

# ---- what a configured endpoint gave is not for AWS's own ----
rm -rf "$cache"
status 0 "a role of an endpoint of one's own" ours role
status 0 "is kept for such endpoints" ours role $DEAD
status 7 "and is not served when AWS is meant" env -u AWS_ENDPOINT_URL HTTPS_PROXY=$DEAD "$C" --profile role
rm -rf "$HOME/.aws/cli"

# ---- sudo that keeps HOME: what root would make is in the user's way ----
if [ "$(id -u)" -eq 0 ]; then
	chown 65534 "$HOME"
	rm -rf "$HOME/.cache"
	status 0 "root in another's home" env CODETRAIN_SESSION_CACHE=file AWS_ENDPOINT_URL="$S/ok" "$C" --profile role
	[ ! -e "$HOME/.aws/cli" ] && [ ! -e "$HOME/.cache" ]
	ok "makes nothing there"
	mkdir -p "$cache" "$HOME/.cache" && chown -R 65534 "$HOME/.aws/cli" "$HOME/.cache"
	status 0 "where the folders are" env CODETRAIN_SESSION_CACHE=file AWS_ENDPOINT_URL="$S/ok" "$C" --profile role
	is "$(find "$HOME" -user 0 ! -path "$HOME/.aws" ! -path "$HOME/.aws/con*" ! -path "$HOME/.aws/cred*")" "" \
		"makes nothing in them"
	chown -R 0 "$HOME"
	rm -rf "$HOME/.aws/cli" "$HOME/.cache"
else
	skip "root in another's home" "needs root"
fi

# ---- a role that is no profile's ----
rm -rf "$cache"
status 0 "a role in a secret" env AWS_ENDPOINT_URL="$S/ok" "$C" --profile base --secret role
[ ! -e "$cache" ]
ok "is not kept"

is "$(cat "$T/server.err")" "" "the server itself had no fault"
exec 9>&-
done_testing
