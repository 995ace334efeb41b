# For the tests of the queue: the hook and the drainer in $T/bin beside a build
# that does as the test says, bare repositories, and a work tree.
#
# The build notes each start in $T/starts, waits for a line in the FIFO $T/gate
# while $T/block is there, and ends as $T/how says: SUCCEEDED (when there is no
# such file), FAILED, "exit N" or "killed".

mkdir "$T/bin"
cp "$BUILD/post-receive" "$BUILD/reference-transaction" "$BUILD/codetrain-queue" "$T/bin/"
mkfifo "$T/gate"
: >"$T/starts"
cat >"$T/bin/codetrain-build" <<BUILD
#!/bin/sh
for word; do
	case \$previous in
	--result) result=\$word ;;
	--log) log=\$word ;;
	--commit) commit=\$word ;;
	esac
	previous=\$word
done
echo "\$commit" >>'$T/starts'
printf '%s\n' "\$@" >"\$log"
env >"\$log.env"
[ ! -e '$T/block' ] || read -r _ <'$T/gate'
how=\$(cat '$T/how' 2>/dev/null || echo SUCCEEDED)
case \$how in
exit*) echo "codetrain build: error: it says why" >&2; exit "\${how#exit }" ;;
killed) kill -9 \$PPID; exit 1 ;;
esac
printf '{"status":"%s","commit":"%s","phases":[{"name":"BUILD","status":"%s","exit_code":3}]}' \
	"\$how" "\$commit" "\$how" >"\$result.new"
mv "\$result.new" "\$result"
[ "\$how" = SUCCEEDED ]
BUILD
chmod +x "$T/bin/codetrain-build"

queue() { "$T/bin/codetrain-queue" "$@"; }

# bare NAME [TARGET]: $T/NAME.git with the hooks
bare() {
	git init -q --bare "$T/$1.git"
	ln -s "$T/bin/post-receive" "$T/bin/reference-transaction" "$T/$1.git/hooks/"
	[ $# -lt 2 ] || git -C "$T/$1.git" config codetrain.target "$2"
}

# having WORD WORD: numbers of the processes that have both words in their command
having() {
	_h=$(grep -lsz -e "^$1\$" /proc/[0-9]*/cmdline)
	# shellcheck disable=SC2086
	[ -z "$_h" ] || grep -lsz -e "^$2\$" $_h | sed 's,^/proc/\([0-9]*\)/.*,\1,'
}
# drainers NAME: the living background drainers of a repository
drainers() { having --background "$T/$1.git"; }
no_drainer() { [ -z "$(drainers "$1")" ]; }
# workers NAME: the living builds' supervisors
workers() { having work "$T/$1.git"; }
end_all() {
	rm -f "$T/block"
	for _r in "$T"/*.git; do
		_r=$(basename "$_r" .git)
		for _d in $(drainers "$_r") $(workers "$_r"); do kill -9 "$_d" 2>/dev/null; done
	done
	: <>"$T/gate"
}
at_exit end_all

# sql NAME STATEMENT
sql() {
	python3 - "$T/$1.git/codetrain/queue.db" "$2" <<'PY'
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], timeout=20)
for row in db.execute(sys.argv[2]):
    print(*row, sep="|")
db.commit()
PY
}
# states NAME: "delivered delivered waiting", in the order of events
states() { sql "$1" "SELECT group_concat(state, ' ') FROM (SELECT state FROM delivery ORDER BY event, target)"; }
states_are() { [ "$(states "$1")" = "$2" ]; }
# json FILE EXPRESSION over d
json() { python3 -c 'import json, sys; d = json.load(open(sys.argv[1])); print(eval(sys.argv[2]))' "$1" "$2"; }

git init -q "$T/work"
commit() { git -C "$T/work" commit -q --allow-empty -m "$1" && git -C "$T/work" rev-parse HEAD; }
# push NAME ARG...: bounded, for a hook that keeps the pusher waiting is a fault
push() { _to=$1; shift; timeout 60 git -C "$T/work" push -q "$T/$_to.git" "$@"; }
