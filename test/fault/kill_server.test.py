#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 400
# alone: yes
"""kill -9 of the server at random moments under load (reliability.md T6).

No acknowledged call is lost, every run ends SUCCESS, every node starts and ends exactly once, running scripts are adopted,
every acknowledged change has exactly one row in the operation log and its chain holds, nothing is left behind. SLUICE_KILLS: how often (100). SLUICE_SEED: the moments.
"""

import os
import random
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "lib"), os.path.join(os.path.dirname(HERE), "house")]
import tap  # noqa: E402
import checker  # noqa: E402
from api import Api, Refused, Unknown  # noqa: E402
from ledger import Ledger  # noqa: E402
from server import PATIENCE, Server, until  # noqa: E402

KILLS = int(os.environ.get("SLUICE_KILLS") or (100 if PATIENCE == 1 else 20))
SEED = int(os.environ.get("SLUICE_SEED") or random.SystemRandom().randrange(1 << 32))
LIFE_MAX_S = 0.9 * PATIENCE
PAUSE_S = 0.10 * PATIENCE  # between the starts of runs
OPEN_MAX = 60  # scripts at a time: more and the machine, not the server, is what is tested


class Load:
    """Starts runs and makes flows all the time, and remembers what was acknowledged and what had no answer."""

    def __init__(self, api, flow_ids, ledger):
        self.api, self.flow_ids, self.ledger = api, flow_ids, ledger
        self.lock = threading.Lock()
        self.runs = {}  # acknowledged: run -> flow
        self.flows = []  # acknowledged
        self.unknown_runs = self.unknown_flows = 0
        self.complaints = []
        self.is_over = threading.Event()
        self.threads = [threading.Thread(target=self._start_runs, args=(SEED + 1,), daemon=True),
                        threading.Thread(target=self._make_flows, daemon=True)]
        for thread in self.threads:
            thread.start()

    def _start_runs(self, seed):
        choice = random.Random(seed)
        while not self.is_over.wait(PAUSE_S):
            if self.ledger.open_count() > OPEN_MAX:
                continue
            flow_id = choice.choice(self.flow_ids)
            try:
                self.runs[self.api.try_run(flow_id)] = flow_id
            except Unknown as unknown:
                self.unknown_runs += "ConnectionRefused" not in str(unknown)
            except (Refused, ValueError) as error:
                self._complain(error)

    def _make_flows(self):
        number = 0
        while not self.is_over.wait(PAUSE_S):
            number += 1
            try:
                self.flows.append(self.api.call("CreateTaskFlow", DagName=f"made-{number}")["DagId"])
            except Unknown as unknown:
                self.unknown_flows += "ConnectionRefused" not in str(unknown)
            except (Refused, ValueError) as error:
                self._complain(error)

    def _complain(self, error):
        with self.lock:
            self.complaints.append(str(error))

    def stop(self):
        self.is_over.set()
        for thread in self.threads:
            thread.join(60 * PATIENCE)


def make_flows(api, ledger):
    """Chains, fans and long scripts; returns {flow: (nodes, edges)}."""
    quick, slow = ledger.script(), ledger.script("sleep 0.3")
    long = ledger.script("sleep 2.5")
    shapes = {
        "chain": ({f"c{i}": quick for i in range(5)}, [(f"c{i}", f"c{i + 1}") for i in range(4)]),
        "fan": ({"first": quick, **{f"f{i}": slow for i in range(5)}, "last": quick},
                [("first", f"f{i}") for i in range(5)] + [(f"f{i}", "last") for i in range(5)]),
        "long": ({"long": long, "after": quick}, [("long", "after")]),
    }
    flows = {}
    for name, (scripts, edges) in shapes.items():
        flow_id, nodes = api.flow(name, scripts, edges)
        flows[flow_id] = (nodes, [(nodes[a], nodes[b]) for a, b in edges])
    return flows


class Trial:
    def __init__(self):
        self.server = Server("kill")
        self.api = Api(self.server)
        self.ledger = Ledger(self.server)
        self.recoveries = []
        self.spanned = 0  # scripts that ran while the server was killed
        self.early = 0
        self.final = {}
        self.final_nodes = set()

    def kill_again_and_again(self):
        print(f"# seed {SEED}, {KILLS} kills")
        moments = random.Random(SEED)
        self.server.start()
        self.flows = make_flows(self.api, self.ledger)
        self.load = Load(self.api, list(self.flows), self.ledger)
        begin = time.monotonic()
        for number in range(KILLS):
            if moments.random() < 0.2:
                # In the middle of a start, before it serves anybody.
                time.sleep(moments.uniform(0, 0.06 * PATIENCE))
                self.early += not self.server.is_ready()
            else:
                until(lambda: self.server.is_ready() or self.server.process.poll() is not None, 15, self.server.tail)
                time.sleep(moments.uniform(0, LIFE_MAX_S))
            if self.server.process.poll() is not None:
                return [f"before kill {number} the server ended with {self.server.process.returncode}", self.server.tail()]
            self.server.kill()
            self.spanned += self.ledger.open_count()
            if number % 5 == 0:
                self.recoveries.append(self.server.start())
            else:
                self.server.spawn()
        until(self.server.is_ready, 15, self.server.tail)
        self.load.stop()
        print(f"# {KILLS} kills in {time.monotonic() - begin:.0f} s, {self.early} of them before the server served; "
              f"{len(self.load.runs)} runs and {len(self.load.flows)} flows acknowledged, "
              f"{self.load.unknown_runs} and {self.load.unknown_flows} calls without an answer")
        return self.load.complaints[:10]

    def nothing_acknowledged_is_lost(self):
        flows = [flow["Id"] for flow in self.api.ask("ListTaskFlow")["TaskFlowList"]["TaskFlow"]]
        made = [flow for flow in flows if flow not in self.flows]
        for flow_id in self.flows:
            for run in self.api.runs(flow_id):
                self.final[run["Id"]] = flow_id
        breaches = [f"flow {flow} is lost" for flow in self.flows if flow not in flows]
        breaches += checker.acknowledged(self.load.flows, made, self.load.unknown_flows, "flow")
        breaches += checker.acknowledged(self.load.runs, list(self.final), self.load.unknown_runs, "run")
        breaches += [f"run {run} moved to another flow" for run, flow in self.load.runs.items()
                     if self.final.get(run, flow) != flow]
        return breaches + ([] if len(self.final) >= KILLS else [f"only {len(self.final)} runs: no load"])

    def every_run_succeeds(self):
        states = {}

        def all_ended():
            states.clear()
            for flow_id in self.flows:
                states.update({run["Id"]: (run["StateName"], run.get("Message")) for run in self.api.runs(flow_id)})
            return all(state in ("SUCCESS", "FAILED", "STOPPED") for state, _ in states.values())

        until(all_ended, 60, lambda: {run: state for run, state in states.items() if state[0] != "SUCCESS"})
        return [f"run {run}: {state}" for run, state in states.items() if state[0] != "SUCCESS"][:20]

    def every_node_starts_and_ends_exactly_once(self):
        lines = self.ledger.lines()
        expected = {(run, node) for run, flow in self.final.items() for node in self.flows[flow][0].values()}
        print(f"# {len(expected)} nodes in {len(self.final)} runs")
        return (checker.exactly_once(lines, expected) + checker.attempts_once(lines) +
                checker.in_order(lines, self.final, {flow: edges for flow, (_, edges) in self.flows.items()}))

    def scripts_were_adopted(self):
        slowest = max(self.recoveries)
        print(f"# {self.spanned} scripts ran on over a kill; start until ready: mean "
              f"{sum(self.recoveries) / len(self.recoveries) * 1000:.0f} ms, slowest {slowest * 1000:.0f} ms")
        breaches = [] if self.spanned >= KILLS else [f"only {self.spanned} scripts ran while the server was killed"]
        return breaches + ([] if slowest <= 5 * PATIENCE else [f"a restart took {slowest:.1f} s"])

    def every_change_is_in_the_operation_log(self):
        rows = self.server.query("SELECT request_id, action FROM audit WHERE code = ''")
        print(f"# {len(self.api.changes)} acknowledged changes, {len(rows)} rows")
        if len(self.api.changes) < KILLS:
            return [f"only {len(self.api.changes)} changes: no load"]
        return checker.audited(self.api.changes, rows) + self.server.check_audit()

    def nothing_is_left(self):
        return self.server.close()


def main():
    trial = Trial()
    tap.run([
        (f"the server is killed {KILLS} times under load and starts again each time", trial.kill_again_and_again),
        ("no acknowledged call is lost", trial.nothing_acknowledged_is_lost),
        ("every run ends in success", trial.every_run_succeeds),
        ("every node starts and ends exactly once, after those in front of it",
         trial.every_node_starts_and_ends_exactly_once),
        ("running scripts are adopted by the next server", trial.scripts_were_adopted),
        ("every acknowledged change has one row in the operation log, whose chain and signed heads hold",
         trial.every_change_is_in_the_operation_log),
        ("stop-all leaves nothing, and the events fold to the stored state", trial.nothing_is_left),
    ])


if __name__ == "__main__":
    main()
