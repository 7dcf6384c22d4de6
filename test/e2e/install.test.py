#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 180
"""What docs/install.md installs is whole: the programs find each other where they were put, and the manuals are there."""

import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(os.path.dirname(HERE), "fault", "lib"), os.path.join(os.path.dirname(HERE), "house")]
import tap  # noqa: E402
from api import Api  # noqa: E402
from server import BUILD, PATIENCE, SOURCE, Server  # noqa: E402


class Trial:
    def __init__(self):
        self.server = Server("install")
        self.stage = os.path.join(self.server.scratch, "stage")

    def installed(self):
        if shutil.which("meson") is None or not os.access(os.path.join(BUILD, "meson-logs"), os.W_OK):
            raise tap.Skip("meson can not write to the build directory")
        done = subprocess.run(["meson", "install", "-C", BUILD, "--no-rebuild"], env={**os.environ, "DESTDIR": self.stage}, capture_output=True, text=True,
                              timeout=120 * PATIENCE, check=False)
        found = sorted(os.path.relpath(os.path.join(folder, name), self.stage) for folder, _, names in os.walk(self.stage) for name in names)
        manuals = [f"usr/local/share/man/man{name[-1]}/{name}" for name in os.listdir(os.path.join(SOURCE, "docs/man"))]
        wanted = sorted(manuals + [f"usr/local/bin/{name}" for name in ("sluice", "sluiced", "sluice-sql", "sluice-supervisor")])
        return [] if done.returncode == 0 and found == wanted else [f"exit code {done.returncode}: {done.stderr}", *found]

    def runs(self):
        if not os.path.isdir(self.stage):
            raise tap.Skip("nothing was installed")
        self.server.programs = os.path.join(self.stage, "usr/local/bin")
        self.server.start()
        api = Api(self.server)
        flow = api.flow("script", {"main": "echo here"})
        run = api.try_run(flow[0])
        state, _ = api.until_run(flow[0], run, ("SUCCESS", "FAILED"))
        path = os.path.join(self.server.space, "a.db")
        api.call("SimplyAddInstance", Host=path, Port=0, DatabaseUser="none", DatabasePassword="none")  # tries the connection, by sluice-sql
        breaches = [] if state == "SUCCESS" and "OUT here\n" in api.log(flow[0], run, flow[1]["main"])["Content"] else [state]
        return breaches + ([] if self.server.stop_all() == 0 else ["--stop-all failed"])


def main():
    trial = Trial()
    tap.run([("four programs and their manuals are installed, and nothing else", trial.installed),
             ("the installed server runs scripts and SQL", trial.runs)])


if __name__ == "__main__":
    main()
