#!/bin/sh
# pre-push with real pushes to a bare repository. Each planted case has a twin
# that must go through. Keys are put together here: this file holds none.
. "$SOURCE/tests/lib/tap.sh"

id=AKIA$(printf QYLPMN5HHHFPZAM2)
secret=kT9pQ2xV7mB4nR8wLz3J$(printf yH6sD1fG5cA0eU+iO/Xq)
session=IQoJb3JpZ2luX2Vj$(printf ED4aCXVzLWVhc3QtMiJHMEUCIQDx7k2hT9pQ2xV7mB4nR8wLz3JyH6sD1fG5cA0eUiOXq7mB4nR8wLz3J)

git config --global init.defaultBranch main
git config --global advice.detachedHead false
git config --global protocol.file.allow always

# fresh: a repository w with the hook, whose origin is the bare srv.git that has one commit
fresh() {
	cd "$T" && rm -rf w srv.git
	git init -q --bare srv.git && git init -q w && cd w || bail "git init failed"
	git remote add origin "$T/srv.git"
	echo start >a && git add a && git commit -qm start && git push -q origin main
	codetrain-hooks install >/dev/null || bail "hooks install failed"
}

server() { git -C "$T/srv.git" for-each-ref --format='%(refname) %(objectname)'; }

push() { run git push "$@"; }

refused() { # refused NAME PUSH-ARGS...: the push fails and nothing reaches the server
	_what=$1
	shift
	_before=$(server)
	push "$@"
	isnt "$rc" 0 "$_what: refused"
	is "$(server)" "$_before" "$_what: nothing reached the server"
	lacks "$(cat "$OUT" "$ERR")" "$id" "$_what: the key is not in the output"
	lacks "$(cat "$OUT" "$ERR")" "$secret" "$_what: the secret is not in the output"
}

passes() {
	_what=$1
	shift
	push "$@"
	is "$rc" 0 "$_what: passes" || _show <"$ERR"
}

commit() { git add -A && git commit -qm "${1:-more}"; }

# ---- where a key can hide ----------------------------------------------------------
fresh
passes "nothing new" origin main
echo b >b && commit
passes "a plain commit" origin main

mkdir conf && printf '# settings\nkey = %s\n' "$id" >conf/prod.env && commit "add the settings"
planted=$(git rev-parse HEAD)
git rm -q conf/prod.env && git commit -qm "remove them" && echo c >c && commit
refused "a key in an older commit" origin main
like "$(err)" "conf/prod.env:2:7" "it names file, line and column"
like "$(err)" "$(git rev-parse --short=12 "$planted") add the settings" "it names the commit"
like "$(err)" "git rebase -i $(git rev-parse --short=12 "$planted")\\^" "it names the command"
like "$(err)" "AKIA\*\*\*\*" "it shows four characters"
like "$(err)" "rotate +IAM" "it says where to rotate"
git -c sequence.editor='sed -i "1s/^pick/drop/;2s/^pick/drop/"' rebase -q -i "$planted^"
passes "the history mended" origin main

fresh
echo "SECRET=$secret" >.env && commit
refused "a key in the last commit" origin main
like "$(err)" "git commit -a --amend" "the last commit is amended"
unlike "$(err)" "git rebase" "and not rebased"
echo "SECRET=from-the-vault" >.env && git commit -qa --amend --no-edit
passes "the commit amended" origin main

fresh
printf 'id AKIAIOSFODNN7EXAMPLE\n' >docs && commit
passes "AWS's documented key" origin main
printf 'id AKIAIOSFODNN7EXAMPLE %s\n' "$id" >docs && commit
refused "a key beside the documented one" origin main

plant() { # plant NAME: refused as it is, passes once HEAD is taken back
	refused "$1" origin main
	git reset -q --hard origin/main && echo "$1" >twin && commit
	passes "the twin of: $1" origin main
}

fresh
printf 'key %s\n' "$id" | iconv -t UTF-16 >u16 && commit && plant "UTF-16 with a byte order mark"
printf 'key %s\n' "$id" | iconv -t UTF-16BE >u16 && commit && plant "UTF-16 without one"
printf '%0124d %s %040d' 0 "$id" 0 | base64 -w 60 | sed 's/.*/    b"&"/' >literal.py && commit && plant "base64 in bytes of Python, over lines"
printf '\0\1\2key\0%s\0' "$id" >bin && commit && plant "a binary file"
echo "*.txt -diff" >.gitattributes && echo "$id" >x.txt && commit && plant "the -diff attribute"
mkdir node_modules && echo "$id" >node_modules/x.js && commit && plant "node_modules"
echo "$id" >package-lock.json && commit && plant "a lock file"
{ head -c 4194304 /dev/zero | tr '\0' x; printf ' %s' "$id"; } >long && commit && plant "a line of four megabytes"
printf 'a\r\nSECRET=%s\r\n' "$secret" >crlf && commit && plant "CRLF"
ln -s "$id" link && commit && plant "a link's target"
echo x >"$id.txt" && commit && plant "a file's name"
git commit -q --allow-empty -m "use $id" && plant "a commit message"
git commit -q --allow-empty -m x --author "$id <a@example.com>" && plant "an author's name"
printf 'token: %s\n' "$session" >t.yml && commit && plant "a session token"
{ echo "-----BEGIN RSA PRIVATE KEY-----"; head -c 300 /dev/urandom | base64; } >k.pem && commit && plant "a private key"
printf '%s,%s\n' "$id" "$secret" >credentials.csv && commit && plant "the console's CSV"
git update-index --add --cacheinfo "160000,$(git rev-parse HEAD),$id" && git commit -qm sub
plant "a submodule's name"
git hash-object -t tree -w /dev/null >/dev/null
empty() { printf '040000 tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\t%s\n' "$1" | git mktree; }
refused "an empty folder's name" origin "$(empty "$id"):refs/trees/empty"
passes "its twin" origin "$(empty none):refs/trees/empty"
git notes add -m "$id" HEAD
refused "a note" origin refs/notes/commits

# what git would send, and libgit2 not see
git switch -q -c apart && echo "$id" >k && commit && bad=$(git rev-parse HEAD) && git switch -q main && echo g >g && commit
echo "$(git rev-parse HEAD) $bad" >.git/info/grafts
refused "a parent by a graft" origin main
git -C "$T/srv.git" cat-file -e "$bad" 2>/dev/null
isnt "$?" 0 "its objects are not there, either"
like "$(err)" "convert-graft-file" "it says what to do"
mv .git/info/grafts "$T/grafts" && GIT_GRAFT_FILE=$T/grafts refused "by the environment's graft" origin main
git switch -q apart && git rm -q k && git commit -qm away && git rev-parse HEAD >.git/shallow && echo 1234 >"$T/sh"
GIT_SHALLOW_FILE=$T/sh refused "a history that git sends all the same" origin apart
rm .git/shallow && git switch -q main && git branch -q -D apart
passes "the same without" origin main

# objects that no git command makes, and git push sends
object() { # object TYPE REF <TEXT
	git update-ref "$2" "$(git hash-object -t "$1" -w --stdin --literally)"
}
{ git cat-file commit HEAD; printf 'x\0 key %s\n' "$id"; } | object commit refs/heads/nul
refused "a commit message behind a NUL" origin nul
git cat-file commit HEAD | sed "s/^committer .*/&\nnote \x00 $id/" | object commit refs/heads/nul
refused "a commit's header behind a NUL" origin nul
tag="object $(git rev-parse HEAD)
type commit
tag nul
tagger A <a@example.com> 1 +0000"
printf '%s\n\nhi\0 %s\n' "$tag" "$id" | object tag refs/tags/nul
refused "a tag's message behind a NUL" origin refs/tags/nul
printf '%s\nnote %s\n\nhi\n' "$tag" "$id" | object tag refs/tags/nul
refused "a tag's header that git does not know" origin refs/tags/nul
printf '%s\nnote none\n\nhi\0 \n' "$tag" | object tag refs/tags/nul
passes "the same without a key" origin refs/tags/nul

# what it prints steers neither the terminal nor a shell, and is no secret
git commit -q --allow-empty -m "$(printf '%090d' 0) secret_access_key=$secret"
refused "a secret at the end of a long subject" origin main
lacks "$(err)" "$(echo "$secret" | cut -c1-12)" "not even a part of it is shown"
git reset -q --hard origin/main
echo "SECRET=$secret" >.env && commit "use $secret"
refused "a secret whose value the subject has, too" origin main
git reset -q --hard origin/main
echo x >"$id.txt" && commit && rm -f ".git/objects/$(git rev-parse "HEAD:$id.txt" | sed 's,^..,&/,')"
refused "a fault with a file whose name is a key" origin main
like "$(err)" "cannot read AKIA\*\*\*\*\.txt" "the fault is told all the same"
codetrain-check --range origin/main..HEAD --format junit >"$OUT" 2>"$ERR"
lacks "$(cat "$OUT" "$ERR")" "$id" "and by check"
git reset -q --soft origin/main && git rm -q --cached "$id.txt" && rm "$id.txt"
echo "$id" >"$(printf 'f\302\2332J\033[2J')" && commit "$(printf 'x\302\2332J\033[2J')"
refused "control characters in names" origin main
is "$(tr -cd '\033\233' <"$ERR")" "" "none of them is printed"
git reset -q --hard origin/main
# shellcheck disable=SC2016
git switch -q -c 'x;id>pwned;$(id)' && echo "$id" >k && commit && git switch -q main
# shellcheck disable=SC2016
refused "a branch named like a command" origin 'x;id>pwned;$(id)'
# shellcheck disable=SC2016
like "$(err)" "git switch 'x;id>pwned;\\\$\(id\)'" "it is quoted in the command to type"

# ---- every ref, every range -------------------------------------------------------
fresh
git switch -q -c topic && echo "$id" >k && commit && git switch -q main && echo m >m && commit
refused "a key on the second ref" origin main topic
passes "the first ref alone" origin main
refused "a branch that is not checked out" origin topic
like "$(err)" "git switch topic" "the command names the branch"

fresh
git switch -q -c topic && echo t >t && commit && git switch -q main && echo m >m && commit
git merge -q --no-commit topic >/dev/null 2>&1 && echo "$id" >from-the-merge && git add -A && git commit -qm merge
refused "what only a merge brings in" origin main
like "$(err)" "from-the-merge:1:1" "it names the file"
fresh
git switch -q -c topic && echo t >t && commit && git switch -q main && echo m >m && commit
git merge -q topic -m merge && passes "a merge" origin main

fresh
echo "$id" >k && commit && git tag -a v1 -m "one" && git reset -q --hard HEAD^
refused "an annotated tag at a bad commit" origin v1
git tag -d v1 >/dev/null && git tag -a v2 -m "key $id"
refused "a tag message" origin v2
like "$(err)" "tag message" "it says so"
git tag -a v3 -m "good" && passes "a good tag" origin v3
git tag light && passes "a light tag" origin light

fresh
echo "$id" >k && git add k
refused "a ref at a blob" origin "$(git rev-parse :k):refs/blobs/k"
refused "a ref at a tree" origin "$(git write-tree):refs/trees/k"
git rm -qf --cached k && rm k
passes "a good tree" origin "$(git write-tree):refs/trees/good"

fresh
refused "a branch's name" origin "main:refs/heads/$id"
echo b >b && commit && git push -q origin main:gone
echo "$id" >k && commit
passes "a deletion" origin :gone
passes "an older commit by HEAD~1" origin HEAD~1:refs/heads/main
refused "a raw object id" origin "$(git rev-parse HEAD):refs/heads/raw"
refused "the branch itself" origin main
git reset -q --hard HEAD^ && git commit -q --amend -m "said otherwise"
passes "a force push" --force origin main
git commit -q --amend -m "$id" && refused "a bad force push" --force origin main

# what the remote says of a branch now counts, not what was remembered
fresh
git switch -q -c topic && echo "$id" >k && commit && git -c core.hooksPath=/dev/null push -q origin topic
passes "a branch as the remote has it" origin topic:refs/heads/again
git push -q origin :again && git -C "$T/srv.git" update-ref -d refs/heads/topic
refused "a branch that is gone there" origin topic
git push -q origin main:topic && git update-ref refs/remotes/origin/topic topic
refused "a branch that has lost the key there" origin topic

fresh
git clone -q "$T/srv.git" "$T/other" && (cd "$T/other" && echo o >o && commit && git push -q origin main)
echo w >w && commit
passes "the remote is ahead by what is not here" --force origin main
rm -rf "$T/other"

fresh
echo "$id" >k && commit
refused "a URL instead of a name" "$T/srv.git" main
git reset -q --hard HEAD^ && passes "the same without the key" "$T/srv.git" main

# a key that the remote has is not told again; a new branch looks at its own commits only
fresh
echo "SECRET=$secret" >old.env && commit && CODETRAIN_SKIP_CHECKS='planted for the test' git push -q origin main 2>/dev/null
git switch -q -c new && echo n >n && commit
zero=0000000000000000000000000000000000000000
printf 'refs/heads/new %s refs/heads/new %s\n' "$(git rev-parse new)" $zero |
	pre-push --json origin "$T/srv.git" >"$OUT" 2>"$ERR"
like "$(out)" '"commits":1,"blobs":1,' "a new branch on pushed history: one commit and one blob are looked at"
passes "and it is pushed" origin new
git mv old.env renamed.env && git commit -qm rename
passes "a rename of what the remote has" origin new
echo more >>renamed.env && commit
passes "an older file that has it" origin new
like "$(err)" "warning: .*the remote has this" "is told as a warning"
echo "again=$id" >>renamed.env && commit
refused "another value in that file" origin new
git reset -q --hard HEAD^ && echo "SECRET=$secret" >elsewhere && commit
refused "the same value in another file" origin new
printf '' | pre-push origin "$T/srv.git" >"$OUT" 2>"$ERR"
is "$?" 0 "empty input passes"
printf 'nonsense\n' | pre-push origin "$T/srv.git" >"$OUT" 2>"$ERR"
is "$?" 1 "input that is not git's is refused"
pre-push origin >"$OUT" 2>"$ERR" </dev/null
is "$?" 1 "a missing argument exits 1, as all refusals do"

# ---- allowing, letting through -----------------------------------------------------
fresh
echo "$id" >k && commit
refused "a value that is not allowed" origin main
hash=$(printf %s "$id" | sha256sum | cut -d' ' -f1)
like "$(err)" "sha256 = $hash" "the message has the line to add"
printf '[codetrain "allow"]\n\tsha256 = %s\n' "$hash" >.codetrain
refused "an allowance that is not committed" origin main
commit && git mv k moved && git commit -qm move
passes "a committed allowance, also for a moved file" origin main
printf '[codetrain "allow"]\n\tsha256 = 12\n' >.codetrain && commit
refused "a broken .codetrain" origin main
like "$(err)" "\.codetrain:2: sha256 wants" "it names the line"
like "$(err)" "push refused: it could not be checked\. Nothing was sent" "and what became of the push"

fresh
echo "$id" >k && commit
CODETRAIN_SKIP_CHECKS='' push origin main
isnt "$rc" 0 "a bypass without a reason is refused"
CODETRAIN_SKIP_CHECKS='1' push origin main
isnt "$rc" 0 "a bypass that is no reason is refused"
CODETRAIN_SKIP_CHECKS='key is revoked' push origin main
is "$rc" 0 "a bypass with a reason passes"
like "$(err)" "k:1:1" "it tells what it let through"
like "$(cat .git/codetrain/bypass.log)" '"reason":"key is revoked".*"file":"k"' "and keeps a record"
is "$(stat -c %a .git/codetrain/bypass.log)" 600 "that only the owner reads"
lacks "$(cat .git/codetrain/bypass.log)" "$id" "without the secret"
url=https://user:pass@word@git.example.com/x
echo "refs/heads/main $(git rev-parse HEAD) refs/heads/main 0000000000000000000000000000000000000000" |
	CODETRAIN_SKIP_CHECKS='key is revoked' pre-push "$url" "$url" 2>"$ERR"
like "$(tail -n 1 .git/codetrain/bypass.log)" '"url":"https://git.example.com/x"' "and without the URL's password"

fresh
echo b >b && commit && git config codetrain.deadline 0
refused "the deadline is over" origin main
unlike "$(err)" "nothing found" "and does not say that nothing was found"
like "$(err)" "took too long" "it says so"
mkfifo "$T/silent" && exec 9<>"$T/silent"
pre-push origin "$T/srv.git" <"$T/silent" >"$OUT" 2>"$ERR"
is "$?" 1 "an input that never ends is not waited for"
like "$(err)" "the checks hang; the push is refused" "and it says so"
env --block-signal=ALRM pre-push origin "$T/srv.git" <"$T/silent" >"$OUT" 2>"$ERR"
is "$?" 1 "nor when the alarm is blocked"
exec 9>&- && rm "$T/silent"
git config codetrain.deadline 1m && passes "with more time" origin main
git config codetrain.deadline soon && echo c >c && commit && refused "a broken deadline" origin main

# ---- sizes and specs ---------------------------------------------------------------
fresh
git config codetrain.max-file-size 1k && head -c 1025 /dev/zero >"it's big" && commit
refused "a file over the maximum" origin main
like "$(err)" "git rm --cached -- 'it'.''s big'" "it names the file, for a shell"
head -c 1024 /dev/zero >"it's big" && git commit -qa --amend --no-edit
passes "a file of the maximum" origin main
head -c 1025 /dev/zero >"$(printf 'a\nrm -rf x')" && commit
refused "a large file with a line end in its name" origin main
like "$(err)" "git rm --cached -- 'a\?rm -rf x' && git commit" "the command stays in one line"
git reset -q --hard origin/main
branch=$(head -c 200 /dev/zero | tr '\0' b)/$(head -c 57 /dev/zero | tr '\0' b)
refused "a branch name of 258 characters" origin "main:refs/heads/$branch"
passes "one of 256 characters" origin "main:refs/heads/${branch%bb}"
refused "a branch whose name is a commit's id" origin "main:refs/heads/0123456789abcdef0123456789abcdef01234567"
passes "one with a digit more" origin "main:refs/heads/0123456789abcdef0123456789abcdef012345678"
many() { seq "$1" | sed "s,.*,refs/heads/main $(git rev-parse main) refs/heads/b& $zero,"; }
many 4001 | pre-push origin "$T/srv.git" >"$OUT" 2>"$ERR"
is "$?" 1 "4,001 refs"
like "$(err)" "4001 refs" "are counted"
many 4000 | pre-push origin "$T/srv.git" >"$OUT" 2>"$ERR"
is "$?" 0 "4,000 refs"
path=$(printf '%0255d/' 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0)f
git update-index --add --cacheinfo "100644,$(git hash-object a),$path" && git commit -qm long
refused "a path of 4,097 characters" origin main
git reset -q --mixed HEAD^ && git update-index --add --cacheinfo "100644,$(git hash-object a),${path#0}" && git commit -qm long
passes "one of 4,096" origin main

fresh
cp "$SOURCE/examples/scikit-learn-iris/training-job.json" "$SOURCE/examples/scikit-learn-iris/buildspec.yml" . && commit
passes "good specs" origin main
sed 's/"RoleArn"/"RolArn"/' "$SOURCE/examples/scikit-learn-iris/training-job.json" >training-job.json && commit
refused "a member that does not exist" origin main
like "$(err)" "training-job.json:[0-9]+:[0-9]+" "it names the line"
like "$(err)" "RoleArn" "and what was meant"
echo '{ "a": 1,, }' >training-job.json && commit
refused "what is no JSON" origin main
like "$(err)" "training-job.json:1:10" "it names line and column"
cp "$SOURCE/examples/scikit-learn-iris/training-job.json" . && commit
passes "mended at the tip, broken in between" origin main
printf 'version: 0.2\nphases:\n  biuld:\n    commands:\n      - make\n' >buildspec.yml && commit
refused "a misspelt phase" origin main
like "$(err)" "buildspec.yml:3:" "it names the line"
printf 'version: 0.2\nphases:\n  build:\n    commands:\n      - make\n' >buildspec.yml && commit
passes "the phase spelt right" origin main
mkdir sub && echo nope >sub/model.json && commit
refused "a spec in a folder" origin main
rm -r sub && commit && passes "taken away again" origin main

# ---- the container's contract ---------------------------------------------------------
fresh
cp -p "$SOURCE"/examples/scikit-learn-iris/[Dts]* "$SOURCE"/examples/scikit-learn-iris/*.yml . 2>/dev/null
commit && passes "the example's container" origin main
git update-index --chmod=-x train && git commit -qm mode
refused "a train that is not executable" origin main
like "$(err)" "git update-index --chmod=\+x train" "it says the command"
git update-index --chmod=+x train && git commit -qm mode && passes "made executable" origin main
printf '#!/usr/bin/env python3\r\nprint()\r\n' >serve && commit
refused "a first line that ends in CR" origin main
printf 'print()\n' >serve && git commit -qa --amend --no-edit
refused "no first line for the kernel" origin main
printf '#!/bin/sh\nexit 0\n' >serve && git commit -qa --amend --no-edit
passes "mended" origin main
git rm -q train serve && printf 'FROM scratch\nCOPY . /opt/program\n' >Dockerfile && commit
refused "no train and no ENTRYPOINT" origin main
printf 'ENTRYPOINT ["python3", "x.py"]\n' >>Dockerfile && commit && passes "an ENTRYPOINT" origin main

# ---- remotes that are pinned --------------------------------------------------------
fresh
git config codetrain.origin.region us-east-2 && echo r >r && commit
refused "a remote that is pinned to a region" origin main
git config --unset codetrain.origin.region
ref="refs/heads/main $(git rev-parse HEAD) refs/heads/main $(git rev-parse HEAD^)"
git config codetrain.cc.region us-east-2
for url in https://git-codecommit.us-east-2.amazonaws.com/v1/repos/x \
	ssh://APKA@git-codecommit.us-east-2.amazonaws.com/v1/repos/x codecommit::us-east-2://p@x; do
	printf '%s\n' "$ref" | pre-push cc "$url" >"$OUT" 2>"$ERR"
	is "$?" 0 "the right region: $url"
	printf '%s\n' "$ref" | pre-push cc "$(echo "$url" | sed s/us-east-2/us-west-2/)" >"$OUT" 2>"$ERR"
	is "$?" 1 "the wrong region of: $url"
done
git config codetrain.origin.branch "main release/*"
passes "a branch that is listed" origin main
passes "one by its pattern" origin main:release/1
refused "a branch that is not listed" origin main:refs/heads/other
git config --unset codetrain.origin.branch && git config codetrain.origin.force false
git commit -q --amend -m changed
refused "a rewrite where none is taken" --force origin main
refused "a deletion where none is taken" origin :release/1
git config codetrain.origin.force true && passes "a rewrite where one is taken" --force origin main

# ---- repositories of other kinds --------------------------------------------------
fresh
git worktree add -q "$T/tree" -b wt && cd "$T/tree" && echo "$id" >k && commit
refused "from a worktree" origin wt
git reset -q --hard HEAD^ && echo w >w && commit && passes "a good push from a worktree" origin wt
cd "$T/w" && git worktree remove --force "$T/tree"

# a folder apart as the work tree, as for dotfiles
mkdir "$T/dots" && echo d >"$T/dots/d" && cd "$T" || bail "no folder"
dots() { git --git-dir="$T/w/.git" --work-tree="$T/dots" "$@"; }
dots add d && dots commit -qm dots
run dots push origin main
is "$rc" 0 "from another work tree" || _show <"$ERR"
echo "$id" >"$T/dots/d" && dots commit -qam bad
run dots push origin main
isnt "$rc" 0 "a key from another work tree"

git clone -q --depth 1 "file://$T/srv.git" "$T/shallow" && cd "$T/shallow" && codetrain-hooks install >/dev/null
echo s >s && commit && passes "from a shallow clone" origin main
echo "$id" >k && commit && refused "a key in a shallow clone" origin main
cd "$T" && rm -rf shallow

cd "$T/w" && git -C "$T/srv.git" config uploadpack.allowFilter true
git clone -q --filter=blob:none --no-checkout "file://$T/srv.git" "$T/partial" && cd "$T/partial" && codetrain-hooks install >/dev/null
git switch -q -c part 2>/dev/null
git update-index --add --cacheinfo "100644,$(echo new | git hash-object -w --stdin),new" && git commit -qm part
passes "from a partial clone" origin part
git update-index --add --cacheinfo "100644,$(echo "$id" | git hash-object -w --stdin),k" && git commit -qm bad
refused "a key in a partial clone" origin part
cd "$T" && rm -rf partial

# what is missing is on its way from the one remote to the other, behind the hook
fresh
echo "$id" >k && commit && git rm -q k && git commit -qm clean
git -C "$T/srv.git" config uploadpack.allowFilter true
git -c core.hooksPath=/dev/null push -q origin main
git clone -q --filter=blob:none "file://$T/srv.git" "$T/partial" && cd "$T/partial" && codetrain-hooks install >/dev/null
git init -q --bare "$T/other.git" && git remote add other "$T/other.git"
push other main
isnt "$rc" 0 "what a partial clone lacks is not sent to another remote"
is "$(git -C "$T/other.git" for-each-ref)" "" "nothing reached it"
like "$(err)" "git fetch --refetch --no-filter" "it says how to get it"
passes "the remote that promised it has it" origin main:again
cd "$T" && rm -rf partial other.git

fresh
git init -q --bare "$T/private.git" && git remote add origin/private "$T/private.git"
echo "$id" >k && commit && git -c core.hooksPath=/dev/null push -q origin/private main
refused "a remote whose name begins with the other's" origin main
cd "$T" && rm -rf private.git

fresh
echo lost >lost && commit && rm -f ".git/objects/$(git rev-parse HEAD:lost | sed 's,^..,&/,')"
refused "a blob that is missing" origin main
like "$(err)" "cannot read lost" "it names the file"

cd "$T" && git init -q --object-format=sha256 sha && cd sha && echo a >a && git add a && git commit -qm a
git init -q --bare --object-format=sha256 "$T/sha.git" && codetrain-hooks install >/dev/null
push "$T/sha.git" main
isnt "$rc" 0 "a SHA-256 repository is refused"
like "$(err)" "SHA-256.*CODETRAIN_SKIP_CHECKS" "with a clear word"

# a hook that lost its program stops the push and says how to mend it
fresh
mkdir "$T/bin" && cp "$BUILD/pre-push" "$BUILD/codetrain-hooks" "$T/bin" && "$T/bin/codetrain-hooks" install >/dev/null
echo n >n && commit && passes "an installed copy works" origin main
mv "$T/bin" "$T/bin2" && echo m >m && commit
refused "the program is gone" origin main
like "$(err)" "codetrain hooks install" "it says what to do"

done_testing
