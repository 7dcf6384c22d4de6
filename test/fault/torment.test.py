#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 400
# alone: yes
"""A short, seeded torment: scripts/torment is the long one. SLUICE_SEED, SLUICE_SECONDS: others than these."""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "lib"), os.path.join(os.path.dirname(HERE), "house")]
import tap  # noqa: E402
from server import Server  # noqa: E402
from torment import Torment  # noqa: E402

SEED = int(os.environ.get("SLUICE_SEED") or 20240506)
SECONDS = int(os.environ.get("SLUICE_SECONDS") or 20)


class Trial:
    def __init__(self):
        self.server = Server("torment")
        self.torment = Torment(self.server, SEED, SECONDS)

    def nothing_ends_it(self):
        self.server.start()
        breaches = self.torment.run()
        print(f"# {self.torment.describe()}")
        counts, statuses = self.torment.counts, self.torment.statuses
        if not breaches and (counts["server kills"] == 0 or counts["supervisor kills"] == 0 or statuses.get(200, 0) < 20):
            breaches = ["it was no torment"]
        return breaches

    def the_log_is_whole(self):
        return self.server.check_audit()

    def nothing_is_left(self):
        return self.server.close()


def main():
    trial = Trial()
    tap.run([
        ("random requests over all operations, raw bytes and kills: nothing answers 5xx, the server does not end", trial.nothing_ends_it),
        ("the operation log is whole", trial.the_log_is_whole),
        ("stop-all leaves nothing, and the events fold to the stored state", trial.nothing_is_left),
    ])


main()
