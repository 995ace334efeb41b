#!/bin/sh
# codetrain queue page and serve: hostile names are text, and only the page's own form delivers again.
. "$SOURCE/tests/lib/tap.sh"
. "$SOURCE/tests/lib/queue.sh"

bare r local
status 2 "a page without a queue" queue page -C "$T/r.git"
name='x"><img/src=x&onerror=alert(1)>'"'"'$(id)'
commit one >/dev/null
push r "HEAD:refs/heads/$name" 2>/dev/null
until_true 20 states_are r delivered
until_true 20 no_drainer r
status 0 "page" queue page -C "$T/r.git"
status 0 "page -o" queue page -o "$T/page.html" -C "$T/r.git"
is "$(stat -c %a "$T/page.html")" 600 "a file for its owner: answers are in it"
is "$(out)" "" "and nothing on standard output"
status 70 "a page that cannot be written" queue page -o /nonexistent/x.html -C "$T/r.git"

# read as a browser does: which elements are there, and what is their text
cat >"$T/look.py" <<'PY'
import html.parser, sys
class Look(html.parser.HTMLParser):
    VOID = {"meta", "input", "br", "img", "link"}
    def __init__(self):
        super().__init__()
        self.tags, self.text, self.open, self.bad = {}, [], [], []
    def handle_starttag(self, tag, attrs):
        self.tags[tag] = self.tags.get(tag, 0) + 1
        self.bad += [a for a, v in attrs if a.startswith("on") or a in ("src", "style")]
        self.bad += [v for a, v in attrs if a == "href" and not v.startswith(("https://", "./"))]
        if tag not in self.VOID:
            self.open.append(tag)
    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.bad.append("</%s>" % tag)
    def handle_data(self, data):
        self.text.append(data)
look = Look()
look.feed(open(sys.argv[1], encoding="utf-8").read())
look.close()
known = set("html head meta title style body header h1 h2 h3 h4 p main section div table thead tbody tr th td "
            "details summary span bdi time dl dt dd pre code a b form input button".split())
print("strange:", sorted(set(look.tags) - known), look.bad, look.open)
print("details:", look.tags.get("details", 0), "forms:", look.tags.get("form", 0))
print("named:", sys.argv[2] in "".join(look.text))
PY
is "$(python3 "$T/look.py" "$T/page.html" "$name")" "strange: [] [] []
details: 1 forms: 0
named: True" "a branch's name is text in it, and nothing else"
like "$(cat "$T/page.html")" "codetrain queue retry 1 -t local -C $T/r.git" "it has the command that delivers again"
like "$(cat "$T/page.html")" "<h4>Request</h4><pre>codetrain build --repo" "what was asked"
like "$(cat "$T/page.html")" "<h4>Answer</h4><pre>.*SUCCEEDED" "and answered"
printf '<b onclick=x>%s<script>' "$name" >"$T/bad.html"
unlike "$(python3 "$T/look.py" "$T/bad.html" x)" "^strange: \[\] \[\] \[\]$" "markup that got through would be seen"

# ---- serve ----
status 2 "a port that is none" queue serve --port 70000 -C "$T/r.git"
mkfifo "$T/url"
"$T/bin/codetrain-queue" serve --life 60 -C "$T/r.git" >"$T/url" 2>"$T/serve.err" &
server=$!
at_exit 'kill $server 2>/dev/null'
read -r url <"$T/url"
like "$url" "^http://127.0.0.1:[0-9]+/[0-9a-f]{32}/$" "serve tells its address"
port=${url#http://127.0.0.1:}
port=${port%%/*}
is "$(grep -c ":$(printf %04X "$port") .* 0A " /proc/net/tcp)" 1 "it listens"
like "$(grep ":$(printf %04X "$port") .* 0A " /proc/net/tcp)" " 0100007F:" "on this machine's own address alone"
status 2 "a second one on the same port" queue serve --port "$port" -C "$T/r.git"
like "$(err)" "port $port is taken" "says so"
# ask METHOD URL [BODY [HEADER VALUE]...]: the status, then the body
cat >"$T/ask.py" <<'PY'
import http.client, sys, urllib.parse
method, url, body = sys.argv[1], urllib.parse.urlsplit(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else None
c = http.client.HTTPConnection(url.hostname, url.port, timeout=20)
headers = dict(zip(sys.argv[4::2], sys.argv[5::2]))
if body:
    headers.setdefault("Content-Type", "application/x-www-form-urlencoded")
c.request(method, url.path, body or None, headers)
r = c.getresponse()
print(r.status, r.getheader("Location") or "", r.getheader("Cache-Control"))
print(r.read().decode())
PY
ask() { python3 "$T/ask.py" "$@" >"$T/answer"; head -n 1 "$T/answer"; }
is "$(ask GET "$url")" "200  no-store" "the page"
tail -n +2 "$T/answer" >"$T/served.html"
is "$(python3 "$T/look.py" "$T/served.html" "$name")" "strange: [] [] []
details: 1 forms: 1
named: True" "is the same with a form"
token=$(sed -n 's/.*name="token" value="\([0-9a-f]*\)".*/\1/p' "$T/served.html" | head -n 1)
is "${#token}" 32 "which has a token"
is "$(ask GET "http://127.0.0.1:$port/")" "404  no-store" "without the path there is nothing"
is "$(ask GET "$url" "" Host "rebound.example.com:$port")" "421  no-store" "another host's name is refused"
is "$(ask GET "${url}retry")" "404  no-store" "a GET delivers nothing"
is "$(ask POST "${url}retry" "event=1&target=local")" "403  no-store" "nor a form without the token"
is "$(ask POST "${url}retry" "event=1&target=local&token=$(printf %032d 0)")" "403  no-store" "nor a wrong one"
is "$(ask POST "${url}retry" "event=1&target=local&token=$token" Sec-Fetch-Site cross-site)" "403  no-store" \
	"nor another site's page that knows it"
is "$(ask POST "${url}retry" "event=7&target=local&token=$token")" "409  no-store" "nor an event that is none"
is "$(sql r "SELECT sum(generation) FROM delivery")" 0 "nothing was delivered again by these"
is "$(ask POST "${url}retry" "event=1&target=local&token=$token" Sec-Fetch-Site same-origin)" "303 ./ no-store" \
	"the form itself"
until_true 20 eval '[ "$(sql r "SELECT attempts || state FROM delivery")" = 2delivered ]'
ok "delivers again"
until_true 20 no_drainer r
is "$(wc -l <"$T/starts")" 2 "once"
python3 - "$port" "$url" <<'PY' >"$OUT"
import socket, sys, urllib.request
# idle and endless ones; each is over by itself, and none holds up the others
held = [socket.create_connection(("127.0.0.1", int(sys.argv[1]))) for _ in range(60)]
print(urllib.request.urlopen(sys.argv[2], timeout=5).status)
s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
try:
    s.sendall(b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 4000)
except OSError:
    pass
PY
is "$(cat "$OUT")" 200 "while sixty connections say nothing, it serves"
is "$(ask GET "$url")" "200  no-store" "after what is no request, it still serves"
kill "$server"
wait "$server"
is "$?" 0 "SIGTERM ends it"
is "$(cat "$T/serve.err")" "" "and it has said nothing else"
status 0 "it ends by itself" timeout 20 "$T/bin/codetrain-queue" serve --life 1 -C "$T/r.git"

done_testing
