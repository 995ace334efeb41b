#!/bin/sh
# The secrets of the story, looked for everywhere: arguments, environments, what
# is written to any descriptor, files, logs, a core. Every system call that could
# carry one out is recorded by strace, on the good path and on failing ones.
. "$SOURCE/tests/lib/tap.sh"
. "$SOURCE/tests/lib/story.sh"
command -v strace >/dev/null && strace -qq -o /dev/null true 2>/dev/null || skip_all 'strace does not work here'

sandbox_up
sandbox_enter
status 0 'the grants' grant
project "$T/iris" || bail 'no project'

json_member() { "$VENV/bin/python" -c 'import json, sys; print(json.loads(sys.argv[1])[sys.argv[2]])' "$1" "$2"; }
beta=$(as mlops-devops secretsmanager get-secret-value --secret-id mlops/beta --query SecretString)
canary=$(json_member "$beta" aws_secret_access_key)
devops=$(sed -n '/\[mlops-devops\]/,/^$/s/^aws_secret_access_key *= *//p' "$AWS_SHARED_CREDENTIALS_FILE")
[ ${#canary} -ge 20 ] && [ ${#devops} -ge 20 ]
ok 'there are two secrets to look for' || bail 'nothing to look for'
printf '%s\n%s\n' "$canary" "$devops" >"$T/canaries"

# what is not looked at runs at its own speed, where the kernel can tell it
fast=
! strace -f --seccomp-bpf -qq -o /dev/null true 2>/dev/null || fast=--seccomp-bpf
calls=execve,execveat,write,writev,pwrite64,pwritev,sendto,sendmsg,sendmmsg,open,openat,creat,rename,prctl,add_key
traced() { # traced NAME WANTED-EXIT COMMAND...: stdout to $OUT; nothing secret leaves
	_what=$1 _code=$2
	shift 2
	# shellcheck disable=SC2086
	strace -f $fast -qq -v -s 1000000 -e trace=$calls -o "$T/trace" "$@" >"$OUT" 2>"$ERR" </dev/null
	_got=$?
	is "$_got" "$_code" "$_what: exit code $_code" || _show <"$ERR"
	! grep -qF -f "$T/canaries" "$T/trace"
	ok "$_what: no secret in an argument, an environment, a file or on the wire" ||
		{ grep -nF -f "$T/canaries" "$T/trace" | cut -c1-120 | _show; }
	! grep -qF -f "$T/canaries" "$OUT" "$ERR"
	ok "$_what: none in its output"
}

# The twin that must fail: the recorder sees a secret where there is one.
# shellcheck disable=SC2086
strace -f $fast -qq -v -s 1000000 -e trace=$calls -o "$T/trace" sh -c "true $canary" 2>/dev/null
ok 'strace would see it in an argument' grep -qF "$canary" "$T/trace"
# shellcheck disable=SC2086
strace -f $fast -qq -v -s 1000000 -e trace=$calls -o "$T/trace" env X="$canary" sh -c 'echo "$X" >"$T/leak"' 2>/dev/null
ok 'and in a write' sh -c 'grep "^[0-9]* *write(" "$1" | grep -qF "$2"' - "$T/trace" "$canary"
rm -f "$T/leak"

traced 'git push' 0 git push -q origin main
ok 'the build ends' until_true 240 build_ended
is "$(build_status)" SUCCEEDED 'and succeeded'

TRAINING_IMAGE=111111111111.dkr.ecr.us-east-2.amazonaws.com/scikit-learn-iris:$(git rev-parse HEAD | cut -c1-12)
COMMIT=canary
export TRAINING_IMAGE COMMIT
submit="codetrain submit training-job.json --base-name canary"
traced 'submit' 0 $submit --secret mlops/beta --wait --json --report "$T/report.xml"
like "$(out)" '"Completed"' 'the job of the traced submit is Completed'
traced 'grant plan' 0 codetrain grant plan -f accounts.json
traced 'a dry run' 0 $submit --secret mlops/beta --dry-run

# -- failing paths; each holds a secret in memory when it fails
as mlops-devops secretsmanager create-secret --name mlops/wrong --secret-string \
	"{\"aws_access_key_id\": \"AKIAWRONGWRONGWRONGW\", \"aws_secret_access_key\": \"$canary\"}" >/dev/null
traced 'a secret with a wrong key' 6 $submit --secret mlops/wrong
as mlops-devops secretsmanager create-secret --name mlops/shape --secret-string "{\"password\": \"$canary\"}" >/dev/null
traced 'a secret without keys' 2 $submit --secret mlops/shape
as mlops-devops secretsmanager create-secret --name mlops/text --secret-string "$canary" >/dev/null
traced 'a secret that is not JSON' 2 $submit --secret mlops/text
traced 'an endpoint that refuses' 7 env AWS_MAX_ATTEMPTS=1 AWS_ENDPOINT_URL_SAGEMAKER=http://127.0.0.1:9 \
	$submit --secret mlops/beta
printf '[mlops-devops]\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = %s\nbroken line %s\n' \
	"$canary" "$canary" >"$T/broken"
chmod 600 "$T/broken"
traced 'a broken credentials file' 2 env AWS_SHARED_CREDENTIALS_FILE="$T/broken" $submit --secret mlops/beta
rm -f "$T/broken"

# -- a core: the process waits on a server that never answers, and is made to crash
cat >"$T/mute.py" <<'PY'
import socket, sys
s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen()
print(s.getsockname()[1], flush=True)
kept = [s.accept()]
print("asked", flush=True)
sys.stdin.read()
PY
mkfifo "$T/hold"
"$VENV/bin/python" "$T/mute.py" <"$T/hold" >"$T/mute.out" &
mute=$!
exec 9>"$T/hold"
at_exit "kill $mute 2>/dev/null"
ok 'a mute server listens' until_true 10 test -s "$T/mute.out"
mkdir "$T/crash" && cp training-job.json "$T/crash" && cd "$T/crash" || exit 1
ulimit -c unlimited 2>/dev/null
AWS_ENDPOINT_URL_SECRETS_MANAGER=http://127.0.0.1:$(head -n 1 "$T/mute.out") \
	"$BUILD/codetrain-submit" training-job.json --secret mlops/beta >"$T/victim.log" 2>&1 &
victim=$!
ok 'the victim waits for it' until_true 20 grep -q asked "$T/mute.out" || _show <"$T/victim.log"
like "$(cat /proc/$victim/limits)" 'Max core file size +0 ' 'it may not dump a core'
cat "/proc/$victim/environ" >"$T/environ"
ok 'its environment can be read' grep -q AWS_PROFILE "$T/environ"
! grep -qaF -f "$T/canaries" "$T/environ"
ok 'and holds no secret'
kill -SEGV $victim
wait $victim 2>/dev/null
is "$(echo ./*)" ./training-job.json 'no core is left'
exec 9>&-

# -- what lies about afterwards; the sandbox itself is the AWS that keeps the secret
found=$(grep -rlF -f "$T/canaries" "$T" --exclude-dir=sandbox --exclude=canaries --exclude=trace 2>/dev/null)
is "$found" '' 'no file of the developer holds one'
found=$(grep -rlF "$canary" "$CODETRAIN_SANDBOX/log" "$CODETRAIN_SANDBOX/git" "$CODETRAIN_SANDBOX/tmp" \
	"$CODETRAIN_SANDBOX/cloudwatch" 2>/dev/null)
is "$found" '' 'nor a log, a repository, the queue or a temporary file'
done_testing
