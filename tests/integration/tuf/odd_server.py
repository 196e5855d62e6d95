"""An HTTP server on loopback with a folder behind it, and every bad habit that a client must survive.

odd_server.py FOLDER PORT_FILE: writes its port into PORT_FILE. The first part of a path is the habit, the rest is the
file: /plain/x, /ranges/x (takes ranges), /broken/x (breaks the first answer off half way), /broken-ranges/x,
/busy/x (503 twice), /down/x (503 always), /forbidden/x, /redirect/x (to /ranges/x), /loop/x, /slow/x (one byte a
second), /liar/x (announces less than it sends), /endless/x.
"""

import http.server
import os
import pathlib
import re
import sys
import time

folder = pathlib.Path(sys.argv[1])
seen = {}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def empty(self, status, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "9")
        self.end_headers()
        self.wfile.write(b"an error\n")

    def do_GET(self):
        habit, _, name = self.path.split("?")[0].lstrip("/").partition("/")
        count = seen[self.path] = seen.get(self.path, 0) + 1
        if habit == "down" or (habit == "busy" and count <= 2):
            return self.empty(503)
        if habit == "forbidden":
            return self.empty(403)
        if habit in ("redirect", "loop"):
            return self.empty(302, Location=f"/{'ranges' if habit == 'redirect' else 'loop'}/{name}")
        try:
            data = (folder / name).read_bytes()
        except OSError:
            return self.empty(404)
        ranges = habit in ("ranges", "broken-ranges")
        wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", "")) if ranges else None
        total = len(data)
        if wanted:
            first = int(wanted[1])
            last = min(int(wanted[2] or total - 1), total - 1)
            data = data[first : last + 1]
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {first}-{last}/{total}")
        else:
            self.send_response(200)
        if ranges:
            self.send_header("Accept-Ranges", "bytes")
        if habit == "endless":
            self.close_connection = True
        else:
            self.send_header("Content-Length", str(len(data) // 2 if habit == "liar" else len(data)))
        self.end_headers()
        try:
            self.send_body(habit, count, data)
        except OSError:
            pass

    def send_body(self, habit, count, data):
        if habit == "endless":
            while True:
                self.wfile.write(data)
        if habit == "slow":
            for byte in data:
                self.wfile.write(bytes([byte]))
                self.wfile.flush()
                time.sleep(1)
        if habit.startswith("broken") and count == 1:
            self.wfile.write(data[: len(data) // 2])
            self.wfile.flush()
            self.close_connection = True
            return self.connection.shutdown(2)
        self.wfile.write(data)


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
draft = pathlib.Path(sys.argv[2] + ".new")
draft.write_text(str(server.server_address[1]))
os.rename(draft, sys.argv[2])
server.serve_forever()
