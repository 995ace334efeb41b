#!/bin/sh
# The target codebuild against a fake that keeps CodeBuild's rules: what goes out, what comes back to the
# pusher, and that no answer whatever makes a second build.
. "$SOURCE/tests/lib/tap.sh"
. "$SOURCE/tests/lib/queue.sh"

mkdir "$T/aws"
mkfifo "$T/aws/in"
: >"$T/aws/builds"
python3 "$SOURCE/tests/lib/fake_codebuild.py" "$T/aws" <"$T/aws/in" &
server=$!
exec 9>"$T/aws/in"
at_exit 'kill -9 $server 2>/dev/null'
until_true 20 test -s "$T/aws/up" || bail "the server does not start"
AWS_ENDPOINT_URL=http://127.0.0.1:$(cat "$T/aws/port")
export AWS_ENDPOINT_URL AWS_ACCESS_KEY_ID=AKIAEXAMPLEEXAMPLE00 AWS_SECRET_ACCESS_KEY=canarySecret/0123456789 AWS_MAX_ATTEMPTS=1
fault() { [ -n "$1" ] && echo "$1" >"$T/aws/fault" || rm -f "$T/aws/fault"; }
builds() { wc -l <"$T/aws/builds"; }
calls() { grep -c "^$1 " "$T/aws/calls"; }
set_() { git -C "$T/cb.git" config "codetrain.$1" "$2"; }
state() { sql cb "SELECT state FROM delivery WHERE event = $1"; }
state_is() { [ "$(state "$1")" = "$2" ]; }
last() { sql cb "SELECT max(seq) FROM event"; }
idle() { until_true 20 no_drainer cb; }
# built EXPRESSION: over the newest build as the fake keeps it, its variables in v
built() {
	python3 -c 'import json, sys
d = json.loads(open(sys.argv[1]).read().splitlines()[-1])
v = {e["name"]: e["value"] for e in d["request"]["environmentVariablesOverride"]}
print(eval(sys.argv[2]))' "$T/aws/builds" "$1"
}
# pushed OPTION...: a new commit to $ref
ref=refs/heads/main
pushed() {
	commit x >/dev/null
	timeout 60 git -C "$T/work" push -q "$@" "$T/cb.git" "HEAD:$ref" >"$OUT" 2>"$ERR"
}

# recorded OPTION...: pushed, and no drainer starts
recorded() {
	mv "$T/bin/codetrain-queue" "$T/bin/away"
	pushed "$@"
	mv "$T/bin/away" "$T/bin/codetrain-queue"
}

bare cb codebuild
git -C "$T/cb.git" config receive.advertisePushOptions true
set_ project iris
set_ region us-east-2

# ---- the number and the address ----
echo 40 >"$T/aws/number"
pushed
until_true 20 state_is 1 delivered
ok "a push starts a build"
is "$(sql cb "SELECT outcome, external, link FROM delivery")" \
	"build iris:41 started|iris:00000001|https://console.aws.amazon.com/codesuite/codebuild/111111111111/projects/iris/build/iris%3A00000001/?region=us-east-2" \
	"its number, its id and its address are kept"
is "$(sql cb "SELECT status, sent_ms > 0, answered_ms >= sent_ms FROM attempt")" "200|1|1" "with the time that the answer took"
pushed
like "$(err)" '^remote: codetrain: .*build iris:42 started' "CodeBuild answers now: the next pusher reads the number"
like "$(err)" '^remote: codetrain: .*https://console.aws.amazon.com/codesuite/codebuild/111111111111/projects/iris/build/iris%3A00000002/.region=us-east-2' \
	"and the address"
idle
set_ answer 0	# from here on nobody waits for it

# ---- tags ----
set_ refs 'refs/tags/v*'
git -C "$T/work" tag -a v1 -m one
status 0 "an annotated tag" push cb v1
until_true 20 state_is 3 delivered
is "$(built 'd["request"]["sourceVersion"]')" "$(git -C "$T/work" rev-parse 'v1^{commit}')" "is built by its commit"
is "$(built 'v["CODETRAIN_REF"]')" refs/tags/v1 "under its name"
git -C "$T/work" tag -a v2 -m nothing "$(echo x | git -C "$T/work" hash-object -w --stdin)"
before=$(builds)
push cb v2 2>/dev/null
until_true 20 state_is 4 failed
ok "a tag of a file is a dead letter"
like "$(queue show 4 -C "$T/cb.git")" "refs/tags/v2 names no commit.*codetrain queue retry 4" "that says why"
is "$(builds)" "$before" "and no build"
queue drop 4 -C "$T/cb.git" 2>/dev/null
idle
git -C "$T/cb.git" config --unset codetrain.refs

# ---- push options ----
set_ env EPOCHS
git -C "$T/cb.git" config --add codetrain.env 'TRAIN_*'
pushed -o ci.env=EPOCHS=3 -o ci.env=TRAIN_RATE=a=b -o ci.env=PATH=/evil -o ci.env=OTHER=1 -o ci.nonsense
until_true 20 state_is 5 delivered
is "$(built '[(k, v[k]) for k in sorted(v) if not k.startswith("CODETRAIN_")]')" "[('EPOCHS', '3'), ('TRAIN_RATE', 'a=b')]" \
	"ci.env sets what is allowed, and nothing else"
like "$(err)" '^remote: .*PATH' "what is not allowed is told"
like "$(err)" '^remote: .*ci.nonsense' "what is unknown, too"
before=$(builds)
pushed -o ci.skip
until_true 20 state_is 6 skipped
is "$(builds)" "$before" "ci.skip builds nothing"
idle

# ---- following ----
for i in 1 2 3 4 5 6 7; do echo "line $i of the log"; done >"$T/aws/log"
printf 'colour \033[31mred\033[0m\n' >>"$T/aws/log"
echo SUCCEEDED >"$T/aws/status"
pushed -o ci.wait
is "$(grep -c '^remote: line [1-7] of the log *$' "$ERR")" 7 "ci.wait shows each line of the log, once"
like "$(err)" '^remote: codetrain: .*ended: SUCCEEDED' "and the end"
like "$(err)" '^remote: colour \?\[31mred' "what is in a log steers no terminal"
echo FAILED >"$T/aws/status"
pushed -o ci.wait
like "$(err)" '^remote: codetrain: .*ended: FAILED' "a build that fails"
rm "$T/aws/status"
pushed -o ci.wait=2s
like "$(err)" "^remote: codetrain: .*goes on; codetrain queue show $(last)" "one that takes longer than the wait"
idle
event=$(last)
queue follow "$event" -C "$T/cb.git" --wait 40s >"$T/followed" 2>&1 &
follower=$!
until_true 20 grep -q 'line 7' "$T/followed"
echo "line 8 of the log" >>"$T/aws/log"
until_true 20 grep -q 'line 8' "$T/followed"
ok "a log that grows is followed"
fault GetLogEvents:503
until_true 20 grep -q '^GetLogEvents - 503' "$T/aws/calls"
fault ""
echo "the last line" >>"$T/aws/log"
echo STOPPED >"$T/aws/status"
wait "$follower"
is "$?" 3 "followed by hand: a stopped build is exit 3"
is "$(grep -c ' of the log$' "$T/followed"),$(grep -c '^the last line$' "$T/followed")" 8,1 "no line twice, none left out, whatever failed in between"
echo FAILED >"$T/aws/status"
status 1 "one that failed" queue follow "$event" -C "$T/cb.git"
rm "$T/aws/status"
status 4 "one that goes on" queue follow "$event" -C "$T/cb.git" --wait 1s
status 2 "an event that there is not" queue follow 999 -C "$T/cb.git"
fault GetLogEvents:denied
echo SUCCEEDED >"$T/aws/status"
status 0 "a log that may not be read" queue follow "$event" -C "$T/cb.git"
is "$(grep -c 'its log cannot be read.*AccessDenied' "$ERR")" 1 "is said once, and the end is waited for"
fault BatchGetBuilds:denied
status 6 "a build that may not be looked at" queue follow "$event" -C "$T/cb.git"
fault ""
rm "$T/aws/log" "$T/aws/status"

# ---- every answer: one build in the end, or none and a reason ----
# answers FAULT STATE: what the delivery of a ref of its own is after it
answers() {
	fault "StartBuild:$1"
	ref=refs/heads/answer-$1
	recorded
	sql cb "UPDATE delivery SET ready_ms = 9000000000000000 WHERE state = 'waiting' AND target <> ''"	# one at a time
	run queue run --once -C "$T/cb.git"
	is "$(state "$(last)")" "$2" "$1: $2"
	is "$(sql cb "SELECT length(reason) > 10 FROM delivery WHERE event = $(last)")" 1 "$1: with a reason"
}
first=$(($(last) + 1))
answers invalid failed
for f in 500 503 throttle limit denied expired html page empty list half lost; do
	answers "$f" waiting
done
fault ""
ref=refs/heads/main
events=$(sql cb "SELECT seq FROM event WHERE seq >= $first")
# shellcheck disable=SC2086
queue retry $events -C "$T/cb.git" 2>/dev/null
all_delivered() { [ "$(sql cb "SELECT count(*) FROM delivery WHERE event >= $first AND state <> 'delivered'")" = 0 ]; }
until_true 30 all_delivered
ok "the fault gone, all are delivered"
is "$(python3 -c 'import collections, json, sys
names = [next(v["value"] for v in json.loads(line)["request"]["environmentVariablesOverride"]) for line in open(sys.argv[1])]
print(sorted(n for e, n in collections.Counter(int(n.split("/")[1]) for n in names).items() if e >= int(sys.argv[2])))' "$T/aws/builds" "$first")" \
	"[1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]" "by one build each"
idle

# ---- the token's five minutes ----
# uncertain FAULT: a request whose outcome is not known
uncertain() {
	fault "StartBuild:$1"
	recorded
	run queue run --once -C "$T/cb.git"
	fault ""
	event=$(last)
	is "$(sql cb "SELECT uncertain_ms > 0, external FROM delivery WHERE event = $event")" "1|asked of project iris" \
		"$1: unknown, and where it was asked for is kept"
}
aged() {
	[ "$(sql cb "UPDATE delivery SET uncertain_ms = uncertain_ms - 200000 WHERE event = $event AND state = 'waiting'
		RETURNING 1")" = 1 ]
}
later() {	# the five minutes are over: first for us, and not while it is being tried
	until_true 20 aged
	echo 1000 >"$T/aws/skip"
}
again() {
	queue retry "$event" -C "$T/cb.git" 2>/dev/null
	until_true 20 state_is "$event" delivered
	idle
}

uncertain lost
n=$(builds) looked=$(calls ListBuildsForProject)
again
is "$(builds),$(calls ListBuildsForProject)" "$n,$looked" "within them the same request is sent, and is the same build"

uncertain lost
n=$(builds)
set_ project pear
run queue retry "$event" -C "$T/cb.git"
until_true 20 eval '[ "$(sql cb "SELECT reason LIKE '"'%no longer the project%'"' FROM delivery WHERE event = $event")" = 1 ]'
ok "another project by now: it waits until that can be known"
later
again
is "$(builds),$(sql cb "SELECT external LIKE 'iris:%' FROM delivery WHERE event = $event")" "$n,1" "then it is found in the first one"
set_ project iris
rm "$T/aws/skip"

fault StartBuild:lost
recorded -o ci.env=EPOCHS=9
run queue run --once -C "$T/cb.git"
fault ""
event=$(last) n=$(builds)
git -C "$T/cb.git" config --unset-all codetrain.env
run queue retry "$event" -C "$T/cb.git"
until_true 20 eval '[ "$(sql cb "SELECT reason LIKE '"'%different parameters%'"' FROM delivery WHERE event = $event")" = 1 ]'
is "$(state "$event"),$(builds)" "waiting,$n" "other variables by now: CodeBuild refuses the token, and the event waits"
later
again
is "$(builds)" "$n" "then the first build is found"
rm "$T/aws/skip"

# ---- busy projects ----
# more N NAME AGE: N builds of others, that many seconds old
more() {
	python3 - "$T/aws/builds" "$@" <<'PY'
import json, sys, time
with open(sys.argv[1], "a") as out:
    for i in range(int(sys.argv[2])):
        name = "iris:%s-%06d" % (sys.argv[3], i)
        out.write(json.dumps({"id": name, "arn": "arn", "buildNumber": i, "projectName": "iris", "sourceVersion": "x",
                              "startTime": time.time() - float(sys.argv[4]), "token": None, "tokenTime": 0, "request": {},
                              "environment": {"environmentVariables": []}}) + "\n")
PY
}
uncertain lost
n=$(builds) looked=$(calls ListBuildsForProject)
more 5200 later 0
later
again
is "$(builds),$(($(calls ListBuildsForProject) - looked))" "$((n + 5200)),53" "behind 5,200 newer builds it is found, in 53 pages"
uncertain 500
more 300 old 100000
later
looked=$(calls ListBuildsForProject) n=$(builds)
again
is "$(builds),$(($(calls ListBuildsForProject) - looked))" "$((n + 1)),1" "of older builds one page is enough to know that there is none"
rm "$T/aws/skip"
is "$(grep -c '^ListBuildsForProject.* 400' "$T/aws/calls")" 0 "no page was refused"
aws_says() { python3 -c 'import http.client, json, sys
c = http.client.HTTPConnection("127.0.0.1", int(open(sys.argv[1]).read()))
c.request("POST", "/", sys.argv[3], {"X-Amz-Target": "CodeBuild_20161006." + sys.argv[2], "Authorization": "AWS4-HMAC-SHA256"})
print(c.getresponse().read().decode())' "$T/aws/port" "$@"; }
like "$(aws_says ListBuildsForProject '{"projectName": "iris", "sortOrder": "DESCENDING"}')" "InvalidInputException" \
	"where an order is asked for, it would be"

# ---- two projects of one repository ----
git -C "$T/cb.git" config --unset-all codetrain.target
git -C "$T/cb.git" config --add codetrain.target first
git -C "$T/cb.git" config --add codetrain.target second
for i in first second; do
	set_ $i.type codebuild
	set_ $i.refs "$i"
done
set_ second.project pear
push cb "+HEAD:refs/heads/first" 2>/dev/null
push cb "+HEAD:refs/heads/second" 2>/dev/null
n=$(last)
until_true 20 state_is "$n" delivered
until_true 20 state_is "$((n - 1))" delivered
is "$(sql cb "SELECT target, substr(external, 1, 4) FROM delivery WHERE event > $n - 2 ORDER BY event" | tr '\n' ' ')" \
	"first|iris second|pear " "each branch has its own project"
idle

# ---- a local build is followed, too ----
bare lo local
git -C "$T/lo.git" config receive.advertisePushOptions true
commit x >/dev/null
run timeout 60 git -C "$T/work" push -q -o ci.wait "$T/lo.git" HEAD:refs/heads/main
like "$(err)" "^remote: CODETRAIN_REF=refs/heads/main" "ci.wait shows a local build's log"
like "$(err)" "^remote: codetrain: .*build succeeded" "and how it ended"
echo FAILED >"$T/how"
commit x >/dev/null
run timeout 60 git -C "$T/work" push -q -o ci.wait "$T/lo.git" HEAD:refs/heads/main
is "$rc" 0 "a build that fails does not undo the push"
like "$(err)" "^remote: codetrain: .*build failed" "but says so"
until_true 20 no_drainer lo

find "$T/cb.git" -type f -exec grep -la canarySecret {} + >"$T/found"
is "$(cat "$T/found")" "" "no key is in the queue"
done_testing
