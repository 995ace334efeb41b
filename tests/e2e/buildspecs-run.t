#!/bin/sh
# Every buildspec of the examples, of the tests' samples and of the documentation runs
# under codetrain build, with the tools of others replaced by programs that do nothing.
. "$SOURCE/tests/lib/tap.sh"

mkdir "$T/bin" "$T/tmp" "$T/specs"
export TMPDIR="$T/tmp"

# ---- a machine with nothing on PATH but these -----------------------------------------
for tool in sh bash cat date cut sha256sum grep sed mkdir rm ls head tail tr find touch git python3 whoami wc sort env dirname basename cp mv test true false printf tee xargs sleep id uname; do
	real=$(command -v "$tool") && case $real in /*) ln -s "$real" "$T/bin/$tool" ;; esac
done
# the program itself: what stands on PATH may be a script that looks for others there
ln -sf "$(python3 -c 'import sys; print(sys.executable)')" "$T/bin/python3"
for tool in aws docker apt-get mvn npm npx pip sam curl unzip terraform make go gotestsum dotnet gem bundle corepack pnpm jq pytest codebuild-tests-run tar; do
	printf '#!/bin/sh\nprintf "%%s " "%s" "$@" >>"$CALLS"; echo >>"$CALLS"\n' "$tool" >"$T/bin/$tool"
done
cat >"$T/bin/codetrain" <<'END'
#!/bin/sh
printf '%s ' codetrain "$@" >>"$CALLS"; echo >>"$CALLS"
case $1 in submit) mkdir -p reports; echo '<testsuites/>' >reports/training.xml; echo '{"job": "iris-1", "artifact": "s3://b/k/model.tar.gz"}' ;; esac
END
# in the place of the program that asks AWS: a value for each reference
cat >"$T/bin/codetrain-credentials" <<'END'
#!/bin/sh
while read -r line; do printf '13\na value of it\n'; done
END
cp "$BUILD/codetrain-build" "$T/bin/"
chmod +x "$T/bin/"*
export CALLS="$T/calls"

# what the samples expect to find in their source
source_tree() {
	mkdir -p app functions reports bin out target dist src &&
		echo '{"version": "1.2.3"}' >package.json && echo 'name: app @VERSION@' >app.yml &&
		echo 'image <IMAGE>' >taskdef.in && echo plan >plan.bin && touch functions/one target/app.jar
}
# build ARGUMENT…
build() { PATH=$T/bin "$T/bin/codetrain-build" --env A=1 --env X=1 --env BUCKET=b --timeout 60s "$@"; }

# ---- the samples ----------------------------------------------------------------------
# one file each, numbered; its first line is its name
awk -v to="$T/specs" '/^=== / { if (out) close(out); out = ""; if ($2 == "good") {
		out = sprintf("%s/%03d", to, ++n); sub(/^=== good /, ""); print >out } next }
	out { print >out }' "$SOURCE/tests/data/buildspecs.txt"
n=0 ran=0
for file in "$T"/specs/*; do
	n=$((n + 1))
	name=$(head -n 1 "$file")
	mkdir "$T/w" && cd "$T/w" && source_tree || bail 'no folder'
	tail -n +2 "$file" >buildspec.yml
	case $name in
	windows | *powershell*) status 2 "$name: refused, its shell is not here" build ;;
	batch* | matrix* | 'fan out')
		if grep -q '^phases:' buildspec.yml; then
			status 0 "$name" build --result r.json --artifacts "$T/out"
			ran=$((ran + 1))
		else
			status 2 "$name: refused, it only names other builds" build
		fi ;;
	*)
		status 0 "$name" build --result r.json
		ran=$((ran + 1)) ;;
	esac
	cd "$T" && rm -rf "$T/w" "$T/out"
done
[ "$n" -ge 40 ] && [ "$ran" -ge 30 ]
ok "$n samples, of which $ran ran"

# ---- the examples, and the one to copy ------------------------------------------------
for spec in "$SOURCE"/buildspec.yml "$SOURCE"/examples/*/buildspec.yml; do
	name=${spec#"$SOURCE"/}
	cp -R "$SOURCE/examples/scikit-learn-iris" "$T/w" && cp "$spec" "$T/w/buildspec.yml" && cd "$T/w" || bail 'no example'
	git init -q && git add -A && git commit -qm one
	: >"$CALLS"
	status 0 "$name" build --repo "$T/w" --result "$T/r.json" --artifacts "$T/out"
	like "$(cat "$CALLS")" '^docker push .*:[0-9a-f]{12} $' "$name: the image of the commit is pushed"
	like "$(cat "$CALLS")" '^codetrain promote --job-file job.json --to devops --to production ' "$name: and the model released"
	is "$(python3 -c 'import json,sys; d=json.load(open(sys.argv[1])); print(sorted(d["exported"]), d["exported"]["TRAINING_JOB"])' "$T/r.json")" \
		"['COMMIT', 'MODEL_ARTIFACT', 'TRAINING_IMAGE', 'TRAINING_JOB'] iris-1" "$name: what it exports"
	is "$(cd "$T/out" && find . -type f | sort | tr '\n' ' ')" \
		'./artifacts/job.json ./artifacts/reports/training.xml ./reports/training/training.xml ' "$name: what it leaves"
	# the same with an image that cannot be pushed: nothing is submitted
	cat >"$T/bin/docker" <<'END'
#!/bin/sh
printf '%s ' docker "$@" >>"$CALLS"; echo >>"$CALLS"
[ "$1" != push ]
END
	: >"$CALLS"
	status 1 "$name: a push of the image that fails" build --repo "$T/w"
	unlike "$(cat "$CALLS")" '^codetrain submit' "$name: submits nothing"
	printf '#!/bin/sh\nprintf "%%s " docker "$@" >>"$CALLS"; echo >>"$CALLS"\n' >"$T/bin/docker"
	cd "$T" && rm -rf "$T/w" "$T/out"
done

# ---- the documentation ----------------------------------------------------------------
# each block of yaml that is a whole buildspec
python3 - "$SOURCE" "$T/specs" <<'END'
import pathlib, re, sys
n = 0
for page in sorted([pathlib.Path(sys.argv[1], "README.md"), *pathlib.Path(sys.argv[1], "docs").glob("*.md")]):
    for block in re.findall(r"^```ya?ml\n(.*?)^```", page.read_text(), re.M | re.S):
        if re.search(r"^version: *0\.", block, re.M) and re.search(r"^phases:", block, re.M):
            n += 1
            pathlib.Path(sys.argv[2], f"doc{n}").write_text(f"{page.name}\n{block}")
END
for file in "$T"/specs/doc*; do
	[ -e "$file" ] || { skip 'buildspecs of the documentation' 'there is none beside the one to copy'; break; }
	mkdir "$T/w" && cd "$T/w" && source_tree || bail 'no folder'
	tail -n +2 "$file" >buildspec.yml
	status 0 "the buildspec in $(head -n 1 "$file")" build
	cd "$T" && rm -rf "$T/w"
done
# ---- by a push, with the target local -------------------------------------------------
cp "$BUILD/post-receive" "$BUILD/reference-transaction" "$BUILD/codetrain-queue" "$T/bin/"
git init -q --bare "$T/r.git"
ln -s "$T/bin/post-receive" "$T/bin/reference-transaction" "$T/r.git/hooks/"
git -C "$T/r.git" config codetrain.target local
git -C "$T/r.git" config codetrain.drainer none
git -C "$T/r.git" config codetrain.environment CALLS
cp -R "$SOURCE/examples/scikit-learn-iris" "$T/w" && cd "$T/w" && git init -q && git add -A && git commit -qm one || bail 'no example'
git push -q "$T/r.git" HEAD:refs/heads/main 2>"$ERR" || bail "the push: $(err)"
status 0 'the queue builds what was pushed' env PATH="$T/bin" "$T/bin/codetrain-queue" run -C "$T/r.git"
like "$(err)" 'to local: delivered: build succeeded; log: codetrain/builds/1.log' 'it succeeds'
is "$(cd "$T/r.git/codetrain/builds/1.files" && find . -type f | sort | tr '\n' ' ')" \
	'./artifacts/job.json ./artifacts/reports/training.xml ./reports/training/training.xml ' 'what it leaves is kept beside its log'
like "$(cat "$T/r.git/codetrain/builds/1.log")" 'Phase complete: UPLOAD_ARTIFACTS State: SUCCEEDED' 'which tells so'
cd "$T" && rm -rf "$T/w"
is "$(ls "$TMPDIR")" '' 'nothing is left of any of them'
done_testing
