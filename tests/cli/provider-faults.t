#!/bin/sh
# Every provider of the network against servers that misbehave in every way that we know: it ends within its time,
# with the right exit code and one line that says which profile and why, and no secret in it.
. "$SOURCE/tests/lib/tap.sh"
command -v python3 >/dev/null || skip_all "needs python3"

# The proofs of `aws login` need Python's cryptography, in the server too.
python=python3
if "${VENV:-/nonexistent}/bin/python" -c 'import cryptography' 2>/dev/null; then
	python=$VENV/bin/python
	HOME=$T/login "$python" "$SOURCE/tests/cli/login_oracle.py" token arn:aws:iam::111111111111:user/me -10 good >"$T/login-session"
else
	skip "aws login" "needs Python's cryptography"
fi

mkfifo "$T/hold"
"$python" "$SOURCE/tests/lib/fake_server.py" "$T/port" "$T/log" <"$T/hold" 2>"$T/server.err" &
exec 9>"$T/hold"
until_true 20 test -s "$T/port" || bail "the fake server did not start: $(cat "$T/server.err")"

python3 "$SOURCE/tests/cli/provider_faults.py" "$T" >"$OUT" 2>"$ERR" 9>&-
is "$?:$(err)" "0:" "the table was worked through"
while IFS= read -r line; do
	case $line in
	PASS*) ok "${line#PASS }" true ;;
	*) ok "${line#FAIL }" false ;;
	esac
done <"$OUT"
is "$(cat "$T/server.err")" "" "the server itself had no fault"

# The twin that must fail: a program that hangs on, tells everything and succeeds.
mkdir "$T/wrong"
cat >"$T/wrong/codetrain-credentials" <<'END'
#!/bin/sh
echo '{"AccessKeyId": "x"}'
echo "fakeSecret/0123456789+abcdefghijklmnopqr" >&2
END
chmod +x "$T/wrong/codetrain-credentials"
ONLY="'role', 'reset'" BUILD=$T/wrong python3 "$SOURCE/tests/cli/provider_faults.py" "$T" >"$OUT" 2>"$ERR" 9>&-
like "$(out)" "FAIL role, reset: exit code 0, not 7, no /.*/, something on stdout, the answer secret is shown" "wrong behaviour would be seen"
exec 9>&-
done_testing
