#!/bin/sh
# reference-transaction: a move of a ref is an event, whoever makes it and whatever dies behind it.
. "$SOURCE/tests/lib/tap.sh"
. "$SOURCE/tests/lib/queue.sh"

z=0000000000000000000000000000000000000000
events() { sql "$1" "SELECT count(*) FROM event WHERE state = 'committed'"; }
undecided() { sql "$1" "SELECT count(*) FROM event WHERE state = 'prepared'"; }
# steps NAME: what the hook told of and nobody took in
steps() { sed -n 's/^step //p' "$T/$1.git/codetrain/moves" 2>/dev/null | tr '\n' ' '; }
all_decided() { [ "$(undecided "$1")" = 0 ]; }
# moves NAME: "main abc0123 def4567" for each event, newest last
moves() { sql "$1" "SELECT substr(ref, 12), substr(old, 1, 7), substr(new, 1, 7) FROM event ORDER BY seq" | tr '|' ' '; }
# hook NAME HOOK: a script from standard input in place of one of ours
hook() { rm -f "$T/$1.git/hooks/$2" && cat >"$T/$1.git/hooks/$2" && chmod +x "$T/$1.git/hooks/$2"; }

# ---- both hooks of a push make one event ----
bare r local
a=$(commit a)
b=$(commit b)
REMOTE_USER=ann status 0 "a push" push r "$a:refs/heads/main"
like "$(err)" 'push recorded as event 1 → local' "is told as one event"
is "$(events r),$(undecided r)" 1,0 "and is one"
until_true 20 states_are r delivered
ok "it is delivered once"
is "$(sql r "SELECT pusher, complete FROM push")" "ann|1" "with its pusher"
for to in "$b" "+$a" "$b"; do push r "$to:refs/heads/main" 2>/dev/null; done
until_true 20 states_are r "delivered delivered delivered delivered"
ok "A, B, A, B are four"
is "$(sort "$T/starts" | uniq -c | tr -s ' ' | tr '\n' ',')" "$(printf '%s\n' " 2 $a" " 2 $b" | sort -k2 | tr '\n' ',')" "each built"

# ---- the post-receive never runs ----
: >"$T/starts"
bare gone local
rm "$T/gone.git/hooks/post-receive"
status 0 "a push whose post-receive is missing" push gone "$a:refs/heads/main"
until_true 20 states_are gone delivered
ok "is delivered"
# it kills receive-pack: what follows would be the post-receive
hook gone reference-transaction <<HOOK
#!/bin/sh
'$T/bin/reference-transaction' "\$@" || exit
[ "\$1" != committed ] || kill -9 \$PPID
HOOK
ln -s "$T/bin/post-receive" "$T/gone.git/hooks/post-receive"
push gone "$b:refs/heads/main" 2>/dev/null
isnt "$?" 0 "a push whose receive-pack is killed behind its move"
is "$(git -C "$T/gone.git" rev-parse main)" "$b" "the ref has moved"
until_true 20 states_are gone "delivered delivered"
ok "and its event is delivered"
# killed before git can say that it moved
hook gone reference-transaction <<HOOK
#!/bin/sh
[ "\$1" != committed ] || { kill -9 \$PPID; exit; }
exec '$T/bin/reference-transaction' "\$@"
HOOK
push gone "+$a:refs/heads/main" 2>/dev/null
is "$(git -C "$T/gone.git" rev-parse main),$(steps gone)" "$a,prepared " "one that is killed sooner leaves it undecided"
status 0 "the next drainer" queue run -C "$T/gone.git"
is "$(states gone)" "delivered delivered delivered" "finds that it took place"
hook gone reference-transaction <<HOOK
#!/bin/sh
'$T/bin/reference-transaction' "\$@"
kill -9 \$PPID
HOOK
push gone "$b:refs/heads/main" 2>/dev/null
rm -f "$T/gone.git/refs/heads/main.lock"
is "$(git -C "$T/gone.git" rev-parse main)" "$a" "one that is killed before its move"
queue run -C "$T/gone.git" 2>/dev/null
is "$(states gone),$(undecided gone)" "delivered delivered delivered,0" "is no event"
is "$(moves gone)" "main $(printf %.7s $z) $(printf %.7s "$a")
main $(printf %.7s "$a") $(printf %.7s "$b")
main $(printf %.7s "$b") $(printf %.7s "$a")" "all moves are there, in their order"

# ---- no hook at all: found by comparing ----
rm "$T"/gone.git/hooks/*
push gone "$b:refs/heads/main" "$b:refs/heads/other" 2>/dev/null
queue run -C "$T/gone.git" 2>/dev/null
is "$(sql gone "SELECT count(*) FROM event JOIN push ON push.id = push WHERE source = 'reconcile'")" 2 "what no hook told of is found"
queue run -C "$T/gone.git" 2>/dev/null
is "$(events gone)" 5 "once"

# ---- an administrator's moves ----
bare admin
cd "$T/admin.git" || exit 1
# settled COUNT: so many events, once what happened is known of all
settled() { queue run 2>/dev/null; until_true 20 at_rest "$1"; }
at_rest() { all_decided admin && [ "$(events admin)" = "$1" ]; }
push admin "$a:refs/heads/main" 2>/dev/null
status 0 "git update-ref" git update-ref refs/heads/main "$(git -C "$T/work" rev-parse "$a")"
is "$(events admin)" 1 "to where it was is no move"
git -C "$T/work" push -q "$T/admin.git" "$b:refs/heads/side"
git update-ref refs/heads/main "$b"
is "$(moves admin | tail -n 1)" "main $(printf %.7s "$a") $(printf %.7s "$b")" "elsewhere is one, from where it was"
git branch -m side renamed	# of the new name git tells no hook
ok "three more in all" settled 5
is "$(moves admin | tail -n 2 | cut -d' ' -f1 | sort | tr '\n' ' ')" "renamed side " "a branch is renamed by two"
n=5
git symbolic-ref HEAD refs/heads/renamed
git symbolic-ref refs/heads/alias refs/heads/main
git pack-refs --all
git gc -q
ok "packed refs and symbolic ones are none" settled $n
git update-ref -d refs/heads/renamed
is "$(moves admin | tail -n 1)" "renamed $(printf %.7s "$b") $(printf %.7s $z)" "a deletion is one"
printf 'start\ncreate refs/heads/x %s\nprepare\nabort\n' "$a" | git update-ref --stdin >/dev/null
ok "what is aborted is none" settled $((n + 1))
run git -C "$T/work" push -q "$T/admin.git" "$a:refs/heads/alias"
queue run -C "$T/admin.git" 2>/dev/null
is "$(sql admin "SELECT count(*) FROM event WHERE ref LIKE '%alias'")" 0 "a push to a symbolic ref moves what it stands for"
cd "$T/home" || exit 1

# ---- another hook refuses ----
bare refused local
hook refused update <<'HOOK'
#!/bin/sh
[ "$1" != refs/heads/bad ]
HOOK
run push refused "$a:refs/heads/bad" "$a:refs/heads/good"
is "$(sql refused "SELECT group_concat(ref) FROM event")" refs/heads/good "a ref that another hook refuses is no event"
run push refused --atomic "$a:refs/heads/bad" "$a:refs/heads/better"
is "$(events refused),$(undecided refused)" 1,0 "nor are those that are refused with it"

# ---- it cannot be recorded ----
bare full local
hook full reference-transaction <<HOOK
#!/bin/sh
trap '' XFSZ
[ "\$1" != prepared ] || ulimit -f 0
exec '$T/bin/reference-transaction' "\$@"
HOOK
# its words go to a pipe, which has no limit
full() { { push full "$a:refs/heads/main" 2>&1; echo "code $?"; } | cat; }
run full
unlike "$(out)" "^code 0" "a push is refused when no byte can be written"
like "$(out)" "NOTHING WAS MOVED.*git -C '$T/full.git' config codetrain.unrecorded allow" "with the reason, and the way round"
is "$(git -C "$T/full.git" for-each-ref)" "" "nothing has moved"
git -C "$T/full.git" config codetrain.unrecorded allow
run full
like "$(out)" "^code 0" "unless the administrator allows it"
like "$(out)" "moves unrecorded" "which is said, too"
until_true 20 states_are full delivered
ok "and the post-receive makes up for it"

bare busy local
push busy "$a:refs/heads/one" 2>/dev/null
until_true 20 no_drainer busy
python3 - "$T/busy.git/codetrain" "$T/held" <<'PY' &
import os, sqlite3, sys, time
db = sqlite3.connect(sys.argv[1] + "/queue.db", isolation_level=None)
db.execute("BEGIN IMMEDIATE")
open(sys.argv[2], "w").close()
end = time.monotonic() + 30
while time.monotonic() < end and not os.path.exists(sys.argv[1] + "/moves"):
    os.sched_yield(); time.sleep(0.01)
db.execute("ROLLBACK")
PY
until_true 20 test -e "$T/held"
status 0 "a push while another keeps the database" push busy "$b:refs/heads/two"
wait
until_true 20 states_are busy "delivered delivered"
ok "goes by the file, and is one event"
is "$(events busy),$(undecided busy)" 2,0 "and no other is left"

# ---- by hand: what git says, and what it would never say ----
bare hand local
cd "$T/hand.git" || exit 1
git -C "$T/work" push -q "$T/hand.git" "$a:refs/x/y" 2>/dev/null
n=$(events hand)
ours() { "$T/bin/reference-transaction" "$@"; }
status 0 "a state of a newer git" ours preparing
status 0 "no line" ours prepared
printf '%s\n' "$z $a HEAD" "$z ref:refs/heads/main HEAD" "ref:refs/heads/a ref:refs/heads/b refs/heads/s" "$a $a refs/heads/same" \
	nonsense "$z $a refs/heads/a b" "$z $a ORIG_HEAD" >in
printf '%s %s refs/heads/\0x\n%020000d\n' $z "$a" 7 >>in
run ours prepared <in
is "$rc,$(err)" "0," "what is no move of a ref is passed over"
is "$(undecided hand),$(events hand)" "0,$n" "without a trace"
printf '%s %s refs/heads/p\n' $z "$a" >in
run ours prepared <in
is "$rc,$(steps hand)" "0,prepared " "a move is prepared"
run ours aborted <in
is "$rc,$(steps hand)" "0,prepared aborted " "and taken back"
queue run -C "$T/hand.git" 2>/dev/null
is "$(steps hand),$(undecided hand),$(events hand)" ",0,$n" "which is no event"
status 2 "no state" "$T/bin/reference-transaction"
status 0 "reference-transaction --help" ours --help
cd "$T/home" || exit 1
run ours prepared <"$T/hand.git/in"
is "$rc" 1 "outside of a repository it refuses"
done_testing
