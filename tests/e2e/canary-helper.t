#!/bin/sh
# The secrets of the credential helper under real git, looked for everywhere: in
# arguments, environments, what is written to any descriptor, git's traces, files, the
# memory of a process that has done its work, a core. Every system call that could carry
# one out is recorded by strace.
. "$SOURCE/tests/lib/tap.sh"

python=${VENV:-/nonexistent}/bin/python
[ -x "$python" ] || python=$(command -v python3) || skip_all 'needs python3'
command -v openssl >/dev/null || skip_all 'needs openssl'
command -v strace >/dev/null && strace -qq -o /dev/null true 2>/dev/null || skip_all 'strace does not work here'

helper=$BUILD/git-credential-codecommit
host=git-codecommit.us-east-2.amazonaws.com
secret=CANARYlonglived/secret/of+forty+bytes000		# its home is a file or the environment
given=fakeSecret/0123456789+abcdefghijklmnopqr		# what the fake STS gives, and its token
token=fakeSessionToken/canary
unset XDG_RUNTIME_DIR XDG_CACHE_HOME

# ---- a machine: an STS, CodeCommit, keys, git ---------------------------------------------

mkdir -m 700 "$HOME/.aws" "$T/repositories" "$T/traces"
mkfifo "$T/hold"
: >"$T/log"
"$python" "$SOURCE/tests/lib/fake_server.py" "$T/sts-port" "$T/log" <"$T/hold" 2>"$T/server.err" &
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=test \
	-addext "subjectAltName=DNS:$host" -keyout "$T/key.pem" -out "$T/cert.pem" 2>/dev/null || bail 'no certificate'
FAKE_KEYS="{\"AKIDEXAMPLE\": {\"secret\": \"$secret\"},
	\"ASIACANARY0000000000\": {\"secret\": \"$given\", \"token\": \"$token==\"}}" \
	"$python" "$SOURCE/tests/lib/fake_codecommit.py" "$T/port" "$T/requests" "$T/cert.pem" "$T/key.pem" \
	"$T/repositories" <"$T/hold" &
exec 9>"$T/hold"
until_true 20 test -s "$T/port" && until_true 20 test -s "$T/sts-port" || bail "no servers: $(cat "$T/server.err")"
STS=http://127.0.0.1:$(cat "$T/sts-port")
export AWS_MAX_ATTEMPTS=1 AWS_ENDPOINT_URL_STS="$STS/ok"
git init -q --bare "$T/repositories/app"

cat >"$HOME/.aws/config" <<END
[profile role]
role_arn = arn:aws:iam::222222222222:role/canary
source_profile = static
[profile wrong]
role_arn = arn:aws:iam::222222222222:role/canary
source_profile = static
role_session_name = wrong
[profile process]
credential_process = "$T/process"
END
printf '[static]\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = %s\n' "$secret" >"$HOME/.aws/credentials"
printf '#!/bin/sh\necho "{\\"SecretAccessKey\\": \\"%s\\"}"; echo "%s" >&2; exit 1\n' "$given" "the vault is locked" >"$T/process"
chmod 700 "$T/process"
chmod 600 "$HOME/.aws/credentials"
profile() { # profile NAME: git's configuration with the helper for it
	rm -f "$HOME/.gitconfig"
	git config --global http.proxy "http://127.0.0.1:$(cat "$T/port")"
	git config --global http.sslCAInfo "$T/cert.pem"
	git config --global "credential.https://$host.helper" "$helper ${1:+--profile $1}"
	git config --global "credential.https://$host.useHttpPath" true
}

# ---- what git does, recorded ------------------------------------------------------------------

calls=execve,execveat,write,writev,pwrite64,pwritev,pwritev2,sendto,sendmsg,sendmmsg,add_key,symlink,symlinkat,rename,renameat2,mkdir
traced() { # traced NAME WANTED-EXIT COMMAND...
	_what=$1 _want=$2
	shift 2
	rm -f "$T"/traces/*
	strace -f -y -qq -v -s 1000000 -e trace=$calls -o "$T/trace" \
		env GIT_TRACE="$T/traces/trace" GIT_TRACE_CURL="$T/traces/curl" GIT_TRACE_SETUP="$T/traces/setup" \
		GIT_TRACE_PACKET="$T/traces/packet" GIT_TRACE2_EVENT="$T/traces/event" GIT_TRACE2_PERF="$T/traces/perf" \
		GIT_TRACE_REDACT="${redact:-1}" "$@" >"$OUT" 2>"$ERR" </dev/null
	is "$?" "$_want" "$_what: exit code $_want" || _show <"$ERR"
	# git's own traces are looked at by themselves
	grep -vE "^[0-9]+ +write\([0-9]+<$T/traces/" "$T/trace" >"$T/recorded"
}
# The environment that the user's shell gave to git is the user's; what stands before it is argv.
arguments() { grep -E '^[0-9]+ +execve(at)?\(' "$T/recorded" | sed 's/\], \[".*//'; }
passwords() { grep -oE '[0-9]{8}T[0-9]{6}Z[0-9a-f]{64}' "$T/recorded" | sort -u; }

nowhere() { # nowhere STRING NAME [PATTERN]: in no recorded call, but for lines of the pattern
	grep -F -e "$1" "$T/recorded" | grep -vE "${3:-^\$}" >"$T/found"
	[ ! -s "$T/found" ]
	ok "$_what: $2" || cut -c1-160 "$T/found" | _show
}
untraced() { # untraced NAME: git's traces, what people see, and no argument
	passwords >"$T/canaries"
	printf '%s\n%s\n%s\n' "$secret" "$given" "$token" >>"$T/canaries"
	! arguments | grep -qF -f "$T/canaries"
	ok "$_what: nothing secret in an argument"
	! grep -qF -f "$T/canaries" "$OUT" "$ERR"
	ok "$_what: nor in what people see"
	ok "$_what: git's traces were written" [ -s "$T/traces/trace" ] && [ -s "$T/traces/event" ]
	# libcurl tells GIT_TRACE_CURL the user name, which ends with the token: nobody can prevent that,
	# and without the secret key it signs nothing.
	! sed "s|\(== Info: Server auth using Basic with user '[A-Z0-9]*\)%$token==|\1|" "$T"/traces/* | "$python" -c '
import base64, re, sys
text = sys.stdin.buffer.read()
for coded in re.findall(rb"[A-Za-z0-9+/]{40,}=*", text):
    text += base64.b64decode(coded + b"=" * (-len(coded) % 4))
sys.stdout.buffer.write(text)' | grep -qaF -f "$T/canaries"
	ok "$_what: nor in git's traces, in base64 either"
}
# Where a session may go: through a pipe from codetrain-credentials to the helper, from
# there to git (the token is part of the user name), and to where it is kept.
pipe='^[0-9]+ +write\([0-9]+<pipe:'
kept="^[0-9]+ +(add_key\(\"user\", \"codetrain:session:|write\([0-9]+<$HOME/\.(cache/codetrain|aws/cli/cache)/)"

profile static
export AWS_ACCESS_KEY_ID=AKIDOTHER AWS_SECRET_ACCESS_KEY=other		# not asked for by --profile
traced 'keys in a file' 0 git ls-remote "https://$host/v1/repos/app"
unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
untraced
nowhere "$secret" 'the secret key leaves the process in no call'
is "$(passwords | wc -l)" 1 "$_what: one password was made"
nowhere "$(passwords)" 'the password goes through a pipe only' "$pipe"
lacks "$(cat "$T/recorded")" 'codetrain-credentials"' "$_what: no other program is run"

profile ''
export AWS_ACCESS_KEY_ID=AKIDEXAMPLE AWS_SECRET_ACCESS_KEY=$secret
traced 'keys in the environment' 0 git ls-remote "https://$host/v1/repos/app"
unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
untraced
nowhere "$secret" 'the secret key is where the user has put it alone' '^[0-9]+ +execve'

profile role
at_exit '"$python" "$SOURCE/tests/lib/session_keys.py" remove "$token" 2>/dev/null'
for place in kernel file; do
	export CODETRAIN_SESSION_CACHE=$place
	rm -rf "$HOME/.aws/cli" "$HOME/.cache"
	for turn in 'fetched' 'kept'; do
		asked=$(grep -c AssumeRole "$T/log")
		[ $turn = kept ] && rm -rf "$HOME/.aws/cli"
		traced "a role's session, $turn ($place)" 0 git ls-remote "https://$host/v1/repos/app"
		untraced
		nowhere "$secret" 'the secret key leaves the process in no call'
		nowhere "$given" 'nor the session'\''s, but to the helper and to its place' "$pipe|$kept"
		nowhere "$token" 'nor its token' "$pipe|$kept"
		! grep -E '^[0-9]+ +execve.*codetrain-credentials"' "$T/recorded" | grep -qF -e "$given" -e "$token" -e "$secret"
		ok "$_what: codetrain-credentials gets no secret"
		now=$(grep -c AssumeRole "$T/log")
		case $turn$place$((now - asked)) in
		fetched*) is $((now - asked)) 1 "$_what: STS was asked" ;;
		keptkernel1) skip "$_what: STS was not asked" "this kernel keeps nothing for us" ;;
		*) is $((now - asked)) 0 "$_what: STS was not asked" ;;
		esac
	done
	is "$(find "$HOME/.cache" "$HOME/.aws/cli" -type f -perm /077 2>/dev/null)" '' "$place: what is kept is its user's alone"
	"$python" "$SOURCE/tests/lib/session_keys.py" remove "$token" 2>/dev/null
done
unset CODETRAIN_SESSION_CACHE

# ---- failing paths: each has a secret in memory when it fails -----------------------------------

export CODETRAIN_SESSION_CACHE=off
rm -rf "$HOME/.aws/cli" "$HOME/.cache"
profile static
cp "$HOME/.aws/credentials" "$T/good"
printf 'broken line %s\n' "$secret" >>"$HOME/.aws/credentials"
traced 'a broken credentials file' 128 git ls-remote "https://$host/v1/repos/app"
untraced
nowhere "$secret" 'the secret key leaves the process in no call'
sed "s|= CANARY|= \"$secret\" |" "$T/good" >"$HOME/.aws/credentials"
traced 'a key of another form' 128 git ls-remote "https://$host/v1/repos/app"
untraced
nowhere "$secret" 'the secret key leaves the process in no call'
cp "$T/good" "$HOME/.aws/credentials"
traced 'a repository that there is not' 128 git ls-remote "https://$host/v1/repos/none"
untraced
nowhere "$secret" 'the secret key leaves the process in no call'
profile role
for fault in 403 html truncated reset; do
	export AWS_ENDPOINT_URL_STS="$STS/$fault"
	traced "a role whose STS answers with $fault" 128 git ls-remote "https://$host/v1/repos/app"
	untraced
	nowhere "$secret" 'the secret key leaves the process in no call'
	nowhere "$given" 'nor what was cut off' "$pipe"
done
export AWS_ENDPOINT_URL_STS="$STS/ok"
profile process
traced 'a process that fails' 128 git ls-remote "https://$host/v1/repos/app"
like "$(err)" 'credential_process.*exit code 1' "$_what: is told"
untraced
nowhere "$given" 'its output goes through a pipe only' "$pipe|execve"

# What the helper itself hands to the kernel, only root's strace can read: it is not dumpable.
if [ "$(id -u)" -eq 0 ]; then
	profile static
	traced 'the helper seen' 0 git ls-remote "https://$host/v1/repos/app"
	like "$(grep -E "$pipe" "$T/recorded")" 'write\([^"]*"(capability\[\]=authtype\\n)?username=AKIDEXAMPLE' "its own writes are recorded"
else
	skip "its own writes are recorded" 'only root can read them'
fi

# The twins that must fail: the recorder sees a secret where there is one.
profile static
redact=0
traced 'without redaction' 0 git ls-remote "https://$host/v1/repos/app"
redact=
grep -oE 'Authorization: Basic [A-Za-z0-9+/=]+' "$T/traces/curl" | sed -n '1s/.* //p' | base64 -d | grep -qF "$(passwords)"
ok 'a trace with the password in it would be seen'
strace -f -y -qq -v -s 1000000 -e trace=$calls -o "$T/recorded" sh -c "true '$secret'; echo '$secret' >'$T/leak'" 2>/dev/null
arguments | grep -qF "$secret"
ok 'an argument would be seen'
grep -E "write\([0-9]+<$T/leak>" "$T/recorded" | grep -qF "$secret"
ok 'a file would be seen'
rm -f "$T/leak" "$T/recorded" "$T/trace" "$T/found" "$T/canaries" "$T"/traces/*

found=$(grep -rlF -e "$secret" -e "$given" "$T" 2>/dev/null | grep -vE "/(home/\.aws/credentials|good|process)\$")
is "$found" '' 'no other file holds one in the end'

# ---- the process itself --------------------------------------------------------------------------

# A user that is not root, so that the kernel's own rules are seen.
D=$(mktemp -d "${TMPDIR:-/tmp}/codetrain-canary.XXXXXX") && chmod 755 "$D"
at_exit "rm -rf '$D'"
user=
[ "$(id -u)" -ne 0 ] || user='setpriv --reuid=65534 --regid=65534 --clear-groups'
$user true 2>/dev/null || bail 'setpriv does not work here'
cp "$helper" "$SOURCE/tests/lib/process_memory.py" "$D"
# one that this user may run: a python in somebody's home is not
runs=
for p in python3 /usr/bin/python3; do
	[ -n "$runs" ] || ! $user "$p" -c '' 2>/dev/null || runs=$p
done
[ -n "$runs" ] || bail "no python3 that every user can run"
look() { $user "$runs" "$D/process_memory.py" "$@"; }
mkfifo "$D/keys" "$D/ask" "$D/answer"
chmod 666 "$D"/keys "$D"/ask "$D"/answer
cat >"$D/run" <<'END'
#!/bin/sh
# run STDIN STDOUT KEYS: becomes the helper, in a folder where a core would be found
cd "$(dirname "$0")/cores" && ulimit -c unlimited 2>/dev/null
exec env -i HOME=/nonexistent AWS_EC2_METADATA_DISABLED=true AWS_SHARED_CREDENTIALS_FILE="$3" \
	../git-credential-codecommit get <"$1" >"$2" 2>/dev/null
END
mkdir "$D/cores"
chmod 777 "$D/cores"
chmod 755 "$D/run"
printf 'protocol=https\nhost=%s\npath=v1/repos/x\n\n' "$host" >"$D/request"
printf '[default]\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = %s\n' "$secret" >"$T/keys"
sanitized=
nm "$helper" 2>/dev/null | grep -q __asan_init && sanitized=1

# asleep PID WCHAN SYSCALL: it sleeps in such a call; which one, only root is told of such a process
asleep() {
	grep -q git-credential "/proc/$1/comm" && grep -q '^State:[[:space:]]*S' "/proc/$1/status" || return 1
	[ "$(id -u)" -eq 0 ] || return 0
	grep -q "$2" "/proc/$1/wchan" || grep -q "^$3 " "/proc/$1/syscall"
}
exec 7<>"$D/keys" 8<>"$D/answer"

# It has read the secret key, and waits for the rest of the file.
cat "$T/keys" >&7
$user "$D/run" "$D/request" /dev/null "$D/keys" &
victim=$!
ok 'the helper holds the secret key and waits for more' until_true 10 asleep $victim poll 7
ok "memory is locked ($(look field $victim VmLck) kB)" [ "$(look field $victim VmLck)" -gt 0 ]
is "$(look find $victim "$secret")" refused 'another process of its user cannot read its memory'
is "$(look trace $victim)" refused 'nor trace it'
$user cat "/proc/$victim/environ" >/dev/null 2>&1
isnt "$?" 0 'nor see its environment'
lacks "$(tr '\0' '\n' <"/proc/$victim/cmdline")" "$secret" 'its arguments hold nothing'
like "$(cat /proc/$victim/limits)" 'Max core file size +0 +0 ' 'it may not dump a core'
kill -SEGV $victim
wait $victim 2>/dev/null
like "$?" '^1[0-9][0-9]$' 'it dies of SIGSEGV'
is "$(find "$D/cores" -type f)" '' 'and leaves no core'
$user sh -c 'exec sleep 60' &
other=$!
until_true 5 grep -q sleep /proc/$other/comm
$user cat "/proc/$other/environ" >/dev/null
ok 'the twin: a process that gives itself away can be looked into'
kill $other
wait $other 2>/dev/null

# It has done its work, and waits for somebody to read the answer: a full pipe.
cp "$T/keys" "$D/file"
chmod 600 "$D/file"
[ -z "$user" ] || chown 65534 "$D/file"
dd if=/dev/zero bs=65536 count=1 >&8 2>/dev/null
$user "$D/run" "$D/request" "$D/answer" "$D/file" &
victim=$!
ok 'the helper has its answer and waits for a reader' until_true 10 asleep $victim pipe_w '1 0x1'
if [ "$(id -u)" -eq 0 ]; then
	found=$(python3 "$D/process_memory.py" find $victim AKIDEXAMPLE)
	ok "the answer is in its memory ($found), as root can see" [ "$found" -ge 1 ]
	is "$(python3 "$D/process_memory.py" find $victim "$secret")" 0 'the secret key is nowhere in it any more'
else
	skip 'the secret key is nowhere in its memory any more' 'only root may look'
fi
if readelf -lW "$helper" | grep -q INTERP; then
	skip 'at most 2 MB resident' 'it is not linked statically'
else
	peak=$(look field $victim VmHWM)
	ok "at most 2 MB resident at its peak ($peak kB)" [ "$peak" -le 2048 ]
fi
kill -ABRT $victim
wait $victim 2>/dev/null
is "$?" 134 'it dies of SIGABRT'
is "$(find "$D/cores" -type f)" '' 'and leaves no core'
exec 7>&- 8>&- 9>&-
done_testing
