#!/bin/sh
# Runs every cmocka program and adds their cases up as one TAP stream.
# With VALGRIND=1 each runs under valgrind, which fails it for an error, a leak
# or a descriptor left open.
. "$SOURCE/tests/lib/tap.sh"

check=
if [ -n "${VALGRIND:-}" ]; then
	check="valgrind -q --error-exitcode=99 --leak-check=full --show-leak-kinds=definite,possible
		--errors-for-leak-kinds=definite,possible --track-fds=yes --child-silent-after-fork=yes
		--suppressions=$SOURCE/tests/lib/valgrind.supp"
fi

cases=0
for program in "$BUILD"/unit/test_*; do
	case $program in *.d | *.o) continue ;; esac
	name=${program##*/}
	cd "$T" || exit 1
	# shellcheck disable=SC2086
	CMOCKA_MESSAGE_OUTPUT=TAP $check "$program" >"$OUT" 2>"$ERR" </dev/null
	rc=$?
	# A test's own lines may stand between; a case's line begins with ok or not ok.
	while IFS= read -r line; do
		case $line in
		"ok "*) _n=$((_n + 1)); echo "ok $_n - $name: ${line#ok * - }" ;;
		"not ok "*"# SKIP "*)
			_n=$((_n + 1)); echo "ok $_n - $name: ${line##*# SKIP } # SKIP its data is not here" ;;
		"not ok "*)
			_n=$((_n + 1)) _failed=$((_failed + 1))
			echo "not ok $_n - $name: ${line#not ok * - }" ;;
		"#"*) echo "$line" ;;
		esac
	done <"$OUT"
	grep -q '^1\.\.' "$OUT"
	ok "$name ran to its end"
	[ "$rc" -eq 0 ]
	ok "$name exits 0" || { echo "# exit code $rc"; _show <"$ERR"; }
	if [ -n "$check" ]; then
		! grep -E '^==[0-9]+== +Open file descriptor [3-9]|^==[0-9]+== Open file descriptor [1-9][0-9]' "$ERR" >/dev/null
		ok "$name leaves no descriptor open" || _show <"$ERR"
	fi
done
done_testing
