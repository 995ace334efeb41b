#!/bin/sh
# Installs what is missing, and says what: tools/deps.sh GROUP...
#
# Groups: build (compile codetrain), demo (the sandbox), test (every check), bench
# (what make bench measures beside ours and does not fetch itself).
# Packages are Debian's and Ubuntu's; with sudo when not root. Elsewhere the
# list of what is missing is printed and nothing is done.

set -eu

machine=$(uname -m)
case $machine in
x86_64) scanner=libhyperscan-dev ;;
*) scanner=libvectorscan-dev ;;	# the same API for other processors
esac

packages() {
	case $1 in
	build)
		echo gcc libc6-dev make pkg-config libcurl4-openssl-dev libssl-dev libcjson-dev libexpat1-dev \
			libgit2-dev $scanner libpcre2-dev libdeflate-dev zlib1g-dev libyaml-dev libsqlite3-dev libsecret-1-dev musl-tools git ;;
	demo)
		echo python3 python3-venv ca-certificates bubblewrap ;;
	test)
		packages demo
		echo libcmocka-dev clang libclang-rt-dev valgrind perl cppcheck shellcheck mandoc binutils strace openssl procps \
			dbus-daemon dbus-bin gnome-keyring iproute2 git-lfs ;;
	bench)
		echo python3 python3-venv openssl awscli git-lfs git-secrets ;;
	*)
		echo "tools/deps.sh: no such group: $1" >&2
		exit 2 ;;
	esac
}

installed() { # also under the name of a package that provides it
	dpkg-query -W -f '${Status}\n' "$1" 2>/dev/null | grep -q 'ok installed'
}

wanted=
for group in "$@"; do
	wanted="$wanted $(packages "$group")"
done

if ! command -v dpkg-query >/dev/null; then
	echo "tools/deps.sh: this is neither Debian nor Ubuntu; codetrain needs what these packages hold:" >&2
	echo "$wanted" | tr ' \n' '\n\n' | sed '/^$/d; s/^/  /' | sort -u >&2
	exit 0
fi

missing=
for p in $wanted; do
	case " $missing " in
	*" $p "*) continue ;;
	esac
	installed "$p" || missing="$missing $p"
done
[ -n "$missing" ] || exit 0

echo "codetrain: installing packages:$missing"
sudo=
if [ "$(id -u)" -ne 0 ]; then
	sudo=sudo
	command -v sudo >/dev/null || {
		echo "tools/deps.sh: run this as root, or install sudo: apt-get install$missing" >&2
		exit 1
	}
fi
apt_install() {
	# shellcheck disable=SC2086
	$sudo env DEBIAN_FRONTEND=noninteractive \
		apt-get install -y -q --no-install-recommends $missing >/dev/null
}
apt_install 2>/dev/null && exit 0
$sudo apt-get update -q >/dev/null
# Older releases have it inside clang's own package.
apt-cache show libclang-rt-dev >/dev/null 2>&1 ||
	missing=$(echo "$missing" | sed 's/ libclang-rt-dev\b//')
[ -z "$missing" ] || apt_install
