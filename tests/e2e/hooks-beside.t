#!/bin/sh
# codetrain hooks beside the real tools: git-lfs, pre-commit, lefthook, and husky's
# layout; installed before and after them. Both see all refs, both can refuse, and
# uninstall leaves the other as it was. A tool that is not here is left out.
. "$SOURCE/tests/lib/tap.sh"

tools=${VENV:-/nonexistent}/clients/bin
PATH=$PATH:$tools
git config --global init.defaultBranch main
git config --global gc.auto 0
id=AKIA$(printf QYLPMN5HHHFPZAM2)

fresh() {
	cd "$T" && rm -rf w srv.git
	git init -q --bare srv.git && git init -q w && cd w || bail "git init failed"
	git remote add origin "$T/srv.git"
	echo start >a && git add a && git commit -qm start && git push -q origin main
	rm -f "$T/seen" .git/hooks/*.sample
}
picture() { find "$1" -printf '%P %M %l\n' | sort; find "$1" -type f -exec sha256sum {} + | sort; }
commit() { git add -A && git commit -qm more; }

# beside TOOL: what must hold once both are installed. The tool's hook keeps its
# input in $T/seen, and refuses when the file "refuse" is in the work tree.
beside() {
	git branch -f second
	echo "$1" >>a && commit && rm -f "$T/seen"
	run git push origin main second
	[ "$rc" -eq 0 ] && [ "$(git -C "$T/srv.git" rev-parse main)" = "$(git rev-parse main)" ]
	ok "$1: a good push passes both" || _show <"$ERR"
	is "$(grep -c '^refs/heads/' "$T/seen" 2>/dev/null)" "${2:-2}" "$1: it sees the refs"
	echo "$id" >k && commit && rm -f "$T/seen"
	run git push origin second main
	isnt "$rc" 0 "$1: codetrain's refuses, on the second ref too"
	like "$(err)" "aws-access-key-id" "$1: and says why"
	git reset -q --hard HEAD^
	touch refuse && echo "$1" >>a && git commit -qam more
	run git push origin main
	isnt "$rc" 0 "$1: its own hook refuses"
	rm refuse && git push -q origin main 2>/dev/null
	status 0 "$1: status" codetrain-hooks status
}

script() { printf '#!/bin/sh\ncat >"%s/seen"\n[ ! -e refuse ]\n' "$T"; }

# ---- git-lfs ---------------------------------------------------------------------------
if command -v git-lfs >/dev/null; then
	lfs() { # what git-lfs does is seen on the server of a path: its objects
		git lfs track '*.bin' >/dev/null && head -c 2000 /dev/urandom >"$1.bin" && commit
		run git push origin main
		oid=$(git lfs ls-files -l | tail -n 1 | cut -d' ' -f1)
		[ "$rc" -eq 0 ] && find "$T/srv.git/lfs" -name "$oid" | grep -q .
		ok "git-lfs, $1: its objects are sent" || _show <"$ERR"
		echo "$id" >k && head -c 2000 /dev/urandom >"$1-2.bin" && commit
		run git push origin main
		oid=$(sha256sum <"$1-2.bin" | cut -d' ' -f1)
		[ "$rc" -ne 0 ] && ! find "$T/srv.git/lfs" -name "$oid" | grep -q .
		ok "git-lfs, $1: a refused push sends no object" || _show <"$ERR"
		git reset -q --hard HEAD^
		status 0 "git-lfs, $1: status" codetrain-hooks status
	}
	fresh && git lfs install --local >/dev/null && before=$(picture .git/hooks)
	codetrain-hooks install >/dev/null && lfs first
	git lfs install --local >"$OUT" 2>&1
	isnt "$?" 0 "git-lfs leaves codetrain's hook"
	git lfs install --local --force >/dev/null
	status 1 "git-lfs, by force: told" codetrain-hooks status
	status 0 "git-lfs, by force: installed again" codetrain-hooks install
	lfs again
	status 0 "git-lfs: uninstall" codetrain-hooks uninstall
	is "$(picture .git/hooks)" "$before" "git-lfs: every byte is as before"

	fresh && codetrain-hooks install >/dev/null && git lfs install --local --force >/dev/null 2>&1
	codetrain-hooks install >/dev/null && lfs second
else
	skip "git-lfs" "it is not installed"
fi

# ---- pre-commit ------------------------------------------------------------------------
if command -v pre-commit >/dev/null; then
	PRE_COMMIT_HOME=$T/pre-commit && export PRE_COMMIT_HOME
	configure() {
		script >"$T/run" && chmod +x "$T/run"
		cat >.pre-commit-config.yaml <<-END
		repos:
		- repo: local
		  hooks:
		  - {id: seen, name: seen, language: system, always_run: true, stages: [pre-push], verbose: true,
		     entry: sh -c 'echo "refs/heads/ \$PRE_COMMIT_REMOTE_BRANCH" >>"$T/seen"; test ! -e refuse'}
		END
		commit
	}
	fresh && configure && pre-commit install -t pre-push >/dev/null && before=$(picture .git/hooks)
	codetrain-hooks install >/dev/null && beside "pre-commit first" 1
	pre-commit install -t pre-push >/dev/null
	echo more >>a && commit && run git push origin main
	is "$rc" 0 "pre-commit over codetrain's over pre-commit: passes" || _show <"$OUT"
	echo "$id" >k && commit && run git push origin main
	isnt "$rc" 0 "and refuses"
	status 0 "and is installed" codetrain-hooks status
	git reset -q --hard HEAD^
	codetrain-hooks uninstall >/dev/null
	pre-commit uninstall -t pre-push >/dev/null && pre-commit install -f -t pre-push >/dev/null
	is "$(picture .git/hooks)" "$before" "pre-commit: every byte is as before"

	fresh && configure && codetrain-hooks install >/dev/null && before=$(picture .git/hooks)
	pre-commit install -t pre-push >/dev/null && beside "pre-commit second" 1
	pre-commit uninstall -t pre-push >/dev/null
	is "$(picture .git/hooks)" "$before" "pre-commit's uninstall gives codetrain's back"
	pre-commit install -t pre-push >/dev/null && status 0 "uninstall from under it" codetrain-hooks uninstall
	ok "nothing of codetrain's stays" test ! -e .git/hooks/pre-push.legacy
else
	skip "pre-commit" "it is not installed"
fi

# ---- lefthook --------------------------------------------------------------------------
if command -v lefthook >/dev/null; then
	configure() {
		printf 'no_tty: true\npre-push:\n  scripts:\n    "seen.sh":\n      runner: sh\n      use_stdin: true\n' >lefthook.yml
		mkdir -p .lefthook/pre-push && script >.lefthook/pre-push/seen.sh && commit
	}
	fresh && configure && lefthook install >/dev/null 2>&1 && before=$(picture .git/hooks)
	codetrain-hooks install >/dev/null && beside "lefthook first"
	status 0 "lefthook: uninstall" codetrain-hooks uninstall
	is "$(picture .git/hooks)" "$before" "lefthook: every byte is as before"

	fresh && configure && codetrain-hooks install >/dev/null && lefthook install >/dev/null 2>&1
	status 1 "lefthook second: told" codetrain-hooks status
	like "$(out)" "lefthook" "by its name"
	status 0 "lefthook second: installed again" codetrain-hooks install
	beside "lefthook second"
	status 0 "lefthook: uninstall" codetrain-hooks uninstall
	printf '\ncolors: false\n' >>lefthook.yml && commit
	codetrain-hooks install >/dev/null && echo more >>a && commit && run git push origin main
	if codetrain-hooks status >/dev/null; then
		ok "lefthook's new configuration leaves codetrain's hook" true
	else
		like "$(err)" "warning: another tool has written over" "lefthook wrote over codetrain's: told during the push"
	fi
else
	skip "lefthook" "it is not installed"
fi

# ---- husky's layout: a folder of generated hooks, the scripts above it --------------------
husky() { # what husky 9 writes at each npm install
	mkdir -p .husky/_ && git config core.hooksPath .husky/_ && echo '*' >.husky/_/.gitignore
	# shellcheck disable=SC2016
	printf '#!/usr/bin/env sh\n. "$(dirname "$0")/h"' >.husky/_/pre-push && chmod +x .husky/_/pre-push
	printf '#!/usr/bin/env sh\nn=$(basename "$0")\ns=$(dirname "$(dirname "$0")")/$n\n[ ! -f "$s" ] && exit 0\nsh -e "$s" "$@"\nc=$?\nexit $c\n' >.husky/_/h
}
fresh && husky && script >.husky/pre-push && commit && before=$(picture .husky)
codetrain-hooks install >/dev/null 2>&1 && beside "husky"
is "$(git status --porcelain)" "" "husky: nothing of codetrain's to commit"
husky
status 1 "husky wrote its folder anew: told" codetrain-hooks status
status 0 "and installed again" codetrain-hooks install
status 0 "husky: uninstall" codetrain-hooks uninstall
is "$(picture .husky)" "$before" "husky: every byte is as before"
done_testing
