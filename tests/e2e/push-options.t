#!/bin/sh
# git push -o against the sandbox's CodeCommit and CodeBuild: the build's number and log come back to the pusher.
. "$SOURCE/tests/lib/tap.sh"
. "$SOURCE/tests/lib/story.sh"

sandbox_up
sandbox_enter
mkdir "$T/w" && cd "$T/w" || exit 1
git init -q && git remote add origin "$url"
cat >buildspec.yml <<'SPEC'
version: 0.2
phases:
  build:
    commands:
      - echo "epochs are ${EPOCHS:-not set}, path is ok"
      - test "$EPOCHS" != bad
SPEC
git add -A && git commit -qm 'Build it'
git -C "$(bare)" config codetrain.env EPOCHS || bail 'no repository'
count() { as mlops-devops codebuild list-builds-for-project --project-name scikit-learn-iris --query 'length(ids)'; }

run timeout 240 git push -o ci.wait=200s -o ci.env=EPOCHS=7 -o ci.env=PATH=/evil origin main
is "$rc" 0 'a push that waits for its build' || err | _show
like "$(err)" '^remote: codetrain: .*build scikit-learn-iris:1 started' "the build's number comes back"
like "$(err)" '^remote: .*https://console.aws.amazon.com/codesuite/codebuild/111111111111/projects/scikit-learn-iris/build/' 'and its address'
is "$(grep -c '^remote: epochs are 7, path is ok *$' "$ERR")" 1 'the log is followed, each line once, with the variable'
like "$(err)" '^remote: codetrain: .*ended: SUCCEEDED' 'to the end'
like "$(err)" '^remote: .*PATH' 'a variable that is not allowed is told'

git commit -q --allow-empty -m again
run timeout 240 git push -o ci.wait -o ci.env=EPOCHS=bad origin main
is "$rc" 0 'a build that fails does not undo the push'
like "$(err)" '^remote: codetrain: .*ended: FAILED' 'and is told'

git commit -q --allow-empty -m skipped
run timeout 60 git push -o ci.skip origin main
is "$rc" 0 'a push that wants no build'
skipped() { codetrain queue list --all -C "$(bare)" | grep -q 'skipped'; }
ok 'its event is skipped' until_true 30 skipped
is "$(count)" 2 'two builds were started in all'

git tag -a v1 -m one
git -C "$(bare)" config codetrain.refs 'refs/tags/v*'
run timeout 240 git push -o ci.wait origin v1
like "$(err)" '^remote: codetrain: .*ended: SUCCEEDED' 'an annotated tag is built by its commit'
done_testing
