#!/bin/sh
# The commands that a refused push prints are run as they stand, with an editor that does
# what the remarks ask for; then the push goes through.
. "$SOURCE/tests/lib/tap.sh"

id=AKIA$(printf QYLPMN5HHHFPZAM2)
git config --global init.defaultBranch main
git config --global advice.detachedHead false

fresh() {
	cd "$T" && rm -rf w srv.git
	git init -q --bare srv.git && git init -q w && cd w || bail "git init failed"
	git remote add origin "$T/srv.git"
	echo start >a && git add a && git commit -qm start && git push -q origin main
	codetrain-hooks install >/dev/null || bail "hooks install failed"
}
commit() { git add -A && git commit -qm more; }

# editors: of a message, of a rebase's list (marks what was named)
cat >"$T/editor" <<'END'
#!/bin/sh
sed -i "s/AKIA[A-Z0-9]*/none/" "$1"
END
cat >"$T/list" <<'END'
#!/bin/sh
sed -i -e "s/^pick \($MARK\)/edit \1/" -e "s/^merge -C $MARK.*/&\nbreak/" "$1"
END
chmod +x "$T/editor" "$T/list"
n=0
export GIT_EDITOR="$T/editor" GIT_SEQUENCE_EDITOR="$T/list"

# The first finding's commands, from the output of a refused push.
commands() {
	awk '/^  mend / { on = 1; sub(/^  mend  */, "") } on && /^  [a-z]/ { exit } on && /^$/ { exit }
		on && /^(error|warning):/ { exit } on { sub(/^  */, ""); print }' "$ERR"
}

# mended WHAT HOW PUSH-ARGS...: refused; what is printed is run, with the shell's lines HOW where a
# remark asks for it; passes.
mended() {
	what=$1 how=$2 n=$((n + 1))
	shift 2
	run git push "$@"
	isnt "$rc" 0 "$what: refused"
	MARK=$(sed -n 's/.*mark \([0-9a-f]*\) "edit".*/\1/p; s/.*"merge -C \([0-9a-f]*\)".*/\1/p' "$ERR" | head -n 1 | cut -c1-7)
	export MARK
	commands | sed -e "s/ NEW/ new-$n/" >"$T/commands"
	awk -v how="$how" '/^# / { print how; how = ":"; next } { print }' "$T/commands" >"$T/script"
	sh -e "$T/script" >"$T/log" 2>&1
	code=$?
	is "$code" 0 "$what: the commands run"
	[ $code -eq 0 ] || cat "$T/script" "$T/log" | _show
	run git push "$@"
	is "$rc" 0 "$what: passes then"
	[ $rc -eq 0 ] || cat "$T/script" "$T/log" "$ERR" | _show
	git rebase --abort 2>/dev/null
}

fresh
echo "$id" >k && commit
mended "the last commit" 'echo none >k' origin main

fresh
echo b >b && commit && echo "$id" >k && commit && echo c >c && commit && echo d >d && commit
mended "an older commit" 'echo none >k' origin main
is "$(git log --format=%s origin/main | wc -l)" 5 "and nothing else is lost"

cd "$T" && rm -rf w && git init -q w && cd w && git remote add origin "$T/srv.git" && rm -rf "$T/srv.git" && git init -q --bare "$T/srv.git"
codetrain-hooks install >/dev/null
echo "$id" >k && commit && echo b >b && commit
mended "the first commit of all" 'echo none >k' origin main

fresh
git commit -q --allow-empty -m "use $id"
mended "the last message" : origin main
git commit -q --allow-empty -m "use $id" && echo c >c && commit
mended "an older message" : origin main
echo x >x && git add x && git commit -qm x --author "$id <a@example.com>"
mended "an author's name" : origin main

fresh
echo x >"$id.txt" && commit
mended "a file's name" : origin main
mkdir "$id" && echo y >"$id/y" && commit && echo z >z && commit
mended "a folder's name, older" : origin main

fresh
git config codetrain.max-file-size 1k && head -c 2000 /dev/zero >'a big one' && commit
mended "a large file" : origin main
rm 'a big one'
head -c 2000 /dev/zero >large && commit && echo z >z && commit
mended "an older large file" : origin main

# ---- other refs -----------------------------------------------------------------------
fresh
git switch -q -c topic && echo "$id" >k && commit && git switch -q main
mended "the tip of a branch that is not checked out" 'echo none >k' origin topic
git switch -q -c other && echo "$id" >o && commit && echo p >p && commit && git switch -q main
mended "an older commit of one" 'echo none >o' origin main other

fresh
git tag -a v1 -m "key $id"
mended "a tag's message" : origin v1
is "$(git rev-parse 'v1^{commit}')" "$(git rev-parse main)" "the tag is where it was"
echo "$id" >k && commit && git tag -a v2 -m two && git reset -q --hard HEAD^
mended "what only a tag has" 'echo none >k' origin v2
echo "$id" >k && commit && echo l >l && commit && git tag v3 && git reset -q --hard HEAD~2
mended "older, under a light tag" 'echo other >k' origin v3
git switch -q main

git notes add -m "$id" HEAD
mended "a note" : origin refs/notes/commits
is "$(git notes show HEAD)" none "the note is mended"
echo n >n && commit && git notes add -m "good" HEAD && git notes append -m "$id" HEAD && git notes append -m more HEAD
mended "an older note" : origin refs/notes/commits

fresh
git branch "$id"
run git push origin "$id"
like "$(commands)" "^git branch -m 'AKIA\*\*\*\*' NEW|^git branch -m AKIA\*\*\*\* NEW" "a branch's name is renamed"
run git push origin "main:refs/heads/$id"
like "$(commands)" "^git push origin refs/heads/main:refs/heads/NEW" "another name for the same branch"
git tag "$id"
run git push origin "refs/tags/$id"
like "$(commands)" "^git tag NEW [0-9a-f]+ && git tag -d" "a tag's name"

# ---- names and rules that somebody else chose ------------------------------------------
fresh
git update-ref 'refs/heads/--exec=id>pwned' main && git symbolic-ref HEAD 'refs/heads/--exec=id>pwned'
echo "$id" >k && commit && echo l >l && commit && git switch -q main
run git push origin 'refs/heads/--exec=id>pwned'
is "$(commands | head -n 1)" "git branch -m -- '--exec=id>pwned' NEW" "a branch like an option is renamed first"
like "$(commands)" "^git rebase -i [0-9a-f]+\^ NEW" "then no command has it"
echo x >"-f$id" && commit
run git push origin main
like "$(commands)" "^git mv ./-fAKIA" "a file like an option"
git reset -q --hard HEAD^
printf 'object %s\ntype commit\ntag -d\ntagger A <a@example.com> 1 +0000\n\n%s\n' "$(git rev-parse HEAD)" "$id" >"$T/tag"
git update-ref refs/tags/-d "$(git hash-object -t tag -w --literally "$T/tag")"
run git push origin refs/tags/-d
like "$(commands)" "^git tag -a NEW [0-9a-f]+ && git tag -d -- -d" "a tag like an option"

# a rule that takes quotes for secrets would take them away
fresh
printf '[[rules]]\nid = "q"\nregex = "(\047)"\nsecretGroup = 1\n' >q.toml
printf '[codetrain]\n\trules = q.toml\n' >.codetrain && commit
git -c core.hooksPath=/dev/null push -q origin main
# shellcheck disable=SC2016
echo x >'$(id>pwned)'"$id" && commit
run git push origin main
isnt "$rc" 0 "a name with a command in it"
is "$(commands)" "" "no command is printed that would run it"

# ---- merges ---------------------------------------------------------------------------
fresh
git switch -q -c topic && echo t >t && commit && git switch -q main && echo m >m && commit
git merge -q --no-commit topic >/dev/null 2>&1 && echo "$id" >k && git add -A && git commit -qm merge
mended "a merge at the tip" 'echo none >k' origin main
git switch -q -c topic2 && echo u >u && commit && git switch -q main && echo n >n && commit
git merge -q --no-commit topic2 >/dev/null 2>&1 && echo "$id" >k2 && git add -A && git commit -qm merge2
echo o >o && commit
mended "an older merge" 'echo none >k2' origin main
is "$(git log --merges --format=%s origin/main | wc -l)" 2 "it is a merge still"
git switch -q -c topic3 && echo "$id" >k3 && commit && echo v >v && commit && git switch -q main && echo q >q && commit
git merge -q -m merge3 topic3
mended "in a branch that is merged" 'echo none >k3' origin main
is "$(git log --merges --format=%s origin/main | wc -l)" 3 "the merge is kept"

# ---- a spec that is pushed already is mended by a commit on top ------------------------
fresh
echo '{' >training-job.json && commit && git -c core.hooksPath=/dev/null push -q origin main
git switch -q -c next
mended "a broken spec that the remote has" "cp '$SOURCE/examples/scikit-learn-iris/training-job.json' ." origin next
is "$(git log --format=%s | wc -l)" 3 "nothing that is pushed was rewritten"

done_testing
