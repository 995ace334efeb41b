#!/bin/sh
# The choice of credentials, compared with botocore's in generated situations.
. "$SOURCE/tests/lib/tap.sh"

python=${VENV:-/nonexistent}/bin/python
[ -x "$python" ] && "$python" -c 'import botocore' 2>/dev/null || skip_all "no botocore"
[ -x "$BUILD/unit/test_chain" ] || skip_all "the unit tests are not built"

"$python" "$SOURCE/tests/e2e/chain_botocore.py" "$BUILD/unit/test_chain" 400 1 >"$OUT" 2>&1
ok "the same provider, key, token and region as botocore"
sed 's/^/# /' "$OUT"
compared=$(sed -n 's/^\([0-9]*\) situations.*/\1/p' "$OUT")
ok "in at least 150 situations" [ "${compared:-0}" -ge 150 ]

# The twin that must fail: a decider that always says "environment".
printf '#!/bin/sh\necho "environment|KENV||"\n' >"$T/wrong"
chmod +x "$T/wrong"
"$python" "$SOURCE/tests/e2e/chain_botocore.py" "$T/wrong" 20 1 >"$OUT" 2>&1
is "$?" 1 "a wrong choice would be seen"
done_testing
