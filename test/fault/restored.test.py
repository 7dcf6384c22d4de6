#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 180
"""A backup is made under a running server and put back as docs/running.md says: what ran then is lost, what is new runs, and no attempt gets the fence, or
the log, of another."""

import glob
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "lib"), os.path.join(os.path.dirname(HERE), "house")]
import tap  # noqa: E402
from api import Api  # noqa: E402
from server import PATIENCE, Server, until  # noqa: E402

STARTS = 3  # each takes a new block of numbers, so that the supervisor has seen fences far above the backup's


class Trial:
    def __init__(self):
        self.server = Server("restored")
        self.api = Api(self.server)
        self.backup = os.path.join(self.server.space, "state.db")

    def begin(self):
        self.server.start()
        self.api.ask("ListTaskFlow")  # the connection to the server before is gone

    def run(self, flow):
        """(number, state, log) of a new run."""
        run = self.api.try_run(flow[0])
        state, _ = self.api.until_run(flow[0], run, ("SUCCESS", "FAILED"))
        return run, state, self.log(flow, run)

    def log(self, flow, run):
        return self.api.log(flow[0], run, flow[1]["main"])["Content"]

    def back_up(self):
        self.server.start()
        self.quick = self.api.flow("quick", {"main": "echo run $SLUICE_RUN_ID"})
        self.slow = self.api.flow("slow", {"main": "echo begun; sleep 600"})
        self.under_way = self.api.try_run(self.slow[0])
        until(lambda: self.api.state(self.slow[0], self.under_way)[1]["main"].get("Attempt") and "begun" in self.log(self.slow, self.under_way), 20, "the slow node has begun")
        subprocess.run(["sqlite3", os.path.join(self.server.data, "state.db"), f"VACUUM INTO '{self.backup}'"], check=True, timeout=60 * PATIENCE)
        for _ in range(STARTS):
            _, state, _ = self.run(self.quick)
            if state != "SUCCESS":
                return [state]
            self.server.terminate()
            self.begin()
        return [] if self.server.stop_all() == 0 else ["--stop-all failed"]

    def put_back(self):
        path = os.path.join(self.server.data, "state.db")
        status = os.stat(path)
        for old in glob.glob(path + "*"):
            os.unlink(old)
        shutil.copy(self.backup, path)
        os.chown(path, status.st_uid, status.st_gid)
        os.chmod(path, 0o600)
        self.begin()
        _, nodes = self.api.until_run(self.slow[0], self.under_way, ("FAILED",))
        return [] if nodes["main"]["Message"].startswith("lost: ") else [nodes["main"]["Message"]]

    def go_on(self):
        breaches = []
        for _ in range(2):
            run, state, log = self.run(self.quick)
            if state != "SUCCESS" or f"OUT run {run}\n" not in log:
                breaches.append(f"run {run} is {state}: {log}")
        return breaches

    def end(self):
        return ([] if self.server.stop_all() == 0 else ["--stop-all failed"]) + self.server.check_store()


def main():
    trial = Trial()
    tap.run([("a backup is made under a running server", trial.back_up),
             ("put back, it starts, and what ran at that time is lost", trial.put_back),
             ("new runs run, each with a log of its own", trial.go_on),
             ("the events fold to the stored state", trial.end)])


if __name__ == "__main__":
    main()
