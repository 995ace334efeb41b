#!/bin/sh
# The sandbox's own life: up, killed, up again, down, purged; and faults on order.
exec sh "$(dirname -- "$0")/sandbox.t" survival
