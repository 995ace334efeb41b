#!/bin/sh
# One planted key a case, in the places that scanners of pushes miss: each is
# pushed with git and refused, and its twin without the key goes through.
# tests/cli/pre-push.t has the plain places; these are the rest of the list.
. "$SOURCE/tests/lib/tap.sh"

id=AKIA$(printf QYLPMN5HHHFPZAM2)
secret=kT9pQ2xV7mB4nR8wLz3J$(printf yH6sD1fG5cA0eU+iO/Xq)
clean=nothing-to-hide

git config --global init.defaultBranch main
git config --global advice.detachedHead false
git config --global advice.ignoredHook false
git config --global core.autocrlf false
git config --global gc.auto 0
git config --global receive.autogc false
git config --global core.fsync none

# fresh: a repository w with the hook, whose origin is the bare srv.git that has one commit
fresh() {
	cd "$T" && rm -rf w srv.git
	git init -q --bare srv.git && git init -q w && cd w || bail "git init failed"
	git remote add origin "$T/srv.git"
	echo start >a && git add a && git commit -qm start && git push -q origin main
	codetrain-hooks install >/dev/null || bail "hooks install failed"
}

server() { git -C "$T/srv.git" for-each-ref --format='%(refname) %(objectname)'; }
commit() { git add -A && git commit -qm "${1:-more}"; }

refused() { # refused NAME PUSH-ARGS...: the push fails and nothing reaches the server
	_what=$1
	shift
	_before=$(server)
	run git push "$@"
	[ "$rc" -ne 0 ] && grep -q "codetrain: push refused: " "$ERR" && [ "$(server)" = "$_before" ] && ! grep -qF -e "$id" -e "$secret" "$OUT" "$ERR"
	ok "$_what: refused, and the key not shown" || { _show <"$OUT"; _show <"$ERR"; }
}

passes() {
	_what=$1
	shift
	run git push "$@"
	[ "$rc" -eq 0 ]
	ok "$_what: passes" || _show <"$ERR"
}

# plant NAME FUNCTION: FUNCTION is called with a key, then with what is none, and
# leaves what it made on main; all of it is pushed.
plant() {
	git reset -q --hard origin/main && git clean -qfdx
	if "$2" "$id"; then refused "$1" origin main; else ok "$1: planted" false; fi
	git reset -q --hard origin/main && git clean -qfdx
	if "$2" "$clean-$_n"; then passes "the twin of: $1" origin main; else ok "$1: its twin planted" false; fi
}

fresh

# ---- encodings -----------------------------------------------------------------------
in_utf16le() { printf 'key %s\n' "$1" | iconv -t UTF-16LE >f && commit; }
in_utf16be_bom() { { printf '\376\377'; printf 'key %s\r\n' "$1" | iconv -t UTF-16BE; } >f && commit; }
in_bom() { printf '\357\273\277%s\n' "$1" >f && commit; }
in_latin1() { printf 'cl\351 %s \374\n' "$1" >f && commit; }
in_cr() { printf 'a\r%s\rb\r' "$1" >f && commit; }
at_end() { printf 'a\n%s' "$1" >f && commit; }
in_nul() { { head -c 100000 /dev/zero; printf '%s' "$1"; head -c 100000 /dev/zero; } >f && commit; }
in_png() { { printf '\211PNG\r\n\032\n'; printf '\0\0\0\tteXtkey\0%s\0\0\0\0' "$1"; } >f.png && commit; }
in_pickle() { printf '\200\004\225\0\0\214\024%s\224.' "$1" >model.pkl && commit; }
in_json() { printf '{"a":"\\n%s\\n"}' "$1" >f.json && commit; }
in_notebook() {
	printf '{"cells":[{"outputs":[{"text":["%s\\n"]}]}],"nbformat":4}\n' "$1" >f.ipynb && commit
}
in_ansi() { printf '\033[31m%s\033[0m\n' "$1" >f.log && commit; }
in_url() { printf 'https://example.com/?key=%s&x=1\n' "$1" >f && commit; }
plant "UTF-16LE without a byte order mark" in_utf16le
plant "UTF-16BE with one, and CRLF" in_utf16be_bom
plant "a UTF-8 byte order mark" in_bom
plant "Latin-1" in_latin1
plant "CR line ends" in_cr
plant "no line end at the end" at_end
plant "between many NUL bytes" in_nul
plant "an image's text" in_png
plant "a pickled model" in_pickle
plant "JSON with escapes beside it" in_json
plant "the output of a notebook" in_notebook
plant "colours of a terminal" in_ansi
plant "a URL's query" in_url

# ---- what tools leave out ------------------------------------------------------------
attribute() { # attribute WORDS KEY
	echo "*.dat $1" >.gitattributes && echo "$2" >x.dat && commit
}
binary_attribute() { attribute binary "$1"; }
generated() { attribute linguist-generated "$1"; }
vendored() { attribute linguist-vendored "$1"; }
ignored_export() { attribute export-ignore "$1"; }
driver() { attribute "diff=none -text -merge" "$1"; }
encoding() { echo "*.u16 working-tree-encoding=UTF-16LE" >.gitattributes && printf '%s\n' "$1" | iconv -t UTF-16LE >x.u16 && commit; }
lock() { # lock FILE KEY
	mkdir -p "$(dirname "$1")" && printf 'version = 1\n"resolved" "https://%s"\n' "$2" >"$1" && commit
}
yarn() { lock yarn.lock "$1"; }
poetry() { lock poetry.lock "$1"; }
pipfile() { lock Pipfile.lock "$1"; }
go_sum() { lock go.sum "$1"; }
cargo() { lock Cargo.lock "$1"; }
pnpm() { lock web/pnpm-lock.yaml "$1"; }
vendor() { lock vendor/github.com/x/y/y.go "$1"; }
third_party() { lock third_party/lib/a.c "$1"; }
site_packages() { lock .venv/lib/python3.11/site-packages/m/a.py "$1"; }
bower() { lock bower_components/a/a.js "$1"; }
minified() { { head -c 300000 /dev/zero | tr '\0' ';'; printf 'k="%s";' "$1"; } >app.min.js && commit; }
source_map() { printf '{"version":3,"sourcesContent":["%s"]}' "$1" >app.js.map && commit; }
test_data() { lock tests/fixtures/example_test.py "$1"; }
documentation() { lock docs/README.md "$1"; }
git_ignored() { echo '*.env' >.gitignore && echo "$1" >x.env && git add -f x.env .gitignore && git commit -qm forced; }
dot_files() { lock .aws/credentials "$1"; }
git_modules() { printf '[submodule "x"]\n\tpath = x\n\turl = https://%s@example.com/x\n' "$1" >.gitmodules && commit; }
lfs_pointer() { printf 'version https://git-lfs.github.com/spec/v1\noid sha256:%064d\nsize 1\nx-%s\n' 0 "$1" >big.bin && commit; }
svg() { printf '<svg><!-- %s --></svg>' "$1" >a.svg && commit; }
example_on_the_line() { printf 'AKIAIOSFODNN7EXAMPLE # example %s\n' "$1" >f && commit; }
plant "the binary attribute" binary_attribute
plant "linguist-generated" generated
plant "linguist-vendored" vendored
plant "export-ignore" ignored_export
plant "a diff driver that does not exist" driver
plant "working-tree-encoding" encoding
plant "yarn.lock" yarn
plant "poetry.lock" poetry
plant "Pipfile.lock" pipfile
plant "go.sum" go_sum
plant "Cargo.lock" cargo
plant "pnpm-lock.yaml in a folder" pnpm
plant "vendor/" vendor
plant "third_party/" third_party
plant "site-packages" site_packages
plant "bower_components" bower
plant "minified JavaScript" minified
plant "a source map" source_map
plant "a test's data" test_data
plant "documentation" documentation
plant "a file that .gitignore names" git_ignored
plant "a folder with a dot" dot_files
plant ".gitmodules" git_modules
plant "what looks like git-lfs' pointer" lfs_pointer
plant "an image in XML" svg
plant "beside the documented example" example_on_the_line

# ---- names ---------------------------------------------------------------------------
folder_name() { mkdir "$1" && echo x >"$1/f" && commit; }
link_to_folder() { ln -s "../$1/x" link && commit; }
dangling() { ln -s "s3://$1@bucket" astray && commit; }
odd_path() { mkdir "$(printf 'caf\351')" && echo "$1" >"$(printf 'caf\351/\001f')" && commit; }
deep_path() { lock "$(printf 'd/%.0s' $(seq 60))f" "$1"; }
committer() { git add -A && GIT_COMMITTER_NAME="$1" git commit -q --allow-empty -m x; }
mail() { git commit -q --allow-empty -m x --author "A <$1@example.com>"; }
trailer() { git commit -q --allow-empty -m "x

Signed-off-by: $1 <a@example.com>"; }
long_message() { { echo "Subject"; echo; seq 2000; echo "$1"; } | git commit -q --allow-empty -F -; }
plant "a folder's name" folder_name
plant "a link's target with folders" link_to_folder
plant "a link that leads nowhere" dangling
plant "a path that is no UTF-8" odd_path
plant "a path of 60 folders" deep_path
plant "the committer" committer
plant "an author's address" mail
plant "a trailer" trailer
plant "line 2,003 of a message" long_message

# ---- history -------------------------------------------------------------------------
added_and_removed() { echo "$1" >f && commit && git rm -q f && git commit -qm removed; }
replaced() { echo "$1" >f && commit && echo fine >f && commit && echo finer >f && commit; }
reverted() { echo "$1" >f && commit && git revert --no-edit HEAD >/dev/null 2>&1; }
renamed() { echo "$1" >f && commit && git mv f g && git commit -qm moved; }
side() { git switch -q -C side && "$@" && git switch -q main && git merge -q --no-ff -m merge side && git branch -q -D side; }
side_key() { echo "$1" >s && commit && git rm -q s && git commit -qm removed; }
removed_on_a_side() { side side_key "$1"; }
ours() { git switch -q -C side && echo "$1" >s && commit && git switch -q main && git merge -q -s ours -m ours side && git branch -q -D side; }
squashed() { git switch -q -C side && echo "$1" >s && commit && git switch -q main && git merge -q --squash side >/dev/null && git commit -qm squash && git branch -q -D side; }
resolution() {
	echo base >c && commit && git switch -q -C side && echo side >c && commit && git switch -q main
	echo main >c && commit && ! git merge -q side >/dev/null 2>&1
	echo "$1" >c && git add c && git commit -qm resolved && git branch -q -D side
}
octopus() {
	git switch -q -C one && echo 1 >one && commit && git switch -q main && git switch -q -C two && echo 2 >two && commit
	git switch -q main && git merge -q --no-commit one two >/dev/null 2>&1
	echo "$1" >three && git add three && git commit -qm octopus && git branch -q -D one two
}
root() { # a history of its own, merged
	git switch -q --orphan other && echo "$1" >r && commit && git switch -q main
	git merge -q --allow-unrelated-histories -m roots other && git branch -q -D other
}
mode_only() { echo "$1" >f && commit && chmod +x f && git commit -qam mode && git rm -q f && git commit -qm gone; }
plant "added and removed again" added_and_removed
plant "written over twice" replaced
plant "reverted" reverted
plant "renamed afterwards" renamed
plant "removed on a side branch" removed_on_a_side
plant "a merge that drops the side" ours
plant "a squashed merge" squashed
plant "the resolution of a conflict" resolution
plant "an octopus merge's own" octopus
plant "a second root" root
plant "a change of mode alone" mode_only

# ---- refs ----------------------------------------------------------------------------
other_ref() { # other_ref NAME FUNCTION PUSH-ARGS...
	_case=$1 _fn=$2
	shift 2
	git reset -q --hard origin/main && if "$_fn" "$id"; then refused "$_case" "$@"; else ok "$_case: planted" false; fi
	git reset -q --hard origin/main && if "$_fn" "$clean-$_n"; then passes "the twin of: $_case" "$@"; else ok "$_case: its twin planted" false; fi
}
second() { git branch -f x && git switch -q -C y && echo "$1" >y && commit && git switch -q main; }
tag_of_tag() {
	git tag -d inner outer >/dev/null 2>&1
	git tag -a inner -m "$1" && git tag -a outer -m out inner
}
tagged_blob() { git tag -d blob >/dev/null 2>&1; git tag -a blob -m b "$(echo "$1" | git hash-object -w --stdin)"; }
tagger() { git tag -d by >/dev/null 2>&1; GIT_COMMITTER_NAME="$1" git tag -a by -m t; }
stash() { git stash clear; echo "$1" >>a && git stash -q; }
notes() { git update-ref -d refs/notes/review; git notes --ref review add -m "$1" HEAD; }
replace() {
	git for-each-ref --format='%(refname)' refs/replace | while read -r r; do git update-ref -d "$r"; done
	git replace HEAD "$(git commit-tree -m "$1" HEAD:)"
}
away() { git switch -q --detach && echo "$1" >detached && commit && git update-ref refs/heads/away HEAD && git switch -q main; }
other_ref "the second of two branches" second --force origin x y
other_ref "every branch (--all)" second --force --all origin
other_ref "a branch under another name" second --force origin y:refs/heads/renamed
other_ref "a tag of a tag" tag_of_tag --force origin outer
other_ref "tags (--tags)" tag_of_tag --force --tags origin
other_ref "a tag that is followed" tag_of_tag --force --follow-tags origin main inner
other_ref "a tag at a blob" tagged_blob --force origin blob
other_ref "a tagger" tagger --force origin by
other_ref "a stash" stash --force origin refs/stash:refs/heads/stash
other_ref "notes of another name" notes --force origin refs/notes/review
other_ref "a replacement" replace --force origin 'refs/replace/*:refs/replace/*'
git for-each-ref --format='%(refname)' refs/replace | while read -r r; do git update-ref -d "$r"; done
other_ref "a detached commit" away --force origin away
fresh
echo "$id" >k && commit && git branch bad && git reset -q --hard HEAD^
refused "a mirror with a bad branch" --mirror origin
git branch -D bad >/dev/null && passes "a mirror" --mirror origin

# ---- what is packed, grafted or half here --------------------------------------------
fresh
for i in 1 2 3 4 5; do { seq 3000; [ $i = 3 ] && echo "$id"; seq "$i"; } >big && commit "$i"; done
git gc -q --prune=now
refused "inside a delta of a pack" origin main
fresh
for i in 1 2 3 4 5; do { seq 3000; [ $i = 3 ] && echo "$clean"; seq "$i"; } >big && commit "$i"; done
git gc -q --prune=now
passes "the twin of: inside a delta of a pack" origin main
git worktree add -q "$T/tree" -b wt && cd "$T/tree" && git sparse-checkout set --no-cone /a 2>/dev/null
git update-index --add --cacheinfo "100644,$(echo "$id" | git hash-object -w --stdin),out/of/sight" && git commit -qm sparse
refused "outside a sparse checkout, in a worktree" origin wt
git reset -q --soft HEAD^ && git update-index --add --cacheinfo "100644,$(echo "$clean" | git hash-object -w --stdin),out/of/sight" && git commit -qm sparse
passes "the twin of: outside a sparse checkout" origin wt
cd "$T/w" && git worktree remove --force "$T/tree"

# ---- ways of writing -----------------------------------------------------------------
# text NAME BAD GOOD: two contents of one file
text() {
	git reset -q --hard origin/main && git clean -qfdx
	printf '%s\n' "$2" >"${4:-f}" && commit && refused "$1" origin main
	git reset -q --hard origin/main && git clean -qfdx
	printf '%s\n' "$3" >"${4:-f}" && commit && passes "the twin of: $1" origin main
}
fresh
text "a name behind KEY" "AWS_SECRET_ACCESS_KEY_old=$secret" "AWS_SECRET_ACCESS_KEY_old=\$OTHER"
text "a quoted secret key alone" "secret_key = \"$secret\"" 'secret_key = "read-from-the-vault"'
text "a secret key in JSON" "{\"SecretAccessKey\": \"$secret\"}" '{"SecretAccessKey": "..."}' f.json
text "a secret key in YAML" "aws_secret_access_key: $secret" 'aws_secret_access_key: ${SECRET}' f.yml
text "a secret key in XML" "<secretAccessKey>$secret</secretAccessKey>" '<secretAccessKey>x</secretAccessKey>' f.xml
text "an export" "export AWS_SECRET_ACCESS_KEY='$secret'" "export AWS_SECRET_ACCESS_KEY=''" f.sh
text "a bare SECRET= in an env file" "SECRET=$secret" "SECRET=\${SECRET}" .env
text "a lower-case secret in an env file" "secret=$secret" "secret=changeme" prod.env
text "base64" "data: $(printf 'key = %s and more' "$id" | base64 -w0)" "data: $(printf 'key = %s and more' "$clean" | base64 -w0)" f.yml
text "base64 over lines" "$(printf 'some words first, so that it is long: %s and more words behind' "$id" | base64 -w40)" \
	"$(printf 'some words first, so that it is long: %s and more words behind' "$clean" | base64 -w40)"
text "base64, one byte off" "$(printf 'x%s' "$id" | base64 -w0)" "$(printf 'x%s' "$clean" | base64 -w0)"
text "base64, two bytes off" "$(printf 'xy %s' "$id" | base64 -w0)" "$(printf 'xy %s' "$clean" | base64 -w0)"
text "base64 for URLs" "$(printf '??>>%s' "$id" | base64 -w0 | tr +/ -_)" "$(printf '??>>%s' "$clean" | base64 -w0 | tr +/ -_)"
in_gzip() { printf 'a\nkey %s\n' "$1" | gzip -c >f.gz && commit; }
in_gzip_large() { { seq 200000; echo "$1"; seq 200000; } | gzip -1 -c >f.gz && commit; }
in_gzip_odd() { printf 'key %s\n' "$1" | gzip -c >f.bin && commit; }
in_gzips() { { printf 'a\n' | gzip -c; printf 'key %s\n' "$1" | gzip -c; } >f.gz && commit; }
in_tgz() { echo "$1" >k && tar czf f.tgz k && rm k && commit; }
plant "gzip" in_gzip
plant "a large gzip" in_gzip_large
plant "gzip under another name" in_gzip_odd
plant "gzip behind gzip" in_gzips
plant "a compressed archive" in_tgz

done_testing
