#!/bin/sh
# training-job.json and model.json as files: what is no JSON, what is nearly JSON, and what
# somebody made to keep the check busy. The rules themselves are tests/unit/test_spec_rules.c
# and tests/e2e/spec-constraints.t.
. "$SOURCE/tests/lib/tap.sh"
cd "$T" || exit 1
f=training-job.json

# refused LINE COLUMN MESSAGE NAME: $f is, with this fault at this place
refused() {
	status 1 "$4" codetrain check --type training-job --json $f
	like "$(out)" "\"rule\":\"json\",\"severity\":\"error\",\"message\":\"$3.*\"line\":$1,\"column\":$2[,}]" "$4: $1:$2"
}

printf '' >$f && refused 1 1 "not JSON: the text ends too early" "an empty file"
printf '{\n "a": 1,\n}' >$f && refused 3 1 "not JSON: a comma before" "a comma too many"
printf "{'a': 1}" >$f && refused 1 2 "not JSON: a string in double quotes" "single quotes"
printf '{"a": 1} // why' >$f && refused 1 10 "not JSON: something follows" "a comment"
printf '{"a": "\303\251\377"}' >$f && refused 1 9 "not JSON: bytes that are no UTF-8" "Latin-1"
printf '{"a": "x\\u0000y"}' >$f && refused 1 11 "not JSON: ..u0000 in a string" "an escaped NUL"
printf '{"a": \000 1}' >$f && refused 1 7 "not JSON: a NUL byte" "a NUL byte"
printf '\377\376{\000' >$f && refused 1 1 "not JSON: a value is expected" "UTF-16"
printf '{"a": "\\ud800"}' >$f && refused 1 10 "not JSON: half a surrogate pair" "half a surrogate pair"
printf '{"a":%0100d}' 1 | tr 0 1 >$f && refused 1 106 "not JSON: a number of more than 60" "a number of a hundred digits"
awk 'BEGIN { for (i = 0; i < 100000; i++) printf "[" }' >$f && refused 1 201 "not JSON: nested too deeply" "deep nesting"
head -c 9000000 /dev/zero | tr '\0' ' ' >$f && refused 1 1 "9000000 bytes: no request is longer" "nine megabytes"

good='"TrainingJobName": "j", "RoleArn": "arn:aws:iam::111111111111:role/R",
"OutputDataConfig": {"S3OutputPath": "s3://bucket/out/"}, "AlgorithmSpecification": {
"TrainingImage": "a.example/b:1", "TrainingInputMode": "File"}, "StoppingCondition": {"MaxRuntimeInSeconds": 60},
"ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1}'
printf '{%s}' "$good" >$f
status 0 "a good one passes" codetrain check --type training-job --json $f
unlike "$(out)" '"rule"' "without a word"
printf '\357\273\277{%s}' "$good" >$f
status 0 "with a byte order mark, too" codetrain check --type training-job --json $f
like "$(out)" '"rule":"byte-order-mark","severity":"warning"' "and is told that the AWS CLI refuses it"
printf '\357\273\277{"TrainingJobNam": 1, %s}' "$good" >$f
status 1 "a fault behind the mark" codetrain check --type training-job --json $f
like "$(out)" '"line":1,"column":20,"pointer":"/TrainingJobNam"' "has the column that editors show"
printf '{%s, "ResourceConfig": {"InstanceCount": 1e999}}' "$good" >$f
status 1 "a member twice, and a number beyond all" codetrain check --type training-job --json $f
like "$(out)" '"rule":"duplicate".*"line":4,"column":111,"pointer":"/ResourceConfig"' "the second is told"
like "$(out)" 'a whole number is needed, this is inf' "and the number"

# all faults in one pass, each at its place
cat >$f <<'END'
{"TrainingJobName": "no_underscore",
 "RolArn": "arn:aws:iam::111111111111:role/R",
 "AlgorithmSpecification": {"TrainingInputMode": "file"},
 "OutputDataConfig": {"S3OutputPath": "bucket/out"},
 "EnableManagedSpotTraining": "true",
 "\u0048yperParameters": {"epochs": 3}
}
END
status 1 "seven faults" codetrain check --type training-job --json $f
for want in '"rule":"pattern".*"line":1,"column":21' '"rule":"required".*RoleArn.*"line":1,"column":1' \
	'"rule":"unknown".*did you mean RoleArn.*"line":2,"column":12' '"rule":"enum".*did you mean File.*"line":3,"column":50' \
	'"rule":"pattern".*"line":4,"column":39' '"rule":"type".*no quotes around it.*"line":5,"column":31' \
	'"rule":"type".*put quotes around it.*"line":6,"column":37' '"rule":"image-xor-algorithm".*"line":3,"column":28'; do
	like "$(out)" "$want" "one of them: $want"
done

# hostile: far too many of everything ends soon, and says that it did not tell all
awk 'BEGIN { printf "{\"Tags\":[{}"; for (i = 0; i < 200000; i++) printf ",{}"; printf "]}" }' >$f
status 1 "two hundred thousand tags" timeout 60 codetrain check --type training-job --json $f
like "$(out)" "there are more faults; mend these first" "are cut short"
awk 'BEGIN { printf "{\"a\":1"; for (i = 0; i < 100000; i++) printf ",\"a\":1"; printf "}" }' >$f
status 1 "one name a hundred thousand times" timeout 60 codetrain check --type training-job --json $f
like "$(out)" '"rule":"duplicate"' "is told"
done_testing
