#!/usr/bin/env python3
"""Runs a command on a terminal of its own and types a line each time it asks.

on_a_terminal.py PROMPT LINES COMMAND...: the terminal's output on stdout, the command's exit code. Its own standard
output goes to the file $STDOUT, so that only what it says to the terminal is seen.
"""
import os
import pty
import select
import sys
import time

prompt, lines, *command = sys.argv[1:]
lines = lines.split("\n")
pid, fd = pty.fork()
if pid == 0:
    out = os.open(os.environ["STDOUT"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(out, 1)
    os.execvp(command[0], command)
seen, typed, end = b"", 0, time.monotonic() + 30
while time.monotonic() < end:
    if not select.select([fd], [], [], 1)[0]:
        continue
    try:
        data = os.read(fd, 4096)
    except OSError:
        break
    if not data:
        break
    seen += data
    if typed < len(lines) and seen.count(prompt.encode()) > typed:
        os.write(fd, lines[typed].encode() + b"\n")
        typed += 1
sys.stdout.write(seen.decode("utf-8", "replace"))
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
