#!/bin/sh
# The same history, however a repository keeps it, has the same findings; what
# cannot be read is never passed over. 1,200 blobs: enough for every thread, and
# for the reader of packs.
. "$SOURCE/tests/lib/tap.sh"

id=AKIA$(printf QYLPMN5HHHFPZAM2)
other=AKIA$(printf Z7KQ3WJ2M4XN6PTR)
git config --global init.defaultBranch main
git config --global advice.detachedHead false
git config --global protocol.file.allow always
git config --global gc.auto 0
git config --global core.fsync none

commit() { git add -A && git commit -qm change; }
check() { status "$1" "$2" codetrain-check --all --type secrets --json; }
# findings without the commands that mend them: those speak of branches
findings() {
	python3 -c 'import json, sys
for f in json.load(sys.stdin)["findings"]:
    print(f["rule"], f.get("commit"), f.get("file"), f.get("line"), f.get("column"))' <"$OUT"
}
same() { # same NAME: check finds here what was found in the first repository
	check 1 "$1"
	is "$(findings)" "$want" "$1: the same findings"
}

# ---- a history of 400 commits, three files each; a key comes and goes; merges -----------
mkdir "$T/w" && cd "$T/w" && git init -q || bail "git init failed"
awk -v id="$id" -v other="$other" 'function blob(path, text) {
		printf "M 100644 inline %s\ndata %d\n%s\n", path, length(text), text
	}
	BEGIN {
		for (c = 1; c <= 400; c++) {
			printf "commit refs/heads/main\nmark :%d\ncommitter A <a@example.com> %d +0000\ndata 5\nlater\n", c, 1500000000 + c
			if (c % 40 == 0)
				printf "from :%d\nmerge :%d\n", c - 1, c - 20
			for (f = 0; f < 3; f++) {
				text = ""
				for (l = 0; l < 60; l++)
					text = text "line " l " of file " f (l == c % 60 ? " changed in commit " c : "") "\n"
				if (f == 1 && c >= 100 && c < 103)
					text = text "aws = " id "\n"
				if (f == 2 && c == 250)
					text = other "\n" text
				blob("folder" f "/deeper/file" f ".py", text)
			}
			print ""
		}
	}' | git fast-import --quiet || bail "git fast-import failed"
git reset -q --hard
check 1 "packs as fast-import writes them"
want=$(findings)
is "$(echo "$want" | wc -l)" 2 "each key is told once, in three versions of a file or in one"
like "$(echo "$want" | head -n 1)" "$(git rev-list --reverse --first-parent main | sed -n 100p) folder1/deeper/file1.py 61 7" \
	"with the commit that brings it"
status 1 "one thread's way through the same commits" sh -c \
	'codetrain-check --range main~301..main~297 --json >"$1"' - "$T/range"
is "$(grep -o aws-access-key-id "$T/range" | wc -l)" 1 "finds the same"

# ---- ways to keep objects --------------------------------------------------------------
git repack -qadf --depth 50 && same "one pack"
git repack -qadf --depth 250 --window 5 --write-bitmap-index && git commit-graph write --reachable 2>/dev/null
same "long chains, a bitmap and a commit-graph"
mv .git/objects/pack "$T/pack" && mkdir .git/objects/pack
for pack in "$T"/pack/*.pack; do git unpack-objects -q <"$pack"; done
same "all loose"
rm -rf "$T/pack"
git rev-list --objects main~200 | cut -d' ' -f1 | git pack-objects -q .git/objects/pack/pack >/dev/null
same "some packed too, with a commit-graph of before"
git prune-packed -q && same "half packed, half loose"
git rev-list --objects main --not main~200 | cut -d' ' -f1 | git pack-objects -q --no-reuse-delta .git/objects/pack/pack >/dev/null
git prune-packed -q && git multi-pack-index write && same "two packs and a multi-pack-index"
rm -rf .git/objects/info/commit-graph* && same "without a commit-graph"
git -c pack.indexVersion=1 repack -qad && same "an index of version 1"

# ---- repositories of other kinds -------------------------------------------------------
git clone -q --shared . "$T/shared" && cd "$T/shared" && same "objects of an alternate"
git clone -q --shared . "$T/again" && cd "$T/again" && same "an alternate's alternate"
cd "$T/w" && git worktree add -q "$T/tree" main~150 -b old && cd "$T/tree" && same "a worktree"
git sparse-checkout set folder0 2>/dev/null && [ ! -e folder1 ]
ok "a sparse tree" && same "a sparse worktree"
cd "$T/w" && git worktree remove --force "$T/tree" && git branch -qD old
git clone -q --bare . "$T/bare.git" && cd "$T/bare.git" && same "a bare repository"
cd "$T/w" && GIT_DIR="$T/bare.git" && export GIT_DIR && same "GIT_DIR" && unset GIT_DIR
cd "$T/w" && git replace "$(git rev-parse main~300)" "$(git rev-parse main~399)"
same "what is pushed, not what stands in for it here"
git replace -d "$(git rev-parse main~300)" >/dev/null
git update-ref refs/heads/side main~10 && same "a second branch in the first" && git branch -qD side

git clone -q --depth 120 "file://$T/w" "$T/shallow" && cd "$T/shallow" && check 1 "a shallow clone"
is "$(findings | cut -d' ' -f1,3-)" "aws-access-key-id folder2/deeper/file2.py 1 1" "what stands in its commits is found"
git clone -q --depth 40 "file://$T/w" "$T/shallower" && cd "$T/shallower" || bail "no clone"
check 0 "a clone from after that"
cd "$T" && rm -rf shallow shallower shared again

# ---- partial clones, and what is missing --------------------------------------------------
git -C "$T/bare.git" config uploadpack.allowFilter true
git clone -q --filter=blob:none --no-checkout "file://$T/bare.git" "$T/partial" && cd "$T/partial" || bail "no partial clone"
check 0 "blobs that a remote has promised are no secrets of this push"
is "$(python3 -c 'import json, sys; print(json.load(sys.stdin)["summary"]["missing"])' <"$OUT")" 1200 "they are counted"
git config --unset remote.origin.promisor && git config --unset remote.origin.partialclonefilter
git config --unset extensions.partialclone
check 70 "without a promise nothing is passed over"
like "$(err)" "cannot read folder[0-2]/deeper/file[0-2].py" "the message names a file"
cd "$T" && rm -rf partial

lose() { # lose NAME OBJECT REGEX: a repository without it refuses to say that all is well
	rm -rf "$T/lost" && git clone -q --no-local --bare "$T/w" "$T/lost" && cd "$T/lost" || bail "no clone"
	_object=$(git rev-parse "$2")
	git cat-file --batch-all-objects --batch-check='%(objectname)' | grep -v "$_object" | git pack-objects -q "$T/kept" >/dev/null
	rm -f objects/pack/* && mv "$T"/kept-* objects/pack
	check 70 "$1 that is missing"
	like "$(err)" "$3" "$1: the message says what"
	cd "$T/w" || bail "no folder"
}
lose "a blob" main~300:folder0/deeper/file0.py "cannot read folder0"
lose "a tree" main~300:folder0 "tree [0-9a-f]{40} cannot be read"
lose "a commit" main~300 "commit [0-9a-f]{40} cannot be read"

# a byte of the pack: in git's own word nothing can be read any more
rm -rf "$T/lost" && git clone -q --no-local --bare "$T/w" "$T/lost" && cd "$T/lost" || bail "no clone"
pack=$(echo objects/pack/*.pack) && chmod u+w "$pack"
size=$(($(wc -c <"$pack")))
python3 - "$pack" $((size / 3)) <<'PY'
import sys
with open(sys.argv[1], "r+b") as f:
    f.seek(int(sys.argv[2]))
    old = f.read(200)
    f.seek(int(sys.argv[2]))
    f.write(bytes(b ^ 0x5a for b in old))
PY
check 70 "a pack with bytes changed"
truncate -s $((size / 2)) "$pack" && check 70 "half a pack"
cd "$T" && rm -rf lost bare.git

# ---- names, submodules, folders that move --------------------------------------------------
mkdir "$T/s" && cd "$T/s" && git init -q && mkdir a && echo x >a/file && commit
git mv a "$id" && commit && check 1 "a folder that is renamed"
like "$(findings)" "aws-access-key-id [0-9a-f]{40} AKIA[*]+/file" "its new name is looked at"
git init -q "$T/module" && (cd "$T/module" && echo "$id" >k && commit) && cd "$T" && rm -rf s && mkdir s && cd s && git init -q
git submodule -q add "$T/module" module && commit && check 0 "a submodule's own files are not of this repository"
echo "$other" >k && commit && check 1 "those beside it are"

# a rule that looks at certain files: every name of a blob counts
cat >"$T/rules.toml" <<'RULES'
[[rules]]
id = "env"
regex = '''word=([a-z]{8,})'''
path = '''\.env$'''
RULES
cd "$T" && rm -rf s && mkdir s && cd s && git init -q && echo 'word=abcdefghij' >notes.txt && commit
status 0 "no file of that name" codetrain-check --all --type secrets --builtin-rules none --rules "$T/rules.toml"
cp notes.txt x.env && commit
status 1 "the same bytes under such a name" codetrain-check --all --type secrets --builtin-rules none --rules "$T/rules.toml"

# ---- owners ------------------------------------------------------------------------------
if [ "$(id -u)" = 0 ]; then
	chown -R 12345:12345 "$T/w" && cd "$T/w" || bail "no folder"
	check 2 "another user's repository"
	like "$(err)" "safe.directory" "it says how to trust it"
	git config --global --add safe.directory "$T/w" && check 1 "one that is trusted"
else
	skip "another user's repository" "needs root"
fi

done_testing
