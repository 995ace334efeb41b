#!/bin/sh
# make bench: codetrain's programs beside the tools that they replace, in one run.
#
# Prints Markdown tables: medians and ratios of whole processes, in interleaved
# rounds. Usage: tools/bench.sh BUILD-FOLDER; ROUNDS (default 500) sets the length,
# Python programs take part in every 20th.

set -eu
B=$(cd "${1:?usage: tools/bench.sh BUILD-FOLDER}" && pwd)
cd "$(dirname "$0")/.."
ROUNDS=${ROUNDS:-500}
AWSCLI=awscli==1.46.3

peers=$B/bench-venv
[ -x "$peers/bin/aws" ] || {
	echo "installing the peers into $peers: $AWSCLI" >&2
	python3 -m venv "$peers"
	"$peers/bin/pip" -q install --disable-pip-version-check "$AWSCLI"
}
${CC:-cc} -O2 -std=c11 -D_GNU_SOURCE -o "$B/bench-spawn" tools/bench-spawn.c

T=$(mktemp -d "${TMPDIR:-/tmp}/codetrain-bench.XXXXXX")
trap 'rm -rf "$T"' EXIT
mkdir -p "$T/.aws"
cat >"$T/.aws/credentials" <<'KEYS'
[mlops-devops]
aws_access_key_id = AKIDEXAMPLE
aws_secret_access_key = wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY
KEYS
chmod 600 "$T/.aws/credentials"
printf '[profile mlops-devops]\nregion = us-east-2\n' >"$T/.aws/config"
printf 'protocol=https\nhost=git-codecommit.us-east-2.amazonaws.com\npath=v1/repos/scikit-learn-iris\n\n' >"$T/ask"

helper=$B/git-credential-codecommit
echo "machine: $(nproc) cores, $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), Linux $(uname -r)"
echo "versions: $("$helper" --version), $("$peers/bin/aws" --version | cut -d' ' -f1,2)"
echo
{
	printf '/bin/true\t1\t/bin/true\n'
	for verb in get store erase; do
		printf 'git-credential-codecommit %s\t1\t%s %s\n' $verb "$helper" $verb
	done
	for verb in get store; do
		printf 'aws codecommit credential-helper %s\t20\t%s codecommit credential-helper %s\n' \
			$verb "$peers/bin/aws" $verb
	done
} | env -i HOME="$T" PATH=/usr/bin:/bin AWS_EC2_METADATA_DISABLED=true AWS_PROFILE=mlops-devops \
	"$B/bench-spawn" "$ROUNDS" "$T/ask"
