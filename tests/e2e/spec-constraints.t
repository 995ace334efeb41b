#!/bin/sh
# Every constraint of CreateTrainingJob and CreateModel in botocore's model: violated one at
# a time, and caught at its place; and the nearest values that are allowed, accepted.
. "$SOURCE/tests/lib/tap.sh"

PYTHON=$VENV/clients/bin/python
[ -x "$PYTHON" ] && "$PYTHON" -c 'import botocore' 2>/dev/null || skip_all "needs botocore: make clients"
export PYTHONDONTWRITEBYTECODE=1
cd "$T" || exit 1
constraints() { "$PYTHON" "$SOURCE/tests/e2e/spec_constraints.py" "$SOURCE/tools" "$@"; }

# letters are those of the Unicode that this Python knows
UNICODE=$("$PYTHON" -c 'import unicodedata; print(unicodedata.unidata_version)')
if grep -qF "those of Unicode $UNICODE." "$SOURCE/lib/spec/shapes_sagemaker.c"; then
	status 0 "the table is the one that this botocore gives" "$PYTHON" "$SOURCE/tools/shapes.py" --check
else
	skip "the table is the one that this botocore gives" "made with another Unicode than $UNICODE"
fi

mkdir specs
status 0 "requests are made of the model" constraints write specs
cp "$OUT" made
sed 's/^/# /' made
is "$(grep '^not checked' made)" "" "there is no constraint that is not violated"
N=$(sed -n 's/^violations: //p' made)
ok "there are enough violations ($N)" test "${N:-0}" -ge 2000
N=$(sed -n 's/^accepted: //p' made)
ok "and enough requests to accept ($N)" test "${N:-0}" -ge 700

# one run for each type: a report keeps ten thousand findings
for type in training-job model; do
	status 1 "$type: all of them are checked in one run" codetrain check --type $type --json specs
	cp "$OUT" $type.json
done
run constraints judge specs training-job.json model.json
is "$(out)" "wrong: 0" "each fault is told once, with its rule, pointer, line and column; no twin is refused"

# The judge's own twins: what it must see.
sed 's/"rule":"pattern"/"rule":"min"/g' model.json >t
run constraints judge specs training-job.json t
isnt "$(tail -n 1 "$OUT")" "wrong: 0" "it sees a wrong rule"
sed 's/"column":2/"column":3/g' model.json >t
run constraints judge specs training-job.json t
isnt "$(tail -n 1 "$OUT")" "wrong: 0" "and a wrong column"
run constraints judge specs
is "$(tail -n 1 "$OUT")" "wrong: $(sed -n 's/^violations: //p' made)" "and a check that finds nothing"
done_testing
