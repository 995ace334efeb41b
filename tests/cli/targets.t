#!/bin/sh
# The targets of the queue beside local and codebuild: exec, mirror, codepipeline, eventbridge, sqs.
. "$SOURCE/tests/lib/tap.sh"
. "$SOURCE/tests/lib/queue.sh"

# recorded NAME REFSPEC: a commit pushed, and no drainer started
recorded() {
	commit "$1 $2" >/dev/null
	mv "$T/bin/codetrain-queue" "$T/bin/away"
	push "$1" "$2" 2>/dev/null
	mv "$T/bin/away" "$T/bin/codetrain-queue"
}
# due NAME: what waits for its next try is to be tried now; says "waiting" for each
due() { sql "$1" "UPDATE delivery SET ready_ms = 1 WHERE state = 'waiting' RETURNING state"; }
# state NAME EVENT [TARGET]
state() { sql "$1" "SELECT state FROM delivery WHERE event = $2 ${3:+AND target = '$3'}"; }
reason() { sql "$1" "SELECT reason FROM delivery WHERE event = $2 ${3:+AND target = '$3'}"; }
outcome() { sql "$1" "SELECT outcome FROM delivery WHERE event = $2 ${3:+AND target = '$3'}"; }
config() { _to=$1; shift; git -C "$T/$_to.git" config "$@"; }
cp "$BUILD/git-credential-codecommit" "$T/bin/"
cd "$T/home" || exit 1

# ---- exec ----
bare e exec
recorded e HEAD:refs/heads/main
status 1 "exec without a command" queue run -C "$T/e.git"
like "$(err)" "codetrain.exec.command is not set; git config --add codetrain.exec.command" "says how to set one"
config e --add codetrain.command "$T/deploy"
config e --add codetrain.command "two words; \$(touch $T/evil)"
config e --add codetrain.command "$T/seen"
cat >"$T/deploy" <<'SH'
#!/bin/sh
env >"$2.env"
printf '%s\n' "$@" >"$2.args"
cat >"$2"
echo starts
[ ! -e "$2.sleep" ] || sleep 1000
echo "deployed"
exit "$(cat "$2.exit" 2>/dev/null || echo 0)"
SH
chmod +x "$T/deploy"
config e codetrain.environment 'EXTRA_*'
queue drop 1 -C "$T/e.git" 2>/dev/null
GL_USER=ann recorded e HEAD:refs/heads/main
new=$(git -C "$T/work" rev-parse HEAD) old=$(git -C "$T/work" rev-parse HEAD~1)
EXTRA_ONE=1 OTHER=1 AWS_SECRET_ACCESS_KEY=canary status 0 "exec" queue run -C "$T/e.git"
is "$(state e 2)" delivered "is delivered when it ends with 0"
like "$(outcome e 2)" "^done: deployed; log: codetrain/builds/2\.1-exec\.log$" "with its last line"
is "$(cat "$T/e.git/codetrain/builds/2.1-exec.log")" "starts
deployed" "its output is kept"
is "$(cat "$T/seen.args")" "two words; \$(touch $T/evil)
$T/seen" "each word of the command comes as it is"
[ ! -e "$T/evil" ]
ok "and no shell has seen it"
is "$(json "$T/seen" '[d[k] for k in ("version", "name", "ref", "branch", "old", "new", "created", "deleted", "pusher", "options")]')" \
	"[1, 'e', 'refs/heads/main', 'main', '$old', '$new', False, False, 'ann', []]" "the event is on its standard input"
is "$(json "$T/seen" 'd["id"]')" "$(sql e "SELECT value FROM note WHERE key = 'uuid'")/2" "with its name"
is "$(json "$T/seen" 'd["repository"]')" "$T/e.git" "and the repository"
like "$(json "$T/seen" 'd["recorded"]')" "^20[0-9-]+T[0-9:]+\.[0-9]{3}Z$" "and the time"
like "$(cat "$T/seen.env")" "^EXTRA_ONE=1$" "it sees what it is to see"
unlike "$(cat "$T/seen.env")" "OTHER|canary" "and nothing else"
status 0 "show" queue show 2 -C "$T/e.git"
like "$(out)" "EVENT" "has the event that was given"
echo 3 >"$T/seen.exit"
recorded e HEAD:refs/heads/main
status 1 "one that ends with 3" queue run -C "$T/e.git"
like "$(reason e 3)" "ended with 3: deployed; log: codetrain/builds/3.1-exec.log; codetrain queue retry 3 -t exec" "is a dead letter"
echo 75 >"$T/seen.exit"
recorded e HEAD:refs/heads/main
status 7 "one that ends with 75" queue run --once -C "$T/e.git"
is "$(due e)" waiting "is tried again"
rm "$T/seen.exit"
status 0 "until it works" queue run -C "$T/e.git"
is "$(state e 4)" delivered "it does"
config e codetrain.exec.command "$T/nothing-here"
recorded e HEAD:refs/heads/main
status 1 "a command that is not there" queue run -C "$T/e.git"
like "$(reason e 5)" "nothing-here" "is a dead letter that names it"
config e --unset codetrain.exec.command
: >"$T/seen.sleep"
config e codetrain.timeout 0
queue drop 5 -C "$T/e.git" 2>/dev/null
recorded e HEAD:refs/heads/main
status 1 "a time-out that is none" queue run -C "$T/e.git"
like "$(reason e 6)" 'timeout is "0"; it must be 1 to' "is told"
config e --unset codetrain.timeout
queue drop 6 -C "$T/e.git" 2>/dev/null
# killed with what it started: again, and at last a dead letter
commit e7 >/dev/null
: >"$T/seen"
push e HEAD:refs/heads/main 2>/dev/null
until_true 20 test -s "$T/seen"
w=$(workers e)
kill -9 "$(drainers e)"
until_true 20 no_drainer e
rm "$T/seen.sleep"
pkill_session() { for _p in $(ps -eo pid=,sid= | awk -v s="$1" '$2 == s { print $1 }'); do kill -9 "$_p" 2>/dev/null; done; }
pkill_session "$w"
status 0 "a command whose worker was killed" queue run -C "$T/e.git"
is "$(state e 7)" delivered "is run again"
# a ref with everything in it that a name may have
bad="refs/heads/a\"b'c;\$(id)&\`x\`<s>"
recorded e "HEAD:$bad"
status 0 "a ref with quotes and worse" queue run -C "$T/e.git"
is "$(json "$T/seen" 'd["ref"]')" "$bad" "is text"
raw=$(printf 'refs/heads/\377caf\351')
recorded e "HEAD:$raw"
status 0 "a ref that is no UTF-8" queue run -C "$T/e.git"
is "$(json "$T/seen" '__import__("base64").b64decode(d["ref_base64"]) == b"refs/heads/\xffcaf\xe9"')" True "comes as it is, too"

# ---- mirror ----
git init -q --bare "$T/there.mirror"
there() { git -C "$T/there.mirror" rev-parse -q --verify "$1"; }
bare m mirror
recorded m HEAD:refs/heads/main
status 1 "mirror without a URL" queue run -C "$T/m.git"
like "$(reason m 1)" "codetrain.mirror.url is not set; git config codetrain.mirror.url URL" "says how to set one"
config m codetrain.url "https://user:hunter2hunter2@example.com/x.git"
queue retry 1 -C "$T/m.git" 2>/dev/null
until_true 20 eval '[ "$(state m 1)" = failed ] && no_drainer m'
like "$(reason m 1)" "has a password in it" "a password in the URL is refused"
config m codetrain.url "$T/there.mirror"
queue drop 1 -C "$T/m.git" 2>/dev/null
recorded m HEAD:refs/heads/main
a=$(git -C "$T/work" rev-parse HEAD)
status 0 "a mirror" queue run -C "$T/m.git"
is "$(there refs/heads/main)" "$a" "has the commit"
like "$(outcome m 2)" "^pushed to $T/there.mirror$" "the outcome says where"
queue retry 2 -C "$T/m.git" 2>/dev/null
until_true 20 eval '[ "$(state m 2)" = delivered ] && no_drainer m'
ok "a push again is the same"
# each step in its turn, by name
recorded m HEAD:refs/heads/main
b=$(git -C "$T/work" rev-parse HEAD)
recorded m HEAD:refs/heads/main
c=$(git -C "$T/work" rev-parse HEAD)
status 0 "two steps" queue run -C "$T/m.git"
is "$(there refs/heads/main)" "$c" "the last is there"
is "$(git -C "$T/there.mirror" merge-base "$b" "$c")" "$b" "and the first"
# diverged
config m receive.denyNonFastForwards false
git -C "$T/work" reset -q --hard "$b"
recorded m +HEAD:refs/heads/main
d=$(git -C "$T/work" rev-parse HEAD)
status 1 "a history that was written anew" queue run -C "$T/m.git"
like "$(reason m 5)" "non-fast-forward.*git config codetrain.mirror.force true; then: codetrain queue retry 5 -t mirror" "is a dead letter with both ways out"
is "$(there refs/heads/main)" "$c" "and nothing there was lost"
config m codetrain.force true
queue retry 5 -C "$T/m.git" 2>/dev/null
until_true 20 eval '[ "$(state m 5)" = delivered ] && no_drainer m'
is "$(there refs/heads/main)" "$d" "with force it is"
# tags, deletions
git -C "$T/work" tag -m v1 v1
config m codetrain.refs 'refs/*'
recorded m refs/tags/v1
status 0 "a tag" queue run -C "$T/m.git"
is "$(git -C "$T/there.mirror" cat-file -t refs/tags/v1)" tag "is there with its own object"
mv "$T/bin/codetrain-queue" "$T/bin/away"
push m :refs/tags/v1 2>/dev/null
mv "$T/bin/away" "$T/bin/codetrain-queue"
status 0 "a deletion" queue run -C "$T/m.git"
is "$(there refs/tags/v1)" "" "is one there"
queue retry 7 -C "$T/m.git" 2>/dev/null
until_true 20 eval '[ "$(state m 7)" = delivered ] && no_drainer m'
ok "of what is not there, too"
config m codetrain.delete false
recorded m HEAD:refs/heads/kept
mv "$T/bin/codetrain-queue" "$T/bin/away"
push m :refs/heads/kept 2>/dev/null
mv "$T/bin/away" "$T/bin/codetrain-queue"
status 0 "a deletion, when none is wanted" queue run -C "$T/m.git"
isnt "$(there refs/heads/kept)" "" "stays"
# not there
config m codetrain.url "$T/nowhere.mirror"
recorded m HEAD:refs/heads/main
status 1 "a mirror that is not there" queue run -C "$T/m.git"
like "$(reason m 10)" "does not appear to be a git repository.*retry 10 -t mirror" "is a dead letter"
config m codetrain.url http://127.0.0.1:1/x.git
queue drop 10 -C "$T/m.git" 2>/dev/null
recorded m HEAD:refs/heads/main
status 7 "one that does not answer" queue run --once -C "$T/m.git"
is "$(due m)" waiting "is tried again"
like "$(reason m 11)" "git push: fatal: unable to access 'http://127.0.0.1:1/x.git/'" "with git's reason"
config m codetrain.url "$T/there.mirror"
status 0 "back again" queue run -C "$T/m.git"
is "$(there refs/heads/main)" "$(git -C "$T/work" rev-parse HEAD)" "it has it"
recorded m "HEAD:refs/heads/x'y\$(touch $T/evil)"
run queue run -C "$T/m.git"
is "$(there "refs/heads/x'y\$(touch $T/evil)")" "" "a name with a space is none of git's"
recorded m "HEAD:refs/heads/x'y\$(id)"
status 0 "a hostile name" queue run -C "$T/m.git"
isnt "$(there "refs/heads/x'y\$(id)")" "" "is a name there"

# ---- codepipeline, eventbridge, sqs ----
mkdir "$T/aws"
mkfifo "$T/aws/in"
python3 "$SOURCE/tests/lib/fake_targets.py" "$T/aws" <"$T/aws/in" &
server=$!
exec 9>"$T/aws/in"
at_exit 'kill -9 $server 2>/dev/null'
until_true 20 test -s "$T/aws/port" || bail "the server does not start"
AWS_ENDPOINT_URL=http://127.0.0.1:$(cat "$T/aws/port")
export AWS_ENDPOINT_URL AWS_ACCESS_KEY_ID=AKIAEXAMPLEEXAMPLE00 AWS_SECRET_ACCESS_KEY=canarySecret/"0123456789" \
	AWS_MAX_ATTEMPTS=1 AWS_REGION=us-east-2
fault() { [ -n "$1" ] && echo "$1" >"$T/aws/fault" || rm -f "$T/aws/fault"; }
count() { [ ! -e "$T/aws/$1" ] && echo 0 || wc -l <"$T/aws/$1"; }

# answers NAME FILE FAULT...: the same of each service; NAME is the repository's and the target's
answers() {
	_t=$1 _f=$2
	shift 2
	recorded "$_t" HEAD:refs/heads/main
	status 0 "$_t" queue run -C "$T/$_t.git"
	is "$(state "$_t" 1),$(count "$_f")" "delivered,1" "is delivered once"
	recorded "$_t" HEAD:refs/heads/main
	for _fault; do
		fault "$_fault"
		[ "$_fault" != hang ] || export CODETRAIN_HTTP_TIMEOUT=1
		status 7 "$_t answers: $_fault" queue run --once -C "$T/$_t.git"
		fault ""
		unset CODETRAIN_HTTP_TIMEOUT
		is "$(due "$_t")" waiting "the event waits"
	done
	status 0 "$_t is well again" queue run -C "$T/$_t.git"
	is "$(state "$_t" 2)" delivered "it is delivered"
	recorded "$_t" HEAD:refs/heads/main
	fault invalid
	status 1 "$_t answers: invalid" queue run -C "$T/$_t.git"
	like "$(reason "$_t" 3)" "ValidationException: it is not valid.*; mend it, then: codetrain queue retry 3 -t $_t" "is a dead letter"
	fault ""
	queue drop 3 -C "$T/$_t.git" 2>/dev/null
	recorded "$_t" HEAD:refs/heads/main
	fault empty
	status 7 "$_t answers: nothing" queue run --once -C "$T/$_t.git"
	is "$(state "$_t" 4)" waiting "is no answer"
	fault ""
	queue drop 4 -C "$T/$_t.git" 2>/dev/null
	recorded "$_t" HEAD:refs/heads/main
	fault lost
	run queue run --once -C "$T/$_t.git"
	is "$(sql "$_t" "SELECT uncertain_ms > 0 FROM delivery WHERE event = 5")" 1 "$_t: a lost answer is known to be one"
	fault ""
	due "$_t" >"$T/due"
	status 0 "then" queue run -C "$T/$_t.git"
	is "$(state "$_t" 5)" delivered "it is delivered"
}

bare sqs sqs
recorded sqs HEAD:refs/heads/other
status 1 "sqs without a queue" queue run -C "$T/sqs.git"
like "$(reason sqs 1)" "codetrain.queue is not set; git config codetrain.queue URL" "says how to set one"
rm -rf "$T/sqs.git"
bare sqs sqs
config sqs codetrain.queue http://sqs/111111111111/iris.fifo
answers sqs messages 503 throttle denied html hang
is "$(count messages)" 3 "a FIFO queue has each once, though an answer was lost"
uuid=$(sql sqs "SELECT value FROM note WHERE key = 'uuid'")
head -n 1 "$T/aws/messages" >"$T/message"
is "$(json "$T/message" 'd["request"]["MessageDeduplicationId"]')" "$uuid-1" "the token is the event's name"
is "$(json "$T/message" 'd["request"]["MessageGroupId"]')" "$(printf refs/heads/main | sha256sum | cut -d' ' -f1)" "its ref is the group"
is "$(json "$T/message" 'd["request"]["MessageAttributes"]')" "{'codetrain-event': {'DataType': 'String', 'StringValue': '$uuid/1'}}" "an attribute names it"
is "$(json "$T/message" '__import__("json").loads(d["request"]["MessageBody"])["id"]')" "$uuid/1" "the body is the event"
config sqs codetrain.queue iris-standard
recorded sqs HEAD:refs/heads/main
status 0 "a queue by its name" queue run -C "$T/sqs.git"
tail -n 1 "$T/aws/messages" >"$T/message"
is "$(json "$T/message" 'd["request"]["QueueUrl"], "MessageGroupId" in d["request"]')" \
	"('http://sqs/111111111111/iris-standard', False)" "its URL is asked for; a standard queue has no groups"
config sqs codetrain.queue nothing
config sqs codetrain.answer 9s
began=$(date +%s)
recorded sqs HEAD:refs/heads/main
[ $(($(date +%s) - began)) -lt 7 ]
ok "the pusher whose push starts no drainer does not wait for one's answer"
status 1 "a queue that is not there" queue run -C "$T/sqs.git"
like "$(reason sqs 7)" "QueueDoesNotExist.*retry 7 -t sqs" "is a dead letter"

bare eventbridge eventbridge
config eventbridge codetrain.bus builds
answers eventbridge events 500 throttle denied html
head -n 1 "$T/aws/events" >"$T/event"
is "$(json "$T/event" '[d[k] for k in ("Source", "DetailType", "EventBusName")]')" "['codetrain', 'Push', 'builds']" "what is put"
is "$(json "$T/event" '__import__("json").loads(d["Detail"])["ref"]')" refs/heads/main "its detail is the event"
for f in InternalFailure:7:waiting ThrottlingException:7:waiting AccessDeniedException:7:waiting InvalidArgument:1:failed; do
	code=${f%%:*} rest=${f#*:}
	fault "entry $code"
	recorded eventbridge "HEAD:refs/heads/$code"
	status "${rest%:*}" "an entry refused with $code, in an answer with 200" queue run --once -C "$T/eventbridge.git"
	is "$(sql eventbridge "SELECT state FROM delivery ORDER BY event DESC LIMIT 1")" "${rest#*:}" "it is ${rest#*:}"
	fault ""
	sql eventbridge "UPDATE delivery SET state = 'dropped' WHERE state IN ('waiting', 'failed')"
done

# what turns the direction of a line: another text than a server sent would be read
turns=$(printf '\342\200\256')
fault "entry Away${turns}"
recorded eventbridge HEAD:refs/heads/turns
run queue run --once -C "$T/eventbridge.git"
like "$(err)" "Away\?" "a server's words are shown"
unlike "$(err)" "$turns" "without what would turn them"
fault ""
sql eventbridge "UPDATE delivery SET state = 'dropped' WHERE state IN ('waiting', 'failed')"

bare codepipeline codepipeline
recorded codepipeline HEAD:refs/heads/other
status 1 "codepipeline without a pipeline" queue run -C "$T/codepipeline.git"
like "$(reason codepipeline 1)" "codetrain.pipeline is not set; git config codetrain.pipeline NAME" "says how to set one"
rm -rf "$T/codepipeline.git"
bare codepipeline codepipeline
config codepipeline codetrain.pipeline iris
config codepipeline codetrain.action Source
answers codepipeline executions 503 throttle denied html
is "$(count executions)" 3 "each once, though an answer was lost"
head -n 1 "$T/aws/executions" >"$T/execution"
is "$(json "$T/execution" 'd["request"]["sourceRevisions"][0]["revisionType"], d["request"]["sourceRevisions"][0]["actionName"]')" \
	"('COMMIT_ID', 'Source')" "the commit is given to the source action"
is "$(json "$T/execution" 'd["request"]["sourceRevisions"][0]["revisionValue"]')" \
	"$(sql codepipeline "SELECT new FROM event WHERE seq = 1")" "as it was pushed"
is "$(outcome codepipeline 1)" "execution execution-1 started" "the outcome has its id"
is "$(sql codepipeline "SELECT link FROM delivery WHERE event = 1")" \
	"https://console.aws.amazon.com/codesuite/codepipeline/pipelines/iris/executions/execution-1/timeline?region=us-east-2" "and the console its page"
config codepipeline codetrain.pipeline nothing
recorded codepipeline HEAD:refs/heads/main
status 1 "a pipeline that is not there" queue run -C "$T/codepipeline.git"
like "$(reason codepipeline 6)" "PipelineNotFoundException: no pipeline nothing.*retry 6 -t codepipeline" "is a dead letter"
queue drop 6 -C "$T/codepipeline.git" 2>/dev/null
config codepipeline codetrain.pipeline iris
fault busy
recorded codepipeline HEAD:refs/heads/main
status 7 "a pipeline that is busy" queue run --once -C "$T/codepipeline.git"
fault ""
due codepipeline >"$T/due"
status 0 "is asked again" queue run -C "$T/codepipeline.git"

# later than the token holds
later() { # later EVENT: an answer is lost, and it is a quarter of an hour later
	fault lost
	recorded codepipeline HEAD:refs/heads/main
	run queue run --once -C "$T/codepipeline.git"
	fault ""
	echo "$(($(cat "$T/aws/skip" 2>/dev/null || echo 0) + 1000))" >"$T/aws/skip.new"
	mv "$T/aws/skip.new" "$T/aws/skip"
	sql codepipeline "UPDATE delivery SET uncertain_ms = uncertain_ms - 200000, ready_ms = 1 WHERE event = $1"
}
n=$(count executions)
later 8
status 0 "when the token is forgotten, it is looked for" queue run -C "$T/codepipeline.git"
is "$(count executions),$(state codepipeline 8)" "$((n + 1)),delivered" "and found: one execution"
like "$(outcome codepipeline 8)" "execution-$((n + 1)) started" "it is that one"
later 9
python3 - "$T/aws/executions" <<'PY'
import json, sys
# it went by a change in the source, not by us; ours was never begun
lines = open(sys.argv[1]).read().splitlines()
e = json.loads(lines[-1])
e["trigger"] = "CloudWatchEvent"
open(sys.argv[1], "w").write("\n".join(lines[:-1] + [json.dumps(e)]) + "\n")
PY
status 0 "one that somebody else began" queue run -C "$T/codepipeline.git"
is "$(count executions),$(state codepipeline 9)" "$((n + 3)),delivered" "is not ours: it is started"
later 10
python3 - "$T/aws/executions" <<'PY'
import json, sys
lines = open(sys.argv[1]).read().splitlines()
e = json.loads(lines[-1])
e["commit"] = ""
open(sys.argv[1], "w").write("\n".join(lines[:-1] + [json.dumps(e)]) + "\n")
PY
status 7 "one that has not looked at its source" queue run --once -C "$T/codepipeline.git"
like "$(reason codepipeline 10)" "may be this event's has not looked at its source yet" "may be ours: it waits"
fault list
due codepipeline >"$T/due"
status 7 "one that cannot be looked for" queue run --once -C "$T/codepipeline.git"
is "$(state codepipeline 10),$(count executions)" "waiting,$((n + 4))" "is not started on trust"
fault ""
queue drop 10 -C "$T/codepipeline.git" 2>/dev/null
config codepipeline codetrain.variable CODETRAIN_EVENT
later 11
python3 - "$T/aws/executions" <<'PY'
import copy, json, sys
# the same commit for another event, begun later
lines = open(sys.argv[1]).read().splitlines()
e = json.loads(lines[-1])
other = copy.deepcopy(e)
other["id"] = "another"
other["request"]["variables"][0]["value"] = "another/1"
open(sys.argv[1], "w").write("\n".join(lines + [json.dumps(other)]) + "\n")
PY
status 0 "two of the same commit" queue run -C "$T/codepipeline.git"
is "$(sql codepipeline "SELECT external FROM delivery WHERE event = 11")" "execution-$((n + 5))" "the variable says which is ours"

# another pipeline is configured, while one may have been started
later 12
n=$(count executions)
config codepipeline codetrain.pipeline pear
status 0 "the configuration names another pipeline" queue run -C "$T/codepipeline.git"
is "$(count executions),$(sql codepipeline "SELECT external FROM delivery WHERE event = 12")" "$n,execution-$n" \
	"it is looked for where it was asked for"
fault lost
recorded codepipeline HEAD:refs/heads/main
run queue run --once -C "$T/codepipeline.git"
fault ""
config codepipeline codetrain.pipeline iris
due codepipeline >"$T/due"
status 7 "and while the token holds" queue run --once -C "$T/codepipeline.git"
is "$(count executions),$(state codepipeline 13)" "$((n + 1)),waiting" "none is started in the other"
like "$(reason codepipeline 13)" "may have been started in pear, which is no longer the pipeline" "it says why"
queue drop 13 -C "$T/codepipeline.git" 2>/dev/null

find "$T"/*.git/codetrain -type f -exec grep -la canarySecret {} + >"$T/found"
is "$(cat "$T/found")" "" "no key is in any queue"
done_testing
