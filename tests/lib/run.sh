#!/bin/sh
# prove --exec tests/lib/run.sh FILE...: a .t file runs by itself; a cmocka program
# runs here, and its cases come out as TAP that prove understands. With VALGRIND=1 it
# runs under valgrind, which fails it for an error, a leak or an open descriptor.

case $1 in *.t) exec sh "$@" ;; esac
program=$(realpath "$1")
. "$SOURCE/tests/lib/tap.sh"

check=
if [ -n "${VALGRIND:-}" ]; then check="valgrind $VALGRIND_OPTIONS --log-file=$T/valgrind.log"; fi

cd "$T" || exit 1
# shellcheck disable=SC2086
CMOCKA_MESSAGE_OUTPUT=TAP $check "$program" >"$OUT" 2>"$ERR" </dev/null
rc=$?
# A test's own lines may stand between; a case's line begins with ok or not ok.
while IFS= read -r line; do
	case $line in
	"ok "*) _n=$((_n + 1)); echo "ok $_n - ${line#ok * - }" ;;
	"not ok "*"# SKIP "*) skip "${line##*# SKIP }" 'its data is not here' ;;
	"not ok "*)
		_n=$((_n + 1)) _failed=$((_failed + 1))
		echo "not ok $_n - ${line#not ok * - }" ;;
	"#"*) echo "$line" ;;
	esac
done <"$OUT"
grep -q '^1\.\.' "$OUT"
ok 'it ran to its end'
is "$rc" 0 'it exits 0' || { _show <"$ERR"; [ -z "$check" ] || _show <"$T/valgrind.log"; }
if [ -n "$check" ]; then
	ok 'no descriptor is left open' descriptors_closed "$T/valgrind.log" || _show <"$T/valgrind.log"
fi
done_testing
