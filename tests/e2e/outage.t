#!/bin/sh
# AWS dies while a push is delivered: the push succeeds at once, the event
# waits and says why, and it is delivered when AWS is back.
. "$SOURCE/tests/lib/tap.sh"
. "$SOURCE/tests/lib/story.sh"

sandbox_up
sandbox_enter
status 0 'the grants' grant
project "$T/iris" || bail 'no project'

pid=$(cat "$CODETRAIN_SANDBOX/run/api.pid" 2>/dev/null | head -n 1 | cut -d' ' -f1)
kill -KILL "$pid" || bail "cannot kill the sandbox's AWS"

started=$(date +%s)
run git push origin main
is "$rc" 0 'the push succeeds without AWS' || _show <"$ERR"
took=$(($(date +%s) - started))
ok "at once ($took s)" test "$took" -le 5

reason() { codetrain queue list -C "$(bare)" 2>&1 | grep -qiE 'refused|unreachable|cannot connect|connect'; }
ok 'queue list says why the event waits' until_true 30 reason
waits() { codetrain queue list -C "$(bare)" 2>&1 | grep -q waiting; }
ok 'the event waits' until_true 30 waits	# it may just be tried again

codetrain sandbox up >"$T/up2.log" 2>&1
ok 'AWS is back' || _show <"$T/up2.log"
. "$T/env.sh"
delivered() { codetrain queue list -C "$(bare)" | grep -q delivered; }
ok 'the event is delivered' until_true 90 delivered
ok 'its build ends' until_true 180 build_ended
is "$(as mlops-devops codebuild list-builds-for-project --project-name scikit-learn-iris --query 'length(ids)')" 1 \
	'it was started once'
done_testing
