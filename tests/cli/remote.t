#!/bin/sh
# Remotes that are pinned: account, region, branch, protected refs; in git's
# configuration, and in a committed .codetrain. Each refusal has a twin that passes.
. "$SOURCE/tests/lib/tap.sh"

git config --global init.defaultBranch main
git config --global gc.auto 0
AWS_EC2_METADATA_DISABLED=true
export AWS_EC2_METADATA_DISABLED

mkdir "$HOME/.aws"
cat >"$HOME/.aws/config" <<END
[profile sso]
sso_account_id = 111122223333
sso_role_name = r
sso_start_url = https://example.awsapps.com/start
sso_region = us-east-2
[profile role]
role_arn = arn:aws:iam::444455556666:role/r
source_profile = keys
[profile process]
credential_process = /bin/false
[profile said]
credential_process = /bin/false
aws_account_id = 111122223333
END
cat >"$HOME/.aws/credentials" <<END
[keys]
aws_access_key_id = ASIA$(printf QNZGKIQY56JQ7WML)
aws_secret_access_key = x
END
chmod 600 "$HOME/.aws/credentials"

git init -q --bare "$T/srv.git" && git init -q "$T/w" && cd "$T/w" || bail "git init failed"
git remote add origin "$T/srv.git"
echo a >a && git add a && git commit -qm a && git push -q origin main
codetrain-hooks install >/dev/null
old=$(git rev-parse HEAD)
echo b >a && git commit -qam b
new=$(git rev-parse HEAD)
zero=0000000000000000000000000000000000000000

# push REMOTE URL [LINE]: what git would give the hook
push() { printf '%s\n' "${3:-refs/heads/main $new refs/heads/main $old}" | pre-push "$1" "$2" >"$OUT" 2>"$ERR"; }
passes() { # passes NAME REMOTE URL [LINE]: not even a warning
	_case=$1
	shift
	push "$@"
	[ $? -eq 0 ] && ! grep -q "^warning" "$ERR"
	ok "$_case" || _show <"$ERR"
}
refused() { # refused NAME PATTERN REMOTE URL [LINE]
	_case=$1 _pattern=$2
	shift 2
	push "$@"
	[ $? -eq 1 ] && tr -s '\n ' ' ' <"$ERR" | grep -Eq -e "$_pattern"
	ok "$_case" || _show <"$ERR"
}
warned() {
	_case=$1 _pattern=$2
	shift 2
	push "$@"
	[ $? -eq 0 ] && tr -s '\n ' ' ' <"$ERR" | grep -Eq -e "$_pattern"
	ok "$_case" || _show <"$ERR"
}

https=https://git-codecommit.us-east-2.amazonaws.com/v1/repos/x

# ---- the account -------------------------------------------------------------------
git config codetrain.cc.account 111122223333
passes "the profile in the URL, by SSO" cc codecommit://sso@x
passes "with a region" cc codecommit::us-east-2://sso@x
passes "the account that a profile says" cc codecommit://said@x
refused "a role of another account" "profile role is of account 444455556666" cc codecommit://role@x
refused "a key of another account" "profile keys is of account 029608264753" cc codecommit://keys@x
like "$(err)" "codecommit::REGION://sso@NAME" "the command names a profile that is right"
lacks "$(err)" "QNZGKIQY56JQ7WML" "the key's id is not shown"
warned "a process does not say whose it is" "cannot be told: the credentials of profile process" cc codecommit://process@x
git config codetrain.cc.require true
refused "and is refused where it must be known" "cannot be told" cc codecommit://process@x
passes "what is known still passes" cc codecommit://sso@x
git config --unset codetrain.cc.require
warned "no helper for HTTPS" "no credential helper of CodeCommit" cc $https
git config credential.helper 'codecommit --profile sso'
passes "the helper's profile" cc $https
git config credential.helper '!aws --profile role codecommit credential-helper $@'
refused "the AWS CLI's helper with another" "profile role is of account 444455556666" cc $https
like "$(err)" "git config credential.helper 'codecommit --profile sso'" "the command sets the right one"
git config credential.https://git-codecommit.us-west-2.amazonaws.com.helper 'codecommit --profile sso'
refused "a section of another host does not count" "profile role" cc $https
git config --unset credential.helper
git config 'credential.https://git-codecommit.*.amazonaws.com.helper' 'codecommit --profile sso'
passes "a section for every region" cc $https
git config --unset-all 'credential.https://git-codecommit.*.amazonaws.com.helper'
git config credential.$https.helper codecommit
AWS_PROFILE=sso passes "AWS_PROFILE" cc $https
AWS_PROFILE=role refused "another AWS_PROFILE" "account 444455556666" cc $https
AWS_ACCESS_KEY_ID="ASIA$(printf QNZGKIQY56JQ7WML)" AWS_SECRET_ACCESS_KEY=x refused "keys in the environment" "029608264753" cc $https
git config codetrain.cc.account 029608264753
AWS_ACCESS_KEY_ID="ASIA$(printf QNZGKIQY56JQ7WML)" AWS_SECRET_ACCESS_KEY=x passes "those of the account" cc $https
git config codetrain.cc.account 111122223333
passes "the user of git's own passwords" cc "https://bob-at-111122223333@git-codecommit.us-east-2.amazonaws.com/v1/repos/x"
refused "that of another account" "the user in the URL is of account 444455556666" cc "https://bob-at-444455556666:p@git-codecommit.us-east-2.amazonaws.com/v1/repos/x"
warned "an SSH key" "an SSH key does not say" cc ssh://APKA@git-codecommit.us-east-2.amazonaws.com/v1/repos/x
refused "no CodeCommit at all" "goes to no CodeCommit" cc "$T/srv.git"
passes "a remote that is not pinned" other codecommit://role@x

# ---- a push to the URL is a push to the remote --------------------------------------
git remote add cc codecommit://role@x
refused "by its URL" "cc is pinned to account" codecommit://role@x codecommit://role@x
passes "another URL" codecommit://role@y codecommit://role@y
refused "by a URL that git made of what was typed" "cc is pinned to account" cc:x codecommit://role@x

# ---- protected refs -----------------------------------------------------------------
git config codetrain.origin.protected "main release/* v*"
rewrite="refs/heads/main $old refs/heads/main $new"
refused "a protected branch that is rewritten" "refs/heads/main is protected at origin.*rewrites it" origin "$T/srv.git" "$rewrite"
passes "and moved forward" origin "$T/srv.git"
refused "deleted" "deletes it" origin "$T/srv.git" "(delete) $zero refs/heads/release/1 $old"
passes "another branch rewritten" origin "$T/srv.git" "refs/heads/x $old refs/heads/x $new"
passes "a branch created" origin "$T/srv.git" "refs/heads/main $new refs/heads/release/2 $zero"
refused "a tag that is moved" "refs/tags/v1 is protected" origin "$T/srv.git" "refs/tags/v1 $new refs/tags/v1 $old"
passes "a tag that is created" origin "$T/srv.git" "refs/tags/v1 $new refs/tags/v1 $zero"
passes "a tag that is not protected" origin "$T/srv.git" "refs/tags/w1 $new refs/tags/w1 $old"
git config --unset codetrain.origin.protected
passes "nothing is protected" origin "$T/srv.git" "$rewrite"

# ---- the team's file ------------------------------------------------------------------
team() { # team LINES...: commits .codetrain
	printf '%s\n' "$@" >.codetrain && git add .codetrain && git commit -qm policy
	new=$(git rev-parse HEAD)
}
team '[codetrain "origin"]' 'branch = release/*' 'force = false'
refused "a branch that the file does not list" "takes the branches release/" origin "$T/srv.git"
passes "one that it lists" origin "$T/srv.git" "refs/heads/main $new refs/heads/release/1 $zero"
refused "a rewrite" "force is false" origin "$T/srv.git" "refs/heads/main $new refs/heads/release/1 $(git commit-tree -m other "HEAD^{tree}")"
git config codetrain.origin.branch main
passes "this machine's configuration goes over it" origin "$T/srv.git"
git config --unset codetrain.origin.branch
team '[codetrain "*"]' 'account = 444455556666'
refused "every remote" "account 444455556666" some codecommit://sso@x
passes "the right account" some codecommit://role@x
passes "a pin of its own goes over that" cc codecommit://sso@x
git config --unset codetrain.cc.account
refused "and without it does not" "account 444455556666" cc codecommit://sso@x
team '[codetrain "origin"]' 'account = 12'
refused "a broken pin" "codetrain:2: account wants 12 digits" origin "$T/srv.git"
team '[codetrain "origin"]' 'region = mars'
refused "a region that is none" "region wants a region" origin "$T/srv.git"
team '[codetrain "origin"]' 'tomorrow = x'
passes "a key of tomorrow is left alone" origin "$T/srv.git"
done_testing
