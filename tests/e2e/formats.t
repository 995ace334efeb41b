#!/bin/sh
# The reports for programs, read by parsers that are not ours: SARIF by
# sarif-pydantic, JUnit by junitparser.
. "$SOURCE/tests/lib/tap.sh"

python=$VENV/clients/bin/python
[ -x "$python" ] || skip_all "no $python (make clients)"
id=AKIA$(printf QYLPMN5HHHFPZAM2)
hash=$(printf %s "$id" | sha256sum | cut -d' ' -f1)
git config --global init.defaultBranch main
git config --global core.quotePath false

# report FORMAT ARG...: what the parser read, in $read; the exit code of the check in $rc
report() {
	_format=$1
	shift
	run codetrain-check --format "$_format" "$@"
	lacks "$(cat "$OUT" "$ERR")" "$id" "$_format: the key is not in it"
	read=$(PYTHONDONTWRITEBYTECODE=1 "$python" "$SOURCE/tests/e2e/formats.py" "$_format" <"$OUT" 2>&1)
}

git init -q "$T/w" && cd "$T/w" || bail "no repository"
echo good >good && git add . && git commit -qm good
report sarif --all
is "$rc" 0 "SARIF of nothing"
is "$read" successful "no result"
report junit --all
is "$read" "pass secrets nothing found
pass size nothing found
pass training-job nothing found
pass model nothing found
pass buildspec nothing found
pass container nothing found
pass remote nothing found" "JUnit of nothing: a case that passed for each type"
report junit --type secrets good
is "$read" "pass secrets nothing found" "only the types that were asked for"

# what is in no encoding, and what XML has no way to write
printf 'k %s\n' "$id" >"$(printf 'l\351\001 <&"%%.txt')"
git add . && git -c i18n.commitEncoding=ISO-8859-1 commit -qm "$(printf 'caf\351 \033[2J <b> ]]> \357\277\276')"
bad=$(git rev-parse HEAD)
printf '{"TrainingJobName": 5}\n' >training-job.json && git add . && git commit -qm spec
for format in sarif junit json; do
	report "$format" --all
	is "$rc" 1 "$format of findings"
	unlike "$read" "Error|not SARIF" "$format is read"
done
report sarif --all
like "$read" "error aws-access-key-id b'l\\\\xe9\\\\x01 <&\"%\.txt' 1 $bad $hash" "SARIF has the path's bytes, the line, the commit and the hash"
report junit --all
like "$read" "fail secrets aws-access-key-id in l" "JUnit has a failure"
like "$read" "pass size nothing found" "and what passed"
like "$(out)" "sha256 = $hash" "and how to allow it"
report json --all
like "$read" "'l\\\\ufffd\\\\x01 <&" "JSON has U+FFFD for what is no UTF-8"
printf 'refs/heads/main %s refs/heads/main %040d\n' "$(git rev-parse HEAD)" 0 |
	pre-push --json origin /nowhere >"$OUT" 2>"$ERR"
like "$("$python" "$SOURCE/tests/e2e/formats.py" json <"$OUT" 2>&1)" "error aws-access-key-id" "pre-push's JSON is UTF-8, too"

# warnings, allowances, and checks that could not be done
printf '[codetrain "allow"]\n\tsha256 = %s\n\tsha256 = %064d\n' "$hash" 0 >.codetrain
git rm -q training-job.json && git add . && git commit -qm allow
report sarif --all
is "$rc" 0 "a warning alone"
like "$read" "warning allow-stale b'\.codetrain' 3 " "SARIF has it"
report junit --all
like "$read" "pass secrets allow-stale in .codetrain:3:1" "in JUnit it passes"
git update-ref refs/heads/broken "$(git commit-tree -m x "$(printf '100644 blob %040d\tx\n' 7 | git mktree --missing)")"
report sarif --all
is "$rc" 70 "a missing object"
is "$(echo "$read" | tail -n 1)" failed "SARIF says that the run failed"
report junit --all
like "$read" "^error codetrain the checks end" "JUnit has an error"
unlike "$read" "nothing found" "and nothing that passed"

done_testing
