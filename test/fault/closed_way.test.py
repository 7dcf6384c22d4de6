#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 120
# needs: root
"""A data directory below a closed one (root's home, as a rule): as root it can be made there, and the server that root turns into can not enter it."""

import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "lib"), os.path.join(os.path.dirname(HERE), "house")]
import tap  # noqa: E402
from server import PATIENCE, Server  # noqa: E402

FAILED = 1


def refused(server):
    os.chmod(server.scratch, 0o700)
    done = subprocess.run(server.command("--listen", "127.0.0.1:0", *server.arguments), env=server.environment, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=30 * PATIENCE, check=False, cwd="/")
    said = f"can not be reached by the server, which runs as uid {min(server.uids)}: {server.scratch}: "
    return [] if done.returncode == FAILED and said in done.stderr and "SQLite" not in done.stderr else [f"exit code {done.returncode}: {done.stderr}"]


def opened(server):
    os.chmod(server.scratch, 0o711)
    server.start()
    return [] if server.stop_all() == 0 else ["--stop-all failed"]


def main():
    server = Server("way")
    tap.run([("a closed directory above DIR is named, and nothing is started", lambda: refused(server)),
             ("with the way opened the server starts", lambda: opened(server))])


if __name__ == "__main__":
    main()
