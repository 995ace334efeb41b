#!/bin/sh
# The queue while its hooks and drainers are killed: nothing is lost, nothing comes twice.
. "$SOURCE/tests/lib/tap.sh"
. "$SOURCE/tests/lib/queue.sh"

mkdir "$T/aws"
mkfifo "$T/aws/in"
python3 "$SOURCE/tests/lib/fake_codebuild.py" "$T/aws" <"$T/aws/in" &
server=$!
exec 9>"$T/aws/in"
at_exit 'kill -9 $server 2>/dev/null'
until_true 20 test -s "$T/aws/up" || bail "the server does not start"
AWS_ENDPOINT_URL=http://127.0.0.1:$(cat "$T/aws/port")
export AWS_ENDPOINT_URL AWS_ACCESS_KEY_ID=AKIAEXAMPLEEXAMPLE00 AWS_SECRET_ACCESS_KEY=canarySecret/0123456789
bare r codebuild
git -C "$T/r.git" config codetrain.project iris
git -C "$T/r.git" config codetrain.region us-east-2

seed=${SEED:-$(date +%s)}
run timeout 300 python3 "$SOURCE/tests/lib/queue_soak.py" "$T/bin" "$T/r.git" "$T/aws" "${PUSHES:-120}" "$seed" </dev/null
err
is "$rc" 0 "the run ends"
is "$(out)" "" "each event was started exactly once, in order (SEED=$seed)"
is "$(sql r 'PRAGMA integrity_check')" ok "the database is whole"
is "$(find "$T/r.git/codetrain/spool" -type f 2>/dev/null | wc -l)" 0 "nothing is left in the spool"

# the check itself can fail: a build more
head -n 1 "$T/aws/builds" >"$T/again"
cat "$T/again" >>"$T/aws/builds"
run timeout 300 python3 "$SOURCE/tests/lib/queue_soak.py" "$T/bin" "$T/r.git" "$T/aws" 0 "$seed" </dev/null
like "$(out)" "started 2 times" "a second build of an event is noticed"

done_testing
