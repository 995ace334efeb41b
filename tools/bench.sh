#!/bin/sh
# make bench: codetrain's programs beside the tools that they replace, in one run.
#
# Prints one table: medians and ratios. Whole processes, measured by hyperfine
# from outside, in interleaved rounds, so that a machine whose speed drifts
# slows all of them alike. Usage: tools/bench.sh BUILD-FOLDER
#
# ROUNDS (default 5) and RUNS (default 200, a tenth for Python programs) set the length.

set -eu
B=$(cd "${1:?usage: tools/bench.sh BUILD-FOLDER}" && pwd)
cd "$(dirname "$0")/.."
ROUNDS=${ROUNDS:-5} RUNS=${RUNS:-200}
AWSCLI=awscli==1.46.3 REMOTE=git-remote-codecommit==1.17

command -v hyperfine >/dev/null && command -v jq >/dev/null || {
	echo 'make bench needs two more packages: apt-get install hyperfine jq' >&2
	exit 2
}
peers=$B/bench-venv
[ -x "$peers/bin/aws" ] || {
	echo "installing the peers into $peers: $AWSCLI $REMOTE" >&2
	python3 -m venv "$peers"
	"$peers/bin/pip" -q install "$AWSCLI" "$REMOTE" setuptools
}

T=$(mktemp -d "${TMPDIR:-/tmp}/codetrain-bench.XXXXXX")
trap 'rm -rf "$T"' EXIT
mkdir -p "$T/home/.aws"
cat >"$T/home/.aws/credentials" <<'KEYS'
[mlops-devops]
aws_access_key_id = AKIDEXAMPLE
aws_secret_access_key = wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY
KEYS
printf '[profile mlops-devops]\nregion = us-east-2\n' >"$T/home/.aws/config"
printf 'protocol=https\nhost=git-codecommit.us-east-2.amazonaws.com\npath=v1/repos/scikit-learn-iris\n\n' >"$T/ask"

clean="env -i HOME=$T/home PATH=/usr/bin:/bin AWS_EC2_METADATA_DISABLED=true AWS_PROFILE=mlops-devops"
helper=$B/git-credential-codecommit

rows() { # NAME|RUNS|COMMAND
	cat <<ROWS
/bin/true|$RUNS|/bin/true
git-credential-codecommit get|$RUNS|$helper get
git-credential-codecommit store|$RUNS|$helper store
git-credential-codecommit erase|$RUNS|$helper erase
aws codecommit credential-helper get|$((RUNS / 10))|$peers/bin/aws codecommit credential-helper get
aws codecommit credential-helper store|$((RUNS / 10))|$peers/bin/aws codecommit credential-helper store
ROWS
}

round=0
while [ "$round" -lt "$ROUNDS" ]; do
	round=$((round + 1))
	rows | while IFS='|' read -r name runs command; do
		$clean hyperfine -N --style none --warmup 3 --runs "$runs" --input "$T/ask" \
			--export-json "$T/one.json" -n "$name" "$command" 2>/dev/null </dev/null
		jq -r '.results[0] | [.command, .median * 1000] | @tsv' "$T/one.json" >>"$T/all.tsv"
	done
done

echo "machine: $(nproc) cores, $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), Linux $(uname -r)"
echo "versions: codetrain $("$helper" --version | sed 's/.* //'), $("$peers/bin/aws" --version | cut -d' ' -f1,2)," \
	"$(hyperfine --version); medians of $ROUNDS rounds of $RUNS runs (a tenth for Python)"
echo
echo '| command | median, ms | beside `/bin/true` |'
echo '|---|---:|---:|'
rows | while IFS='|' read -r name _; do
	awk -F'\t' -v n="$name" '$1 == n { print $2 }' "$T/all.tsv" | sort -n |
		awk -v n="$name" '{ v[NR] = $1 } END { printf "%s\t%.3f\n", n, v[int((NR + 1) / 2)] }'
done | awk -F'\t' 'NR == 1 { base = $2 } { printf "| `%s` | %.2f | %.2f × |\n", $1, $2, $2 / base }'
