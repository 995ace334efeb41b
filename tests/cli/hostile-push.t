#!/bin/sh
# A hostile push changes nothing but the events of its own refs.
. "$SOURCE/tests/lib/tap.sh"
. "$SOURCE/tests/lib/queue.sh"

raw() { python3 "$SOURCE/tests/lib/raw_push.py" "$@"; }
z=0000000000000000000000000000000000000000

# An innocent repository beside it, and what must stay as it is: the hostile one's
# configuration and hooks, all else in $T.
bare innocent local
bare r local
git -C "$T/r.git" config receive.advertisePushOptions true
a=$(commit a)
b=$(commit b)
push innocent "$a:refs/heads/main" 2>/dev/null
push r "$a:refs/heads/main" 2>/dev/null
until_true 20 states_are innocent delivered
until_true 20 states_are r delivered
until_true 20 no_drainer r
until_true 20 no_drainer innocent
picture() {
	(cd "$T" && find bin innocent.git r.git/hooks r.git/config home -printf '%p %M %l\n' | sort &&
		find bin innocent.git r.git/hooks r.git/config -type f -exec sha256sum {} + | sort)
}
before=$(picture)
first=$(sql r "SELECT ref, old, new FROM event WHERE seq = 1")

# ---- names that git's client would never send ----
python3 - >"$T/names" <<'PY'
import sys
names = [
    b"refs/heads/new\nline", b"refs/heads/main\n" + b"0" * 40 + b" " + b"1" * 40 + b" refs/heads/injected",
    b"refs/heads/re\rturn", b"refs/heads/\x1b[2J\x1b]0;title\x07", b"refs/heads/tab\tulator", b"refs/heads/a b",
    b"refs/heads/../../config", b"refs/../codetrain/queue.db", b"../../etc/passwd", b"refs/heads/.hidden",
    b"refs/heads/x.lock", b"refs/heads/a..b", b"refs/heads/", b"refs/", b"HEAD", b"codetrain/queue.db", b"config",
    b"refs/heads/x~1", b"refs/heads/x^{}", b"refs/heads/@{0}", b"refs/heads/star*", b"refs/heads/back\\slash",
    b"refs/heads/" + b"l" * 5000, b"refs/heads/\x7f", b"-rf", b"--upload-pack=touch PWNED", b"refs/heads//double",
]
sys.stdout.buffer.write(b"\0".join(names) + b"\0")
PY
run raw "$T/r.git" "$a" - <"$T/names"
is "$(git -C "$T/r.git" for-each-ref | wc -l)" 1 "git itself refuses what is no name"
until_true 20 no_drainer r
is "$(sql r "SELECT count(*) FROM event")" 1 "and none of it is an event"

# ---- names that git takes, in one push ----
python3 - >"$T/names" <<'PY'
import sys
names = [
    "it's", 'a"b', "$(touch${IFS}PWNED)", "`touch${IFS}PWNED`", "a;touch${IFS}PWNED", "a&b|c>d", "%s%n%x", "-rf", "--all", "é", "{}",
    "x');DROP-TABLE-event;--", "<script>alert(1)</script>", "&lt;", "codetrain.target=codebuild", "]]>", "$HOME", "!!", "#", "refs/heads/main",
    "a" * 200, "AWS_SECRET_ACCESS_KEY=x", "\u202egnp.exe", "\U0001f680",
]
raw = [b"refs/heads/" + n.encode() for n in names] + [b"refs/heads/\377\376", b"refs/heads/a\302\205b", b"refs/codetrain/queue.db", b"refs/tags/v'1"]
sys.stdout.buffer.write(b"\0".join(raw) + b"\0")
PY
n=$(tr -cd '\0' <"$T/names" | wc -c)
run raw "$T/r.git" "$a" - <"$T/names"
is "$(grep -ac '^.\{0,4\}ok refs/' "$OUT")" "$n" "git takes all of these"
until_true 20 no_drainer r
is "$(sql r "SELECT count(*), count(DISTINCT ref) FROM event")" "$((n + 1))|$((n + 1))" "each is one event"
is "$(sql r "SELECT count(*) FROM event WHERE seq > 1 AND (old <> '$z' OR new <> '$a')")" 0 "with its own values"
python3 - "$T/r.git/codetrain/queue.db" "$T/names" <<'PY'
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.text_factory = bytes
got = {r[0] for r in db.execute("SELECT ref FROM event WHERE seq > 1")}
want = {n for n in open(sys.argv[2], "rb").read().split(b"\0") if n}
sys.exit(0 if got == want else "%r" % (got ^ want))
PY
ok "byte for byte"
is "$(sql r "SELECT ref, old, new FROM event WHERE seq = 1")" "$first" "the event that was there is as it was"
is "$(sql r "SELECT count(*) FROM delivery WHERE target NOT IN ('local', '')")" 0 "no target but the configured one"
status 0 "they are listed" queue list --all -C "$T/r.git"
unlike "$(out)" "$(printf '\033')|$(printf '\302\205')" "with nothing that steers a terminal"
status 0 "as JSON, too" queue list --json --all -C "$T/r.git"
is "$(json "$OUT" 'len(d["events"]) > 0')" True "which is JSON"

# ---- what the pusher says in its environment and its content ----
mkdir -p "$T/work/hooks" "$T/work/codetrain"
for f in .codetrain config .git-config .gitconfig; do
	printf '[codetrain]\n\ttarget = exec\n\tcommand = touch\n\tcommand = %s/PWNED\n\tunrecorded = allow\n\tdrainer = none\n' "$T" >"$T/work/$f"
done
printf '#!/bin/sh\ntouch %s/PWNED\n' "$T" | tee "$T/work/hooks/post-receive" >"$T/work/hooks/reference-transaction"
chmod +x "$T/work/hooks/"*
echo x >"$T/work/codetrain/queue.db"
git -C "$T/work" add -f .codetrain config .gitconfig hooks codetrain
commit hostile >/dev/null
CODETRAIN_RECEIVE="pid 1 start 1 boot x ns 1" CODETRAIN_EVENT=1 GIT_PUSH_OPTION_COUNT=3 GIT_PUSH_OPTION_0=ci.skip \
	push r HEAD:refs/heads/content 2>/dev/null
until_true 20 no_drainer r
is "$(sql r "SELECT DISTINCT target FROM delivery WHERE event = (SELECT max(seq) FROM event)")" local "what is pushed configures nothing"
is "$(sql r "SELECT options FROM push ORDER BY id DESC LIMIT 1")" "" "and no environment makes push options"

# ---- floods of options ----
python3 - >"$T/options" <<'PY'
import sys
lines = [b"ci.env=V%d=x" % i for i in range(990)] + [b"ci.wait=999999d", b"ci.env=LD_PRELOAD=/x", b"ci.env=AWS_PROFILE=x", b"ci.env=PATH=/x",
         b"ci.evil=\x1b[2J", b"ci.env=A=\x1b[2J", b"\xff\xfe", b"x" * 15000, b"ci.env", b"ci."]
sys.stdout.buffer.write(b"\0".join(lines))
PY
printf 'refs/heads/options' >"$T/names"
run raw "$T/r.git" "$a" "$T/options" <"$T/names"
like "$(out)" "ok refs/heads/options" "a push with a thousand options passes"
like "$(err)" "too long or too many; they are left out" "says what is left out"
is "$(grep -c 'push option.* not taken' "$ERR")" 11 "and bounded, what is not taken"
unlike "$(err)" "$(printf '\033')" "with nothing that steers a terminal"
is "$(sql r "SELECT length(options) <= 16384 FROM push ORDER BY id DESC LIMIT 1")" 1 "what is kept of them is bounded"
until_true 20 no_drainer r
unlike "$(cat "$T"/r.git/codetrain/builds/*.log)" "V1=x|LD_PRELOAD=/x" "and none of them reached a build"
printf 'refs/heads/injected' >"$T/names"
printf 'ci.skip\nci.env=A=1' >"$T/options"
run raw "$T/r.git" "$a" "$T/options" <"$T/names"
is "$(sql r "SELECT count(*) FROM push WHERE options LIKE '%ci.env=A=1%'")" 0 "no line end gets into an option"

# ---- a symbolic ref ----
until_true 20 no_drainer r
git -C "$T/r.git" symbolic-ref refs/heads/alias refs/heads/main
n=$(sql r "SELECT count(*) FROM event")
push r "$b:refs/heads/alias" 2>/dev/null
until_true 20 no_drainer r
is "$(sql r "SELECT ref, new FROM event WHERE seq > $n")" "refs/heads/main|$b" "a push to an alias is an event of what it stands for"

# ---- many refs ----
bare many
python3 -c "
import sys
sys.stdout.write(''.join('refs/heads/t%d\0' % i for i in range(4000)))" >"$T/names"
: >"$T/many.list"
tr '\0' '\n' <"$T/names" | sed "s,.*,create & $a," >"$T/many.list"
git -C "$T/work" push -q "$T/many.git" "$a:refs/x/first" 2>/dev/null
status 0 "four thousand at once" sh -c "git -C '$T/many.git' update-ref --stdin <'$T/many.list'"
events_are() { [ "$(sql "$1" "SELECT count(*), count(DISTINCT ref) FROM event WHERE state = 'committed'")" = "$2" ]; }
until_true 60 events_are many "4001|4001"
ok "are as many events"
head -n 150 "$T/many.list" | cut -d' ' -f2 | tr '\n' '\0' >"$T/names"
bare few
git -C "$T/work" push -q "$T/few.git" "$a:refs/x/first" 2>/dev/null
run raw "$T/few.git" "$a" - <"$T/names"
is "$(sql few "SELECT count(*), count(DISTINCT ref), sum(complete), count(DISTINCT run) FROM event e JOIN push p ON p.id = e.push WHERE state = 'committed'")" "151|151|151|2" "a push of many refs, each its own transaction, is one push"
is "$(drainers few | wc -l)" "$(drainers few | sort -u | wc -l)" "and has one drainer"

is "$(find "$T" -name 'PWNED*')" "" "nothing of a pusher's ran"
is "$(picture)" "$before" "hooks, configuration and the other repository are as before"
done_testing
