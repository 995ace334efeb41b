#!/bin/sh
# docs/codebuild-behaviours.md, row by row: each has one test here of its name.
. "$SOURCE/tests/lib/tap.sh"

build=$BUILD/codetrain-build
mkdir "$T/w" "$T/tmp" "$T/run"
cd "$T/w" || bail 'no folder'
export TMPDIR="$T/tmp"

mkfifo "$T/hold"
python3 "$SOURCE/tests/lib/fake_server.py" "$T/port" "$T/log" <"$T/hold" 2>"$T/server.err" &
exec 9>"$T/hold"
until_true 20 test -s "$T/port" || bail "the fake server did not start: $(cat "$T/server.err")"
AWS_ENDPOINT_URL=http://127.0.0.1:$(cat "$T/port")/ok
export AWS_ENDPOINT_URL AWS_ACCESS_KEY_ID=AKIATESTTESTTESTTEST \
	AWS_SECRET_ACCESS_KEY="secret/of""/the/test" AWS_REGION=us-east-2

json() { python3 -c 'import json,sys; d=json.load(open("r.json")); print(eval(sys.argv[1]))' "$1"; }

# go ARGUMENT…: builds; $rc, $got (the lines of the commands, joined by commas), r.json and the folder out
go() {
	rm -rf out r.json
	run "$build" --result r.json --artifacts out "$@" </dev/null
	got=$(grep -av '^\[Container\]' "$OUT" | tr '\n' ',')
}
# row NAME WANT [ARGUMENT…] <BUILDSPEC: exit code and lines
row() {
	cat >buildspec.yml
	_row=$1 _wanted=$2
	shift 2
	go "$@"
	is "$rc $got" "$_wanted" "$_row"
}
# of NAME GOT WANT: a row that looks at something else
of() { is "$2" "$3" "$1"; }
# told NAME PATTERN <BUILDSPEC [ARGUMENT…]: a row about what the log says
told() {
	cat >buildspec.yml
	_row=$1 _wanted=$2
	shift 2
	go "$@"
	like "$rc $(cat "$OUT" "$ERR" | tr '\n' '|')" "$_wanted" "$_row"
}
copies() { (cd out 2>/dev/null && find . -type f -o -type l | sort | tr '\n' ' '); }

# ---- shells ---------------------------------------------------------------------------
row shell-0.2-one '0 /usr,a b,in f,' <<'E'
version: 0.2
phases: {install: {commands: [cd /usr, x="a b", 'f() { echo in f; }']}, build: {commands: [pwd, echo "$x", f]}}
E
row shell-0.1-each '0 unset,' <<'E'
version: 0.1
phases: {build: {commands: [export x=a, 'echo ${x-unset}']}}
E
row shell-0.1-directory "0 $T/w," <<'E'
version: 0.1
phases: {build: {commands: [cd /usr, pwd]}}
E
row shell-default-sh '0 sh,' <<'E'
version: 0.2
phases: {build: {commands: ['echo ${BASH_VERSION:+ba}sh']}}
E
row shell-env-bash '0 bash,b,' <<'E'
version: 0.2
env: {shell: bash}
phases: {build: {commands: ['echo ${BASH_VERSION:+ba}sh', 'x=(a b); echo ${x[1]}']}}
E
row command-multi-line '0   echo $i,done,one,two,' <<'E'
version: 0.2
phases:
  build:
    commands:
      - |
        for i in one two; do
          echo $i
        done
E
row command-folded '0 a b,' <<'E'
version: 0.2
phases:
  build:
    commands:
      - >-
        echo a
        b
E
row command-heredoc '0 here $((0 + 1)),END,here 1,' <<'E'
version: 0.2
phases:
  build:
    commands:
      - |
        cat <<END
        here $((0 + 1))
        END
E
row command-exit-0 '0 next,' <<'E'
version: 0.2
phases: {build: {commands: [exit 0, echo next]}}
E
cat >buildspec.yml <<'E'
version: 0.2
phases: {build: {commands: ['sh -c "exit 5"']}}
E
go
of command-exit-status "$rc $(json 'd["phases"][0]["exit_code"], d["phases"][0]["message"]')" \
	"1 (5, 'Error while executing command: sh -c \"exit 5\". Reason: exit status 5')"
row command-first-failure '1 a,' <<'E'
version: 0.2
phases: {build: {commands: [echo a, 'false', echo b]}}
E
row command-pipeline-status '0 went on,' <<'E'
version: 0.2
phases: {build: {commands: ['false | true', echo went on]}}
E
row command-set-e '1 post,' <<'E'
version: 0.2
phases: {build: {commands: [set -e, 'false; echo never', echo never]}, post_build: {commands: [echo post]}}
E
row command-shell-dies '1 post,' <<'E'
version: 0.2
phases: {build: {commands: ['kill -9 $$']}, post_build: {commands: [echo post]}}
E
row command-set-u '1 kept,' <<'E'
version: 0.2
env: {shell: bash}
phases: {build: {commands: [x=kept, set -u, '{ echo $NOT_SET_HERE; } 2>/dev/null', echo never]}, post_build: {commands: [echo $x]}}
E
row command-background '0 done,' <<'E'
version: 0.2
phases: {build: {commands: ['sleep 300 & echo done']}}
E
row command-stdin-empty '0 0,' <<'E'
version: 0.2
phases: {build: {commands: ['cat | wc -c']}}
E
row command-stderr-in-log '0 to stderr,' <<'E'
version: 0.2
phases: {build: {commands: ['echo to stderr >&2']}}
E
row command-not-found '1 ' <<'E'
version: 0.2
phases: {build: {commands: ['no-such-command-here 2>/dev/null']}}
E

# ---- phases ---------------------------------------------------------------------------
# phases PHASE [ON-FAILURE]: a buildspec in which that phase's command fails
phases() {
	echo 'version: 0.2'
	echo 'phases:'
	for p in install pre_build build post_build; do
		echo "  $p:"
		[ "$p" = "$1" ] && [ -n "${2:-}" ] && echo "    on-failure: $2"
		[ "$p" = "$1" ] && c='sh -c "exit 3"' || c=:
		printf "    commands: ['echo %s', '%s']\n" $p "$c"
	done
}
phases none >spec.yml
row phase-order '0 install,pre_build,build,post_build,' <spec.yml
row phase-order-not-of-the-file '0 first,second,' <<'E'
version: 0.2
phases: {post_build: {commands: [echo second]}, install: {commands: [echo first]}}
E
row phase-absent '0 only,' <<'E'
version: 0.2
phases: {post_build: {commands: [echo only]}}
E
phases install >spec.yml
row phase-install-fails '1 install,' <spec.yml
phases pre_build >spec.yml
row phase-pre-build-fails '1 install,pre_build,' <spec.yml
phases build >spec.yml
row phase-build-fails '1 install,pre_build,build,post_build,' <spec.yml
phases post_build >spec.yml
row phase-post-build-fails '1 install,pre_build,build,post_build,' <spec.yml
told phase-log 'Entering phase BUILD\|.*Running command false\|.*Command did not exit successfully false exit status 1\|.*Phase complete: BUILD State: FAILED\|.*Phase context status code: COMMAND_EXECUTION_ERROR Message: Error while executing command: false. Reason: exit status 1' <<'E'
version: 0.2
phases: {build: {commands: ['false']}}
E
row finally-after-success '0 a,finally,b,' <<'E'
version: 0.2
phases: {install: {commands: [echo a], finally: [echo finally]}, build: {commands: [echo b]}}
E
row finally-after-failure '1 finally,' <<'E'
version: 0.2
phases: {install: {commands: ['false'], finally: [echo finally]}, build: {commands: [echo b]}}
E
row finally-fails '1 one,' <<'E'
version: 0.2
phases: {install: {commands: [echo one], finally: ['false', echo two]}, build: {commands: [echo b]}}
E
row finally-same-shell '0 set,' <<'E'
version: 0.2
phases: {build: {commands: [x=set], finally: [echo $x]}}
E
row succeeding-1 '0 1,1,' <<'E'
version: 0.2
phases: {build: {commands: [echo $CODEBUILD_BUILD_SUCCEEDING]}, post_build: {commands: [echo $CODEBUILD_BUILD_SUCCEEDING]}}
E
row succeeding-0 '1 0,0,' <<'E'
version: 0.2
phases:
  build: {commands: ['false'], finally: [echo $CODEBUILD_BUILD_SUCCEEDING]}
  post_build: {commands: [echo $CODEBUILD_BUILD_SUCCEEDING]}
E
row succeeding-0.1 '1 0,' <<'E'
version: 0.1
phases: {build: {commands: ['false']}, post_build: {commands: [echo $CODEBUILD_BUILD_SUCCEEDING]}}
E

# ---- on-failure, in each phase --------------------------------------------------------
# Failing is exit status 3; how often the phase ran, and whether post_build (of post_build: itself) did.
for phase in install pre_build build post_build; do
	for form in ABORT CONTINUE RETRY RETRY-2 'RETRY-.*exit status 3' 'RETRY-1-.*exit status 3'; do
		case $form in
		ABORT) name=abort times=1 ;;
		CONTINUE) name=continue times=1 ;;
		RETRY) name=retry times=4 ;;
		RETRY-2) name=retry-count times=3 ;;
		'RETRY-1-'*) name=retry-count-regex times=2 ;;
		*) name=retry-regex times=4 ;;
		esac
		post=0
		case $phase-$form in post_build-*) post=$times ;; *-CONTINUE | build-RETRY*) post=1 ;; esac
		phases $phase "'$form'" >buildspec.yml
		go
		of "on-failure-$name-$phase" "$rc $(grep -c "^$phase\$" "$OUT") $(grep -c '^post_build$' "$OUT")" "1 $times $post"
	done
done
row retry-no-match '1 try,' <<'E'
version: 0.2
phases: {install: {on-failure: RETRY-no such message, commands: [echo try, 'false']}}
E
row retry-zero '1 try,' <<'E'
version: 0.2
phases: {install: {on-failure: RETRY-0, commands: [echo try, 'false']}}
E
row retry-succeeds '0 try,try,1,done,' <<'E'
version: 0.2
phases:
  install: {on-failure: RETRY, commands: [echo try, '[ -d once ] || { mkdir once; false; }', echo $CODEBUILD_BUILD_SUCCEEDING]}
  build: {commands: [echo done]}
E
row retry-counts-all-phases '1 i,i,b,i,b,' <<'E'
version: 0.2
phases:
  install: {on-failure: RETRY-2, commands: [echo i, '[ -e seen ] || { touch seen; false; }']}
  build: {on-failure: RETRY-2, commands: [echo b, 'false'], finally: [rm -f never]}
E
rm -f seen
row retry-new-shell '1 unset,unset,' <<'E'
version: 0.2
phases: {install: {on-failure: RETRY-1, commands: ['echo ${x-unset}', x=1, 'false']}}
E

# ---- variables ------------------------------------------------------------------------
printf 'version: 0.2\nphases: {build: {commands: [printenv NAME]}}\n' >spec.yml
# variable ROW NAME PATTERN [ARGUMENT…]
variable() {
	_label=$1 _pattern=$3
	sed "s/NAME/$2/" spec.yml >buildspec.yml
	shift 3
	go "$@"
	like "$rc $got" "^0 $_pattern,\$" "$_label"
}
variable codebuild-ci CODEBUILD_CI true
variable codebuild-build-id CODEBUILD_BUILD_ID '[A-Za-z0-9_-]+:[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}'
variable codebuild-build-arn CODEBUILD_BUILD_ARN 'arn:aws:codebuild:us-east-2:[0-9]{12}:build/[A-Za-z0-9_-]+:[0-9a-f-]{36}'
variable codebuild-log-path CODEBUILD_LOG_PATH '[0-9a-f-]{36}'
variable codebuild-build-number CODEBUILD_BUILD_NUMBER '[0-9]+'
variable codebuild-build-image CODEBUILD_BUILD_IMAGE '.+'
variable codebuild-initiator CODEBUILD_INITIATOR '.+'
variable codebuild-start-time CODEBUILD_START_TIME '[0-9]{13}'
variable codebuild-src-dir CODEBUILD_SRC_DIR "$T/w"
variable aws-region AWS_REGION us-east-2
variable aws-default-region AWS_DEFAULT_REGION us-east-2
variable codebuild-given-stays CODEBUILD_BUILD_ID 'iris:1' --env CODEBUILD_BUILD_ID=iris:1
git init -q repo && cp spec.yml repo/buildspec.yml && cd repo || bail 'no repository'
sed -i 's/printenv NAME/printenv CODEBUILD_RESOLVED_SOURCE_VERSION CODEBUILD_SOURCE_VERSION CODEBUILD_SOURCE_REPO_URL/' buildspec.yml
git add -A && git commit -qm one && cd ..
commit=$(git -C repo rev-parse HEAD)
go --repo repo --commit master
of codebuild-source-version "$rc $got" "0 $commit,master,repo,"
row variable-of-spec '0 a b,' <<'E'
version: 0.2
env: {variables: {V: a b}}
phases: {build: {commands: [echo "$V"]}}
E
row variable-0.1 '0 a,' <<'E'
version: 0.1
environment_variables: {plaintext: {V: a}}
phases: {build: {commands: [echo "$V"]}}
E
V=of-the-image row variable-spec-over-image '0 spec,' <<'E'
version: 0.2
env: {variables: {V: spec}}
phases: {build: {commands: [echo "$V"]}}
E
row variable-start-over-spec '0 start,' --env V=project --env V=start <<'E'
version: 0.2
env: {variables: {V: spec}}
phases: {build: {commands: [echo "$V"]}}
E
row variable-command-over-all '0 command,' --env V=start <<'E'
version: 0.2
phases: {install: {commands: [V=command]}, build: {commands: [echo "$V"]}}
E
row variable-not-expanded '0 $HOME/${X} `id`,' <<'E'
version: 0.2
env: {variables: {V: '$HOME/${X} `id`'}}
phases: {build: {commands: ['printf "%s\n" "$V"']}}
E
row variable-number-as-written '0 0755 1.10 yes,' <<'E'
version: 0.2
env: {variables: {A: 0755, B: 1.10, C: yes}}
phases: {build: {commands: [echo $A $B $C]}}
E

# ---- references -----------------------------------------------------------------------
hash() { printf %s "$1" | sha256sum | cut -c 1-16; }
# reference ROW KIND REFERENCE VALUE
reference() {
	row "$1" "0 $(hash "$4")," <<E
version: 0.2
env: {$2: {V: '$3'}}
phases: {build: {commands: ['printf %s "\$V" | sha256sum | cut -c 1-16']}}
E
}
reference parameter-store parameter-store /app/plain 'a plain parameter'
reference parameter-store-decrypted parameter-store /app/secret "canary""Parameter0001"
reference parameter-store-arn parameter-store arn:aws:ssm:us-east-2:111111111111:parameter/app/plain 'a plain parameter'
reference secrets-manager-key secrets-manager app/db:password "canary""Current0001"
reference secrets-manager-whole secrets-manager text hunter2hunter2
reference secrets-manager-stage secrets-manager app/db:password:AWSPREVIOUS "canary""Previous002"
reference secrets-manager-version secrets-manager app/db:password::11111111-2222-3333-4444-555555555555 "canary""Version0003"
reference secrets-manager-arn secrets-manager arn:aws:secretsmanager:us-east-2:111111111111:secret:app/db-AbCdEf:password "canary""Current0001"
told parameter-store-missing '^1 .*DOWNLOAD_SOURCE State: FAILED.*Decrypted Variables Error Message: parameter does not exist: /no/such' <<'E'
version: 0.2
env: {parameter-store: {V: /no/such}}
phases: {build: {commands: [echo never]}}
E
told secrets-manager-missing "^1 .*DOWNLOAD_SOURCE State: FAILED.*Secrets Manager Error Message: .*can't find the specified secret" <<'E'
version: 0.2
env: {secrets-manager: {V: no/such}}
phases: {build: {commands: [echo never]}}
E
row reference-masked '0 <***>,' <<'E'
version: 0.2
env: {secrets-manager: {V: 'app/db:password'}}
phases: {build: {commands: ['echo "<$V>"']}}
E
row reference-start-wins '0 13,' --env V=given-by-hand <<'E'
version: 0.2
env: {secrets-manager: {V: 'app/db:password'}}
phases: {build: {commands: ['printf %s "$V" | wc -c']}}
E

# ---- exported variables ---------------------------------------------------------------
cat >buildspec.yml <<'E'
version: 0.2
env:
  secrets-manager: {SECRET: 'app/db:password'}
  exported-variables: [LATE, LINES, UNSET, SECRET, COPY, CODEBUILD_CI, PLAIN]
phases:
  build: {commands: [LATE=early, PLAIN=p, COPY="x $SECRET"]}
  post_build: {commands: [LATE=late, "LINES=\"$(printf 'a\\nb')\""]}
E
go
of exported-at-the-end "$(json 'd["exported"]["LATE"]')" late
of exported-lines "$(json 'd["exported"]["LINES"] == "a\nb"')" True
of exported-unset "$(json '"UNSET" in d["exported"]')" False
of exported-no-secret "$(json '"SECRET" in d["exported"] or "COPY" in d["exported"]')" False
of exported-no-codebuild "$(json '"CODEBUILD_CI" in d["exported"]')" False
of exported-without-export "$(json 'd["exported"]["PLAIN"]')" p
cat >buildspec.yml <<'E'
version: 0.2
env: {exported-variables: [V]}
phases: {build: {commands: [V=1, 'false']}}
E
go
of exported-of-a-failed-build "$rc $(json 'd["exported"]')" "1 {'V': '1'}"

# ---- artifacts ------------------------------------------------------------------------
mkdir -p tree/a/b tree-2 && echo 1 >tree/1.txt && echo 2 >tree/a/2.txt && echo 3 >tree/a/b/3.log &&
	echo 4 >tree-2/4.txt && echo 5 >top.txt && chmod 755 tree/1.txt && ln -s 1.txt tree/inside && ln -s /etc/passwd tree/outside
# artifact ROW WANT ARTIFACTS: the copies
artifact() {
	printf 'version: 0.2\nphases: {build: {commands: ["NAME=named"]}}\nartifacts: %s\n' "$3" >buildspec.yml
	go
	of "$1" "$rc $(copies)" "$2"
}
artifact artifact-file '0 ./artifacts/top.txt ' '{files: [top.txt]}'
artifact artifact-keeps-path '0 ./artifacts/tree/1.txt ' '{files: [tree/1.txt]}'
artifact artifact-star '0 ./artifacts/tree/1.txt ' '{files: ["tree/*.txt"]}'
artifact artifact-all-below '0 ./artifacts/tree/1.txt ./artifacts/tree/a/2.txt ./artifacts/tree/a/b/3.log ./artifacts/tree/inside ' '{files: ["tree/**/*"]}'
artifact artifact-several '0 ./artifacts/top.txt ./artifacts/tree-2/4.txt ' '{files: [top.txt, "tree-2/*"]}'
artifact artifact-exclude '0 ./artifacts/tree/1.txt ./artifacts/tree/inside ' '{files: ["tree/**/*"], exclude-paths: ["tree/a/**/*"]}'
artifact artifact-base-directory '0 ./artifacts/2.txt ./artifacts/b/3.log ' '{files: ["**/*"], base-directory: tree/a}'
artifact artifact-base-pattern '0 ./artifacts/1.txt ./artifacts/4.txt ' '{files: ["*.txt"], base-directory: "tree*"}'
artifact artifact-base-variable '0 ./artifacts/4.txt ' '{files: ["*"], base-directory: "$CODEBUILD_SRC_DIR/tree-2"}'
artifact artifact-file-variable '0 ./artifacts/top.txt ' '{files: ["${CODEBUILD_SRC_DIR}/top.txt"]}'
artifact artifact-discard-paths '0 ./artifacts/1.txt ./artifacts/2.txt ./artifacts/3.log ' '{files: ["tree/**/*.*"], discard-paths: yes}'
artifact artifact-name '0 ./artifacts/iris-named/top.txt ' '{files: [top.txt], name: iris-$NAME}'
artifact artifact-name-command '0 ./artifacts/iris-3/top.txt ' '{files: [top.txt], name: "iris-$(echo $((1 + 2)))"}'
artifact artifact-name-stays-inside '1 ' '{files: [top.txt], name: "../../up"}'
artifact artifact-secondary '0 ./secondary-artifacts/one/top.txt ./secondary-artifacts/two/4.txt ' \
	'{secondary-artifacts: {one: {files: [top.txt]}, two: {files: ["*"], base-directory: tree-2}}}'
artifact artifact-symlinks-off '0 ./artifacts/inside ' '{files: [inside, outside], base-directory: tree}'
of artifact-symlinks-off-file "$([ -h out/artifacts/inside ] || cat out/artifacts/inside)" 1
artifact artifact-symlinks-on '0 ./artifacts/1.txt ./artifacts/inside ' '{files: [inside, outside, 1.txt], base-directory: tree, enable-symlinks: yes}'
of artifact-symlinks-on-link "$(readlink out/artifacts/inside)" 1.txt
artifact artifact-mode '0 ./artifacts/1.txt ' '{files: [1.txt], base-directory: tree}'
of artifact-executable "$(stat -c %a out/artifacts/1.txt)" 755
told artifact-none-found '^1 .*Phase complete: UPLOAD_ARTIFACTS State: FAILED.*CLIENT_ERROR Message: no matching artifact paths found' <<'E'
version: 0.2
phases: {build: {commands: ['true']}}
artifacts: {files: ['no/such/**/*']}
E
told artifact-no-base '^1 .*CLIENT_ERROR Message: no matching base directory path found for nowhere' <<'E'
version: 0.2
phases: {build: {commands: ['true']}}
artifacts: {files: ['**/*'], base-directory: nowhere}
E
cat >buildspec.yml <<'E'
version: 0.2
phases: {build: {commands: ['false']}}
artifacts: {files: [top.txt]}
E
go
of artifact-of-a-failed-build "$rc $(copies)" '1 ./artifacts/top.txt '
sed -i 's/build:/install:/' buildspec.yml
go
of artifact-not-after-install-failed "$rc $(copies)" '1 '

# ---- reports --------------------------------------------------------------------------
# report ROW WANT REPORTS: the copies, and how the build ended
report() {
	printf 'version: 0.2\nphases: {build: {commands: ["true"]}}\nreports: %s\n' "$3" >buildspec.yml
	go
	of "$1" "$rc $(copies)" "$2"
}
report report-files '0 ./reports/unit/tree/1.txt ' '{unit: {files: [tree/1.txt]}}'
report report-base-directory '0 ./reports/unit/1.txt ' '{unit: {files: ["*.txt"], base-directory: tree}}'
report report-discard-paths '0 ./reports/unit/2.txt ' '{unit: {files: [tree/a/2.txt], discard-paths: yes}}'
report report-groups '0 ./reports/one/top.txt ./reports/two/4.txt ' '{one: {files: [top.txt]}, two: {files: [4.txt], base-directory: tree-2}}'
report report-missing-files '0 ' '{unit: {files: [no/such.xml]}}'
report report-format '0 ./reports/unit/top.txt ' '{unit: {files: [top.txt], file-format: COBERTURAXML}}'
of report-format-told "$(json 'd["reports"][0]["format"]')" COBERTURAXML
report report-default '0 ./reports/unit/top.txt ' '{unit: {files: [top.txt]}}'
of report-format-default "$(json 'd["reports"][0]["format"]')" JUNITXML
cat >buildspec.yml <<'E'
version: 0.2
phases: {build: {commands: ['echo 1 >unit.xml; false']}}
reports: {unit: {files: [unit.xml]}}
E
go
of report-of-a-failed-build "$rc $(copies)" '1 ./reports/unit/unit.xml '

# ---- ends -----------------------------------------------------------------------------
cat >buildspec.yml <<'E'
version: 0.2
phases: {build: {commands: ['touch here; sleep 300']}, post_build: {commands: [touch never]}}
E
rm -f here
go --timeout 1s
of end-timeout "$rc $(json 'd["status"]') $(ls never 2>/dev/null)" '1 TIMED_OUT '
rm -f here r.json
"$build" --result r.json >"$OUT" 2>"$ERR" </dev/null &
pid=$!
until_true 20 test -e here
kill -s TERM $pid
wait $pid
of end-stop "$? $(json 'd["status"]') $(ls never 2>/dev/null)" '1 STOPPED '
go --timeout 1s
of end-no-exports "$(json 'd["exported"]')" '{}'

# ---- what is left out here ------------------------------------------------------------
told left-out-run-as 'run-as: nobody is left out' <<'E'
version: 0.2
run-as: nobody
phases: {build: {commands: ['true']}}
E
told left-out-runtimes 'runtime-versions: is left out' <<'E'
version: 0.2
phases: {install: {runtime-versions: {python: 3.12}}, build: {commands: ['true']}}
E
told left-out-cache 'cache: is left out' <<'E'
version: 0.2
phases: {build: {commands: ['true']}}
cache: {paths: [/root/.m2]}
E
told left-out-proxy 'proxy: is left out' <<'E'
version: 0.2
proxy: {logs: yes}
phases: {build: {commands: ['true']}}
E
told left-out-git-helper 'git-credential-helper: is left out' <<'E'
version: 0.2
env: {git-credential-helper: yes}
phases: {build: {commands: ['true']}}
E
told left-out-batch '^2 .*names other builds and has no phases' <<'E'
version: 0.2
batch: {build-list: [{identifier: one, buildspec: one.yml}]}
E

# ---- the table ------------------------------------------------------------------------
sed -n 's/^|.*| `\([a-z0-9_.-]*\)` |$/\1/p' "$SOURCE/docs/codebuild-behaviours.md" | sort >"$T/rows"
sed -n "s/^\(row\|told\|of\|artifact\|report\|variable\|reference\) \([a-z0-9_.-]*\) .*/\2/p; s/^V=of-the-image row \([^ ]*\) .*/\1/p" \
	"$SOURCE/tests/cli/build-behaviours.t" >"$T/unsorted"
for phase in install pre_build build post_build; do
	for form in abort continue retry retry-count retry-regex retry-count-regex; do
		echo "on-failure-$form-$phase"
	done
done >>"$T/unsorted"
sort "$T/unsorted" >"$T/names"
is "$(diff "$T/names" "$T/rows")" '' 'each row of docs/codebuild-behaviours.md has its test, and each test its row'
is "$(sort "$T/rows" | uniq -d)" '' 'and no two have one name'
[ "$(wc -l <"$T/rows")" -ge 100 ]
ok "$(wc -l <"$T/rows" | tr -d ' ') rows"
done_testing
