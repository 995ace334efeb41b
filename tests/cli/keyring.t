#!/bin/sh
# codetrain keyring against a real gnome-keyring: what is stored, listed, given out
# and erased, what becomes of the files, and that everybody finds the keys.
. "$SOURCE/tests/lib/tap.sh"
. "$SOURCE/tests/lib/keyring.sh"
bus_up
keyring_up

host=git-codecommit.us-east-1.amazonaws.com
given="{
	\"Version\":	1,
	\"AccessKeyId\":	\"AKIDEXAMPLE\",
	\"SecretAccessKey\":	\"$secret\"
}"
pointed="credential_process = $(readlink -f "$K") get --profile p
codetrain_keyring = p"

# ---- store, get, list -----------------------------------------------------------------

status 0 'an empty keyring' "$K" list
like "$(err)" 'nothing is stored' 'is said to be empty'
status 6 'a profile that is not in it' "$K" get --profile p
like "$(err)" 'no access key of profile "p"; run codetrain keyring store --profile p' 'and what to do'

keys_in_file
cp "$credentials" "$T/before"
status 0 'store' "$K" store --profile p
like "$(err)" 'still has it too, and comes first; .* --move' 'the file still decides'
lacks "$(err)$(out)" "$secret" 'and shows no secret'
is "$(cat "$credentials")" "$(cat "$T/before")" 'the credentials file is as it was'
is "$(cat "$config")" "[profile p]
region = us-east-1
$pointed

[profile role]
role_arn = arn:aws:iam::111111111111:role/r
source_profile = p" 'the profile has two properties more'
status 0 'get' "$K" get --profile p
is "$(out)" "$given" 'gives credential_process JSON'
is "$(err)" '' 'and nothing to people'
status 0 'get --format lines' "$K" get --profile p --format lines
is "$(out)" "codetrain-credentials 1
access_key_id=AKIDEXAMPLE
secret_access_key=$secret
source=profile \"p\" in the keyring" 'gives the lines of our own programs'
AWS_PROFILE=p run "$K" get
is "$(out)" "$given" 'AWS_PROFILE names the profile'

cp "$config" "$T/config-before"
status 0 'a second store' "$K" store --profile p
is "$(cat "$config")" "$(cat "$T/config-before")" 'changes nothing'
status 0 'list' "$K" list
is "$(out | grep -c AKIDEXAMPLE)" 1 'one entry'
like "$(out)" '^p +keys +AKIDEXAMPLE +20..-..-..T..:..:..Z login$' 'profile, kind, key, time, keyring'
lacks "$(out)$(err)" "$secret" 'and no secret'

printf 'AKIDROTATED\n%s2\n' "$secret" >"$T/typed"
sed -i '/^\[p\]/,/^\[q\]/{/^aws_/d}' "$credentials"
run "$K" store --profile p <"$T/typed"
is "$rc" 0 'another key, from standard input'
like "$(err)" 'AKIDROTATED takes the place of AKIDEXAMPLE' 'what it replaces is named'
status 0 'get' "$K" get --profile p
is "$(out | grep -cF "${secret}2\"")" 1 'gives the new one'
is "$("$K" list | grep -c '^p ')" 1 'and the old one is gone'

status 2 'nothing on standard input' "$K" store --profile new
like "$(err)" 'profile "new" has no access key .*two lines' 'is said'
printf 'AKIDNEW\r\nshh' | "$K" store --profile new >"$OUT" 2>"$ERR"
is "$?" 0 'a profile that did not exist'
is "$(sed -n '/profile new/,$p' "$config" | sed 's/ =.*//')" '[profile new]
credential_process
codetrain_keyring' 'has a section now'
like "$("$K" get --profile new)" '"shh"' 'and its key'

csi=$(printf '\302\233')
printf 'AKIDCSI\nshh' | "$K" store --profile "x${csi}2J" >"$OUT" 2>"$ERR"
is "$?" 0 'a profile whose name speaks to terminals'
lacks "$("$K" list)" "$csi" 'is listed without what they obey'
like "$("$K" list)" '^x\?2J +keys +AKIDCSI ' 'and what is listed stays in its columns'
"$K" erase --profile "x${csi}2J" >"$OUT" 2>"$ERR"

terminal() { env STDOUT="$T/stdout" python3 "$SOURCE/tests/lib/on_a_terminal.py" ': ' "$@"; }
typed=$(terminal "AKIDTYPED
typed/secret" "$K" store --profile typed)
is "$?" 0 'a key typed at the terminal'
like "$typed" 'Access key id for profile typed: AKIDTYPED' 'the id is seen'
unlike "$typed" 'typed/secret' 'the secret is not'
like "$("$K" get --profile typed)" 'typed/secret' 'and it is stored'

# ---- move, erase, restore ----------------------------------------------------------------

keys_in_file
chmod 640 "$credentials"
mv "$config" "$HOME/real-config"
ln -s ../real-config "$config"
status 0 'store --move' "$K" store --profile p --move
is "$(cat "$credentials")" '# mine
[p]
[q]
aws_access_key_id=AKIDOTHER
aws_secret_access_key=other' 'the key is out of the file, and nothing else'
is "$(stat -c %a "$credentials")" 640 'which keeps its mode'
ok 'a link stays a link' test -L "$config"
is "$("$K" get --profile p)" "$given" 'the keyring has it'
status 0 'the same again' "$K" store --profile p --move
like "$(err)" 'in the keyring already' 'is done already'
status 2 'move of a profile without a key' "$K" store --profile nobody --move
like "$(err)" 'no access key .* that could be moved' 'is refused'

status 0 'erase --restore' "$K" erase --profile p --restore
is "$(sed -n '/^\[p\]/,/^\[q\]/p' "$credentials")" "[p]
aws_access_key_id = AKIDEXAMPLE
aws_secret_access_key = $secret
[q]" 'puts the key back'
unlike "$(cat "$config")" 'codetrain_keyring|credential_process' 'the profile says nothing of the keyring'
like "$(cat "$config")" 'region = us-east-1' 'and what else it says is there'
status 6 'and the keyring has none' "$K" get --profile p
status 2 'a second erase' "$K" erase --profile p
like "$(err)" 'has no access key of profile "p"; see codetrain keyring list' 'finds nothing'

"$K" store --profile q --move 2>/dev/null
printf '[q]\naws_access_key_id = AKIDELSE\naws_secret_access_key = x\n' >"$credentials"
status 5 'restore beside another key' "$K" erase --profile q --restore
like "$(err)" 'has another access key there' 'is refused'
like "$("$K" get --profile q)" AKIDOTHER 'and nothing is lost'
: >"$credentials"
status 0 'erase' "$K" erase --profile q
like "$(err)" 'no access key now; make a new one in IAM' 'tells how to get on'

printf '[profile c]\naws_access_key_id = AKIDCONFIG\naws_secret_access_key = s\n' >"$config"
status 0 'keys in the config file' "$K" store --profile c --move
is "$(sed 's/ =.*//' "$config")" '[profile c]
credential_process
codetrain_keyring' 'are moved too'
"$K" erase --profile c 2>/dev/null

# ---- what is refused -----------------------------------------------------------------------

refused() { # refused PATTERN NAME CONFIG CREDENTIALS ARG...: and both files stay as they are
	_pattern=$1 _what=$2
	printf '%b' "$3" >"$config"
	printf '%b' "$4" >"$credentials"
	shift 4
	cat "$config" "$credentials" >"$T/before"
	status 2 "$_what" "$K" "$@"
	like "$(err)" "$_pattern" 'and it says why'
	is "$(cat "$config" "$credentials")" "$(cat "$T/before")" 'and touches no file'
}
pair='aws_access_key_id = A\naws_secret_access_key = S\n'
refused 'session token' 'a session' '' "[p]\n${pair}aws_session_token = T\n" store --profile p --move
refused 'config:2: .*by role_arn' 'a role' '[profile p]\nrole_arn = r\nsource_profile = p\n' "[p]\n$pair" store --profile p
refused 'config:2: .*credential_process already' 'another process' '[profile p]\ncredential_process = x\n' "[p]\n$pair" store --profile p
refused 'credentials:2: ' 'a broken file' '' '[p]\nnonsense\n' store --profile p
refused 'by hand' 'a name that no file can hold' '' '' store --profile 'p]q' </dev/null
refused 'takes no --move' 'an option of another verb' '' '' list --move
refused 'excludes --move' 'move of a password' '' '' store --git --profile p --move
refused 'goes with --git' 'a user name without --git' '' '' store --profile p --username u
refused 'process or lines' 'another format' '' '' get --profile p --format env
refused 'there is no codetrain keyring' 'another verb' '' '' unlock
refused 'control character' 'a name with a line break' '' '' get --profile 'a
b'
refused 'no key|space' 'a key with a space' '' '[p]\naws_access_key_id = A B\naws_secret_access_key = S\n' store --profile p
is "$("$K" list --json | python3 -c 'import json,sys; print(*(e["profile"] for e in json.load(sys.stdin)["entries"]))')" \
	'new typed' 'the keyring has what was stored, and no more'

# ---- the others find it: our programs, the AWS CLI, botocore -------------------------------

keys_in_file
status 0 'store --move' "$K" store --profile p --move
status 0 'codetrain credentials' codetrain credentials --profile p
is "$(out)" "$given" 'asks the keyring'
AWS_PROFILE=p run codetrain credentials --format json
like "$(out)" 'in the keyring"' 'which is the source'
status 7 'a role whose source is in the keyring' env AWS_MAX_ATTEMPTS=1 AWS_ENDPOINT_URL_STS=http://127.0.0.1:9 \
	codetrain credentials --profile role
like "$(err)" 'AssumeRole|127\.0\.0\.1' 'gets as far as STS'
printf '[profile gone]\ncodetrain_keyring = gone\n' >>"$config"
status 6 'a profile whose key is not there any more' codetrain credentials --profile gone
like "$(err)" 'profile gone \(keyring\): .*run codetrain keyring store --profile gone' 'says what to do'
sed -i 's/^source_profile = p$/source_profile = gone/' "$config"
status 6 'and so does a role with it' codetrain credentials --profile role
like "$(err)" 'codetrain keyring store --profile gone' 'by the same words'
date=20150830T123600Z
ask() { # ask HOST PATH ARG...
	_h=$1 _p=$2
	shift 2
	printf 'capability[]=authtype\nprotocol=https\nhost=%s\n%s\n' "$_h" "${_p:+path=$_p
}" >"$T/asked"
	run "$BUILD/git-credential-codecommit" "$@" get <"$T/asked"
}
ask $host v1/repos/MyDemoRepo --profile p --date $date
is "$(out)" "capability[]=authtype
username=AKIDEXAMPLE
password=${date}088fec8c788f892e6cb940f22a736b224a5a5de18925fa5f02413a1bb215c389
password_expiry_utc=1440939060
ephemeral=1" 'the git helper signs with it'

cat >"$T/resolve.py" <<'EOF'
import sys
import botocore.session
session = botocore.session.Session(profile=sys.argv[1])
credentials = session.get_credentials()
frozen = credentials.get_frozen_credentials()
print(credentials.method, frozen.access_key, frozen.secret_key, frozen.token)
EOF
if [ -x "${VENV:-}/bin/python" ] && "$VENV/bin/python" -c 'import botocore' 2>/dev/null; then
	is "$("$VENV/bin/python" "$T/resolve.py" p 2>&1)" "custom-process AKIDEXAMPLE $secret None" \
		'botocore finds it by credential_process'
	printf 'AKIDSPACES\ns\n' | "$K" store --profile "my team's" 2>/dev/null
	is "$("$VENV/bin/python" "$T/resolve.py" "my team's" 2>&1)" "custom-process AKIDSPACES s None" \
		"also for a profile with a space and a quote in its name"
	"$K" erase --profile "my team's" 2>/dev/null
else
	skip 'botocore finds it by credential_process' 'no botocore'
fi
if [ -x "${VENV:-}/clients/bin/aws" ]; then
	like "$("$VENV/clients/bin/aws" configure list --profile p 2>&1)" 'access_key.*MPLE.*custom-process' \
		'and so does the AWS CLI'
else
	skip 'and so does the AWS CLI' 'no AWS CLI'
fi

# ---- git's user name and password ----------------------------------------------------------

password='Zm9v/YmFy+cGFzc3dvcmQ='
printf '%s\n' "$password" | "$K" store --git --profile p --username dev-at-111111111111 >"$OUT" 2>"$ERR"
is "$?" 0 'store --git'
lacks "$(out)$(err)" "$password" 'shows no password'
like "$(cat "$config")" '^codetrain_git_keyring = p$' 'the profile says so'
is "$("$K" get --git --profile p)" "username=dev-at-111111111111
password=$password" 'get --git'
like "$("$K" list)" '^p +git +dev-at-111111111111 ' 'list shows the user name'
is "$("$K" get --profile p)" "$given" 'the access key is another entry'

ask $host v1/repos/MyDemoRepo --profile p
is "$(out)" "capability[]=authtype
username=dev-at-111111111111
password=$password
ephemeral=1" 'the git helper answers with them, and with no end'
ask $host '' --profile p
is "$rc" 0 'for which it needs no path'
ask git.example.com v1/repos/MyDemoRepo --profile p --ignore-host-check --region us-east-1
lacks "$(out)" "$password" 'another host never gets the password'
like "$(out)" '^username=AKIDEXAMPLE$' 'but a signature'
ask git.example.com x --profile p
is "$(out)" '' 'and without --ignore-host-check nothing'
ask $host v1/repos/MyDemoRepo --profile q
like "$(out)" '^username=AKIDOTHER$' 'another profile signs'
AWS_ACCESS_KEY_ID=AKIDENV AWS_SECRET_ACCESS_KEY=x AWS_PROFILE=p ask $host v1/repos/MyDemoRepo
like "$(out)" '^username=AKIDENV$' 'keys in the environment come first'

git config --global credential.helper "$BUILD/git-credential-codecommit --profile p"
git config --global credential.useHttpPath true
filled=$(printf 'url=https://%s/v1/repos/MyDemoRepo\n\n' $host | git credential fill)
like "$filled" "^username=dev-at-111111111111\$" 'git credential fill: the user name'
is "$(printf '%s\n' "$filled" | sed -n 's/^password=//p')" "$password" 'and the password'
git config --global --unset-all credential.helper

typed=$(terminal "u-at-1
typed+pass" "$K" store --git --profile typed)
unlike "$typed" 'typed\+pass' 'a typed password is not seen'
like "$("$K" get --git --profile typed)" 'typed\+pass' 'and it is stored'

sed -i '/codetrain_git_keyring/d' "$config"
status 0 'erase --git' "$K" erase --git --profile p
ask $host v1/repos/MyDemoRepo --profile p
like "$(out)" '^username=AKIDEXAMPLE$' 'the helper signs again'
printf '[profile p]\ncodetrain_git_keyring = p\n' >>"$config"
ask $host v1/repos/MyDemoRepo --profile p
is "$rc" 0 'a keyring without the password'
like "$(out)" '^username=AKIDEXAMPLE$' 'falls back to the chain'
like "$(err)" 'warning: .*no CodeCommit password of profile "p".*; signing with' 'with a warning'
done_testing
