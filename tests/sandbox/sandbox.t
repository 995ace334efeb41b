#!/bin/sh
# Every test of the sandbox, in its private Python environment; that of its own life, which
# takes nearly as long as all others, is survival.t, beside it.
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
VENV=${VENV:-$here/../../build/venv}
"$here/../../sandbox/venv.sh" "$VENV" || { echo 'Bail out! no Python environment'; exit 1; }
# shellcheck disable=SC2046
[ $# -gt 0 ] || set -- $(cd "$here" && printf '%s\n' test_*.py | sed 's/\.py$//' | grep -vx test_survival)
exec env -i PATH=/usr/local/bin:/usr/bin:/bin LANG=C.UTF-8 TZ=UTC PYTHONDONTWRITEBYTECODE=1 \
	"$VENV/bin/python" -s "$here/tap_runner.py" "$@"
