#!/bin/sh
# What a push pays: the same push to a bare repository with an empty post-receive, with
# codetrain's hooks while AWS refuses every connection (nothing waits; 10,000 events wait), and
# with a curl in the hook. Rounds are interleaved.
#
# Prints a Markdown table as tools/bench.sh does. Usage: tools/bench-queue.sh BUILD-FOLDER.
# ROUNDS (default 200) is its length; FOLDER (default: beside the build) is where the repositories
# are, for a commit waits for that folder's disk; BACKLOG (10000). Another tool measures
# how fast a backlog is delivered: tools/bench-drain.py.

set -eu
B=$(cd "${1:?usage: tools/bench-queue.sh BUILD-FOLDER}" && pwd)
cd "$(dirname "$0")/.."
ROUNDS=${ROUNDS:-200} BACKLOG=${BACKLOG:-10000}
T=$(mktemp -d "${FOLDER:-$B}/bench-queue.XXXXXX")
trap 'rm -rf "$T"' EXIT

env -i PATH="/usr/local/bin:/usr/bin:/bin" HOME="$T/home" LANG=C.UTF-8 GIT_CONFIG_NOSYSTEM=1 \
	python3 tools/bench-push.py "$B" "$T" "$ROUNDS" "$BACKLOG"
