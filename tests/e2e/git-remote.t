#!/bin/sh
# git-remote-codecommit beside the Python program that it replaces: the same URLs,
# and the same repository of the sandbox.
. "$SOURCE/tests/lib/tap.sh"
. "$SOURCE/tests/lib/story.sh"

python=$VENV/clients/bin/python
peer=$VENV/clients/bin/git-remote-codecommit
"$python" -c 'import git_remote_codecommit' 2>/dev/null || skip_all 'no git-remote-codecommit of Python'

"$python" -W ignore "$SOURCE/tests/e2e/remote_urls.py" "$BUILD/git-remote-codecommit" 300 1 >"$OUT" 2>&1
ok 'the same host and path for generated URLs' || tail -n 30 "$OUT" | _show
sed 's/^/# /' "$OUT"
compared=$(sed -n 's/^\([0-9]*\) compared.*/\1/p' "$OUT")
ok 'for at least 200' [ "${compared:-0}" -ge 200 ]
printf '#!/bin/sh\necho https://git-codecommit.us-east-1.amazonaws.com/v1/repos/wrong\n' >"$T/wrong"
chmod +x "$T/wrong"
"$python" -W ignore "$SOURCE/tests/e2e/remote_urls.py" "$T/wrong" 30 1 >"$OUT" 2>&1
is "$?" 1 'a wrong one would be seen'

sandbox_up
sandbox_enter
cd "$T" || exit 1
run git clone -q codecommit://mlops-devops@scikit-learn-iris ours
is "$rc" 0 'ours clones from the sandbox' || _show <"$ERR"
cd ours || exit 1
echo one >file && git add file && git commit -qm one
run git push -q origin HEAD:refs/heads/one
is "$rc" 0 'and pushes' || _show <"$ERR"
mkdir "$T/peer" && ln -s "$peer" "$T/peer/git-remote-codecommit"
run env PATH="$T/peer:$PATH" git ls-remote codecommit::us-east-2://mlops-devops@scikit-learn-iris refs/heads/one
is "$rc $(cut -f1 "$OUT")" "0 $(git rev-parse HEAD)" 'the other one sees it' || _show <"$ERR"
run git ls-remote codecommit://mlops-devops@scikit-learn-iris refs/heads/one
is "$rc $(cut -f1 "$OUT")" "0 $(git rev-parse HEAD)" 'and so does ours'
run git ls-remote codecommit::us-east-2://mlops-beta@scikit-learn-iris
is "$rc" 128 "another account's profile does not"
like "$(err)" 'not found' "with git's own message"

# What the other one shows to everybody on the machine, and ours to nobody.
password='[0-9]{8}T[0-9]{6}Z[0-9a-f]{64}'
if strace -qq -o /dev/null true 2>/dev/null; then
	strace -f -qq -v -s 100000 -e trace=execve -o "$T/trace" env PATH="$T/peer:$PATH" \
		git ls-remote codecommit://mlops-devops@scikit-learn-iris >/dev/null 2>&1
	like "$(cat "$T/trace")" "$password" 'the other one has the password in an argument'
	strace -f -qq -v -s 100000 -e trace=execve -o "$T/trace" \
		git ls-remote codecommit://mlops-devops@scikit-learn-iris >/dev/null 2>&1
	unlike "$(cat "$T/trace")" "$password" 'ours does not'
else
	skip 'where the password is' 'strace does not work here'
fi
done_testing
