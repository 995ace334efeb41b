#!/bin/sh
# codetrain doctor: every finding beside its twin that must not be found, the
# mending commands carried out, and no secret on any path.
. "$SOURCE/tests/lib/tap.sh"

command -v python3 >/dev/null || skip_all "needs python3"
command -v git >/dev/null || skip_all "needs git"

HOST=git-codecommit.us-east-2.amazonaws.com
URL=https://$HOST/v1/repos/scikit-learn-iris
K=credential.https://$HOST
SECRET=canarySecret/canarySecret+canarySecret00
TOKEN=canaryToken/canaryToken==
PASSWORD=canaryPassword20150830T123600Z
ACCOUNT=111111111111
: >"$T/all"
mkdir "$T/shims"
printf '#!/bin/sh\nexec "$@"\n' >"$T/shims/sudo" && chmod +x "$T/shims/sudo"

# ---- a machine on which all is well ----
git init -q "$T/repo"
cd "$T/repo" || exit 1
cp .git/config "$T/plain-config"
fresh() {
	rm -rf "$HOME" .gitmodules && mkdir -p "$HOME/.aws" && chmod 755 "$HOME/.aws"
	cp "$T/plain-config" .git/config
	cat >"$HOME/.aws/config" <<-END
		[default]
		region = us-east-2
		[profile mlops-devops]
		region = us-east-2
	END
	cat >"$HOME/.aws/credentials" <<-END
		[mlops-devops]
		aws_access_key_id = AKIACANARYCANARY0001
		aws_secret_access_key = $SECRET
	END
	chmod 600 "$HOME/.aws/credentials"
	chmod 644 "$HOME/.aws/config"
	git remote add origin "$URL"
	git config --global $K.helper 'codecommit --profile mlops-devops'
	git config --global $K.useHttpPath true
}
doctor() { # doctor ARGUMENT...: sets $rc, and keeps all that was said
	codetrain doctor "$@" >"$OUT" 2>"$ERR" </dev/null
	rc=$?
	cat "$OUT" "$ERR" >>"$T/all"
}
look() { doctor --offline --json "$@"; }
has() { grep -q "\"rule\":\"$1\",\"severity\":\"$2\"" "$OUT"; }
found() { # found RULE SEVERITY NAME [ARGUMENT...]
	_rule=$1 _severity=$2 _what=$3
	shift 3
	look "$@"
	_want=1
	[ "$_severity" != note ] || _want=$rc
	has "$_rule" "$_severity" && [ "$rc" = "$_want" ]
	ok "$_rule: $_what" || { echo "# rc $rc"; _show <"$OUT"; _show <"$ERR"; }
}
gone() { # gone RULE NAME [ARGUMENT...]
	_rule=$1 _what=$2
	shift 2
	look "$@"
	! grep -q "\"rule\":\"$_rule\"" "$OUT" && [ "$rc" -le 1 ]
	ok "$_rule not: $_what" || { echo "# rc $rc"; _show <"$OUT"; _show <"$ERR"; }
}
well() { # well NAME [ARGUMENT...]: nothing but notes
	_what=$1
	shift
	look "$@"
	is "$rc" 0 "$_what" || { _show <"$OUT"; _show <"$ERR"; }
}
finding() { # finding RULE PYTHON: of that finding of the last report
	python3 - "$OUT" "$1" "$2" <<-'END'
		import json, sys
		for f in json.load(open(sys.argv[1]))["findings"]:
		    if f["rule"] == sys.argv[2]:
		        print(eval(sys.argv[3]))
		        break
	END
}
mended() { # mended RULE: by the commands that its finding gives
	finding "$1" 'f["fix"]' | grep -v '^export\|^unset\|^aws \|EDITOR' >"$T/fix"
	[ -s "$T/fix" ] && PATH=$PATH:$T/shims sh -e "$T/fix" >"$T/fix.out" 2>&1
	ok "$1: the mending commands run" || { _show <"$T/fix"; _show <"$T/fix.out"; }
	gone "$1" "mended by its own commands"
}

fresh
well "all is well"
is "$(python3 -c "
import json
r = json.load(open('$OUT'))
s = r['summary']
print(sorted(r), {f['severity'] for f in r['findings']} <= {'note'})
print(s['errors'], s['warnings'], s['offline'], s['identities'], s['remotes'][0]['name'], s['remotes'][0]['region'],
      s['remotes'][0]['helpers'][0]['helper'])")" "['findings', 'summary'] True
0 0 True [{'profile': 'mlops-devops', 'provider': 'credentials file', 'key': 'AKIA…0001'}] origin us-east-2 codecommit --profile mlops-devops" \
	"and the JSON says what was looked at"
doctor --offline
is "$rc" 0 "for people too"
like "$(err)" "nothing is wrong" "in a word"
like "$(out)" "profile +mlops-devops: credentials file, key AKIA…0001" "with profile and provider"
like "$(out)" "helper +codecommit --profile mlops-devops \(~/.gitconfig\)" "the helper and where it is set up"
is "$(awk 'length($0) > 81 && !/mend|git config|https:/' "$OUT")" "" "in 80 columns"
status 0 "--help" codetrain doctor --help
status 2 "an unknown option" codetrain doctor --frobnicate
status 2 "an operand" codetrain doctor origin
status 2 "a remote that is not there" codetrain doctor --offline --remote upstream
like "$(err)" 'no remote "upstream"' "is named"
status 2 "a URL of another server" codetrain doctor --offline --remote https://github.com/a/b
status 2 "a region that there is not" codetrain doctor --offline --region us-esat-2
like "$(err)" us-east-2 "brings a suggestion"
sh -c "codetrain doctor --offline >/dev/full" 2>"$ERR"
is "$?" 70 "a full disk is no success"

# ---- which place ----
well "one remote by name" --remote origin
well "a URL" --remote "$URL"
git remote add hub https://github.com/a/b
well "remotes of other servers are left alone"
status 2 "one asked for by name is no CodeCommit" codetrain doctor --offline --remote hub
cd "$T" || exit 1
well "outside of a repository the region's host is looked at"
like "$(out)" "$HOST" "by the profile's region"
well "or that of --region" --region eu-west-1 --remote "$URL"
look --region eu-west-1
like "$(out)" "git-codecommit.eu-west-1.amazonaws.com" "by its name"
ok "which has no helper" has no-helper error
cd "$T/repo" || exit 1

# ---- credential helpers ----
fresh
git config --global --remove-section $K
found no-helper error "git has none"
mended no-helper
fresh
git config --global --unset $K.helper
git config --global credential.helper cache
found no-helper error "git has only one that keeps"
mended no-helper
gone other-helper "the other no longer counts for this host"

for helper in store 'store --file /tmp/none' osxkeychain manager /usr/lib/git-core/git-credential-libsecret; do
	fresh
	printf '[credential]\n\thelper = %s\n' "$helper" | cat - "$HOME/.gitconfig" >"$T/new" && cp "$T/new" "$HOME/.gitconfig"
	found other-helper error "$helper before ours"
	is "$(finding other-helper "f['file']")" "$HOME/.gitconfig" "and where"
	mended other-helper
	well "and nothing else is wrong after $helper"
	fresh
	git config --global credential.helper "$helper"
	found other-helper warning "$helper behind ours"
	mended other-helper
done
fresh
git config credential.helper store
found other-helper warning "one of the repository alone"
mended other-helper
fresh
git config --global credential.https://github.com.helper store
gone other-helper "one for another server"
fresh
printf '[credential]\n\thelper = store\n' >"$HOME/more"
printf '[include]\n\tpath = more\n' | cat - "$HOME/.gitconfig" >"$T/new" && cp "$T/new" "$HOME/.gitconfig"
found other-helper error "one in an included file"
is "$(finding other-helper "f['file']")" "$HOME/more" "which is named"
mended other-helper
fresh
export GIT_CONFIG_COUNT=2 GIT_CONFIG_KEY_0=credential.helper GIT_CONFIG_VALUE_0='' GIT_CONFIG_KEY_1=credential.helper GIT_CONFIG_VALUE_1=store
found no-helper error "one of the environment has taken ours away"
is "$(finding no-helper "'fix' in f")" False "which no git config command mends"
unset GIT_CONFIG_COUNT GIT_CONFIG_KEY_0 GIT_CONFIG_VALUE_0 GIT_CONFIG_KEY_1 GIT_CONFIG_VALUE_1
fresh
mkdir -p "$HOME/.config/git" && mv "$HOME/.gitconfig" "$HOME/.config/git/config"
git config --global --remove-section $K
git config --global credential.helper codecommit
git config --global credential.useHttpPath true
found helper-all-hosts warning "in the other place of git's own configuration" --profile mlops-devops
mended helper-all-hosts
fresh
git remote set-url origin https://127.0.0.1:8443/v1/repos/x
status 2 "another host is no CodeCommit" codetrain doctor --offline --remote origin
git config --global credential.https://127.0.0.1:8443.helper 'codecommit --profile mlops-devops --ignore-host-check'
found use-http-path error "a host that our helper is told to serve is looked at"
mended use-http-path
fresh
git config --global --add $K.helper ''
git config --global --add $K.helper codecommit
printf '[credential]\n\thelper = store\n' | cat - "$HOME/.gitconfig" >"$T/new" && cp "$T/new" "$HOME/.gitconfig"
gone other-helper "one that an empty line takes back"
fresh
git config --global credential.helper "!f() { echo password=$PASSWORD; }; f"
well "a command of one's own behind ours"
git config --global --remove-section $K
git config --global $K.helper 'codecommit --profile mlops-devops'
git config --global $K.useHttpPath true
found unknown-helper note "one before ours is a note, and its words are not shown"

fresh
git config --global --remove-section $K
git config --global credential.helper '!aws codecommit credential-helper $@'
git config --global credential.UseHttpPath true
found aws-cli-helper warning "the AWS CLI's"
lacks "$(finding aws-cli-helper "f['message']")" Cloud9 "is not laid to Cloud9 everywhere"
C9_PID=x look
like "$(finding aws-cli-helper "f['message']")" Cloud9 "but is there"
mended aws-cli-helper
is "$(git config --global credential.useHttpPath)" "" "and useHttpPath is no longer for all hosts"
fresh
git config --global --remove-section $K
git config --global credential.helper '!aws --profile mlops-devops codecommit credential-helper $@'
git config --global credential.UseHttpPath true
look
is "$(python3 -c "import json; print(json.load(open('$OUT'))['summary']['identities'][0]['profile'])")" mlops-devops "its profile is the one that is looked at"
mended aws-cli-helper
is "$(git config --global $K.helper)" "codecommit --profile mlops-devops" "and kept"
well "with nothing wrong after it"

fresh
git config --global --remove-section $K
git config --global credential.helper 'codecommit --profile mlops-devops'
git config --global credential.useHttpPath true
found helper-all-hosts warning "ours for all hosts"
mended helper-all-hosts
well "with nothing wrong after it"
fresh
git config --global --rename-section $K "credential.https://git-codecommit.*.amazonaws.com"
well "a pattern for CodeCommit's hosts is no other host"

fresh
git config --global --unset $K.useHttpPath
found use-http-path error "not set"
mended use-http-path
git config --global $K.useHttpPath false
found use-http-path error "switched off"
mended use-http-path
git config credential.useHttpPath no
found use-http-path error "switched off in the repository for all hosts"
mended use-http-path
fresh
git config --global credential.useHttpPath true
found use-http-path-all-hosts note "set for all hosts"

fresh
PATH=/usr/bin:/bin "$BUILD/codetrain" doctor --offline --json >"$OUT" 2>"$ERR"
ok "helper-missing: not on PATH" has helper-missing error
is "$(finding helper-missing "f['fix']")" "export PATH=$(realpath "$BUILD"):\"\$PATH\"" "with the folder that it is in"
git config --global $K.helper "$T/git-credential-codecommit"
found helper-missing error "a path to nowhere"
cp "$BUILD/git-credential-codecommit" "$T/git-credential-codecommit" && chmod 600 "$T/git-credential-codecommit"
found helper-missing error "a file that cannot be run"
mended helper-missing
gone helper-version "a copy of ours"
printf '#!/bin/sh\necho git-credential-codecommit 0.0.9\n' >"$T/git-credential-codecommit"
found helper-version warning "one of another version"

# ---- nothing that a repository brings along is run ----
fresh
printf '#!/bin/sh\ntouch "%s"\n' "$T/ran" >"$T/git-credential-codecommit"
git config $K.helper ''
git config --add $K.helper "$T/git-credential-codecommit"
found helper-version warning "one that the repository names"
git config --replace-all $K.helper "!$T/git-credential-codecommit" git-credential
found helper-version warning "or as a command"
git config --unset-all $K.helper
cp "$T/git-credential-codecommit" .
git config --global $K.helper '!./git-credential-codecommit'
found helper-version warning "one below the current folder"
git config core.fsmonitor "touch '$T/ran'"
git config core.sshCommand "touch '$T/ran'"
git config core.pager "touch '$T/ran'"
git config alias.config "!touch '$T/ran'"
git config credential.helper "!touch '$T/ran'"
look
ok "none was run" test ! -e "$T/ran"
rm -f git-credential-codecommit

# ---- stored passwords ----
fresh
stored="https://AKIACANARYCANARY0001:$PASSWORD@$HOST"
printf '%s\n' "https://me:$PASSWORD@github.com" "$stored" >"$HOME/.git-credentials"
chmod 600 "$HOME/.git-credentials"
found stored-password warning "one that nobody asks for"
is "$(finding stored-password "f['file'], f['line']")" "('$HOME/.git-credentials', 2)" "by file and line"
printf '[credential]\n\thelper = store\n' | cat - "$HOME/.gitconfig" >"$T/new" && cp "$T/new" "$HOME/.gitconfig"
printf '%s\n' "$stored/v1/repos/x" >>"$HOME/.git-credentials"
found stored-password error "two that git tries first"
mended stored-password
is "$(cut -d: -f1,2 "$HOME/.git-credentials")" "https://me" "and what is another server's stays"
fresh
printf 'https://me-at-%s:%s@%s\n' $ACCOUNT "$PASSWORD" "$HOST" >"$HOME/.git-credentials"
found stored-git-credentials warning "the long-lived ones of IAM"
gone stored-password "those are no 15-minute ones"
found readable-by-others error "which others can read"
chmod 600 "$HOME/.git-credentials"
gone readable-by-others "or not"
printf '%s\n' "https://me:$PASSWORD@$HOST.evil.example" >"$HOME/.git-credentials"
gone stored-password "a look-alike"

# ---- the rest of git ----
fresh
git remote set-url origin "http://$HOST/v1/repos/x"
found plain-http error "a remote over http"
mended plain-http
git remote set-url origin "http://$HOST/v1/repos/x;touch \"$T/ran\""
found plain-http error "one with a command in it"
mended plain-http
ok "which is not run with what mends it" test ! -e "$T/ran"
git remote set-url origin 'https://x;touch ran/v1/repos/x'
git config --global credential.helper 'codecommit --ignore-host-check'
git config --global 'credential.https://x;touch ran.username' x
found helper-all-hosts warning "a host with a command in it"
finding helper-all-hosts "f['fix']" >"$T/mend"
like "$(cat "$T/mend")" '--remove-section .*touch ran' "of which a section goes"
sh "$T/mend" >>"$T/all" 2>&1
ok "and which is not run either" test ! -e ran
fresh
git config --global http.extraHeader "Authorization: Basic $PASSWORD"
found extra-header error "for all hosts"
mended extra-header
git config --global http.extraHeader "X-Trace: 1"
gone extra-header "a header of another kind"
git config --global http.https://github.com.extraHeader "Authorization: Basic $PASSWORD"
gone extra-header "for another server"
fresh
git config --global url.https://proxy.example/.insteadOf https://git-codecommit
found rewritten-url note "a URL that is rewritten"
fresh
git config --global url.https://proxy.example/.insteadOf https://github.com
gone rewritten-url "another"
fresh
git config --global $K.username me
found username note "a pinned user name"
fresh
git remote set-url origin "https://me:$PASSWORD@$HOST/v1/repos/x"
found username note "one in the URL, without its password"
fresh
git config --global http.https://$HOST.sslVerify false
found tls-not-verified warning "certificates of this host"
mended tls-not-verified
git config --global http.https://github.com.sslVerify false
gone tls-not-verified "of another"
GIT_SSL_NO_VERIFY=1 found tls-not-verified warning "by the environment"
git config --global http.sslCAInfo "$T/no.pem"
found ca-file error "a file that is not there"
mended ca-file
git config --global http.sslCAInfo "$T/repo/.git/config"
gone ca-file "one that is"
fresh
export AWS_CA_BUNDLE="$T/no.pem"
found ca-file error "AWS_CA_BUNDLE"
unset AWS_CA_BUNDLE

git remote set-url origin codecommit::us-east-2://mlops-devops@scikit-learn-iris
well "a URL for git-remote-codecommit"
like "$(out)" '"profile":"mlops-devops"' "with the profile in it"
mkdir -p "$T/python"
printf '#!/usr/bin/python3\n' >"$T/python/git-remote-codecommit" && chmod +x "$T/python/git-remote-codecommit"
OLD=$PATH
PATH=$T/python:$PATH
found python-remote-helper warning "the Python one comes first"
PATH=$OLD:$T/python
gone python-remote-helper "it comes last"
PATH=$OLD
PATH=/usr/bin:/bin "$BUILD/codetrain" doctor --offline --json >"$OUT" 2>"$ERR"
ok "remote-helper-missing: not on PATH" has remote-helper-missing error
git remote set-url origin codecommit://nobody@x
found remote-url error "a profile that there is not"
fresh
printf '[submodule "x"]\n\tpath = x\n\turl = codecommit://x\n' >.gitmodules
found submodule-protocol warning "a submodule by that program"
mended submodule-protocol
printf '[submodule "x"]\n\tpath = x\n\turl = https://%s/v1/repos/x\n' $HOST >.gitmodules
git config --global --unset protocol.codecommit.allow
gone submodule-protocol "one over https"
fresh
printf '[broken\n' >>"$HOME/.gitconfig"
found git-config error "a file that git cannot read"
PATH=$T/python "$BUILD/codetrain-doctor" --offline --json >"$OUT" 2>"$ERR"
ok "git-missing: without git" has git-missing error

# ---- which helpers: as git itself decides ----
fresh
git config --global --remove-section $K
cat >>"$HOME/.gitconfig" <<END
[credential]
	helper = "!f() { echo a >>$T/asked; }; f"
[credential "https://github.com"]
	helper = "!f() { echo no >>$T/asked; }; f"
[credential "https://git-codecommit.*.amazonaws.com"]
	helper = "!f() { echo b >>$T/asked; }; f"
[credential "https://*.amazonaws.com"]
	helper = "!f() { echo no >>$T/asked; }; f"
[credential "$HOST"]
	helper = "!f() { echo c >>$T/asked; }; f"
[credential "https://$HOST/v1/repos"]
	helper = "!f() { echo d >>$T/asked; }; f"
[credential "https://$HOST/v1/repo"]
	helper = "!f() { echo no >>$T/asked; }; f"
[credential "https://me@$HOST"]
	helper = "!f() { echo no >>$T/asked; }; f"
[credential "https://"]
	helper = "!f() { echo e >>$T/asked; }; f"
[credential "http://$HOST"]
	helper = "!f() { echo no >>$T/asked; }; f"
END
printf 'url=%s\n\n' "$URL" | git credential fill >/dev/null 2>&1
look
is "$(python3 -c "import json; print(len(json.load(open('$OUT'))['summary']['remotes'][0]['helpers']))")" \
	"$(wc -l <"$T/asked")" "git asks as many helpers"
is "$(tr -d '\n' <"$T/asked")" abcde "namely these"

# ---- the AWS files ----
# flaw RULE SEVERITY config|credentials TEXT: one line that is wrong, and (but for what needs an editor) mended
flaw() {
	fresh
	printf "$4" >>"$HOME/.aws/$3"
	found "$1" "$2" "in $3"
	finding "$1" 'f["fix"]' >"$T/fix"
	grep -q EDITOR "$T/fix" || mended "$1"
}
flaw inline-comment warning config '[profile x]\noutput = json # c\n'
flaw inline-comment error credentials '[x]\naws_access_key_id = AKIACANARYCANARY0002 ; c\naws_secret_access_key = x\n'
flaw duplicate-section error config '[profile mlops-devops]\noutput = json\n'
flaw duplicate-key error config '[profile x]\noutput = json\noutput = text\n'
flaw two-defaults warning config '[profile default]\noutput = json\n'
flaw profile-in-credentials error credentials '[profile x]\naws_access_key_id = AKIACANARYCANARY0002\naws_secret_access_key = x\n'
flaw profile-word-missing warning config '[x]\noutput = json\n'
flaw section-spaces error credentials '[ x ]\naws_access_key_id = AKIACANARYCANARY0002\naws_secret_access_key = x\n'
flaw swallowed error config '[profile x]\noutput = json\n  region = us-east-2\n'
flaw indented warning config '[profile x]\n  output = json\n'
flaw upper-case warning config '[profile x]\nOutput = json\n'
flaw colon warning config '[profile x]\noutput: json\n'
flaw crlf note config '[profile x]\r\noutput = json\r\n'
flaw quoted-value error credentials "[x]\naws_access_key_id = AKIACANARYCANARY0002\naws_secret_access_key = \"$SECRET\"\n"
flaw value-spaces error credentials "[x]\naws_access_key_id = AKIACANARYCANARY0002\naws_secret_access_key = $SECRET $SECRET\n"
flaw non-ascii error credentials "[x]\naws_access_key_id = AKIACANARYCANARY0002\naws_secret_access_key = \342\200\234$SECRET\n"
flaw unknown-property warning config '[profile x]\nregoin = us-east-2\n'
flaw text-behind-section error config '[profile x] y\noutput = json\n'
flaw broken-line error credentials "$SECRET\n"
ok "the profile is then not to be told" has config-unreadable error
fresh
printf '\357\273\277%s\n' "$(cat "$HOME/.aws/config")" >"$T/new" && cp "$T/new" "$HOME/.aws/config"
found byte-order-mark error "in config"
is "$(finding byte-order-mark "f['line']")" 1 "in the first line"
mended byte-order-mark
well "and nothing else"
fresh
cat >>"$HOME/.aws/config" <<'END'
# region = us-east-2 # c
[profile "two words"]
s3 =
  addressing_style = path
credential_process = sh -c "echo ' # '"
[sso-session x]
[services x]
[preview]
END
well "what all tools read alike"

printf '[\377\376]\nregion = x\n' >>"$HOME/.aws/config"
found profile-word-missing warning "a name that is no UTF-8"
is "$(finding profile-word-missing "f['line']")" 13 "is JSON all the same"

# botocore on the files that it is said to refuse, and on those that it is not
if [ -x "$VENV/bin/python" ] && "$VENV/bin/python" -c 'import botocore' 2>/dev/null; then
	refuses() { # refuses TEXT
		printf "$1" >"$T/one"
		! "$VENV/bin/python" -c "import botocore.configloader as c; c.load_config('$T/one')" 2>"$T/why" &&
			grep -q ConfigParseError "$T/why"
	}
	ok "botocore refuses a section that is there twice" refuses '[profile a]\n[profile a]\n'
	ok "and a property" refuses '[profile a]\nregion=x\nRegion=y\n'
	ok "and a byte order mark" refuses '\357\273\277[profile a]\n'
	! refuses '[profile a] y\nregion=x # c\n  z=1\n[default]\n[profile default]\n[ x ]\n[b]\nc: d\n'
	ok "but none of the others"
else
	skip "botocore on such files" "there is no botocore"
fi

fresh
chmod 640 "$HOME/.aws/credentials"
found readable-by-others error "the credentials file"
mended readable-by-others
chmod 622 "$HOME/.aws/config"
found writable-by-others error "the config file"
mended writable-by-others
chmod 644 "$HOME/.aws/config"
gone readable-by-others "the config file may be read"
printf '[profile x]\naws_access_key_id = AKIACANARYCANARY0002\naws_secret_access_key = %s\n' "$SECRET" >>"$HOME/.aws/config"
found readable-by-others error "but not with keys in it"
fresh
chmod 775 "$HOME/.aws"
found writable-by-others error "the folder"
mended writable-by-others
mkdir -p "$HOME/.aws/sso/cache" && echo '{}' >"$HOME/.aws/sso/cache/x.json"
found readable-by-others error "a token in a cache"
mended readable-by-others
mv "$HOME/.aws/config" "$HOME/config" && ln -s "$HOME/nowhere" "$HOME/.aws/config"
found dangling-link error "a link to nowhere"
ln -sf "$HOME/config" "$HOME/.aws/config"
gone dangling-link "a link to a file"
if [ "$(id -u)" = 0 ]; then
	chown 12345 "$HOME/.aws/credentials"
	found foreign-owner error "the credentials file of another"
	mended foreign-owner
else
	skip "foreign-owner" "needs root"
fi

# ---- identity ----
fresh
found no-profile error "one that there is not" --profile nobody
like "$(finding no-profile "f['fix']")" "aws configure --profile nobody" "and how to make it"
gone no-profile "one that there is" --profile mlops-devops
git config --global $K.helper codecommit
found no-credentials error "default has none"
export AWS_PROFILE=mlops-devops
well "AWS_PROFILE says which"
export AWS_ACCESS_KEY_ID=AKIACANARYCANARY0003 AWS_SECRET_ACCESS_KEY=$SECRET
found shadowed-profile warning "keys in the environment go before AWS_PROFILE"
like "$(finding shadowed-profile "f['message']")" 'AKIA…0003' "by the shortened key"
gone shadowed-profile "but not before --profile" --profile mlops-devops
unset AWS_PROFILE
gone shadowed-profile "and there is nothing to go before"
unset AWS_SECRET_ACCESS_KEY
found half-environment error "a key without its secret"
unset AWS_ACCESS_KEY_ID
export AWS_SESSION_TOKEN=$TOKEN
found half-environment warning "a token alone"
export AWS_ACCESS_KEY_ID=ASIACANARYCANARY0003 AWS_SECRET_ACCESS_KEY=$SECRET
well "all three"
export AWS_SECURITY_TOKEN=other
found two-tokens warning "two tokens that differ"
unset AWS_SECURITY_TOKEN
export AWS_CREDENTIAL_EXPIRATION=2020-01-01T00:00:00Z
found expired-credentials error "by AWS_CREDENTIAL_EXPIRATION"
export AWS_CREDENTIAL_EXPIRATION=2199-01-01T00:00:00Z
gone expired-credentials "not yet"
unset AWS_CREDENTIAL_EXPIRATION AWS_SESSION_TOKEN
found token-missing error "a temporary key without its token"
export AWS_ACCESS_KEY_ID=AKIACANARYCANARY0003 AWS_SESSION_TOKEN=$TOKEN
found token-of-other-key error "a long-lived key with a token"
unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN
AWS_PROFILE=mlops-devops AWS_DEFAULT_PROFILE=default look
ok "two-profiles: two variables" has two-profiles note
fresh
printf 'x_security_token_expires = 2020-01-01T00:00:00Z\n' >>"$HOME/.aws/credentials"
found expired-credentials error "by the file"
is "$(finding expired-credentials "f['line']")" 4 "and its line"

# ---- Cloud9 ----
cloud9() {
	fresh
	git config --global --remove-section $K
	git config --global credential.helper '!aws codecommit credential-helper $@'
	git config --global credential.UseHttpPath true
	cat >"$HOME/.aws/credentials" <<-END
		[default]
		aws_access_key_id = ASIACANARYCANARY0009
		aws_secret_access_key = $SECRET
		aws_session_token = $TOKEN
		region = us-east-2
		[mlops-devops]
		aws_access_key_id = AKIACANARYCANARY0001
		aws_secret_access_key = $SECRET
	END
}
cloud9
gone cloud9-shadow "such a default profile elsewhere"
mkdir "$HOME/.c9"
found cloud9-shadow error "its credentials in [default], and no profile chosen"
like "$(finding cloud9-shadow "f['message']")" "mlops-devops" "names the profile that was meant"
like "$(finding cloud9-shadow "f['fix']")" "managed-credentials-action DISABLE" "and how to switch them off"
like "$(finding cloud9-shadow "f['fix']")" "export AWS_PROFILE=mlops-devops" "and how to choose it"
export AWS_PROFILE=mlops-devops
found cloud9-credentials note "the profile is chosen"
gone cloud9-shadow "the profile is chosen"
unset AWS_PROFILE
git config --global credential.helper '!aws --profile mlops-devops codecommit credential-helper $@'
gone cloud9-shadow "a helper with the profile"
sed -i '/mlops-devops/,$d' "$HOME/.aws/credentials" "$HOME/.aws/config"
found cloud9-lost-profile error "the profile was lost"
printf '[profile mlops-devops]\nregion = us-east-2\n' >>"$HOME/.aws/config"
found cloud9-lost-profile error "its keys were"
sed -i '/mlops-devops/,$d' "$HOME/.aws/config"
git config --global credential.helper '!aws codecommit credential-helper $@'
found cloud9-shadow warning "there is no other profile"
printf '[profile deploy]\nrole_arn = arn:aws:iam::%s:role/x\nsource_profile = default\n' $ACCOUNT >>"$HOME/.aws/config"
found cloud9-shadow error "a role is assumed with them" --profile deploy
sed -i '/session_token/d' "$HOME/.aws/credentials"
gone cloud9-shadow "switched off"

# ---- SSO ----
sso() { # sso EXPIRY MORE-JSON
	mkdir -p "$HOME/.aws/sso/cache"
	_name=$(printf corp | sha1sum | cut -c1-40)
	printf '{"accessToken":"%s","expiresAt":"%s"%s}' "$TOKEN" "$1" "$2" >"$HOME/.aws/sso/cache/$_name.json"
	chmod 600 "$HOME/.aws/sso/cache/$_name.json"
}
fresh
cat >>"$HOME/.aws/config" <<END
[profile sso]
sso_session = corp
sso_account_id = $ACCOUNT
sso_role_name = Admin
region = us-east-2
[sso-session corp]
sso_start_url = https://corp.awsapps.com/start
sso_region = us-east-2
END
found sso-session error "nobody has signed in" --profile sso
is "$(finding sso-session "f['fix']")" "aws sso login --sso-session corp" "with the command"
sso 2199-01-01T00:00:00Z ''
well "a session that lives" --profile sso
sso 2020-01-01T00:00:00UTC ''
found sso-session error "one that has expired" --profile sso
sso 2020-01-01T00:00:00Z ',"refreshToken":"x","registrationExpiresAt":"2199-01-01T00:00:00Z"'
gone sso-session "one that renews itself" --profile sso
sso "$(date -u -d '+5 minutes' +%Y-%m-%dT%H:%M:%SZ)" ''
found sso-session warning "one that ends soon" --profile sso
sso junk ''
found sso-session error "one that cannot be read" --profile sso

# ---- what a provider needs ----
cp "$HOME/.aws/config" "$T/sso-config"
fresh
cat >>"$HOME/.aws/config" <<END
[profile process]
credential_process = /nonexistent/program --profile x
[profile home]
credential_process = ~/bin/program
[profile there]
credential_process = true
[profile quoted]
credential_process = "/nonexistent/program" x
[profile web]
web_identity_token_file = $T/token
role_arn = arn:aws:iam::$ACCOUNT:role/x
[profile login]
login_session = arn:aws:iam::$ACCOUNT:user/me
END
found process-missing error "a program that is not there" --profile process
found process-missing error "one below ~" --profile home
gone process-missing "one on PATH" --profile there
gone process-missing "one whose name is left to the shell's rules" --profile quoted
found token-file error "a token that is not there" --profile web
echo "$TOKEN" >"$T/token"
gone token-file "one that is" --profile web
found login-session error "nobody has signed in" --profile login
mkdir -p "$HOME/.aws/login/cache"
_name=$(printf 'arn:aws:iam::%s:user/me' $ACCOUNT | sha256sum | cut -c1-64)
(umask 077 && echo '{}' >"$HOME/.aws/login/cache/$_name.json")
gone login-session "somebody has" --profile login

# ---- the account that is wanted ----
fresh
cp "$T/sso-config" "$HOME/.aws/config"
sso 2199-01-01T00:00:00Z ''
printf 'aws_account_id = 222222222222\n' >"$T/pin"
sed "/^\[profile sso\]/r $T/pin" "$HOME/.aws/config" >"$T/new" && cp "$T/new" "$HOME/.aws/config"
found wrong-account error "an SSO account, known without a call" --profile sso
sed -i "s/222222222222/$ACCOUNT/" "$HOME/.aws/config"
gone wrong-account "the right one" --profile sso
git config remote.origin.codetrainAccount 222222222222
found wrong-account error "pinned by the repository" --profile sso
git config remote.origin.codetrainAccount $ACCOUNT
gone wrong-account "the right one there" --profile sso

# ---- the network ----
mkfifo "$T/hold"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=test \
	-addext "subjectAltName=DNS:$HOST,IP:127.0.0.1" -keyout "$T/key.pem" -out "$T/cert.pem" 2>/dev/null
python3 "$SOURCE/tests/lib/fake_server.py" "$T/port" "$T/log" "$T/cert.pem" "$T/key.pem" <"$T/hold" 2>"$T/server.err" &
exec 9>"$T/hold"
until_true 20 test -s "$T/port" || bail "the fake server did not start: $(cat "$T/server.err")"
PORT=$(cat "$T/port")
S=http://127.0.0.1:$PORT
online() { # online EXIT NAME [ARGUMENT...]
	_code=$1 _what=$2
	shift 2
	doctor --json "$@"
	is "$rc" "$_code" "$_what" || { _show <"$OUT"; _show <"$ERR"; }
}
fresh
export https_proxy="$S" AWS_CA_BUNDLE="$T/cert.pem" AWS_ENDPOINT_URL="$S/ok" CODETRAIN_HTTP_TIMEOUT=1
online 0 "STS and the host answer"
like "$(out)" "\"account\":\"$ACCOUNT\"" "with the account"
ok "endpoint-override: AWS_ENDPOINT_URL is noted" has endpoint-override note
ok "the host was asked" grep -q "\"connected\": \"$HOST:443\"" "$T/log"
: >"$T/log"
well "--offline"
is "$(wc -c <"$T/log")" 0 "asks nobody"
doctor
like "$(out)" "account $ACCOUNT" "people see the account too"
git config remote.origin.codetrainAccount 222222222222
online 1 "the wrong account"
ok "is named" has wrong-account error
git config remote.origin.codetrainAccount $ACCOUNT
online 0 "the right account"
for s in hang:unreachable reset:unreachable html:unreachable 503:unreachable 403:refused expired:refused empty:unreachable; do
	AWS_ENDPOINT_URL=$S/${s%:*} online 1 "STS: ${s%:*}"
	ok "is ${s#*:}" has "${s#*:}" error
done
AWS_ENDPOINT_URL=http://127.0.0.1:1 online 1 "STS is refused"
like "$(finding unreachable "f['message']")" "127.0.0.1:1.*refused|refused.*127.0.0.1:1" "with the place and the cause"
is "$(finding unreachable "f['fix']")" "unset AWS_ENDPOINT_URL" "and what to take back"
AWS_ENDPOINT_URL=nowhere online 1 "an endpoint that is no URL"
ok "is named" has endpoint-override error
AWS_ENDPOINT_URL="http://me:$PASSWORD@127.0.0.1:$PORT/ok" online 1 "an endpoint with a password in it"
AWS_ENDPOINT_URL=$S/skew online 1 "a clock that is off"
ok "is an error" has clock error
like "$(finding clock "f['message']")" "(119|120) minutes slow" "by so much"
https_proxy=http://127.0.0.1:1 online 1 "a proxy that is not there"
ok "the host cannot be reached" has unreachable error
is "$(finding unreachable "f['fix']")" "unset https_proxy" "and the proxy is to blame"
AWS_CA_BUNDLE="" online 1 "a certificate that nobody signed"
like "$(finding unreachable "f['message']")" certificate "is the cause"
printf '[profile deploy]\nrole_arn = arn:aws:iam::%s:role/x\nsource_profile = mlops-devops\nmfa_serial = arn:aws:iam::%s:mfa/me\nregion = us-east-2\n' \
	$ACCOUNT $ACCOUNT >>"$HOME/.aws/config"
online 0 "a role with MFA asks nobody" --profile deploy
ok "and is noted" has mfa note
exec 9>&-
wait
for ahead in 10:gone 200:warning -1200:error; do
	rm -f "$T/port"
	FAKE_SERVER_SKEW=${ahead%:*} python3 "$SOURCE/tests/lib/fake_server.py" "$T/port" "$T/log" "$T/cert.pem" "$T/key.pem" \
		<"$T/hold" 2>"$T/server.err" &
	exec 9>"$T/hold"
	until_true 20 test -s "$T/port" || bail "the fake server did not start: $(cat "$T/server.err")"
	S=http://127.0.0.1:$(cat "$T/port")
	https_proxy=$S AWS_ENDPOINT_URL=$S/ok doctor --json
	if [ "${ahead#*:}" = gone ]; then
		! grep -q '"rule":"clock"' "$OUT"
		ok "clock not: a few seconds off"
	else
		ok "clock: ${ahead%:*} seconds, by the git host's answer" has clock "${ahead#*:}"
	fi
	exec 9>&-
	wait
done
like "$(finding clock "f['message']")" "(19|20) minutes fast" "by so much"
unset https_proxy AWS_CA_BUNDLE AWS_ENDPOINT_URL CODETRAIN_HTTP_TIMEOUT

# ---- the keyring ----
mkdir "$T/bin"
cp "$BUILD/codetrain-doctor" "$BUILD/git-credential-codecommit" "$BUILD/git-remote-codecommit" "$T/bin"
keyring() { # keyring SCRIPT: in the place of codetrain-keyring
	printf '#!/bin/sh\n%s\n' "$1" >"$T/bin/codetrain-keyring"
	chmod +x "$T/bin/codetrain-keyring"
	"$T/bin/codetrain-doctor" --offline --json --profile kept >"$OUT" 2>"$ERR"
	rc=$?
	cat "$OUT" "$ERR" >>"$T/all"
}
fresh
cat >>"$HOME/.aws/config" <<END
[profile kept]
region = us-east-2
codetrain_keyring = kept
credential_process = true
END
keyring "printf 'codetrain-credentials 1\naccess_key_id=AKIACANARYCANARY0001\nsecret_access_key=$SECRET\n'"
is "$rc" 0 "an entry that is there"
keyring 'echo "codetrain keyring: error: the keyring is locked; unlock it" >&2; exit 6'
is "$rc" 1 "a locked keyring"
like "$(finding keyring "f['message']")" "is locked" "with its words"
keyring 'exec sleep 60'
is "$rc" 1 "a mute keyring"
like "$(finding keyring "f['message']")" "2 seconds" "is waited for no longer"
printf '[kept]\naws_access_key_id = AKIACANARYCANARY0001\naws_secret_access_key = %s\n' "$SECRET" >>"$HOME/.aws/credentials"
found keys-beside-keyring warning "the keys are in the file too" --profile kept
gone keys-beside-keyring "a profile without a keyring"
rm "$T/bin/codetrain-keyring"
"$T/bin/codetrain-doctor" --offline --json --profile kept >"$OUT" 2>"$ERR"
ok "no codetrain-keyring" has keyring error
if [ -x "$BUILD/codetrain-keyring" ]; then
	sed -i '/^\[kept\]/,$d' "$HOME/.aws/credentials"
	DBUS_SESSION_BUS_ADDRESS=unix:path=$T/none found keyring error "the real one without a bus" --profile kept
	sed -i 's/^codetrain_keyring/codetrain_git_keyring/' "$HOME/.aws/config"
	DBUS_SESSION_BUS_ADDRESS=unix:path=$T/none found keyring error "and for git credentials" --profile kept
	like "$(finding keyring "f['message']")" "git credentials" "which it says"
else
	skip "keyring: the real one" "it is not built"
fi
fresh
keyring 'echo called >>"$T/called"'
ok "is not asked for a profile that does not name it" test ! -e "$T/called"

# ---- what it starts ----
fresh
printf '#!/bin/sh\nenv >>"$HOME/environment"; echo "$0 $*" >>"$HOME/started"\nexec %s "$@"\n' "$(command -v git)" >"$T/shims/git"
chmod +x "$T/shims/git"
git config --global $K.helper "$T/git-credential-codecommit"
printf '#!/bin/sh\nenv >>"$HOME/environment"\n' >"$T/git-credential-codecommit"
chmod +x "$T/git-credential-codecommit"
PATH=$T/shims:$PATH AWS_ACCESS_KEY_ID=AKIACANARYCANARY0001 AWS_SECRET_ACCESS_KEY=$SECRET look
ok "git is asked" grep -q "git config" "$HOME/started"
ok "and knows its folders" grep -q "^HOME=" "$HOME/environment"
unlike "$(cat "$HOME/environment")" "^AWS_" "but neither it nor a helper is given the AWS variables"
rm "$T/shims/git"

# ---- no secret on any path ----
for secret in "$SECRET" "$TOKEN" "$PASSWORD" AKIACANARYCANARY ASIACANARYCANARY; do
	lacks "$(cat "$T/all")" "$secret" "the report holds no ${secret%%/*}"
done
lacks "$(cat "$T/all")" canarySecret "nor a part of the secret"
lacks "$(cat "$T/all")" "codetrain doctor: error" "and no run ended in a fault"
done_testing
