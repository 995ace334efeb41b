#!/bin/sh
# codetrain doctor and a real keyring: with the entry, without it, locked, and a bus
# that says nothing.
. "$SOURCE/tests/lib/tap.sh"
. "$SOURCE/tests/lib/keyring.sh"

SECRET=canarySecret/canarySecret+canarySecret00
bus_up
keyring_up
printf '[profile kept]\nregion = us-east-2\n' >"$HOME/.aws/config"
printf '[kept]\naws_access_key_id = AKIACANARYCANARY0001\naws_secret_access_key = %s\n' "$SECRET" >"$HOME/.aws/credentials"
chmod 600 "$HOME/.aws/credentials"
status 0 "a key goes into the keyring" "$K" store --profile kept --move
git config --global credential.https://git-codecommit.us-east-2.amazonaws.com.helper 'codecommit --profile kept'
git config --global credential.https://git-codecommit.us-east-2.amazonaws.com.useHttpPath true

look() { codetrain doctor --offline --json --profile kept; }
finds() { # finds NAME: the keyring; two seconds are its bound, the rest is for a slow machine
	ended_within 6 1 "$1" codetrain doctor --offline --json --profile kept
	like "$(out)" '"rule":"keyring","severity":"error"' "is found"
	lacks "$(cat "$OUT" "$ERR")" "$SECRET" "and no secret is told"
}
status 0 "an unlocked keyring with the entry" look
lacks "$(cat "$OUT" "$ERR")" "$SECRET" "is read and not shown"
lock
finds "a locked one"
like "$(out)" "locked" "by its state"
keyring_down
finds "no keyring at all"
mkfifo "$T/hold"
python3 "$SOURCE/tests/lib/fake_bus.py" "$T/mute" <"$T/hold" >"$T/mute.up" &
mute_pid=$!
exec 9>"$T/hold"
until_true 20 test -s "$T/mute.up" || bail "no mute bus"
DBUS_SESSION_BUS_ADDRESS=unix:path=$T/mute
export DBUS_SESSION_BUS_ADDRESS
finds "a bus that says nothing"
exec 9>&-
wait "$mute_pid"
done_testing
