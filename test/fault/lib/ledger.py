# SPDX-License-Identifier: Apache-2.0
"""What scripts say about themselves: one line for each start and end, appended in one write, so that the order of the lines
is the order of events.

    start RUN NODE ATTEMPT PID SECONDS       SECONDS: /proc/uptime, or the clock where `clock` asks for it
    end   RUN NODE ATTEMPT PID SECONDS
"""

import os
from collections import namedtuple

Line = namedtuple("Line", "word run node attempt pid seconds place")


class Ledger:
    def __init__(self, server, name="ledger"):
        self.path = os.path.join(server.space, name)
        with open(self.path, "w", encoding="utf-8"):
            pass
        os.chmod(self.path, 0o666)

    def note(self, word, clock=False):
        time = "t=$(date +%s.%N)" if clock else "read t rest < /proc/uptime"
        return f'{time}; echo "{word} $SLUICE_RUN_ID $SLUICE_NODE_ID $SLUICE_ATTEMPT $$ $t" >> {self.path}'

    def script(self, work=":", clock=False):
        return f"{self.note('start', clock)}\n{work}\n{self.note('end', clock)}\n"

    def lines(self):
        with open(self.path, encoding="utf-8") as file:
            text = file.read()
        found = []
        for place, line in enumerate(text.splitlines()):
            word, run, node, attempt, pid, seconds = line.split()
            found.append(Line(word, int(run), int(node), int(attempt), int(pid), float(seconds), place))
        return found

    def open_count(self):
        """Scripts that have started and not ended."""
        words = [line.word for line in self.lines()]
        return words.count("start") - words.count("end")
