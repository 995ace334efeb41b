"""A socket in place of the session's D-Bus.

    fake_bus.py SOCKET                        accepts, and says nothing
    fake_bus.py SOCKET REAL COUNT close|mute  passes on to the bus at REAL; after COUNT
                                              pieces from the client it hangs up, or goes
                                              on without a word

Prints "up" when it listens. Ends with its standard input.
"""
import os
import socket
import sys
import threading


def pump(source, target, allowed, after):
    """Passes on; after `allowed` pieces (None: all) calls `after`."""
    try:
        while data := source.recv(65536):
            if allowed is not None:
                if allowed == 0:
                    break
                allowed -= 1
            target.sendall(data)
    except OSError:
        pass
    after()


def hang_up(*sockets):
    for s in sockets:
        try:
            s.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def serve(listener, real, count, how):
    kept = []
    while True:
        client, _ = listener.accept()
        kept.append(client)
        if not real:
            continue
        bus = socket.socket(socket.AF_UNIX)
        bus.connect(real)
        kept.append(bus)
        end = (lambda c=client, b=bus: hang_up(c, b)) if how == "close" else (lambda: None)
        threading.Thread(target=pump, args=(client, bus, count, end), daemon=True).start()
        threading.Thread(target=pump, args=(bus, client, None, end), daemon=True).start()


def main():
    path = sys.argv[1]
    real, count, how = (sys.argv[2], int(sys.argv[3]), sys.argv[4]) if len(sys.argv) > 2 else (None, 0, "mute")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(16)
    threading.Thread(target=serve, args=(listener, real, count, how), daemon=True).start()
    print("up", flush=True)
    sys.stdin.read()
    os.unlink(path)


if __name__ == "__main__":
    main()
