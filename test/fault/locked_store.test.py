#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 200
"""Another program holds the store locked for longer than the server waits: changes are refused with one code, reads are served, and afterwards
everything goes on by itself, each run to its one end."""

import os
import sqlite3
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "lib"), os.path.join(os.path.dirname(HERE), "house")]
import tap  # noqa: E402
from api import Api, Refused  # noqa: E402
from ledger import Ledger  # noqa: E402
from server import IS_ROOT, Server, read_bytes, until  # noqa: E402

LOCKED = "another program holds the state store locked"


class Trial:
    def __init__(self):
        self.server = Server("locked")
        self.api = Api(self.server)
        self.ledger = Ledger(self.server)

    def until_locked(self):
        until(lambda: self.server.readiness()[0] == 503 and LOCKED in self.server.readiness()[1], 15,
              lambda: f"/readyz says it: {self.server.readiness()}\n{self.server.tail()}")

    def lock(self):
        """The store, locked by a connection of another program."""
        database = sqlite3.connect(os.path.join(self.server.data, "state.db"), isolation_level=None, timeout=10)
        database.execute("BEGIN EXCLUSIVE")
        if IS_ROOT:  # what it made anew would be root's
            for name in ("state.db-wal", "state.db-shm"):
                status = os.stat(self.server.data)
                os.chown(os.path.join(self.server.data, name), status.st_uid, status.st_gid)
        return database

    def prepare(self):
        self.server.start()
        self.server.until_ready()
        self.gate = os.path.join(self.server.space, "gate")
        script = f"{self.ledger.note('start')}\nwhile [ ! -e {self.gate} ]; do sleep 0.05; done\n{self.ledger.note('end')}\n"
        self.slow = self.api.flow("slow", {"main": script, "behind": self.ledger.script()}, [("main", "behind")])
        return []

    def start(self):
        if os.path.exists(self.gate):
            os.unlink(self.gate)
        before = self.ledger.open_count()
        run = self.api.try_run(self.slow[0])
        until(lambda: self.ledger.open_count() == before + 1, 10, "the script has started")
        return run

    def open(self):
        with open(self.gate, "w", encoding="ascii"):
            pass

    def ended_once(self, run):
        state, nodes = self.api.until_run(self.slow[0], run, ("SUCCESS", "FAILED", "STOPPED"))
        breaches = [] if state == "SUCCESS" else [f"{state} {nodes}"]
        for node in self.slow[1].values():
            said = [line.word for line in self.ledger.lines() if (line.run, line.node) == (run, int(node))]
            breaches += [] if said == ["start", "end"] else [f"node {node}: {said}"]
        return breaches

    def alive(self):
        breaches = [] if self.server.process.poll() is None else [f"the server ended with {self.server.process.poll()}"]
        log = read_bytes(self.server.log).decode(errors="replace")
        return breaches + [line for line in log.splitlines() if "SQL logic error" in line or "fail-stop" in line]

    def refused(self, action, **params):
        try:
            return [f"{action} was answered {self.api.call(action, **params)}"]
        except Refused as error:
            return [] if (error.status, error.code) == (503, "StorageLocked") and "SQL" not in str(error) else [str(error)]

    def another_program_holds_the_lock(self):
        run = self.start()
        other = self.lock()
        try:
            began = time.monotonic()
            breaches = self.refused("CreateTaskFlow", DagName="never")  # after the time that calls wait
            breaches += [] if time.monotonic() - began >= 5 else [f"refused after {time.monotonic() - began} s"]
            self.until_locked()
            breaches += self.refused("CreateTaskFlow", DagName="never")  # at once
            breaches += self.refused("StopTaskFlowInstance", DagId=self.slow[0], DagInstanceId=run)
            breaches += self.refused("TryRunTaskFlow", DagId=self.slow[0])
            self.open()
            until(lambda: ("end", run) in [(line.word, line.run) for line in self.ledger.lines()], 10, "the script has ended")
            state, nodes = self.api.state(self.slow[0], run)
            breaches += [] if nodes["main"]["StateName"] == "RUNNING" else [f"{state} {nodes}"]
            self.api.call("ListTaskFlow")
            breaches += self.alive()
        finally:
            other.execute("ROLLBACK")
            other.close()
        self.server.until_ready()
        breaches += self.ended_once(run) + self.alive()
        self.api.call("CreateTaskFlow", DagName="never")  # its name was not taken
        return breaches

    def a_short_lock_is_waited_for(self):
        """A call that comes while it is held succeeds late."""
        other = self.lock()
        try:
            answers = []
            call = threading.Thread(target=lambda: answers.append(self.api.call("CreateTaskFlow", DagName="late")))
            call.start()
            until(lambda: self.server.readiness()[0] == 503, 10, "the call has met the lock")
            breaches = [] if not answers else ["it was answered while the lock was held"]
        finally:
            other.execute("ROLLBACK")
            other.close()
        call.join(10)
        return breaches + ([] if answers else ["it was not answered"]) + self.alive()

    def starts_while_it_is_locked(self):
        run = self.start()
        self.server.kill()
        other = self.lock()
        try:
            self.server.start()
            self.api = Api(self.server)
            self.until_locked()
            breaches = self.refused("CreateTaskFlow", DagName="never again")
            self.open()
            self.api.call("ListTaskFlow")
        finally:
            other.execute("ROLLBACK")
            other.close()
        self.server.until_ready()
        return breaches + self.ended_once(run) + self.alive()

    def ends_while_it_is_locked(self):
        run = self.start()
        other = self.lock()
        try:
            breaches = self.refused("CreateTaskFlow", DagName="never again")
            code, _ = self.server.terminate()
            breaches += [] if code == 0 else [f"it ended with {code}"]
        finally:
            other.execute("ROLLBACK")
            other.close()
        self.open()
        self.server.start()
        self.api = Api(self.server)
        self.server.until_ready()
        return breaches + self.ended_once(run) + self.alive()

    def nothing_is_left(self):
        return self.server.check_audit() + self.server.close()


def main():
    trial = Trial()
    tap.run([
        ("a server with a flow is ready", trial.prepare),
        ("another program holds the lock: changes are refused, reads are served, and it goes on by itself", trial.another_program_holds_the_lock),
        ("a call that meets a short lock succeeds late", trial.a_short_lock_is_waited_for),
        ("a server that starts while the store is locked serves, and goes on", trial.starts_while_it_is_locked),
        ("a server ends while the store is locked, and the next one goes on", trial.ends_while_it_is_locked),
        ("stop-all leaves nothing, and the events fold to the stored state", trial.nothing_is_left),
    ])


if __name__ == "__main__":
    main()
