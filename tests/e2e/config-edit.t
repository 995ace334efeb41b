#!/bin/sh
# Edits of ~/.aws/config and ~/.aws/credentials, read by botocore before and after.
. "$SOURCE/tests/lib/tap.sh"

python=${VENV:-/nonexistent}/bin/python
[ -x "$python" ] && "$python" -c 'import botocore' 2>/dev/null || skip_all "no botocore"
[ -x "$BUILD/unit/test_awsconfig_edit" ] || skip_all "the unit tests are not built"

compare() { # compare PROGRAM COUNT
	rm -rf "$T/files"
	mkdir "$T/files"
	"$python" "$SOURCE/tests/e2e/config_edit.py" "$1" "$T/files" "$2" 1 >"$OUT" 2>&1
}

compare "$BUILD/unit/test_awsconfig_edit" 800
ok "botocore reads the change, and all else as before; every other line is there"
tail -n 5 "$OUT" | sed 's/^/# /'
compared=$(sed -n 's/^\([0-9]*\) edits compared.*/\1/p' "$OUT")
ok "in at least 500 files" [ "${compared:-0}" -ge 500 ]

# The twins that must fail: one that changes nothing, one that loses the comments.
cat >"$T/idle" <<'EOF'
#!/bin/sh
while read -r line; do echo ok; done
EOF
cat >"$T/careless" <<EOF
#!/bin/sh
"$BUILD/unit/test_awsconfig_edit" --lines
sed -i '/^#/d' "$T"/files/*
EOF
chmod +x "$T/idle" "$T/careless"
compare "$T/idle" 50
is "$?" 1 "an edit that did not happen would be seen"
compare "$T/careless" 50
is "$?" 1 "a lost comment would be seen"
done_testing
