#!/bin/sh
# What codetrain doctor says of generated AWS files, against botocore and against
# codetrain's own reading.
. "$SOURCE/tests/lib/tap.sh"

PYTHON=$VENV/clients/bin/python
[ -x "$PYTHON" ] && "$PYTHON" -c 'import botocore' 2>/dev/null || skip_all "needs botocore: make clients"
cd "$T" || exit 1
run "$PYTHON" "$SOURCE/tests/e2e/doctor_botocore.py" 300
cat "$ERR"
is "$rc" 0 "the comparison ran to its end"
is "$(sed -n 's/^differences: //p' "$OUT")" 0 "every file is told as botocore reads it" || cat "$OUT"
N=$(sed -n 's/^refused: //p' "$OUT")
ok "of which enough are refused by it ($N)" test "${N:-0}" -ge 50
N=$(sed -n 's/^silent: //p' "$OUT")
ok "and enough are found right and read alike ($N)" test "${N:-0}" -ge 50

# The twin that must fail: a doctor that finds nothing.
mkdir "$T/blind"
printf '#!/bin/sh\necho "{\\"findings\\":[]}"\n' >"$T/blind/codetrain"
chmod +x "$T/blind/codetrain"
PATH=$T/blind:$PATH run "$PYTHON" "$SOURCE/tests/e2e/doctor_botocore.py" 20
isnt "$(sed -n 's/^differences: //p' "$OUT")" 0 "a blind doctor would be seen"
done_testing
