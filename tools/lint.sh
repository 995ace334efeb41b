#!/bin/sh
# The rules of this code as a script that fails the build, with the exceptions
# to each written beside it. Prints "N passed, M failed".

set -u
cd "$(dirname "$0")/.." || exit 2
CC=${CC:-cc}
T=$(mktemp -d "${TMPDIR:-/tmp}/codetrain-lint.XXXXXX") || exit 2
trap 'rm -rf "$T"' EXIT

rule() { # rule NAME: stdin lists the violations
	cat >"$T/found"
	if [ -s "$T/found" ]; then
		echo "not ok - $1"
		sed 's/^/    /' "$T/found"
	else
		echo "ok - $1"
	fi | tee -a "$T/results"
}

tracked() { git ls-files -- "$@"; }

# -- banned calls: unbounded, not reentrant, or through a shell. memset for wiping is
# caught by review; explicit_bzero is the only way.
tracked '*.c' '*.h' | xargs grep -nE \
	'\b(strcpy|strcat|strncpy|strncat|sprintf|vsprintf|strtok|gmtime|localtime|ctime|asctime|atoi|atol|atof|system|popen|gets|alloca|tmpnam|mktemp|rand)[[:space:]]*\(' |
	rule 'no banned call'

# -- one direction: jobs -> lib/net -> lib/spec, lib/aws -> lib/base; no job looks into another
layer() { # layer FOLDER ALLOWED-REGEX
	tracked "$1/*.c" "$1/*.h" | xargs -r grep -nE '^#include "[a-z]+/' |
		grep -vE "#include \"($2)" | rule "$1 includes only its own layer and those below"
}
layer lib/base 'lib/base/'
layer lib/aws 'lib/(base|aws)/'
layer lib/spec 'lib/(base|spec)/'
layer lib/net 'lib/(base|aws|spec|net)/'
layer credhelper '(lib|credhelper)/'
layer hooks '(lib|hooks)/'
layer hooks/secrets '(lib|hooks/secrets)/'
layer hooks/objects '(lib|hooks/objects)/'
layer hooks/checks '(lib|hooks/(checks|objects|secrets))/'
layer hooks/queue '(lib|hooks/queue)/'
layer hooks/install '(lib|hooks/install)/'
layer buildstep '(lib|buildstep)/'

# -- libraries print nothing: only main does, through term.c and opt.c
tracked 'lib/*.c' | grep -vE '^lib/base/(term|opt)\.c$' |
	xargs grep -nE '\b(printf|puts|putchar|perror)[[:space:]]*\(|fprintf[[:space:]]*\(std(out|err)' |
	rule 'library code prints nothing'

# -- sizes: a longer file or function is looked at for the two things in it
tracked '*.c' '*.h' '*.py' '*.sh' | grep -vE '^(tests/|lib/spec/shapes_)' | while read -r f; do
	n=$(wc -l <"$f")
	[ "$n" -le 450 ] || echo "$f: $n lines (450 at most)"
done | rule 'files of at most 450 lines'
tracked '*.c' | grep -v '^tests/' | while read -r f; do
	awk -v f="$f" '/^[A-Za-z_].*[^;]$/ { name = $0 } /^\{/ { start = NR }
		/^\}/ { if (start && NR - start > 70) printf "%s:%d: %d lines: %s\n", f, start, NR - start, name; start = 0 }' "$f"
done | rule 'functions of at most 70 lines'
# (rows of test tables may be longer)
tracked '*.c' '*.h' | grep -vE '^(tests/|lib/spec/shapes_)' | xargs grep -nE '^.{111,}$' |
	rule 'lines of at most 110 bytes'

# -- nothing for later, no machine of ours
tracked . | grep -v '^tools/lint.sh$' | xargs grep -nIE '\b(TODO|FIXME|XXX|HACK)\b' | rule 'no promise for later'

# -- the buildspec to copy is the one that the example runs
cmp buildspec.yml examples/scikit-learn-iris/buildspec.yml 2>&1 | rule 'one buildspec'

# -- every header compiles alone
tracked 'lib/*.h' 'hooks/*.h' 'buildstep/*.h' 'credhelper/*.h' | while read -r h; do
	# shellcheck disable=SC2046
	$CC -std=c11 -D_GNU_SOURCE -DOPENSSL_API_COMPAT=0x10100000L -I. -fsyntax-only -x c "$h" \
		$(pkg-config --cflags libgit2 libcurl libcjson) 2>&1 | head -n 3
done | rule 'every header compiles alone'

# -- shell and manual pages
tracked '*.sh' '*.t' 'sandbox/codetrain-sandbox' '.ci/run' |
	xargs shellcheck -x -S warning -s sh -e SC1090,SC1091,SC2034,SC2154,SC3045 2>&1 | rule 'shellcheck'
tracked 'docs/man/*.1' | xargs -r mandoc -T lint -W warning 2>&1 | rule 'mandoc -T lint'

# -- cppcheck; what it gets wrong: tables it does not see used (unusedStructMember),
# style opinions are not asked for
tracked 'codetrain.c' 'lib/*.c' 'hooks/*.c' 'buildstep/*.c' 'credhelper/*.c' | grep -v shapes_ |
	xargs cppcheck -q -j 2 --std=c11 -D_GNU_SOURCE '-DCODETRAIN_VERSION="0"' -I. --enable=warning,portability \
		--inline-suppr --suppress=unusedStructMember --suppress=missingIncludeSystem \
		--template='{file}:{line}: {id}: {message}' 2>&1 | rule 'cppcheck'

failed=$(grep -c '^not ok' "$T/results")
echo "$(grep -c '^ok' "$T/results") passed, $failed failed"
[ "$failed" -eq 0 ]
