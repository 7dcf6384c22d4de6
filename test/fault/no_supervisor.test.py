#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 200
# needs: root
# alone: yes
"""Whatever keeps attempts from being started is said: in the log, by /readyz and by the nodes; the server heals or ends.

kill -9 of the launcher ends the server (71) within five seconds, scripts go on, and the next start adopts them. A
supervisor that can not begin is told with its reason, and once the cause is away all goes on by itself. As root and as a
plain user.
"""

import os
import signal
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "lib"), os.path.join(os.path.dirname(HERE), "house")]
import tap  # noqa: E402
from api import Api  # noqa: E402
from ledger import Ledger  # noqa: E402
from server import PATIENCE, Server, is_alive, processes, read_bytes, stat_fields, until  # noqa: E402

LIMIT_S = 5
EXIT_LAUNCHER = 71


class Trial:
    def __init__(self, name, **options):
        self.name = name
        self.server = Server(name, **options)
        self.api = Api(self.server)
        self.ledger = Ledger(self.server)

    def launcher_pid(self):
        """The launcher: the server's child of that name."""
        mine = [pid for pid in processes() if read_bytes(f"/proc/{pid}/comm") == b"sluice-launcher\n" and
                (stat_fields(pid) or ("", 0))[1] == self.server.process.pid]
        assert len(mine) == 1, self.server.describe(mine)
        return mine[0]

    def prepare(self):
        self.server.start()
        self.server.until_ready()
        self.gate = os.path.join(self.server.space, "gate")
        script = f"{self.ledger.note('start')}\nwhile [ ! -e {self.gate} ]; do sleep 0.05; done\n{self.ledger.note('end')}\n"
        self.waiting = self.api.flow("waiting", {"main": script, "behind": self.ledger.script()}, [("main", "behind")])
        self.quick = self.api.flow("quick", {"main": self.ledger.script()})

    def start_waiting(self):
        if os.path.exists(self.gate):
            os.unlink(self.gate)
        before = self.ledger.open_count()
        run = self.api.try_run(self.waiting[0])
        until(lambda: self.ledger.open_count() == before + 1, 10, "the script has started")
        return run

    def until_ended_with(self, code):
        begin = time.monotonic()
        ended = self.server.process.wait(60)
        seconds = time.monotonic() - begin
        print(f"# {self.name}: the server ended with {ended} after {seconds:.2f} s")
        return ([] if ended == code else [f"the server ended with {ended}\n{self.server.tail()}"]) + \
            ([] if seconds <= LIMIT_S * PATIENCE else [f"only after {seconds:.1f} s"])

    def launcher_dies(self):
        run = self.start_waiting()
        supervisors = self.server.supervisor_pids()
        os.kill(self.launcher_pid(), signal.SIGKILL)
        breaches = self.until_ended_with(EXIT_LAUNCHER)
        breaches += [] if "event=launcher-gone" in self.server.tail() else [f"not said: {self.server.tail()}"]
        breaches += [] if self.server.supervisor_pids() == supervisors else ["the supervisor has ended as well"]
        self.server.start()
        self.server.until_ready()
        state, nodes = self.api.state(self.waiting[0], run)
        breaches += [] if (state, nodes["main"]["StateName"]) == ("RUNNING", "RUNNING") else [f"not adopted: {state} {nodes}"]
        with open(self.gate, "w", encoding="utf-8"):
            pass
        state, nodes = self.api.until_run(self.waiting[0], run, ("SUCCESS", "FAILED"))
        return breaches + ([] if state == "SUCCESS" and nodes["main"]["Attempt"] == 1 else [f"{state} {nodes}"])

    def launcher_and_supervisor_die(self):
        run = self.start_waiting()
        supervisors = self.server.supervisor_pids()
        launcher = self.launcher_pid()
        os.kill(launcher, signal.SIGKILL)
        for pid in supervisors:
            os.kill(pid, signal.SIGKILL)
        breaches = self.until_ended_with(EXIT_LAUNCHER)
        self.server.start()
        state, nodes = self.api.until_run(self.waiting[0], run, ("SUCCESS", "FAILED"), 10)
        lost = state == "FAILED" and "lost" in nodes["main"].get("Message", "")
        return breaches + ([] if lost else [f"{state} {nodes}"])

    def supervisor_can_not_begin(self):
        """A directory lies where the journal belongs: no supervisor can begin until it is away."""
        journal = os.path.join(self.server.data, "attempts.journal")
        run = self.start_waiting()
        os.rename(journal, journal + ".kept")
        os.mkdir(journal)
        began = time.monotonic()
        for pid in self.server.supervisor_pids():
            os.kill(pid, signal.SIGKILL)
        wanted = "attempts.journal: is no regular file"
        until(lambda: self.server.readiness()[0] == 503 and wanted in self.server.readiness()[1], LIMIT_S,
              lambda: f"/readyz says it: {self.server.readiness()}")
        print(f"# {self.name}: {self.server.readiness()} after {time.monotonic() - began:.2f} s")
        breaches = [] if wanted in self.server.tail() else [f"not in the log: {self.server.tail()}"]
        waits = self.api.try_run(self.quick[0])  # calls are still taken
        _, nodes = self.api.state(self.quick[0], waits)
        if nodes["main"]["StateName"] != "QUEUED" or wanted not in nodes["main"].get("Message", ""):
            breaches.append(f"a queued node: {nodes['main']}")
        _, nodes = self.api.state(self.waiting[0], run)
        if nodes["main"]["StateName"] != "RUNNING" or wanted not in nodes["main"].get("Message", ""):
            breaches.append(f"a running node: {nodes['main']}")
        said = self.server.tail(1000).count("event=supervisor-not-started")
        breaches += [] if said == 1 else [f"said {said} times"]
        os.rmdir(journal)
        os.rename(journal + ".kept", journal)
        self.server.until_ready(LIMIT_S)
        state, nodes = self.api.until_run(self.quick[0], waits, ("SUCCESS", "FAILED"), 10)
        breaches += [] if state == "SUCCESS" and "Message" not in nodes["main"] else [f"what waited: {state} {nodes}"]
        state, nodes = self.api.until_run(self.waiting[0], run, ("SUCCESS", "FAILED"), 10)
        lost = state == "FAILED" and "lost" in nodes["main"].get("Message", "")
        return breaches + ([] if lost else [f"what ran: {state} {nodes}"])

    def supervisor_hangs(self):
        """It listens, and its process is stopped: what waits for it is told, and goes on with it."""
        pids = self.server.supervisor_pids()
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        wanted = "the supervisor does not answer"
        try:
            run = self.api.try_run(self.quick[0])
            until(lambda: self.server.readiness()[0] == 503 and wanted in self.server.readiness()[1], 2 * LIMIT_S,
                  lambda: f"/readyz says it: {self.server.readiness()}")
            breaches = [] if wanted in self.server.tail() else [f"not in the log: {self.server.tail()}"]
            _, nodes = self.api.state(self.quick[0], run)
            breaches += [] if wanted in nodes["main"].get("Message", "") else [f"a running node: {nodes['main']}"]
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)
        self.server.until_ready(LIMIT_S)
        state, nodes = self.api.until_run(self.quick[0], run, ("SUCCESS", "FAILED"))
        return breaches + ([] if state == "SUCCESS" and nodes["main"]["Attempt"] == 1 else [f"{state} {nodes}"])

    def supervisor_dies(self):
        """With a launcher a new one comes, and until then the server does not call itself ready."""
        pids = self.server.supervisor_pids()
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)  # not ready while it is away is seen only when nothing comes at once
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        until(lambda: not any(is_alive(pid) for pid in pids), 5, "it is dead")
        self.server.until_ready(LIMIT_S)
        run = self.api.try_run(self.quick[0])
        state, nodes = self.api.until_run(self.quick[0], run, ("SUCCESS", "FAILED"))
        return [] if state == "SUCCESS" else [f"{state} {nodes}"]

    def launcher_is_stopped(self):
        """Somebody has stopped the launcher's process: it goes on when it is needed."""
        launcher = self.launcher_pid()
        os.kill(launcher, signal.SIGSTOP)
        until(lambda: stat_fields(launcher)[0] == "T", 5, "it is stopped")
        try:
            return self.supervisor_dies()
        finally:
            os.kill(launcher, signal.SIGCONT)

    def nothing_is_left(self):
        return self.server.close()

    def tests(self):
        return [
            (f"{self.name}: a server with flows is ready", self.prepare),
            (f"{self.name}: without its launcher the server ends, and the next start adopts what runs", self.launcher_dies),
            (f"{self.name}: launcher and supervisor die: nothing stays RUNNING", self.launcher_and_supervisor_die),
            (f"{self.name}: a supervisor that can not begin is said everywhere, and it heals by itself", self.supervisor_can_not_begin),
            (f"{self.name}: a supervisor that hangs is said, and goes on", self.supervisor_hangs),
            (f"{self.name}: a supervisor that dies is replaced within 5 s", self.supervisor_dies),
            (f"{self.name}: so it is when the launcher was stopped", self.launcher_is_stopped),
            (f"{self.name}: stop-all leaves nothing, and the events fold to the stored state", self.nothing_is_left),
        ]


def main():
    tap.run(Trial("root").tests() + Trial("plain", plain_uid=90000 + os.getpid() % 9000).tests())


if __name__ == "__main__":
    main()
