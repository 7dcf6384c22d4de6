#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 400
# alone: yes
"""A full disk takes no changes and loses nothing: reads and stops go on, ends are recorded, a restart works, /readyz says why, and when there is
room again everything goes on by itself, each run to its one end.

The disk is a tmpfs of the test's own. As root and as a plain user.
"""

import atexit
import os
import shutil
import signal
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "lib"), os.path.join(os.path.dirname(HERE), "house")]
import disk as disks  # noqa: E402
import tap  # noqa: E402
from api import Api, Refused  # noqa: E402
from ledger import Ledger  # noqa: E402
from server import IS_ROOT, Server, is_alive, read_bytes, until  # noqa: E402

DISK_MIB, RESERVE_MIB = 96, 8
FULL = "the disk of the data directory is full"


class Trial:
    def __init__(self, name, refusal, **options):
        self.name, self.refusal = name, refusal
        if refusal is None:
            self.server = Server(name, ["--reserve", str(RESERVE_MIB)], **options)
            owner = options.get("plain_uid", min(self.server.uids or {os.geteuid()}))
            self.disk = disks.Disk(self.server.data, DISK_MIB, owner, owner if IS_ROOT else os.getegid())
            atexit.register(self.disk.unmount)  # before the server's own clearing up
            self.api = Api(self.server)
            self.ledger = Ledger(self.server)
            self.gates = 0

    # ---- Words ----

    def path(self, name):
        return os.path.join(self.server.data, name)

    def until_full(self):
        until(lambda: self.server.readiness() == (503, f"not ready: {FULL}: changes are refused, and nothing is begun, until there is room "
                                                "for the reserve again\n"), 15, lambda: f"{self.server.readiness()}\n{self.server.tail()}")

    def gated_flow(self, name):
        """A flow whose first node waits for a file, with another one behind it: (flow id, nodes, path of the file)."""
        gate = os.path.join(self.server.space, name)
        script = f"{self.ledger.note('start')}\necho begun\nwhile [ ! -e {gate} ]; do sleep 0.05; done\n{self.ledger.note('end')}\n"
        flow_id, nodes = self.api.flow(name, {"main": script, "behind": self.ledger.script()}, [("main", "behind")])
        return flow_id, nodes, gate

    def start(self, flow):
        before = self.ledger.open_count()
        run = self.api.try_run(flow[0])
        until(lambda: self.ledger.open_count() == before + 1, 10, lambda: f"the script has started\n{self.server.tail()}")
        return run

    def start_server(self):
        self.server.start()
        self.api = Api(self.server)  # its connection has ended with the server before

    def begin(self):
        """Each test begins with room, whatever became of the one before."""
        self.disk.empty()
        self.server.until_ready()
        for flow in (self.slow, self.other, self.third, self.fourth):
            if os.path.exists(flow[2]):
                os.unlink(flow[2])

    @staticmethod
    def open(flow):
        with open(flow[2], "w", encoding="ascii"):
            pass

    def refused(self, code="StorageFull"):
        """Every kind of change is refused, with one code, and nothing is changed."""
        flow, node = self.quick[0], self.quick[1]["main"]
        before = self.server.query("SELECT count(*) FROM flow UNION ALL SELECT count(*) FROM run UNION ALL SELECT count(*) FROM node")
        changes = [("CreateTaskFlow", {"DagName": "never"}), ("TryRunTaskFlow", {"DagId": flow}),
                   ("CreateTask", {"DagId": flow, "NodeName": "never", "NodeType": "AZKABAN_COMMAND_REMOTE"}),
                   ("UpdateTaskContent", {"NodeId": node, "NodeContent": {"script": "never"}}), ("DeleteTaskFlow", {"DagId": flow}),
                   ("PublishAndDeployTaskFlow", {"DagId": flow, "VersionComments": "never"}), ("CreateScenario", {"ScenarioName": "never"})]
        breaches = []
        for action, params in changes:
            try:
                breaches.append(f"{action} was answered {self.api.call(action, **params)}")
            except Refused as error:
                if (error.status, error.code) != (503, code) or "SQL" in str(error):
                    breaches.append(str(error))
        after = self.server.query("SELECT count(*) FROM flow UNION ALL SELECT count(*) FROM run UNION ALL SELECT count(*) FROM node")
        return breaches + ([] if before == after else [f"changed: {before} {after}"])

    def reads(self):
        """Reading calls answer; they raise otherwise."""
        self.api.call("ListTaskFlow")
        self.api.call("GetTaskInstanceRelation", DagId=self.quick[0], DagInstanceId=self.first)
        log = self.api.call("GetTaskInstanceLog", DagId=self.quick[0], DagInstanceId=self.first, NodeId=self.quick[1]["main"])
        return [] if log["Success"] else [f"{log}"]

    def alive(self):
        breaches = [] if self.server.process.poll() is None else [f"the server ended with {self.server.process.poll()}"]
        log = read_bytes(self.server.log).decode(errors="replace")
        return breaches + [line for line in log.splitlines() if "SQL logic error" in line or "fail-stop" in line]

    def ended_once(self, flow, run, names=("main", "behind")):
        """The run has succeeded, and each of its scripts was started once."""
        state, nodes = self.api.until_run(flow[0], run, ("SUCCESS", "FAILED", "STOPPED"))
        breaches = [] if state == "SUCCESS" else [f"run {run}: {state} {nodes}"]
        for name in names:
            said = [line.word for line in self.ledger.lines() if (line.run, line.node) == (run, int(flow[1][name]))]
            breaches += [] if said == ["start", "end"] else [f"run {run}, {name}: {said}"]
        return breaches

    def stopped(self, flow, run):
        """The call to stop it is answered, and it is stopped; nothing of it is left."""
        pids = [line.pid for line in self.ledger.lines() if line.run == run]
        self.api.call("StopTaskFlowInstance", DagId=flow[0], DagInstanceId=run)
        state, _ = self.api.until_run(flow[0], run, ("STOPPED", "FAILED", "SUCCESS"))
        alive = [] if IS_ROOT is False else [pid for pid in pids if is_alive(pid) and os.path.basename(
            os.fsdecode(read_bytes(f"/proc/{pid}/cmdline").split(b"\0")[0])) == "sh" and pid in self.server.task_processes()]
        return [] if state == "STOPPED" and not alive else [f"run {run}: {state}, alive: {alive}"]

    # ---- Tests ----

    def prepare(self):
        if self.refusal is not None:
            raise tap.Skip(self.refusal)
        self.start_server()
        self.server.until_ready()
        self.quick = self.api.flow("quick", {"main": self.ledger.script("echo quick")})
        self.slow, self.other = self.gated_flow("slow"), self.gated_flow("other")
        self.third, self.fourth = self.gated_flow("third"), self.gated_flow("fourth")
        self.first = self.api.try_run(self.quick[0])
        return self.ended_once(self.quick, self.first, ("main",))

    def fills_while_runs_run(self):
        self.begin()
        goes_on, ends = self.start(self.slow), self.start(self.other)
        self.disk.fill()
        self.until_full()
        breaches = self.refused() + self.reads()
        breaches += self.stopped(self.other, ends)
        self.open(self.slow)
        until(lambda: self.api.state(self.slow[0], goes_on)[1]["main"]["StateName"] == "SUCCESS", 15,
              lambda: f"the end is recorded: {self.api.state(self.slow[0], goes_on)}\n{self.server.tail()}")
        _, nodes = self.api.state(self.slow[0], goes_on)
        if nodes["behind"]["StateName"] != "QUEUED" or FULL not in nodes["behind"].get("Message", ""):
            breaches.append(f"what follows does not wait, or does not say for what: {nodes['behind']}")
        breaches += self.refused() + self.alive()
        self.disk.empty()
        self.server.until_ready()
        breaches += self.ended_once(self.slow, goes_on)
        again = self.api.try_run(self.quick[0])
        return breaches + self.ended_once(self.quick, again, ("main",)) + self.alive()

    def restarts(self, stop):
        """The disk fills, the server ends and starts, and there is room again."""
        self.begin()
        goes_on, ends = self.start(self.third), self.start(self.fourth)
        self.disk.fill()
        self.until_full()
        stop()
        self.disk.fill()  # what the server gave back
        self.start_server()
        self.until_full()
        breaches = self.refused() + self.reads() + self.stopped(self.fourth, ends)
        self.open(self.third)
        until(lambda: self.api.state(self.third[0], goes_on)[1]["main"]["StateName"] == "SUCCESS", 15,
              lambda: f"the end is recorded: {self.api.state(self.third[0], goes_on)}\n{self.server.tail()}")
        breaches += self.alive()
        self.disk.empty()
        self.server.until_ready()
        return breaches + self.ended_once(self.third, goes_on)

    def restarts_after_a_kill(self):
        return self.restarts(self.server.kill)

    def restarts_after_a_stop(self):
        codes = []
        breaches = self.restarts(lambda: codes.append(self.server.terminate()[0]))
        return breaches + ([] if codes == [0] else [f"it ended with {codes}"])

    def without_any_room(self):
        """Also what was kept is gone: nothing can be stored, and what ends meanwhile is told by the supervisor afterwards."""
        self.begin()
        goes_on = self.start(self.third)
        self.server.terminate()
        self.disk.fill(leave=3 * disks.MIB)  # so that the log can not be made as large as it is as a rule
        self.start_server()
        self.disk.fill()
        self.until_full()
        for _ in range(3):
            os.truncate(self.path("reserve"), 0)
            self.disk.fill()
        self.open(self.third)
        until(lambda: ("end", goes_on) in [(line.word, line.run) for line in self.ledger.lines()], 15, "the script has ended")
        until(lambda: "event=store-blocked" in self.server.tail(1000), 15, self.server.tail)
        breaches = self.refused() + self.reads() + self.alive()
        try:
            breaches.append(f"a stop that can not be stored was answered: {self.api.call('StopTaskFlowInstance', DagId=self.third[0], DagInstanceId=goes_on)}")
        except Refused as error:
            breaches += [] if (error.status, error.code) == (503, "StorageFull") else [str(error)]
        state, nodes = self.api.state(self.third[0], goes_on)
        breaches += [] if nodes["main"]["StateName"] == "RUNNING" else [f"{state} {nodes}"]
        self.disk.empty()
        self.server.until_ready()
        return breaches + self.ended_once(self.third, goes_on) + self.alive()

    def no_supervisor(self):
        """The supervisor is killed while the disk is full: another one begins all the same, and what ran is lost once."""
        self.begin()
        run = self.start(self.fourth)
        self.disk.fill()
        self.until_full()
        for pid in self.server.supervisor_pids():
            os.kill(pid, signal.SIGKILL)
        state, nodes = self.api.until_run(self.fourth[0], run, ("FAILED", "SUCCESS"))
        breaches = [] if state == "FAILED" and "lost" in nodes["main"].get("Message", "") else [f"{state} {nodes}"]
        breaches += self.refused() + self.alive()
        self.disk.empty()
        self.server.until_ready()
        again = self.api.try_run(self.quick[0])
        return breaches + self.ended_once(self.quick, again, ("main",))

    def stops_everything(self):
        """--stop-all on a full disk."""
        self.begin()
        self.start(self.fourth)
        self.disk.fill()
        self.until_full()
        breaches = [] if self.server.stop_all() == 0 else ["--stop-all failed"]
        breaches += self.server.check_store()
        self.disk.empty()
        self.start_server()
        self.server.until_ready()
        return breaches + self.server.check_audit()

    def nothing_is_left(self):
        breaches = self.server.close()
        self.disk.unmount()
        shutil.rmtree(self.server.scratch, ignore_errors=True)
        return breaches

    def tests(self):
        whole = [
            ("a server on a small disk is ready", self.prepare),
            ("the disk fills while runs run: changes wait, reads, stops and ends do not, and it goes on by itself", self.fills_while_runs_run),
            ("a kill and a start on a full disk", self.restarts_after_a_kill),
            ("a stop and a start on a full disk", self.restarts_after_a_stop),
            ("without any room at all nothing is lost", self.without_any_room),
            ("a supervisor that dies on a full disk is replaced", self.no_supervisor),
            ("--stop-all works on a full disk", self.stops_everything),
            ("stop-all leaves nothing, and the events fold to the stored state", self.nothing_is_left),
        ]
        return [(f"{self.name}: {name}", test) for name, test in (whole if self.refusal is None else whole[:1])]


def main():
    refusal = disks.enter_namespace()
    trials = [Trial("root" if IS_ROOT else "plain", refusal)]
    if IS_ROOT:
        trials.append(Trial("plain", refusal, plain_uid=90000 + os.getpid() % 9000))
    tap.run([test for trial in trials for test in trial.tests()])


if __name__ == "__main__":
    main()
