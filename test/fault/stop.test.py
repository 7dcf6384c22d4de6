#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 200
# needs: root
# alone: yes
"""Stop, suspend, SIGTERM and --stop-all, with scripts that do not want to end (reliability.md T8).

Within grace + 2 s of a stop no process of the run exists, and the run is STOPPED only then. After a suspend nothing starts
until resume. SIGTERM leaves attempts running, the next server adopts them, and --stop-all ends them.
"""

import os
import random
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "lib"), os.path.join(os.path.dirname(HERE), "house")]
import tap  # noqa: E402
import checker  # noqa: E402
from api import Api  # noqa: E402
from ledger import Ledger  # noqa: E402
from server import PATIENCE, Server, is_alive, processes, read_bytes, until  # noqa: E402

GRACE_S = 2
SEED = int(os.environ.get("SLUICE_SEED") or random.SystemRandom().randrange(1 << 32))
STOP_LIMIT_S = GRACE_S + 2

# name: (what the script does before it notes its start and sleeps, processes it has at least)
ESCAPES = {
    "double-fork": ("( (sleep 71 & sleep 72) & ) &", 3),
    "setsid": ("setsid sh -c 'sleep 71; sleep 72' &\nsetsid setsid sleep 73 &", 3),
    "ignores-term": ("trap '' TERM HUP INT\nsh -c 'trap \"\" TERM; while :; do sleep 1; done' &", 3),
    "stopped": ("sleep 71 &\nkill -STOP $!\nsh -c 'trap \"\" TERM; kill -STOP $$' &", 3),
    "closes-descriptors": ("exec 0<&- 1>&- 2>&-\nsetsid sleep 71 &", 2),
    "hundred-daemons": ("i=0\nwhile [ $i -lt 100 ]; do (setsid sleep 71 &) ; i=$((i + 1)); done", 100),
    "nohup": ("nohup sh -c 'sleep 71; sleep 72' >/dev/null 2>&1 &", 2),
    "respawns": ("sh -c 'again() { setsid sh -c \"trap again TERM; sleep 71\" & }; trap again TERM; "
                 "while :; do sleep 1 & wait; done' &\ntrap 'setsid sleep 72 &' TERM", 2),
    "other-name": ("bash -c 'exec -a innocent sleep 71' &\nenv -i sleep 72 &", 3),
    "background-jobs": ("sleep 71 | cat | cat &\nsleep 72 &\nsleep 73 &", 5),
    "orphans": ("sh -c 'sh -c \"sleep 71 & sleep 72 &\" &'", 3),
    "fork-bomb": ("bomb() { if [ $1 -gt 0 ]; then bomb $(($1 - 1)) & bomb $(($1 - 1)) & fi; sleep 71; }\n"
                  "bomb 5 &", 60),
}
# The same, with a main script that hears no TERM either: nothing but KILL ends these.
ESCAPES.update({f"stubborn-{name}": (f"trap '' TERM\n{work}", count) for name, (work, count) in list(ESCAPES.items())})


def processes_of(run, server):
    """Live processes of a run, by the environment that they inherited."""
    marks = (f"SLUICE_RUN_ID={run}\0".encode(), os.fsencode(server.data))
    found = []
    for pid in processes():
        text = read_bytes(f"/proc/{pid}/environ")
        if all(mark in text for mark in marks) and is_alive(pid):
            found.append(pid)
    return found


class Trial:
    def __init__(self):
        self.server = Server("stop", arguments=["--grace", str(GRACE_S)])
        self.api = Api(self.server)
        self.ledger = Ledger(self.server)
        self.flows = {}

    def start_escapes(self):
        """All of them at once; returns {name: run}."""
        runs = {}
        before = self.ledger.open_count()
        for name, (work, _) in ESCAPES.items():
            if name not in self.flows:
                script = f"{work}\n{self.ledger.note('start')}\nwhile :; do sleep 1; done\n"
                self.flows[name] = self.api.flow(name, {"main": script, "behind": self.ledger.script()}, [("main", "behind")])
            runs[name] = self.api.try_run(self.flows[name][0])
        until(lambda: self.ledger.open_count() == before + len(ESCAPES), 20, "all scripts have started")
        # Now each has all the processes that it wants.
        for name, (_, count) in ESCAPES.items():
            until(lambda: len(processes_of(runs[name], self.server)) >= count, 10,
                  lambda: f"{name} has {count} processes: {self.server.describe(processes_of(runs[name], self.server))}")
        return runs

    def stop_each(self):
        self.server.start()
        runs = self.start_escapes()
        breaches, stopped_at, ended = [], {}, {}
        print(f"# {len(self.server.task_processes())} processes of {len(runs)} runs")
        for name, run in runs.items():
            self.api.call("StopTaskFlowInstance", DagId=self.flows[name][0], DagInstanceId=run)
            stopped_at[name] = time.monotonic()
        deadline = time.monotonic() + (STOP_LIMIT_S + 10) * PATIENCE
        while len(ended) < len(runs) and time.monotonic() < deadline:
            for name, run in runs.items():
                if name in ended:
                    continue
                state, nodes = self.api.state(self.flows[name][0], run)
                left = processes_of(run, self.server)
                if state == "STOPPED":
                    ended[name] = time.monotonic() - stopped_at[name]
                    if left:
                        breaches.append(f"{name} is STOPPED and has {self.server.describe(left)}")
                    if (nodes["main"]["StateName"], nodes["behind"]["StateName"]) != ("FAIL", "CANCELLED") or \
                            nodes["main"].get("Message") != "killed":
                        breaches.append(f"{name}: {nodes}")
                elif state != "ENDING":
                    breaches.append(f"{name} is {state} after its stop")
                    ended[name] = 0.0
        breaches += [f"{name} did not end: {self.server.describe(processes_of(run, self.server))}"
                     for name, run in runs.items() if name not in ended]
        breaches += [f"{name} was STOPPED only after {seconds:.1f} s" for name, seconds in ended.items()
                     if seconds > STOP_LIMIT_S * PATIENCE]
        print("# " + ", ".join(f"{name} {seconds:.1f} s" for name, seconds in ended.items()))
        left = self.by_task_uid()
        return breaches + ([f"left: {self.server.describe(left)}"] if left else [])

    def by_task_uid(self):
        """Every process of the task uid, also one that threw its environment away."""
        found = []
        for pid in processes():
            try:
                if os.stat(f"/proc/{pid}").st_uid == max(self.server.uids) and is_alive(pid):
                    found.append(pid)
            except OSError:
                continue
        return found

    def suspend_and_resume(self):
        print(f"# seed {SEED}")
        moments = random.Random(SEED)
        scripts = {f"n{row}-{column}": self.ledger.script("sleep 0.05", clock=True)
                   for row in range(12) for column in range(4)}
        edges = [(f"n{row}-{column}", f"n{row + 1}-{other}") for row in range(11) for column in range(4)
                 for other in (column, (column + 1) % 4)]
        flow_id, nodes = self.api.flow("suspended", scripts, edges)
        names = {node: name for name, node in nodes.items()}
        run = self.api.try_run(flow_id)
        breaches, started_before = [], 0
        for _ in range(5):
            time.sleep(moments.uniform(0.02, 0.3))
            if self.api.state(flow_id, run)[0] != "RUNNING":
                break
            self.api.call("SuspendTaskFlowInstance", DagId=flow_id, DagInstanceId=run)
            acknowledged = time.time()
            state, shown = self.api.state(flow_id, run)
            dispatched = {name for name, node in shown.items() if node["StateName"] in ("RUNNING", "SUCCESS", "FAIL")}
            if state != "SUSPENDED":
                return [f"{state} after a suspend that was acknowledged"]
            # Those that run finish; nothing new begins.
            until(lambda: not any(node["StateName"] == "RUNNING" for node in self.api.state(flow_id, run)[1].values()), 5,
                  "what ran when the run was suspended has finished")
            time.sleep(0.4)
            lines = [line for line in self.ledger.lines() if line.run == run]
            starts = {names[line.node] for line in lines if line.word == "start"}
            breaches += [f"{name} started though the run was suspended" for name in sorted(starts - dispatched)]
            # A node that was given to the supervisor before the word writes its line a moment later.
            breaches += [f"{names[line.node]} wrote {line.word} {line.seconds - acknowledged:.2f} s after the suspend"
                         for line in lines if line.word == "start" and line.seconds > acknowledged + 0.5 * PATIENCE]
            if len(starts) == started_before:
                breaches.append("nothing started since the last resume")
            started_before = len(starts)
            self.api.call("ResumeTaskFlowInstance", DagId=flow_id, DagInstanceId=run)
        state, _ = self.api.until_run(flow_id, run, ("SUCCESS", "FAILED", "STOPPED"))
        lines = [line for line in self.ledger.lines() if line.run == run]
        breaches += [] if state == "SUCCESS" else [f"the run ended {state}"]
        return (breaches + checker.exactly_once(lines, {(run, node) for node in nodes.values()}) +
                checker.in_order(lines, {run: flow_id}, {flow_id: [(nodes[a], nodes[b]) for a, b in edges]}))

    def sigterm_leaves_attempts(self):
        script = self.ledger.script("(setsid sleep 1.2) & sleep 1.5; wait")
        flow_id, nodes = self.api.flow("adopted", {"a": script, "b": script, "after": self.ledger.script()},
                                       [("a", "after"), ("b", "after")])
        run = self.api.try_run(flow_id)
        until(lambda: len([line for line in self.ledger.lines() if line.run == run]) == 2, 10, "two scripts run")
        code, seconds = self.server.terminate()
        left = processes_of(run, self.server)
        breaches = [] if code == 0 and seconds < 2 * PATIENCE else [f"SIGTERM: exit code {code} after {seconds:.1f} s"]
        breaches += [] if len(left) >= 4 else [f"SIGTERM ended scripts: {self.server.describe(left)}"]
        self.server.start()
        state, _ = self.api.until_run(flow_id, run, ("SUCCESS", "FAILED", "STOPPED"))
        breaches += [] if state == "SUCCESS" else [f"the run ended {state}"]
        lines = [line for line in self.ledger.lines() if line.run == run]
        return breaches + checker.exactly_once(lines, {(run, node) for node in nodes.values()})

    def exits_while_away(self):
        """Scripts that end while no server runs: their exits wait for the next one."""
        flow_id, nodes = self.api.flow("away", {"good": self.ledger.script("sleep 0.5"), "bad": "sleep 0.5; exit 9"})
        run = self.api.try_run(flow_id)
        until(lambda: [line for line in self.ledger.lines() if line.run == run], 10, "the script runs")
        self.server.terminate()
        until(lambda: not processes_of(run, self.server), 10, "the scripts end by themselves")
        self.server.start()
        state, shown = self.api.until_run(flow_id, run, ("SUCCESS", "FAILED", "STOPPED"))
        good = shown["good"]["StateName"] == "SUCCESS" and "exit code 9" in shown["bad"].get("Message", "")
        return [] if state == "FAILED" and good else [f"{state} {shown}"]

    def stop_all_while_serving(self):
        self.start_escapes()
        begin = time.monotonic()
        code = self.server.stop_all()
        seconds = time.monotonic() - begin
        left = self.server.processes()
        breaches = [] if code == 0 else [f"--stop-all ended with {code}"]
        breaches += [f"left: {self.server.describe(left)}"] if left else []
        return breaches + ([] if seconds < (STOP_LIMIT_S + 2) * PATIENCE else [f"--stop-all took {seconds:.1f} s"])

    def stop_all_without_server(self):
        self.server.start()
        states = {self.api.state(flow[0], self.api.runs(flow[0])[0]["Id"])[0] for flow in self.flows.values()}
        breaches = [] if states == {"STOPPED"} else [f"after --stop-all the runs are {states}"]
        self.start_escapes()
        self.server.kill()
        code = self.server.stop_all()
        left = self.server.processes()
        breaches += [] if code == 0 else [f"--stop-all ended with {code}"]
        return breaches + ([f"left: {self.server.describe(left)}"] if left else [])

    def nothing_is_left(self):
        self.server.start()
        return self.server.close()


def main():
    trial = Trial()
    tap.run([
        (f"stop: {len(ESCAPES)} scripts that would escape are gone within grace + 2 s, and only then STOPPED", trial.stop_each),
        ("suspend: nothing starts until resume, then all goes on", trial.suspend_and_resume),
        ("SIGTERM leaves attempts running, and the next server adopts them", trial.sigterm_leaves_attempts),
        ("exits that happen while no server runs are taken over", trial.exits_while_away),
        ("--stop-all ends every script and the server", trial.stop_all_while_serving),
        ("--stop-all ends every script when the server was killed", trial.stop_all_without_server),
        ("nothing is left, and the events fold to the stored state", trial.nothing_is_left),
    ])


if __name__ == "__main__":
    main()
