#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures the server against the floors of this machine (docs/benchmarks.md).

Usage: scripts/bench.py --build DIR [--rounds N] [--seconds N] [--json]
Each figure and its floor are measured one after the other in every round, so that a machine that becomes slower does so for
both; the medians are compared. Time is the wall time of a client, from the API call to the end.
"""

import argparse
import json
import os
import select
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "bench"))
from client import Client  # noqa: E402  (the path above must be set first)

TASK_UID = 62801
CHAIN, FAN, BURST, BURST_NODES, CONNECTIONS, STARTS, SYNCS, READS = 200, 1000, 500, 5, 16, 20, 200, 8000
TRUE = "#!/bin/true\n"


def find_program(build, name):
    for folder in ("", "src/main", "test/bench"):
        path = os.path.join(build, folder, name)
        if os.access(path, os.X_OK) and os.path.isfile(path):
            return path
    sys.exit(f"bench: {build} holds no {name}; run make first")


def run_json(*command):
    result = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, check=False, timeout=150)
    if result.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))}: exit code {result.returncode}")
    return json.loads(result.stdout)


class Server:
    """One server process on a directory of its own."""

    started = []  # all of them, so that none is forgotten

    def __init__(self, build, directory):
        self.program, self.directory = find_program(build, "sluiced"), directory
        self.log = open(directory + ".log", "ab")
        start = time.monotonic()
        self.process = subprocess.Popen([self.program, "--data", directory, "--listen", "127.0.0.1:0",
                                         "--attempt-room", "0", "--key-rate", "0", "--address-rate", "0"],
                                        stdout=subprocess.PIPE, stderr=self.log)
        Server.started.append(self)
        has_line = select.select([self.process.stdout], [], [], 30)[0]
        line = self.process.stdout.readline().decode() if has_line else ""
        self.ready_seconds = time.monotonic() - start
        if "ready" not in line:
            self.process.kill()
            self.process.wait()
            with open(directory + ".log", encoding="utf-8", errors="replace") as file:
                sys.exit(f"bench: the server does not start:\n{file.read()[-2000:]}")

    def pids(self):
        """The server's own processes, by the names that it is known under."""
        found = {"sluiced": self.process.pid}
        path = os.path.join(self.directory, "supervisor.pid")
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                found["supervisor"] = int(file.read().split()[0])
        return found

    def memory_mb(self):
        sizes = {}
        for name, pid in self.pids().items():
            try:
                with open(f"/proc/{pid}/status", encoding="utf-8") as file:
                    kib = [int(line.split()[1]) for line in file if line.startswith("VmRSS:")]
                sizes[name] = round(kib[0] / 1024, 1) if kib else 0.0
            except (OSError, ValueError):
                sizes[name] = 0.0
        return sizes

    def stop(self):
        """As an operator would: SIGTERM. A supervisor that is known to the server and idle ends with it."""
        self.wait_for_supervisor()
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()

    def wait_for_supervisor(self):
        """The ready line comes before the supervisor has answered; /readyz tells when it has."""
        with open(os.path.join(self.directory, "server.address"), encoding="utf-8") as file:
            address = file.read().strip() + "/readyz"
        for _ in range(100):
            try:
                with urllib.request.urlopen(address, timeout=5) as reply:
                    if reply.status == 200:
                        return
            except OSError:
                pass
            time.sleep(0.02)

    def stop_all(self):
        if self.process.poll() is None:
            self.wait_for_supervisor()
            subprocess.run([self.program, "--data", self.directory, "--stop-all"], stdout=self.log, stderr=self.log,
                           check=False, timeout=60)
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()


class Bench:
    """The flows, the floors and the samples of all rounds."""

    def __init__(self, build, scratch):
        self.build, self.scratch = build, scratch
        self.floor, self.http = find_program(build, "bench-floor"), find_program(build, "bench-http")
        self.load = find_program(build, "bench-load")
        self.samples = {}
        # The stamp is run by the tasks' account, which may not see the build directory.
        self.stamp = os.path.join(scratch, "stamp")
        shutil.copy(find_program(build, "bench-stamp"), self.stamp)
        os.chmod(self.stamp, 0o755)
        self.stamps = os.path.join(scratch, "stamps")
        with open(self.stamps, "wb"):
            pass
        if os.geteuid() == 0:
            os.chown(self.stamps, TASK_UID, TASK_UID)
        self.journal = os.path.join(scratch, "floor")

    def add(self, name, value):
        self.samples.setdefault(name, []).append(value)

    def median(self, name):
        return statistics.median(self.samples[name])

    def build_flows(self):
        client = Client(self.server.directory)
        chain = [(i, i + 1) for i in range(CHAIN - 1)]
        fan = [(0, i) for i in range(1, FAN + 1)] + [(i, FAN + 1) for i in range(1, FAN + 1)]
        self.chain = client.flow("chain", [TRUE] * CHAIN, chain)
        self.fan = client.flow("fan", [TRUE] * (FAN + 2), fan)
        self.chain_engine = client.flow("chain, decided in the engine", [TRUE] * CHAIN, chain, is_disabled=True)
        self.fan_engine = client.flow("fan, decided in the engine", [TRUE] * (FAN + 2), fan, is_disabled=True)
        self.five = client.flow("five", [TRUE] * BURST_NODES, chain[:BURST_NODES - 1])
        self.one = client.flow("one", [f"#!{self.stamp} {self.stamps}\n"], [])

    def idle(self):
        """Start to ready and memory, before anything else has happened to the machine or the server."""
        for number in range(3):
            server = Server(self.build, os.path.join(self.scratch, f"first{number}"))
            self.add("ready_first", server.ready_seconds)
            server.stop_all()
        directory = os.path.join(self.scratch, "server")
        server = Server(self.build, directory)
        for _ in range(5):
            server.stop()
            server = Server(self.build, directory)
            self.add("ready", server.ready_seconds)
        self.server = server
        time.sleep(1)
        self.memory_idle = server.memory_mb()

    def run_flow(self, name, flow):
        self.add(name, run_json(self.load, self.server.directory, "run", flow)["seconds"])

    def burst_floor(self):
        """Requests and processes at the same time, as in the server; the later end counts."""
        start = time.monotonic()
        both = [subprocess.Popen([self.floor, "fanout", str(BURST * BURST_NODES), self.journal],
                                 stdout=subprocess.DEVNULL),
                subprocess.Popen([self.http, str(BURST), str(CONNECTIONS)], stdout=subprocess.DEVNULL)]
        if any(process.wait(timeout=120) != 0 for process in both):
            raise RuntimeError("the floor of the burst failed")
        self.add("burst_floor", time.monotonic() - start)

    def round(self):
        self.add("sync", run_json(self.floor, "sync", SYNCS, self.journal)["median_seconds"])
        self.add("chain_floor", run_json(self.floor, "chain", CHAIN, self.journal)["seconds"])
        self.run_flow("chain", self.chain)
        self.add("fan_floor", run_json(self.floor, "fanout", FAN, self.journal)["seconds"])
        self.run_flow("fan", self.fan)
        self.add("sync", run_json(self.floor, "sync", SYNCS, self.journal)["median_seconds"])
        self.run_flow("chain_engine", self.chain_engine)
        self.run_flow("fan_engine", self.fan_engine)
        self.burst_floor()
        self.add("burst", run_json(self.load, self.server.directory, "burst", self.five, BURST,
                                   CONNECTIONS)["seconds"])
        self.add("read_floor", run_json(self.http, READS, CONNECTIONS)["seconds"])
        self.add("read", run_json(self.load, self.server.directory, "read", self.five, READS, CONNECTIONS)["seconds"])
        self.add("read_one", run_json(self.load, self.server.directory, "read-one", self.five, READS, CONNECTIONS)["seconds"])
        self.add("request", run_json(self.http, 200, 1)["median_seconds"])
        self.add("spawn", run_json(self.floor, "start", STARTS, self.stamp, self.journal + ".stamps")["median_seconds"])
        self.add("start", run_json(self.load, self.server.directory, "start", self.one, STARTS,
                                   self.stamps)["seconds"])

    def rows(self):
        """(workload, measured, floor, ratio, target, is it reached) of each figure."""
        ms = 1000.0
        chain, chain_floor = self.median("chain") / CHAIN, self.median("chain_floor") / CHAIN
        fan, fan_floor = (FAN + 2) / self.median("fan"), (FAN + 2) / self.median("fan_floor")
        hand_over, sync = self.median("chain_engine") / CHAIN, self.median("sync")
        engine = (FAN + 2) / self.median("fan_engine")
        burst, burst_floor = BURST / self.median("burst"), BURST / self.median("burst_floor")
        start = self.median("start")
        start_floor = self.median("request") + sync + self.median("spawn")
        read, read_floor = READS / self.median("read"), READS / self.median("read_floor")
        read_one = READS / self.median("read_one")
        ready, memory = self.median("ready") * ms, self.memory_idle["sluiced"]
        return [
            (f"chain of {CHAIN} /bin/true", f"{chain * ms:.2f} ms", f"{chain_floor * ms:.2f} ms", chain / chain_floor,
             "<= 1.8", chain / chain_floor <= 1.8),
            (f"fan-out 1-{FAN}-1 of /bin/true", f"{fan:.0f} /s", f"{fan_floor:.0f} /s", fan / fan_floor,
             ">= 0.6", fan / fan_floor >= 0.6),
            (f"chain of {CHAIN}, decided in the engine", f"{hand_over * ms:.3f} ms", f"{sync * ms:.3f} ms (one sync)",
             hand_over / sync, "<= 4", hand_over / sync <= 4),
            (f"fan-out 1-{FAN}-1, decided in the engine", f"{engine:.0f} /s", "", None, ">= 5000/s", engine >= 5000),
            (f"{BURST} runs of {BURST_NODES} nodes through the API", f"{burst:.0f} runs/s", f"{burst_floor:.0f} runs/s",
             burst / burst_floor, ">= 0.5", burst / burst_floor >= 0.5),
            ("one node, API call to process running", f"{start * ms:.2f} ms", f"{start_floor * ms:.2f} ms",
             start / start_floor, "<= 3", start / start_floor <= 3),
            (f"signed read over {CONNECTIONS} connections", f"{read:.0f} /s", f"{read_floor:.0f} /s", read / read_floor,
             ">= 0.4", read / read_floor >= 0.4),
            ("the same of one row", f"{read_one:.0f} /s", f"{read_floor:.0f} /s", read_one / read_floor,
             ">= 0.4", read_one / read_floor >= 0.4),
            ("idle server, resident memory", f"{memory:.1f} MB", "", None, "< 30 MB", 0 < memory < 30),
            ("idle server, start to ready", f"{ready:.0f} ms", "", None, "< 200 ms", ready < 200),
        ]


def print_table(rows):
    table = [("workload", "measured", "floor", "ratio", "target", "")]
    for workload, measured, floor, ratio, target, is_reached in rows:
        table.append((workload, measured, floor, "" if ratio is None else f"{ratio:.2f}", target,
                      "ok" if is_reached else "MISS"))
    widths = [max(len(row[i]) for row in table) for i in range(len(table[0]))]
    for number, row in enumerate(table):
        print("  ".join(cell.ljust(width) if i in (0, 5) else cell.rjust(width)
                        for i, (cell, width) in enumerate(zip(row, widths))).rstrip())
        if number == 0:
            print("  ".join("-" * width for width in widths))


def as_json(bench, rows, rounds, seconds):
    names = ("workload", "measured", "floor", "ratio", "target", "is_reached")
    return {"rounds": rounds, "seconds": round(seconds, 1), "cores": os.cpu_count(),
            "rows": [dict(zip(names, row)) for row in rows], "samples_seconds": bench.samples,
            "memory_idle_mb": bench.memory_idle, "memory_after_mb": bench.memory_after}


def measure(bench, rounds, seconds, note):
    """Idle figures, then rounds as long as there is time for another one of the same length. Gives their number."""
    begun = time.monotonic()
    note("idle server")
    bench.idle()
    note("creating flows of 2 400 nodes through the API")
    bench.build_flows()
    done = 0
    while done < rounds:
        start = time.monotonic()
        note(f"round {done + 1} of {rounds}")
        bench.round()
        done += 1
        if time.monotonic() - begun + (time.monotonic() - start) > seconds:
            break
    bench.memory_after = bench.server.memory_mb()
    return done


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default="build")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=150, help="begin no further round that would end later")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    begun = time.monotonic()

    def note(text):
        print(f"bench: {time.monotonic() - begun:5.1f} s  {text}", file=sys.stderr, flush=True)

    # So that what was started is ended and the directory removed.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(143))
    scratch = tempfile.mkdtemp(prefix="sluice-bench.", dir="/var/tmp")
    os.chmod(scratch, 0o711)
    bench = Bench(options.build, scratch)
    try:
        rounds = measure(bench, options.rounds, options.seconds, note)
        rows = bench.rows()
        seconds = time.monotonic() - begun
    finally:
        for server in Server.started:
            if server.process.poll() is None:
                server.stop_all()
        shutil.rmtree(scratch, ignore_errors=True)
    if options.json:
        print(json.dumps(as_json(bench, rows, rounds, seconds), indent=1))
    else:
        print(f"{os.cpu_count()} cores, medians of {rounds} rounds, {seconds:.0f} s; the floors are measured in the same rounds\n")
        print_table(rows)
        after = ", ".join(f"{name} {size} MB" for name, size in bench.memory_after.items())
        print(f"\nresident after the load: {after}; first start with an empty directory: "
              f"{bench.median('ready_first') * 1000:.0f} ms")
    return 0


if __name__ == "__main__":
    sys.exit(main())
