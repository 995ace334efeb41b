#!/bin/sh
# codetrain check: what it looks at, its formats and its exit codes.
. "$SOURCE/tests/lib/tap.sh"

git config --global init.defaultBranch main
id=AKIA$(printf QYLPMN5HHHFPZAM2)
secret=kT9pQ2xV7mB4nR8wLz3J$(printf yH6sD1fG5cA0eU+iO/Xq)
commit() { git add -A && git commit -qm "$1"; }
# member TEXT EXPRESSION: of the JSON
json() { python3 -c 'import json,sys; d=json.load(sys.stdin); print(eval(sys.argv[1]))' "$1" <"$OUT"; }

# ---- plain files, outside a repository ---------------------------------------------
mkdir -p "$T/plain/sub/.git" && cd "$T/plain" || bail "no folder"
echo good >good && printf 'x\nSECRET=%s\n' "$secret" >sub/bad.env && echo "$id" >sub/.git/config
status 0 "a good file" codetrain-check good
status 1 "a bad folder" codetrain-check .
like "$(out)" "\./sub/bad\.env:2:8" "it names the place"
unlike "$(out)" "\.git/config" "and not .git"
lacks "$(out)" "$secret" "nor the secret"
status 1 "by type" codetrain-check --type secrets sub/bad.env
status 0 "another type" codetrain-check --type size sub/bad.env
status 1 "two types" codetrain-check -t size -t secrets sub
status 2 "an unknown type" codetrain-check --type secret .
like "$(err)" "there are secrets size" "it lists them"
status 2 "a file that is not there" codetrain-check nothing
status 2 "no repository and no file" codetrain-check
like "$(err)" "codetrain check \." "it says what to do"
status 2 "an unknown format" codetrain-check --format yaml .
status 2 "a range and files" codetrain-check --range a..b good
ln -s "$id" sub/link
status 1 "a link's target" codetrain-check sub/link sub
like "$(out)" "link" "is looked at"
rm sub/link
printf '[codetrain "allow"]\n\tsha256 = %s\n' "$(printf %s "$secret" | sha256sum | cut -d' ' -f1)" >.codetrain
status 0 "allowed by .codetrain" codetrain-check .
for i in 1 2 3 4 5 6 7 8; do printf 'SECRET=%s\n' "$secret"; done >eight
for i in $(seq 150); do cat eight; done >many
status 1 "more allowed values than are told" codetrain-check many
like "$(out)" "too-many-secrets" "hide none behind them"
status 0 "fewer" codetrain-check eight
rm eight many
printf '[codetrain\n' >.codetrain
status 2 "a broken .codetrain" codetrain-check .
like "$(err)" "\.codetrain:1: " "it names the line"
rm .codetrain

status 1 "json" codetrain-check --json .
is "$(json 'sorted(d)')" "['findings', 'summary']" "its members"
is "$(json 'sorted(d["findings"][0])')" "['check', 'column', 'file', 'fix', 'line', 'message', 'rule', 'severity']" "of a finding outside git"
is "$(json 'd["summary"]["errors"]')" 1 "the count"
status 0 "json of nothing" codetrain-check --format json good
is "$(json 'd["findings"]')" "[]" "an empty list"

# ---- specs, by name --------------------------------------------------------------
cp "$SOURCE/examples/scikit-learn-iris/training-job.json" . 
status 0 "a good training job" codetrain-check --type training-job training-job.json
sed 's/"InstanceCount": *[0-9]*/"InstanceCount": "one"/' training-job.json >t && mv t training-job.json
status 1 "a wrong type" codetrain-check --json --type training-job training-job.json
is "$(json 'd["findings"][0]["pointer"]')" "/ResourceConfig/InstanceCount" "the pointer"
is "$(json 'd["findings"][0]["line"] > 1')" True "the line"
printf '{"ModelName": "m",\n "ExecutionRoleArn": 5}\n' >model.json
status 1 "a model" codetrain-check --type model model.json
like "$(out)" "model.json:2:22" "line and column"
printf 'version: 0.2\nphases:\n  build:\n    commands:\n      - echo a: b\n' >buildspec.yml
status 1 "CodeBuild's most frequent fault" codetrain-check --type buildspec buildspec.yml
like "$(out)" "subkeys" "in its words"
mkdir ci && cp buildspec.yml ci/build.yml
status 1 "a file of any name, with its type" codetrain-check --type buildspec ci/build.yml
status 0 "without it, no buildspec" codetrain-check ci/build.yml
status 0 "nor in a folder" codetrain-check --type buildspec ci
for name in buildspec.yaml buildspec-release.yml buildspec_debug.yaml app-buildspec.yml; do
	mv ci/*.y*ml "ci/$name" && status 1 "by its name: $name" codetrain-check --type buildspec ci
done
mv ci/*.yml ci/mybuildspec.yml && status 0 "mybuildspec.yml is something else" codetrain-check --type buildspec ci
rm -r ci
printf '{"a":"%s",}' "$id" >training-job.json
status 1 "a fault and a secret in one file" codetrain-check training-job.json
lacks "$(cat "$OUT" "$ERR")" "$id" "the secret is quoted by none"

# ---- a repository ----------------------------------------------------------------
cd "$T" && git init -q --bare srv.git && git init -q w && cd w && git remote add origin "$T/srv.git"
status 0 "a repository without a commit" codetrain-check
echo a >a && commit one && git push -q origin main
echo "$id" >k && commit two && bad=$(git rev-parse HEAD) && git rm -q k && commit three
status 1 "what no remote has" codetrain-check
like "$(out)" "${bad%????????????????????????????} two" "the commit"
status 0 "--range without it" codetrain-check --range HEAD^..HEAD
status 1 "--range with it" codetrain-check --range origin/main..HEAD
status 1 "--range with an empty side" codetrain-check --range origin/main..
status 1 "--range of one commit: its history" codetrain-check --range HEAD
status 2 "--range of nothing" codetrain-check --range nope..HEAD
status 2 "--range with three dots" codetrain-check --range HEAD^...HEAD
status 1 "--all" codetrain-check --all --json
is "$(json 'd["summary"]["commits"], d["summary"]["blobs"]')" "(3, 2)" "every commit and blob once"
is "$(json 'sorted(d["findings"][0])')" "['check', 'column', 'commit', 'file', 'fix', 'line', 'message', 'rule', 'severity']" "members of a finding in a commit"
is "$(json 'd["findings"][0]["commit"]')" "$bad" "the whole id"
git push -q origin main
status 0 "pushed: nothing new" codetrain-check
git switch -q -c side "$bad" && git switch -q main
status 1 "--all sees every branch" codetrain-check --all
git tag -a t -m "$id"
status 1 "--all sees tags" codetrain-check --all --json
is "$(json 'len(d["findings"])')" 2 "the blob and the tag"

# the commit's own words must not bring the secret out
git commit -q --allow-empty -m "use $id here"
status 1 "a commit message" codetrain-check --range HEAD^..HEAD
lacks "$(cat "$OUT" "$ERR")" "$id" "is redacted where it is quoted"
echo x >"$id" && commit name
status 1 "a file name" codetrain-check --range HEAD^..HEAD
lacks "$(cat "$OUT" "$ERR")" "$id" "is redacted too"

status 2 "container with files" codetrain-check --type container .
status 0 "container without one" codetrain-check --type container
git config codetrain.origin.region us-east-2
status 1 "a pinned remote" codetrain-check --type remote
git config --unset codetrain.origin.region
status 0 "and not pinned" codetrain-check --type remote

# the specs at HEAD are looked at even when they are pushed
printf '{' >training-job.json && commit spec && git push -q origin main
status 1 "a broken spec that is pushed already" codetrain-check

# many files are shared out among threads, and told in the same order
cd "$T" && git init -q many && cd many || bail "no repository"
i=1000
while [ $i -lt 2500 ]; do
	case $i in
	*50) echo "$i $id" >f$i ;;
	*) echo $i >f$i ;;
	esac
	i=$((i + 1))
done
commit many
status 1 "many files" codetrain-check --all --json
is "$(json 'd["summary"]["blobs"]')" 1500 "each is read once"
is "$(json 'len(d["findings"])')" 15 "each finding is told once"
is "$(json '[f["file"] for f in d["findings"]] == sorted(f["file"] for f in d["findings"])')" True "in order"
cp "$OUT" "$T/first" && status 1 "again" codetrain-check --all --json
ok "with the same output" cmp "$OUT" "$T/first"
if command -v strace >/dev/null; then
	strace -f -e trace=clone,clone3 -o "$T/trace" codetrain-check --range HEAD~0..HEAD 2>/dev/null
	unlike "$(cat "$T/trace")" CLONE_THREAD "a small check starts no thread"
	strace -f -e trace=clone,clone3 -o "$T/trace" codetrain-check --all >/dev/null 2>&1
	[ "$(nproc)" -eq 1 ] || like "$(cat "$T/trace")" CLONE_THREAD "a large one does"
fi
cd "$T/w" || bail "no repository"

# extensions of the repository: what changes nothing is taken, the rest has a clear word
for extension in objectformat=sha1 worktreeconfig=true preciousobjects=true refstorage=files; do
	git config --file .git/config core.repositoryformatversion 1 && git config --file .git/config "extensions.${extension%=*}" "${extension#*=}"
	status 0 "with $extension" codetrain-check --type size
	git config --file .git/config --unset "extensions.${extension%=*}"
done
for extension in objectformat=sha256 refstorage=reftable tomorrow=1; do
	git config --file .git/config "extensions.${extension%=*}" "${extension#*=}"
	status 2 "with $extension" codetrain-check
	like "$(err)" "SHA-256|reftable|tomorrow" "it says which"
	git config --file .git/config --unset "extensions.${extension%=*}"
done

if [ "$(id -u)" = 0 ]; then
	chown -R 12345:12345 "$T/w"
	unset GIT_DIR
	status 2 "a repository of another user" codetrain-check
	like "$(err)" "git config --global --add safe.directory" "it says how to trust it"
	chown -R 0:0 "$T/w"
else
	skip "a repository of another user" "needs root"
fi

if [ -w /dev/full ]; then
	cd "$T/plain" && codetrain-check --json good >/dev/full 2>"$ERR"
	is "$?" 70 "a full disk is no verdict"
fi
# ---- one content under two names ------------------------------------------------------
git init -q "$T/twice" && cd "$T/twice" && echo '{}' >model.json && cp model.json training-job.json
git add . && git commit -qm x
status 1 "specs of two kinds with the same content" codetrain-check
like "$(out)" "model.json" "one is checked"
like "$(out)" "training-job.json" "and the other"

# ---- what is no file ------------------------------------------------------------------
cd "$T" && mkdir odd && mkfifo odd/pipe && echo x >odd/x
status 2 "a pipe that is named" codetrain-check odd/pipe
like "$(err)" "odd/pipe is neither a file nor a folder" "is told"
truncate -s 2049M huge && status 1 "a file that is too large to be read" codetrain-check --type secrets huge
like "$(out)" "not looked at \[too-large\]" "it says so"
status 1 "and when all is checked" codetrain-check huge
is "$(out | grep -c '^error')" 1 "it is told once"
rm huge
status 2 "a device" codetrain-check /dev/null
status 0 "a pipe in a folder is passed by" codetrain-check odd

done_testing
