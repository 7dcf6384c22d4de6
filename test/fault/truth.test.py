#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 200
"""Scripts that behave badly are recorded truthfully and leave nothing behind.

SLUICE_FLOOD_BYTES: how much one script prints (1 GiB).
"""

import os
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "lib"), os.path.join(os.path.dirname(HERE), "house")]
import tap  # noqa: E402
from api import Api  # noqa: E402
from server import IS_ROOT, PATIENCE, Server, until  # noqa: E402

FLOOD = int(os.environ.get("SLUICE_FLOOD_BYTES") or (1 << 30 if PATIENCE == 1 else 1 << 26))
HEAD = RING = 8 << 20
HEADER = 64
READ_MAX = 1 << 20
NOT_ISOLATED = 77

# A signal to everybody reaches every process of its uid that it can see: sent without a pid namespace of its own, under the uid of
# whoever runs this test, it ends that person's whole session. So the script proves first that it is alone, and sends nothing when it
# can not: a namespace that it can name and that is not ours, or a uid that nobody else has.
PROVE_ISOLATION = f"""
space=$(readlink /proc/self/ns/pid) || space=
case $space in
    'pid:['*']') [ "$space" != '{os.readlink("/proc/self/ns/pid")}' ] && alone=yes ;;
esac
[ $(id -u) = TASK_UID ] && alone=yes
[ "$alone" = yes ] || exit {NOT_ISOLATED}
"""

# name: (script, further content, state of the run, words of the node's message, milliseconds it takes at least)
SCRIPTS = {
    "good": ("echo fine", {}, "SUCCESS", "", 0),
    "exit-1": ("exit 1", {}, "FAILED", "exit code 1", 0),
    "exit-37": ("echo no >&2; exit 37", {}, "FAILED", "exit code 37", 0),
    "exit-255": ("exit 255", {}, "FAILED", "exit code 255", 0),
    "segv": ("kill -SEGV $$", {}, "FAILED", "killed by signal 11", 0),
    "kill-self": ("kill -KILL $$", {}, "FAILED", "killed by signal 9", 0),
    "term-self": ("kill -TERM $$; sleep 5", {}, "FAILED", "killed by signal 15", 0),
    "cpu-limit": ("ulimit -t 1; while :; do :; done", {}, "FAILED", "killed by signal", 500),
    "no-memory": ("ulimit -v 65536; tail /dev/zero", {}, "FAILED", "exit code", 0),
    "file-limit": ("ulimit -f 1; exec head -c 100000 /dev/zero > big", {}, "FAILED", "killed by signal 25", 0),
    "closes-descriptors": ("exec 0<&- 1>&- 2>&- 3>&-; sleep 1; exit 5", {}, "FAILED", "exit code 5", 900),
    "hundred-daemons": ("i=0; while [ $i -lt 100 ]; do (setsid sleep 60 &); i=$((i + 1)); done; exit 0", {}, "SUCCESS", "", 0),
    "daemon-holds-pipes": ("setsid sh -c 'trap \"\" TERM HUP; sleep 60' & exit 3", {}, "FAILED", "exit code 3", 0),
    "timeout": ("sleep 60", {"timeoutSeconds": 1}, "FAILED", "timed out after 1 s", 900),
    "timeout-ignored": ("trap '' TERM; setsid sleep 60 & while :; do sleep 1; done", {"timeoutSeconds": 1}, "FAILED",
                        "timed out after 1 s", 900),
    "no-interpreter": ("#!/no/such/interpreter\nhello", {}, "FAILED", "could not start", 0),
    "many-files": ("i=0; while [ $i -lt 300 ]; do mkdir -p d$i/e/f; : > d$i/e/f/file; i=$((i + 1)); done\n"
                   "mkdir closed; : > closed/file; chmod 0 closed; ln -s / root; mkfifo pipe; exit 0", {}, "SUCCESS", "", 0),
    "not-text": ("printf 'a\\000b\\377\\376\\n'; printf '\\303'; exit 4", {}, "FAILED", "exit code 4", 0),
    "signals-everybody": (PROVE_ISOLATION + "trap '' TERM; kill -TERM -1; kill -KILL -1; exit 0", {}, "FAILED", "", 0),
}


class Trial:
    def __init__(self):
        self.server = Server("truth")
        self.api = Api(self.server)
        self.runs = {}

    def record_each(self):
        self.server.start()
        # As root the server gives scripts a uid that no other process has.
        task_uid = str(max(self.server.uids)) if IS_ROOT else "none"
        for name, (script, content, *_) in SCRIPTS.items():
            script = script.replace("TASK_UID", task_uid)
            flow_id, nodes = self.api.flow(name, {"main": script}, contents={"main": content})
            self.runs[name] = (flow_id, self.api.try_run(flow_id), nodes["main"])
        breaches = []
        for name, (_, _, wanted, words, least_ms) in SCRIPTS.items():
            flow_id, run, node_id = self.runs[name]
            state, nodes = self.api.until_run(flow_id, run, ("SUCCESS", "FAILED", "STOPPED"), 20)
            node = nodes["main"]
            if name == "signals-everybody":
                # With a pid namespace it outlives its own signals; without one the kernel decides. Both may be told.
                wanted = state
                if f"exit code {NOT_ISOLATED}" in node.get("Message", ""):
                    print("# signals-everybody was not sent: no pid namespace and no uid of its own here")
            if state != wanted or words not in node.get("Message", "") or node.get("ExecuteTime", 0) < least_ms:
                breaches.append(f"{name}: {state} {node}")
            if node["StateName"] != {"SUCCESS": "SUCCESS"}.get(state, "FAIL") or node["Attempt"] != 1:
                breaches.append(f"{name}: node {node}")
            log = self.api.log(flow_id, run, node_id)
            closing = "status SUCCEEDED\n" if state == "SUCCESS" else "status FAILED\n"
            if not log["Finished"] or not log["Content"].endswith(closing):
                breaches.append(f"{name}: log {log}")
        return breaches

    def times_out_in_time(self):
        breaches = []
        for name in ("timeout", "timeout-ignored"):
            flow_id, run, _ = self.runs[name]
            _, nodes = self.api.state(flow_id, run)
            taken = nodes["main"]["ExecuteTime"]
            print(f"# {name}: {taken} ms")
            if taken > (1 + 2 + 2) * 1000 * PATIENCE:
                breaches.append(f"{name} took {taken} ms")
        return breaches

    def says_what_was_said(self):
        breaches = []
        for name, words in {"good": "OUT fine\n", "exit-37": "ERR no\n", "no-memory": "ERR tail", "not-text": "a\ufffdb\ufffd\ufffd"}.items():
            flow_id, run, node_id = self.runs[name]
            content = self.api.log(flow_id, run, node_id)["Content"]
            if words not in content:
                breaches.append(f"{name}: {content!r}")
        return breaches

    def flood(self):
        line = "0123456789abcdef" * 63 + "0123456"  # 1016 bytes with its end
        script = f"echo first\nyes {line} | head -c {FLOOD}\necho\necho last\n"
        flow_id, nodes = self.api.flow("flood", {"main": script})
        begin = time.monotonic()
        run = self.api.try_run(flow_id)
        until(lambda: self.api.log(flow_id, run, nodes["main"])["TotalBytes"] > 4 * HEAD or
              self.api.state(flow_id, run)[0] != "RUNNING", 30, "the log grows while the script runs")
        state, shown = self.api.until_run(flow_id, run, ("SUCCESS", "FAILED", "STOPPED"), 120)
        seconds = time.monotonic() - begin
        if state != "SUCCESS":
            return [f"{state} {shown}"]
        end = self.api.log(flow_id, run, nodes["main"], Offset=-200)
        print(f"# {FLOOD >> 20} MiB in {seconds:.1f} s; {end['TotalBytes']} bytes of log, {end['DroppedBytes']} dropped")
        breaches = []
        closing = "status SUCCEEDED\n"
        stream = end["TotalBytes"] - len(closing)
        if not end["Finished"] or " OUT last\n" not in end["Content"] or not end["Content"].endswith(closing):
            breaches.append(f"the end: {end}")
        if not FLOOD <= stream <= FLOOD * 1.1 + 1000:
            breaches.append(f"{stream} bytes of log for {FLOOD} bytes of output")
        if end["DroppedBytes"] != stream - HEAD - RING:
            breaches.append(f"{end['DroppedBytes']} dropped of {stream}: {stream - end['DroppedBytes'] - HEAD - RING} "
                            "bytes more or less than 16 MiB are kept")
        return breaches + self.read_over_the_gap(flow_id, run, nodes["main"], end)

    def read_over_the_gap(self, flow_id, run, node_id, end):
        breaches, offset, kept, jumps = [], 0, 0, 0
        first = None
        while offset < end["TotalBytes"]:
            piece = self.api.log(flow_id, run, node_id, Offset=offset, Length=READ_MAX)
            first = first or piece["Content"][:200]
            jumps += piece["Offset"] != offset
            kept += piece["NextOffset"] - piece["Offset"]
            if piece["NextOffset"] <= offset or piece["DroppedBytes"] != end["DroppedBytes"]:
                return [f"at {offset}: Offset {piece['Offset']} NextOffset {piece['NextOffset']} "
                        f"DroppedBytes {piece['DroppedBytes']}"]
            offset = piece["NextOffset"]
        if jumps != 1 or kept + end["DroppedBytes"] != end["TotalBytes"]:
            breaches.append(f"{jumps} jumps, {kept} kept + {end['DroppedBytes']} dropped of {end['TotalBytes']}")
        if " OUT first\n" not in first:
            breaches.append(f"the beginning: {first!r}")
        return breaches

    def files_are_bounded(self):
        folder = os.path.join(self.server.data, "logs")
        sizes = {}
        for where, _, names in os.walk(folder):
            sizes.update({name: os.stat(os.path.join(where, name)).st_size for name in names})
        return [f"{name} has {size} bytes" for name, size in sizes.items() if size > HEAD + RING + HEADER] + \
            ([] if len(sizes) == len(SCRIPTS) + 1 else [f"{len(sizes)} log files"])

    def nothing_runs(self):
        until(lambda: not self.server.task_processes(), 1, lambda: self.server.describe(self.server.task_processes()))
        work = os.path.join(self.server.data, "work")

        def left():
            # Empty directories that wait for the next attempt are the supervisor's own.
            return [name for name in os.listdir(work) if not name.startswith(".spare.") or os.listdir(os.path.join(work, name))]

        until(lambda: not left(), 5, lambda: f"work/ is empty: {left()[:10]}")

    def nothing_is_left(self):
        # A large tree whose removal is under way when the operator stops everything.
        script = "for i in $(seq 100); do mkdir d$i; (cd d$i; touch $(seq 150)); done"
        flow_id, _ = self.api.flow("large tree", {"main": script})
        self.api.until_run(flow_id, self.api.try_run(flow_id), ("SUCCESS",), 30)
        return self.server.close()


def main():
    trial = Trial()
    tap.run([
        ("the end of every script is recorded as it was", trial.record_each),
        ("a time limit holds, also for a script that ignores TERM", trial.times_out_in_time),
        ("what scripts said last stands in their logs", trial.says_what_was_said),
        ("a flood of output is kept at both ends, and the rest is counted", trial.flood),
        ("log files are bounded", trial.files_are_bounded),
        ("no process and no file of a script is left", trial.nothing_runs),
        ("stop-all leaves nothing, and the events fold to the stored state", trial.nothing_is_left),
    ])


if __name__ == "__main__":
    main()
