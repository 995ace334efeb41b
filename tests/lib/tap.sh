# Test Anything Protocol for POSIX sh. Sourced first by every tests/*/*.t.
#
# Gives: a private folder $T with HOME in it, removed at the end; $BUILD, the
# folder with the programs; $SOURCE, the tree; a clean environment whatever the
# caller's was. A test file ends with done_testing.

set -u
: "${BUILD:?run the tests by make check, or set BUILD and SOURCE}" "${SOURCE:?}"

T=$(mktemp -d "${TMPDIR:-/tmp}/codetrain-test.XXXXXX") || exit 1
mkdir "$T/home"
OUT=$T/.stdout ERR=$T/.stderr
HOME=$T/home
export HOME BUILD SOURCE T
export LANG=C.UTF-8 TZ=UTC GIT_CONFIG_NOSYSTEM=1 GIT_TERMINAL_PROMPT=0
export GIT_AUTHOR_NAME=A GIT_AUTHOR_EMAIL=a@example.com
export GIT_COMMITTER_NAME=A GIT_COMMITTER_EMAIL=a@example.com
export AWS_EC2_METADATA_DISABLED=true
for _v in $(env | sed -n 's/^\(AWS_[A-Z_0-9]*\|CODETRAIN_[A-Z_0-9]*\|GIT_SSL_[A-Z]*\|GIT_DIR\|GIT_TRACE[A-Z_]*\|[A-Za-z_]*_CA_[A-Z]*\|SSL_CERT_[A-Z]*\|[a-zA-Z]*_[pP][rR][oO][xX][yY]\)=.*/\1/p'); do
	case $_v in
	AWS_EC2_METADATA_DISABLED) ;;
	*) unset "$_v" ;;
	esac
done
PATH=$BUILD:$PATH
# no session of one test's AWS serves another; a test of that itself unsets it
CODETRAIN_SESSION_CACHE=off
# and no build of one test waits for another's to end
CODETRAIN_BUILD_SLOTS=0
# libgit2 1.5 forgets some matches of its own, where it looks through a configuration
LSAN_OPTIONS=suppressions=$SOURCE/tests/lib/lsan.txt:print_suppressions=0
export PATH CODETRAIN_SESSION_CACHE CODETRAIN_BUILD_SLOTS LSAN_OPTIONS

_n=0 _failed=0 _cleanup=
# shellcheck disable=SC2154
trap '_rc=$?; trap - EXIT; eval "$_cleanup"; cd /; rm -rf "$T"; exit $_rc' EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# at_exit COMMAND: run before $T goes away (stop a server that the test began)
at_exit() { _cleanup="$1; $_cleanup"; }

ok() { # ok NAME: after a condition, by $?; or: ok NAME COMMAND ARG...
	_rc=$?
	_name=$1
	shift
	if [ $# -gt 0 ]; then "$@"; _rc=$?; fi
	_n=$((_n + 1))
	if [ "$_rc" -eq 0 ]; then
		echo "ok $_n - $_name"
	else
		echo "not ok $_n - $_name"
		_failed=$((_failed + 1))
		return 1
	fi
}

_show() { sed "s/^/#   /" | head -n 40 | cut -c1-300; }

is() { # is GOT WANT NAME
	[ "$1" = "$2" ]
	ok "$3" && return
	echo "# got:"; printf '%s\n' "$1" | _show
	echo "# want:"; printf '%s\n' "$2" | _show
}

isnt() { # isnt GOT UNWANTED NAME
	[ "$1" != "$2" ]
	ok "$3" && return
	echo "# got the unwanted:"; printf '%s\n' "$1" | _show
}

like() { # like TEXT EXTENDED-REGEX NAME
	printf '%s\n' "$1" | grep -Eq -e "$2"
	ok "$3" && return
	echo "# no match for: $2"; printf '%s\n' "$1" | _show
}

unlike() { # unlike TEXT EXTENDED-REGEX NAME
	! printf '%s\n' "$1" | grep -Eq -e "$2"
	ok "$3" && return
	echo "# an unwanted match for: $2"; printf '%s\n' "$1" | _show
}

lacks() { # lacks TEXT STRING NAME: the string as it is (a key's '+' is no pattern)
	! printf '%s\n' "$1" | grep -qF -e "$2"
	ok "$3" && return
	echo "# the text has what it must not have"
}

status() { # status CODE NAME COMMAND ARG...: output goes to the files $OUT and $ERR
	_want=$1 _label=$2
	shift 2
	"$@" >"$OUT" 2>"$ERR" </dev/null
	_got=$?
	[ "$_got" -eq "$_want" ]
	ok "$_label" && return
	echo "# exit code $_got, want $_want: $*"
	_show <"$OUT"
	_show <"$ERR"
}

run() { # run COMMAND ARG... with stdin as it is; sets $rc, fills $OUT and $ERR
	"$@" >"$OUT" 2>"$ERR"
	rc=$?
}

out() { cat "$OUT"; }
err() { cat "$ERR"; }

# until_true SECONDS COMMAND...: polls, for what another process will do; never a bare sleep
until_true() {
	_end=$(($(date +%s) + $1))
	shift
	until "$@"; do
		[ "$(date +%s)" -lt "$_end" ] || return 1
		sleep 0.05
	done
}

# How the tests call valgrind, and whether its log tells of a descriptor that the
# program opened and left; those that it was born with do not count.
VALGRIND_OPTIONS="-q --error-exitcode=99 --leak-check=full --show-leak-kinds=definite,possible
	--errors-for-leak-kinds=definite,possible --track-fds=yes --child-silent-after-fork=yes"
descriptors_closed() {
	awk '/Open (file descriptor|AF_)/ { open = $0 } /<inherited from parent>/ { open = "" }
		open && /^==[0-9]+== *$/ { print "# " open; bad = 1; open = "" }
		END { if (open) print "# " open; exit bad || open }' "$1"
}

skip_all() { echo "1..0 # SKIP $*"; exit 0; }
skip() { _n=$((_n + 1)); echo "ok $_n - $1 # SKIP $2"; }
bail() { echo "Bail out! $*"; exit 1; }

done_testing() {
	echo "1..$_n"
	[ "$_failed" -eq 0 ]
	exit
}
