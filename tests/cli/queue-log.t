#!/bin/sh
# What a drainer did is in its log: the journal's or a file.
. "$SOURCE/tests/lib/tap.sh"
. "$SOURCE/tests/lib/queue.sh"

bare f local
git -C "$T/f.git" config codetrain.log file
commit one >/dev/null
push f HEAD:refs/heads/main 2>/dev/null
until_true 20 states_are f delivered
until_true 20 no_drainer f
log=$T/f.git/codetrain/drainer.log
like "$(cat "$log")" "^[-0-9T:]+Z event 1 local: delivered \(main [0-9a-f]{7}\): build succeeded" "a drainer in the background writes it"
like "$(cat "$log")" "Z drainer ends: 1 settled, 0 failed, 0 open$" "and its end"
is "$(stat -c %a "$log")" 600 "for its owner"
status 0 "run with nothing to do" queue run -C "$T/f.git"
is "$(wc -l <"$log")" 2 "writes nothing"
name=$(printf 'a\302\233b\342\200\256c')
push f "HEAD:refs/heads/$name" 2>/dev/null
until_true 20 states_are f "delivered delivered"
until_true 20 no_drainer f
is "$(LC_ALL=C tr -d '\n\40-\176' <"$log" | wc -c)" 0 "names that steer a terminal do not get there"

git -C "$T/f.git" update-ref -d "refs/heads/$name"
git -C "$T/f.git" -c core.hooksPath=/dev/null update-ref refs/heads/behind main
status 0 "run after a ref was moved past the hooks" queue run -C "$T/f.git"
until_true 20 no_drainer f	# the one that the deletion woke may have found it first
like "$(cat "$log")" "Z found 1 move of refs that no hook told of$" "what was found is logged"

bare n local
git -C "$T/n.git" config codetrain.log none
commit two >/dev/null
push n HEAD:refs/heads/main 2>/dev/null
until_true 20 states_are n delivered
[ ! -e "$T/n.git/codetrain/drainer.log" ]
ok "codetrain.log = none"
until_true 20 no_drainer n
git -C "$T/n.git" config codetrain.log syslog
status 0 "a log of an unknown kind stops nothing" queue run -C "$T/n.git"
like "$(err)" 'codetrain.log is "syslog"; it is journal, file or none' "it is told"
rm -f "$T/n.git/codetrain/drainer.log"
git -C "$T/n.git" config codetrain.log file
mkdir "$T/n.git/codetrain/drainer.log"
: >"$T/starts"
push n HEAD:refs/heads/other 2>/dev/null
until_true 20 states_are n "delivered delivered"
ok "one that cannot be written stops nothing either"
until_true 20 no_drainer n
git -C "$T/n.git" config codetrain.log journal
if [ -S /run/systemd/journal/socket ]; then
	skip "a machine without a journal" "this one has it"
else
	status 0 "a machine without a journal" queue run -C "$T/n.git"
	like "$(err)" "cannot reach the journal" "tells it when it was asked for"
fi

bare x local
git -C "$T/x.git" config codetrain.log file
git -C "$T/x.git" config codetrain.drainer none	# none takes over from this one
queue init -C "$T/x.git"
rm -f "$T"/x.git/codetrain/queue.db-*
echo "not a database, though it may look like one from far away" >"$T/x.git/codetrain/queue.db"
run timeout 20 "$T/bin/codetrain-queue" run --background --life 1 -C "$T/x.git" </dev/null
is "$(grep -c 'Z fault: .*is damaged' "$T/x.git/codetrain/drainer.log")" 1 "a fault that is waited out is logged, once"

done_testing
