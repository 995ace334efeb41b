#!/bin/sh
# What a team allows, and what it asks for: allowances and those that nothing needs any more,
# comments, own rules, built-in rules left out; letting a push through, and the record of it.
. "$SOURCE/tests/lib/tap.sh"

id=AKIA$(printf QYLPMN5HHHFPZAM2)
secret=kT9pQ2xV7mB4nR8wLz3J$(printf yH6sD1fG5cA0eU+iO/Xq)
git config --global init.defaultBranch main
commit() { git add -A && git commit -qm "${1:-more}"; }
hash() { printf %s "$1" | sha256sum | cut -d' ' -f1; }
fresh() {
	cd "$T" && rm -rf w srv.git
	git init -q --bare srv.git && git init -q w && cd w || bail "git init failed"
	git remote add origin "$T/srv.git"
	echo start >a && git add a && git commit -qm start && git push -q origin main
	codetrain-hooks install >/dev/null || bail "hooks install failed"
}

# ---- the lines that are printed, and those that nothing needs ---------------------------
fresh
echo "$id" >k && commit
status 1 "a value that is not allowed" codetrain-check
sed -n '/\[codetrain "allow"\]/,/sha256/p' "$OUT" >.codetrain
commit allow
status 0 "the lines that were printed allow it" codetrain-check --all
is "$(out)" "" "an allowance that is needed is not told"
printf '\tsha256 = %s\n' "$(hash other)" >>.codetrain && commit "allow another"
status 0 "an allowance that nothing needs is no error" codetrain-check --all
like "$(out | tr -s '\n ' ' ')" "warning: [^[]*\[allow-stale\]" "but a warning"
like "$(out)" "where +\.codetrain:3:1" "with its line"
status 0 "and none of a part of the history" codetrain-check
is "$(out)" "" "which may need it"
status 0 "nor of another check" codetrain-check --all --type size
is "$(out)" "" "that looks for no values"
codetrain-check --all 2>/dev/null | sed -n 's/^  mend *//p; s/^ *\(git commit.*\)/\1/p' | sh >/dev/null
status 0 "its commands" codetrain-check --all
is "$(out)" "" "take it away"
like "$(cat .codetrain)" "$(hash "$id")" "and no other"
git rm -q k && git commit -qm gone
status 0 "what is in the history needs it still" codetrain-check --all
is "$(out)" "" "so it is not told"
printf '[codetrain "allow"]\n\tsha256 = %s\n' "$(hash "$id")" >.codetrain && echo x >x
status 0 "files on disk, with the .codetrain of the working directory" codetrain-check x

# ---- comments --------------------------------------------------------------------------
fresh
marks='codetrain:allow
gitleaks:allow
pragma: allowlist secret'
echo "$marks" | while read -r mark; do echo "id = $id # $mark"; done >k && commit
status 1 "comments alone allow nothing" codetrain-check
like "$(out | tr -s '\n ' ' ')" "the comment there allows nothing without inline-allow" "and it says so"
printf '[codetrain]\n\tinline-allow = true\n' >.codetrain && commit
status 0 "each of them, once the policy says so" codetrain-check
printf 'id = %s\n# codetrain:allow\n' "$id" >l && commit
status 1 "on another line" codetrain-check
git rm -q l && git commit -qm away
status 1 "which is in the history" codetrain-check
status 0 "the line with the value alone counts" codetrain-check --range HEAD^..HEAD
git commit -q --allow-empty -m "$id codetrain:allow"
status 1 "and files alone: no message" codetrain-check --range HEAD^..HEAD
fresh
echo "id = $id # codetrain:allow" >k && printf '[codetrain]\n\tinline-allow = warn\n' >.codetrain && commit
status 0 "warn" codetrain-check
like "$(out)" "^warning: AWS" "tells and lets go"
git config codetrain.inline-allow false
status 1 "this machine says otherwise" codetrain-check
git config codetrain.inline-allow maybe
status 2 "a word that is none" codetrain-check
git config --unset codetrain.inline-allow
printf '[codetrain]\n\tinline-allow = maybe\n' >.codetrain && commit
status 2 "the same in .codetrain" codetrain-check
like "$(err)" "\.codetrain:2: inline-allow is true, false or warn" "with its line"

# ---- rules -----------------------------------------------------------------------------
fresh
cat >.codetrain <<'END'
[rule "acme-token"]
	description = ACME token
	regex = "acme_[a-z0-9]{20}"
	value = last
	length = 20
	alphabet = a-z0-9
	rotate = "https://acme.example/tokens"
END
commit && token=$(printf acme_)$(printf 4kq9x7vv2mzp0w8rt1yd)
echo "t $token" >t && commit
status 1 "a rule of one's own" codetrain-check
like "$(out)" "ACME token .* \[acme-token\]" "is told by its name"
like "$(out)" "rotate +https://acme.example/tokens" "and where to rotate"
run git push origin main
isnt "$rc" 0 "the hook knows it, too"
ok "what it compiles to is kept" sh -c 'ls .git/codetrain/* >/dev/null'
mkdir rules && git mv .codetrain rules/acme.rules && printf '[codetrain]\n\trules = rules/acme.rules\n' >.codetrain && commit
status 1 "in a file that .codetrain names" codetrain-check
printf 'broken\n' >rules/acme.rules
status 1 "as it is committed, not on disk" codetrain-check
commit
status 2 "a broken rule file" codetrain-check
like "$(err)" "rules/acme.rules:1" "with its line"
git rm -qf rules/acme.rules && git commit -qm away
status 2 "one that is not there" codetrain-check
like "$(err)" "rules/acme.rules" "is named"
for path in /etc/passwd ../w/a rules/../../a; do
	printf '[codetrain]\n\trules = %s\n' "$path" >.codetrain && commit
	status 2 "outside of the repository: $path" codetrain-check
	like "$(err)" "no path inside the repository" "is refused"
done
printf '[codetrain]\n\tbuiltin-rules = none\n' >.codetrain && rm t && echo "$id" >k && commit
status 0 "built-in rules left out" codetrain-check
printf '[codetrain]\n\tbuiltin-rules = aws\n' >.codetrain && commit
status 1 "one group of them" codetrain-check
printf '[codetrain]\n\tbuiltin-rules = nosuch\n' >.codetrain && commit
status 2 "a group that is none" codetrain-check
like "$(err)" "\.codetrain:2: .*nosuch.*aws" "with its line, and those there are"
status 2 "and on the command line" codetrain-check --builtin-rules nosuch
printf '[rule "aws-access-key-id"]\n\tseverity = warning\n' >.codetrain && commit
status 0 "a built-in rule made a warning" codetrain-check --range HEAD
like "$(out)" "^warning: AWS access key id" "is told as one"
printf '[rule "aws-access-key-id"]\n\tenabled = false\n' >.codetrain && commit
status 0 "and switched off" codetrain-check --range HEAD
is "$(out)" "" "is not told"
# two branches: what one leaves out counts for neither
git switch -q -c plain HEAD~1 && git rm -q .codetrain && git commit -qm plain && git switch -q main
printf '[codetrain]\n\tbuiltin-rules = none\n' >.codetrain && commit
status 0 "a branch that leaves all out" codetrain-check --range HEAD
status 1 "beside one that does not" codetrain-check --all

mkdir "$T/plain" && cd "$T/plain" || bail "no folder"
echo "t $token" >t && echo "$id" >k
git -C "$T/w" show HEAD:.codetrain >/dev/null
printf '[rule "acme-token"]\n description = ACME token\n regex = "acme_[a-z0-9]{20}"\n value = last\n length = 20\n alphabet = a-z0-9\n' >acme.rules
status 0 "plain files" codetrain-check t
status 1 "--rules" codetrain-check --rules acme.rules t
printf 'API_SECRET="%s"\n' "$token" >guess.py
status 0 "what a built-in rule warns of" codetrain-check guess.py
status 1 "is refused where a team's rule does" codetrain-check --rules acme.rules guess.py
like "$(out)" "\[acme-token\]" "by its name"
rm guess.py
status 1 "--rules beside the built-in ones" codetrain-check --rules acme.rules k
status 0 "--builtin-rules none" codetrain-check --builtin-rules none k
status 1 "both" codetrain-check --builtin-rules none --rules acme.rules t
sed 's/acme-token/npm-token/' acme.rules >npm.rules
status 1 "one with the name of a built-in one that is left out" codetrain-check --builtin-rules none --rules npm.rules t
printf '[rule "npm-token"]\n severity = error\n' >npm.rules
status 0 "a change of one that is left out" codetrain-check --builtin-rules none --rules npm.rules t
ok "what it compiles to is kept with the user" sh -c 'ls "$HOME"/.cache/codetrain/* >/dev/null'
XDG_CACHE_HOME=/dev/null/no status 1 "or not at all" codetrain-check --rules acme.rules t
is "$(err)" "codetrain check: 1 error in 1 file" "which is no error"
status 2 "a rule file that is not there" codetrain-check --rules nothing t
printf '[codetrain]\n\trules = acme.rules\n' >.codetrain
status 1 ".codetrain of the working directory names rules" codetrain-check t
cd "$T" && status 1 "or that of a folder that is checked" codetrain-check plain

# ---- letting a push through -------------------------------------------------------------
fresh
git config codetrain.bypass-log "$T/team.log"
k=k
# every push has something new to refuse
bypass() { k=k$k && echo "$id $k" >$k && commit && run env CODETRAIN_SKIP_CHECKS="$1" git push origin main:"$2"; }
bypass "revoked: $id and SECRET=$secret" refs/heads/one
is "$rc" 0 "with a reason"
unlike "$(cat "$ERR")" '//codetrain' "its place is told as one writes it"
for log in .git/codetrain/bypass.log "$T/team.log"; do
	is "$(wc -l <"$log")" 1 "$log has a line"
	is "$(stat -c %a "$log")" 600 "for its owner alone"
	lacks "$(cat "$log")" "$id" "the reason's key is redacted"
	lacks "$(cat "$log")" "$secret" "and its secret"
	python3 - "$log" "$(git rev-parse HEAD)" "$(hash "$id")" >"$OUT" 2>&1 <<'END'
import json, sys
entry = json.loads(open(sys.argv[1], encoding="utf-8").read())
assert entry["reason"].startswith("revoked: AKIA"), entry
assert entry["refs"] == [{"ref": "refs/heads/one", "new": sys.argv[2], "old": 40 * "0"}], entry
(finding,) = entry["findings"]
assert finding["commit"] == sys.argv[2] and finding["sha256"] == sys.argv[3], entry
assert finding["file"] == "kk" and finding["severity"] == "error", entry
END
	is "$(out)" "" "and says what went through"
done
echo more >>.git/codetrain/bypass.log && before=$(cksum <.git/codetrain/bypass.log)
rm "$T/team.log" && mkdir "$T/team.log"
bypass "the key is revoked" refs/heads/two
isnt "$rc" 0 "a log that cannot be written refuses"
is "$(cksum <.git/codetrain/bypass.log)" "$before" "and leaves no record of what was refused"
rmdir "$T/team.log" && ln -s /nowhere/else "$T/team.log"
bypass "the key is revoked" refs/heads/two
isnt "$rc" 0 "a link is not followed"
rm "$T/team.log" && mkfifo "$T/team.log"
bypass "the key is revoked" refs/heads/two
isnt "$rc" 0 "a pipe that nobody reads is not waited for"
rm "$T/team.log"
if [ -w /dev/full ]; then
	git config codetrain.bypass-log /dev/full
	bypass "the key is revoked" refs/heads/two
	isnt "$rc" 0 "nor is a device written to"
fi
git config codetrain.bypass-log "$T/team.log"
echo "$id again" >again && commit
printf 'refs/heads/main %s refs/heads/main %040d\n' "$(git rev-parse HEAD)" 0 >"$T/refs"
for i in 1 2 3 4 5 6 7 8 9 10; do
	CODETRAIN_SKIP_CHECKS="attempt number $i" pre-push origin "$T/srv.git" <"$T/refs" 2>/dev/null &
done
wait
is "$(python3 -c 'import json,sys; print(len({json.loads(l)["reason"] for l in open(sys.argv[1])}))' "$T/team.log")" 10 "ten at once: ten whole lines"
printf '[codetrain]\n\tbypass-log = /tmp/x\n' >.codetrain && commit
run git push origin main
isnt "$rc" 0 "where it writes is not for a commit to say"
like "$(err)" "\.codetrain:2: .*git config codetrain.bypass-log" "it says who may"

cd "$T" && git init -q --object-format=sha256 sha && cd sha && echo a >a && commit
git init -q --bare --object-format=sha256 "$T/sha.git" && codetrain-hooks install >/dev/null
CODETRAIN_SKIP_CHECKS='objects by SHA-256 cannot be read' run git push "$T/sha.git" main
is "$rc" 0 "a repository that cannot be read, with a reason"
like "$(cat .git/codetrain/bypass.log)" '"reason":"objects by SHA-256.*"fault":' "is recorded with why"

# ---- what hangs ------------------------------------------------------------------------
fresh
git config codetrain.deadline 0
echo b >b && commit && blob=$(git rev-parse HEAD:b) && object=".git/objects/$(echo "$blob" | sed 's,^..,&/,')"
rm -f "$object" && mkfifo "$object"
pre-push origin "$T/srv.git" <<END >"$OUT" 2>"$ERR"
refs/heads/main $(git rev-parse HEAD) refs/heads/main $(git rev-parse origin/main)
END
is "$?" 1 "an object that never answers, with the deadline over"
like "$(err)" "took too long|the checks hang" "it says so"
rm "$object" && mkfifo .git/objects/info/alternates
git config codetrain.deadline 0
pre-push origin "$T/srv.git" </dev/null >"$OUT" 2>"$ERR" &
hung=$!
until_true 60 sh -c "! kill -0 $hung 2>/dev/null"
ok "a file of alternates that never answers is not waited for"
wait "$hung"
is "$?" 1 "and the push is refused"

done_testing
