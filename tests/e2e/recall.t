#!/bin/sh
# On labelled texts: at least 99.5 % found with gitleaks' rule file and none told that its rule must
# not match; AWS's complete with the built-in rules. docs/recall.md has the whole table.
. "$SOURCE/tests/lib/tap.sh"

if [ -z "${VECTORS:-}" ]; then
	echo '1..0 # SKIP no labelled texts'
	exit 0
fi
cases=$VECTORS/secrets/gitleaks-cases.jsonl

measure() { # measure ARG...: recall.py over the labelled texts, or those that --cases names
	python3 "$SOURCE/tools/recall.py" --check "$BUILD/codetrain-check" --cases "$cases" --modules "$BUILD/go" "$@" \
		>"$OUT" 2>"$ERR"
	_rc=$?
	grep '^#' "$OUT" | head -n 20
	_show <"$ERR"
	return $_rc
}

ok 'recall and false positives are as they must be' measure --write "$T/recall.md"
ok 'the page has a row for each rule' test "$(grep -c '^| aws-access-token ' "$T/recall.md")" -eq 1

# its twin: a secret that no rule knows is missed, and a value of AWS's that is told wrongly
printf '%s\n' '{"rule":"aws-access-token","expect":true,"text":"no secret at all"}' >"$T/cases"
cases=$T/cases
measure --write "$T/one.md"
is $? 1 'a text of AWS that is missed is a fault'
grep -q 'aws-access-token: 1 of 1 missed' "$OUT"
ok 'and it says which'

if grep -q '^# skipped' "$OUT"; then
	echo '# no Go here: gitleaks'\'' file is not looked at'
else
	ok 'the docs are of these rules' grep -q "gitleaks' file | .* of 6397" "$SOURCE/docs/recall.md"
fi
done_testing
