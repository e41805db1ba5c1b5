"""A schedule that is served, and somebody in the place of Slack."""
import http.server
import json
import os
import signal
import subprocess
import sys
import threading
import time

from program import PROGRAM, SCRATCH, run

NEVER = "0 0 29 2 *"  # so that only what is asked for by hand begins


class server:
    """`nightly_janitor serve` in a process of its own; its words are kept in a file."""

    def __init__(self, s, *more, schedule=NEVER, environment=None):
        self.log = SCRATCH / f"{s.path.name}.log"
        self.begin = self.log.stat().st_size if self.log.exists() else 0
        self.file = open(self.log, "ab")
        self.process = subprocess.Popen([PROGRAM, "serve", *map(str, s.options()), "--schedule", schedule, *map(str, more)],
                                        stdin=subprocess.DEVNULL, stdout=self.file, stderr=subprocess.STDOUT, env=environment)

    def said(self):
        return self.log.read_bytes()[self.begin:].decode()

    def waits_for(self, words, times=1):
        for _ in range(600):
            if self.said().count(words) >= times:
                return True
            if self.process.poll() is not None:
                break
            time.sleep(0.1)
        return self.said().count(words) >= times

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)

    def kill(self):
        self.process.kill()
        self.process.wait()


def fast_clock():
    """The library that makes a program's clock run fast, for LD_PRELOAD; ends the test as skipped where it was not built."""
    library = os.environ.get("UPKEEP_CLOCK_LIBRARY", "")
    if not library:
        print("skipped: the fast clock was not built")
        sys.exit(77)
    return library


class listener:
    """Takes the place of Slack: silent for as long as it is told to, then too busy for one message, then it keeps what comes."""

    def __init__(self, retry_after=1):
        here, taken, busy = self, [], [1]
        self.at_message = None  # is called when a message was taken, before that is answered
        silent, asked = threading.Event(), threading.Event()

        class handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                asked.set()
                if silent.is_set():
                    self.close_connection = True
                    time.sleep(20)  # longer than who asks lives
                    return
                self.send_response(429 if busy[0] else 200)
                if busy[0]:
                    self.send_header("Retry-After", str(retry_after))
                else:
                    taken.append(body)
                    if here.at_message:
                        here.at_message()
                busy[0] = max(0, busy[0] - 1)
                try:
                    self.send_header("Content-Length", "2")
                    self.end_headers()
                    self.wfile.write(b"ok")
                except OSError:  # nobody waits for it any more
                    self.close_connection = True

            def log_message(self, *words):
                pass

        self.taken, self.busy, self.silent, self.asked = taken, busy, silent, asked
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def refused(self):
        return 1 - self.busy[0]

    def text(self):
        return json.dumps(json.loads(self.taken[0]), ensure_ascii=False) if self.taken else ""


def ask(command, s, *more):
    return run(command, "--database", s.path, *more)
