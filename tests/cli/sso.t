#!/bin/sh
# SSO: the token that `aws sso login` keeps is used, renewed in time by one process alone, and written back so
# that botocore goes on with it; and the other way round.
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

mkdir -p "$HOME/.aws/sso/cache"
cat >"$HOME/.aws/config" <<END
[profile corp]
sso_session = corp
sso_account_id = 111111111111
sso_role_name = Admin
[profile other]
sso_session = corp
sso_account_id = 111111111111
sso_role_name = ReadOnly
[sso-session corp]
sso_region = us-east-2
sso_start_url = https://corp.awsapps.com/start
sso_registration_scopes = sso:account:access
[profile abroad]
sso_session = cörp-😀
sso_account_id = 111111111111
sso_role_name = Ädmin
[sso-session cörp-😀]
sso_region = us-east-2
sso_start_url = https://corp.awsapps.com/start
[profile older]
sso_start_url = https://corp.awsapps.com/start/ö
sso_region = us-east-2
sso_account_id = 111111111111
sso_role_name = Admin
[profile twofold]
sso_session = corp
sso_region = eu-west-1
sso_account_id = 111111111111
sso_role_name = Admin
[profile half]
sso_session = corp
sso_role_name = Admin
END

json() { python3 -c "import json,sys; d=json.load(open('$OUT')); print($1)"; }
# ours PROFILE [SSO [SSO_OIDC]]: with these endpoints
ours() { AWS_ENDPOINT_URL_SSO=${2:-$S/ok} AWS_ENDPOINT_URL_SSO_OIDC=${3:-$S/ok} "$C" --profile "$1"; }
theirs() { AWS_ENDPOINT_URL=$S/ok "$python" "$SOURCE/tests/cli/aws_caches.py" get "$@"; }
theirs_dead() { AWS_ENDPOINT_URL=$DEAD "$python" "$SOURCE/tests/cli/aws_caches.py" get "$@"; }
forget() { rm -rf "$HOME/.aws/cli"; }
calls() { # calls PATH: how often it was asked for
	grep -c "\"path\": \"[^\"]*$1" "$T/log"
}
file_of() { echo "$HOME/.aws/sso/cache/$(printf %s "$1" | sha1sum | cut -d' ' -f1).json"; }
corp=$(file_of corp)
abroad=$(file_of 'cörp-😀')
older=$(file_of https://corp.awsapps.com/start/ö)

# token FILE BEARER SECONDS [REFRESH [REGISTRATION-SECONDS]]: as the AWS CLI writes it
token() {
	python3 - "$@" <<'PY'
import json, os, sys, time
path, bearer, seconds = sys.argv[1], sys.argv[2], int(sys.argv[3])
stamp = lambda s: time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + int(s)))
t = {"startUrl": "https://corp.awsapps.com/start", "region": "us-east-2", "accessToken": bearer, "expiresAt": stamp(seconds)}
if len(sys.argv) > 4:
    t.update(clientId="id", clientSecret="clientSecretCanary", refreshToken=sys.argv[4],
             registrationExpiresAt=stamp(sys.argv[5] if len(sys.argv) > 5 else 86400), unknownMember={"kept": [1, "ü"]})
with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as f:
    json.dump(t, f)
os.chmod(path, 0o600)
PY
}
member() { python3 -c "import json; print(json.load(open('$1')).get('$2'))"; }

# ---- sessions that are there, and that are not ----
status 6 "a session that was never begun" ours corp
like "$(err)" "profile corp .SSO.: the SSO session \"corp\" was never begun; run aws sso login --sso-session corp" "is named with the command"
status 6 "one of the older form" ours older
like "$(err)" "profile older .SSO.: the SSO session was never begun; run aws sso login --profile older" "by its profile"
token "$corp" goodBearer 3600 goodRefresh
token "$abroad" goodBearer 3600 goodRefresh
token "$older" goodBearer 3600
for p in corp abroad older; do
	status 0 "the profile $p" ours $p
	is "$(json "d['SessionToken'], d['AccountId'], d['Expiration']")" "ssoToken 111111111111 2099-01-02T00:04:05Z" "has its role's credentials"
done
is "$(calls /token)" 0 "a token that lives is not renewed"
is "$(theirs_dead corp abroad older)" "corp ASIASSO0000000000000 ssoToken 111111111111
abroad ASIASSO0000000000000 ssoToken 111111111111
older ASIASSO0000000000000 ssoToken 111111111111" "botocore finds all of them in the AWS CLI's cache"
entry=$HOME/.aws/cli/cache/$(printf '{"accountId":"111111111111","roleName":"Admin","sessionName":"corp"}' | sha1sum | cut -d' ' -f1).json
is "$(python3 -c "import json; d=json.load(open('$entry')); print(sorted(d), d['ProviderType'], d['Credentials']['Expiration'])")" \
	"['Credentials', 'ProviderType', 'codetrainEndpoint'] sso 2099-01-02T00:04:05Z" "which a sign-out finds too"
forget
theirs corp abroad older >"$T/theirs"
for p in corp abroad older; do
	status 0 "what botocore has kept of $p" ours $p $DEAD $DEAD
	is "$(json "d['SessionToken']")" ssoToken "serves us without a call"
done

# ---- renewing ----
forget
token "$corp" goodBearer 600 goodRefresh
status 0 "a token in its last 15 minutes" ours corp
is "$(calls /token)" 1 "is renewed"
is "$(member "$corp" accessToken) $(member "$corp" refreshToken)" "nextBearer nextRefresh" "and written back"
is "$(member "$corp" clientSecret) $(member "$corp" unknownMember)" "clientSecretCanary {'kept': [1, 'ü']}" "with all else that was there"
is "$(stat -c %a "$corp")" 600 "for this user alone"
is "$(find "$HOME/.aws/sso" -name '*.json.*')" "" "and no other copy of it"
python3 - "$T/log" <<'PY'
import json, sys
q = [r for r in map(json.loads, open(sys.argv[1])) if r["path"].endswith("/token")][-1]
assert q["method"] == "POST" and q["headers"]["content-type"] == "application/json", q
assert "authorization" not in q["headers"], q
assert json.loads(q["body"]) == {"grantType": "refresh_token", "clientId": "id", "clientSecret": "clientSecretCanary",
                                 "refreshToken": "goodRefresh"}, q
PY
ok "by the request that sso-oidc wants"
cp "$corp" "$T/by-us"
forget
is "$(theirs corp)" "corp ASIASSO0000000000000 ssoToken 111111111111" "botocore goes on with it"
is "$(calls /token)" 1 "without another"
ok "and as it is" cmp "$corp" "$T/by-us"
forget
token "$corp" goodBearer 600 goodRefresh
theirs corp >"$OUT"
is "$(calls /token)" 2 "botocore renews the same"
python3 - "$corp" "$T/by-us" <<'PY'
import calendar, json, sys, time
a, b = (json.load(open(f)) for f in sys.argv[1:])
b.pop("unknownMember")
when = [calendar.timegm(time.strptime(t.pop("expiresAt"), "%Y-%m-%dT%H:%M:%SZ")) for t in (a, b)]
for t in (a, b):
    t.pop("registrationExpiresAt")
assert a == b, (a, b)
assert abs(when[0] - when[1]) < 60, when
PY
ok "to the same file"
status 0 "what it has renewed" ours other
is "$(calls /token)" 2 "serves us"
forget
token "$corp" oldBearer -3600 goodRefresh
status 0 "a token that has ended" ours corp
is "$(member "$corp" accessToken)" nextBearer "is renewed too"

# ---- one at a time ----
forget
token "$corp" goodBearer 600 goodRefresh
before=$(calls /token)
for i in 1 2 3 4 5 6 7 8; do ours corp >"$T/many.$i" 2>&1 & pids="${pids:-} $!"; done
# shellcheck disable=SC2086
wait $pids
is "$(cat "$T"/many.* | grep -c '"SessionToken":.*"ssoToken"')" 8 "eight at once have credentials"
is "$(calls /token)" $((before + 1)) "and one of them has renewed the token"
forget
token "$corp" goodBearer 600 goodRefresh
before=$(calls /token)
lock=${corp%.json}.lock
mkfifo "$T/locked" "$T/release"
flock "$lock" sh -c "echo >'$T/locked'; read x <'$T/release'" &
read -r _ <"$T/locked"
ours corp >"$T/waiting" 2>&1 &
waiting=$!
until_true 10 grep -q . "/proc/$waiting/stat" # it runs, and waits for the lock
token "$corp" nextBearer 3600 nextRefresh
echo >"$T/release"
wait "$waiting"
is "$? $(calls /token)" "0 $before" "who has waited takes what another has renewed"

# ---- interrupted while the server answers: what it gives in place of the refresh token is not lost ----
for signal in INT TERM HUP; do
	forget
	token "$corp" goodBearer 600 goodRefresh
	before=$(calls /token)
	# sh starts what is in the background deaf to SIGINT
	AWS_ENDPOINT_URL_SSO=$S/ok AWS_ENDPOINT_URL_SSO_OIDC=$S/late-ok python3 -c '
import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execv(sys.argv[1], sys.argv[1:])' "$C" --profile corp >"$T/interrupted" 2>&1 &
	interrupted=$!
	asked() { [ "$(calls /token)" -gt "$before" ]; }
	until_true 20 asked
	kill -s $signal "$interrupted"
	wait "$interrupted"
	ok "SIG$signal ends it" test $? -gt 128
	is "$(member "$corp" refreshToken)" nextRefresh "when the new token is written"
done

# ---- what cannot be renewed ----
# refused CODE PATTERN NAME: within a token's life it is no failure, after it one line
forget
# shellcheck disable=SC2094
unrenewed() {
	_code=$1 _pattern=$2 _name=$3 _sso=$4 _oidc=$5
	shift 5
	forget
	token "$corp" goodBearer 600 "$@"
	status 0 "$_name, while the token lives" ours corp "$_sso" "$_oidc"
	is "$(err)" "" "$_name: is no failure then"
	is "$(member "$corp" accessToken)" goodBearer "$_name: and leaves the token as it is"
	forget
	token "$corp" goodBearer -10 "$@"
	status "$_code" "$_name, and the token has ended" ours corp "$_sso" "$_oidc"
	like "$(err)" "$_pattern" "$_name: is told"
	like "$(err)" "profile corp .SSO.: .*corp" "$_name: with profile and session"
	lacks "$(err)" Canary "$_name: without a secret"
	is "$(wc -l <"$ERR")" 1 "$_name: in one line"
}
run_login='run aws sso login --sso-session corp'
before=$(calls /token)
unrenewed 6 "has expired; $run_login" "no refresh token" "$S/ok" "$S/ok"
unrenewed 6 "has expired, and so has the registration .*; $run_login" "a registration that has ended" "$S/ok" "$S/ok" goodRefresh -10
is "$(calls /token)" "$before" "neither is tried"
unrenewed 6 "has ended; $run_login .*InvalidGrantException: invalid_grant" "a refresh token that is refused" "$S/ok" "$S/ok" badRefresh
unrenewed 7 "has expired and could not be renewed: .*no connection to 127.0.0.1:1" "no connection" "$S/ok" $DEAD goodRefresh
unrenewed 7 "could not be renewed: .*ServiceUnavailable" "a fault of the service" "$S/ok" "$S/503" goodRefresh
unrenewed 7 "could not be renewed: .*HTML" "a hotel's page" "$S/ok" "$S/html" goodRefresh
unrenewed 7 "could not be renewed: .*cannot be read" "half of an answer" "$S/ok" "$S/halfjson" goodRefresh
unrenewed 6 "has ended; $run_login .*a line break" "a token with a line break" "$S/ok" "$S/token-line-break" goodRefresh
unrenewed 7 "could not be renewed: CreateToken gave no token" "an answer of another kind" "$S/ok" "$S/wrong" goodRefresh
forget
token "$older" goodBearer 600 goodRefresh
before=$(calls /token)
status 0 "the older form in its last minutes" ours older
forget
token "$older" goodBearer -10 goodRefresh
status 6 "and when it has ended" ours older
like "$(err)" "profile older .SSO.: the SSO session has expired; run aws sso login --profile older" "is begun by people"
is "$(calls /token)" "$before" "never renewed"

# ---- the service ----
forget
token "$corp" oldBearer 3600 goodRefresh
status 6 "a token that the service knows no more" ours corp
like "$(err)" "session \"corp\" is no longer valid; $run_login" "is told"
token "$corp" goodBearer 3600
status 6 "a role that is not the user's" ours corp "$S/403"
like "$(err)" "AccessDenied.*; the role was Admin in account 111111111111" "is named with its account"

# ---- files ----
for text in '' '{' '[]' '{}' '{"accessToken": "goodBearer"}' '{"accessToken": "goodBearer", "expiresAt": "soon"}' \
	'{"accessToken": "good\u000aBearer", "expiresAt": "2099-01-01T00:00:00Z"}' '{"accessToken": "", "expiresAt": "2099-01-01T00:00:00Z"}'; do
	(umask 077 && printf %s "$text" >"$corp")
	status 6 "a broken token file" ours corp
	like "$(err)" "$run_login" "says how to mend it"
done
token "$corp" goodBearer 3600
chmod 666 "$corp"
status 6 "a token file that others can write" ours corp
like "$(err)" "is open to other users; run chmod 600 $corp" "is not trusted"
chmod 644 "$corp"
status 0 "one that they can read" ours corp
if [ "$(id -u)" -ne 0 ]; then
	skip "a token of another user" "needs root"
else
	forget
	token "$corp" goodBearer 600 goodRefresh
	before=$(calls /token)
	chown 65534 "$corp"
	status 0 "a token of another user, as root" ours corp
	is "$(calls /token)" "$before" "is used and not renewed"
	chown 0 "$corp"
fi

# ---- configuration ----
status 2 "a region that is another in the sso-session" ours twofold
like "$(err)" "config:[0-9]+: sso_region of profile .?twofold" "is found"
status 2 "no account" ours half
like "$(err)" "no sso_account_id.*aws configure sso" "says so"

is "$(cat "$T/server.err")" "" "the server itself had no fault"
exec 9>&-
done_testing
