#!/bin/sh
# post-receive: what is pushed is recorded before the prompt is back, whatever else happens.
. "$SOURCE/tests/lib/tap.sh"
. "$SOURCE/tests/lib/queue.sh"

# ---- recorded and delivered ----
bare r local
a=$(commit a)
status 0 "a push with the hook as a link" push r HEAD:refs/heads/main
like "$(err)" '^remote: codetrain: push recorded as event 1 → local *$' "the pusher reads one line"
is "$(grep -c '^remote: ..*' "$ERR")" 1 "and no other"
until_true 20 states_are r delivered
ok "it is delivered in the background"
is "$(cat "$T/starts")" "$a" "the build has the commit"
until_true 20 no_drainer r
ok "the drainer ends when there is nothing left to do"
is "$(stat -c %a "$T/r.git/codetrain" "$T/r.git/codetrain/queue.db" | tr '\n' ' ')" "700 600 " "nobody else can read the queue"
like "$(cat "$T/r.git/codetrain/builds/1.log")" "^CODETRAIN_REF=refs/heads/main$" "the build is told its ref"
like "$(cat "$T/r.git/codetrain/builds/1.log")" "^CODETRAIN_EVENT=[0-9a-f]{32}/1$" "and its event"
is "$(sql r "SELECT ref, old, new, recorded_ms > 1600000000000 FROM event")" \
	"refs/heads/main|0000000000000000000000000000000000000000|$a|1" "all of it is recorded"

# ---- nothing of the pusher's reaches the build ----
b=$(commit b)
# sshd lets LC_* of any name in
AWS_SECRET_ACCESS_KEY=canary GIT_TRACE2_PARENT_SID=canary LC_ANY=canary AWS_PROFILE=p status 0 "a push with keys around it" push r HEAD:main
until_true 20 states_are r "delivered delivered"
unlike "$(cat "$T/r.git/codetrain/builds/2.log.env")" "canary|^GIT_" "neither keys nor git's variables nor names of the pusher's own reach the build"
like "$(cat "$T/r.git/codetrain/builds/2.log.env")" "^AWS_PROFILE=p$" "the name of a profile does"

# ---- the pusher does not wait ----
: >"$T/block"
commit c >/dev/null
status 0 "a push returns while its build blocks" push r HEAD:main
until_true 20 states_are r "delivered delivered delivering"
ok "the build is under way"
d=$(drainers r)
w=$(workers r)
for p in $d $w; do
	if ! [ -r "/proc/$p/fd" ] || ! ls "/proc/$p/fd" >/dev/null 2>&1; then
		skip "process has its three descriptors" "only root may look"
		continue
	fi
	is "$(ls "/proc/$p/fd" | tr '\n' ' ' | cut -c1-6)" "0 1 2 " "process has its three descriptors"
	is "$(readlink "/proc/$p/fd/0" "/proc/$p/fd/1" "/proc/$p/fd/2" | sort -u)" /dev/null "and they lead nowhere"
done
is "$(cut -d' ' -f6 "/proc/$d/stat")" "$d" "the drainer leads a session of its own"
is "$(cut -d' ' -f6 "/proc/$w/stat")" "$w" "and so does the build"
commit d >/dev/null
status 0 "another push to the same branch" push r HEAD:main
is "$(drainers r)" "$d" "one drainer serves both"
is "$(wc -l <"$T/starts")" 3 "the second build waits for the first"
rm "$T/block"
echo >"$T/gate"
until_true 20 states_are r "delivered delivered delivered delivered"
ok "both are delivered"
is "$(tail -n 2 "$T/starts")" "$(git -C "$T/work" log -2 --reverse --format=%H)" "in their order"

# ---- A -> B -> A -> B ----
bare abab local
for what in "$a:refs/heads/m" "$b:m" "+$a:m" "$b:m"; do push abab "$what" 2>/dev/null; done
until_true 20 states_are abab "delivered delivered delivered delivered"
ok "A, B, A, B are four events"
is "$(sql abab "SELECT new FROM event ORDER BY seq" | tr '\n' ' ')" "$a $b $a $b " "in that order"
push abab :m 2>/dev/null
until_true 20 states_are abab "delivered delivered delivered delivered skipped"
ok "a deletion is recorded, and builds nothing"

# ---- a drainer that dies at once ----
bare dead local
cp "$T/bin/codetrain-queue" "$T/queue.kept"
printf '#!/bin/sh\nkill -9 $$\n' >"$T/queue.dies"
chmod +x "$T/queue.dies"
mv "$T/queue.dies" "$T/bin/codetrain-queue"
status 0 "a push whose drainer is killed at its start" push dead HEAD:main
like "$(err)" 'recorded as event 1' "is recorded"
mv "$T/queue.kept" "$T/bin/codetrain-queue"
is "$(states dead)" waiting "and waits"
status 0 "the next drainer" queue run -C "$T/dead.git"
is "$(states dead)" delivered "delivers it"

# ---- names are data ----
bare hostile local
n=0
for name in "it's" 'a"b' 'x$(touch${IFS}PWNED)' 'x`touch${IFS}PWNED`' 'a;touch${IFS}PWNED' 'a&b|c>d' '%s%n' '-rf' 'é' "$(printf 'a\377b')" '{}' "x');DROP-TABLE-event;--"; do
	n=$((n + 1))
	push hostile "HEAD:refs/heads/$name" 2>/dev/null
	is "$(git -C "$T/hostile.git" for-each-ref | wc -l)" "$n" "git takes the branch $n"
done
until_true 30 states_are hostile "$(yes delivered | head -n "$n" | tr '\n' ' ' | sed 's/ $//')"
ok "hostile branches are delivered like others"
find "$T" -name 'PWNED*' | grep -q .
[ $? -ne 0 ]
ok "and nothing of them ran"
status 0 "they can be listed as JSON" queue list --json -C "$T/hostile.git"
is "$(json "$OUT" 'len(d["events"])')" "$n" "which is JSON"
is "$(json "$OUT" 'd["events"][0]["ref"]')" "refs/heads/it's" "with their names"
mkdir "$T/work/.d"
printf '[codetrain]\n\ttarget = codebuild\n\tproject = evil\n' >"$T/work/.codetrain"
git -C "$T/work" add .codetrain
commit hostile >/dev/null
push hostile HEAD:main 2>/dev/null
is "$(sql hostile "SELECT DISTINCT target FROM delivery WHERE target <> ''")" local "a pushed .codetrain names no target"

# ---- side by side ----
bare many local
i=0
while [ $i -lt 8 ]; do
	i=$((i + 1))
	push many "HEAD:refs/heads/p$i" 2>"$T/err.$i" &
done
wait
is "$(sql many "SELECT count(DISTINCT ref), count(*) FROM event")" "8|8" "eight pushes at once are eight events"
until_true 30 states_are many "$(yes delivered | head -n 8 | tr '\n' ' ' | sed 's/ $//')"
ok "all are delivered"
is "$(sql many "SELECT max(attempts) FROM delivery")" 1 "each once"

# ---- push options, pusher ----
bare options local
git -C "$T/options.git" config receive.advertisePushOptions true
REMOTE_USER=ann status 0 "a push with options" push options -o ci.skip -o 'a=b "c"' HEAD:main
is "$(sql options "SELECT pusher, replace(options, char(10), '/') FROM push")" 'ann|ci.skip/a=b "c"/' "pusher and options are kept"

until_true 20 states_are options skipped
ok "ci.skip: nothing is built"
like "$(err)" "push recorded as event 1 → local \(ci.skip: no build\)" "and the pusher is told"
status 0 "a push that follows its build" push options -o ci.wait=30s "+$a:refs/heads/main"
like "$(err)" "^remote: .*--commit" "reads its log"
is "$(states options)" "skipped delivered" "and ends with it"
git -C "$T/options.git" config --add codetrain.target other
git -C "$T/options.git" config codetrain.other.type exec
git -C "$T/options.git" config codetrain.other.refs 'refs/none/*'
git -C "$T/options.git" config codetrain.other.env PATHS
run push options -o ci.env=DEBUG=1 -o ci.nonsense -o ci.env=PATH=/x "$b:refs/heads/main"
is "$rc" 0 "options that are not taken let the push through"
is "$(grep -c "^remote: codetrain: warning: push option \".*\" is not taken" "$ERR")" 3 "and are told, once for both targets"
like "$(err)" "git config --add codetrain.env DEBUG" "with the command that allows a variable"
git -C "$T/options.git" config --unset codetrain.target other
until_true 20 states_are options "skipped delivered delivered"
unlike "$(cat "$T/options.git/codetrain/builds/3.log")" "DEBUG=1|PATH=/x" "the build has none"
git -C "$T/options.git" config --add codetrain.env 'DEB*'
push options -o ci.env=DEBUG=2 "+$a:refs/heads/main" 2>/dev/null
until_true 20 states_are options "skipped delivered delivered delivered"
like "$(cat "$T/options.git/codetrain/builds/4.log")" "^DEBUG=2$" "one that is allowed reaches it"

# ---- no target, another ref ----
bare plain
status 0 "a push where no target is set" push plain HEAD:main
like "$(err)" "event 1 → nowhere: .*git config codetrain.target" "says so, with the command"
git -C "$T/plain.git" config codetrain.target codebuild
status 0 "a push to a target that lacks its project" push plain HEAD:refs/tags/t
like "$(err)" "codebuild \(codetrain.project is not set\)" "says so"
git -C "$T/plain.git" config codetrain.project iris
status 0 "the line follows the configuration" push plain HEAD:refs/tags/u
like "$(err)" "event 3 → codebuild iris" "at once"
until_true 20 states_are plain "skipped skipped skipped"
ok "what no target wants is skipped"

# ---- the database cannot be used ----
bare broken local
push broken HEAD:one 2>/dev/null
until_true 20 no_drainer broken
rm -f "$T"/broken.git/codetrain/queue.db-*
echo 'no database at all, but long enough to be looked at as one by its header' >"$T/broken.git/codetrain/queue.db"
status 0 "a push with a damaged queue" push broken HEAD:two
like "$(err)" "queue.db is damaged.*cd '$T/broken.git/codetrain' && mv queue.db .*mv queue.db-wal" "says what to do"
like "$(err)" "kept in .*/codetrain/moves;" "and where the push is"
status 0 "a second one" push broken HEAD:three
waiting() { find "$T/broken.git/codetrain" -name '*moves'; }
# shellcheck disable=SC2046
is "$(cat $(waiting) | grep -c '^uid ')" 4 "what two hooks told of each is there"
# shellcheck disable=SC2046
is "$(stat -c %a $(waiting) | sort -u)" 600 "for nobody else to read"
mv "$T/broken.git/codetrain/queue.db" "$T/broken.git/codetrain/queue.db.damaged"
push broken HEAD:four 2>/dev/null
until_true 20 states_are broken "delivered delivered delivered"
ok "once it is mended, the next push brings them along"
is "$(sql broken "SELECT ref FROM event ORDER BY seq" | tr '\n' ' ')" "refs/heads/two refs/heads/three refs/heads/four " "in order"

# ---- nothing can be written ----
bare full local
rm "$T/full.git/hooks/post-receive"
cat >"$T/full.git/hooks/post-receive" <<HOOK
#!/bin/sh
trap '' XFSZ
ulimit -f 0
'$T/bin/post-receive'
echo "exit \$?"
HOOK
chmod +x "$T/full.git/hooks/post-receive"
status 0 "a push when no byte can be written" push full HEAD:main
like "$(err)" "NOT RECORDED" "is loud"
like "$(err)" "codetrain queue record -C '$T/full.git'" "gives the command"
like "$(err)" "remote: exit 1" "and the hook exits 1"
sed -n "s/^remote: codetrain:   \(.*refs[^ ]*\).*/\1/p" "$ERR" >"$T/lines"
run queue record -C "$T/full.git" <"$T/lines"
is "$rc" 0 "the lines that it prints can be recorded by hand"
until_true 20 states_are full delivered
ok "and are delivered"

# ---- by hand: what git would never say ----
bare hand local
cd "$T/hand.git" || exit 1
z=0000000000000000000000000000000000000000
{
	echo "$z $a refs/heads/one"
	echo nonsense
	printf '%020000d\n' 7
	printf '%s %s refs/heads/\0x\n' $z "$a"
	printf '%s %s refs/heads/two' $z "$a"
} >in
run env GIT_DIR=. "$T/bin/post-receive" <in
is "$rc" 0 "malformed lines do not stop the hook"
is "$(grep -c 'left out' "$ERR")" 3 "each is told"
is "$(sql hand "SELECT ref FROM event")" "refs/heads/one
refs/heads/two" "and the others recorded"
run "$T/bin/post-receive" </dev/null
is "$rc,$(err)" "0," "no line, no word"
# its error output is a pipe that nobody reads, as when the pusher is gone
mkfifo "$T/gone"
printf 'nonsense\n%s %s refs/heads/alone\n' $z "$a" >in
(
	exec 8<>"$T/gone" 9>"$T/gone" 8>&-
	exec "$T/bin/post-receive" <in 2>&9 9>&-
)
is "$(sql hand "SELECT count(*) FROM event WHERE ref = 'refs/heads/alone'")" 1 "a push is recorded when the pusher is gone"
python3 -c "
for i in range(4500):
    print('$z', '$a', 'refs/tags/t%d' % i)" >in
run "$T/bin/post-receive" <in
is "$rc" 0 "more refs than CodeCommit takes in a push"
like "$(err)" "push of 4500 refs recorded as events 4 to 4503" "are all recorded"
is "$(sql hand "SELECT count(*) FROM event")" 4503 "none is missing"
cd "$T/home" || exit 1
run "$T/bin/post-receive" </dev/null
is "$rc" 1 "outside of a repository it says so"
like "$(err)" "not in a git repository" "in one line"
status 0 "post-receive --help" "$T/bin/post-receive" --help

done_testing
