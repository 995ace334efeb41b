#!/bin/sh
# codetrain build: what env/parameter-store and env/secrets-manager name, and
# that their values are nowhere but in the environment of the commands.
. "$SOURCE/tests/lib/tap.sh"

build=$BUILD/codetrain-build
mkdir "$T/w" "$T/tmp"
cd "$T/w" || bail 'no folder'
export TMPDIR="$T/tmp"

mkfifo "$T/hold"
python3 "$SOURCE/tests/lib/fake_server.py" "$T/port" "$T/log" <"$T/hold" 2>"$T/server.err" &
exec 9>"$T/hold"
until_true 20 test -s "$T/port" || bail "the fake server did not start: $(cat "$T/server.err")"
S=http://127.0.0.1:$(cat "$T/port")

# as PLACE COMMAND…: with credentials, and an AWS that behaves so
as() {
	_place=$1
	shift
	env AWS_ENDPOINT_URL="$S/$_place" AWS_ACCESS_KEY_ID=AKIATESTTESTTESTTEST AWS_MAX_ATTEMPTS=2 \
		AWS_SECRET_ACCESS_KEY="secret/of""/the/test" AWS_REGION=us-east-2 CODETRAIN_HTTP_TIMEOUT=2 "$@"
}
spec() { cat >buildspec.yml; }
lines() { grep -v '^\[Container\]' "$OUT"; }
json() { python3 -c 'import json,sys; d=json.load(open(sys.argv[1])); print(eval(sys.argv[2]))' "$@"; }
asked() { grep -c "$1" "$T/log"; }

# ---- values ---------------------------------------------------------------------------
spec <<'EOT'
version: 0.2
env:
  variables: {PLAIN: plain}
  parameter-store:
    PARAMETER: /app/plain
    DECRYPTED: /app/secret
    BARE: bare-name
    EMPTY: /app/empty
    BY_ARN: arn:aws:ssm:us-east-2:111111111111:parameter/app/plain
  secrets-manager:
    WHOLE: app/db
    PASSWORD: app/db:password
    PREVIOUS: app/db:password:AWSPREVIOUS
    VERSION: app/db:password::11111111-2222-3333-4444-555555555555
    PORT: app/db:port
    QUOTED: app/db:quoted
    ARN: arn:aws:secretsmanager:us-east-2:111111111111:secret:app/db-AbCdEf:password
  exported-variables: [PASSWORD, PARAMETER, COPY, PLAIN]
phases:
  build:
    commands:
      - for v in "$PARAMETER" "$DECRYPTED" "$BARE" "$EMPTY" "$BY_ARN"; do printf %s "$v" | sha256sum; done >sums
      - for v in "$PASSWORD" "$PREVIOUS" "$VERSION" "$PORT" "$QUOTED" "$ARN"; do printf %s "$v" | sha256sum; done >>sums
      - echo "$PASSWORD and $DECRYPTED and $WHOLE" | head -c 900
      - COPY="a copy of $PASSWORD"
      - printf %s "$PASSWORD" | cut -c 1-6
      - set -x; true "$DECRYPTED"
EOT
want() {
	for v in 'a plain parameter' "canary""Parameter0001" 'of no path' '' 'a plain parameter' \
		"canary""Current0001" "canary""Previous002" "canary""Version0003" 5432 \
		"a \"quoted\" \$(touch hacked) \`touch hacked\` 'value' with  spaces" "canary""Current0001"; do
		printf %s "$v" | sha256sum
	done
}
run as ok "$build" --log l.txt --result r.json </dev/null
is "$rc" 0 'parameters and secrets are read' || _show <"$ERR"
is "$(cat sums)" "$(want)" 'each in each of its forms, to the byte'
[ ! -e hacked ]
ok 'and nothing in them is run'
like "$(lines)" '^\*\*\* and \*\*\* and \*\*\*$' 'they are taken out of the log'
lacks "$(out; err; cat l.txt r.json)" "Current0001" 'and of everything that is told'
lacks "$(out; err; cat l.txt r.json)" "Parameter0001" 'also what the shell traces'
is "$(json r.json 'd["exported"]')" "{'PLAIN': 'plain'}" 'neither they nor copies of them are exported'
like "$(out)" 'COPY is not exported' 'and that is told'
rm sums
unlike "$(find "$T" -type f ! -path "$T/w/buildspec.yml" -exec grep -l 'canary[A-Z]' {} + | grep -v build-values.t)" . 'they are in no file'
is "$(asked '"SecretId": *"app/db"\|app/db')" "$(asked 'app/db')" 'and the requests name no value'

spec <<'EOT'
version: 0.2
env:
  parameter-store: {KEY: /app/lines}
  secrets-manager: {A: 'app/db:password', B: 'app/db:port', C: 'app/db:quoted'}
phases: {build: {commands: ['printf "%s" "$KEY" | sed "s/^/  /"; echo', 'echo "$KEY"', 'printf %s "$KEY" | wc -l']}}
EOT
: >"$T/log"
run as ok "$build" </dev/null
is "$rc" 0 'a value of several lines'
is "$(lines | tr -d ' ' | tr '\n' ',')" '***,***,***,***,,***,4,' 'is taken out as a whole and line by line'
is "$(grep -c GetSecretValue "$T/log")" 1 'keys of one secret are one request'

# seen from outside while the build runs: in no argument, and in no environment but the commands'
spec <<'EOT'
version: 0.2
env: {secrets-manager: {PASSWORD: 'app/db:password'}}
phases: {build: {commands: ['touch ready; until [ -e go ]; do sleep 0.05; done']}}
EOT
as ok "$build" >"$OUT" 2>"$ERR" </dev/null &
pid=$!
until_true 20 test -e ready
ok 'a build with a secret runs'
lacks "$(tr '\0' '\n' <"/proc/$pid/cmdline"; tr '\0' '\n' <"/proc/$pid/environ" 2>/dev/null)" "Current0001" \
	'which the build has in neither argument nor environment'
is "$(cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\0' '\n' | grep -c "canary[C]urrent0001")" 0 'nor any process in an argument'
touch go
wait $pid
is $? 0 'and it ends well'
rm -f go ready

# ---- what is given goes before what is named ------------------------------------------
spec <<'EOT'
version: 0.2
env: {secrets-manager: {PASSWORD: 'app/db:password'}}
phases: {build: {commands: ['printf %s "$PASSWORD" | wc -c', 'echo "<$PASSWORD>"']}}
EOT
: >"$T/log"
run as ok env PASSWORD=given-by-hand "$build" --env PASSWORD </dev/null
is "$rc $(lines | tr -d ' ' | tr '\n' ,)" '0 13,<***>,' '--env goes before the reference, and is hidden too'
is "$(wc -l <"$T/log")" 0 'nobody is asked then'
status 0 'and no credentials are needed' env PASSWORD=given-by-hand "$build" --env PASSWORD

# ---- what cannot be had ---------------------------------------------------------------
# missing CODE REFERENCES LOG-LINE MESSAGE NAME [PLACE]
missing() {
	printf 'version: 0.2\nenv:\n  %s\nphases: {build: {commands: [touch ran]}}\n' "$2" >buildspec.yml
	run as "${6:-ok}" "$build" --result r.json </dev/null
	is "$rc" "$1" "$5"
	like "$(out)" "$3" "$5: as CodeBuild says it"
	like "$(err)" "$4" "$5: where, and the way out"
	[ ! -e ran ]
	ok "$5: no command runs"
	is "$(json r.json 'd["status"], bool(d["error"])')" "('FAILED', True)" "$5: the result"
}
missing 1 'parameter-store: {GOOD: /app/plain, P: /no/such}' 'Decrypted Variables Error Message: parameter does not exist: /no/such' \
	'buildspec.yml:3: P: parameter does not exist.*--env P$' 'no such parameter'
like "$(out)" 'Phase complete: DOWNLOAD_SOURCE State: FAILED' 'in the phase before the first'
missing 1 'secrets-manager: {S: no/such}' "Secrets Manager Error Message: .*ResourceNotFoundException: Secrets Manager can't find the specified secret" \
	'S: secret "no/such".*--env S$' 'no such secret'
missing 1 'secrets-manager: {S: "app/db:nokey"}' 'Secrets Manager Error Message' 'secret "app/db": it has no key "nokey"' 'no such key'
missing 1 'secrets-manager: {S: "text:key"}' 'Secrets Manager Error' 'its value is no JSON object' 'a key of what is no JSON'
lacks "$(out; err; cat r.json)" hunter2 'and the value is not shown'
missing 1 'secrets-manager: {S: binary}' 'Secrets Manager Error' 'its value is no text, but binary' 'a binary secret'
missing 1 'secrets-manager: {S: "app/db:password:NOSTAGE"}' 'Secrets Manager Error' 'secret "app/db"' 'no such stage'
missing 6 'secrets-manager: {S: app/db}' 'AccessDeniedException' 'S: secret "app/db".*not authorized' 'no right' 403
missing 7 'parameter-store: {S: /app/plain}' 'Decrypted Variables' 'S: .*GetParameter' 'AWS is unavailable' 503
missing 7 'parameter-store: {S: /app/plain}' 'Decrypted Variables' 'S: .*GetParameter' 'AWS does not answer' hang
missing 7 'parameter-store: {S: /app/plain}' 'Decrypted Variables' 'S: .*GetParameter' 'something else answers' html
spec <<'EOT'
version: 0.2
env: {parameter-store: {S: /app/plain}}
phases: {build: {commands: [touch ran]}}
EOT
status 6 'no credentials' env AWS_REGION=us-east-2 "$build"
like "$(err)" 'credentials.*--env S$' 'is said, with the way out'
spec <<'EOT'
version: 0.2
env: {parameter-store: {S: /app/plain}}
phases: {build: {commands: [touch ran]}}
EOT
status 1 'an AWS that takes longer than the build has' as hang "$build" --timeout 1s --result r.json
is "$(json r.json 'd["status"], d["phases"]')" "('TIMED_OUT', [])" 'is a time-out'
: >"$T/log"
as hang env CODETRAIN_HTTP_TIMEOUT=20 sh -c 'echo $$ >pid; exec "$@"' sh "$build" --result r.json >"$OUT" 2>"$ERR" </dev/null &
pid=$!
until_true 20 grep -q GetParameter "$T/log"
kill -s TERM "$(cat pid)"
wait $pid
is "$? $(json r.json 'd["status"]')" '1 STOPPED' 'a signal ends the wait for it'
mkdir alone && cp "$build" alone/
status 70 'without codetrain-credentials beside it' as ok alone/codetrain-build
like "$(err)" 'codetrain-credentials is not installed' 'is said'

# what a program in its place could answer
n=0
for answer in '' '1\n' '5\nabc\n' 'x\n' '-1\n' '99999999999999\nabc\n' '3\nabc' '3\na\0c\n' '!7\n' '+3\nabc\n'; do
	n=$((n + 1))
	cat >alone/codetrain-credentials <<EOF
#!/bin/sh
cat >/dev/null
printf -- '$answer'
EOF
	chmod +x alone/codetrain-credentials
	status 70 "a wrong answer of it, number $n" as ok alone/codetrain-build
done

# ---- the program that reads them ------------------------------------------------------
values() { as ok "$BUILD/codetrain-credentials" values; }
is "$(printf 'parameter /app/plain\nsecret app/db:port\nparameter /app/empty\n' | values | tr '\n' ' ')" \
	'17 a plain parameter 4 5432 0  ' 'codetrain-credentials values: length, value'
run values <<'EOT'
parameter /app/plain
parameter /no/such
EOT
is "$rc $(out)" '1 !1' 'when one is missing none is given'
for bad in 'secret ' 'parameter ' 'password x' 'secret a:b:c:d:e' 'secret arn:aws:s3:::bucket' 'secret a:b:c:d'; do
	run values <<EOT
$bad
EOT
	is "$rc $(out)" '2 !0' "refused: $bad"
done
is "$(values </dev/null | wc -c)" 0 'nothing asked, nothing told'
done_testing
