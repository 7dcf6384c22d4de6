#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 300
# needs: root
"""Whoever has the server's uid plants links, pipes and other people's files in DIR: root opens, empties and gives away none.

Each plant is made between two starts, as the server's uid could have made it (hard links by root, as a kernel without
fs.protected_hardlinks allows them). The start is refused with a sentence that names the file, or does without it.
"""

import os
import shutil
import stat
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "lib"), os.path.join(os.path.dirname(HERE), "house")]
import tap  # noqa: E402
from api import Api  # noqa: E402
from ledger import Ledger  # noqa: E402
from server import PATIENCE, Server, until  # noqa: E402

SECRET = b"only root may read or write this\n"


class Trial:
    def __init__(self):
        self.server = Server("planted")
        self.api = Api(self.server)
        self.ledger = Ledger(self.server)
        self.uid = min(self.server.uids)
        self.treasury = os.path.join(self.server.scratch, "treasury")
        self.file = os.path.join(self.treasury, "file")
        self.folder = os.path.join(self.treasury, "folder")

    def path(self, name):
        return os.path.join(self.server.data, name)

    def prepare(self):
        os.mkdir(self.treasury, 0o755)
        os.mkdir(self.folder, 0o700)
        with open(os.path.join(self.folder, "inside"), "wb") as file:
            file.write(SECRET)
        with open(self.file, "wb") as file:
            file.write(SECRET)
        for path, mode in ((self.treasury, 0o755), (self.file, 0o600), (os.path.join(self.folder, "inside"), 0o600)):
            os.chmod(path, mode)  # whatever the umask is
        self.server.start()
        self.flow = self.api.flow("quick", {"main": self.ledger.script()})
        run = self.api.try_run(self.flow[0])
        self.api.until_run(self.flow[0], run, ("SUCCESS",))
        self.end()

    def begin(self):
        self.server.start()
        self.api.ask("ListTaskFlow")  # the connection to the server before is gone

    def end(self):
        code = self.server.stop_all()
        assert code == 0, code

    def treasure_breaches(self):
        """Nothing of root's has changed hands, mode or content."""
        breaches = []
        for path, mode in ((self.treasury, 0o755), (self.folder, 0o700), (self.file, 0o600), (os.path.join(self.folder, "inside"), 0o600)):
            status = os.lstat(path)
            if status.st_uid != 0 or status.st_gid != 0 or stat.S_IMODE(status.st_mode) != mode:
                breaches.append(f"{path} is {status.st_uid}:{status.st_gid} {oct(status.st_mode)}")
        for path in (self.file, os.path.join(self.folder, "inside")):
            with open(path, "rb") as file:
                if file.read() != SECRET:
                    breaches.append(f"{path} has another content")
        if sorted(os.listdir(self.folder)) != ["inside"] or sorted(os.listdir(self.treasury)) != ["file", "folder"]:
            breaches.append(f"{os.listdir(self.treasury)} {os.listdir(self.folder)}")
        return breaches

    def attempt_start(self):
        """Starts the server and waits; (exit code, standard error), or (None, …) when it serves."""
        process = self.server.spawn()
        try:
            until(lambda: self.server.is_ready() or process.poll() is not None, 10, "the start is over: it neither serves nor ends")
        except AssertionError:
            process.kill()
            process.wait()
            raise
        return process.poll(), self.server.tail(3)

    def refused(self, name, plant):
        """With this plant in the place of DIR/name the start is refused and names it; without it the server starts."""
        path = self.path(name)
        kept = path + ".kept"
        if os.path.lexists(path):
            os.rename(path, kept)
        plant(path)
        try:
            code, said = self.attempt_start()
            breaches = [] if code == 1 and f"{path} " in said else [f"{name}: exit code {code}, {said}"]
            if code is None:
                self.end()
        finally:
            self.remove(path)
            if os.path.lexists(kept):
                os.rename(kept, path)
        return [f"{name}: {breach}" for breach in breaches + self.treasure_breaches()]

    @staticmethod
    def remove(path):
        if os.path.isdir(path) and not os.path.islink(path):
            shutil.rmtree(path)
        elif os.path.lexists(path):
            os.unlink(path)

    def as_server(self, *command):
        subprocess.run(["setpriv", f"--reuid={self.uid}", f"--regid={self.uid}", "--clear-groups", *command], check=True)

    def link(self, target):
        return lambda path: self.as_server("ln", "-s", target, path)

    def pipe(self, path):
        self.as_server("mkfifo", path)

    def another_folder(self, path):
        """A directory of root's with something in it."""
        os.mkdir(path, 0o700)
        with open(os.path.join(path, "inside"), "wb"):
            pass

    def hard_link(self, path):
        os.link(self.file, path)

    def directories(self):
        breaches = []
        for name in ("logs", "work"):
            for plant in (self.link(self.folder), self.pipe, self.link("/no/such/place")):
                breaches += self.refused(name, plant)
        breaches += self.refused("logs", self.another_folder)
        # The work directories' parent under the name of the logs.
        os.mkdir(os.path.join(self.path("work"), "1"))
        breaches += self.refused("logs", lambda path: os.rename(self.path("work"), path))
        os.mkdir(self.path("work"), 0o711)
        return breaches + self.refused("work", lambda path: self.as_server("mkdir", path))

    def files(self):
        breaches = []
        for name in ("supervisor.log", "supervisor.lock", "server.lock", "attempts.journal"):
            for plant in (self.link(self.file), self.pipe, self.hard_link, lambda path: self.as_server("mkdir", path)):
                breaches += self.refused(name, plant)
        for name in ("state.db", "state.db-wal", "state.db-shm", "state.db-journal", "master.key", "audit.heads"):
            for plant in (self.link(self.file), self.pipe, lambda path: self.as_server("mkdir", path)):
                breaches += self.refused(name, plant)
        return breaches + self.refused("attempts.journal", lambda path: self.as_server("cp", "/etc/hostname", path))

    def log_folders(self):
        """logs/N is made by the supervisor while the server runs: the attempt goes on without its log."""
        self.begin()
        breaches = []
        mark = max(int(name.split(".")[0]) for _, _, names in os.walk(self.path("logs")) for name in names)
        folder = os.path.join(self.path("logs"), str((mark + 1) // 1000))
        kept = folder + ".kept"
        os.rename(folder, kept)
        for plant in (self.link(self.folder), self.pipe, self.another_folder):
            plant(folder)
            run = self.api.try_run(self.flow[0])
            state, nodes = self.api.until_run(self.flow[0], run, ("SUCCESS", "FAILED"))
            breaches += [] if state == "SUCCESS" else [f"{state} {nodes}"]
            breaches += self.treasure_breaches()
            self.remove(folder)
        os.rename(kept, folder)
        self.end()
        return breaches

    def what_others_wrote(self):
        """A second server reads who holds DIR: past a link or a pipe, which say nothing."""
        self.server.start()
        breaches = []
        for plant in (self.link(self.file), self.pipe):
            path = self.path("server.pid")
            self.remove(path)
            plant(path)
            done = subprocess.run(self.server.command("--listen", "127.0.0.1:0", *self.server.arguments), env=self.server.environment,
                                  capture_output=True, timeout=20 * PATIENCE, check=False, cwd="/")
            if done.returncode != 3 or b"pid unknown" not in done.stderr or b"only root" in done.stderr:
                breaches.append(f"{done.returncode} {done.stderr.decode()}")
        self.end()
        return breaches + self.treasure_breaches()

    def sockets(self):
        """Sockets are made anew in the place of what lies there, and --stop-all speaks to nobody else's."""
        breaches = []
        for name in ("supervisor.sock", "control.sock", "supervisor.pid", "server.pid", "boot-id"):
            for plant in (self.link(self.file), self.pipe, self.hard_link):
                path = self.path(name)
                if os.path.lexists(path):
                    os.unlink(path)
                plant(path)
                code, said = self.attempt_start()
                if code is not None:
                    breaches.append(f"{name}: {code} {said}")
                    continue
                self.api.ask("ListTaskFlow")
                run = self.api.try_run(self.flow[0])
                self.api.until_run(self.flow[0], run, ("SUCCESS",))
                self.end()
                breaches += [f"{name}: {breach}" for breach in self.treasure_breaches()]
        return breaches

    def nothing_is_left(self):
        self.server.start()
        return self.server.close()


def main():
    trial = Trial()
    tap.run([
        ("a server that has run", trial.prepare),
        ("planted for directories: the start is refused and gives nothing away", trial.directories),
        ("planted for files: the start is refused, waits for nothing and changes nothing", trial.files),
        ("planted for a folder of logs: attempts go on and nothing is given away", trial.log_folders),
        ("planted for what a server writes about itself: nothing of it is read", trial.what_others_wrote),
        ("planted for sockets and small files: they are replaced, and nothing is given away", trial.sockets),
        ("stop-all leaves nothing, and the events fold to the stored state", trial.nothing_is_left),
    ])


if __name__ == "__main__":
    main()
