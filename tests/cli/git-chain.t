#!/bin/sh
# The helper among other helpers, as real git calls them: git's own cache and store
# before and behind it, one that answers first, and hosts that are not CodeCommit's.
. "$SOURCE/tests/lib/tap.sh"

python=$(command -v "${VENV:-/nonexistent}/bin/python" || command -v python3)
[ -n "$python" ] && command -v openssl >/dev/null || skip_all 'needs python3 and openssl'
git credential-cache exit 2>/dev/null || skip_all 'this git has no credential-cache'

ours=$BUILD/git-credential-codecommit
host=git-codecommit.us-east-2.amazonaws.com
url=https://$host/v1/repos/app
secret=wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY
stale=20200101T000000Z$(printf '%064d' 0)
# 2.40 leaves an ended password alone, 2.46 tells the others not to keep it
git credential capability >/dev/null 2>&1 && ephemeral=1 || ephemeral=

# ---- a machine: keys, a server that checks every signature, git ------------------------

mkdir -m 700 "$HOME/.aws" "$T/repositories" "$T/socket"
printf '[default]\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = %s\n' $secret >"$HOME/.aws/credentials"
chmod 600 "$HOME/.aws/credentials"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=test \
	-addext "subjectAltName=DNS:$host" -keyout "$T/key.pem" -out "$T/cert.pem" 2>/dev/null || bail 'no certificate'
mkfifo "$T/hold"
FAKE_KEYS="{\"AKIDEXAMPLE\": {\"secret\": \"$secret\"}}" "$python" "$SOURCE/tests/lib/fake_codecommit.py" \
	"$T/port" "$T/requests" "$T/cert.pem" "$T/key.pem" "$T/repositories" <"$T/hold" &
exec 9>"$T/hold"
at_exit "exec 9>&-; wait $!"
at_exit "git credential-cache --socket $T/socket/s exit"
until_true 10 test -s "$T/port" || bail 'no server'

for r in app 'ré po' 'a%b' dots.git; do
	git init -q --bare "$T/repositories/$r"
	empty=$(git -C "$T/repositories/$r" commit-tree -m x "$(git -C "$T/repositories/$r" hash-object -t tree -w /dev/null)")
	git -C "$T/repositories/$r" update-ref refs/heads/main "$empty"
done

# A helper that writes down how it was called, and answers what is in $T/NAME.answer.
for name in first last; do
	printf '#!/bin/sh\n{ echo "$1"; cat; } >>"%s"\n[ "$1" != get ] || cat "%s" 2>/dev/null\n' \
		"$T/$name.asked" "$T/$name.answer" >"$T/$name"
	chmod +x "$T/$name"
done
theirs="username=THEIRS
password=theirs"
cache="cache --timeout 900 --socket $T/socket/s"
store="store --file $T/kept"

chain() { # chain HELPER...: in this order for every host; the kept passwords are gone
	git credential-cache --socket "$T/socket/s" exit
	rm -f "$HOME/.gitconfig" "$T"/*.answer "$T"/*.asked "$T/kept"
	git config --global http.proxy "http://127.0.0.1:$(cat "$T/port")"
	git config --global http.sslCAInfo "$T/cert.pem"
	for _h in "$@"; do git config --global --add credential.helper "$_h"; done
	git config --global "credential.https://$host.useHttpPath" true
}
keep_stale() {
	_k=$1
	shift
	printf 'protocol=https\nhost=%s\npath=v1/repos/app\nusername=AKIDEXAMPLE\npassword=%s\n\n' "$host" "$stale" |
		git "credential-$_k" "$@" store
}
kept() {
	_k=$1
	shift
	printf 'protocol=https\nhost=%s\npath=v1/repos/app\n\n' "$host" | git "credential-$_k" "$@" get
}
fetches() { # fetches NAME [URL]
	run git ls-remote "${2:-$url}"
	is "$rc" 0 "$1" || { _show <"$ERR"; tail -n 2 "$T/requests" | _show; }
}
fill() { printf 'url=%s\n' "${1:-$url}" >"$T/url"; run git credential fill <"$T/url"; }

# ---- alone ------------------------------------------------------------------------------

chain "$ours"
fetches 'one helper, a fetch'
fetches 'a path with a space and UTF-8' "https://$host/v1/repos/r%C3%A9%20po"
fetches 'a path with a percent sign' "https://$host/v1/repos/a%25b"
fetches 'a path that ends in .git' "https://$host/v1/repos/dots.git"
fetches 'a slash at the end' "$url/"
run git ls-remote "https://$host/v1/repos/none"
isnt "$rc" 0 'a repository that there is not'
like "$(err)" 'not found' 'is what the server says, behind a good signature'

# ---- cache and store, before and behind --------------------------------------------------

for order in before behind; do
	for other in "$cache" "$store"; do
		if [ $order = before ]; then chain "$other" "$ours"; else chain "$ours" "$other"; fi
		name="${other%% *} $order it"
		fetches "$name: a fetch"
		fetches "$name: and one more"
		# shellcheck disable=SC2086
		password=$(kept $other | sed -n 's/^password=//p')
		case ${other%% *}$ephemeral in
		cache1) is "$password" '' "$name: git has told it not to keep the password" ;;
		*) is "$(printf %.9s "$password")" "$(date -u +%Y%m%dT)" \
			"$name: keeps what git hands to it, which this git cannot keep from it" ;;
		esac
		fill
		is "$rc" 0 "$name: fill"
		out >"$T/filled"
		git credential reject <"$T/filled"
		ok "$name: reject"
		# shellcheck disable=SC2086
		is "$(kept $other)" '' "$name: has then forgotten it"
		fetches "$name: ours still answers"
	done
done

# What others have kept for too long: harmless behind ours, or where the list begins anew.
# shellcheck disable=SC2086
for other in "$cache" "$store"; do
	chain "$ours" "$other"
	keep_stale $other
	fetches "an ended password kept by ${other%% *} behind ours is not used"
	chain "$other"
	keep_stale $other
	git config --global "credential.https://$host.helper" ''
	git config --global --add "credential.https://$host.helper" "$ours"
	fetches "nor one kept by ${other%% *} where the host's list begins with an empty helper"
	is "$(kept $other | sed -n 's/^password=//p')" "$stale" "and ${other%% *} is not told of ours"
done
# The twin: before ours it is used, and CodeCommit's answer to it is 403, which makes git erase nothing.
chain "$store" "$ours"
keep_stale $store
run git ls-remote "$url"
isnt "$rc" 0 'an ended password kept by store before ours is used, and refused'
like "$(err)" '403' 'as one finds it in the field (doctor names the helper)'

# ---- who else answers ---------------------------------------------------------------------

chain "$T/first" "$ours" "$T/last"
echo "$theirs" >"$T/first.answer"
fill
is "$(grep -E '^(username|password)' "$OUT")" "$theirs" 'one that has answered before ours is believed'
rm "$T/first.answer" "$T"/*.asked
fill
like "$(out)" '^username=AKIDEXAMPLE$' 'ours answers when it does not'
is "$(cat "$T"/last.asked 2>/dev/null)" '' 'and the last is not asked'
is "$(sed -n 1p "$T/first.asked")" get 'the first was'
echo username=SOMEBODY >"$T/first.answer"
fill
like "$(out)" '^username=AKIDEXAMPLE$' 'a user name alone, from another helper or the URL, is not in the way'
fill "https://somebody@$host/v1/repos/app"
like "$(out)" '^username=AKIDEXAMPLE$' 'nor one in the URL'
rm -f "$T"/*.asked
git credential approve <"$OUT"
is "$(sed -n 1p "$T/last.asked")" store 'what ours has answered is handed on by git'
if [ -n "$ephemeral" ]; then
	rm "$T/last.asked"
	git ls-remote "$url" >/dev/null
	like "$(cat "$T/last.asked")" '^ephemeral=1$' 'as not to be kept'
else
	skip 'as not to be kept' 'this git is older than 2.46'
fi

# ---- other hosts ---------------------------------------------------------------------------

chain "$T/first" "$ours --profile nobody" "$T/last"
echo "$theirs" >"$T/last.answer"
for other in "https://github.com/a/b" "http://$host/v1/repos/app" "https://$host.evil.example/v1/repos/app"; do
	fill "$other"
	is "$rc $(grep -E '^(username|password)' "$OUT")" "0 $theirs" "$other is left to the others"
	is "$(err)" '' 'without a word, whatever our configuration'
	out >"$T/filled"
	git credential approve <"$T/filled"
	git credential reject <"$T/filled"
done
is "$(grep -cE '^(store|erase)$' "$T/last.asked")" 6 'who are told as ever'

# ---- what makes git stop -------------------------------------------------------------------

chain "$ours --profile nobody" "$T/last"
echo "$theirs" >"$T/last.answer"
fill
isnt "$rc" 0 'without credentials git stops'
like "$(err)" 'profile "nobody".*aws configure --profile nobody' 'ours says why, and what to type'
like "$(err)" 'told us to quit' 'git says who'
unlike "$(err)" 'could not read|Username' 'nobody is asked'
is "$(cat "$T/last.asked" 2>/dev/null)" '' 'nor is the next helper'

chain "$ours"
git config --global --unset "credential.https://$host.useHttpPath"
run git ls-remote "$url"
isnt "$rc" 0 'without useHttpPath git stops'
command=$(sed -n "s/.*; run \(git config .* true\)\$/\1/p" "$ERR")
like "$command" '^git config --global credential\.https://git-codecommit[a-z0-9.-]*\.useHttpPath true$' 'the command is named'
# shellcheck disable=SC2086
$command
fetches 'and mends it'
git config --global --unset "credential.https://$host.useHttpPath"
printf 'url=https://%s:8443/v1/repos/app\n' $host >"$T/url"
run git credential fill <"$T/url"
command=$(sed -n "s/.*; run \(git config .* true\)\$/\1/p" "$ERR")
# shellcheck disable=SC2086
$command
run git credential fill <"$T/url"
is "$rc" 0 'also with a port'
git init -q "$T/work"
cd "$T/work" || exit 1
git config credential.useHttpPath false
run git ls-remote "$url"
isnt "$rc" 0 'where the repository itself unsets it git stops again'
run git config --show-origin --get-regexp '^credential\..*usehttppath$'
like "$(out)" '^file:\.git/config.credential.usehttppath false$' "and the manual's command tells which file does"
done_testing
