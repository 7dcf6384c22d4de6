#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 200
# needs: root
# alone: yes
"""kill -9 of the supervisor with scripts running, as root and as a plain user with namespaces.

The kernel ends its trees within a second, daemons included; their nodes are shown as lost within five; a new supervisor
takes over; what may be repeated after a loss is repeated, nothing else.
"""

import contextlib
import os
import signal
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "lib"), os.path.join(os.path.dirname(HERE), "house")]
import tap  # noqa: E402
import checker  # noqa: E402
from api import Api  # noqa: E402
from ledger import Ledger  # noqa: E402
from server import PATIENCE, Server, is_alive, read_bytes, until  # noqa: E402

ROUNDS = 3
DAEMON = "(setsid sh -c '(sleep 61 & sleep 62) & sleep 63' </dev/null >/dev/null 2>&1 &) &"
RETRIED = {"rerun": {"rerunEnable": True, "rerunCount": 1, "rerunInterval": 1, "rerunOnLost": True}}
REPEATED_BUT_NOT_LOST = {"rerun": {"rerunEnable": True, "rerunCount": 1, "rerunInterval": 1}}
PROCESSES_MIN = 3 + 3  # three scripts that sleep, three sleeping daemons


class Trial:
    def __init__(self, name, **options):
        self.name = name
        self.server = Server(name, **options)
        self.api = Api(self.server)
        self.ledger = Ledger(self.server)
        self.slowest_death = self.slowest_word = 0.0

    def prepare(self):
        self.server.start()
        note = self.ledger.note
        long = note("start") + "\nsleep 60\n" + note("end")
        self.lost = self.api.flow("lost", {
            "plain": long,
            "daemons": DAEMON + "\n" + long,
            "not-twice": long,
            "behind": self.ledger.script(),
        }, [("plain", "behind")], configs={"not-twice": REPEATED_BUT_NOT_LOST})
        self.again = self.api.flow("again", {
            "retried": note("start") + "\n[ $SLUICE_ATTEMPT -gt 1 ] || sleep 60\n" + note("end"),
            "behind": self.ledger.script(),
        }, [("retried", "behind")], configs={"retried": RETRIED})
        self.quick = self.api.flow("quick", {"one": self.ledger.script(), "two": self.ledger.script()}, [("one", "two")])

    def level(self):
        lines = [line for line in read_bytes(self.server.log).splitlines() if b"level=" in line]
        return lines[-1].split(b"level=")[1].split()[0].decode() if lines else ""

    def start_scripts(self):
        before = self.ledger.open_count()
        lost, again = self.api.try_run(self.lost[0]), self.api.try_run(self.again[0])
        until(lambda: self.ledger.open_count() >= before + 4 and len(self.server.task_processes()) >= PROCESSES_MIN, 10,
              lambda: f"{self.ledger.open_count()} scripts, {len(self.server.task_processes())} processes")
        return lost, again

    def check_lost(self, lost, again, killed_at, limit_s):
        breaches = []

        def word():
            state, nodes = self.api.state(self.lost[0], lost)
            return state == "FAILED" and all(nodes[name]["StateName"] == "FAIL" for name in ("plain", "daemons", "not-twice"))

        until(word, limit_s + 5, lambda: f"the nodes are shown as lost: {self.api.state(self.lost[0], lost)}")
        seconds = time.monotonic() - killed_at
        self.slowest_word = max(self.slowest_word, seconds)
        if seconds > limit_s * PATIENCE:
            breaches.append(f"shown as lost after {seconds:.1f} s")
        _, nodes = self.api.state(self.lost[0], lost)
        breaches += [f"{name}: {nodes[name]}" for name in ("plain", "daemons", "not-twice")
                     if "lost" not in nodes[name].get("Message", "") or nodes[name]["Attempt"] != 1]
        breaches += [] if nodes["behind"]["StateName"] == "CANCELLED" else [f"behind: {nodes['behind']}"]
        state, nodes = self.api.until_run(self.again[0], again, ("SUCCESS", "FAILED"))
        if state != "SUCCESS" or nodes["retried"]["Attempt"] != 2:
            breaches.append(f"a node that may be repeated after a loss: {state} {nodes}")
        return breaches

    def kill_supervisor(self):
        breaches = []
        for number in range(ROUNDS):
            lost, again = self.start_scripts()
            doomed = self.server.task_processes()
            supervisors = self.server.supervisor_pids()
            if len(supervisors) != 1:
                return [f"{len(supervisors)} supervisors: {self.server.describe(supervisors)}"]
            if number == ROUNDS - 1:
                # Both at once: the next server finds neither.
                self.server.process.send_signal(signal.SIGKILL)
            killed_at = time.monotonic()
            os.kill(supervisors[0], signal.SIGKILL)
            until(lambda: not any(is_alive(pid) for pid in doomed), 3,
                  lambda: f"the trees are dead: {self.server.describe([pid for pid in doomed if is_alive(pid)])}")
            seconds = time.monotonic() - killed_at
            self.slowest_death = max(self.slowest_death, seconds)
            if seconds > 1.0 * PATIENCE and not self.level().endswith("-"):
                breaches.append(f"the trees died only after {seconds:.1f} s")
            if number == ROUNDS - 1:
                self.server.process.wait(10)
                self.server.start()
            breaches += self.check_lost(lost, again, killed_at, 5)
            after = self.server.supervisor_pids()
            if len(after) != 1 or after == supervisors:
                breaches.append(f"supervisors {supervisors} became {after}")
        print(f"# {self.name}: level {self.level()}; trees dead after at most {self.slowest_death * 1000:.0f} ms, "
              f"shown as lost after at most {self.slowest_word * 1000:.0f} ms")
        return breaches

    def new_runs_work(self):
        run = self.api.try_run(self.quick[0])
        state, nodes = self.api.until_run(self.quick[0], run, ("SUCCESS", "FAILED", "STOPPED"))
        return [] if state == "SUCCESS" else [f"{state} {nodes}"]

    def kill_while_starting(self):
        """The supervisor is killed while it starts what a burst of runs wants: nothing starts twice, everything ends."""
        runs = []
        for number in range(6):
            runs += [self.api.try_run(self.quick[0]) for _ in range(5)]
            time.sleep(0.02 * number)
            for pid in self.server.supervisor_pids():
                with contextlib.suppress(ProcessLookupError):  # found while the one before was dying
                    os.kill(pid, signal.SIGKILL)
        states = [self.api.until_run(self.quick[0], run, ("SUCCESS", "FAILED")) for run in runs]
        breaches = [f"{state} {node}" for state, nodes in states for node in nodes.values()
                    if node["StateName"] == "FAIL" and "lost" not in node.get("Message", "")]
        print(f"# of {len(runs)} runs {sum(state == 'SUCCESS' for state, _ in states)} ended in success, "
              "the others were in the supervisor's hands")
        return breaches + checker.attempts_once(self.ledger.lines())

    def nothing_is_left(self):
        return self.server.close()

    def tests(self):
        return [
            (f"{self.name}: a server with flows", self.prepare),
            (f"{self.name}: its trees die within 1 s, its nodes are lost within 5 s, a new supervisor comes",
             self.kill_supervisor),
            (f"{self.name}: new runs work", self.new_runs_work),
            (f"{self.name}: killed while it starts attempts, nothing starts twice and everything ends",
             self.kill_while_starting),
            (f"{self.name}: stop-all leaves nothing, and the events fold to the stored state", self.nothing_is_left),
        ]


def main():
    tap.run(Trial("root").tests() + Trial("plain", plain_uid=90000 + os.getpid() % 9000).tests())


if __name__ == "__main__":
    main()
