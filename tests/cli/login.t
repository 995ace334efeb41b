#!/bin/sh
# `aws login`: the credentials that it keeps are used, renewed under a proof that a server and botocore's own code
# agree with, and written back for the other tool.
. "$SOURCE/tests/lib/tap.sh"

python=${VENV:-/nonexistent}/bin/python
[ -x "$python" ] && "$python" -c 'import botocore, cryptography' 2>/dev/null || skip_all "no botocore with cryptography"
C=$BUILD/codetrain-credentials
PYTHONDONTWRITEBYTECODE=1
export PYTHONDONTWRITEBYTECODE
oracle() { "$python" "$SOURCE/tests/cli/login_oracle.py" "$@"; }

# ---- proofs ----
if [ -x "$BUILD/unit/test_login_dpop" ]; then
	run oracle proofs "$BUILD/unit/test_login_dpop" 200
	is "$rc $(out)" "0 1000 proofs" "a thousand proofs are right, as botocore makes them, and refused when touched" || _show <"$ERR"
else
	skip "proofs" "the unit tests are not built"
fi

# ---- the server ends when its standard input does ----
mkfifo "$T/hold"
"$python" "$SOURCE/tests/lib/fake_server.py" "$T/port" "$T/log" <"$T/hold" 2>"$T/server.err" &
exec 9>"$T/hold"
until_true 20 test -s "$T/port" || bail "the fake server did not start: $(cat "$T/server.err")"
S=http://127.0.0.1:$(cat "$T/port")
DEAD=http://127.0.0.1:1
export CODETRAIN_HTTP_TIMEOUT=5 AWS_MAX_ATTEMPTS=1 CODETRAIN_SESSION_CACHE=off
: >"$T/log"

mkdir -p "$HOME/.aws"
me=arn:aws:iam::111111111111:user/jörg
cat >"$HOME/.aws/config" <<END
[profile me]
login_session = $me
region = us-east-2
[profile deploy]
role_arn = arn:aws:iam::222222222222:role/deploy
source_profile = me
region = us-east-2
END
json() { python3 -c "import json,sys; d=json.load(open('$OUT')); print($1)"; }
ours() { AWS_ENDPOINT_URL=${2:-$S/ok} "$C" --profile "$1"; }
theirs() { AWS_ENDPOINT_URL=${1:-$S/ok} oracle get me; }
calls() { grep -c '"path": "[^"]*/v1/token"' "$T/log"; }
member() { python3 -c "import json; d=json.load(open('$file')); print($1)"; }
file=$HOME/.aws/login/cache/$(printf %s "$me" | sha256sum | cut -d' ' -f1).json

# ---- credentials that live ----
status 6 "a session that was never begun" ours me
like "$(err)" "profile me .aws login.: the session of aws login was never begun; run aws login --profile me" "is told with the command"
is "$(oracle token "$me" 600 good)" "$file" "the file has botocore's name"
status 0 "credentials that live" ours me $DEAD
is "$(json "d['AccessKeyId'], d['SessionToken'], d['AccountId'], d['Expiration'] == '$(member "d['accessToken']['expiresAt']")'")" \
	"ASIAKEPTKEPTKEPT0000 keptLoginToken 111111111111 True" "are used as they are"
mkdir "$T/elsewhere"
mv "$file" "$T/elsewhere"
status 0 "AWS_LOGIN_CACHE_DIRECTORY" env AWS_LOGIN_CACHE_DIRECTORY="$T/elsewhere" AWS_ENDPOINT_URL=$DEAD "$C" --profile me
status 6 "without it" ours me
mv "$T/elsewhere"/*.json "$file"
status 0 "a role by them" env AWS_ENDPOINT_URL="$S/ok" "$C" --profile deploy
ok "is asked for with their token" grep -q '"x-amz-security-token": "keptLoginToken"' "$T/log"

# ---- renewing ----
for kind in sec1 pkcs8 crlf bare short; do
	oracle token "$me" 200 good $kind >/dev/null
	before=$(calls)
	status 0 "a session in its last minutes (key: $kind)" ours me
	is "$(json "d['AccessKeyId'], d['SessionToken'], d['AccountId']") $(calls)" \
		"ASIALOGINLOGINLOGIN0 nextLoginToken 111111111111 $((before + 1))" "is renewed"
done
is "$(stat -c %a "$file") $(member "d['idToken'], d['tokenType'], d['accessToken']['accountId'], d['accessToken']['sessionToken']")" \
	"600 ü.unused aws_sigv4 111111111111 nextLoginToken" "and kept with all else that was there"
is "$(find "$HOME/.aws/login" -name '*.json.*')" "" "and nowhere else"
status 0 "the next" ours me $DEAD
is "$(json "d['SessionToken']")" nextLoginToken "takes it from there"
is "$(theirs $DEAD)" "ASIALOGINLOGINLOGIN0 nextLoginToken 111111111111" "and so does botocore"
oracle token "$me" -10 good >/dev/null
cp "$file" "$T/before"
status 0 "a session that has ended" ours me
cp "$file" "$T/by-us"
cp "$T/before" "$file"
is "$(theirs)" "ASIALOGINLOGINLOGIN0 nextLoginToken 111111111111" "is renewed by botocore too"
python3 - "$file" "$T/by-us" <<'PY'
import calendar, json, sys, time
a, b = (json.load(open(f)) for f in sys.argv[1:])
when = [calendar.timegm(time.strptime(t["accessToken"].pop("expiresAt"), "%Y-%m-%dT%H:%M:%SZ")) for t in (a, b)]
assert a == b, (a, b)
assert abs(when[0] - when[1]) < 60, when
PY
ok "to the same file"
before=$(calls)
status 0 "what it has renewed" ours me
is "$(json "d['SessionToken']") $(calls)" "nextLoginToken $before" "serves us"
python3 - "$file" <<'PY'
import json, sys
t = json.load(open(sys.argv[1]))
t["signInRegion"] = "eu-west-1"
t["accessToken"]["expiresAt"] = "2001-01-01T00:00:00Z"
json.dump(t, open(sys.argv[1], "w"))
PY
run env AWS_MAX_ATTEMPTS=1 https_proxy=$DEAD "$C" --profile me
like "$(err)" "CreateOAuth2Token in me .eu-west-1.: " "the region of the sign-in is asked"

# ---- one at a time ----
oracle token "$me" 200 good >/dev/null
before=$(calls)
for i in 1 2 3 4 5 6 7 8; do ours me >"$T/many.$i" 2>&1 & pids="${pids:-} $!"; done
# shellcheck disable=SC2086
wait $pids
is "$(cat "$T"/many.* | grep -c nextLoginToken) $(calls)" "8 $((before + 1))" "eight at once, and one of them renews"

# ---- refusals ----
refused() { # refused CODE PATTERN NAME KIND KEY [URL]: no failure while the credentials live, and then one line
	oracle token "$me" 200 "$4" "$5" >/dev/null
	cp "$file" "$T/before"
	status 0 "$3, while they live" ours me "${6:-$S/ok}"
	is "$(json "d['SessionToken']")$(err)" keptLoginToken "$3: no failure then"
	ok "$3: and the file as it was" cmp -s "$file" "$T/before"
	oracle token "$me" -10 "$4" "$5" >/dev/null
	status "$1" "$3, and they have ended" ours me "${6:-$S/ok}"
	like "$(err)" "profile me .aws login.: .*$2" "$3: is told"
	lacks "$(err)" "$(member "d['refreshToken']")" "$3: without a secret"
	is "$(wc -l <"$ERR")" 1 "$3: in one line"
}
refused 6 "the session of aws login has ended; run aws login --profile me" "an old refresh token" TOKEN_EXPIRED sec1
refused 6 "has ended: the user's password has changed; run aws login --profile me" "a new password" USER_CREDENTIALS_CHANGED sec1
refused 6 "signin:CreateOAuth2Token; run aws login" "no permission" INSUFFICIENT_PERMISSIONS sec1
refused 6 "was not renewed; run aws login --profile me .*INVALID_PROOF: the proof is of another key" "a proof of another key" good other
refused 6 "no P-256 key" "a key of another kind" good p384
refused 7 "no connection to 127.0.0.1:1" "no connection" good sec1 $DEAD
refused 7 "ServiceUnavailable" "a fault of the service" good sec1 "$S/503"
refused 7 "HTML" "a hotel's page" good sec1 "$S/html"
refused 7 "CreateOAuth2Token in me .us-east-2.: the answer of .* cannot be read" "half of an answer" good sec1 "$S/halfjson"
refused 7 "CreateOAuth2Token gave no credentials" "an answer of another kind" good sec1 "$S/wrong"
run oracle log "$T/log"
is "$rc" 0 "botocore makes the same of every proof that was sent, and each was used once" || _show <"$ERR"
like "$(out)" '^[1-9][0-9]+ proofs' "and there were some"

# ---- files ----
broken() {
	printf %s "$1" >"$file"
	chmod 600 "$file"
	status 6 "a file with ${2:-something else} in it" ours me
	like "$(err)" "run aws login --profile me" "says how to mend it"
}
broken '' nothing
broken '{' "half of it"
broken '[]' "a list"
oracle token "$me" 600 good >/dev/null
for m in accessToken refreshToken dpopKey clientId; do
	broken "$(python3 -c "import json; d=json.load(open('$file')); d.pop('$m', None); print(json.dumps(d))")" "no $m"
	oracle token "$me" 600 good >/dev/null
done
chmod 622 "$file"
status 6 "a file that others can write" ours me
like "$(err)" "run chmod 600 $file, or run aws login --profile me" "is not trusted"

is "$(cat "$T/server.err")" "" "the server itself had no fault"
exec 9>&-
done_testing
