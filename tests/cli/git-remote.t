#!/bin/sh
# git-remote-codecommit under real git, against a server that checks every signature.
. "$SOURCE/tests/lib/tap.sh"

python=$(command -v "${VENV:-/nonexistent}/bin/python" || command -v python3)
[ -n "$python" ] && command -v openssl >/dev/null || skip_all 'needs python3 and openssl'

east=git-codecommit.us-east-2.amazonaws.com
vpce="vpce-0b47-x.git-codecommit.us-east-1.vpce.amazonaws.com"
canary=CANARY+secret/0123456789abcdefghijklmnop
token=TOKENCANARY//IQoJb3JpZ2luX2VjEXAMPLE==
evil="a'; touch hacked; '\$(touch hacked)\" b"

# ---- a machine: profiles, a server, git ----------------------------------------------

mkdir -m 700 "$HOME/.aws" "$T/repositories" "$T/work"
(
	umask 077
	cat >"$HOME/.aws/config" <<EOF
[profile devops]
region = us-east-2
[profile my prof]
region = us-east-2
[profile me@example.com/role]
region = us-east-2
[profile $evil]
region = us-east-2
[profile session]
region = us-east-2
[profile nowhere]
[profile wrong]
region = us-east-2
[profile fips]
region = us-east-2
use_fips_endpoint = true
[profile vpc]
region = us-east-2
codetrain_codecommit_endpoint = https://$vpce
[profile plain]
region = us-east-2
codetrain_codecommit_endpoint = http://127.0.0.1:8080
EOF
	for p in default devops 'my prof' me@example.com/role "$evil" session nowhere fips vpc plain wrong; do
		case $p in
		default) key=AKIDDEFAULT ;;
		wrong) key=AKIDWRONG ;;
		session) key="ASIASESSION
aws_session_token = $token" ;;
		*) key=AKIDDEVOPS ;;
		esac
		printf '[%s]\naws_access_key_id = %s\naws_secret_access_key = %s\n' "$p" "$key" "$canary"
	done >"$HOME/.aws/credentials"
)
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=test \
	-addext "subjectAltName=DNS:$east,DNS:git-codecommit-fips.us-east-2.amazonaws.com,DNS:$vpce,DNS:git.example,DNS:elsewhere.example,DNS:git-codecommit.cn-north-1.amazonaws.com.cn,DNS:git-codecommit.xx-new-7.amazonaws.com" \
	-keyout "$T/key.pem" -out "$T/cert.pem" 2>/dev/null || bail 'no certificate'
mkfifo "$T/hold"
FAKE_REGION=eu-west-9 FAKE_KEYS="{\"AKIDDEVOPS\": {\"secret\": \"$canary\"}, \"AKIDDEFAULT\": {\"secret\": \"$canary\"},
	\"AKIDWRONG\": {\"secret\": \"another\"}, \"ASIASESSION\": {\"secret\": \"$canary\", \"token\": \"$token\"}}" \
	"$python" "$SOURCE/tests/lib/fake_codecommit.py" "$T/port" "$T/requests" "$T/cert.pem" "$T/key.pem" \
	"$T/repositories" <"$T/hold" &
exec 9>"$T/hold"
at_exit "exec 9>&-; wait $!"
until_true 10 test -s "$T/port" || bail 'no server'

git config --global init.defaultBranch main
git config --global http.proxy "http://127.0.0.1:$(cat "$T/port")"
git config --global http.sslCAInfo "$T/cert.pem"
printf '#!/bin/sh\nsed "s/^/$1 /" >>"%s/theirs"\n' "$T" >"$T/their-helper"
chmod +x "$T/their-helper"
git config --global credential.helper "$T/their-helper"
git config --global --add "credential.https://$east.helper" "$T/their-helper"

repository() { # repository NAME: bare, with a commit
	git init -q --bare "$T/repositories/$1"
	git -C "$T/repositories/$1" config http.receivepack true
	git clone -q "$T/repositories/$1" "$T/seed" 2>/dev/null
	echo "$1" >"$T/seed/file"
	git -C "$T/seed" add file
	git -C "$T/seed" commit -qm "$1"
	git -C "$T/seed" push -q origin main
	rm -rf "$T/seed"
}
for r in app data.set_1-x 'ré po' expired; do repository "$r"; done
cd "$T/work" || exit 1
last() { tail -n 1 "$T/requests" | "$python" -c 'import json, sys; r = json.loads(sys.stdin.read()); print(r["host"], r["path"].removesuffix("/info/refs").removesuffix("/git-upload-pack"), r["user"], r["status"])'; }

# ---- clone, fetch, push ----------------------------------------------------------------

run git clone -q codecommit://devops@app
is "$rc" 0 'git clone codecommit://PROFILE@REPOSITORY' || _show <"$ERR"
is "$(cat app/file)" app 'gets the files'
is "$(last)" "$east /v1/repos/app AKIDDEVOPS 200" "from the profile's region, as the profile"
is "$(git -C app remote get-url origin)" codecommit://devops@app 'and the remote keeps the URL'
(cd app && echo more >>file && git commit -qam more)
run git -C app push -q
is "$rc" 0 'git push' || _show <"$ERR"
run git clone -q codecommit::us-east-2://devops@app again
is "$rc$(tail -n 1 again/file)" 0more 'git clone codecommit::REGION://PROFILE@REPOSITORY sees it' || _show <"$ERR"
(cd app && git switch -qc side && git commit -q --allow-empty -m side && git push -q origin side)
run git -C again fetch -q
is "$rc$(git -C again log -1 --format=%s origin/side)" 0side 'git fetch'
run git ls-remote --heads codecommit::us-east-2://devops@app
like "$(out)" 'refs/heads/side' 'git ls-remote, without a remote'
run git -C again push -q origin :side
is "$rc" 0 'a branch is deleted'
is "$(cat "$T/theirs" 2>/dev/null)" '' "no other credential helper was asked or told"

while IFS='|' read -r url want name; do
	: >"$T/requests"
	run git ls-remote "$url"
	is "$rc $(last)" "0 $want" "$name" || _show <"$ERR"
done <<EOF
codecommit://devops@app/|$east /v1/repos/app AKIDDEVOPS 200|a slash at the end
codecommit://devops@app.git|$east /v1/repos/app AKIDDEVOPS 200|.git at the end
codecommit://devops@data.set_1-x|$east /v1/repos/data.set_1-x AKIDDEVOPS 200|every sign that a name can have
codecommit://devops@ré po|$east /v1/repos/r%C3%A9%20po AKIDDEVOPS 200|a space and UTF-8 in the repository's name
codecommit::us-east-2://devops@r%C3%A9%20po|$east /v1/repos/r%C3%A9%20po AKIDDEVOPS 200|the same, percent-encoded
codecommit://my prof@app|$east /v1/repos/app AKIDDEVOPS 200|a space in the profile
codecommit://my%20prof@app|$east /v1/repos/app AKIDDEVOPS 200|the same, percent-encoded
codecommit://me@example.com/role@app|$east /v1/repos/app AKIDDEVOPS 200|@ and / in the profile
codecommit://$evil@app|$east /v1/repos/app AKIDDEVOPS 200|a profile that sh would run
codecommit://session@app|$east /v1/repos/app ASIASESSION 200|a session token
codecommit::us-east-2://nowhere@app|$east /v1/repos/app AKIDDEVOPS 200|a profile without a region
codecommit::us-east-2://app|$east /v1/repos/app AKIDDEFAULT 200|no profile: the default one
codecommit::xx-new-7://devops@app|git-codecommit.xx-new-7.amazonaws.com /v1/repos/app AKIDDEVOPS 200|a region that is not known yet
codecommit::cn-north-1://devops@app|git-codecommit.cn-north-1.amazonaws.com.cn /v1/repos/app AKIDDEVOPS 200|China's own suffix
codecommit://fips@app|git-codecommit-fips.us-east-2.amazonaws.com /v1/repos/app AKIDDEVOPS 200|use_fips_endpoint
codecommit://vpc@app|$vpce /v1/repos/app AKIDDEVOPS 200|the profile's endpoint, and its region
EOF
is "$(find "$T" -name hacked)" '' 'and nothing of the profile was run'

mkdir "$T/it's here" && cp "$BUILD/git-remote-codecommit" "$BUILD/git-credential-codecommit" "$T/it's here"
: >"$T/requests"
run env PATH="$T/it's here:$PATH" GIT_TRACE=1 git ls-remote codecommit://devops@app
is "$rc $(last)" "0 $east /v1/repos/app AKIDDEVOPS 200" 'programs in a folder with a quote and a space'
like "$(err)" "run_command: .*it'.*s here/git-credential-codecommit" 'they are those that ran'

on() { # on NAME=VALUE URL WANT NAME
	run env "$1" git ls-remote "$2"
	is "$rc $(last)" "0 $3" "$4" || _show <"$ERR"
}
on AWS_REGION=cn-north-1 codecommit://nowhere@app 'git-codecommit.cn-north-1.amazonaws.com.cn /v1/repos/app AKIDDEVOPS 200' AWS_REGION
on AWS_DEFAULT_REGION=us-east-2 codecommit://nowhere@app "$east /v1/repos/app AKIDDEVOPS 200" AWS_DEFAULT_REGION
on AWS_PROFILE=devops codecommit://app "$east /v1/repos/app AKIDDEVOPS 200" AWS_PROFILE
on AWS_PROFILE=session codecommit://devops@app "$east /v1/repos/app AKIDDEVOPS 200" 'which the URL goes before'
on AWS_USE_FIPS_ENDPOINT=true codecommit://devops@app \
	'git-codecommit-fips.us-east-2.amazonaws.com /v1/repos/app AKIDDEVOPS 200' AWS_USE_FIPS_ENDPOINT
on AWS_USE_FIPS_ENDPOINT=false codecommit://fips@app "$east /v1/repos/app AKIDDEVOPS 200" 'which goes before the property'
on CODETRAIN_CODECOMMIT_ENDPOINT=https://git.example:8443/ codecommit::eu-west-9://devops@app \
	'git.example:8443 /v1/repos/app AKIDDEVOPS 200' 'an endpoint of our own, with the region of the URL'
on CODE_COMMIT_ENDPOINT=$vpce codecommit://devops@app "$vpce /v1/repos/app AKIDDEVOPS 200" \
	"the other git-remote-codecommit's variable"
on AWS_ENDPOINT_URL_CODECOMMIT=https://git.example codecommit://devops@app "$east /v1/repos/app AKIDDEVOPS 200" \
	"the API's endpoint is not git's"
run env AWS_ACCESS_KEY_ID=AKIDDEFAULT AWS_SECRET_ACCESS_KEY="$canary" git ls-remote codecommit::us-east-2://app
is "$rc $(last)" "0 $east /v1/repos/app AKIDDEFAULT 200" 'keys in the environment, without a profile'

# ---- what cannot work --------------------------------------------------------------------

: >"$T/requests"
while IFS='|' read -r url want name; do
	run git ls-remote "$url"
	is "$rc" 128 "$name"
	like "$(err)" "^git-remote-codecommit: error: .*$want" 'is explained'
done <<EOF
codecommit://devop@app|profile "devop" \(from the URL\) .*\.aws/config .*did you mean "devops"|a mistyped profile
codecommit://nobody@app|profile "nobody".*run aws configure --profile nobody; there are: devops, my prof|an unknown profile
codecommit://\$(touch x)@app|run aws configure --profile '\\$\(touch x\)'; there are|one that would run in a shell, pasted
codecommit://nowhere@app|profile "nowhere" in .*\.aws/config.*write codecommit::us-east-2://nowhere@app|no region anywhere
codecommit::us-east://devops@app|unknown region "us-east".*write codecommit://|a region that is none
codecommit::devops@app|no "://"|no region and no ://
codecommit::https://$east/v1/repos/app|unknown region "https"|an https URL
codecommit://devops@|names no repository|no repository
codecommit://@app|no profile before it|an empty profile
codecommit://devops@app/sub|CodeCommit has no folders|a folder
codecommit://devops@app?x|a character that|a query
codecommit://plain@app|\.aws/config:[0-9]+: codetrain_codecommit_endpoint of profile "plain": http://|an endpoint without TLS
codecommit::us-east-2://vpc@app|profile "vpc": the URL names the region us-east-2, but the endpoint $vpce is in us-east-1|an endpoint of another region
codecommit://AKID:$canary@app|"AKID:\.\.\." where an AWS profile stands|keys in the URL
EOF
is "$(cat "$T/requests")" '' 'none of these reached a server'
lacks "$(err)" "$canary" 'and a key in the URL is not shown'
run git ls-remote codecommit://wrong@app
is "$rc" 128 'a wrong key'
like "$(err)" 403 "is git's own 403"
run env AWS_PROFILE=nobody git ls-remote codecommit::us-east-2://app
like "$(err)" 'profile "nobody" \(from AWS_PROFILE\)' 'AWS_PROFILE without such a profile'
run env GIT_ALLOW_PROTOCOL=codecommit git ls-remote codecommit://devops@app
like "$(err)" 'set GIT_ALLOW_PROTOCOL=codecommit:https' 'GIT_ALLOW_PROTOCOL without https is named'
run env GIT_ALLOW_PROTOCOL=ssh:codecommit:https git ls-remote codecommit://devops@app
is "$rc" 0 'with https it works'
run git -c protocol.allow=never -c protocol.codecommit.allow=always ls-remote codecommit://devops@app
like "$(err)" '"https".*(libcurl|disabled)' 'a policy that allows codecommit alone'
run git -c protocol.allow=never -c protocol.codecommit.allow=always -c protocol.https.allow=always \
	ls-remote codecommit://devops@app
is "$rc" 0 'and with https too'
run git -c url.codecommit::us-east-2://devops@.insteadOf=https://$east/v1/repos/ ls-remote "https://$east/v1/repos/app"
is "$rc $(last)" "0 $east /v1/repos/app AKIDDEVOPS 200" 'an HTTPS URL, rewritten by insteadOf'
git init -q --bare "$T/repositories/elsewhere"
: >"$T/requests"
run git ls-remote codecommit://devops@elsewhere
isnt "$rc" 0 'a redirect to another host'
lacks "$(grep '"host": "elsewhere' "$T/requests")" AKID 'gets no password of ours there'
grep -q '"host": "elsewhere' "$T/requests"
ok 'where git went'
run git clone -q codecommit://devops@expired
isnt "$rc" 0 'a password that ends in the middle'
like "$(err)" 401 "is git's own 401"
is "$(cat "$T/theirs" 2>/dev/null)" '' 'and no other helper is told to erase it'

mkdir "$T/nothing" "$T/no-https"
printf '#!/bin/sh\necho %s\n' "$T/nothing" >"$T/no-https/git"
chmod +x "$T/no-https/git"
status 70 'no git' env PATH="$T/nothing" "$BUILD/git-remote-codecommit" origin codecommit://devops@app
like "$(err)" 'no git on PATH; install git' 'is explained'
status 70 'a git without HTTPS' env PATH="$T/no-https:/bin" "$BUILD/git-remote-codecommit" origin codecommit://devops@app ||
	_show <"$ERR"
like "$(err)" 'no git-remote-https' 'is explained'
status 2 'a remote without a URL' git-remote-codecommit origin
like "$(err)" 'git remote add origin codecommit::REGION' 'is explained'
status 2 'no arguments' git-remote-codecommit
status 2 'three' git-remote-codecommit a codecommit://b c
status 0 --help git-remote-codecommit --help
like "$(out)" 'git clone codecommit::REGION' 'shows the forms'
status 0 --version git-remote-codecommit --version

# ---- submodules --------------------------------------------------------------------------

repository lib
repository outer
git clone -q "$T/repositories/outer" seed
(
	cd seed || exit 1
	printf '[submodule "lib/modules/x"]\n\tpath = lib\n\turl = ../lib\n' >.gitmodules
	git update-index --add --cacheinfo "160000,$(git -C "$T/repositories/lib" rev-parse main),lib"
	git add .gitmodules && git commit -qm submodule && git push -q
)
for form in codecommit:// codecommit::us-east-2://; do
	rm -rf outer
	git config --global protocol.codecommit.allow user # as it is without a setting
	run git clone -q --recurse-submodules "${form}session@outer" outer
	isnt "$rc" 0 "${form}: git does not take a submodule by a protocol that it does not know"
	like "$(err)" "transport 'codecommit' not allowed" 'and says so'
	git config --global protocol.codecommit.allow always
	rm -rf outer
	run git clone -q --recurse-submodules "${form}session@outer" outer
	is "$rc$(cat outer/lib/file 2>/dev/null)" 0lib "${form}: with protocol.codecommit.allow it works for ../lib" || _show <"$ERR"
	is "$(git -C outer config --get-regexp 'submodule\..*\.url')" "submodule.lib/modules/x.url ${form}lib" \
		'git makes a URL without the profile of it'
	is "$(last)" "$east /v1/repos/lib ASIASESSION 200" 'and the profile is that of the repository around it'
	run git -C outer submodule update --remote -q
	is "$rc $(last)" "0 $east /v1/repos/lib ASIASESSION 200" 'for a later fetch too' || _show <"$ERR"
done
run env AWS_PROFILE=devops git -C outer submodule update --remote -q
is "$rc $(last)" "0 $east /v1/repos/lib AKIDDEVOPS 200" 'unless AWS_PROFILE names another'
run env AWS_ACCESS_KEY_ID=AKIDDEFAULT AWS_SECRET_ACCESS_KEY="$canary" git -C outer submodule update --remote -q
is "$rc $(last)" "0 $east /v1/repos/lib AKIDDEFAULT 200" 'or there are keys in the environment'
git -C outer remote set-url origin codecommit::cn-north-1://session@outer
run git -C outer submodule update --remote -q
is "$rc $(last)" "0 $east /v1/repos/lib AKIDDEFAULT 200" 'or the repository around it is in another region'

# ---- where the secrets are ---------------------------------------------------------------

password='[0-9]{8}T[0-9]{6}Z[0-9a-f]{64}'
(cd app && git commit -q --allow-empty -m traced)
run env GIT_TRACE=1 GIT_TRACE_CURL=1 GIT_CURL_VERBOSE=1 GIT_TRACE_SETUP=1 GIT_TRACE_PACKET=1 \
	git -C app push codecommit://session@app HEAD:traced
is "$rc" 0 'a traced push'
like "$(err)" 'trace: run_command: .*git-credential-codecommit' 'its trace shows the helper'
unlike "$(err)" "$password" 'no password'
lacks "$(err)" "$canary" 'no secret key'
# (git gives curl the user name, and curl tells of it)
lacks "$(grep -av 'Server auth using Basic with user' "$ERR")" "$token" 'and no session token of ours'
! grep -aqE 'Basic [A-Za-z0-9+/=]{20}' "$ERR"
ok 'nor either in base64'
sanitized=
nm "$BUILD/git-remote-codecommit" 2>/dev/null | grep -q __asan_init && sanitized=1
if [ -z "$sanitized" ] && strace -qq -o /dev/null true 2>/dev/null; then
	run strace -f -qq -v -s 100000 -e trace=execve,write,writev,openat -o "$T/trace" \
		git -C app push codecommit://session@app HEAD:strace
	is "$rc" 0 'a push under strace'
	like "$(grep -c execve "$T/trace")" '^[0-9]{2}' 'its programs were recorded'
	unlike "$(grep execve "$T/trace")" "$password" 'no password in an argument or an environment'
	lacks "$(grep execve "$T/trace")" "$token" 'no session token'
	lacks "$(cat "$T/trace")" "$canary" 'and the secret key was not even written'
	strace -qq -v -s 100000 -e trace=execve -o "$T/trace" true "20260101T000000Z$(printf '%064d' 0)"
	like "$(cat "$T/trace")" "$password" 'one in an argument would have been seen'
else
	skip 'a push under strace' 'strace does not work here, or this build has sanitizers'
fi
done_testing
