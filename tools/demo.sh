#!/bin/sh
# make demo: the whole story on this machine. Usage: tools/demo.sh BUILD-FOLDER VENV
#
# With DEMO_KEEP=1 the sandbox stays up at the end, and how to go on is printed.
# Everything lies in BUILD-FOLDER/demo; nothing of the user's is read or changed.

set -eu
B=$(cd "$1" && pwd) VENV=$(cd "$2" && pwd)
cd "$(dirname "$0")/.."
SOURCE=$PWD
D=$B/demo

# A user's machine has no AWS variables, proxies or certificates of ours: begin
# again with a clean environment. Only pip keeps its own settings.
if [ -z "${CODETRAIN_DEMO_CLEAN:-}" ]; then
	mkdir -p "$D"
	pip=$(env | grep -E '^PIP_[A-Z_]+=[^ ]+$' || true)
	# shellcheck disable=SC2086
	exec env -i $pip CODETRAIN_DEMO_CLEAN=1 DEMO_KEEP="${DEMO_KEEP:-}" TERM="${TERM:-dumb}" LANG=C.UTF-8 \
		NO_COLOR="${NO_COLOR:-}" HOME="$D/home" PATH="$B:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin" \
		"$SOURCE/tools/demo.sh" "$B" "$VENV"
fi

if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
	bold=$(printf '\033[1m') dim=$(printf '\033[2m') plain=$(printf '\033[0m')
else
	bold='' dim='' plain=''
fi
step=0
say() { # a new part of the story
	step=$((step + 1))
	printf '\n%s%d. %s%s\n' "$bold" "$step" "$*" "$plain"
}
tell() { printf '   %s\n' "$*"; }
show() { # a command as one would type it, then its output, set in
	printf '   %s$ %s%s\n' "$bold" "$*" "$plain"
	{ "$@" 2>&1; echo $? >"$D/status"; } | sed "s/^/   $dim| $plain/"
	return "$(cat "$D/status")"
}
fail() { printf '\n%s\n' "demo: $*" >&2; exit 1; }

export CODETRAIN_SANDBOX=$D/sandbox CODETRAIN_SANDBOX_VENV=$VENV CODETRAIN_SANDBOX_CACHE=$B/cache
codetrain sandbox down --purge >/dev/null 2>&1 || true
rm -rf "${D:?}/home" "${D:?}/work"
mkdir -p "$D/home" "$D/work"
[ -n "$DEMO_KEEP" ] || trap 'codetrain sandbox down --purge >/dev/null 2>&1 || true' EXIT
trap 'exit 130' INT TERM HUP
git config --global user.name 'A Developer'
git config --global user.email developer@example.com
git config --global init.defaultBranch main
git config --global advice.detachedHead false
url=https://git-codecommit.us-east-2.amazonaws.com/v1/repos/scikit-learn-iris

say 'Three AWS accounts on this machine: devops, beta, production'
show codetrain sandbox up
codetrain sandbox env >"$D/env"
# shellcheck disable=SC1091
. "$D/env"
tell "(their addresses and profiles: codetrain sandbox env)"

say 'The grants between the accounts, from one file'
cd "$SOURCE/examples/scikit-learn-iris"
show codetrain grant apply -f accounts.json >"$D/grants" || { cat "$D/grants"; fail 'the grants could not be applied'; }
grep -v '|   [+~]' "$D/grants"
tell "(each statement of each document: codetrain grant plan -f accounts.json)"

say 'A developer clones the repository from CodeCommit, over HTTPS'
cd "$D/work"
show git clone "$url" || fail 'the clone failed'
cd scikit-learn-iris
show codetrain hooks install

say 'A push with a key in an older commit stops before it leaves'
cp -R "$SOURCE/examples/scikit-learn-iris/." .
git add -A
git commit -qm 'A decision tree on the irises'
# Made up here, so that no file of the project holds something like a key.
key=AKIA$(printf '%s' QZ3MTRV7 4XW2HGKD | tr -d ' ')
secret=$(printf 'q8Zr4nVx/T2bLk7+WmYc%s' 'P9sDfG6hJ1aE3uX0oRtC')
printf 'aws_access_key_id = %s\naws_secret_access_key = %s\n' "$key" "$secret" >settings.ini
git add settings.ini
git commit -qm 'Settings for my laptop'
git rm -q settings.ini
git commit -qm 'Remove the settings again'
if show git push origin HEAD:main; then
	fail 'the push with a key was not refused'
fi
[ -z "$(git ls-remote origin)" ] || fail 'something reached the server'
tell 'Nothing reached the server: git ls-remote is empty.'

say 'The commits are taken out; the good push goes through and starts the build'
git reset -q --hard HEAD~2
show git push origin HEAD:main || fail 'the good push failed'
commit=$(git rev-parse HEAD)
tell 'The push is recorded; the build runs in the background. Its log:'
"$VENV/bin/python" "$SOURCE/tools/demo_watch.py" follow "$commit" | sed "s/^/   $dim| $plain/"

say 'What AWS has now (asked with botocore, account by account)'
queue=$CODETRAIN_SANDBOX/git/111111111111/scikit-learn-iris.git
show codetrain queue list -C "$queue"
echo
"$VENV/bin/python" "$SOURCE/tools/demo_watch.py" summary "$commit" "$D/work" ||
	fail 'the story did not reach its end; the build log above says why'

if [ -n "$DEMO_KEEP" ]; then
	printf '\nThe sandbox stays up. To look around:  . %s\n' "$D/env"
	printf 'To end it:  CODETRAIN_SANDBOX=%s %s/codetrain sandbox down\n' "$CODETRAIN_SANDBOX" "$B"
fi
