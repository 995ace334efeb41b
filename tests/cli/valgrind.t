#!/bin/sh
# Every program under valgrind, on a good path and on a failing one: no error, no
# leak, no descriptor left open. Only by `make check-valgrind`: it is slow. The
# helper is linked dynamically for this: valgrind cannot follow a static glibc.
. "$SOURCE/tests/lib/tap.sh"
[ -n "${VALGRIND:-}" ] || skip_all 'make check-valgrind runs this'

unset VALGRIND
clean() { # clean NAME WANTED-EXIT PROGRAM ARG...: stdin is $T/stdin
	_what=$1 _code=$2
	shift 2
	# shellcheck disable=SC2086
	valgrind $VALGRIND_OPTIONS --log-file="$T/valgrind.log" \
		"$@" >"$OUT" 2>"$ERR" <"$T/stdin"
	_got=$?
	is "$_got" "$_code" "$_what: exit code $_code" || { _show <"$ERR"; _show <"$T/valgrind.log"; }
	ok "$_what: no descriptor left open" descriptors_closed "$T/valgrind.log" || _show <"$T/valgrind.log"
}

: >"$T/stdin"
mkdir -p "$HOME/.aws"
printf '[p]\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY\n' >"$HOME/.aws/credentials"
printf '[profile p]\nregion = us-east-2\n' >"$HOME/.aws/config"
chmod 600 "$HOME/.aws/credentials"
export AWS_PROFILE=p AWS_MAX_ATTEMPTS=1

clean 'codetrain help' 0 "$BUILD/codetrain" help
clean 'an unknown verb' 2 "$BUILD/codetrain" sumbit
clean 'credentials' 0 "$BUILD/codetrain-credentials" --format process
clean 'credentials of nobody' 2 "$BUILD/codetrain-credentials" --profile nobody

printf 'protocol=https\nhost=git-codecommit.us-east-2.amazonaws.com\npath=v1/repos/x\n\n' >"$T/stdin"
clean 'the helper' 0 "$BUILD/dynamic/git-credential-codecommit" get
printf 'protocol=https\nhost=git-codecommit.us-east-2.amazonaws.com\n\n' >"$T/stdin"
clean 'the helper without a path' 2 "$BUILD/dynamic/git-credential-codecommit" get
: >"$T/stdin"

git init -q "$T/r" && cd "$T/r" || exit 1
cp "$SOURCE/examples/scikit-learn-iris/training-job.json" "$SOURCE/buildspec.yml" .
git add -A && git commit -qm one
clean 'check' 0 "$BUILD/codetrain-check" --all
printf 'aws_access_key_id = AKIA%s\n' QZ3MTRV74XW2HGKD >key.ini
git add -A && git commit -qm two
clean 'check that finds' 1 "$BUILD/codetrain-check" --all
printf 'refs/heads/main %s refs/heads/main %040d\n' "$(git rev-parse HEAD)" 0 >"$T/stdin"
clean 'pre-push that refuses' 1 "$BUILD/pre-push" origin "$T/bare.git"
: >"$T/stdin"
clean 'a keyring without a session' 7 "$BUILD/codetrain-keyring" list
clean 'doctor' 1 "$BUILD/codetrain-doctor" --offline --region us-east-2
clean 'doctor for nobody' 1 "$BUILD/codetrain-doctor" --offline --json --profile nobody
clean 'hooks status' 1 "$BUILD/codetrain-hooks" status

git init -q --bare "$T/bare.git" && cd "$T/bare.git" || exit 1
git fetch -q "$T/r" HEAD:refs/heads/main
git config codetrain.target local
git config codetrain.refs '!refs/heads/*'
printf '%040d %s refs/heads/main\n' 0 "$(git rev-parse main)" >"$T/stdin"
clean 'reference-transaction before a move' 0 env GIT_DIR=. "$BUILD/dynamic/reference-transaction" prepared
clean 'reference-transaction behind it' 0 env GIT_DIR=. "$BUILD/dynamic/reference-transaction" committed
clean 'post-receive' 0 env GIT_DIR=. "$BUILD/dynamic/post-receive"
: >"$T/stdin"
clean 'queue list' 0 "$BUILD/codetrain-queue" list
clean 'queue show of what is not there' 2 "$BUILD/codetrain-queue" show 99

cd "$T/r" || exit 1
printf 'version: 0.2\nphases:\n  build:\n    commands:\n      - echo built\n' >b.yml
clean 'build' 0 "$BUILD/codetrain-build" -f b.yml
printf 'version: 0.2\nphases:\n  bild:\n    commands: [x]\n' >b.yml
clean 'a bad buildspec' 2 "$BUILD/codetrain-build" -f b.yml

export AWS_ENDPOINT_URL=http://127.0.0.1:9
printf '{"x": 1,}' >bad.json
clean 'submit of what is not JSON' 2 "$BUILD/codetrain-submit" bad.json
clean 'submit to an endpoint that refuses' 7 env TRAINING_IMAGE=111111111111.dkr.ecr.us-east-2.amazonaws.com/x:y \
	COMMIT=c "$BUILD/codetrain-submit" training-job.json --secret s
clean 'watch at an endpoint that refuses' 7 "$BUILD/codetrain-watch" job
clean 'promote at an endpoint that refuses' 7 "$BUILD/codetrain-promote" job --to p
sed 's/"mlops-[a-z]*"/"p"/' "$SOURCE/examples/scikit-learn-iris/accounts.json" >accounts.json
clean 'grant at an endpoint that refuses' 7 "$BUILD/codetrain-grant" plan -f accounts.json
done_testing
