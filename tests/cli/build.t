#!/bin/sh
# codetrain build: a buildspec run on this machine as CodeBuild runs it.
. "$SOURCE/tests/lib/tap.sh"

build=$BUILD/codetrain-build
mkdir "$T/w" "$T/tmp"
cd "$T/w" || bail 'no folder'
export TMPDIR="$T/tmp"

spec() { cat >buildspec.yml; }
# the lines of the commands, without CodeBuild's own
lines() { grep -v '^\[Container\]' "$OUT"; }
state() { grep -o '[A-Z_]* State: [A-Z_]*' "$OUT" | tr '\n' ' '; }
json() { python3 -c 'import json,sys; d=json.load(open(sys.argv[1])); print(eval(sys.argv[2]))' "$@"; }

# ---- version 0.2: one shell; 0.1: one for each command --------------------------------
spec <<'EOT'
version: 0.2
env:
  variables: {FROM_SPEC: spec value}
phases:
  install:
    commands:
      - cd /usr
      - plain='a  b'
      - export exported=c
      - f() { echo "in f"; }
  build:
    commands:
      - pwd
      - echo "$plain $exported $FROM_SPEC"
      - f
      - |
        cat <<END
        heredoc $plain
        END
EOT
status 0 'version 0.2: directory, variables and functions last through all phases' "$build"
is "$(lines)" "/usr
a  b c spec value
in f
heredoc \$plain
END
heredoc a  b" 'and multi-line commands are one command'

sed 's/^version: 0.2/version: 0.1/; s/- f$/- "! f 2>\/dev\/null"/' buildspec.yml >v1.yml
status 0 'version 0.1: each command has a shell of its own' "$build" -f v1.yml
is "$(lines)" "$T/w
  spec value
heredoc \$plain
END
heredoc " 'so nothing lasts'
like "$(err)" '0\.1 each command runs in a shell of its own' 'and that is said'

# ---- what a failure means -------------------------------------------------------------
# fails PHASE [ON-FAILURE]: the buildspec in which that phase's command fails
fails() {
	{
		echo 'version: 0.2'
		echo 'phases:'
		for p in install pre_build build post_build; do
			echo "  $p:"
			[ "$p" = "$1" ] && [ -n "${2:-}" ] && echo "    on-failure: $2"
			c=:
			[ "$p" = "$1" ] && c='sh -c "exit 3"'
			printf "    commands: ['%s', 'echo %s \$CODEBUILD_BUILD_SUCCEEDING']\n" "$c" $p
			printf "    finally: ['echo finally %s \$CODEBUILD_BUILD_SUCCEEDING']\n" $p
		done
	} >buildspec.yml
}
row() { # row NAME CODE LINES
	status "$2" "$1" "$build" --result r.json
	is "$(lines | tr '\n' ',')" "$3" "$1: what ran"
}
fails none
row 'all phases succeed' 0 'install 1,finally install 1,pre_build 1,finally pre_build 1,build 1,finally build 1,post_build 1,finally post_build 1,'
fails install
row 'install fails: nothing else runs' 1 'finally install 0,'
like "$(state)" '^INSTALL State: FAILED $' 'and the phase is told'
like "$(out)" 'COMMAND_EXECUTION_ERROR Message: Error while executing command: sh -c "exit 3". Reason: exit status 3' 'in CodeBuild'"'"'s words'
is "$(json r.json 'd["status"], d["phases"][0]["exit_code"], d["phases"][0]["command"], len(d["phases"])')" \
	"('FAILED', 3, 'sh -c \"exit 3\"', 1)" 'and in the result'
fails pre_build
row 'pre_build fails: neither build nor post_build' 1 'install 1,finally install 1,finally pre_build 0,'
fails build
row 'build fails: post_build runs, and can see it' 1 'install 1,finally install 1,pre_build 1,finally pre_build 1,finally build 0,post_build 0,finally post_build 0,'
fails post_build
row 'post_build fails: the build fails' 1 'install 1,finally install 1,pre_build 1,finally pre_build 1,build 1,finally build 1,finally post_build 0,'
fails build ABORT
row 'on-failure ABORT of build: no post_build' 1 'install 1,finally install 1,pre_build 1,finally pre_build 1,finally build 0,'
fails pre_build CONTINUE
row 'on-failure CONTINUE: the next phases run, the build fails' 1 'install 1,finally install 1,finally pre_build 0,build 0,finally build 0,post_build 0,finally post_build 0,'
fails install RETRY-2
status 1 'on-failure RETRY-2: the build is begun twice more' "$build" --result r.json
is "$(grep -c 'Entering phase INSTALL' "$OUT") $(json r.json 'd["attempts"]')" '3 3' 'three attempts'
fails install 'RETRY-2-.*exit status 9.*'
status 1 'RETRY with a pattern that the message does not match' "$build"
is "$(grep -c 'Entering phase INSTALL' "$OUT")" 1 'is not retried'
fails install 'RETRY-1-.*exit status 3'
status 1 'and with one that it matches' "$build"
is "$(grep -c 'Entering phase INSTALL' "$OUT")" 2 'is'
spec <<'EOT'
version: 0.2
phases:
  build:
    on-failure: RETRY
    commands:
      - echo try >>tries
      - '[ "$(wc -l <tries)" -ge 3 ]'
      - echo "$CODEBUILD_BUILD_SUCCEEDING"
EOT
status 0 'a retry that succeeds makes the build succeed' "$build"
is "$(lines)" 1 'and it begins as one that succeeds'
rm tries
spec <<'EOT'
version: 0.2
phases:
  build:
    commands: ['true']
    finally: ['false', 'echo never']
EOT
status 1 'a command of finally that fails makes the phase fail' "$build"
is "$(lines)" '' 'and the rest of finally is left out'

# ---- commands that end the shell ------------------------------------------------------
spec <<'EOT'
version: 0.2
phases:
  build:
    commands:
      - cd /usr; kept=yes
      - exit 0
      - pwd; echo "$kept"
      - set -e
      - false
      - echo never
  post_build:
    commands: ['echo "post $kept $CODEBUILD_BUILD_SUCCEEDING"']
EOT
status 1 'exit and set -e end the command, not the build' "$build"
is "$(lines | tr '\n' ',')" '/usr,yes,post yes 0,' 'and what was set is still there'

# ---- the environment ------------------------------------------------------------------
spec <<'EOT'
version: 0.2
env:
  shell: bash
  variables: {A: spec, B: spec, C: spec}
  exported-variables: [OUT, LATE, UNSET]
phases:
  build:
    commands:
      - echo "$A $B $C ${BASH_VERSION:+bash}"
      - echo "$CODEBUILD_CI $CODEBUILD_SRC_DIR $CODEBUILD_BUILD_NUMBER $CODEBUILD_INITIATOR"
      - echo "${GIT_DIR-none} ${GIT_PUSH_OPTION_COUNT-none} $PWD"
      - OUT='"quoted"'
  post_build: {commands: ['CODEBUILD_BUILD_SUCCEEDING=; LATE=late']}
EOT
run env A=caller GIT_DIR=/x GIT_PUSH_OPTION_COUNT=1 C=from-here CODEBUILD_BUILD_NUMBER=7 \
	"$build" -e B=option --env C --result r.json </dev/null
is "$rc" 0 'the environment'
is "$(lines)" "spec option from-here bash
true $T/w 7 codetrain
none none $T/w" '--env before the buildspec before the caller; the hook'"'"'s own variables are gone'
is "$(json r.json 'd["exported"]')" "{'OUT': '\"quoted\"', 'LATE': 'late'}" 'exported variables, taken at the end'
status 2 '--env of a variable that is not set' "$build" --env NOT_SET_HERE
like "$(err)" 'NOT_SET_HERE: the variable is not set here' 'is named'

spec <<'EOT'
version: 0.2
env:
  secrets-manager:
    PASSWORD: app/db:password
  exported-variables: [PASSWORD]
phases: {build: {commands: ['printf "%s\n" "$PASSWORD-x"', 'printf "%s" "$PASSWORD" | wc -c']}}
EOT
status 6 'a reference to a secret, and no credentials' env AWS_REGION=us-east-2 "$build"
like "$(err)" 'buildspec.yml:4: PASSWORD: .*--env PASSWORD' 'names the line and the way out'
run env PASSWORD=canary-5678 "$build" --env PASSWORD --log l.txt --result r.json </dev/null
is "$rc" 0 'with one'
is "$(lines | tr -d ' ')" '***-x
11' 'the commands have it, and it is taken out of the log'
unlike "$(cat l.txt r.json; err)" canary 'of the file, and of the result'
unlike "$(find "$T" -type f -exec grep -l canary-5678 {} +)" . 'it is in no file'

# ---- a clean checkout -----------------------------------------------------------------
git init -q repo && cd repo || bail 'no repository'
mkdir -p 'sub dir'
printf '#!/bin/sh\necho run\n' >tool && chmod +x tool
ln -s tool link
echo one >'sub dir/file'
spec <<'EOT'
version: 0.2
phases:
  build:
    commands:
      - ./tool
      - readlink link
      - test "$(git rev-parse HEAD)" = "$CODEBUILD_RESOLVED_SOURCE_VERSION"
      - git status --porcelain
      - cat 'sub dir/file'; pwd; echo "$HOME"
      - test "$PWD" = "$CODEBUILD_SRC_DIR"
      - ls -A .git/hooks 2>/dev/null
      - mkdir -p ro/x && chmod 500 ro
EOT
sed -i 's|ls -A .git/hooks 2>/dev/null|ls -A .git/hooks 2>/dev/null; true|' buildspec.yml
git add -A && git commit -qm one
echo two >'sub dir/file' && git commit -qam two
git tag -a -m t v2
cd .. && git clone -q --bare repo bare.git
one=$(git -C repo rev-parse HEAD~1)
run env -u HOME "$build" --repo bare.git --commit "$one" --result r.json </dev/null
is "$rc" 0 'a checkout of a commit of a bare repository'
like "$(lines | tr '\n' ' ')" '^run tool one /[^ ]*/tmp/codetrain-build\.[^ ]*/src /[^ ]*/home $' 'with modes and links, and a HOME of its own'
is "$(json r.json 'd["commit"]')" "$one" 'the commit is told'
is "$(ls "$TMPDIR")" '' 'and nothing is left, not even what was read-only'
status 0 'of a branch' "$build" --repo bare.git --commit master
like "$(lines)" '^two$' 'its last commit'
status 0 'of an annotated tag' "$build" --repo bare.git --commit v2
status 0 'from inside a hook of another repository' env GIT_DIR="$T/none" GIT_INDEX_FILE=x "$build" --repo bare.git
for bad in 0123456789012345678901234567890123456789 nothing --help -q "a'b\$(touch x)" "HEAD:tool"; do
	status 2 "no such commit: $bad" "$build" --repo bare.git "--commit=$bad"
	like "$(err)" 'has no commit' 'is said'
done
status 2 'no such repository' "$build" --repo /nowhere
status 2 'a folder that is no repository' "$build" --repo "$T/home"
status 2 'a URL is no repository here' "$build" --repo 'ext::sh -c touch% x'
[ ! -e x ]
ok 'and none of these ran anything'
is "$(ls "$TMPDIR")" '' 'and nothing is left of them'
branch='we"ird$(touch${IFS}x)'\''`id`;&'
git -C bare.git branch "$branch" "$one"
status 0 'a branch with quotes and substitutions in its name' "$build" --repo bare.git --commit "$branch"
like "$(lines)" '^one$' 'is built as any other'
git clone -q --bare repo "od d'\$(touch x)"
status 0 'a repository with them in its path' "$build" --repo "od d'\$(touch x)"
[ ! -e x ]
ok 'runs none of them'

# ---- files ----------------------------------------------------------------------------
mkdir -p out/a/b && touch out/1.txt out/a/2.txt out/a/b/3.log 'out/a/sp ace.txt' && ln -s /etc out/link
spec <<'EOT'
version: 0.2
phases: {build: {commands: [true]}}
artifacts:
  base-directory: out
  files: ['**/*.txt', link]
  exclude-paths: a/2*
  secondary-artifacts:
    all: {files: ['**/*'], base-directory: out/a}
reports:
  unit: {files: ['nothing/*.xml']}
EOT
status 0 'artifacts and reports' "$build" --result r.json
is "$(json r.json '[(a["name"], a["files"]) for a in d["artifacts"]]')" \
	"[('all', ['2.txt', 'b/3.log', 'sp ace.txt']), ('', ['1.txt', 'a/sp ace.txt'])]" 'are matched as CodeBuild does'
like "$(out)" '1 link.s. left out' 'a link that leads out of the source directory is none of them'
is "$(json r.json 'd["reports"]')" "[{'name': 'unit', 'format': 'JUNITXML', 'files': []}]" 'and reports'

# -- the folder for copies
printf 'version: 0.2\nphases: {build: {commands: [true]}}\nartifacts: {files: [out/1.txt, out/a/2.txt, 1.txt]}\n' >buildspec.yml
mkdir full && touch full/there && touch 1.txt
status 2 '--artifacts into a folder that is not empty' "$build" --artifacts full
like "$(err)" 'the folder full is not empty' 'is refused before anything runs'
printf 'version: 0.2\nphases: {build: {commands: [true]}}\n' >plain.yml
status 0 'nothing to copy' "$build" -f plain.yml --artifacts new
[ ! -e new ]
ok 'makes no folder'
status 0 'copies below the source directory' "$build" --artifacts new
is "$(cd new && find . -type f | sort | tr '\n' ' ') $(stat -c %a new)" './artifacts/1.txt ./artifacts/out/1.txt ./artifacts/out/a/2.txt  700' \
	'are there, for the owner only'
printf 'version: 0.2\nphases: {build: {commands: [true]}}\nartifacts: {files: ["**/*.txt"], discard-paths: yes, exclude-paths: [new/**/*]}\n' >buildspec.yml
status 0 'files of one name' "$build" --artifacts new2
like "$(out)" 'out/1.txt is left out: there is another 1.txt' 'the first stays, and that is told'
mkfifo pipe
printf 'version: 0.2\nphases: {build: {commands: [true]}}\nartifacts: {files: [pipe, 1.txt]}\n' >buildspec.yml
status 0 'a pipe among them is no file' "$build" --artifacts new3
if [ "$(id -u)" -ne 0 ]; then
	chmod 000 1.txt
	status 70 'a file that cannot be read' "$build" --artifacts new4
	chmod 644 1.txt
fi
printf 'version: 0.2\nphases: {build: {commands: ["i=0; while [ $i -lt 3000 ]; do i=$((i + 1)); : >many/a-rather-long-name-of-a-file-$i.txt; done"]}}\nartifacts: {files: ["many/*"]}\n' >buildspec.yml
mkdir many
status 0 'thousands of files' "$build" --artifacts new5 --result r.json
is "$(ls new5/artifacts/many | wc -l) $(json r.json 'd["artifacts"][0]["truncated"], len(d["artifacts"][0]["files"]) > 1000')" '3000 (True, True)' \
	'are all copied, and not all listed'
[ "$(wc -c <r.json)" -lt 200000 ]
ok 'so that the queue can read the result'

# ---- bad buildspecs -------------------------------------------------------------------
status 2 'no buildspec' "$build" -f none.yml --result r.json
like "$(err)" 'none.yml' 'is named'
is "$(json r.json 'd["status"], bool(d["error"])')" "('FAILED', True)" 'the result says so'
printf 'version: 0.2\nphases:\n\tbuild:\n' >buildspec.yml
status 2 'a tab' "$build"
like "$(err)" 'buildspec.yml:3:1: found character that cannot start any token' 'has its place'
spec <<'EOT'
version: 0.2
phases:
  bild: {commands: [echo hi]}
EOT
status 2 'a misspelt phase' "$build"
like "$(err)" 'buildspec.yml:3:3: .*did you mean build' 'has a suggestion'
unlike "$(out)" 'hi$' 'and nothing ran'
printf 'version: 0.2\nenv: {shell: powershell.exe}\nphases: {build: {commands: [x]}}\n' >buildspec.yml
status 2 'a shell that is not here' "$build"
status 2 '--commit without --repo' "$build" --commit HEAD
for t in 0 x 1w -5 999d; do
	status 2 "--timeout $t" "$build" --timeout=$t
done

# ---- time, signals, and what is left --------------------------------------------------
spec <<'EOT'
version: 0.2
phases:
  build:
    commands:
      - echo $$ >pids
      - sleep 300 & echo $! >>pids
      - setsid sh -c 'trap "" TERM; echo $$ >>pids; sleep 300' &
      - (setsid sleep 300 & echo $! >>pids) &
      - until [ "$(wc -l <pids)" -ge 4 ]; do sleep 0.05; done
      - trap '' TERM; touch ready; sleep 300
  post_build: {commands: [touch never, 'echo $CODEBUILD_BUILD_SUCCEEDING']}
EOT
# A process that was killed may still stand in the table for a moment.
gone() {
	while read -r p; do
		case $(sed 's/.*) //' "/proc/$p/stat" 2>/dev/null) in '' | Z*) ;; *) return 1 ;; esac
	done <pids
}
status 1 'a build that takes too long' "$build" --timeout 2s --result r.json
is "$(json r.json 'd["status"], d["phases"][0]["status"], len(d["phases"])')" "('TIMED_OUT', 'TIMED_OUT', 1)" 'has timed out'
like "$(err)" 'the build timed out' 'which is said'
is "$(wc -l <pids)" 4 'it had four processes'
ok 'and none lives on' gone
for sig in TERM HUP; do
	rm -f ready pids
	"$build" --result r.json >"$OUT" 2>"$ERR" </dev/null &
	pid=$!
	until_true 20 test -e ready
	ok "a build is running" || break
	kill -s $sig $pid
	wait $pid
	is "$?" 1 "SIG$sig ends it"
	is "$(json r.json 'd["status"]')" STOPPED 'it was stopped'
	ok 'and none of its processes lives on' gone
done
[ ! -e never ]
ok 'no later phase ran'
spec <<'EOT'
version: 0.2
phases: {build: {commands: ['sleep 300 & echo $! >pids', 'setsid sleep 300 & echo $! >>pids', 'echo done']}}
EOT
status 0 'background processes do not keep a build alive' "$build"
ok 'and end with it' gone

# ---- output ---------------------------------------------------------------------------
spec <<'EOT'
version: 0.2
phases: {build: {commands: ['printf "no newline"', 'echo e >&2', 'printf "\0\377\n"']}}
EOT
status 0 'output' "$build" --log l.txt
cmp -s "$OUT" l.txt
ok 'the log has what the terminal has'
is "$(stat -c %a l.txt)" 600 'for the owner only'
is "$(grep -c '^no newline$' l.txt)" 1 'a line without an end is ended'
status 0 '--json' "$build" --json
is "$(json "$OUT" 'd["status"]')" SUCCEEDED 'the result alone on standard output'
like "$(err)" 'Entering phase BUILD' 'the log on standard error'
status 70 'a log that cannot be written' "$build" --log /dev/full
run sh -c '"$1" | head -n 1 >/dev/null' sh "$build" </dev/null
is "$rc" 0 'a reader that goes away'
if [ -e /dev/full ]; then
	run sh -c '"$1" >/dev/full' sh "$build"
	is "$rc" 70 'a full disk is not success'
fi

# -- no more builds at once than there are slots
export XDG_RUNTIME_DIR="$T/run" CODETRAIN_BUILD_SLOTS=1
mkdir -m 700 "$XDG_RUNTIME_DIR"
printf 'version: 0.2\nphases: {build: {commands: ["touch in; until [ -e go ]; do sleep 0.05; done"]}}\n' >holds.yml
printf 'version: 0.2\nphases: {build: {commands: ["test -z \\"$(ls holding)\\"", %s]}}\n' "'\"$build\" -f inner.yml'" >next.yml
printf 'version: 0.2\nphases: {build: {commands: [echo in the inner one]}}\n' >inner.yml
mkdir holding
"$build" -f holds.yml >"$T/first" 2>&1 </dev/null &
first=$!
until_true 20 test -e in
ok 'one build has the only slot'
status 1 'another waits for it, in its own time' "$build" -f inner.yml --timeout 1s --result r.json
is "$(json r.json 'd["status"], len(d["phases"])')" "('TIMED_OUT', 0)" 'and is over when that is'
like "$(out)" '1 build\(s\) run on this machine already: waiting' 'it has said what it waits for'
"$build" -f inner.yml >"$T/second" 2>&1 </dev/null &
second=$!
until_true 20 grep -q waiting "$T/second"
kill -s TERM $second
wait $second
is $? 1 'a signal ends the wait'
"$build" -f next.yml >"$T/second" 2>&1 </dev/null &
second=$!
until_true 20 grep -q waiting "$T/second"
ok 'a third waits'
touch go
wait $first
is $? 0 'the first ends'
wait $second
is $? 0 'and then it runs' || _show <"$T/second"
like "$(cat "$T/second")" 'in the inner one' 'a build that a build runs needs no slot of its own'
rm -f in go
"$build" -f holds.yml >/dev/null 2>&1 </dev/null &
first=$!
until_true 20 test -e in
kill -s KILL $first
wait $first 2>/dev/null
touch go
rm -rf "$TMPDIR"/codetrain-build.*
status 0 'a build that was killed holds none' "$build" -f inner.yml
is "$(stat -c %a "$T/run/codetrain")" 700 'the folder of the slots is for the user only'
chmod 777 "$T/run/codetrain"
status 0 'one that others can write to' "$build" -f inner.yml
like "$(out)" 'this build is not counted' 'is not used'
status 2 'a number of slots that is none' env CODETRAIN_BUILD_SLOTS=many "$build" -f inner.yml
status 0 'no bound' env CODETRAIN_BUILD_SLOTS=0 "$build" -f inner.yml
unset XDG_RUNTIME_DIR
CODETRAIN_BUILD_SLOTS=0

# -- what a build that was killed has left
mkdir -p "$TMPDIR/codetrain-build.killed/src/deep" "$TMPDIR/codetrain-build.living" \
	"$TMPDIR/codetrain-build.young" "$TMPDIR/of-another"
chmod 500 "$TMPDIR/codetrain-build.killed/src"
ln -s "$T" "$TMPDIR/codetrain-build.link"
touch -d '1 hour ago' "$TMPDIR/codetrain-build.killed" "$TMPDIR/codetrain-build.living" "$TMPDIR/of-another"
flock "$TMPDIR/codetrain-build.living" sh -c '"$1" >/dev/null' sh "$build"
is "$(ls "$TMPDIR" | tr '\n' ' ')" 'codetrain-build.link codetrain-build.living codetrain-build.young of-another ' \
	'is removed by the next, but not what lives, is young or is not ours'
done_testing
