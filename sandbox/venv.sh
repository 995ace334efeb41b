#!/bin/sh
# venv.sh DIR: makes (or completes) the sandbox's private Python environment in DIR.
#
# A stamp with the hash of requirements.txt is written last, so a second run costs nothing and a run
# that was killed half way is begun again from the start. pip's own configuration says where packages
# come from. A lock keeps two runs apart.
set -eu
[ $# -eq 1 ] || { echo "usage: venv.sh DIR" >&2; exit 2; }
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
dir=$1
python=${PYTHON3:-python3}

want=$(sha256sum <"$here/requirements.txt" | cut -d' ' -f1)
# Complete, from these requirements, and its Python still runs (the system's may have been upgraded).
is_ready() {
	[ "$(cut -d- -f1 "$dir/.codetrain-stamp" 2>/dev/null || :)" = "$want" ] && "$dir/bin/python" -I -S -c '' 2>/dev/null
}
is_ready && exit 0

command -v "$python" >/dev/null 2>&1 || {
	echo "codetrain-sandbox: needs python3 (3.10 or newer): apt-get install python3 python3-venv" >&2; exit 2; }
version=$("$python" -I -c 'import sys; print("%d.%d" % sys.version_info[:2]); sys.exit(sys.version_info < (3, 10))') || {
	echo "codetrain-sandbox: python3 is $version, the sandbox needs 3.10 or newer" >&2; exit 2; }
"$python" -I -c 'import ensurepip, venv' 2>/dev/null || {
	echo "codetrain-sandbox: python3 lacks venv: apt-get install python3-venv" >&2; exit 2; }
mkdir -p "$(dirname -- "$dir")"
exec 9>"$dir.lock"
if command -v flock >/dev/null 2>&1; then flock -w 600 9; fi
is_ready && exit 0

echo "codetrain-sandbox: installing moto, botocore and cryptography (pinned, about 130 MB)" >&2
echo "                   into $dir" >&2
rm -rf "$dir"
"$python" -m venv "$dir" >&2
"$dir/bin/python" -m pip install --quiet --no-input --disable-pip-version-check \
	-r "$here/requirements.txt" >&2 || {
	echo "codetrain-sandbox: pip could not install the sandbox's packages (see above); run it again when it can" >&2
	exit 7; }
printf '%s-%s\n' "$want" "$version" >"$dir/.codetrain-stamp.new"
mv "$dir/.codetrain-stamp.new" "$dir/.codetrain-stamp"
