#!/bin/sh
# Pushes to a bare repository that go to SQS, EventBridge and CodePipeline of the sandbox, read
# back by boto3.
. "$SOURCE/tests/lib/tap.sh"
. "$SOURCE/tests/lib/story.sh"

sandbox_up
sandbox_enter
aws() { "$VENV/bin/python" -s "$SOURCE/tests/e2e/targets_aws.py" "$@"; }
run aws make
is "$rc" 0 'queues, a bus, a pipeline' || _show <"$ERR"
fifo=$(out)

git init -q --bare "$T/b.git"
ln -s "$BUILD/post-receive" "$T/b.git/hooks/post-receive"
ln -s "$BUILD/reference-transaction" "$T/b.git/hooks/reference-transaction" 2>/dev/null
config() { git -C "$T/b.git" config "$@"; }
end_drainers() { for _d in $(grep -lsz -e "^$T/b.git\$" /proc/[0-9]*/cmdline | sed 's,^/proc/\([0-9]*\)/.*,\1,'); do kill -9 "$_d" 2>/dev/null; done; }
at_exit end_drainers
# delivered N: so many are
delivered() {
	codetrain queue list --json --all --state delivered -C "$T/b.git" >"$T/list" 2>/dev/null
	[ "$("$VENV/bin/python" -c 'import json, sys; print(len(json.load(open(sys.argv[1]))["events"]))' "$T/list")" -ge "$1" ]
}

for t in pushes fifo eventbridge codepipeline; do config --add codetrain.target $t; done
config codetrain.pushes.type sqs
config codetrain.pushes.queue pushes
config codetrain.fifo.type sqs
config codetrain.fifo.queue "$fifo"
config codetrain.bus pushes
config codetrain.pipeline iris
config codetrain.codepipeline.refs main
config codetrain.region us-east-2

git init -q "$T/w" && cd "$T/w" || exit 1
git commit -q --allow-empty -m one
one=$(git rev-parse HEAD)
run git push -q "$T/b.git" HEAD:refs/heads/main
is "$rc" 0 'a push' || _show <"$ERR"
git commit -q --allow-empty -m two
two=$(git rev-parse HEAD)
git push -q "$T/b.git" HEAD:refs/heads/main HEAD:refs/heads/other 2>"$ERR"
ok 'and another of two refs, one of which goes to no pipeline'
until_true 60 delivered 11
ok 'are delivered' || { codetrain queue list -C "$T/b.git" | _show; }

aws sqs pushes | LC_ALL=C sort >"$T/got"
printf '1 refs/heads/main %s True - 0\n2 refs/heads/main %s True - 0\n3 refs/heads/other %s True - 0\n' "$one" "$two" "$two" >"$T/want"
ref3=$(sed -n 's/^3 \([^ ]*\) .*/\1/p' "$T/got")
[ "$ref3" = refs/heads/other ] || printf '1 refs/heads/main %s True - 0\n2 refs/heads/other %s True - 0\n3 refs/heads/main %s True - 0\n' "$one" "$two" "$two" >"$T/want"
is "$(cat "$T/got")" "$(cat "$T/want")" 'a queue has each event'
aws sqs pushes.fifo | LC_ALL=C sort | awk '{ print $1, $5, $6 }' >"$T/got"
is "$(cat "$T/got")" "1 1 64
2 2 64
3 3 64" 'a FIFO queue too, with a token and a group'
is "$(aws bus | grep -c '^codetrain Push [0-9]* refs/heads/main$')" 2 'a rule of the bus finds those of main'
is "$(aws pipeline)" "$(codetrain queue list --json --all -C "$T/b.git" | "$VENV/bin/python" -c '
import json, sys
print(" ".join(sorted(e["outcome"].split()[1] for e in json.load(sys.stdin)["events"] if e["target"] == "codepipeline" and e["state"] == "delivered")))')" 'the pipeline has two executions, whose ids are ours'

aws deny sqs:SendMessage
git commit -q --allow-empty -m three
git push -q "$T/b.git" HEAD:refs/heads/main 2>/dev/null
denied() { codetrain queue list -C "$T/b.git" | tr -s '\n ' ' ' | grep -q 'AccessDenied'; }
until_true 60 denied
ok 'a right that is missing is told' || { codetrain queue list -C "$T/b.git" | _show; }
until_true 30 delivered 13
ok 'and holds up no other target'
aws allow
codetrain queue retry 4 -C "$T/b.git" 2>"$ERR"
until_true 60 delivered 15
ok 'granted, it is delivered' || { codetrain queue list -C "$T/b.git" | _show; }
is "$(aws sqs pushes | wc -l)" 1 'once'
done_testing
