#!/bin/sh
# git-credential-codecommit, driven as git drives it.
. "$SOURCE/tests/lib/tap.sh"

helper=$BUILD/git-credential-codecommit
host=git-codecommit.us-east-1.amazonaws.com
date=20150830T123600Z
secret=wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY
signature=088fec8c788f892e6cb940f22a736b224a5a5de18925fa5f02413a1bb215c389
answer="username=AKIDEXAMPLE
password=$date$signature
password_expiry_utc=1440939060"
sanitized=
nm "$helper" 2>/dev/null | grep -q __asan_init && sanitized=1

ask() { # ask HOST PATH ARG...: runs get as git would
	_h=$1 _p=$2
	shift 2
	printf 'protocol=https\nhost=%s\n%s\n' "$_h" "${_p:+path=$_p
}" | run_get "$@"
	rc=$(cat "$T/rc")
}
run_get() { "$helper" "$@" get >"$OUT" 2>"$ERR"; echo $? >"$T/rc"; }

with_keys() { AWS_ACCESS_KEY_ID=AKIDEXAMPLE AWS_SECRET_ACCESS_KEY=$secret "$@"; }
plain="with_keys ask $host v1/repos/MyDemoRepo --date $date"

# ---- passwords of the AWS CLI's helper ----------------------------------------------

while read -r h p want; do
	with_keys ask "$h" "$p" --date $date
	is "$(sed -n 's/^password=//p' "$OUT")" "$date$want" "the AWS CLI's password for $h"
done <<EOF
git-codecommit.us-east-1.amazonaws.com v1/repos/MyDemoRepo $signature
git-codecommit-fips.us-gov-west-1.amazonaws.com v1/repos/a.b-c_d c2d54e47844c67eab29935e8f2dec8dc613a5ac8649d47156e0e24e203b2dbca
git-codecommit.cn-north-1.amazonaws.com.cn v1/repos/x 335b30d514b7154cec201acf281ff712fffb1952eda0a3b0a1746682eb6fdb23
vpce-0b47-jkl-us-east-1a.git-codecommit.us-east-1.vpce.amazonaws.com v1/repos/x 60d2d8fe8e65bb24294ab0f2c22cafa3020862d33197c579c43960b58162852a
EOF
$plain
is "$rc" 0 "an answer exits 0"
is "$(out)" "$answer" "user name, password and when it ends"
is "$(err)" "" "and nothing to people"
with_keys ask "$host:443" v1/repos/MyDemoRepo --date $date
is "$(out)" "$answer" "the port is not signed"
AWS_SESSION_TOKEN=IQoJb3Jp//w== $plain
is "$(sed -n 1p "$OUT")" "username=AKIDEXAMPLE%IQoJb3Jp//w==" "a session token follows the key"
secret=${secret%Y}Z $plain
isnt "$(out)" "$answer" "another secret is another password"
secret=wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY

with_keys run "$helper" --date $date get <<EOF
capability[]=authtype
capability[]=state
protocol=https
wwwauth[]=Basic realm="x"
host=$host
no equals sign
future=1
path=v1/repos/MyDemoRepo
EOF
is "$(sed -n '1p;$p' "$OUT")" "capability[]=authtype
ephemeral=1" "a git that knows ephemeral is told so"
is "$(sed '1d;$d' "$OUT")" "$answer" "what is unknown is passed over"

printf 'protocol=https\r\nhost=%s\r\npath=v1/repos/MyDemoRepo\r\n\r\n' "$host" |
	with_keys run_get --date $date
is "$(out)" "$answer" "CRLF is passed over"

# ---- an independent implementation ---------------------------------------------------

python=$(command -v "${VENV:-/nonexistent}/bin/python" || command -v python3)
generated() { run "$python" "$SOURCE/tests/cli/codecommit_passwords.py" "$helper" "$@"; }
if [ -n "$python" ]; then
	generated --count 200
	is "$rc" 0 "generated hosts, paths and keys sign as hashlib and hmac do" || _show <"$ERR"
	sed 's/^/# /' "$OUT"
	like "$(out)" '^240 answers compared' "and were compared"
	generated --count 1 --wrong
	is "$rc" 1 "a wrong signature would be seen"
	rounds=9
	[ -z "$sanitized" ] || rounds=1
	generated --count $rounds --foreign
	is "$rc" 0 "foreign hosts and protocols, and what looks like CodeCommit's, get no answer" || _show <"$ERR"
	sed 's/^/# /' "$OUT"
	generated --count 1 --foreign --any-host
	is "$rc" 1 "an answer would be seen"
else
	skip "generated passwords" "no python3"
fi

# ---- whom it does not answer --------------------------------------------------------

for h in github.com amazonaws.com "$host.evil.example" "$host@evil.example" "evil.$host" \
	"$host." git-codecommit.us-east-1.evil.amazonaws.com \
	"$host/" "user@$host" git-codecommit..amazonaws.com 127.0.0.1 "$host:x"; do
	with_keys ask "$h" v1/repos/x
	is "$rc $(out)$(err)" "0 " "silent for $h"
done
upper=Git-Codecommit.us-east-1.amazonaws.com:8443
with_keys ask $upper v1/repos/x
is "$rc $(out)" "0 " "no answer for a host in upper case"
command=$(sed -n 's/.*; run //p' "$ERR")
is "$command" "git config --global url.https://$host:8443/.insteadOf https://$upper/" "but a command"
$command
is "$(git ls-remote --get-url "https://$upper/v1/repos/x")" "https://$host:8443/v1/repos/x" "that mends it"
rm "$HOME/.gitconfig"
for p in http HTTPS ssh ''; do
	printf 'protocol=%s\nhost=%s\npath=v1/repos/x\n\n' "$p" "$host" | with_keys run_get
	is "$(cat "$T/rc") $(out)$(err)" "0 " "silent for protocol \"$p\""
done
printf 'protocol=https\nhost=%s\0.evil.example\npath=x\n\n' "$host" | with_keys run_get
is "$(cat "$T/rc") $(out)" "0 " "silent for a host with a NUL"
with_keys ask git.example v1/repos/x --ignore-host-check --region us-east-2 --date $date
like "$(out)" '^password=20150830T123600Z[0-9a-f]{64}$' "--ignore-host-check answers for any host"
with_keys ask git.example v1/repos/x --ignore-host-check
is "$rc" 2 "but needs to know the region"
like "$(err)" 'AWS_REGION' "and says how"

# ---- files and profiles -------------------------------------------------------------

mkdir -m 700 "$HOME/.aws"
(
	umask 077
	cat >"$HOME/.aws/config" <<EOF
[profile devops]
region = us-east-2
[profile role]
role_arn = arn:aws:iam::222222222222:role/x
source_profile = devops
EOF
	cat >"$HOME/.aws/credentials" <<EOF
[devops]
aws_access_key_id = AKIDEXAMPLE
aws_secret_access_key = $secret
[other]
aws_access_key_id = AKIDOTHER
aws_secret_access_key = other
aws_session_token = tok
EOF
)
ask $host v1/repos/MyDemoRepo --date $date --profile devops
is "$(out)" "$answer" "keys of the profile that --profile names"
AWS_PROFILE=devops ask $host v1/repos/MyDemoRepo --date $date
is "$(out)" "$answer" "keys of AWS_PROFILE's profile"
with_keys ask $host v1/repos/MyDemoRepo --date $date --profile other
like "$(out)" '^username=AKIDOTHER%tok$' "--profile goes before keys of the environment"
AWS_PROFILE=other $plain
like "$(out)" '^username=AKIDEXAMPLE$' "AWS_PROFILE does not"
AWS_SHARED_CREDENTIALS_FILE=$HOME/.aws/none ask $host v1/repos/MyDemoRepo --profile other
is "$rc" 2 "a profile that is not in the files"
like "$(err)" 'profile "other" \(from --profile\).*aws configure --profile other.*there are: devops, role' \
	"is named, with the command and the ones that there are"
is "$(out)" "quit=1" "and git is told not to ask the user"
chmod 640 "$HOME/.aws/credentials"
ask $host v1/repos/MyDemoRepo --date $date --profile devops
is "$(out)" "$answer" "a file that others can read is used"
like "$(err)" "warning: .*run chmod 600 $HOME/.aws/credentials" "and warned about"
chmod 606 "$HOME/.aws/credentials"
ask $host v1/repos/MyDemoRepo --date $date --profile devops
is "$rc $(out)" "2 quit=1" "one that every user can write is not"
like "$(err)" "error: every user can write .*run chmod go-w $HOME/.aws/credentials" "and the command is said"
command=$(sed -n 's/.*; run //p' "$ERR")
$command
ask $host v1/repos/MyDemoRepo --date $date --profile devops
is "$(out)" "$answer" "which mends it"
chmod 666 "$HOME/.aws/config"
ask $host v1/repos/MyDemoRepo --date $date --profile devops
like "$(err)" "error: every user can write .*run chmod go-w $HOME/.aws/config" "nor such a config file"
chmod 644 "$HOME/.aws/config"
chmod 777 "$HOME/.aws"
ask $host v1/repos/MyDemoRepo --date $date --profile devops
is "$(out)" "$answer" "a file in such a folder is used"
like "$(err)" "warning: every user can replace .*run chmod go-w $HOME/.aws\$" "and warned about"
chmod 700 "$HOME/.aws"
chmod 600 "$HOME/.aws/credentials"
ask $host v1/repos/MyDemoRepo --date $date --profile devops
is "$(err)" "" "a config file that others can read is nobody's worry"

printf '[default]\nregion = us-east-2\nCANARY CANARY\n' >"$T/broken"
AWS_CONFIG_FILE=$T/broken ask $host v1/repos/x
is "$rc" 2 "a broken line in the config file"
like "$(err)" "error: $T/broken:3: " "is said with file and line"
unlike "$(err)" CANARY "without what it holds"

ask $host v1/repos/x
is "$rc" 6 "no credentials"
like "$(err)" "error: no AWS credentials.*profile \"default\".*run aws configure" \
	"are explained, with the command"
is "$(out)" "quit=1" "and git is told not to ask the user"

with_keys ask $host ''
is "$rc" 2 "no path"
like "$(err)" "run git config --global credential\.https://$host\.useHttpPath true" \
	"is explained, with the command"

AWS_ACCESS_KEY_ID=AKID AWS_SECRET_ACCESS_KEY="CANARY
username=evil" ask $host v1/repos/x
is "$rc" 2 "a secret with a line break"
unlike "$(out)$(err)" 'evil|CANARY' "makes no line of its own"

# ---- verbs and options --------------------------------------------------------------

for verb in store erase; do
	printf 'protocol=https\nhost=%s\npath=x\nusername=a\npassword=b\n' "$host" >"$T/request"
	AWS_CONFIG_FILE=$T/broken run "$helper" --profile nobody $verb <"$T/request"
	is "$rc$(out)$(err)" 0 "$verb does nothing, whatever the configuration"
done
status 0 "a verb of tomorrow's git is ignored" "$helper" capability
is "$(out)$(err)" "" "silently"
status 2 "no verb" "$helper"
status 2 "two verbs" "$helper" get store
status 2 "an unknown option" "$helper" --frobnicate get
status 2 "a date that is none" "$helper" --date yesterday get
status 2 "a date in another form" "$helper" --date 2015-08-30T12:36:00Z get
status 0 "--help" "$helper" --help
like "$(out)" '^  get[[:space:]]+answer with' "lists the verbs"
status 0 "--version" "$helper" --version

# ---- git itself ---------------------------------------------------------------------

git config --global "credential.https://$host.helper" "$helper --profile devops"
git config --global "credential.https://$host.useHttpPath" true
printf 'url=https://%s/v1/repos/MyDemoRepo\n' "$host" >"$T/good"
run git credential fill <"$T/good"
is "$rc" 0 "git credential fill"
like "$(out)" '^password=2[0-9]{3}[01][0-9]{3}T[0-9]{6}Z[0-9a-f]{64}$' "git gets the password"
like "$(out)" '^username=AKIDEXAMPLE$' "and the user name"
out >"$T/filled"
git credential approve <"$T/filled"
ok "git approves"
git credential reject <"$T/filled"
ok "git rejects"
printf 'url=https://%s.evil.example/v1/repos/MyDemoRepo\n' "$host" >"$T/url"
GIT_ASKPASS=false run git -c credential.helper="$helper --profile devops" credential fill <"$T/url"
unlike "$(out)" "password" "a look-alike gets nothing, even from a helper for all hosts"
git config --global "credential.https://$host.helper" "$helper --profile nobody"
run git credential fill <"$T/good"
isnt "$rc" 0 "git stops where there are no credentials"
like "$(err)" 'told us to quit' "and does not ask for a password that nobody has"

# ---- the providers that need more ---------------------------------------------------

mkdir "$T/bin"
cp "$helper" "$T/bin/git-credential-codecommit"
real=$helper helper=$T/bin/git-credential-codecommit
ask $host v1/repos/x --profile role
is "$rc" 70 "codetrain-credentials is not installed"
like "$(err)" "codetrain-credentials is not installed beside $helper" "is said"

stub() { # stub SCRIPT: what codetrain-credentials does
	printf '#!/bin/sh\nprintf "%%s\\n" "$*" >"%s"\n%s\n' "$T/argv" "$1" >"$T/bin/codetrain-credentials"
	chmod +x "$T/bin/codetrain-credentials"
}
lines="printf 'codetrain-credentials 1\naccess_key_id=ASIA\nsecret_access_key=$secret\nsession_token=tok\nexpiration=4000000000\nfuture=1\n'"
stub "$lines"
ask $host v1/repos/MyDemoRepo --profile role --date $date
is "$rc" 0 "a role is fetched by codetrain-credentials"
is "$(sed -n 1,2p "$OUT")" "username=ASIA%tok
password=$date$signature" "and signed with"
is "$(cat "$T/argv")" "--format lines --profile role" "which is asked for the profile"
AWS_PROFILE=role ask $host v1/repos/MyDemoRepo --date $date
is "$(cat "$T/argv")" "--format lines" "or left to find it in the environment"
with_keys ask $host v1/repos/MyDemoRepo --profile devops --date $date
stub 'touch "$0.ran"'
ask $host v1/repos/MyDemoRepo --profile devops --date $date
ok "keys in a file need no other program" [ ! -e "$T/bin/codetrain-credentials.ran" ]

refused() { # refused CODE PATTERN NAME
	ask $host v1/repos/x --profile role
	is "$rc" "$1" "$3: exit $1"
	like "$(err)" "$2" "$3: said"
	is "$(out)" "quit=1" "$3: git does not ask"
	lacks "$(err)" "$secret" "$3: no secret in the message"
}
stub "echo 'codetrain credentials: error: AccessDenied: no; ask for sts:AssumeRole' >&2; exit 6"
refused 6 'no credentials for profile "role" from assume role: AccessDenied: no; ask for' "denied"
stub "exit 7"
refused 7 'codetrain-credentials ended with code 7' "unavailable, without a word"
stub "kill -KILL \$\$"
refused 70 'ended with code 137' "killed"
stub "echo '<html>$secret</html>'"
refused 70 'does not begin as it should' "HTML"
stub "printf 'codetrain-credentials 1\naccess_key_id=ASIA\nsecret_access_key=$secret'"
refused 70 'in the middle of a line' "cut off"
stub "printf 'codetrain-credentials 1\naccess_key_id=A\0SIA\nsecret_access_key=$secret\n'"
refused 70 'something else than credentials' "a NUL"
stub "head -c 100000000 /dev/zero | tr '\\0' x"
refused 70 'something else than credentials' "100 MB"
stub "printf 'codetrain-credentials 1\naccess_key_id=ASIA\nsecret_access_key=$secret\nexpiration=1\n'"
refused 6 'have ended' "ended long ago"
helper=$real

# The real one, on a provider that needs no network.
cat >"$T/process" <<EOF
#!/bin/sh
[ "\$1" = good ] || { echo 'the vault is locked' >&2; exit 1; }
echo '{"Version":1,"AccessKeyId":"ASIAPROCESS","SecretAccessKey":"$secret","SessionToken":"tok/en=","Expiration":"2099-01-01T00:00:00Z"}'
EOF
chmod +x "$T/process"
printf '[profile good]\ncredential_process = %s good\n[profile bad]\ncredential_process = %s bad\n' \
	"$T/process" "$T/process" >"$T/process-config"
export AWS_CONFIG_FILE="$T/process-config"
ask $host v1/repos/MyDemoRepo --profile good --date $date
is "$(sed -n 1,2p "$OUT")" "username=ASIAPROCESS%tok/en=
password=$date$signature" "credential_process, by way of the real codetrain-credentials"
is "$rc $(err)" "0 " "without a word to people"
ask $host v1/repos/MyDemoRepo --profile bad
isnt "$rc" 0 "a credential_process that fails"
is "$(out)" "quit=1" "makes git stop"
like "$(err)" 'error: .*profile "?bad"?.*credential_process' "and says whose and which"
is "$(wc -l <"$ERR")" 1 "in one line"
unset AWS_CONFIG_FILE

# ---- descriptors --------------------------------------------------------------------

"$helper" get <&- >"$OUT" 2>"$ERR"
is "$?$(out)" 0 "a closed standard input"
printf 'protocol=https\nhost=%s\npath=v1/repos/x\n\n' "$host" >"$T/request"
with_keys "$helper" get <"$T/request" >&- 2>"$ERR"
ok "a closed standard output writes into no file"
if [ -w /dev/full ]; then
	with_keys "$helper" get <"$T/request" >/dev/full 2>"$ERR"
	is "$?" 70 "a full disk is no success"
	like "$(err)" 'standard output: No space left' "and is said"
fi
mkfifo "$T/fifo"
exec 3<>"$T/fifo" 4>"$T/fifo"
exec 3>&-
with_keys "$helper" get <"$T/request" >&4 2>"$ERR"
is "$?" 70 "a reader that has gone is no success"
like "$(err)" 'standard output: Broken pipe' "and is said"
exec 4>&-
head -c 70000 /dev/zero | tr '\0' x | with_keys run_get
is "$(cat "$T/rc")" 2 "64 KiB of input are enough"
like "$(err)" 'too large' "which is said"
status 2 "a folder in place of a file" env AWS_CONFIG_FILE="$T" sh -c "$helper get <$T/request"

# ---- no secret anywhere else --------------------------------------------------------

canary=CANARYvQ3xR7pL0mZt9kW2
cat >"$T/bin/canary-keys" <<EOF
[default]
aws_access_key_id = AKIDEXAMPLE
aws_secret_access_key = $canary
aws_session_token = ${canary}TOKEN
EOF
chmod 600 "$T/bin/canary-keys"
export AWS_SHARED_CREDENTIALS_FILE="$T/bin/canary-keys"
if [ -n "$sanitized" ] || [ "$(id -u)" -ne 0 ] || ! strace -o "$T/probe" true 2>/dev/null; then
	skip "system calls" "a sanitizer build, not root (who alone can trace it), or no strace"
else
	strace -f -s 65536 -o "$T/trace" "$helper" get <"$T/request" >"$OUT" 2>"$ERR"
	like "$(out)" "%${canary}TOKEN" "the canary was read"
	like "$(grep -E '^[0-9]+ +(read|pread)' "$T/trace")" "$canary" "and is seen in a trace"
	is "$(grep -F "$canary" "$T/trace" | grep -vcE '^[0-9]+ +(read\(|write\(1, )')" 0 \
		"it goes to standard output and nowhere else"
	is "$(grep -F "$canary" "$T/trace" | grep -c 'aws_secret\|write(1.*password' )" 2 \
		"read once, answered once"
	is "$(grep -cE 'execve|clone|fork' "$T/trace")" 1 "no other process is started"
	is "$(grep -cE 'openat.*(locale|gconv|ld\.so|\.so|openssl|localtime)' "$T/trace")" 0 \
		"no library, locale, zone or OpenSSL configuration is opened"
	calls=$(wc -l <"$T/trace")
	ok "at most 80 system calls for get ($calls)" [ "$calls" -le 80 ]
	strace -f -o "$T/trace" "$helper" store <"$T/request"
	is "$(grep -cE 'open.*(\.aws|canary)|mlock|socket' "$T/trace")" 0 "store looks at nothing"
	calls=$(wc -l <"$T/trace")
	ok "at most 30 system calls for store ($calls)" [ "$calls" -le 30 ]
fi

# A forced core: the process waits for the rest of its request.
cd "$T" || exit
# shellcheck disable=SC3045
ulimit -c unlimited
exec 5<>"$T/fifo"
AWS_ACCESS_KEY_ID=AKID AWS_SECRET_ACCESS_KEY=$canary "$helper" get <"$T/fifo" >"$OUT" 2>"$ERR" &
pid=$!
reading() { # which call it sleeps in, only root is told of such a process
	[ "$(id -u)" -eq 0 ] || { grep -q git-credential "/proc/$pid/comm" && grep -q '^State:[[:space:]]*S' "/proc/$pid/status"; return; }
	case $(cat "/proc/$pid/wchan" "/proc/$pid/syscall" 2>/dev/null) in *pipe_* | *"0 0x0 "*) return 0 ;; esac
	return 1
}
until_true 5 reading
ok "the helper waits for its request"
if [ "$(id -u)" -eq 0 ]; then
	is "$(stat -c %U "/proc/$pid/environ")" root "its memory belongs to root alone"
else
	! cat "/proc/$pid/environ" >/dev/null 2>&1
	ok "its environment cannot be read"
fi
fatal=SEGV code=139
[ -z "$sanitized" ] || fatal=ABRT code=134	# a sanitizer catches the other
kill -$fatal "$pid"
wait "$pid" 2>/dev/null
is "$?" $code "it dies of the signal"
exec 5>&-
is "$(find "$T" -name 'core*' -size +0)" "" "and leaves no core"
done_testing
