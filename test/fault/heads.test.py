#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 240
"""Signed heads leave the server as they are made, so that entries cut off together with audit.heads are missed; a command that fails
or hangs holds nothing; after kill -9 the next start hands out what was not heard."""

import os
import socket
import sqlite3
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "lib"), os.path.join(os.path.dirname(HERE), "house")]
import tap  # noqa: E402
from api import Api  # noqa: E402
from server import IS_ROOT, PATIENCE, Server, is_alive, read_bytes, until  # noqa: E402

# It does what the file "mode" says. A line is appended in one write: a kill leaves it whole or absent.
COMMAND = """#!/bin/sh
space=$1
read -r head
case $(cat "$space/mode") in
hang) echo $$ >"$space/hanging.new"; mv "$space/hanging.new" "$space/hanging"; (setsid sleep 1000) & sleep 1000 & wait ;;
fail) echo "the wire is cut" >&2; exit 9 ;;
*) { id -u; grep NoNewPrivs /proc/self/status; } >"$space/who"; echo "$head" >>"$space/kept" ;;
esac
"""


class Trial:
    def __init__(self):
        self.server = Server("heads")
        self.space = self.server.space
        program = os.path.join(self.server.scratch, "hand out")
        with open(program, "w", encoding="utf-8") as file:
            file.write(COMMAND)
        os.chmod(program, 0o755)
        self.kept_path = os.path.join(self.space, "kept")
        self.log_path = os.path.join(self.space, "log")
        self.server.arguments += ["--audit-head-command", f"'{program}' {self.space}", "--audit-head-every", "1",
                                  "--audit-head-limit", "600"]
        self.number = 0
        self.mode("ok")

    def mode(self, word):
        with open(os.path.join(self.space, "mode.new"), "w", encoding="utf-8") as file:
            file.write(word)
        os.chmod(file.name, 0o644)
        os.rename(file.name, os.path.join(self.space, "mode"))

    def change(self):
        self.number += 1
        Api(self.server).call("CreateScenario", ScenarioName=f"scenario {self.number}")

    def kept(self):
        return read_bytes(self.kept_path)

    def newest_kept(self):
        lines = self.kept().splitlines()
        return int(lines[-1].split()[0]) if lines else 0

    def rows(self):
        return self.server.query("SELECT max(seq) FROM audit")[0][0] or 0

    def wait_kept(self, row, seconds=20):
        until(lambda: self.newest_kept() >= row, seconds, lambda: f"row {row} is handed out: {self.kept()!r}\n{self.server.tail()}")

    def verdict(self, expected, *parts, heads=None):
        code, text = self.server.verify_audit(*([] if heads is None else ["--head", "-"]), heads=heads or b"")
        return [] if code == expected and all(part in text for part in parts) else [f"verify: {code} {text}"]

    # ---- What goes out ----

    def heads_go_out(self):
        self.server.start()
        for _ in range(3):
            self.change()
        self.wait_kept(self.rows())
        who = read_bytes(os.path.join(self.space, "who")).split()
        owner = str(min(self.server.uids) if IS_ROOT else os.geteuid()).encode()
        breaches = [] if who[:3] == [owner, b"NoNewPrivs:", b"1"] else [f"it ran as {who}"]
        row = self.newest_kept()
        return breaches + self.verdict(0, f"proven: whole up to and including row {row}, ", heads=self.kept()) + self.verdict(8, "unproven: ")

    def system_log(self):
        """A restart with a socket as well: what was signed goes out again at the start, and the line proves as it stands in the log."""
        self.server.terminate()
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as log:
            log.bind(self.log_path)
            os.chmod(self.log_path, 0o666)
            log.settimeout(20 * PATIENCE)
            self.server.arguments += ["--audit-head-syslog", self.log_path]
            self.server.start()
            line = log.recv(1000)
            self.server.terminate()
        breaches = self.verdict(0, "proven: ", heads=line + b"\n")
        self.server.start()  # the socket has no reader now
        self.change()
        until(lambda: b"event=audit-head-not-exported to=syslog" in read_bytes(self.server.log), 10, self.server.tail)
        self.change()
        self.wait_kept(self.rows())  # the other way goes on
        del self.server.arguments[-2:]
        self.server.terminate()
        self.server.start()
        return breaches

    # ---- What stands in its way ----

    def failing(self):
        self.mode("fail")
        self.change()
        until(lambda: b'reason="it ended with 9: the wire is cut"' in read_bytes(self.server.log), 10, self.server.tail)
        self.change()
        self.mode("ok")
        code, _ = self.server.terminate()
        breaches = [] if code == 0 else [f"the server ended with {code}"]
        self.wait_kept(self.rows(), 0.1)  # once more at the end
        self.server.start()
        return breaches

    def hanging_pid(self):
        path = os.path.join(self.space, "hanging")
        pid = int(until(lambda: read_bytes(path), 20, self.server.tail))
        os.unlink(path)
        return pid

    def hanging(self):
        self.mode("hang")
        self.change()
        pid = self.hanging_pid()
        breaches = []
        for _ in range(20):
            begin = time.monotonic()
            self.change()
            seconds = time.monotonic() - begin
            if seconds > 2 * PATIENCE:
                breaches.append(f"a call took {seconds:.1f} s")
        code, seconds = self.server.terminate()
        if code != 0 or seconds > 5 * PATIENCE:
            breaches.append(f"the server ended with {code} after {seconds:.1f} s")
        if is_alive(pid):
            breaches.append("the command outlives the server")
        self.mode("ok")
        self.server.start()
        self.wait_kept(self.rows())
        return breaches

    def killed(self):
        """Nothing that was handed out may be wrong, and what was signed but not heard comes with the next start."""
        breaches = []
        for round_number in range(6):
            hangs = round_number % 2 == 0
            self.mode("hang" if hangs else "ok")
            self.change()
            pid = self.hanging_pid() if hangs else None
            time.sleep(round_number * 0.1)
            self.change()
            self.server.kill()
            if pid is not None:
                until(lambda: not is_alive(pid), 5, "the command ends with the server")
            before = self.rows()
            self.mode("ok")
            self.server.start()
            self.wait_kept(before)
            breaches += self.verdict(0, "proven: ", heads=self.kept())
        return breaches

    # ---- The cut ----

    def cut(self):
        self.change()
        self.wait_kept(self.rows())
        self.server.terminate()
        last = self.rows()
        self.wait_kept(last, 0.1)
        heads_path = os.path.join(self.server.data, "audit.heads")
        lines = read_bytes(heads_path).splitlines(keepends=True)
        with open(heads_path, "wb") as file:
            file.writelines(line for line in lines if int(line.split()[0]) <= last - 2)
        with sqlite3.connect(os.path.join(self.server.data, "state.db")) as database:
            database.execute("DELETE FROM audit WHERE seq > ?", (last - 2,))
        database.close()
        kept = self.kept()
        newest = kept.splitlines()[-1] + b"\n"
        missing = f"broken: rows {last - 1} to {last} of the operation log are missing: the head given signed row {last}"
        breaches = self.verdict(8, "unproven: ") + self.verdict(1, missing, heads=newest) + self.verdict(1, "broken: ", heads=kept)
        self.server.start()  # it can not know either, and goes on over the cut
        for _ in range(5):
            self.change()
        self.server.terminate()
        changed = f"broken: row {last} of the operation log is not the one that the head given signed"
        breaches += self.verdict(8, "unproven: ") + self.verdict(1, changed, heads=newest)
        self.server.start()
        return breaches

    def wrong_options(self):
        breaches = []
        for words, part in (
            (["--audit-head-command", "logger"], "absolute path"),
            (["--audit-head-command", "'/bin/sh"], "--audit-head-command"),
            (["--audit-head-command", ""], "--audit-head-command"),
            (["--audit-head-syslog", "dev/log"], "absolute path of a socket"),
            (["--audit-head-syslog", "/" + "x" * 107], "at most 107 bytes"),
            (["--audit-head-every", "0"], "1 to 86400"),
            (["--audit-head-limit", "3601"], "1 to 3600"),
        ):
            other = Server("heads-wrong", words)
            process = other.spawn()
            code = process.wait(10 * PATIENCE)
            if code != 2 or part not in other.tail():
                breaches.append(f"{words}: {code} {other.tail()}")
            other.abandon()
        return breaches

    def nothing_is_left(self):
        return self.server.close()


def main():
    trial = Trial()
    tap.run([
        ("heads go to the command as they are made, as the server's user, and prove the log", trial.heads_go_out),
        ("and to the system's log; one way that fails does not hold the other", trial.system_log),
        ("a command that fails is told, and the newest head goes out at the end", trial.failing),
        ("a command that hangs holds no call and no end, and ends with the server", trial.hanging),
        ("after kill -9 the next start hands out what was not heard", trial.killed),
        ("entries cut off together with their heads are missed by the heads that went out", trial.cut),
        ("what can not be a command, a socket or a time is refused at the start", trial.wrong_options),
        ("stop-all leaves nothing, and the events fold to the stored state", trial.nothing_is_left),
    ])


if __name__ == "__main__":
    main()
