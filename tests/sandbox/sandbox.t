#!/bin/sh
# Every test of the sandbox, in its private Python environment.
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
VENV=${VENV:-$here/../../build/venv}
"$here/../../sandbox/venv.sh" "$VENV" || { echo 'Bail out! no Python environment'; exit 1; }
exec env -i PATH=/usr/local/bin:/usr/bin:/bin LANG=C.UTF-8 TZ=UTC PYTHONDONTWRITEBYTECODE=1 \
	"$VENV/bin/python" -s "$here/tap_runner.py" "$@"
