#!/usr/bin/env python3
"""Looks into another process, as an attacker with the same rights would.

usage: process_memory.py find PID STRING   prints "refused", or how often its memory holds the string
       process_memory.py field PID NAME    prints a number of /proc/PID/status
       process_memory.py trace PID         prints "refused", or "attached" (and lets go again)
"""
import ctypes
import os
import re
import sys


def find(pid, text):
    wanted, count = text.encode(), 0
    try:
        with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
            for line in maps:
                match = re.match(r"([0-9a-f]+)-([0-9a-f]+) r", line)
                if not match or "[v" in line:
                    continue
                start, end = (int(x, 16) for x in match.groups())
                try:
                    memory.seek(start)
                    count += memory.read(end - start).count(wanted)
                except (OSError, ValueError, OverflowError):
                    pass
    except PermissionError:
        return "refused"
    return count


def field(pid, name):
    with open(f"/proc/{pid}/status") as status:
        return next(line.split()[1] for line in status if line.startswith(name + ":"))


def trace(pid):
    attach, detach = 16, 17
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    libc.ptrace.restype = ctypes.c_long
    if libc.ptrace(attach, pid, None, None) < 0:
        return "refused"
    os.waitpid(pid, 0)
    libc.ptrace(detach, pid, None, None)
    return "attached"


verb, number, *rest = sys.argv[1:]
print({"find": find, "field": field, "trace": trace}[verb](int(number), *rest))
