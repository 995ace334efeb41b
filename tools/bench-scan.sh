#!/bin/sh
# The scanner beside its peers: the same repository, the same rules, findings told to
# /dev/null by all.
#
# Prints Markdown tables as tools/bench.sh does. Usage: tools/bench-scan.sh BUILD-FOLDER
# [SECTION...]; sections are push (of one commit), history (every blob of 9,400 commits) and
# tree (the files of one). ROUNDS (default 200) is the length of push, SCAN_ROUNDS (5) of the
# others; HISTORY is the repository, made by tools/history.py when it is not there. Peers are
# installed into the build folder by go, pip and npm, or are those of the system; one that
# cannot be had is left out, and that is said.

set -eu
B=$(cd "${1:?usage: tools/bench-scan.sh BUILD-FOLDER [SECTION...]}" && pwd)
shift
cd "$(dirname "$0")/.."
SOURCE=$PWD
ROUNDS=${ROUNDS:-200} SCAN_ROUNDS=${SCAN_ROUNDS:-5}
HISTORY=${HISTORY:-$B/bench-history}
GITLEAKS=8.30.1 PRECOMMIT=3.0.4 PRECOMMIT_HOOKS=4.4.0 LEFTHOOK=2.2.2 SECRETLINT=11.7.1
peers=$B/bench-peers
mkdir -p "$peers/bin"
${CC:-cc} -O2 -std=c11 -D_GNU_SOURCE -o "$peers/bench-spawn" tools/bench-spawn.c

T=$(mktemp -d "${TMPDIR:-/tmp}/codetrain-bench.XXXXXX")
trap 'rm -rf "$T"' EXIT
mkdir "$T/home"
base="env -i HOME=$T/home PATH=$peers/bin:/usr/local/bin:/usr/bin:/bin LANG=C.UTF-8 GIT_CONFIG_NOSYSTEM=1"
git() { command git -c user.name=bench -c user.email=bench@example.com "$@"; }

# ---- peers -----------------------------------------------------------------------------

left_out() { echo "left out: $1 ($2)" >&2; }
have() { [ -x "$peers/bin/$1" ] || PATH=/usr/local/bin:/usr/bin:/bin command -v "$1" >/dev/null 2>&1; }
get() { # get NAME COMMAND...: installs a peer once
	_peer=$1
	shift
	[ -x "$peers/bin/$_peer" ] && return
	echo "installing $_peer into $peers" >&2
	"$@" >"$peers/$_peer.log" 2>&1 || left_out "$_peer" "see $peers/$_peer.log"
}
npm_peer() { # npm_peer NAME PACKAGE...
	_name=$1
	shift
	npm install --silent --ignore-scripts --no-fund --no-audit --prefix "$peers/npm" "$@" &&
		ln -sf "$peers/npm/node_modules/.bin/$_name" "$peers/bin/$_name"
}
pip_peer() {
	python3 -m venv "$peers/venv" && "$peers/venv/bin/pip" -q install "pre-commit==$PRECOMMIT" \
		"pre-commit-hooks==$PRECOMMIT_HOOKS" && ln -sf "$peers/venv/bin/pre-commit" "$peers/bin/pre-commit"
}
go_peer() { GOBIN=$peers/bin go install "github.com/zricethezav/gitleaks/v8@v$GITLEAKS"; }

find_peers() {
	get gitleaks go_peer
	get pre-commit pip_peer
	get lefthook npm_peer lefthook "lefthook@$LEFTHOOK"
	get secretlint npm_peer secretlint "secretlint@$SECRETLINT" "@secretlint/secretlint-rule-preset-recommend@$SECRETLINT"
	for p in git-secrets git-lfs; do have $p || left_out $p "not installed"; done
	rules=
	! command -v go >/dev/null 2>&1 ||
		rules=$(go env GOMODCACHE)/github.com/zricethezav/gitleaks/v8@v$GITLEAKS/config/gitleaks.toml
	[ -r "$rules" ] || { rules=; left_out "gitleaks' rules" "no go, or the module is not there"; }
	! have git-secrets || HOME=$T/home command git secrets --register-aws --global >/dev/null
}

# ---- what is scanned ---------------------------------------------------------------------

history_repository() {
	[ -d "$HISTORY/objects" ] || [ -d "$HISTORY/.git" ] || {
		echo "making a history in $HISTORY" >&2
		python3 tools/history.py "$HISTORY" >&2
	}
	command git -C "$HISTORY" for-each-ref --format='%(objectname)' >/dev/null
}

# A clone with one commit that the remote has not: three files edited, one of them large.
one_commit() {
	git clone -q --shared "$HISTORY" "$T/push"
	cd "$T/push"
	for path in $(git ls-tree -r --name-only HEAD | awk '/\.py$/ && n++ % 150 == 0 && n < 500 { print }' | head -n 3); do
		git cat-file blob "HEAD:$path" >"$T/file"
		printf '\ndef added(key, token):\n    return key or token\n' >>"$T/file"
		mkdir -p "$(dirname "$path")" && cp "$T/file" "$path"
		git update-index --add --cacheinfo "100644,$(git hash-object -w "$T/file"),$path"
		echo "$path" >>"$T/paths"
	done
	git commit -q -m 'One commit'
	printf 'refs/heads/main %s refs/heads/main %s\n' "$(git rev-parse HEAD)" "$(git rev-parse HEAD^)" >"$T/refs"
	printf 'pre-push:\n  commands:\n    none:\n      run: "true"\n' >lefthook.yml
	cat >.pre-commit-config.yaml <<HOOKS
repos:
- repo: local
  hooks:
  - {id: key, name: key, language: system, types: [text], entry: $peers/venv/bin/detect-private-key, stages: [push]}
  - {id: aws, name: aws, language: system, types: [text], entry: $peers/venv/bin/detect-aws-credentials --allow-missing-credentials, stages: [push]}
HOOKS
	echo '{"rules": [{"id": "@secretlint/secretlint-rule-preset-recommend"}]}' >.secretlintrc.json
	cd "$SOURCE"
}

row() { printf '%s\t%s\t%s\n' "$1" "$2" "$3"; } # row NAME EVERY COMMAND
measure() { # measure ROUNDS STDIN-FILE FOLDER: rows on standard input
	# shellcheck disable=SC2086
	(cd "$3" && $base "$peers/bench-spawn" "$1" "$2")
	echo
}
# script NAME COMMAND...: one that finds something, and so exits 1, has done its work
script() {
	_script=$T/$1
	shift
	printf '#!/bin/sh\n%s >/dev/null 2>&1\n[ $? -le 1 ]\n' "$*" >"$_script"
	chmod +x "$_script"
	echo "$_script"
}

# ---- sections ----------------------------------------------------------------------------

push() {
	echo "## A push of one commit"
	echo
	history_repository
	one_commit
	# shellcheck disable=SC2046
	set -- $(cat "$T/paths")
	{
		row 'codetrain: pre-push' 1 "$B/pre-push origin $HISTORY"
		row '/bin/true' 1 /bin/true
		row 'git rev-list --objects, listing alone' 1 'git rev-list --objects main --not --remotes=origin'
		! have gitleaks || row "gitleaks $GITLEAKS" 1 'gitleaks detect --no-banner -l error --log-opts=origin/main..main'
		! have git-secrets || row 'git-secrets (the files that changed)' 1 "git secrets --scan $*"
		! have git-lfs || row 'git-lfs pre-push (which scans nothing)' 1 "git lfs pre-push origin $HISTORY"
		! have lefthook || row "lefthook $LEFTHOOK (running true)" 4 'lefthook run pre-push'
		! have pre-commit || row "pre-commit $PRECOMMIT (its two key hooks)" 4 \
			"pre-commit run --hook-stage push --from-ref origin/main --to-ref main"
		! have secretlint || row "secretlint $SECRETLINT (the files that changed)" 10 "secretlint $*"
	} | measure "$ROUNDS" "$T/refs" "$T/push"
}

history() {
	echo "## A whole history"
	echo
	history_repository
	command git -C "$HISTORY" rev-list --objects --all | cut -c1-40 |
		command git -C "$HISTORY" cat-file --batch-check='%(objecttype) %(objectsize) %(objectname)' >"$T/objects"
	awk '$1 == "blob" { n++; s += $2 } $1 == "commit" { c++ }
		END { printf "%d commits, %d blobs of %.0f MB.\n\n", c, n, s / 1e6 }' "$T/objects"
	sed -n 's/^blob [0-9]* //p' "$T/objects" >"$T/blobs"
	check="$B/codetrain-check --all --type secrets"
	echo '### The rules for AWS'
	echo
	{
		row 'codetrain check --all, rules for AWS' 1 "$(script aws "$check" --builtin-rules aws)"
		! have git-secrets || row 'git-secrets --scan-history' 2 "$(script git-secrets git secrets --scan-history)"
	} | measure "$SCAN_ROUNDS" /dev/null "$HISTORY"
	echo "### gitleaks' rules"
	echo
	{
		[ -z "$rules" ] || row "codetrain check --all, gitleaks' file" 1 "$(script file "$check" --builtin-rules none --rules "$rules")"
		row 'codetrain check --all, its own rules' 1 "$(script own "$check")"
		! have gitleaks || row "gitleaks $GITLEAKS" 2 "$(script gitleaks gitleaks detect --no-banner -l error --redact)"
	} | measure "$SCAN_ROUNDS" /dev/null "$HISTORY"
	echo '### Reading alone'
	echo
	{
		row 'codetrain check --all --type size: walks and reads' 1 "$(script size "$B/codetrain-check" --all --type size)"
		row 'git rev-list --objects --all: walks' 1 "$(script walk git rev-list --objects --all)"
		row 'git cat-file --batch: reads the blobs' 1 "$(script read git cat-file --batch --buffer "<$T/blobs")"
		row 'git cat-file --batch-all-objects --unordered' 1 "$(script all git cat-file --batch --buffer --batch-all-objects --unordered)"
	} | measure "$SCAN_ROUNDS" /dev/null "$HISTORY"
}

tree() {
	echo "## The files of one commit"
	echo
	history_repository
	mkdir "$T/tree"
	command git -C "$HISTORY" archive main | tar -x -C "$T/tree"
	echo '{"rules": [{"id": "@secretlint/secretlint-rule-preset-recommend"}]}' >"$T/secretlintrc.json"
	echo "$(find "$T/tree" -type f | wc -l) files, $(du -sm "$T/tree" | cut -f1) MB."
	echo
	check="$B/codetrain-check --type secrets"
	{
		[ -z "$rules" ] || row "codetrain check, gitleaks' file" 1 "$(script file "$check" --builtin-rules none --rules "$rules" .)"
		row 'codetrain check, its own rules' 1 "$(script own "$check" .)"
		row 'codetrain check, rules for AWS' 1 "$(script aws "$check" --builtin-rules aws .)"
		! have gitleaks || row "gitleaks $GITLEAKS" 1 "$(script gitleaks gitleaks detect --no-banner -l error --redact --no-git)"
		! have git-secrets || row 'git-secrets --scan -r' 1 "$(script git-secrets git secrets --scan -r .)"
		# node_modules of the rules are found from the folder of its own configuration
		! have secretlint || row "secretlint $SECRETLINT" 2 "$(script secretlint cd "$T/tree" '&&' \
			NODE_PATH="$peers/npm/node_modules" secretlint --secretlintrc "$T/secretlintrc.json" '"**/*"')"
	} | measure "$SCAN_ROUNDS" /dev/null "$T/tree"
}

find_peers
echo "machine: $(nproc) cores, $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), Linux $(uname -r), $(command git --version)"
echo
[ $# -gt 0 ] || set -- push history tree
for section; do
	case $section in
	push | history | tree) $section ;;
	*) echo "tools/bench-scan.sh: no such section: $section" >&2; exit 2 ;;
	esac
done
