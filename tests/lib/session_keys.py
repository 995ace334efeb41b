#!/usr/bin/env python3
"""The sessions that codetrain keeps in the kernel, as a test sees them.

session_keys.py list|remove|age MARK [SECONDS]

Takes those whose text holds MARK, which is to be the test's own. list prints their names, and the seconds
after which the kernel forgets them; age makes them SECONDS older. Exits 1 when the kernel keeps none for us.
"""
import ctypes
import os
import re
import sys

ADD_KEY, KEYCTL = {"x86_64": (248, 250), "aarch64": (217, 219)}[os.uname().machine]
READ, INVALIDATE, SET_TIMEOUT = 11, 21, 15
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long


def seconds(expiry):
    """/proc/keys: "59m", "14d", "perm"."""
    unit = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
    return int(expiry[:-1]) * unit[expiry[-1]] if expiry[:-1].isdigit() else 0


def sessions(mark):
    with open("/proc/keys", encoding="ascii", errors="replace") as f:
        rows = [line.split() for line in f]
    for row in rows:
        if len(row) < 9 or row[7] != "user" or not row[8].startswith("codetrain:session:"):
            continue
        key, room = int(row[0], 16), ctypes.create_string_buffer(32768)
        n = libc.syscall(KEYCTL, READ, key, room, 32768)
        if n > 0 and mark in room.raw[:n]:
            yield key, row[8].rstrip(":").split(":")[2], seconds(row[3]), room.raw[:n]


verb, mark, *more = sys.argv[1:]
found = list(sessions(mark.encode()))
for key, name, left, text in found:
    if verb == "list":
        print(name, left)
    elif verb == "remove":
        libc.syscall(KEYCTL, INVALIDATE, key)
    elif verb == "age":
        text = re.sub(rb"(?<=^codetrain-session )\d+", lambda m: b"%d" % (int(m[0]) - int(more[0])), text)
        if libc.syscall(ADD_KEY, b"user", b"codetrain:session:" + name.encode(), text, len(text), -4) != key:
            sys.exit("the key was not replaced")
        libc.syscall(KEYCTL, SET_TIMEOUT, key, left)
sys.exit(not found)
