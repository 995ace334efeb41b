#!/bin/sh
# codetrain queue: what becomes of a recorded push, on this machine and on CodeBuild.
. "$SOURCE/tests/lib/tap.sh"
. "$SOURCE/tests/lib/queue.sh"

# recorded NAME REF: a commit pushed, and no drainer started
recorded() {
	commit "$1 $2" >/dev/null
	mv "$T/bin/codetrain-queue" "$T/bin/away"
	push "$1" "+HEAD:$2" 2>/dev/null
	mv "$T/bin/away" "$T/bin/codetrain-queue"
}

# listed GITDIR: the list without its line breaks
listed() { queue list -C "$1" | tr -s '\n ' ' '; }

# ---- usage ----
cd "$T/home" || exit 1
status 2 "no command" queue
status 2 "an unknown command" queue deliver
like "$(err)" "run, list, show, stats, page, serve, follow, retry" "is told the known ones"
status 2 "outside of a repository" queue list
like "$(err)" "not in a git repository; name one: .*-C " "says how to name one"
status 2 "a folder that is none" queue list -C /nonexistent
bare r local
status 2 "a repository without a queue" queue list -C "$T/r.git"
like "$(err)" "no push was recorded.*codetrain hooks install --server" "says what is missing"
status 2 "the same for run" queue run -C "$T/r.git"
status 0 "--help" queue --help
recorded r refs/heads/main
status 2 "show without a number" queue show -C "$T/r.git"
status 2 "show of no number" queue show x -C "$T/r.git"
status 2 "show of an unknown event" queue show 7 -C "$T/r.git"
like "$(err)" "no event 7" "it is named"
status 2 "retry of an unknown event" queue retry 7 -C "$T/r.git"
status 2 "drop of an unknown event" queue drop 7 -C "$T/r.git"
status 2 "retry of one good and one bad number" queue retry 1 x -C "$T/r.git"
status 2 "list of an unknown state" queue list --state good -C "$T/r.git"
status 0 "in a folder of the repository -C is not needed" env -C "$T/r.git/refs" "$BUILD/codetrain" queue list

# ---- local ----
status 0 "list while it waits" queue list -C "$T/r.git"
like "$(out)" "^ +1  -          waiting     main +[0-9a-f]{7} +[0-9]+s +0  now$" "a row for it"
status 0 "run" queue run -C "$T/r.git"
like "$(err)" "event 1 \(main [0-9a-f]{7}\) to local: delivered: build succeeded" "tells what it delivers"
is "$(states r)" delivered "it is"
echo FAILED >"$T/how"
recorded r main
status 0 "a build that fails is delivered" queue run -C "$T/r.git"
status 0 "list" queue list -C "$T/r.git"
like "$(out)" "build failed in phase BUILD \(exit 3\); log: codetrain/builds/2.log" "with how it ended"
echo "exit 2" >"$T/how"
recorded r main
status 0 "a buildspec that is bad is a build that failed" queue run -C "$T/r.git"
like "$(err)" "build failed: codetrain build: error: it says why" "with its reason"
echo TIMED_OUT >"$T/how"
recorded r main
status 0 "one that takes too long as well" queue run -C "$T/r.git"
like "$(err)" "delivered: build timed out" "with its reason"
echo "exit 70" >"$T/how"
recorded r main
status 7 "a machine that cannot build" queue run --once -C "$T/r.git"
status 0 "list" queue list -C "$T/r.git"
like "$(out)" "^ +5  local      waiting .* 1  (now|in [0-9]+s)$" "is tried again"
like "$(out)" "the build did not run: .*it says why" "with the reason"
echo SUCCEEDED >"$T/how"
status 0 "retry" queue retry 5 -C "$T/r.git"
until_true 20 states_are r "delivered delivered delivered delivered delivered"
ok "starts a drainer that delivers it"
is "$(find "$T/r.git/codetrain/builds" -name '5*' | wc -l)" 6 "each attempt has its own files"

# ---- show, JSON, drop ----
status 0 "show" queue show 5 -C "$T/r.git"
like "$(out)" "^event 5$" "the event"
like "$(out)" "^local: delivered, 2 attempts$" "the delivery"
like "$(out)" "attempt 2 .* ms$" "each attempt"
like "$(out)" "codetrain build --repo .* --commit [0-9a-f]+ --timeout 60" "what was asked"
like "$(out)" '"status": ?"SUCCEEDED"' "what was answered"
status 0 "show --json" queue show --json 5 -C "$T/r.git"
is "$(json "$OUT" 'len(d["deliveries"][0]["attempt_log"])')" 2 "has the attempts"
status 0 "list --json" queue list --json -C "$T/r.git"
is "$(json "$OUT" '[e["event"] for e in d["events"]]')" "[1, 2, 3, 4, 5]" "has the events"
is "$(json "$OUT" 'd["drainer"]')" False "and says that nothing runs"
status 0 "list --state delivered" queue list --state failed -C "$T/r.git"
is "$(out)" "no events" "lists nothing else"
status 2 "what was delivered cannot be dropped" queue drop 5 -C "$T/r.git"
recorded r main
status 0 "what waits can" queue drop 6 -C "$T/r.git"
status 0 "and then" queue run -C "$T/r.git"
is "$(states r)" "delivered delivered delivered delivered delivered dropped" "it is not delivered"
status 0 "unless it is retried" queue retry 6 -C "$T/r.git"
until_true 20 states_are r "delivered delivered delivered delivered delivered delivered"
ok "when it is"
long=$(printf 'a-very-long-branch-name-%080d' 1)
recorded r "refs/heads/$long"
echo "exit 70" >"$T/how"
run queue run --once -C "$T/r.git"
status 0 "list" queue list -C "$T/r.git"
is "$(awk 'length > 80' "$OUT")" "" "no line is longer than 80 columns"
rm "$T/how"

# ---- dead drainers, dead builds ----
bare k local
: >"$T/starts"
: >"$T/block"
commit k >/dev/null
push k HEAD:refs/heads/main 2>/dev/null
until_true 20 states_are k delivering
until_true 20 test -s "$T/starts"
kill -9 "$(drainers k)"
until_true 20 no_drainer k
status 0 "a second drainer, while the build of a killed one goes on" \
	sh -c "'$T/bin/codetrain-queue' run -C '$T/k.git' & p=\$!
		n=0; until [ \$n -gt 100 ] || '$T/bin/codetrain-queue' list --json -C '$T/k.git' | grep -q '\"drainer\":.*true'; do n=\$((n + 1)); sleep 0.05; done
		rm '$T/block'; echo >'$T/gate'; wait \$p"
is "$(wc -l <"$T/starts"),$(states k)" "1,delivered" "takes it over: one build, delivered"
: >"$T/block"
commit k2 >/dev/null
push k HEAD:main 2>/dev/null
until_true 20 states_are k "delivered delivering"
d=$(drainers k)
status 0 "run beside a drainer" queue run -C "$T/k.git"
like "$(err)" "another drainer is at work" "says so"
kill "$d"
until_true 20 no_drainer k
ok "SIGTERM ends a drainer"
is "$(states k)" "delivered delivering" "and leaves the build alone"
kill -9 "$(workers k)"
rm "$T/block"
status 0 "a build that was killed" queue run -C "$T/k.git"
is "$(states k)" "delivered delivered" "is built again"
is "$(sql k "SELECT outcome FROM attempt WHERE event = 2 AND number = 1")" \
	"the build ended without a result (killed, or the machine went down)" "for a stated reason"
[ -z "$(workers k)" ]
ok "nothing of the first is left"
echo killed >"$T/how"
recorded k main
# of an event with that number in a queue that was moved away: no result of this one
echo '{"status":"SUCCEEDED"}' >"$T/k.git/codetrain/builds/3.json"
status 1 "one that is killed each time" timeout 60 "$T/bin/codetrain-queue" run -C "$T/k.git"
like "$(listed "$T/k.git")" "without a result 3 times" "is a dead letter"
like "$(listed "$T/k.git")" "codetrain queue retry 3" "with the command"
rm "$T/how"

# ---- what was tried often, and is then killed once ----
bare often exec
git -C "$T/often.git" config codetrain.drainer none
git -C "$T/often.git" config codetrain.command "$T/bin/often"
cat >"$T/bin/often" <<OFTEN
#!/bin/sh
[ ! -e '$T/die' ] || kill -9 \$PPID
exit 75
OFTEN
chmod +x "$T/bin/often"
recorded often main
for n in 1 2 3; do
	status 7 "a command that asks for another try, $n" queue run --once -C "$T/often.git"
	queue retry 1 -C "$T/often.git" 2>/dev/null
done
: >"$T/die"
status 7 "and is killed in the fourth" queue run --once -C "$T/often.git"
like "$(listed "$T/often.git")" "waiting .*ended without a result \(killed" "is no dead letter for that"

# ---- a build that exports much ----
bare much local
cp "$T/bin/codetrain-build" "$T/bin/away-build"
cat >"$T/bin/codetrain-build" <<'MUCH'
#!/bin/sh
for word; do
	[ "$previous" != --result ] || result=$word
	previous=$word
done
{ printf '{"status":"SUCCEEDED","exported":{"V":"'; head -c 300000 /dev/zero | tr '\0' x; printf '"}}'; } >"$result"
MUCH
recorded much main
status 0 "a build with a result of 300 kB" queue run -C "$T/much.git"
is "$(states much)" delivered "has succeeded"
mv "$T/bin/away-build" "$T/bin/codetrain-build"

# ---- what is not whole, or nothing of ours ----
bare sp local
recorded sp refs/heads/main
mkdir -p "$T/sp.git/codetrain/spool"
echo nonsense >"$T/sp.git/codetrain/spool/1.moves"
printf 'codetrain-spool 1\nuid 0\n' >"$T/sp.git/codetrain/moves"
status 0 "files that are not whole" queue run -C "$T/sp.git"
is "$(states sp)" delivered "stop no event"
is "$(find "$T/sp.git/codetrain" -name '*moves')" "" "and are gone"

# ---- configuration ----
bare c local
recorded c refs/heads/main
cp "$T/c.git/config" "$T/config.kept"
echo '[codetrain' >>"$T/c.git/config"
run timeout 10 "$T/bin/codetrain-queue" run --once --life 1 -C "$T/c.git"
like "$(listed "$T/c.git")" "c\.git/config:[0-9]+: " "a broken configuration is told at what waits for it"
cp "$T/config.kept" "$T/c.git/config"
git -C "$T/c.git" config codetrain.target nowhere
status 1 "an unknown target" queue run -C "$T/c.git"
like "$(listed "$T/c.git")" 'no target "nowhere"' "is a dead letter"
like "$(listed "$T/c.git")" 'queue drop [0-9]+ -t nowhere' "whose command leaves the event's other targets alone"
git -C "$T/c.git" config codetrain.target local
git -C "$T/c.git" config codetrain.timeout soon
recorded c main
status 1 "a time-out that is none" queue run -C "$T/c.git"
like "$(err)" 'codetrain.timeout is "soon"' "is told"
git -C "$T/c.git" config codetrain.timeout 5
git -C "$T/c.git" config codetrain.buildspec other.yml
git -C "$T/c.git" config codetrain.environment 'EXTRA_*'
recorded c main
EXTRA_ONE=1 OTHER=1 status 0 "settings" queue run -C "$T/c.git"
is "$(tail -n 2 "$T/c.git/codetrain/builds/3.log" | tr '\n' ' ')" "-f other.yml " "the buildspec is the configuration's"
like "$(cat "$T/c.git/codetrain/builds/3.log")" "^5$" "and the time-out"
like "$(cat "$T/c.git/codetrain/builds/3.log.env")" "^EXTRA_ONE=1$" "and the environment"
unlike "$(cat "$T/c.git/codetrain/builds/3.log.env")" "^OTHER" "and no more"
is "$(queue targets -C "$T/c.git")" "local" "targets"

# ---- a queue that cannot be used ----
bare x local
recorded x refs/heads/main
rm -f "$T"/x.git/codetrain/queue.db-*
echo "not a database, though it may look like one from far away" >"$T/x.git/codetrain/queue.db"
status 70 "a damaged queue" queue list -C "$T/x.git"
like "$(err)" "is damaged.*mv " "says what to do"

# ---- codebuild ----
mkdir "$T/aws"
mkfifo "$T/aws/in"
server_up() {
	: >"$T/aws/up"
	python3 "$SOURCE/tests/lib/fake_codebuild.py" "$T/aws" <"$T/aws/in" &
	server=$!
	exec 9>"$T/aws/in"
	until_true 20 test -s "$T/aws/up" || bail "the server does not start"
}
server_down() { kill -9 "$server"; exec 9>&-; wait "$server" 2>/dev/null; }
at_exit 'kill -9 $server 2>/dev/null'
server_up
AWS_ENDPOINT_URL=http://127.0.0.1:$(cat "$T/aws/port")
export AWS_ENDPOINT_URL AWS_ACCESS_KEY_ID=AKIAEXAMPLEEXAMPLE00 AWS_SECRET_ACCESS_KEY=canarySecret/0123456789 AWS_MAX_ATTEMPTS=1
fault() { [ -n "$1" ] && echo "$1" >"$T/aws/fault" || rm -f "$T/aws/fault"; }
builds() { wc -l <"$T/aws/builds"; }
calls() { grep -c "^$1 " "$T/aws/calls"; }
bare cb codebuild
git -C "$T/cb.git" config codetrain.project iris
git -C "$T/cb.git" config codetrain.region us-east-2

recorded cb refs/heads/main
new=$(git -C "$T/work" rev-parse HEAD)
status 0 "a push to CodeBuild" queue run -C "$T/cb.git"
is "$(states cb)" delivered "is delivered"
like "$(listed "$T/cb.git")" "build iris:1 started" "with the build's id"
tail -n 1 "$T/aws/builds" >"$T/build"
is "$(json "$T/build" 'd["request"]["sourceVersion"]')" "$new" "the commit is what is built"
uuid=$(sql cb "SELECT value FROM note WHERE key = 'uuid'")
is "$(json "$T/build" '[(v["name"], v["value"]) for v in d["request"]["environmentVariablesOverride"]]')" \
	"[('CODETRAIN_EVENT', '$uuid/1'), ('CODETRAIN_REF', 'refs/heads/main')]" "the event's name goes with it"
is "$(sql cb "SELECT external FROM delivery WHERE event = 1")" "iris:00000001" "and the build's is kept"
find "$T/cb.git" -type f -exec grep -la canarySecret {} + >"$T/found"
is "$(cat "$T/found")" "" "no key is in the queue"

recorded cb main
for f in 500 503 throttle limit html; do
	fault $f
	status 7 "CodeBuild answers: $f" queue run --once -C "$T/cb.git"
	is "$(states cb)" "delivered waiting" "the event waits"
	sql cb "UPDATE delivery SET ready_ms = 1 WHERE state = 'waiting'"	# its time is now
done
fault throttle
run queue run --once -C "$T/cb.git"
like "$(listed "$T/cb.git")" "ThrottlingException: Rate exceeded" "list says why"
status 0 "show --json" queue show --json 2 -C "$T/cb.git"
like "$(json "$OUT" 'd["deliveries"][0]["attempt_log"][0]["answer"]')" "InternalFailure" "show has AWS's answer"
fault ""
# (an event that was tried so often would have half a minute to its next try)
sql cb "UPDATE delivery SET ready_ms = 1 WHERE state = 'waiting'"
status 0 "CodeBuild answers" queue run -C "$T/cb.git"
is "$(states cb)" "delivered delivered" "the event is delivered"
server_down
recorded cb other
status 7 "CodeBuild is away" queue run --once -C "$T/cb.git"
commit away >/dev/null
status 0 "a push then" push cb HEAD:main
like "$(err)" "recorded as event 4 → codebuild iris" "is recorded all the same"
until_true 20 eval '[ "$(sql cb "SELECT count(*) FROM delivery WHERE class = 7")" -gt 0 ]'
like "$(listed "$T/cb.git")" "StartBuild.*(refused|connect)" "list says why it waits"
server_up
until_true 90 states_are cb "delivered delivered delivered delivered"
ok "back again, everything is delivered without another push"
until_true 20 no_drainer cb
is "$(builds)" 4 "each once"
is "$(cut -d'"' -f4 "$T/aws/builds" | tr '\n' ' ')" "iris:00000001 iris:00000002 iris:00000003 iris:00000004 " "four builds"

# ---- not mended by waiting ----
fault invalid
recorded cb main
status 1 "InvalidInput" queue run -C "$T/cb.git"
like "$(err)" "failed: .*InvalidInputException.*codetrain queue retry 5" "is a dead letter with the command"
fault ""
status 0 "mended, then retried" queue retry 5 -C "$T/cb.git"
until_true 20 states_are cb "delivered delivered delivered delivered delivered"
ok "it is delivered"
git -C "$T/cb.git" config codetrain.project nothing
recorded cb main
status 1 "an unknown project" queue run -C "$T/cb.git"
like "$(err)" "ResourceNotFoundException.*nothing" "is a dead letter"
git -C "$T/cb.git" config --unset codetrain.project
queue retry 6 -C "$T/cb.git" 2>/dev/null
until_true 20 eval '[ "$(sql cb "SELECT state FROM delivery WHERE event = 6")" = failed ]'
like "$(listed "$T/cb.git")" "codetrain.project is not set; git config codetrain.project NAME, then: codetrain queue retry 6 -t codebuild" "no project: the command"
queue drop 6 -C "$T/cb.git" 2>/dev/null
git -C "$T/cb.git" config codetrain.project iris
until_true 20 no_drainer cb
fault denied
recorded cb main
status 7 "access denied" queue run --once -C "$T/cb.git"
like "$(listed "$T/cb.git")" "AccessDeniedException" "waits, with the reason"
is "$(sql cb "SELECT class FROM delivery WHERE event = 7")" 6 "and its class"
fault ""
queue drop 7 -C "$T/cb.git" 2>/dev/null

# ---- never twice ----
before=$(builds)
fault lost
recorded cb main
run queue run --once -C "$T/cb.git"
is "$rc,$(builds)" "7,$((before + 1))" "an answer is lost, though the build was started"
is "$(sql cb "SELECT uncertain_ms > 0 FROM delivery WHERE event = 8")" 1 "that is known to be unknown"
fault ""
status 0 "within the five minutes" queue retry 8 -C "$T/cb.git"
until_true 20 eval '[ "$(sql cb "SELECT state FROM delivery WHERE event = 8")" = delivered ]'
is "$(builds)" "$((before + 1))" "the token keeps it one build"
until_true 20 no_drainer cb
fault lost
recorded cb main
run queue run --once -C "$T/cb.git"
fault ""
echo 1000 >"$T/aws/skip"
sql cb "UPDATE delivery SET uncertain_ms = uncertain_ms - 1000000 WHERE event = 9"
looked=$(calls ListBuildsForProject)
queue retry 9 -C "$T/cb.git" 2>/dev/null
until_true 20 eval '[ "$(sql cb "SELECT state FROM delivery WHERE event = 9")" = delivered ]'
is "$(builds),$(($(calls ListBuildsForProject) > looked))" "$((before + 2)),1" "when the token is forgotten, it looks, and finds it"
like "$(listed "$T/cb.git")" "build iris:$((before + 2)) started" "and names it"
until_true 20 no_drainer cb
fault 500
recorded cb main
run queue run --once -C "$T/cb.git"
sql cb "UPDATE delivery SET uncertain_ms = uncertain_ms - 1000000 WHERE event = 10"
run queue run --once -C "$T/cb.git"
fault ""
python3 - "$T/aws/builds" <<'PY'
import json, sys
# a busy project: older builds of others, in pages
lines = open(sys.argv[1]).read().splitlines()
b = json.loads(lines[-1])
for n in range(250):
    b["id"] = "iris:other%03d" % n
    b["token"] = "other%d" % n
    b["environment"] = {"environmentVariables": []}
    lines.append(json.dumps(b))
open(sys.argv[1], "w").write("\n".join(lines) + "\n")
PY
n=$(builds)
queue retry 10 -C "$T/cb.git" 2>/dev/null
until_true 20 eval '[ "$(sql cb "SELECT state FROM delivery WHERE event = 10")" = delivered ]'
is "$(builds)" "$((n + 1))" "what is not found in any page is started"
until_true 20 no_drainer cb

# a drainer killed while it waits for the answer
fault hang
before=$(builds)
commit hang >/dev/null
push cb HEAD:main 2>/dev/null
until_true 20 eval '[ "$(sql cb "SELECT state FROM delivery WHERE event = 11")" = delivering ]'
kill -9 "$(drainers cb)"
fault ""
until_true 20 eval '[ "$(builds)" -gt "$before" ]'
status 0 "the next drainer after one killed in the middle" queue run -C "$T/cb.git"
is "$(builds),$(sql cb "SELECT state FROM delivery WHERE event = 11")" "$((before + 1)),delivered" "goes on: one build"

# delivered once more, because people want it
queue retry 11 -C "$T/cb.git" 2>/dev/null
until_true 20 eval '[ "$(builds)" -eq "$((before + 2))" ]'
ok "a delivered event can be delivered again"
until_true 20 no_drainer cb

# two targets
bare two local
git -C "$T/two.git" config --add codetrain.target codebuild
git -C "$T/two.git" config codetrain.project iris
git -C "$T/two.git" config codetrain.region us-east-2
recorded two refs/heads/main
status 0 "two targets" queue run -C "$T/two.git"
is "$(sql two "SELECT target, state FROM delivery ORDER BY target" | tr '\n' ' ')" "codebuild|delivered local|delivered " "one delivery to each"

# no credentials
unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
recorded two main
status 7 "no credentials" queue run --once -C "$T/two.git"
like "$(listed "$T/two.git")" "credentials" "list says so"
server_down

done_testing
