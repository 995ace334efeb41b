#!/bin/sh
# Sessions that are kept between processes: one call of AWS serves all that come
# after it, also when forty come at once; nothing stale, nothing in the wrong place.
. "$SOURCE/tests/lib/tap.sh"

command -v python3 >/dev/null || skip_all "needs python3"
unset XDG_RUNTIME_DIR XDG_CACHE_HOME
export AWS_MAX_ATTEMPTS=1

mkfifo "$T/hold"
python3 "$SOURCE/tests/lib/fake_server.py" "$T/port" "$T/log" <"$T/hold" 2>"$T/server.err" &
exec 9>"$T/hold"
until_true 20 test -s "$T/port" || bail "the fake server did not start: $(cat "$T/server.err")"
S=http://127.0.0.1:$(cat "$T/port")

# What is this test's own among the user's keys.
mark=session-$$
keys() { _verb=$1; shift; python3 "$SOURCE/tests/lib/session_keys.py" "$_verb" "$mark" "$@"; }
at_exit 'keys remove'

SECRET=canarySecret/canarySecret+canarySecret00
GIVEN=fakeSecret/0123456789+abcdefghijklmnopqr
mkdir -p "$HOME/.aws"
cat >"$HOME/.aws/config" <<END
[profile base]
region = us-east-2
[profile role]
role_arn = arn:aws:iam::222222222222:role/$mark
source_profile = base
region = us-east-2
[profile process]
credential_process = $T/$mark/process
[profile corp]
sso_start_url = https://corp.awsapps.com/start
sso_region = us-east-2
sso_account_id = 111111111111
sso_role_name = $mark
END
printf '[base]\naws_access_key_id = AKIACANARYCANARY0001\naws_secret_access_key = %s\n' "$SECRET" >"$HOME/.aws/credentials"
chmod 600 "$HOME/.aws/credentials"

# The helper where it finds no codetrain-credentials: it has to know the answer.
mkdir "$T/alone"
cp "$BUILD/git-credential-codecommit" "$T/alone"
host=git-codecommit.us-east-2.amazonaws.com
printf 'protocol=https\nhost=%s\npath=v1/repos/x\n\n' "$host" >"$T/request"
get() { git-credential-codecommit --profile "${1:-role}" get <"$T/request" >"$OUT" 2>"$ERR"; }
alone() { "$T/alone/git-credential-codecommit" --profile "${1:-role}" get <"$T/request" >"$OUT" 2>"$ERR"; }
user() { sed -n 's/^username=\([^%]*\).*/\1/p' "$OUT"; }
asked() { grep -c 'Action=AssumeRole' "$T/log"; }		# how often the server was, in all
forget() { keys remove; rm -rf "$HOME/.aws/cli" "$HOME/.cache"; }	# the AWS CLI's cache too
age() { # age SECONDS: what is kept, wherever
	if [ "$CODETRAIN_SESSION_CACHE" = kernel ]; then
		keys age "$1"
	else
		for f in "$HOME"/.cache/codetrain/*; do
			sed "1s/.*/codetrain-session $(($(sed -n '1s/.* //p' "$f") - $1))/" "$f" >"$T/aged" && cat "$T/aged" >"$f"
		done
	fi
}

# forty WANTED-EXIT USER-PATTERN: at once; how many ended otherwise, or said something else
forty() {
	rm -f "$T"/many.*
	_i=0
	while [ $_i -lt 40 ]; do
		_i=$((_i + 1))
		(
			git-credential-codecommit --profile role get <"$T/request" >"$T/many.$_i.out" 2>"$T/many.$_i.err"
			echo $? >"$T/many.$_i.rc"
		) &
		_pids="${_pids:-} $!"
	done
	# shellcheck disable=SC2086
	wait $_pids
	_pids=
	_bad=0
	for _i in "$T"/many.*.rc; do
		_o=${_i%.rc}.out
		if [ "$(cat "$_i")" -eq "$1" ] && grep -Eq "$2" "$_o"; then continue; fi
		_bad=$((_bad + 1))
		[ $_bad -gt 1 ] || { cat "$_i" "$_o" "${_i%.rc}.err"; } | _show
	done
	is "$_bad $(find "$T" -name 'many.*.rc' | wc -l)" "0 40" "$3"
}

# ---- one place, then the other -------------------------------------------------------

places='file'
export CODETRAIN_SESSION_CACHE=kernel AWS_ENDPOINT_URL="$S/ok~probe"
: >"$T/log"
get
if keys list >/dev/null; then
	places="kernel file"
	keys remove
else
	skip "the kernel's keyring" "it keeps nothing for us here"
fi
sso=$HOME/.aws/sso/cache/$(printf %s https://corp.awsapps.com/start | sha1sum | cut -d' ' -f1).json
mkdir -p "${sso%/*}"

for place in $places; do
	export CODETRAIN_SESSION_CACHE=$place AWS_ENDPOINT_URL="$S/aging3600~$place"
	forget
	: >"$T/log"
	alone
	is "$?" 70 "$place: without a session another program is needed"
	get
	ok "$place: a role is assumed"
	like "$(cat "$OUT")" '^username=ASIA[0-9]+%fakeSessionToken/' "$place: and answered with"
	first=$(user)
	alone
	ok "$place: the next needs no other program"
	is "$(user)" "$first" "$place: and has the same session"
	is "$(codetrain-credentials --profile role --format lines | sed -n 's/^access_key_id=//p')" "$first" \
		"$place: which codetrain-credentials has too"
	is "$(asked)" 1 "$place: AWS was asked once"
	if [ "$place" = kernel ]; then
		like "$(keys list)" '^[0-9a-f]{64} (3[56]|60)' "the kernel will forget it with its end"
		is "$(find "$HOME/.cache" -type f)" "" "and it is in no file"
	else
		! keys list >/dev/null
		ok "file: not in the kernel"
		is "$(find "$HOME/.cache/codetrain" -printf '%m %y\n' | sort)" "600 f
700 d" "file: for the user alone, and no lock is left"
	fi

	# what it depends on
	AWS_PROFILE=role AWS_ENDPOINT_URL="$S/elsewhere" alone
	is "$?" 70 "$place: not for another endpoint"
	(umask 077; sed 's/^region.*/&\nexternal_id = x/' "$HOME/.aws/config" >"$T/config")
	AWS_CONFIG_FILE="$T/config" alone
	is "$?" 70 "$place: not for another configuration"
	printf '[profile new]\nregion = us-east-1\n' >>"$HOME/.aws/config"
	alone
	ok "$place: a profile more is no other configuration"
	cp "$HOME/.aws/credentials" "$T/keys"
	sed -i 's/canarySecret00/canarySecret01/' "$HOME/.aws/credentials"
	alone
	is "$?" 70 "$place: not for other keys of the source profile"
	cp "$T/keys" "$HOME/.aws/credentials"
	CODETRAIN_SESSION_CACHE=off alone
	is "$?" 70 "$place: not when switched off"
	alone
	ok "$place: but still there"

	# store and erase
	sed 's/^$/password=x/' "$T/request" >"$T/erase"
	for verb in store erase; do
		{ sed '$d' "$T/request"; printf 'username=ASIAOTHER%%token\npassword=x\n'; } |
			git-credential-codecommit --profile role $verb >"$OUT" 2>&1
		is "$?$(cat "$OUT")" 0 "$place: $verb of another session"
	done
	{ sed '$d' "$T/request"; printf 'username=%s%%token\npassword=x\n' "$first"; } >"$T/erase"
	git-credential-codecommit --profile role store <"$T/erase"
	sed 's/^host=.*/host=git.example/' "$T/erase" | git-credential-codecommit --profile role erase
	sed 's/%token//' "$T/erase" | git-credential-codecommit --profile role erase
	alone
	ok "$place: changes nothing, nor does erase for another host or of long-lived keys"
	git-credential-codecommit --profile role erase <"$T/erase" >"$OUT" 2>&1
	is "$?$(cat "$OUT")" 0 "$place: erase of this one"
	alone
	is "$?" 70 "$place: drops it"
	get
	ok "$place: the next get has one again"
	git-credential-codecommit --profile role erase <"$T/request"
	alone
	is "$?" 70 "$place: erase of no user drops whichever there is"

	# signing in and out
	printf '{"accessToken":"goodBearer","expiresAt":"2099-01-01T00:00:00Z"}' >"$sso"
	AWS_ENDPOINT_URL="$S/ok~$place" get corp
	ok "$place: an SSO session"
	AWS_ENDPOINT_URL="$S/ok~$place" alone corp
	ok "$place: is kept"
	rm "$sso"
	rm -rf "$HOME/.aws/cli"
	AWS_ENDPOINT_URL="$S/ok~$place" get corp
	is "$?" 6 "$place: until one signs out"
	like "$(cat "$ERR")" 'run aws sso login --profile corp' "$place: and is told how to sign in"

	# ---- forty at once ----
	forget
	export AWS_ENDPOINT_URL="$S/late-aging3601~$place"
	: >"$T/log"
	forty 0 '^username=ASIA0*1?[0-9]%fakeSessionToken/' "$place: forty at once without a session: forty answers"
	is "$(asked)" 1 "$place: of one AssumeRole"
	is "$(cat "$T"/many.*.out | grep -c '^username=' | tr -d ' ')" 40 "$place: each with a user"
	is "$(sed -n 's/^username=//p' "$T"/many.*.out | sort -u | wc -l)" 1 "$place: all of them the same"
	for left in 90 400; do
		export AWS_ENDPOINT_URL="$S/late-aging$left~$place"
		forget
		: >"$T/log"
		get
		age 3500
		old=$(user)
		forty 0 '^username=ASIA[0-9]+%fakeSessionToken/' "$place: forty at once, $left seconds before its end: forty answers"
		is "$(asked)" 2 "$place: and one AssumeRole more"
		alone
		isnt "$(user)" "$old" "$place: which is what is kept now"
		[ "$left" -eq 400 ] || lacks "$(cat "$T"/many.*.out)" "$old" "$place: nobody went on with the one that ends at once"
	done
	forget
	export AWS_ENDPOINT_URL="$S/late-403~$place"
	: >"$T/log"
	began=$(date +%s)
	forty 6 '^quit=1' "$place: forty at once, refused: forty times no"
	ok "$place: after few tries ($(asked))" [ "$(asked)" -le 3 ]
	is "$(cat "$T"/many.*.err | grep -c 'AssumeRole in role .us-east-2.: AccessDenied')" 40 "$place: with the reason"
	ok "$place: and soon" [ $(($(date +%s) - began)) -le 20 ]
	is "$(find "$HOME/.cache/codetrain" -name '*.lock')" "" "$place: no lock is left"

	# what still lives is better than nothing
	forget
	export AWS_ENDPOINT_URL="$S/ending500~$place"
	: >"$T/log"
	get
	age 3000
	get
	ok "$place: a refresh that fails"
	is "$(asked) $(user)" "2 ASIA0000000000000001" "$place: leaves what still lives"
	forty 0 '^username=ASIA0000000000000001%' "$place: for forty, too"

	# ---- killed in the middle ----
	forget
	export AWS_ENDPOINT_URL="$S/stuck1~$place"
	: >"$T/log"
	git-credential-codecommit --profile role get <"$T/request" >"$T/killed.out" 2>"$T/killed.err" &
	helper=$!
	until_true 20 grep -q AssumeRole "$T/log"
	git-credential-codecommit --profile role get <"$T/request" >"$T/next.out" 2>"$T/next.err" &
	next=$!
	waits() { find /proc/[0-9]*/fd -lname "$HOME/.cache/codetrain/*.lock" 2>/dev/null | cut -d/ -f3 | sort -u | wc -l; }
	if [ "$(id -u)" -eq 0 ]; then
		until_true 20 eval '[ "$(waits)" -eq 2 ]'
		ok "$place: one refreshes, one waits"
	else
		skip "$place: one refreshes, one waits" "only root sees what they have open"
	fi
	child=$(cat "/proc/$helper/task/$helper/children" 2>/dev/null)
	# shellcheck disable=SC2086
	kill -9 $child
	wait $helper
	is "$?" 70 "$place: the one is killed"
	wait $next
	is "$? $(grep -c '^username=ASIA' "$T/next.out") $(asked)" "0 1 2" "$place: the other mends it"
	is "$(find "$HOME/.cache/codetrain" -name '*.lock')" "" "$place: and leaves no lock"

	# ---- AWS calls it expired ----
	forget
	export AWS_ENDPOINT_URL="$S/aging3602~$place"
	: >"$T/log"
	AWS_ENDPOINT_URL_SECRETS_MANAGER="$S/expired" codetrain-credentials --profile role --secret s >"$OUT" 2>"$ERR"
	is "$?" 6 "$place: credentials that AWS calls expired"
	is "$(asked)" 2 "$place: are fetched once more, from no cache"
done

# ---- what is never on a disk, or never kept -----------------------------------------------

mkdir "$T/$mark"
cat >"$T/$mark/process" <<END
#!/bin/sh
echo >>"$T/ran"
echo '{"Version":1,"AccessKeyId":"ASIAPROCESS","SecretAccessKey":"$GIVEN","SessionToken":"tok","Expiration":"2099-01-01T00:00:00Z"}'
END
chmod +x "$T/$mark/process"
export AWS_ENDPOINT_URL="$S/ok" CODETRAIN_SESSION_CACHE='file'
rm -rf "$HOME/.cache"
for i in 1 2; do get process; ok "a credential_process, time $i"; done
is "$(wc -l <"$T/ran")" 2 "is run each time where the kernel keeps nothing"
ok "and is in no file" [ ! -e "$HOME/.cache/codetrain" ]
if [ "$places" != file ]; then
	unset CODETRAIN_SESSION_CACHE
	for i in 1 2; do get process; ok "the same with the kernel, time $i"; done
	is "$(wc -l <"$T/ran")" 3 "it is run once"
	like "$(keys list)" '^[0-9a-f]{64} (900|840|1[45])' "and kept for a quarter of an hour"
	keys remove
fi
unset CODETRAIN_SESSION_CACHE
codetrain-credentials --profile base --secret role >"$OUT" 2>"$ERR"
ok "the role of a secret"
! keys list >/dev/null
ok "is not kept by the kernel"
is "$(find "$HOME/.cache" -type f 2>/dev/null)" "" "nor in a file"
CODETRAIN_SESSION_CACHE=files get
is "$?" 2 "a setting that is none"
like "$(cat "$ERR")" 'CODETRAIN_SESSION_CACHE is "files"; it takes kernel, file or off' "is told the right ones"
CODETRAIN_SESSION_CACHE=files get base
ok "and is no matter to keys that do not end"
rm -rf "$HOME/.cache" "$HOME/.aws/cli" && mkdir "$HOME/.cache" "$T/planted" && ln -s "$T/planted" "$HOME/.cache/codetrain"
CODETRAIN_SESSION_CACHE='file' get
ok "a link in place of the folder keeps nobody from an answer"
is "$(ls -A "$T/planted")" "" "and is not followed"
rm -rf "$HOME/.cache"
: >"$HOME/.cache"
CODETRAIN_SESSION_CACHE='file' get
ok "no more does a home where nothing can be made"
rm "$HOME/.cache"

# ---- system calls, arguments and environments -------------------------------------------

if nm "$BUILD/git-credential-codecommit" 2>/dev/null | grep -q __asan_init || ! strace -o "$T/probe" true 2>/dev/null; then
	skip "system calls" "a sanitizer build, or no strace"
else
	rm -rf "$HOME/.aws/cli"
	strace -f -v -s 65536 -e trace=execve -o "$T/trace" git-credential-codecommit --profile role get <"$T/request" >"$OUT" 2>"$ERR"
	[ "$(id -u)" -ne 0 ] || like "$(cat "$T/trace")" 'execve.*codetrain-credentials' "a miss runs codetrain-credentials"
	for s in "$SECRET" "$GIVEN" fakeSessionToken; do
		lacks "$(cat "$T/trace")" "$s" "no secret is in its arguments or environment"
	done
	[ "$places" = file ] || {
		strace -f -s 65536 -o "$T/trace" git-credential-codecommit --profile role get <"$T/request" >"$OUT" 2>"$ERR"
		is "$(grep -c 'keyctl' "$T/trace")" 2 "a hit asks the kernel twice"
		is "$(grep -cE 'execve|clone|fork' "$T/trace")" 1 "starts nothing"
		is "$(grep -cE 'mkdir|flock|\.cache|add_key|socket' "$T/trace")" 0 "and makes, locks and looks for nothing"
		calls=$(wc -l <"$T/trace")
		ok "at most 95 system calls ($calls)" [ "$calls" -le 95 ]
		is "$(grep -F "$GIVEN" "$T/trace" | grep -vc KEYCTL_READ)" 0 "the secret is read from the kernel and goes nowhere"
	}
	{ sed '$d' "$T/request"; printf 'username=AKIACANARYCANARY0001\npassword=x\n'; } >"$T/erase"
	strace -f -o "$T/trace" git-credential-codecommit --profile role erase <"$T/erase"
	is "$(grep -cE 'open.*\.aws|keyctl' "$T/trace")" 0 "erase of long-lived keys looks at nothing"
	calls=$(wc -l <"$T/trace")
	ok "at most 40 system calls for it ($calls)" [ "$calls" -le 40 ]
fi
is "$(cat "$T/server.err")" "" "the server itself had no fault"
exec 9>&-
done_testing
