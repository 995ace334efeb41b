#!/bin/sh
# The same story without the grants: it stops at the training job, and says why.
. "$SOURCE/tests/lib/tap.sh"
. "$SOURCE/tests/lib/story.sh"

sandbox_up
sandbox_enter
project "$T/iris" || bail 'no project'

like "$(codetrain grant plan -f accounts.json)" 'SageMakerExecutionRole' 'plan shows what is missing'
run git push -q origin main
is "$rc" 0 'the push goes through' || _show <"$ERR"
ok 'the build ends' until_true 180 build_ended
is "$(build_status)" FAILED 'and it failed'
is "$(as mlops-beta sagemaker list-models --query 'Models')" '' 'no model was made'
log=$(cat "$CODETRAIN_SANDBOX"/builds/*/log* 2>/dev/null; codetrain queue show 1 -C "$(bare)" 2>&1)
ids=$(as mlops-devops codebuild list-builds-for-project --project-name scikit-learn-iris --query 'ids[0]')
stream=$(as mlops-devops codebuild batch-get-builds --ids "$ids" --query 'builds[0].logs.streamName')
log=$(as mlops-devops logs get-log-events --log-group-name /aws/codebuild/scikit-learn-iris \
	--log-stream-name "$stream" --start-from-head --query 'events[].message' | tr '\t' '\n')
like "$log" 'grant' 'the build log names the missing grant'
like "$log" 'codetrain grant apply' 'and the command that mends it'

status 0 'grant apply' grant
status 0 'grant apply again' grant
like "$(out)" '(nothing|no change|0 change)' 'changes nothing the second time'

git commit -q --allow-empty -m 'Once more'
run git push -q origin main
is "$rc" 0 'the next push goes through'
second() { [ "$(as mlops-devops codebuild list-builds-for-project --project-name scikit-learn-iris --query 'length(ids)')" = 2 ]; }
ok 'a second build starts' until_true 60 second
ok 'and ends' until_true 180 build_ended
is "$(build_status)" SUCCEEDED 'and with the grants it succeeded'
like "$(as mlops-production sagemaker list-models --query 'Models[].ModelArn')" ':333333333333:model/' 'a model in production'
done_testing
