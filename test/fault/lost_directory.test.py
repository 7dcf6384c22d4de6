#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 180
"""A store that is lost beside its traces is not founded anew without a word, and a directory that is deleted or replaced under a running server
is noticed before the next acknowledgement."""

import os
import shutil
import sqlite3
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "lib"), os.path.join(os.path.dirname(HERE), "house")]
import tap  # noqa: E402
from api import Api, Refused, Unknown  # noqa: E402
from server import PATIENCE, Server, read_bytes  # noqa: E402

LOST, STORE = 4, 70


def snapshot(data):
    """Every file of the directory with its bytes, but for locks and the index of the log, which any reader may make anew."""
    found = {}
    for folder, _, names in os.walk(data):
        for name in names:
            path = os.path.join(folder, name)
            content = read_bytes(path)
            if not name.endswith((".lock", "-shm")) and (content or not name.endswith("-wal")):
                found[os.path.relpath(path, data)] = content
    return found


class Trial:
    def __init__(self):
        self.server = Server("lost")
        self.good = os.path.join(self.server.scratch, "good")

    def prepare(self):
        """A store in use, then stopped: what each case begins with."""
        self.server.start()
        api = Api(self.server)
        flow_id, _ = api.flow("kept", {"main": "echo the old store"})
        api.until_run(flow_id, api.try_run(flow_id), ("SUCCESS",))
        if self.server.stop_all() != 0:
            return ["the server did not stop"]
        subprocess.run(["cp", "-a", self.server.data, self.good], check=True)
        self.restore()
        return []

    def restore(self):
        shutil.rmtree(self.server.data, ignore_errors=True)
        subprocess.run(["cp", "-a", self.good, self.server.data], check=True)

    def start(self, *arguments):
        """(exit code, standard error) of a start that is expected to be refused."""
        done = subprocess.run(self.server.command("--listen", "127.0.0.1:0", *self.server.arguments, *arguments),
                              env=self.server.environment, capture_output=True, text=True, timeout=30 * PATIENCE,
                              check=False, cwd="/")
        return done.returncode, done.stderr

    def refused(self, what, *words):
        before = snapshot(self.server.data)
        code, said = self.start()
        breaches = []
        if code != LOST or any(word not in said for word in ("--found-anew", "backup", *words)):
            breaches.append(f"{what}: exit code {code}: {said}")
        if snapshot(self.server.data) != before:
            breaches.append(f"{what}: the directory was changed")
        self.restore()
        return breaches

    def path(self, name):
        return os.path.join(self.server.data, name)

    def lost_database(self):
        os.unlink(self.path("state.db"))
        return self.refused("deleted", "master.key", "credentials", "audit.heads", "attempts.journal", "logs/")

    def emptied_database(self):
        with open(self.path("state.db"), "r+b") as file:
            file.truncate(0)
        breaches = self.refused("truncated", "master.key")
        for name in ("state.db", "state.db-wal", "state.db-shm"):
            if os.path.exists(self.path(name)):
                os.unlink(self.path(name))
        database = sqlite3.connect(self.path("state.db"))
        database.execute("CREATE TABLE t (a)")
        database.close()
        os.chmod(self.path("state.db"), 0o600)
        info = os.stat(self.server.data)
        os.chown(self.path("state.db"), info.st_uid, info.st_gid)
        return breaches + self.refused("another database", "master.key")

    def each_trace_counts(self):
        breaches = []
        for kept in ("master.key", "credentials", "attempts.journal", "audit.heads", "logs"):
            for name in os.listdir(self.server.data):
                if name != kept and name != "work":
                    path = self.path(name)
                    shutil.rmtree(path) if os.path.isdir(path) else os.unlink(path)
            breaches += self.refused(f"only {kept}", kept)
        return breaches

    def emptied_people(self):
        """A database with tables and without users, beside a log that was written, is no first start either."""
        database = sqlite3.connect(self.path("state.db"))
        database.execute("DELETE FROM person")
        database.commit()
        database.close()
        return self.refused("no users", "audit.heads")

    def first_start_goes_on(self):
        """A first start that was cut short before there was a user is not mistaken for a lost store."""
        data = self.server.data
        shutil.rmtree(data)
        self.server.environment["SLUICE_ACCESS_KEY_SECRET"] = "short"
        code, said = self.start()
        self.server.environment["SLUICE_ACCESS_KEY_SECRET"] = "a-secret-of-the-fault-tests-0001"
        if code != 1 or not os.path.exists(self.path("master.key")):
            return [f"exit code {code}: {said}"]
        self.server.start()
        code, _ = self.server.terminate()
        self.server.stop_all()
        self.restore()
        return [] if code == 0 else [f"exit code {code}"]

    def whole_store_is_not_founded(self):
        before = snapshot(self.server.data)
        code, said = self.start("--found-anew")
        breaches = [] if code == LOST and "without" in said else [f"exit code {code}: {said}"]
        return breaches + ([] if snapshot(self.server.data) == before else ["the directory was changed"])

    def founding_anew_is_said_and_audited(self):
        os.unlink(self.path("state.db"))
        old = snapshot(self.server.data)
        self.server.arguments.append("--found-anew")
        self.server.start()
        self.server.arguments.remove("--found-anew")
        folder = next(name for name in os.listdir(self.server.data) if name.startswith("before-"))
        breaches = []
        for name in ("master.key", "credentials", "audit.heads", "attempts.journal"):
            if read_bytes(os.path.join(self.path(folder), name)) != old[name]:
                breaches.append(f"{name} was not moved as it was")
            if name not in self.server.tail(100):
                breaches.append(f"moving {name} was not said")
        if not os.listdir(os.path.join(self.path(folder), "logs")) or folder not in self.server.tail(100):
            breaches.append("the logs were not moved, or it was not said where")
        api = Api(self.server)
        entry = api.call("GetOpLog", StartTime="2020-01-01 00:00:00", EndTime="2099-01-01 00:00:00", PageNumber=1,
                         PageSize=30)["OpLogDetails"]["OpLogDetail"][-1]
        if "FoundAnew" not in entry["OpContent"] or folder not in entry["OpContent"]:
            breaches.append(f"the first entry is {entry}")
        flow_id, _ = api.flow("new", {"main": "echo the new store"})
        api.until_run(flow_id, api.try_run(flow_id), ("SUCCESS",))
        self.server.stop_all()
        breaches += self.server.check_audit() + self.server.check_store()
        self.restore()
        return breaches

    def ends(self, what, change, undo, call=True):
        """The server after `change`: no acknowledgement, exit code 70 and a clear sentence."""
        self.server.start()
        api = Api(self.server)
        api.flow(f"before {os.urandom(4).hex()}", {"main": "true"})
        change()
        breaches = []
        try:
            if call:
                api.call("CreateTaskFlow", DagName=f"after {what}")
                breaches.append(f"{what}: a call was acknowledged")
        except (Refused, Unknown):
            pass
        code = self.server.process.wait(15 * PATIENCE)
        if code != STORE or what not in self.server.tail() or "state.db" not in self.server.tail():
            breaches.append(f"{what}: exit code {code}: {self.server.tail(3)}")
        for pid in self.server.supervisor_pids():
            os.kill(pid, 9)
        undo()
        return breaches

    def gone_directory(self):
        aside = self.server.data + ".aside"

        def back():
            shutil.rmtree(self.server.data, ignore_errors=True)
            os.rename(aside, self.server.data)

        def replace():
            # Whole before it takes the place: a supervisor that begins just now writes its files there too.
            subprocess.run(["cp", "-a", self.good, self.server.data + ".new"], check=True)
            os.rename(self.server.data, aside)
            os.rename(self.server.data + ".new", self.server.data)
        breaches = self.ends("deleted", lambda: shutil.rmtree(self.server.data, ignore_errors=True), self.restore)
        breaches += self.ends("deleted", lambda: os.rename(self.server.data, aside), back)
        breaches += self.ends("replaced", replace, back)
        return breaches

    def gone_log(self):
        """The write-ahead log alone: commits would go into a file without a name."""
        return self.ends("deleted", lambda: os.unlink(self.path("state.db-wal")), self.restore)

    def noticed_at_rest(self):
        begin = time.monotonic()
        breaches = self.ends("deleted", lambda: os.unlink(self.path("state.db")), self.restore, call=False)
        print(f"# noticed without a call after {time.monotonic() - begin:.1f} s")
        return breaches

    def nothing_is_left(self):
        self.server.start()
        return self.server.close()


def main():
    trial = Trial()
    tap.run([
        ("a store in use is set up", trial.prepare),
        ("a deleted state.db beside its traces is refused with exit code 4, and nothing is changed", trial.lost_database),
        ("so is one that was emptied, or that is another database", trial.emptied_database),
        ("each trace alone is enough", trial.each_trace_counts),
        ("a store without users beside a written log is refused", trial.emptied_people),
        ("a first start that was cut short goes on", trial.first_start_goes_on),
        ("--found-anew is refused where nothing is lost", trial.whole_store_is_not_founded),
        ("--found-anew moves the old files aside, says so, and is the log's first entry", trial.founding_anew_is_said_and_audited),
        ("a directory that is deleted or replaced ends the server before the next acknowledgement", trial.gone_directory),
        ("so does a deleted write-ahead log", trial.gone_log),
        ("a server at rest notices it too", trial.noticed_at_rest),
        ("stop-all leaves nothing, and the events fold to the stored state", trial.nothing_is_left),
    ])


if __name__ == "__main__":
    main()
