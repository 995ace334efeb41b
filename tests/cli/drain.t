#!/bin/sh
# A backlog drains in order and in bounded memory, and a service that hangs holds up nobody else.
. "$SOURCE/tests/lib/tap.sh"
. "$SOURCE/tests/lib/queue.sh"

# ---- a backlog; DRAIN_EVENTS=10000 for a long one ----
n=${DRAIN_EVENTS:-500}
python3 "$SOURCE/tools/bench-drain.py" "$BUILD" --small --events "$n" --folder "$T" >"$T/drained" 2>"$T/why"
is "$?,$(cut -d' ' -f1 "$T/drained"),$(cat "$T/why")" "0,$n," "each event of a backlog is built once, those of a ref in order"
echo "# $(cut -d' ' -f2 "$T/drained") events a second"
if grep -q __asan_init "$BUILD/codetrain-queue"; then
	skip "in less than 100 MiB" "a sanitizer keeps what is freed"
else
	[ "$(cut -d' ' -f3 "$T/drained")" -lt 100 ]
	ok "in less than 100 MiB"
fi
# the check above can fail: a build twice, and an order
cat >"$T/broken.py" <<'PY'
import pathlib, sys, types
source = pathlib.Path(sys.argv[1]).read_text().replace("\nmain()\n", "\n")
bench = types.ModuleType("bench")
bench.__file__ = sys.argv[1]
exec(source, bench.__dict__)
line = '{"request": {"sourceVersion": "%040x", "environmentVariablesOverride": [{"name": "CODETRAIN_REF", "value": "r"}]}}\n'
for numbers in ([1, 2, 2], [2, 1], [1], [1, 2]):
    pathlib.Path(sys.argv[2], "builds").write_text("".join(line % n for n in numbers))
    try:
        bench.check(types.SimpleNamespace(folder=pathlib.Path(sys.argv[2])), 2, 1)
        print("fine", end=" ")
    except SystemExit:
        print("noticed", end=" ")
PY
is "$(python3 "$T/broken.py" "$SOURCE/tools/bench-drain.py" "$T")" "noticed noticed noticed fine " \
	"a build too many, one too few and a wrong order would be noticed"

# ---- a hanging service beside a good target, and refs beside a hanging one ----
mkdir "$T/aws"
mkfifo "$T/aws/in"
: >"$T/aws/up"
python3 "$SOURCE/tests/lib/fake_codebuild.py" "$T/aws" <"$T/aws/in" &
server=$!
exec 9>"$T/aws/in"
at_exit 'kill -9 $server 2>/dev/null'
until_true 20 test -s "$T/aws/up" || bail "the server does not start"
AWS_ENDPOINT_URL=http://127.0.0.1:$(cat "$T/aws/port")
export AWS_ENDPOINT_URL AWS_ACCESS_KEY_ID=AKIAEXAMPLEEXAMPLE00 AWS_SECRET_ACCESS_KEY=canarySecret/0123456789 AWS_MAX_ATTEMPTS=1
bare h codebuild
git -C "$T/h.git" config --add codetrain.target local
git -C "$T/h.git" config codetrain.project iris
git -C "$T/h.git" config codetrain.region us-east-2
git -C "$T/h.git" config codetrain.drainer none
for i in 1 2 3; do
	commit "$i" >/dev/null
	push h HEAD:main 2>/dev/null
done
push h HEAD:other 2>/dev/null
echo hang >"$T/aws/fault"
"$T/bin/codetrain-queue" run -C "$T/h.git" 2>"$T/run" &
run=$!
at_exit 'kill -9 $run 2>/dev/null'
delivered() { [ "$(sql h "SELECT count(*) FROM delivery WHERE state = 'delivered' AND target = '$1'")" = "$2" ]; }
until_true 30 delivered local 4
ok "local builds end, all four"
delivered codebuild 0
ok "while CodeBuild answers nobody"
under_way() { [ "$(sql h "SELECT count(*) FROM delivery WHERE state = 'delivering'")" = "$1" ]; }
until_true 30 under_way 2
ok "a request that hangs holds up its ref, not the other one"
is "$(sql h "SELECT group_concat(ref) FROM (SELECT DISTINCT ref FROM delivery WHERE state = 'delivering' ORDER BY ref)")" \
	"refs/heads/main,refs/heads/other" "one of each ref is under way"
kill -TERM "$run"
wait "$run"
is "$(sql h "SELECT count(*) FROM delivery WHERE state = 'delivering'")" 0 "an end does not wait for it"
rm "$T/aws/fault"
status 0 "when it answers again" queue run -C "$T/h.git"
delivered codebuild 4
ok "everything is delivered"
is "$(python3 -c '
import json, sys
print(*[json.loads(l)["request"]["sourceVersion"] for l in open(sys.argv[1])
        if {"name": "CODETRAIN_REF", "value": "refs/heads/main", "type": "PLAINTEXT"} in json.loads(l)["request"]["environmentVariablesOverride"]])' "$T/aws/builds")" \
	"$(sql h "SELECT group_concat(new, ' ') FROM (SELECT new FROM event WHERE ref = 'refs/heads/main' ORDER BY seq)")" \
	"once each, in order"
done_testing
