#!/bin/sh
# What each built program links, and how it is hardened, read from the files.
. "$SOURCE/tests/lib/tap.sh"

# Sanitizers bring libraries of their own, and are not linked statically.
if readelf -sW "$BUILD/codetrain" | grep -q __asan_init; then skip_all 'a sanitizer build'; fi

needed() { # the sonames without version, without what every program has
	readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(lib[^.]*\).*/\1/p' |
		sed 's/-[0-9.]*$//' |
		grep -vE '^(libc|libm|libpthread|libdl|librt|libasan|libubsan|libgcc_s|libstdc\+\+|libclang_rt)$' |
		LC_ALL=C sort | tr '\n' ' ' | sed 's/ $//'
}

listed=
while read -r program libraries; do
	case $program in '#'* | '') continue ;; esac
	listed="$listed $program "
	# shellcheck disable=SC2086
	# behind a bar: where libgit2 cannot be linked in
	case $libraries in
	*' | '*)
		if needed "$BUILD/$program" | grep -q libgit2; then libraries=${libraries#* | }; else libraries=${libraries%% | *}; fi
		;;
	esac
	want=$(printf '%s\n' $libraries | LC_ALL=C sort | tr '\n' ' ' | sed 's/ $//; s/^ *//')
	is "$(needed "$BUILD/$program")" "$want" "$program links what its row says"
done <"$SOURCE/tests/cli/linkage.txt"

for f in "$BUILD"/*; do
	[ -f "$f" ] && readelf -h "$f" >/dev/null 2>&1 || continue
	case ${f##*/} in compile-rules | *.a | *.o) continue ;; esac
	case $listed in
	*" ${f##*/} "*) ok "${f##*/} has a row" true ;;
	*) ok "${f##*/} has a row" false ;;
	esac
done

# The twin that must fail: a row with a library too few is seen.
isnt "$(needed "$BUILD/codetrain-submit")" "libcrypto" "a missing library would be seen"

hardened() {
	readelf -lW "$1" >"$T/segments"
	readelf -dW "$1" >"$T/dynamic"
	readelf -hW "$1" | grep -q 'Type: *DYN' || { echo "# no PIE"; return 1; }
	grep -q GNU_RELRO "$T/segments" || { echo "# no RELRO"; return 1; }
	grep 'GNU_STACK' "$T/segments" | grep -q 'RW ' || { echo "# executable stack"; return 1; }
	grep -qE 'BIND_NOW|FLAGS_1.*NOW' "$T/dynamic" || ! grep -q NEEDED "$T/dynamic" ||
		{ echo "# lazy binding"; return 1; }
}
for program in $listed; do
	ok "$program is position independent, read-only after start, no executable stack" \
		hardened "$BUILD/$program"
done
done_testing
