#!/bin/sh
# codetrain build with parameters and secrets of moto's Parameter Store and Secrets
# Manager, put there by boto3; a canary is then looked for wherever it must not be.
. "$SOURCE/tests/lib/tap.sh"

: "${VENV:?run the tests by make check}"
[ -x "$VENV/bin/moto_server" ] || skip_all "no moto in $VENV"
build=$BUILD/codetrain-build
mkdir "$T/w" "$T/tmp"
cd "$T/w" || bail 'no folder'
export TMPDIR="$T/tmp"
export AWS_ACCESS_KEY_ID=AKIATESTTESTTESTTEST AWS_SECRET_ACCESS_KEY="secret/of""/the/test" AWS_REGION=us-east-2 \
	AWS_DEFAULT_REGION=us-east-2

"$VENV/bin/python" - "$T/port" <<'END' >"$T/moto.log" 2>&1 &
import logging, sys, threading
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server
logging.getLogger("werkzeug").setLevel(logging.ERROR)
server = make_server("127.0.0.1", 0, DomainDispatcherApplication(create_backend_app), threaded=True)
open(sys.argv[1] + ".new", "w").write(str(server.port))
import os
os.rename(sys.argv[1] + ".new", sys.argv[1])
server.serve_forever()
END
moto=$!
at_exit 'kill $moto 2>/dev/null'
until_true 60 test -s "$T/port" || bail "moto did not start: $(cat "$T/moto.log")"
AWS_ENDPOINT_URL=http://127.0.0.1:$(cat "$T/port")
export AWS_ENDPOINT_URL

# each canary is put together here, so that this file has none
"$VENV/bin/python" - >"$T/versions" <<'END' || bail 'boto3 cannot put the values there'
import boto3, json
ssm, secrets = boto3.client("ssm"), boto3.client("secretsmanager")
ssm.put_parameter(Name="/iris/plain", Type="String", Value="canary" + "-plain-0001")
ssm.put_parameter(Name="/iris/secure", Type="SecureString", Value="canary" + "-secure-0002")
ssm.put_parameter(Name="/iris/list", Type="StringList", Value="canary-a,canary" + "-list-0003")
first = secrets.create_secret(Name="iris/db", SecretString=json.dumps({"password": "canary" + "-first-0004"}))
second = secrets.put_secret_value(SecretId="iris/db", SecretString=json.dumps({"password": "canary" + "-second-0005"}))
text = secrets.create_secret(Name="iris/text", SecretString="canary" + "-text-0006\ncanary" + "-line-0007\n")
secrets.create_secret(Name="iris/binary", SecretBinary=b"canary" + b"-binary")
print(first["VersionId"], first["ARN"])
END
read -r version arn <"$T/versions"

cat >buildspec.yml <<END
version: 0.2
env:
  parameter-store: {PLAIN: /iris/plain, SECURE: /iris/secure, LIST: /iris/list}
  secrets-manager:
    NOW: iris/db:password
    BEFORE: iris/db:password:AWSPREVIOUS
    VERSION: iris/db:password::$version
    BY_ARN: $arn:password
    WHOLE: iris/db
    TEXT: iris/text
  exported-variables: [NOW, COPY, HARMLESS]
phases:
  build:
    commands:
      - for v in "\$PLAIN" "\$SECURE" "\$LIST" "\$NOW" "\$BEFORE" "\$VERSION" "\$BY_ARN" "\$WHOLE" "\$TEXT"; do printf %s "\$v" | sha256sum; done >\$CODEBUILD_SRC_DIR/sums
      - COPY=\$NOW; HARMLESS=yes
      - set -x; printf '%s\n' "\$SECURE" "\$TEXT" "\$WHOLE"; env
      - set +x; nosuchcommand "\$NOW"; true
      - exit 0
      - 'echo "after a new shell: \$NOW"'
  post_build: {commands: ['sh -c "exit 3"']}
artifacts: {files: [sums]}
END
want() {
	for v in "canary""-plain-0001" "canary""-secure-0002" "canary-a,canary""-list-0003" "canary""-second-0005" \
		"canary""-first-0004" "canary""-first-0004" "canary""-second-0005" '{"password": "'"canary""-second-0005"'"}'; do
		printf %s "$v" | sha256sum
	done
	printf 'canary%s\ncanary%s\n' -text-0006 -line-0007 | sha256sum
}
run "$build" --log l.txt --result r.json --artifacts out --json </dev/null
is "$rc" 1 'the build runs, and ends as its last command says' || _show <"$ERR"
is "$(cat sums)" "$(want)" 'what moto keeps comes to the commands, byte for byte'
like "$(err)" 'after a new shell: \*\*\*' 'also behind a shell that ended'
for i in -plain-0001 -secure-0002 -list-0003 -first-0004 -second-0005 -text-0006 -line-0007; do
	lacks "$(cat "$OUT" "$ERR" l.txt r.json)" "canary$i" "canary$i is not in output, log or result"
done
like "$(cat r.json)" '"HARMLESS"' 'what is no secret is exported'
unlike "$(grep -rlE 'canary-(plain|secure|list|first|second|text|line)-0' "$T" 2>/dev/null)" . 'and no file has one'

# -- what is there but cannot be a variable, and what is not there
# wrong REFERENCE CODE PATTERN NAME
wrong() {
	printf 'version: 0.2\nenv: {%s}\nphases: {build: {commands: [touch ran]}}\n' "$1" >buildspec.yml
	status "$2" "$4" "$build"
	like "$(out)" "$3" "$4: as CodeBuild says it"
	[ ! -e ran ]
	ok "$4: nothing ran"
}
wrong 'parameter-store: {V: /iris/none}' 1 'Decrypted Variables Error Message: parameter does not exist: /iris/none' 'no such parameter'
wrong 'secrets-manager: {V: iris/none}' 1 "Secrets Manager Error Message: .*ResourceNotFoundException" 'no such secret'
wrong 'secrets-manager: {V: "iris/db:none"}' 1 'it has no key "none"' 'no such key'
wrong 'secrets-manager: {V: iris/binary}' 1 'its value is no text, but binary' 'a binary secret'
wrong 'secrets-manager: {V: "iris/db:password:AWSPENDING"}' 1 'Secrets Manager Error' 'no such stage'
kill $moto && wait $moto 2>/dev/null
wrong 'parameter-store: {V: /iris/plain}' 7 'Decrypted Variables Error' 'AWS is away'
done_testing
