#!/bin/sh
# Credentials, resolved by codetrain and by botocore in generated situations against the same servers: the answer,
# and what the servers were asked.

# In a network of its own the metadata services' addresses are there too, and nothing else.
PATH=$PATH:/usr/sbin:/sbin
if [ -z "${OWN_NETWORK:-}" ] && command -v ip >/dev/null && unshare -rn ip link set lo up 2>/dev/null; then
	OWN_NETWORK=yes exec unshare -rn sh "$0"
fi
. "$SOURCE/tests/lib/tap.sh"

python=${VENV:-/nonexistent}/bin/python
[ -x "$python" ] && "$python" -c 'import botocore' 2>/dev/null || skip_all "no botocore"
command -v openssl >/dev/null || skip_all "needs openssl"

if [ -n "${OWN_NETWORK:-}" ]; then
	ip link set lo up
	for address in 169.254.169.254/32 169.254.170.2/32 169.254.170.23/32 fd00:ec2::254/128 fd00:ec2::23/128; do
		ip address add $address dev lo && : >"$T/link-local"
	done
	FAKE_SERVER_ALSO='169.254.169.254:80 169.254.170.2:80 169.254.170.23:80 [fd00:ec2::254]:80 [fd00:ec2::23]:80'
	export FAKE_SERVER_ALSO
fi

# One certificate for all of AWS's hosts that the situations can lead to.
names=DNS:localhost
for r in us-east-1 us-east-2 eu-west-1 ap-southeast-5 cn-north-1 us-gov-west-1 us-iso-east-1 eusc-de-east-1; do
	for suffix in amazonaws.com amazonaws.com.cn amazonaws.eu api.aws api.amazonwebservices.com.cn \
		api.amazonwebservices.eu c2s.ic.gov api.aws.ic.gov; do
		names="$names,DNS:*.$r.$suffix,DNS:*.sso.$r.$suffix"
	done
done
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=aws.example \
	-addext "subjectAltName=$names,DNS:*.amazonaws.com" -keyout "$T/key.pem" -out "$T/cert.pem" 2>/dev/null

mkfifo "$T/hold"
python3 "$SOURCE/tests/lib/fake_server.py" "$T/port" "$T/log" "$T/cert.pem" "$T/key.pem" <"$T/hold" 2>"$T/server.err" &
exec 9>"$T/hold"
until_true 20 test -s "$T/port" || bail "the fake server did not start: $(cat "$T/server.err")"
: >>"$T/log"

cat >"$T/process" <<'END'
#!/bin/sh
printf '%s|' "$@" >"${0%/*}/words"
keys='"AccessKeyId": "AKIAPROCESSPROCESS01", "SecretAccessKey": "process/Secret"'
case $1 in
plain) echo "{\"Version\": 1, $keys}" ;;
session) echo "{\"Version\": 1, $keys, \"SessionToken\": \"processToken\", \"Expiration\": \"2099-01-01T00:00:00+02:00\"}" ;;
account) echo "{\"Version\": 1, $keys, \"AccountId\": \"888888888888\", \"More\": {}}" ;;
expired) echo "{\"Version\": 1, $keys, \"SessionToken\": \"t\", \"Expiration\": \"2001-01-01T00:00:00Z\"}" ;;
version2) echo "{\"Version\": 2, $keys}" ;;
noversion) echo "{$keys}" ;;
number) echo "{\"Version\": \"1\", $keys}" ;;
nosecret) echo '{"Version": 1, "AccessKeyId": "AKIAPROCESSPROCESS01"}' ;;
text) echo 'please sign in' ;;
list) echo '[1]' ;;
exit3) echo 'no sign-in' >&2; exit 3 ;;
esac
END
printf '#!/bin/sh\necho 123456\n' >"$T/askpass"
chmod +x "$T/process" "$T/askpass"

"$python" "$SOURCE/tests/e2e/chain_resolve.py" "$BUILD/codetrain-credentials" "$SOURCE/docs/credential-chain.md" "$T" 1 >"$OUT" 2>&1
ok "the same credentials by the same requests as botocore, or a difference that is explained"
sed 's/^/# /' "$OUT"
compared=$(sed -n 's/^\([0-9]*\) situations.*/\1/p' "$OUT")
ok "in at least 150 situations" [ "${compared:-0}" -ge 150 ]
is "$(cat "$T/server.err")" "" "the servers had no fault"

# The twin that must fail: a program that always gives the same keys.
cat >"$T/wrong" <<'END'
#!/bin/sh
echo '{"AccessKeyId": "AKIASTATICSTATIC0001", "SecretAccessKey": "static/Secret+0123456789abcdefghijklmnop"}'
END
chmod +x "$T/wrong"
ONLY=static "$python" "$SOURCE/tests/e2e/chain_resolve.py" "$T/wrong" "$SOURCE/docs/credential-chain.md" "$T" 1 >"$OUT" 2>&1
is "$?" 1 "wrong answers would be seen"
exec 9>&-
done_testing
