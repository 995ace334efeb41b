#!/bin/sh
# The units that make install puts in place, read by systemd itself.
. "$SOURCE/tests/lib/tap.sh"

mkdir "$T/units"
for unit in "$SOURCE"/packaging/systemd/codetrain-queue@.*; do
	sed "s,/usr/local/libexec/codetrain,$BUILD," "$unit" >"$T/units/${unit##*/}"
done
is "$(cd "$T/units" && echo *)" "codetrain-queue@.path codetrain-queue@.service codetrain-queue@.timer" "three units"
like "$(cat "$T/units/codetrain-queue@.service")" "^ExecStart=$BUILD/codetrain-queue run -C %f$" "the service runs the drainer of the instance's path"
like "$(cat "$T/units/codetrain-queue@.service")" "^User=" "as a user of its own: root's files would shut the hooks out"
like "$(cat "$T/units/codetrain-queue@.service")" "^KillMode=process$" "builds outlive it"
if ! command -v systemd-analyze >/dev/null; then
	skip "systemd-analyze verify" "there is no systemd here"
	done_testing
fi
verify() { SYSTEMD_UNIT_PATH=$T/units: systemd-analyze verify --man=no --generators=no "$@"; }
instance=codetrain-queue@$(systemd-escape --path '/srv/git/my iris.git')
is "$instance" 'codetrain-queue@srv-git-my\x20iris.git' "a path is an instance"
for kind in service path timer; do
	status 0 "$kind" verify "$instance.$kind"
	is "$(err)" "" "and systemd has nothing to say about it"
done
sed -i 's/^KillMode=process/KillMode=politely/' "$T/units/codetrain-queue@.service"
run verify "$instance.service"
like "$(err)" "kill mode" "a word that is none would be seen"
done_testing
