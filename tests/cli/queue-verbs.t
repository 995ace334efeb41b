#!/bin/sh
# codetrain queue: stats, --json of every verb, and who may use it.
. "$SOURCE/tests/lib/tap.sh"
. "$SOURCE/tests/lib/queue.sh"

zero=0000000000000000000000000000000000000000
one=1111111111111111111111111111111111111111
# recorded NAME REF: an event, and no drainer started
recorded() {
	mv "$T/bin/codetrain-queue" "$T/bin/away"
	printf '%s %s %s\n' $zero $one "$2" | "$T/bin/away" record -C "$T/$1.git" >"$OUT" 2>"$ERR"
	mv "$T/bin/away" "$T/bin/codetrain-queue"
}

bare r local
status 2 "stats without a queue" queue stats -C "$T/r.git"
status 0 "init" queue init --json -C "$T/r.git"
is "$(json "$OUT" 'len(d["uuid"])')" 32 "tells the queue's name"
status 0 "again" queue init -C "$T/r.git"
is "$(out)" "" "is silent, and changes nothing"
is "$(sql r "SELECT count(*) FROM event")" 0 "it is no event"
status 0 "stats of an empty queue" queue stats -C "$T/r.git"
like "$(out)" "^events +0 recorded" "says so"
is "$(stat -c %a "$T/r.git/codetrain")" 700 "the folder is the owner's alone"

recorded r refs/heads/main
recorded r refs/heads/other
status 0 "stats" queue stats -C "$T/r.git"
like "$(out)" "^\(not looked up\) +2 " "what waits to be looked up"
like "$(out)" "^events +2 recorded" "the events"
: >"$T/r.git/refs/heads/main.lock"
touch -d '1 hour ago' "$T/r.git/refs/heads/main.lock"
: >"$T/r.git/refs/heads/fresh.lock"
status 0 "stats with a lock that a dead push left" queue stats -C "$T/r.git"
like "$(out)" "refs/heads/main.lock is older than 10 minutes" "names it"
unlike "$(out)" "fresh.lock" "and not one of just now"
status 0 "stats --json" queue stats --json -C "$T/r.git"
is "$(json "$OUT" '[d["events"], d["undecided"], d["locks"], d["drainer"], d["targets"][0]["waiting"]]')" \
	"[2, 0, ['refs/heads/main.lock'], False, 2]" "the same"
rm "$T/r.git/refs/heads/main.lock" "$T/r.git/refs/heads/fresh.lock"

# ---- one of several that cannot be tried again ----
bare several local
recorded several refs/heads/main
status 2 "retry of an event and of one that is not there" queue retry 1 99 -C "$T/several.git"
like "$(err)" "no event 99" "says which"
until_true 20 states_are several delivered
ok "the first is delivered"

# ---- every verb that reports, as JSON ----
status 0 "run --json" queue run --json -C "$T/r.git"
is "$(json "$OUT" '[d["settled"], d["failed"], d["open"], d["elsewhere"]]')" "[2, 0, 0, False]" "has what was done"
status 0 "list --json" queue list --json -C "$T/r.git"
is "$(json "$OUT" 'sorted(e["state"] for e in d["events"])')" "['delivered', 'delivered']" "has the deliveries"
status 0 "show --json" queue show --json 1 -C "$T/r.git"
is "$(json "$OUT" 'd["deliveries"][0]["target"]')" local "has one"
uuid=$(sql r "SELECT value FROM note WHERE key = 'uuid'")
is "$(json "$OUT" 'd["deliveries"][0]["id"]')" "$uuid/1" "under the name that the event has for targets"
status 0 "targets --json" queue targets --json -C "$T/r.git"
is "$(json "$OUT" 'd["targets"]')" "[{'target': 'local', 'type': 'local'}]" "has them"
git -C "$T/r.git" config --add codetrain.target beta
git -C "$T/r.git" config codetrain.beta.type codebuild
status 0 "targets --json of one that lacks its project" queue targets --json -C "$T/r.git"
is "$(json "$OUT" 'd["targets"][1]')" "{'target': 'beta', 'type': 'codebuild', 'not_set': 'project'}" "says so, as the text does"
git -C "$T/r.git" config codetrain.beta.project iris
status 0 "targets --json of an instance" queue targets --json -C "$T/r.git"
is "$(json "$OUT" 'd["targets"][1]')" "{'target': 'beta', 'type': 'codebuild', 'project': 'iris'}" "says what it is"
git -C "$T/r.git" config --unset codetrain.target beta
status 0 "stats after it" queue stats -C "$T/r.git"
like "$(out)" "^local +0 +0 +2 +0 +0 +0 +-$" "counts by target and state"
like "$(out)" "^local( +[0-9.]+m?s){3} +2$" "and tells how long it took"
like "$(out)" "^delivered +2 in the last minute" "and how many"
is "$(awk 'length > 80' "$OUT")" "" "in 80 columns"
status 0 "stats --json" queue stats --json -C "$T/r.git"
is "$(json "$OUT" 'd["targets"][0]["latency"]["samples"]')" 2 "has the same"
is "$(json "$OUT" 'd["delivered"]["minute"]')" 2 "and that"
: >"$T/block"
status 0 "retry --json" queue retry --json 1 2 -C "$T/r.git"
is "$(json "$OUT" '[d["events"], d["state"]]')" "[[1, 2], 'waiting']" "has what waits again"
rm "$T/block"
echo >"$T/gate"
until_true 20 no_drainer r
recorded r refs/heads/third
like "$(err)" "recorded as event 3 to 3.*" "the event is recorded"
like "$(err)" "codetrain-queue is not installed beside" "and that no drainer can be started is told"
status 0 "drop --json" queue drop --json 3 -C "$T/r.git"
is "$(json "$OUT" '[d["events"], d["state"]]')" "[[3], 'dropped']" "has what is dropped"
printf '%s %s refs/heads/x\n%s %s refs/heads/y\n' $zero $one $zero $one >"$T/lines"
sh -c '"$1" record --json -C "$2" <"$3"' - "$T/bin/codetrain-queue" "$T/r.git" "$T/lines" >"$OUT" 2>"$ERR"
is "$(json "$OUT" '[d["first"], d["last"]]')" "[4, 5]" "record --json has the events"
until_true 20 no_drainer r

# ---- another user ----
bare u local
recorded u refs/heads/main
if [ "$(id -u)" -ne 0 ]; then
	skip "a queue of another user" "needs root to make one"
else
	chown 12345 "$T/u.git/codetrain"
	for verb in run "retry 1" "drop 1" record init serve; do
		# shellcheck disable=SC2086
		status 2 "$verb as another user than the hooks'" queue $verb -C "$T/u.git"
	done
	like "$(err)" "belongs to user 12345, and this is user 0.*sudo -u '#12345' codetrain queue" "says as whom"
	status 0 "looking is no harm" queue list -C "$T/u.git"
	chown 0 "$T/u.git/codetrain"
fi

# ---- follow ----
status 2 "follow without a number" queue follow -C "$T/r.git"
status 2 "follow of no number" queue follow x -C "$T/r.git"
status 2 "follow of an unknown event" queue follow 99 -C "$T/r.git"
status 0 "follow of one that went well" queue follow 1 -C "$T/r.git"

# ---- completion ----
cat >"$T/complete.bash" <<'COMPLETE'
. "$SOURCE/packaging/completions/codetrain.bash"
COMP_WORDS=(codetrain "$@") COMP_CWORD=$#
_codetrain
echo "${COMPREPLY[*]}"
COMPLETE
is "$(cd "$T/r.git" && bash "$T/complete.bash" queue list -t '')" local "bash completes -t of queue with the targets"
like "$(bash "$T/complete.bash" check -t '')" "^secrets " "and of check with its types"

# ---- help ----
status 0 "help" queue --help
is "$(awk 'length > 80' "$OUT")" "" "in 80 columns"
for verb in run list show retry drop record targets init stats page serve follow; do
	like "$(out)" "(^|[ |])$verb( |$)" "names $verb"
	for shell in _codetrain codetrain.bash codetrain.fish; do
		like "$(grep -h 'run list show' "$SOURCE/packaging/completions/$shell")" "[ '\"]${verb}[ '\"]" "$shell completes $verb"
	done
	grep -Eq "^.(It )?Cm (.*[ ,|])?$verb( |$)" "$SOURCE/docs/man/codetrain-queue.1"
	ok "the manual page has $verb"
done

done_testing
