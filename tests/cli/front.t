#!/bin/sh
# codetrain, the front: finds a verb's program beside itself and becomes it.
. "$SOURCE/tests/lib/tap.sh"

# A staged tree, moved to where nothing was configured for.
mkdir -p "$T/a tree/bin" "$T/a tree/libexec/codetrain"
cp "$BUILD/codetrain" "$T/a tree/bin/"
front="$T/a tree/bin/codetrain"
stub="$T/a tree/libexec/codetrain/codetrain-submit"
cat >"$stub" <<'EOF'
#!/bin/sh
printf 'pid %s\n' "$$"
for a; do printf '<%s>\n' "$a"; done
cat
exit 42
EOF
chmod +x "$stub"

printf 'input' >"$T/in"
run "$front" submit --dry-run 'a b' '' "x
y" <"$T/in"
is "$rc" 42 "the exit code is the verb's"
is "$(sed 1d "$OUT")" "<--dry-run>
<a b>
<>
<x
y>
input" "arguments and standard input arrive as they are"
(cd / && exec "$front" submit) >"$OUT" </dev/null &
pid=$!
wait "$pid"
is "$(out)" "pid $pid" "the front becomes the verb: same process"
ln -s "$front" "$T/link"
run "$T/link" submit </dev/null
is "$rc" 42 "by a symbolic link too"
mv "$T/a tree" "$T/moved"
front=$T/moved/bin/codetrain
run "$front" submit </dev/null
is "$rc" 42 "in a moved tree too"
run "$front" help submit </dev/null
is "$(sed 1d "$OUT")" "<--help>" "help VERB asks the verb"

status 70 "a verb whose program is not there" "$front" watch
like "$(err)" "codetrain-watch is not installed beside $T/moved/bin/codetrain; run make install" "is said"
printf 'no program' >"$T/moved/libexec/codetrain/codetrain-watch"
chmod +x "$T/moved/libexec/codetrain/codetrain-watch"
status 70 "a program that cannot be run" "$front" watch
like "$(err)" 'cannot run .*codetrain-watch: Exec format error' "is said"

for h in help --help -h; do
	status 0 "$h" "$front" $h
	for v in credentials keyring check hooks queue submit watch promote grant build sandbox; do
		like "$(out)" "^  $v +[a-z]" "$h has a line for $v"
	done
	is "$(err)" "" "$h goes to standard output"
done
status 0 "--version" "$front" --version
like "$(out)" '^codetrain [0-9]+\.[0-9]+' "says which"
status 2 "no verb" "$front"
is "$(out)" "" "prints nothing"
like "$(err)" 'codetrain help' "but where to look"
while read -r word want; do
	status 2 "unknown verb $word" "$front" "$word"
	like "$(err)" "did you mean codetrain $want\?" "$word: the nearest is suggested"
done <<EOF
sumbit submit
submti submit
promot promote
wach watch
cred credentials
EOF
status 2 "a verb like no other" "$front" frobnicate
unlike "$(err)" 'did you mean' "gets no suggestion"
status 2 "an empty verb" "$front" ''
status 2 "a path is no verb" "$front" ../codetrain-submit
status 2 "an option is no verb" "$front" --frobnicate
status 2 "help for an unknown verb" "$front" help sumbit
like "$(err)" 'did you mean codetrain submit' "suggests too"
status 2 "a very long verb" "$front" "$(head -c 5000 /dev/zero | tr '\0' x)"
if [ -w /dev/full ]; then
	"$front" help >/dev/full 2>"$ERR"
	is "$?" 70 "a full disk is no success"
fi

# Every verb of the table is in the build.
for v in $("$BUILD/codetrain" help | sed -n 's/^  \([a-z]*\)  .*/\1/p'); do
	ok "codetrain-$v is built" [ -x "$BUILD/codetrain-$v" ]
done
done_testing
