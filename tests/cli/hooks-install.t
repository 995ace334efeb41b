#!/bin/sh
# codetrain hooks: beside other tools' hooks, in worktrees and bare repositories;
# uninstall gives back the exact bytes.
. "$SOURCE/tests/lib/tap.sh"

git config --global init.defaultBranch main
id=AKIA$(printf QYLPMN5HHHFPZAM2)

fresh() {
	cd "$T" && rm -rf w srv.git
	git init -q --bare srv.git && git init -q w && cd w || bail "git init failed"
	git remote add origin "$T/srv.git"
	echo start >a && git add a && git commit -qm start && git push -q origin main
}

# the pushes here start drainers in the background
end_drainers() {
	for _d in $(grep -lsz -e "^$T/srv.git\$" /proc/[0-9]*/cmdline | sed 's,^/proc/\([0-9]*\)/.*,\1,'); do
		kill -9 "$_d" 2>/dev/null
	done
}
at_exit end_drainers

# picture FOLDER: names, modes, link targets and contents
picture() { find "$1" -printf '%P %M %l\n' | sort; find "$1" -type f -exec sha256sum {} + | sort; }

fresh
status 1 "status where nothing is installed" codetrain-hooks status
status 0 "install" codetrain-hooks install
like "$(out)" "^installed: .*/w/\.git/hooks/pre-push$" "it says where"
status 0 "install again" codetrain-hooks install
like "$(out)" "^already installed" "it is there already"
status 0 "status" codetrain-hooks status
mkdir sub && cd sub && status 0 "status from a folder below" codetrain-hooks status
status 0 "uninstall" codetrain-hooks uninstall
status 0 "uninstall again" codetrain-hooks uninstall
like "$(out)" "not installed" "nothing is there"

# ---- a hook that was there ----------------------------------------------------------
fresh
printf '#!/bin/sh\necho "old hook: $*" >&2\ncat >"$HOME/stdin"\nexit 0\n\n\n' >.git/hooks/pre-push
chmod 750 .git/hooks/pre-push
before=$(picture .git/hooks)
ln .git/hooks/pre-push .git/hooks/pre-push.before-codetrain	# as when it was killed half-way
status 0 "install beside a hook" codetrain-hooks install
echo b >b && git add b && git commit -qm b
run git push origin main
is "$rc" 0 "both pass"
like "$(err)" "old hook: origin $T/srv.git" "the old hook got its arguments"
is "$(cat "$HOME/stdin")" "refs/heads/main $(git rev-parse HEAD) refs/heads/main $(git rev-parse HEAD^)" "and its input"
echo "$id" >k && git add k && git commit -qm k
run git push origin main
isnt "$rc" 0 "codetrain's refuses"
git reset -q --hard HEAD^ && echo c >c && git add c && git commit -qm c
printf '#!/bin/sh\nexit 1\n' >.git/hooks/pre-push.before-codetrain
run git push origin main
isnt "$rc" 0 "the old hook refuses"
printf '#!/bin/sh\necho "old hook: $*" >&2\ncat >"$HOME/stdin"\nexit 0\n\n\n' >.git/hooks/pre-push.before-codetrain
status 0 "install again keeps both" codetrain-hooks install
status 0 "uninstall" codetrain-hooks uninstall
is "$(picture .git/hooks)" "$before" "every byte and mode is as before"

ln -sf ../../hook-script .git/hooks/pre-push && printf '#!/bin/sh\necho linked >&2\n' >hook-script && chmod +x hook-script
before=$(picture .git/hooks)
status 0 "install beside a link" codetrain-hooks install
run git push origin main
like "$(err)" linked "the link's target runs"
status 0 "uninstall" codetrain-hooks uninstall
is "$(picture .git/hooks)" "$before" "the link is back"

# two that claim the place
fresh
printf '#!/bin/sh\n' >.git/hooks/pre-push && chmod +x .git/hooks/pre-push && codetrain-hooks install >/dev/null
printf '#!/bin/sh\n# another\n' >.git/hooks/pre-push
status 5 "written over by another tool" codetrain-hooks install
like "$(err)" "pre-push.before-codetrain is there too" "it says what is there"
status 1 "status" codetrain-hooks status

# pre-commit keeps the hook that it finds as .legacy and runs it
fresh
printf '#!/bin/sh\necho "mine" >&2\n' >.git/hooks/pre-push && chmod +x .git/hooks/pre-push && codetrain-hooks install >/dev/null
mv .git/hooks/pre-push .git/hooks/pre-push.legacy
printf '#!/bin/sh\n"$(dirname "$0")/pre-push.legacy" "$@"\n' >.git/hooks/pre-push && chmod +x .git/hooks/pre-push
status 0 "installed under another tool" codetrain-hooks install
status 0 "its status" codetrain-hooks status
echo "$id" >k && git add k && git commit -qm k
run git push origin main
isnt "$rc" 0 "it refuses from there"
unlike "$(err)" "^mine" "before the first hook"
git reset -q --hard HEAD^ && echo good >g && git add g && git commit -qm g
run git push origin main
is "$rc" 0 "a good push passes both"
like "$(err)" "^mine" "and the first hook still runs"
before=$(picture .git/hooks/pre-push)
status 0 "uninstall from under another tool" codetrain-hooks uninstall
is "$(picture .git/hooks/pre-push)" "$before" "that tool's hook stays"
is "$(cat .git/hooks/pre-push.legacy)" "$(printf '#!/bin/sh\necho "mine" >&2')" "and runs the first hook again"

# lefthook renames the hook that it finds, and does not run it
fresh
codetrain-hooks install >/dev/null && mv .git/hooks/pre-push .git/hooks/pre-push.old
printf '#!/bin/sh\n# lefthook\necho "left $(cat)" >&2\n' >.git/hooks/pre-push && chmod +x .git/hooks/pre-push
before=$(picture .git/hooks/pre-push)
status 1 "put aside: status" codetrain-hooks status
like "$(out)" "broken: lefthook has put codetrain's hook aside" "it says by whom"
status 0 "installed again" codetrain-hooks install
ok "nothing of codetrain's stays aside" test ! -e .git/hooks/pre-push.old
status 0 "status is good" codetrain-hooks status
echo g >g && git add g && git commit -qm g
run git push origin main
like "$(err)" "left refs/heads/main" "both run"
# as when it writes its hooks anew while it runs
echo h >>g && git commit -qam h
printf '#!/bin/sh\nmv "${0%%.before-codetrain}" "${0%%.before-codetrain}.old" && cp "$0" "${0%%.before-codetrain}"\n' >.git/hooks/pre-push.before-codetrain
run git push origin main
is "$rc" 0 "a hook that writes itself over codetrain's"
like "$(err)" "warning: another tool has written over .*codetrain hooks install" "is told"
fresh
printf '#!/bin/sh\n# git lfs\n' >.git/hooks/pre-push && chmod +x .git/hooks/pre-push && before=$(picture .git/hooks)
codetrain-hooks install >/dev/null && printf '#!/bin/sh\n# git lfs\n' >.git/hooks/pre-push
status 1 "the same hook written over codetrain's" codetrain-hooks status
like "$(out)" "broken: git-lfs has written over" "it says by whom"
status 0 "is chained again" codetrain-hooks install
status 0 "and uninstalled" codetrain-hooks uninstall
is "$(picture .git/hooks)" "$before" "every byte is as before"

# husky: core.hooksPath, and hooks that ask for their own name
fresh
mkdir -p .husky/_ && git config core.hooksPath .husky/_
printf '#!/usr/bin/env sh\n. "$(dirname "$0")/h"' >.husky/_/pre-push && chmod +x .husky/_/pre-push
printf 'n=$(basename "$0")\ns=$(dirname "$(dirname "$0")")/$n\n[ ! -f "$s" ] && exit 0\nsh -e "$s" "$@"\nexit $?\n' >.husky/_/h
echo 'echo "husky ran" >&2' >.husky/pre-push
before=$(picture .husky)
status 0 "install under husky" codetrain-hooks install
like "$(err)" "core.hooksPath" "it warns of the folder in the work tree"
run git push origin main
like "$(err)" "husky ran" "husky's script runs"
echo "$id" >k && git add k && git commit -qm k
run git push origin main
isnt "$rc" 0 "codetrain's refuses under husky"
status 0 "uninstall" codetrain-hooks uninstall
is "$(picture .husky)" "$before" "every byte is as before"

# ---- worktrees, folders with odd names ---------------------------------------------
fresh
git worktree add -q "$T/tree" -b wt && cd "$T/tree" || bail "no worktree"
status 0 "install from a worktree" codetrain-hooks install
like "$(out)" "/w/\.git/hooks/pre-push" "it goes to the common folder"
cd "$T/w" && git worktree remove --force "$T/tree"
mkdir "$T/it's odd" && cp "$BUILD/pre-push" "$BUILD/codetrain-hooks" "$T/it's odd/"
status 0 "install from a folder with a quote" "$T/it's odd/codetrain-hooks" install
status 0 "status of it" codetrain-hooks status
echo d >d && git add d && git commit -qm d
run git push origin main
is "$rc" 0 "it runs"
rm -rf "$T/it's odd"
status 1 "status of a program that is gone" codetrain-hooks status
like "$(out)" "broken" "it says so"

# ---- the server ---------------------------------------------------------------------
cd "$T/srv.git" || bail "no server"
status 2 "a bare repository wants --server" codetrain-hooks install
printf '#!/bin/sh\necho "old post-receive" >&2\nexit 3\n' >hooks/post-receive && chmod +x hooks/post-receive
before=$(picture hooks)
status 0 "install --server" codetrain-hooks install --server
status 0 "status --server" codetrain-hooks status --server
sed "s,^codetrain=.*,codetrain='/nonexistent/post-receive'," hooks/post-receive >"$T/gone" && cat "$T/gone" >hooks/post-receive
cd "$T/w" && echo e >e && git add e && git commit -qm e && codetrain-hooks install >/dev/null
run git push origin main
is "$rc" 0 "a lost post-receive does not block the push"
like "$(err)" "starts no build" "but it says so"
like "$(err)" "old post-receive" "and the old hook ran"
cd "$T/srv.git" && status 0 "uninstall --server" codetrain-hooks uninstall --server
is "$(picture hooks)" "$before" "every byte is as before"
status 1 "status --server where both are missing" codetrain-hooks status --server

# with none before them they are links: no shell starts for each ref
rm hooks/post-receive
before=$(picture hooks)
status 0 "install --server beside nothing" codetrain-hooks install --server
is "$(readlink hooks/post-receive)" "$BUILD/post-receive" "post-receive is a link"
is "$(readlink hooks/reference-transaction)" "$BUILD/reference-transaction" "reference-transaction is one"
ok "the queue is made, where the refs are" test -e codetrain/queue.db
rm -rf codetrain
status 0 "install --server again" codetrain-hooks install --server
is "$(grep -c "^already installed" "$OUT")" 2 "both are there already"
status 0 "status --server of links" codetrain-hooks status --server
ln -sf /nonexistent/post-receive hooks/post-receive
status 1 "status of a link that leads nowhere" codetrain-hooks status --server
like "$(out)" "broken: cannot run /nonexistent/post-receive" "says so"
status 0 "install mends it" codetrain-hooks install --server
status 0 "and status sees it" codetrain-hooks status --server
status 0 "uninstall --server of links" codetrain-hooks uninstall --server
is "$(picture hooks)" "$before" "nothing is left"
ln -s ../../script hooks/post-receive && printf '#!/bin/sh\necho linked >&2\n' >"$T/script" && chmod +x "$T/script"
before=$(picture hooks)
codetrain-hooks install --server >/dev/null
cd "$T/w" && echo f >f && git add f && git commit -qm f
run git push origin main
like "$(err)" linked "another tool's link goes on running"
cd "$T/srv.git" && codetrain-hooks uninstall --server >/dev/null
is "$(picture hooks)" "$before" "and comes back as a link"
rm hooks/post-receive

# another tool's reference-transaction: its argument, its input, its refusal
cat >hooks/reference-transaction <<HOOK
#!/bin/sh
{ echo "state \$1 of \$#"; cat; } >>'$T/seen'
[ "\$1" != prepared ] || [ ! -e '$T/refuse' ]
HOOK
chmod 755 hooks/reference-transaction
before=$(picture hooks)
status 0 "install --server beside a reference-transaction" codetrain-hooks install --server
status 0 "status --server of both" codetrain-hooks status --server
cd "$T/w" && echo g >g && git add g && git commit -qm g
run git push origin main
is "$rc" 0 "a push passes both"
is "$(grep -c "^state prepared of 1$" "$T/seen"),$(grep -c "^state committed of 1$" "$T/seen")" 1,1 "the old hook got its argument"
is "$(grep -c " $(git rev-parse HEAD) refs/heads/main$" "$T/seen")" 2 "and its input"
was=$(git rev-parse HEAD)
: >"$T/refuse"
echo h >h && git add h && git commit -qm h
run git push origin main
isnt "$rc" 0 "it can refuse"
is "$(git -C "$T/srv.git" rev-parse main)" "$was" "and nothing moves"
rm "$T/refuse"
sed "s,^codetrain=.*,codetrain='/nonexistent/reference-transaction'," "$T/srv.git/hooks/reference-transaction" >"$T/gone" &&
	cat "$T/gone" >"$T/srv.git/hooks/reference-transaction"
run git push origin main
is "$rc" 0 "a lost program does not block the push"
is "$(grep -c "/nonexistent/reference-transaction is gone" "$ERR")" 1 "but is told once"
cd "$T/srv.git" && status 0 "uninstall --server" codetrain-hooks uninstall --server
is "$(picture hooks)" "$before" "every byte is as before"
rm hooks/reference-transaction
end_drainers
cd "$T/w" && status 2 "--server in a work tree" codetrain-hooks install --server

# ---- for all new repositories ------------------------------------------------------
cd "$T" && status 0 "install --global outside a repository" codetrain-hooks install --global
git clone -q "$T/srv.git" "$T/new" && cd "$T/new" || bail "no clone"
status 0 "a new clone has it" codetrain-hooks status
status 0 "uninstall --global" codetrain-hooks uninstall --global
is "$(git config --global init.templateDir)" "" "the template is forgotten"
mkdir -p "$T/mine/hooks" && git config --global init.templateDir "$T/mine"
status 0 "into a template that is there" codetrain-hooks install --global
ok "its hook" test -x "$T/mine/hooks/pre-push"
status 0 "and out again" codetrain-hooks uninstall --global
is "$(git config --global init.templateDir)" "$T/mine" "the template stays"

git config --global core.hooksPath "$T/all" && cd "$T" || bail "no folder"
status 0 "--global, with a folder for all repositories" codetrain-hooks install --global
ok "it goes there" test -x "$T/all/pre-push"
status 0 "and out of it" codetrain-hooks uninstall --global
ok "nothing stays" test ! -e "$T/all/pre-push"
git config --global --unset core.hooksPath

# core.hooksPath: relative to the top of the work tree, each worktree's own; or absolute
fresh
git config core.hooksPath tools/hooks && mkdir -p sub/folder && cd sub/folder || bail "no folder"
status 0 "a relative core.hooksPath, from below" codetrain-hooks install
ok "it goes below the top" test -x "$T/w/tools/hooks/pre-push"
cd "$T/w" && git worktree add -q "$T/tree" -b wt && cd "$T/tree" || bail "no worktree"
status 1 "a worktree has its own" codetrain-hooks status
status 0 "installed there" codetrain-hooks install
ok "in the worktree" test -x "$T/tree/tools/hooks/pre-push"
echo "$id" >k && git add k && git commit -qm k
run git push origin wt
isnt "$rc" 0 "it refuses there"
cd "$T/w" && git worktree remove --force "$T/tree" && git config core.hooksPath "$T/abs"
status 0 "an absolute core.hooksPath" codetrain-hooks install
ok "it goes there" test -x "$T/abs/pre-push"
git config core.hooksPath /dev/null
status 70 "hooks that are switched off" codetrain-hooks install

mkdir "$T/none" && cd "$T/none" || bail "no folder"
status 2 "outside a repository" codetrain-hooks install
status 2 "an unknown verb" codetrain-hooks instal
status 2 "two that exclude each other" codetrain-hooks install --server --global
done_testing
