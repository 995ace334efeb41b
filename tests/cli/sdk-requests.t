#!/bin/sh
# What the SageMaker SDK sends is never refused: requests kept by tools/sdk-requests.py from
# its three generations. And a broken twin of each is.
. "$SOURCE/tests/lib/tap.sh"
PATH=$BUILD/libexec/codetrain:$BUILD:$PATH
cd "$T" || exit 1

check() { codetrain-check --json --type training-job --type model "$1"; }
errors() { # the files with an error, each once
	sed 's/{"check"/\n&/g' "$OUT" | sed -n 's/.*"severity":"error".*"file":"\([^"]*\)".*/\1/p' | sort -u
}

cp -r "$SOURCE/tests/data/sdk" good
for version in 1.72 2.257 3.; do
	N=$(find good/"$version"* -type f | wc -l)
	ok "requests of SDK $version ($N)" test "$N" -ge 16
done
status 0 "none of them is refused" check good
is "$(errors)" "" "there is no error"
warned=$(sed 's/{"check"/\n&/g' "$OUT" | sed -n 's/.*"rule":"\([^"]*\)".*/\1/p' | sort -u)
is "$warned" "spot-no-checkpoint" "and the only warning is of a spot job without checkpoints"

# The n-th fault for the n-th file: one that the file has a place for.
cp -r good bad
n=0
find bad -type f | sort >files
while read -r file; do
	case $file in
	*model.json) set -- 's/"ModelName"/"ModelNam"/' 's/"Image": "/"Image": " /' 's/"ExecutionRoleArn": "arn/&x/' ;;
	*) set -- 's/"RoleArn"/"RolArn"/' 's/"InstanceType": "ml\./&x/' 's/"VolumeSizeInGB": \([0-9]*\)/"VolumeSizeInGB": "\1"/' \
		's/"S3OutputPath": "s3:/"S3OutputPath": "s4:/' 's/"TrainingInputMode": "/&X/' \
		's/"MaxRuntimeInSeconds": [0-9]*/"MaxRuntimeInSeconds": 2419201/' 's/"TrainingJobName": "/&-/' ;;
	esac
	shift $((n % $#))
	sed "$1" "$file" >t
	cmp -s t "$file" && sed 's/": "arn:aws:iam/": "arn:aws:sts/' "$file" >t
	mv t "$file"
	n=$((n + 1))
done <files
status 1 "the broken twins are refused" check bad
errors >found
is "$(cat found)" "$(cat files)" "each of the $n of them"
done_testing
