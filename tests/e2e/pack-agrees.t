#!/bin/sh
# The reader of packs against git itself: the same bytes of every object, in
# every kind of pack that git writes; what is in no pack is not told.

. "$SOURCE/tests/lib/tap.sh"
reader=$BUILD/unit/test_pack
[ -x "$reader" ] || skip_all "the unit tests are not built"

# history N: a stream for fast-import; N commits that edit, move and cut lines of
# some files, the last of which only grows
history() {
	awk -v n="$1" 'BEGIN {
		srand(7)
		for (f = 0; f < 6; f++)
			for (l = 0; l < 150; l++)
				line[f, l] = "file " f ", line " l ": " int(rand() * 1e9)
		for (c = 1; c <= n; c++) {
			f = int(rand() * 6)
			for (e = 0; e < 4; e++)
				line[f, int(rand() * 150)] = "edited in " c ": " int(rand() * 1e9)
			a = int(rand() * 100); b = int(rand() * 100)
			for (l = 0; l < 20; l++) {
				t = line[f, a + l]; line[f, a + l] = line[f, b + l]; line[f, b + l] = t
			}
			text = ""
			for (l = 0; l < 150 - c % 7; l++)
				text = text line[f, l] "\n"
			grown = grown "commit " c " adds this line\n"
			printf "commit refs/heads/main\nmark :%d\ncommitter A <a@example.com> %d +0000\n", c, 1e9 + c
			printf "data 9\ncommit %02d\n", c % 100
			printf "M 100644 inline folder%d/file%d\ndata %d\n%s\n", f % 2, f, length(text), text
			printf "M 100755 inline log\ndata %d\n%s\n", length(grown), grown
			if (c % 50 == 0)
				printf "tag v%d\nfrom :%d\ntagger A <a@example.com> %d +0000\ndata 3\ntag\n", c, c, 1e9
		}
	}'
}

make_repo() { # make_repo NAME N
	git init -q -b main --bare "$1" && history "$2" | git -C "$1" -c fastimport.unpackLimit=1 fast-import --quiet
}

packs() { # packs OBJECTS...: their indexes
	for folder; do find "$folder/pack" -name '*.idx'; done
}

agrees() { # agrees NAME REPO [OBJECTS of its alternate]
	git -C "$2" cat-file --batch-all-objects --batch-check='%(objectname)' | sort -u >"$T/all"
	packs "$2/objects" ${3:+"$3"} | while read -r index; do
		git show-index <"$index" | cut -d' ' -f2
	done | sort -u >"$T/packed"
	comm -23 "$T/all" "$T/packed" >"$T/loose"
	[ -s "$T/packed" ]
	ok "$1: there are packed objects"
	git -C "$2" cat-file --batch --buffer <"$T/packed" >"$T/want"
	for how in read sweep; do
		"$reader" $how "$2/objects" <"$T/packed" >"$T/got" 2>"$ERR" && cmp -s "$T/want" "$T/got"
		ok "$1: $how agrees with cat-file" || { _show <"$ERR"; cmp "$T/want" "$T/got" | _show; }
		sed 's/$/ missing/' "$T/loose" >"$T/want.loose"
		"$reader" $how "$2/objects" <"$T/loose" >"$T/got" 2>/dev/null
		ok "$1: $how tells nothing of others" cmp -s "$T/want.loose" "$T/got"
	done
}

at_least() { # at_least N NAME: deltas with their changes, in the last sweep
	n=$(sed -n 's/ deltas$//p' "$ERR")
	[ "${n:-0}" -ge "$1" ]
	ok "$2" || echo "# $n deltas"
}

make_repo "$T/a" 150
git -C "$T/a" repack -qadf --depth=50 --window=10
agrees 'deltas by offset' "$T/a"
at_least 150 'most are deltas'
git -C "$T/a" -c repack.useDeltaBaseOffset=false repack -qadf
agrees 'deltas by name' "$T/a"
at_least 150 'most are deltas'
git init -q -b main --bare "$T/deep"
awk 'BEGIN {
	for (i = 1; i <= 400; i++) {
		text = text "version " i " adds this line\n"
		printf "blob\ndata %d\n%s\n", length(text), text
	}
}' |
	git -C "$T/deep" -c fastimport.unpackLimit=1 fast-import --quiet --depth=250
deep=$(git verify-pack -v "$T"/deep/objects/pack/*.idx | sed -n 's/^chain length = \([0-9]*\):.*/\1/p' | tail -n 1)
[ "${deep:-0}" -eq 250 ]
ok 'chains are long'
agrees 'long chains' "$T/deep"
git -C "$T/a" -c pack.writeReverseIndex=true repack -qadfb
ls "$T/a"/objects/pack/*.bitmap "$T/a"/objects/pack/*.rev >/dev/null 2>&1
ok 'there is a bitmap, and an index of the other direction'
agrees 'bitmap' "$T/a"
git -C "$T/a" -c core.compression=0 -c core.bigFileThreshold=8k repack -qadF
agrees 'stored as it is, large files without deltas' "$T/a"

# its index again, with all offsets in the table of those with 64 bits, and in version 1
pack=$(ls "$T/a"/objects/pack/*.pack)
rm -f "$T/a"/objects/pack/*.bitmap "$T/a"/objects/pack/*.rev "${pack%.pack}.idx"
git index-pack --index-version=2,0x40 -o "${pack%.pack}.idx" "$pack" >/dev/null
agrees 'offsets of 64 bits' "$T/a"
rm -f "${pack%.pack}.idx"
git index-pack --index-version=1 -o "${pack%.pack}.idx" "$pack" >/dev/null
git show-index <"${pack%.pack}.idx" | cut -d' ' -f2 >"$T/packed"
is "$("$reader" read "$T/a/objects" <"$T/packed" | grep -vc ' missing$')" 0 'an index of version 1 is left to libgit2'

# several packs, loose objects, an index over all packs
git clone -q --no-local "$T/a" "$T/b" 2>/dev/null
for i in 1 2 3; do
	(cd "$T/b" && seq "$i" 500 >"numbers$i" && sed -i "s/edited/EDITED $i/" folder*/* &&
		git add . && git commit -qm "$i" && git repack -qd)
done
(cd "$T/b" && echo loose >loose && git add . && git commit -qm loose)
agrees 'several packs and loose objects' "$T/b/.git"
[ -s "$T/loose" ]
ok 'some are loose'
git -C "$T/b" multi-pack-index write
agrees 'an index over several packs' "$T/b/.git"

# what a push brings: thin, then completed, bases behind their deltas
git clone -q --bare --no-local -b main "$T/a" "$T/c" 2>/dev/null
git -C "$T/c" config receive.unpackLimit 1
git -C "$T/b" push -q "$T/c" HEAD:refs/heads/new
agrees 'a thin pack, completed' "$T/c"
[ "$(find "$T/c/objects/pack" -name '*.pack' | wc -l)" -eq 2 ]
ok 'it came as a pack'

# alternates, and theirs
git clone -q --shared "$T/b" "$T/d" 2>/dev/null
(cd "$T/d" && seq 900 >numbers1 && git add . && git commit -qm d && git repack -qdl)
agrees 'alternates' "$T/d/.git" "$T/b/.git/objects"

# what nothing reaches, kept for a while
(cd "$T/b" && git reset -q --hard HEAD~2 && git -c gc.reflogExpire=now -c gc.reflogExpireUnreachable=now \
	-c gc.cruftPacks=true gc -q --cruft --prune=2.weeks.ago)
agrees 'a pack of what nothing reaches' "$T/b/.git"

# large: one thread's at a time, and a delta of one that is less so
git init -q "$T/e"
(cd "$T/e" && git config core.compression 1 && truncate -s 67200000 zeros && seq 300000 >numbers && git add . &&
	git commit -qm 1 && sed -i 's/^70000$/a secret/' numbers && git add . && git commit -qm 2 && git repack -qad)
agrees 'large files' "$T/e/.git"
at_least 1 'one is a delta'

# none, and names that are longer
git init -q "$T/f"
is "$(head -n 3 "$T/all" | "$reader" sweep "$T/f/.git/objects" 2>/dev/null | grep -c ' missing$')" 3 'an empty repository has nothing'
git init -q --object-format=sha256 "$T/g"
(cd "$T/g" && seq 900 >numbers && git add . && git commit -qm 1 && git repack -qad)
git -C "$T/g" cat-file --batch-all-objects --batch-check='%(objectname)' >"$T/packed"
is "$("$reader" read "$T/g/.git/objects" <"$T/packed" | grep -vc ' missing$')" 0 'SHA-256 is left to libgit2'

# this project's own history, where it is there
if git -C "$SOURCE" rev-parse -q --verify HEAD >/dev/null 2>&1 &&
	git clone -q --bare --no-local "$SOURCE" "$T/own" 2>/dev/null; then
	agrees 'our own history' "$T/own"
fi
done_testing
