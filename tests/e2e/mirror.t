#!/bin/sh
# A bare repository whose pushes go on to the sandbox's CodeCommit, by our own helper, and whose
# builds wait for that.
. "$SOURCE/tests/lib/tap.sh"
. "$SOURCE/tests/lib/story.sh"

sandbox_up
sandbox_enter
as mlops-devops codecommit create-repository --repository-name mirrored >/dev/null || bail 'no repository'
site=https://git-codecommit.us-east-2.amazonaws.com
there() { git ls-remote "$site/v1/repos/mirrored" "$1" 2>/dev/null | cut -f1; }

git init -q --bare "$T/b.git"
for h in post-receive reference-transaction; do ln -s "$BUILD/$h" "$T/b.git/hooks/$h"; done
config() { git -C "$T/b.git" config "$@"; }
end_drainers() { for _d in $(grep -lsz -e "^$T/b.git\$" /proc/[0-9]*/cmdline | sed 's,^/proc/\([0-9]*\)/.*,\1,'); do kill -9 "$_d" 2>/dev/null; done; }
at_exit end_drainers
# state EVENT TARGET; reason EVENT TARGET
field() {
	codetrain queue list --json --all -C "$T/b.git" >"$T/list" 2>/dev/null
	"$VENV/bin/python" -c '
import json, sys
print(*[e.get(sys.argv[4]) or "" for e in json.load(open(sys.argv[1]))["events"] if str(e["event"]) == sys.argv[2] and e["target"] == sys.argv[3]])' \
		"$T/list" "$1" "$2" "$3"
}
state() { field "$1" "$2" state; }
state_is() { [ "$(state "$1" "$2")" = "$3" ]; }

# where the sandbox is, for a drainer that a hook starts; and a helper that must not be asked
n=0
while [ "$n" -lt "$GIT_CONFIG_COUNT" ]; do
	eval "key=\$GIT_CONFIG_KEY_$n value=\$GIT_CONFIG_VALUE_$n"
	case $key in http.*) config "$key" "$value" ;; esac
	n=$((n + 1))
done
config credential.helper "!echo asked >>'$T/asked'; :"
config "credential.$site.helper" "!echo asked >>'$T/asked'; :"
config --add codetrain.target mirror
config --add codetrain.target local
config codetrain.url "$site/v1/repos/mirrored"
config codetrain.profile mlops-devops
config codetrain.mirror.refs 'refs/*'

git init -q "$T/w" && cd "$T/w" || exit 1
printf 'version: 0.2\nphases:\n  build:\n    commands:\n      - echo built\n' >buildspec.yml
git add buildspec.yml
git commit -qm one
# the profile is the configuration's, not the pusher's
push() { AWS_PROFILE=mlops-beta git push -q "$T/b.git" "$@" 2>"$ERR"; }
push HEAD:refs/heads/main
ok 'a push' || _show <"$ERR"
until_true 90 state_is 1 local delivered
ok 'is mirrored and built' || { codetrain queue list -C "$T/b.git" | _show; }
is "$(there refs/heads/main)" "$(git rev-parse HEAD)" 'CodeCommit has the commit'
like "$(field 1 mirror outcome)" "^pushed to $site/v1/repos/mirrored$" 'the outcome says where it is'
like "$(field 1 local outcome)" '^build succeeded' 'the build ran'
[ ! -e "$T/asked" ]
ok "no other credential helper was asked"
codetrain queue show 1 -C "$T/b.git" >"$OUT"
unlike "$(out)" '[0-9]{8}T[0-9]{6}Z[0-9a-f]{64}' 'no password is shown'
! grep -rqaE '[0-9]{8}T[0-9]{6}Z[0-9a-f]{64}' "$T/b.git/codetrain"
ok 'and none is kept'

git tag -m v1 v1
push refs/tags/v1
until_true 60 state_is 2 mirror delivered
is "$(there refs/tags/v1)" "$(git rev-parse v1)" 'a tag'
push :refs/tags/v1
until_true 60 state_is 3 mirror delivered
is "$(there refs/tags/v1)" '' 'and its deletion'

# CodeCommit away: the build waits for it
pid=$(head -n 1 "$CODETRAIN_SANDBOX/run/git.pid" | cut -d' ' -f1)
kill -KILL "$pid" || bail "cannot kill the sandbox's git"
git commit -q --allow-empty -m two
started=$(date +%s)
push HEAD:refs/heads/main
ok 'a push while CodeCommit is away'
ok 'takes no time' [ $(($(date +%s) - started)) -le 5 ]
away() { [ -n "$(field 4 mirror reason)" ]; }
until_true 60 away
like "$(field 4 mirror state) $(field 4 mirror reason)" '^(waiting|delivering) git push: fatal: unable to access' \
	'waits, or is tried again, with the reason'
is "$(state 4 local)" waiting 'and so does its build'
codetrain sandbox up >"$T/up2.log" 2>&1
codetrain queue retry 4 -t mirror -C "$T/b.git" 2>/dev/null
until_true 90 state_is 4 local delivered
ok 'back again, both are done' || { codetrain queue list -C "$T/b.git" | _show; }
is "$(there refs/heads/main)" "$(git rev-parse HEAD)" 'CodeCommit has it'

# somebody else pushed there
git clone -q "$site/v1/repos/mirrored" "$T/else" 2>/dev/null
git -C "$T/else" commit -q --allow-empty -m else
git -C "$T/else" push -q origin HEAD:refs/heads/main 2>/dev/null
theirs=$(git -C "$T/else" rev-parse HEAD)
git commit -q --allow-empty -m three
push HEAD:refs/heads/main
until_true 60 state_is 5 mirror failed
like "$(field 5 mirror reason)" '(fetch first|non-fast-forward).*codetrain.mirror.force true; then: codetrain queue retry 5 -t mirror' 'what is not here is a dead letter'
is "$(there refs/heads/main)" "$theirs" 'and stays there'
waits() { case $(field 5 local reason) in *'waits for its mirror mirror, which failed'*'codetrain queue retry 5 -t mirror'*) ;; *) false ;; esac; }
until_true 30 waits
ok 'the build says what it waits for' || { codetrain queue list -C "$T/b.git" | _show; }
config codetrain.force true
codetrain queue retry 5 -t mirror -C "$T/b.git" 2>/dev/null
until_true 90 state_is 5 local delivered
ok 'forced, both are done' || { codetrain queue list -C "$T/b.git" | _show; }
is "$(there refs/heads/main)" "$(git rev-parse HEAD)" 'CodeCommit has ours'

# no rights
config codetrain.profile mlops-beta
git commit -q --allow-empty -m four
push HEAD:refs/heads/main
denied() { [ -n "$(field 6 mirror reason)" ]; }
until_true 60 denied
like "$(field 6 mirror reason)" 'git push: ' "another account's profile gets no further"
is "$(state 6 local)" waiting 'and nothing is built'
done_testing
