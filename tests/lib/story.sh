# The sandbox for end-to-end tests. Sourced after tap.sh; wants $VENV.
#
# sandbox_up     starts one in $T/sandbox, and ends it when the test ends
# sandbox_enter  the shell looks at it as a user would, by `codetrain sandbox env`
# as PROFILE ARG...   the AWS CLI; its answer as text
# project NAME   a folder with the example, committed, with CodeCommit as origin

: "${VENV:?run the tests by make check}"
[ -x "$VENV/bin/python" ] || skip_all "no sandbox environment in $VENV"

sandbox_up() {
	CODETRAIN_SANDBOX=$T/sandbox CODETRAIN_SANDBOX_VENV=$VENV
	CODETRAIN_SANDBOX_CACHE=${CODETRAIN_SANDBOX_CACHE:-$BUILD/cache}
	export CODETRAIN_SANDBOX CODETRAIN_SANDBOX_VENV CODETRAIN_SANDBOX_CACHE
	at_exit 'codetrain sandbox down --purge >/dev/null 2>&1'
	codetrain sandbox up >"$T/up.log" 2>&1 || { _show <"$T/up.log"; bail "the sandbox does not start"; }
}

sandbox_enter() {
	codetrain sandbox env >"$T/env.sh" || bail "no sandbox environment"
	. "$T/env.sh"
	git config --global user.name A
	git config --global user.email a@example.com
	git config --global init.defaultBranch main
}

grant() { codetrain grant apply -f "$SOURCE/examples/scikit-learn-iris/accounts.json"; }

as() {
	_profile=$1
	shift
	AWS_PROFILE=$_profile "$VENV/clients/bin/aws" --output text "$@"
}

url=https://git-codecommit.us-east-2.amazonaws.com/v1/repos/scikit-learn-iris
bare() { echo "$CODETRAIN_SANDBOX/git/111111111111/scikit-learn-iris.git"; }

project() {
	mkdir "$1" && cp -R "$SOURCE/examples/scikit-learn-iris/." "$1" && cd "$1" || return 1
	git init -q && git add -A && git commit -qm 'A decision tree on the irises' && git remote add origin "$url"
}

build_status() { # of the newest build of the project
	_ids=$(as mlops-devops codebuild list-builds-for-project --project-name scikit-learn-iris --query 'ids[0]')
	case $_ids in '' | None) echo NONE ;;
	*) as mlops-devops codebuild batch-get-builds --ids "$_ids" --query 'builds[0].buildStatus' ;;
	esac
}
build_ended() { case $(build_status) in NONE | IN_PROGRESS) false ;; esac; }
