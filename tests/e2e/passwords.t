#!/bin/sh
# The AWS CLI's own credential helper and ours, asked the same: the same bytes.
. "$SOURCE/tests/lib/tap.sh"

python=${VENV:-/nonexistent}/clients/bin/python
[ -x "$python" ] || skip_all "the other clients are not installed (make clients)"
passwords() { run "$python" "$SOURCE/tests/cli/codecommit_passwords.py" "$BUILD/git-credential-codecommit" "$@"; }

passwords --aws-cli --count 2400
is "$rc" 0 "generated hosts, paths and keys get the AWS CLI's user name and password" || _show <"$ERR"
sed 's/^/# /' "$OUT"
compared=$(sed -n 's/^\([0-9]*\) answers compared with the AWS CLI.*/\1/p' "$OUT")
ok "at least 2,000 of them (${compared:-0})" [ "${compared:-0}" -ge 2000 ]
passwords --aws-cli --count 1 --wrong
is "$rc" 1 "a wrong signature would be seen"
done_testing
