"""Pushes as no client of git's would: raw_push.py GITDIR OID OPTIONS_FILE|- <NAMES, each ended by a NUL

Speaks receive-pack's protocol itself. Every name is created at OID, in one push; what git says of
each is printed, one line each. Options: lines of a file, sent as push options.
"""
import hashlib
import os
import subprocess
import sys


def packet(data):
    return b"%04x" % (len(data) + 4) + data


def read_packet(stream):
    size = stream.read(4)
    if len(size) < 4:
        return None
    n = int(size, 16)
    return stream.read(n - 4) if n else b""


def advertised(stream):
    refs, first = {}, True
    while True:
        line = read_packet(stream)
        if not line:
            return refs
        if first:
            line, first = line.split(b"\0")[0], False
        oid, _, name = line.rstrip(b"\n").partition(b" ")
        refs[name] = oid


def main():
    gitdir, oid, options = sys.argv[1:]
    names = [n for n in sys.stdin.buffer.read().split(b"\0") if n]
    child = subprocess.Popen(["git", "receive-pack", gitdir], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    advertised(child.stdout)
    capabilities = b"report-status push-options side-band-64k" if options != "-" else b"report-status side-band-64k"
    sent = b""
    for i, name in enumerate(names):
        line = b"0" * 40 + b" " + oid.encode() + b" " + name
        sent += packet(line + (b"\0" + capabilities if i == 0 else b""))
    sent += b"0000"
    if options != "-":
        with open(options, "rb") as f:
            for line in f.read().split(b"\0"):
                sent += packet(line)
        sent += b"0000"
    pack = b"PACK" + (2).to_bytes(4, "big") + (0).to_bytes(4, "big")
    sent += pack + hashlib.sha1(pack).digest()
    try:
        child.stdin.write(sent)
        child.stdin.close()
    except BrokenPipeError:
        pass
    out = sys.stdout.buffer
    while True:
        line = read_packet(child.stdout)
        if line is None:
            break
        if line[:1] == b"\1":
            for part in line[1:].split(b"\n"):
                out.write(part[:200] + b"\n")
        elif line[:1] == b"\2":
            os.write(2, line[1:])
    child.wait(60)


main()
