#!/bin/sh
# The queue while client, receive-pack, hooks and drainers are killed and failed at
# their system calls: nothing is lost, nothing comes twice. The long run is `make soak`.
. "$SOURCE/tests/lib/tap.sh"

mkdir "$T/tools"
${CC:-cc} -std=c11 -D_GNU_SOURCE -O2 -o "$T/tools/trace" "$SOURCE/tests/soak/trace.c" "$SOURCE/tests/soak/machine.c" &&
	${CC:-cc} -std=c11 -D_GNU_SOURCE -O2 -fPIC -shared -o "$T/tools/clock.so" "$SOURCE/tests/soak/clock.c" ||
	bail "the tools do not build"
trace=$T/tools/trace
"$trace" true || skip_all "processes cannot be traced here"

# -- the tracer: a call that is killed at its entry has no effect, one at its exit has
status 7 "the command's exit code comes through" "$trace" sh -c 'exit 7'
status 143 "and its signal" "$trace" sh -c 'kill -TERM $$'
status 1 "a call is made to fail" "$trace" -k 'mkdir 1 1 ENOSPC 1' mkdir "$T/none"
like "$(err)" 'No space left' "as a full disk does"
ok "it had no effect" test ! -e "$T/none"
"$trace" -c -l "$T/log" mkdir "$T/one"
n=$(awk '$2 == "mkdir" { print $4 }' "$T/log")
found=
while [ -z "$found" ] && [ "$n" -gt 1 ]; do
	n=$((n - 1))
	: >"$T/log"
	"$trace" -l "$T/log" -k "mkdir 1 $n enter kill" mkdir "$T/two" 2>"$ERR"
	rc=$?
	found=$(awk '$7 ~ /^mkdir/' "$T/log")
	[ -n "$found" ] || rm -rf "$T/two"
done
is "$rc" 137 "a process is killed"
ok "before its call's effect" test -n "$found" -a ! -e "$T/two"
"$trace" -k "mkdir 1 $n exit kill" mkdir "$T/two" 2>"$ERR"
ok "or after it" test -d "$T/two"
printf 'abcdefgh' >"$T/in"
"$trace" -l "$T/log" -k 'cat 1 1 short 0' cat "$T/in" | cat >"$OUT"
is "$(out)" abcdefgh "a short write is gone on with by those who look"
ok "and it was short" grep -q 'short write' "$T/log"
"$trace" -l "$T/log" -k 'sleep 2 1 enter kill' sh -c 'sleep 0; sleep 0; echo $?' >"$OUT" 2>"$ERR"
is "$(out)" 137 "the second process of a role is told from the first"
# the clock of what loads no library, as that of what does
printf '%s\n' '#include <stdio.h>' '#include <sys/time.h>' '#include <time.h>' 'int main(void) { struct timeval tv;' \
	'struct timespec ts; gettimeofday(&tv, 0); clock_gettime(CLOCK_REALTIME, &ts);' \
	'printf("%ld %ld %ld\n", (long)time(0), (long)tv.tv_sec, (long)ts.tv_sec); }' >"$T/when.c"
${CC:-cc} -static -o "$T/when.static" "$T/when.c" && ${CC:-cc} -o "$T/when" "$T/when.c"
printf '\000\000\000\000\001\000\000\000' >"$T/clock"	# 2^32 ms
for when in when when.static; do
	"$trace" -o "$T/clock" -e "LD_PRELOAD=$T/tools/clock.so" -e "SOAK_CLOCK=$T/clock" "$T/$when" >"$OUT"
	is "$(awk -v now="$(date +%s)" '{ for (i = 1; i <= 3; i++) print ($i - now - 4294967) ^ 2 < 100 }' "$OUT" | xargs)" \
		"1 1 1" "the clock of $when is moved"
done
status 124 "the tracer's own time is bounded" "$trace" -t 1 sleep 60

# -- the queue; the programs of a build with sanitizers take their time
pushes=${PUSHES:-120}
if grep -q __asan_init "$BUILD/post-receive"; then
	pushes=${PUSHES:-60}
fi
seed=${SEED:-$(date +%s)}
run timeout 500 python3 -B "$SOURCE/tests/soak/soak.py" --pushes "$pushes" --seed "$seed" \
	"$BUILD" "$T/tools" "$T/soak" </dev/null
grep '^#' "$OUT"
is "$rc" 0 "the run ends, and nothing was wrong with it" || _show <"$ERR"
is "$(grep -v '^#' "$OUT")" "" "each move is one event, each event one build, in order (SEED=$seed)"

# -- what judges it: each thing that could be wrong is noticed
run python3 -B "$SOURCE/tests/soak/oracle.py" "$T/soak/result.json"
is "$(sort "$OUT")" "noticed: lost
noticed: no move
noticed: out of order
noticed: started 0 times
noticed: started 2 times
noticed: was built after" "a lost, a doubled and a swapped event or build are noticed"

done_testing
