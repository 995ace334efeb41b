#!/bin/sh
# make bench: codetrain's programs beside the tools that they replace.
#
# Prints Markdown tables: medians and ratios of whole processes, in interleaved
# rounds, and peaks of resident memory. Usage: tools/bench.sh BUILD-FOLDER [SECTION...];
# sections are static, session, remote, memory and git (all of them). ROUNDS (default
# 500) sets the length, Python programs take part in every 20th; GIT_ROUNDS (60) that of
# the section git. The AWS CLI 2 takes part when it is /usr/bin/aws (tools/deps.sh bench).

set -eu
B=$(cd "${1:?usage: tools/bench.sh BUILD-FOLDER [SECTION...]}" && pwd)
shift
cd "$(dirname "$0")/.."
SOURCE=$PWD
ROUNDS=${ROUNDS:-500} GIT_ROUNDS=${GIT_ROUNDS:-60}
AWSCLI=awscli==1.46.3 REMOTE=git-remote-codecommit==1.17

peers=$B/bench-venv
[ -x "$peers/bin/git-remote-codecommit" ] || {
	echo "installing the peers into $peers: $AWSCLI $REMOTE" >&2
	python3 -m venv "$peers"
	"$peers/bin/pip" -q install --disable-pip-version-check "$AWSCLI" "$REMOTE"
}
aws1=$peers/bin/aws
aws2=/usr/bin/aws
"$aws2" --version 2>/dev/null | grep -q '^aws-cli/2' || aws2=
${CC:-cc} -O2 -std=c11 -D_GNU_SOURCE -o "$peers/bench-spawn" tools/bench-spawn.c

# ---- a machine: keys, a role's session, a server, git's configurations -----------------

T=$(mktemp -d "${TMPDIR:-/tmp}/codetrain-bench.XXXXXX")
trap 'exec 9>&-; python3 tests/lib/session_keys.py remove fakeSessionToken/bench== >/dev/null 2>&1 || :; rm -rf "$T"' EXIT
secret=wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY
host=git-codecommit.us-east-2.amazonaws.com
url=https://$host/v1/repos/scikit-learn-iris
helper=$B/git-credential-codecommit
mkdir -p "$T/.aws" "$T/stub" "$T/repositories"
cat >"$T/.aws/credentials" <<KEYS
[mlops-devops]
aws_access_key_id = AKIDEXAMPLE
aws_secret_access_key = $secret
KEYS
cat >"$T/.aws/config" <<CONFIG
[profile mlops-devops]
region = us-east-2
[profile role]
region = us-east-2
role_arn = arn:aws:iam::222222222222:role/bench
source_profile = mlops-devops
CONFIG
chmod 600 "$T/.aws/credentials"
printf 'protocol=https\nhost=%s\npath=v1/repos/scikit-learn-iris\n\n' $host >"$T/ask"
printf 'protocol=https\nhost=%s\npath=v1/repos/scikit-learn-iris\nusername=AKIDEXAMPLE\npassword=x\n\n' $host >"$T/told"
# A git that ends at once, in as few instructions as the machine allows: it is not what is measured.
cat >"$T/stub/git.c" <<'STUB'
#if defined(__x86_64__)
__attribute__((naked)) void _start(void) { __asm__("mov $60, %eax\n\txor %edi, %edi\n\tsyscall"); }
#elif defined(__aarch64__)
__attribute__((naked)) void _start(void) { __asm__("mov x8, #93\n\tmov x0, #0\n\tsvc #0"); }
#else
#error no such machine
#endif
STUB
${CC:-cc} -O2 -static -nostdlib -o "$T/stub/git" "$T/stub/git.c" 2>/dev/null ||
	echo 'int main(void) { return 0; }' | ${CC:-cc} -x c -O2 -static -o "$T/stub/git" -
cp "$T/stub/git" "$T/stub/git-remote-https"	# git has the folder of its programs on PATH

base="env -i HOME=$T PATH=/usr/bin:/bin LANG=C.UTF-8 AWS_EC2_METADATA_DISABLED=true AWS_PROFILE=mlops-devops"
row() { printf '%s\t%s\t%s\n' "$1" "$2" "$3"; }	# row NAME EVERY COMMAND
measure() { # measure [-m] ROUNDS STDIN-FILE: rows on standard input; $with stands before $base
	# shellcheck disable=SC2086
	$base ${with:-} "$peers/bench-spawn" "$@"
	echo
}
peers_rows() { # peers_rows VERB: the AWS CLI's helpers
	row "aws codecommit credential-helper $1 (AWS CLI 1)" "$slow" "$aws1 codecommit credential-helper $1"
	[ -z "$aws2" ] || row "aws codecommit credential-helper $1 (AWS CLI 2)" "$slow" "$aws2 codecommit credential-helper $1"
}

servers() { # STS, and CodeCommit with checked signatures behind a proxy
	[ ! -e "$T/port" ] || return 0
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=bench \
		-addext "subjectAltName=DNS:$host" -keyout "$T/key.pem" -out "$T/cert.pem" 2>/dev/null
	mkfifo "$T/hold"
	SOURCE=$SOURCE "$peers/bin/python" tests/lib/fake_server.py "$T/sts" "$T/log" <"$T/hold" &
	SOURCE=$SOURCE FAKE_KEYS="{\"AKIDEXAMPLE\": {\"secret\": \"$secret\"}, \"ASIABENCH00000000000\":
		{\"secret\": \"fakeSecret/0123456789+abcdefghijklmnopqr\", \"token\": \"fakeSessionToken/bench==\"}}" \
		"$peers/bin/python" tests/lib/fake_codecommit.py "$T/port" "$T/requests" "$T/cert.pem" "$T/key.pem" \
		"$T/repositories" <"$T/hold" &
	exec 9>"$T/hold"
	until [ -s "$T/sts" ] && [ -s "$T/port" ]; do sleep 0.1; done
	for r in scikit-learn-iris public; do
		git init -q --bare "$T/repositories/$r"
		tree=$(git -C "$T/repositories/$r" hash-object -t tree -w /dev/null)
		git -C "$T/repositories/$r" update-ref refs/heads/main "$(git -C "$T/repositories/$r" \
			-c user.name=bench -c user.email=bench@example.com commit-tree -m bench "$tree")"
	done
}
# A session of a role, got once; `place` is where it is kept.
sign_in() { # sign_in PLACE
	servers
	$base CODETRAIN_SESSION_CACHE="$1" AWS_ENDPOINT_URL_STS="http://127.0.0.1:$(cat "$T/sts")/ok" \
		"$helper" --profile role get <"$T/ask" >/dev/null
}

# ---- sections ----------------------------------------------------------------------------

static() {
	echo "## What git pays for a password: keys in ~/.aws/credentials"
	echo
	{
		row /bin/true 1 /bin/true
		for verb in get store erase; do row "git-credential-codecommit $verb" 1 "$helper $verb"; done
		peers_rows get
		peers_rows store
	} | measure "$ROUNDS" "$T/told"
}

session() {
	echo "## What git pays for a password: a role's session that is kept"
	echo
	for place in kernel file; do
		case $place in kernel) where="the kernel's keyring" ;; *) where='a file' ;; esac
		sign_in $place
		sts=http://127.0.0.1:$(cat "$T/sts")/ok
		before=$(grep -c AssumeRole "$T/log")
		{
			row /bin/true 1 /bin/true
			row "git-credential-codecommit get, session in $where" 1 "$helper --profile role get"
			# Where the AWS CLI finds the session: in its own cache, which ours has filled.
			row "aws codecommit credential-helper get (AWS CLI 1)" "$slow" \
				"$aws1 --profile role codecommit credential-helper get"
		} | with="CODETRAIN_SESSION_CACHE=$place AWS_ENDPOINT_URL_STS=$sts" measure "$ROUNDS" "$T/ask"
		[ "$(grep -c AssumeRole "$T/log")" -eq "$before" ] || {
			echo "tools/bench.sh: the session was not kept in the $place; the table above is of something else" >&2
			exit 1
		}
	done
}

remote() {
	echo "## codecommit:// URLs, with a git that ends at once"
	echo
	arguments="origin codecommit://mlops-devops@scikit-learn-iris"
	{
		row /bin/true 1 /bin/true
		row 'the git that ends at once' 1 "$T/stub/git"
		row 'git-remote-codecommit (codetrain)' 1 "PATH=$T/stub:/usr/bin:/bin $B/git-remote-codecommit $arguments"
		row 'git-remote-codecommit (PyPI)' "$slow" \
			"PATH=$T/stub:/usr/bin:/bin $peers/bin/git-remote-codecommit $arguments"
	} | measure "$ROUNDS" /dev/null
}

memory() {
	echo "## Resident memory"
	echo
	{
		row /bin/true 1 /bin/true
		for verb in get store erase; do row "git-credential-codecommit $verb" 1 "$helper $verb"; done
		row 'git-remote-codecommit (codetrain)' 1 \
			"PATH=$T/stub:/usr/bin:/bin $B/git-remote-codecommit origin codecommit://mlops-devops@x"
		slow=1 peers_rows get
		row 'git-remote-codecommit (PyPI)' 1 \
			"PATH=$T/stub:/usr/bin:/bin $peers/bin/git-remote-codecommit origin codecommit://mlops-devops@x"
	} | measure -m 5 "$T/told"
}

# A folder as HOME with a git configuration: home NAME HELPER
home() {
	mkdir -p "$T/homes/$1"
	ln -sfn "$T/.aws" "$T/homes/$1/.aws"
	{
		printf '[http]\nproxy = http://127.0.0.1:%s\nsslCAInfo = %s\n' "$(cat "$T/port")" "$T/cert.pem"
		printf '[credential "https://%s"]\nuseHttpPath = true\n' "$host"
		[ -z "$2" ] || printf 'helper = "%s"\n' "$2"
	} >"$T/homes/$1/.gitconfig"
}

git_pays() {
	echo "## What one git ls-remote over loopback HTTPS pays"
	echo
	servers
	sts=http://127.0.0.1:$(cat "$T/sts")/ok
	home none ''
	home ours "$helper"
	home kept "$helper --profile role"
	home aws1 "!$aws1 codecommit credential-helper \$@"
	home aws2 "!$aws2 codecommit credential-helper \$@"
	# A password that git is given in the URL: the same requests, and no helper.
	password=$($base "$helper" get <"$T/ask" | sed -n 's/^password=//p')
	{
		row 'git ls-remote: no password asked for' 1 "HOME=$T/homes/none git ls-remote https://$host/v1/repos/public"
		row 'a password in the URL, no helper' 1 "HOME=$T/homes/none git ls-remote https://AKIDEXAMPLE:$password@${url#https://}"
		row 'git-credential-codecommit, keys in a file' 1 "HOME=$T/homes/ours git ls-remote $url"
		row "git-credential-codecommit, a role's kept session" 1 "HOME=$T/homes/kept git ls-remote $url"
		row 'git-remote-codecommit (codetrain)' 1 \
			"HOME=$T/homes/none PATH=$B:/usr/bin:/bin git ls-remote codecommit://mlops-devops@scikit-learn-iris"
		row "the AWS CLI 1's helper" 10 "HOME=$T/homes/aws1 git ls-remote $url"
		[ -z "$aws2" ] || row "the AWS CLI 2's helper" 10 "HOME=$T/homes/aws2 git ls-remote $url"
		row 'git-remote-codecommit (PyPI)' 10 \
			"HOME=$T/homes/none PATH=$peers/bin:/usr/bin:/bin git ls-remote codecommit://mlops-devops@scikit-learn-iris"
	} | with="GIT_CONFIG_NOSYSTEM=1 AWS_ENDPOINT_URL_STS=$sts" measure "$GIT_ROUNDS" /dev/null
}

slow=20
echo "machine: $(nproc) cores, $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), Linux $(uname -r)"
echo "versions: $("$helper" --version), $("$aws1" --version | cut -d' ' -f1,2)${aws2:+, $("$aws2" --version | cut -d' ' -f1,2)}, $REMOTE, $(git --version)"
echo
[ $# -gt 0 ] || set -- static session remote memory git
for section; do
	case $section in
	static | session | remote | memory) $section ;;
	git) git_pays ;;
	*) echo "tools/bench.sh: no such section: $section" >&2; exit 2 ;;
	esac
done
