# A D-Bus session and a gnome-keyring of the test's own. Sourced after tap.sh.
#
# Gives bus_up, keyring_up, keyring_down, lock, ended_within; K is the program. All of
# it is below $T, and ends with the test.

command -v dbus-run-session >/dev/null || skip_all 'no dbus-run-session: install dbus-daemon'
command -v gnome-keyring-daemon >/dev/null || skip_all 'no gnome-keyring-daemon: install gnome-keyring'
command -v dbus-send >/dev/null || skip_all 'no dbus-send: install dbus-bin'

K=$BUILD/codetrain-keyring
keyring_pid='' bus_pid=''
XDG_RUNTIME_DIR=$T/run
export XDG_RUNTIME_DIR
unset DISPLAY WAYLAND_DISPLAY GNOME_KEYRING_CONTROL
mkdir -m 700 "$T/run" "$HOME/.aws"

# A bus that starts no service of the machine's.
bus_up() {
	cat >"$T/bus.conf" <<EOF
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:path=$T/bus</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/>
<allow eavesdrop="true"/><allow own="*"/></policy></busconfig>
EOF
	dbus-daemon --config-file="$T/bus.conf" --nofork --nopidfile 2>"$T/bus.log" &
	bus_pid=$!
	at_exit 'kill $bus_pid 2>/dev/null; wait $bus_pid 2>/dev/null'
	DBUS_SESSION_BUS_ADDRESS=unix:path=$T/bus
	export DBUS_SESSION_BUS_ADDRESS
	until_true 20 test -S "$T/bus" || bail 'no bus'
}

bus_call() { # bus_call DESTINATION PATH METHOD ARG...
	_to=$1 _at=$2
	shift 2
	dbus-send --session --print-reply --reply-timeout=5000 --dest="$_to" "$_at" "$@"
}

answers() { bus_call org.freedesktop.secrets /org/freedesktop/secrets \
	org.freedesktop.Secret.Service.ReadAlias string:default 2>/dev/null | grep -q collection/login; }

keyring_up() { # unlocked, with what it had before
	printf 'keyring password' >"$T/keyring-password"
	gnome-keyring-daemon --foreground --unlock --components=secrets \
		<"$T/keyring-password" >"$T/keyring.log" 2>&1 &
	keyring_pid=$!
	at_exit 'keyring_down'
	until_true 20 answers || bail 'no keyring'
}

keyring_down() {
	[ -n "$keyring_pid" ] || return 0
	kill -CONT "$keyring_pid" 2>/dev/null
	kill "$keyring_pid" 2>/dev/null
	wait "$keyring_pid" 2>/dev/null
	keyring_pid=
}

lock() {
	bus_call org.freedesktop.secrets /org/freedesktop/secrets org.freedesktop.Secret.Service.Lock \
		array:objpath:/org/freedesktop/secrets/collection/login >/dev/null
}

# ended_within SECONDS CODE NAME COMMAND...: one second is the program's own bound; the
# rest is for a machine that has much else to do
ended_within() {
	_most=$1 _began=$(date +%s)
	shift
	status "$@"
	[ $(($(date +%s) - _began)) -le "$_most" ]
	ok "within $_most seconds"
}

secret=wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY
credentials=$HOME/.aws/credentials config=$HOME/.aws/config

keys_in_file() { # the files as they are before anything is stored
	printf '# mine\n[p]\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = %s\n[q]\naws_access_key_id=AKIDOTHER\naws_secret_access_key=other\n' \
		"$secret" >"$credentials"
	printf '[profile p]\nregion = us-east-1\n\n[profile role]\nrole_arn = arn:aws:iam::111111111111:role/r\nsource_profile = p\n' >"$config"
	chmod 600 "$credentials"
}
