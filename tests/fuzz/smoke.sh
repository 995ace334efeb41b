#!/bin/sh
# Runs every fuzzer for SECONDS_EACH (5) over its kept corpus. SEED repeats a run.
# Prints "N passed, M failed"; a crash leaves its input in the build folder.

set -u
B=$(cd "${B:?the build folder}" && pwd)
cd "$(dirname "$0")" || exit 2
: "${SECONDS_EACH:=5}" "${SEED:=1}"
T=$(mktemp -d "${TMPDIR:-/tmp}/codetrain-fuzz.XXXXXX") || exit 2
trap 'rm -rf "$T"' EXIT

passed=0 failed=0
for fuzzer in "$B"/fuzz/fuzz_*; do
	case $fuzzer in *.d) continue ;; esac
	name=${fuzzer##*/fuzz_}
	mkdir -p "$T/$name"
	if "$fuzzer" -seed="$SEED" -max_total_time="$SECONDS_EACH" -timeout=10 -rss_limit_mb=2048 \
		-max_len=4096 -artifact_prefix="$B/crash-$name-" "$T/$name" "corpus/$name" >"$T/log" 2>&1; then
		passed=$((passed + 1))
		echo "ok - fuzz $name: $(sed -n 's/^Done \([0-9]* runs\).*/\1/p' "$T/log"), seed $SEED"
	else
		failed=$((failed + 1))
		echo "not ok - fuzz $name, seed $SEED"
		tail -n 40 "$T/log"
	fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
