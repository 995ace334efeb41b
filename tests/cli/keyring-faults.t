#!/bin/sh
# codetrain keyring when something is wrong: no bus, a mute one, a locked keyring, one
# that hangs or dies in the middle, a kill between any two steps; and no secret in any
# argument, environment, file or trace.
. "$SOURCE/tests/lib/tap.sh"
. "$SOURCE/tests/lib/keyring.sh"
command -v python3 >/dev/null || skip_all 'no python3'

host=git-codecommit.us-east-1.amazonaws.com
helper() { # helper ARG...: asks as git would
	printf 'protocol=https\nhost=%s\npath=v1/repos/x\n\n' $host >"$T/asked"
	"$BUILD/git-credential-codecommit" "$@" get <"$T/asked"
}
untouched() { is "$(cat "$credentials" "$config")" "$(cat "$T/before")" "$1: the files are as they were"; }

# fake_bus ARG...: a socket at $T/fake in place of the bus; fake_bus_down ends it
fake_bus() {
	rm -f "$T/fake" "$T/up" "$T/hold"
	mkfifo "$T/hold"
	python3 "$SOURCE/tests/lib/fake_bus.py" "$T/fake" "$@" <"$T/hold" >"$T/up" &
	fake_pid=$!
	exec 7>"$T/hold"
	until_true 20 grep -q up "$T/up" || bail 'no fake bus'
}
fake_bus_down() {
	exec 7>&-
	wait "$fake_pid"
}
by_fake() { DBUS_SESSION_BUS_ADDRESS=unix:path=$T/fake "$@"; }

keys_in_file
printf '[profile stored]\ncredential_process = %s get --profile stored\ncodetrain_keyring = stored\ncodetrain_git_keyring = stored\n' \
	"$K" >>"$config"
cat "$credentials" "$config" >"$T/before"

everything_fails() { # everything_fails WHAT PATTERN: with exit code 7, in time
	for _args in 'get --profile p' 'list' 'store --profile p --move' 'erase --git --profile p'; do
		# shellcheck disable=SC2086
		ended_within 4 7 "$1: $_args" "$K" $_args
		like "$(err)" "$2" "$1: and says what helps"
	done
	untouched "$1"
	ended_within 4 7 "$1: the git helper" helper --profile stored
	like "$(err)" "$2" "$1: and says the same"
	is "$(out)" 'quit=1' "$1: and git asks nobody"
}

# ---- no bus, a mute one, one without a keyring -----------------------------------------------

unset DBUS_SESSION_BUS_ADDRESS
everything_fails 'no bus' 'no D-Bus session here.*; sign in to the desktop, or run: dbus-run-session'
DBUS_SESSION_BUS_ADDRESS=unix:path=$T/nowhere
export DBUS_SESSION_BUS_ADDRESS
everything_fails 'a bus that is gone' 'cannot reach the session bus: .*; see whether DBUS_SESSION_BUS_ADDRESS is right'
fake_bus
DBUS_SESSION_BUS_ADDRESS=unix:path=$T/fake
everything_fails 'a mute socket' 'did not answer within a second; look whether'
fake_bus_down
bus_up
everything_fails 'no Secret Service' 'no Secret Service is on the session bus; install gnome-keyring'

# ---- locked, hanging ---------------------------------------------------------------------------

keyring_up
printf 'AKIDSTORED\n%s\n' "$secret" | "$K" store --profile stored 2>/dev/null
printf 'git/password+1=\n' | "$K" store --git --profile stored --username u-at-1 2>/dev/null
cat "$credentials" "$config" >"$T/before"
like "$(helper --profile stored)" '^username=u-at-1$' 'unlocked, the helper is answered'

lock
everything_fails 'a locked keyring' 'is locked; sign in to the desktop, or run gnome-keyring-daemon --replace --unlock'
ended_within 4 7 'a locked keyring: store --git' "$K" store --git --profile p --username u
like "$(err)" 'is locked' 'before it asks for anything'
keyring_down
keyring_up
like "$(helper --profile stored)" '^username=u-at-1$' 'unlocked again, all is there'

kill -STOP "$keyring_pid"
everything_fails 'a keyring that hangs' 'did not answer within a second'
kill -CONT "$keyring_pid"
until_true 20 answers
like "$(helper --profile stored)" '^username=u-at-1$' 'going on, it answers'

# ---- dying in the middle, and a kill between any two steps ---------------------------------------

# A busy machine's keyring may need more than its second: then, and only then, again.
patient() {
	for _try in 1 2 3 4; do
		"$@"
		_code=$?
		[ $_code -eq 7 ] || break
	done
	return "$_code"
}
# The key is in the file, or in the keyring, or in both; never nowhere.
kept() {
	grep -qF "aws_secret_access_key = $secret" "$credentials" && grep -q 'id = AKIDEXAMPLE' "$credentials" && return 0
	patient "$K" get --profile p 2>/dev/null | grep -qF "\"$secret\""
}
# And when the file has none, the profile says where it is.
found() { kept && { grep -q 'id = AKIDEXAMPLE' "$credentials" || grep -q '^codetrain_keyring = p$' "$config"; }; }
whole_again() { # the same command once more ends what was begun
	patient "$K" store --profile p --move >/dev/null 2>"$ERR" && ! grep -qF "$secret" "$credentials" &&
		patient "$K" get --profile p | grep -qF "\"$secret\"" && grep -q '^codetrain_keyring = p$' "$config" &&
		grep -q AKIDOTHER "$credentials" && [ "$(ls -A "$HOME/.aws" | tr '\n' " ")" = "config credentials " ]
}
from_start() {
	patient "$K" erase --profile p >/dev/null 2>&1
	keys_in_file
}

real=$T/bus
lost='' unfinished='' wrong=''
for cut in '1 close' '4 close' '7 close' '9 close' '11 close' '13 close' '15 close' '17 close' '19 close' \
	'22 close' '26 close' '30 close' '35 close' '8 mute' '20 mute'; do
	from_start
	# shellcheck disable=SC2086
	fake_bus "$real" $cut
	by_fake "$K" store --profile p --move >/dev/null 2>"$T/cut-err"
	code=$?
	fake_bus_down
	case $code in 0 | 7) ;; *) wrong="$wrong [$cut: $code]" ;; esac
	found || lost="$lost [$cut]"
	whole_again || unfinished="$unfinished [$cut]"
done
is "$wrong" '' 'a bus that dies or falls silent in the middle: exit code 7, or it was done'
is "$lost" '' 'no key is lost'
is "$unfinished" '' 'and a second run completes it'

if strace -qq -f -o /dev/null true 2>/dev/null; then
	# kill_at CALL N COMMAND...: kill -9 before the Nth of these calls; true when it came to that
	kill_at() {
		_call=$1 _nth=$2
		shift 2
		strace -qq -f -o /dev/null -e trace="$_call" -e inject="$_call:signal=SIGKILL:when=$_nth" \
			"$@" >/dev/null 2>&1
		[ $? -eq 137 ]
	}
	moved() {
		from_start
		patient "$K" store --profile p --move 2>/dev/null
	}
	restored() { # the same command once more
		patient "$K" erase --profile p --restore >/dev/null 2>&1
		grep -qF "$secret" "$credentials" && ! grep -q codetrain_keyring "$config"
	}
	# kill_all BEGIN KEPT AGAIN ARG...: at every rename and fsync, and at every third message
	kill_all() {
		_begin=$1 _kept=$2 _again=$3
		shift 3
		lost='' unfinished='' kills=0
		for call in rename fsync sendmsg; do
			n=1
			$_begin
			while kill_at $call $n "$K" "$@" && [ $n -lt 60 ]; do
				kills=$((kills + 1))
				$_kept || lost="$lost $call:$n"
				$_again || unfinished="$unfinished $call:$n"
				$_begin
				case $call in sendmsg) n=$((n + 3)) ;; *) n=$((n + 1)) ;; esac
			done
		done
		ok "$1 was killed at $kills places" [ $kills -ge 10 ]
		is "$lost" '' 'no key was lost'
		is "$unfinished" '' 'and a second run completed it'
	}
	kill_all from_start found whole_again store --profile p --move
	kill_all moved kept restored erase --profile p --restore
else
	skip 'a kill between any two steps' 'strace does not work here'
fi

# ---- no secret leaves -------------------------------------------------------------------------------

calls=execve,execveat,write,writev,pwrite64,pwritev,sendto,sendmsg,sendmmsg,rename,prctl,add_key
# What a program writes to its own standard output is for who started it; every other
# descriptor counts.
# (the leak checker of a sanitizer build cannot work under strace)
record() { ASAN_OPTIONS=detect_leaks=0 patient strace -f -qq -v -s 100000 -e trace=$calls -o "$T/trace" "$@"; }
leaks() { grep -v ' write(1, ' "$T/trace" | grep -nF -e "$1"; }
clean() { # clean NAME
	! leaks "$secret" >"$T/leak" && ! leaks 'git/password' >>"$T/leak"
	ok "$1: no secret in an argument, an environment, a file or on the bus" || cut -c1-150 "$T/leak" | _show
}
if strace -qq -f -o /dev/null true 2>/dev/null; then
	record sh -c "true $secret"
	leaks "$secret" >/dev/null
	is $? 0 'an argument would be seen'
	from_start
	G_DBUS_DEBUG=all G_MESSAGES_DEBUG=all record "$K" store --profile p >"$OUT" 2>"$ERR"
	ok 'store' grep -q 'is in the keyring' "$ERR"
	clean 'store'
	lacks "$(cat "$OUT" "$ERR")" "$secret" 'store: none in its output, also when GLib is to print all'
	record "$K" store --profile p --move 2>/dev/null
	clean 'store --move'
	G_DBUS_DEBUG=all record "$K" get --profile p >"$OUT" 2>"$ERR"
	ok 'get' grep -qF "$secret" "$OUT"
	clean 'get'
	lacks "$(err)" "$secret" 'get: none beside its answer'
	printf 'git/password+1=\n' >"$T/typed"
	record "$K" store --git --profile p --username u-at-1 <"$T/typed" 2>/dev/null
	clean 'store --git'
	record "$K" list --json >"$OUT" 2>"$ERR"
	clean 'list'
	lacks "$(out)" "$secret" 'list: none in its output'
	record "$BUILD/git-credential-codecommit" --profile p get <"$T/asked" >"$OUT" 2>"$ERR"
	ok 'the helper' grep -qF 'password=git/password+1=' "$OUT"
	clean 'the helper with a git password'
	record "$BUILD/git-credential-codecommit" --profile stored get <"$T/asked" >"$OUT" 2>"$ERR"
	clean 'the helper'
	git config --global credential.helper "$BUILD/git-credential-codecommit --profile p"
	git config --global credential.useHttpPath true
	printf 'url=https://%s/v1/repos/x\n\n' $host |
		GIT_TRACE=2 GIT_TRACE_CURL=2 GIT_TRACE_SETUP=2 GIT_TRACE2=2 git credential fill >"$OUT" 2>"$ERR"
	ok 'git credential fill' grep -qF 'password=git/password+1=' "$OUT"
	lacks "$(err)" 'git/password' 'none in GIT_TRACE'
	"$K" erase --git --profile p 2>/dev/null
	record "$K" erase --profile p 2>/dev/null
	clean 'erase'
	! grep -rlF "$secret" "$HOME" "$T/run" "$T/keyring.log" "$T/bus.log" 2>/dev/null | grep -q .
	ok 'and none in a file, the keyring of the test too'
else
	skip 'no secret leaves' 'strace does not work here'
fi
done_testing
