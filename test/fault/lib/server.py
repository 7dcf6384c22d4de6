# SPDX-License-Identifier: Apache-2.0
"""A real server on a scratch directory, made to be killed: start, kill -9, adopt, stop, and a look at every process it has.

Each server gets uids of its own when the test is root, so that "a process of this server" is a question of numbers, and a
fixed port, so that a client goes on after a restart.
"""

import atexit
import http.client
import os
import random
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time

SOURCE = os.environ.get("SLUICE_SOURCE") or os.path.dirname(
    os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
BUILD = os.environ.get("SLUICE_BUILD") or os.path.join(SOURCE, "build")
PATIENCE = 4 if os.environ.get("SLUICE_SANITIZED") else 1
KEY_ID = "SLUICEFAULTTESTKEY001"
KEY_SECRET = "a-secret-of-the-fault-tests-0001"
PROGRAMS = ("sluiced", "sluice-supervisor", "sluice-sql")
READY = re.compile(rb"^sluiced ready on https?://127\.0\.0\.1:(\d+)$", re.MULTILINE)
IS_ROOT = os.geteuid() == 0


def until(question, seconds, what):
    """The first true answer to the question, asked again and again; an AssertionError when the time is over."""
    deadline = time.monotonic() + seconds * PATIENCE
    while True:
        answer = question()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds * PATIENCE} s: {what() if callable(what) else what}")
        time.sleep(0.01)


def free_port():
    """A port outside the range that outgoing connections take theirs from: it is still free after a kill."""
    while True:
        port = random.SystemRandom().randrange(20000, 32000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


def read_bytes(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""


def stat_fields(pid):
    """(state, parent pid) of a process, or None when it is gone."""
    text = read_bytes(f"/proc/{pid}/stat")
    fields = text[text.rfind(b")") + 2:].split()
    return (fields[0].decode(), int(fields[1])) if len(fields) > 2 else None


def is_alive(pid):
    """A zombie is dead: it runs nothing any more."""
    fields = stat_fields(pid)
    return fields is not None and fields[0] not in ("Z", "X")


def processes():
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


class Server:
    """arguments: further ones of the command line. plain_uid: run it as this uid, not as root (the test is root)."""

    def __init__(self, name, arguments=(), plain_uid=None):
        if not os.path.exists(os.path.join(BUILD, "src", "main", "sluiced")):
            sys.exit(f"{BUILD} has no sluiced: build first, and name the build directory in SLUICE_BUILD")
        self.scratch = tempfile.mkdtemp(prefix=f"sluice-fault-{name}-", dir="/var/tmp")
        os.chmod(self.scratch, 0o711)
        self.data = os.path.join(self.scratch, "data")
        self.log = os.path.join(self.scratch, "sluiced.log")
        self.space = os.path.join(self.scratch, "space")
        os.mkdir(self.space)
        os.chmod(self.space, 0o1777)
        self.port = free_port()
        self.plain_uid = plain_uid
        self.prefix = []
        self.programs = os.path.join(BUILD, "src", "main")
        # Tests call faster than any client would; those of the limits set their own behind these.
        self.arguments = ["--grace", "2", "--attempt-room", "0", "--key-rate", "0", "--address-rate", "0", "--failure-rate", "0", *arguments]
        self.process = None
        self.uids = set()
        if plain_uid is not None:
            self._prepare_plain(plain_uid)
        elif IS_ROOT:
            number = 100000 + os.getpid() % 100000 * 4 + random.SystemRandom().randrange(2) * 2
            self.uids = {number, number + 1}
            self.arguments += ["--server-uid", str(number), "--task-uid", str(number + 1)]
        self.environment = {key: value for key, value in os.environ.items() if not key.startswith("SLUICE_ACCESS")}
        self.environment.update(SLUICE_ACCESS_KEY_ID=KEY_ID, SLUICE_ACCESS_KEY_SECRET=KEY_SECRET)
        atexit.register(self.abandon)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: sys.exit(1))

    def _prepare_plain(self, uid):
        # The build may lie where only root can reach it.
        copies = os.path.join(self.scratch, "bin")
        os.mkdir(copies)
        os.chmod(copies, 0o755)
        for program in PROGRAMS:
            target = os.path.join(copies, program)
            shutil.copy(os.path.join(self.programs, program), target)
            os.chmod(target, 0o755)
        os.mkdir(self.data, 0o700)
        os.chown(self.data, uid, uid)
        self.programs = copies
        self.prefix = ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups"]
        self.uids = {uid}

    def program(self, name):
        return os.path.join(self.programs, name)

    def command(self, *arguments):
        return [*self.prefix, self.program("sluiced"), "--data", self.data, *arguments]

    def spawn(self):
        """Starts the server and does not wait for anything."""
        listen = f"127.0.0.1:{self.port}"
        with open(self.log, "ab") as log, open(os.path.join(self.scratch, "out"), "wb") as out:
            self.process = subprocess.Popen(self.command("--listen", listen, *self.arguments), env=self.environment,
                                            stdin=subprocess.DEVNULL, stdout=out, stderr=log, cwd="/")
        return self.process

    def is_ready(self):
        return READY.search(read_bytes(os.path.join(self.scratch, "out"))) is not None

    def start(self):
        """Starts the server; returns the seconds until it was ready."""
        begin = time.monotonic()
        self.spawn()
        while not self.is_ready():
            code = self.process.poll()
            if code is not None:
                raise AssertionError(f"the server ended with {code}\n{self.tail()}")
            if time.monotonic() - begin > 15 * PATIENCE:
                raise AssertionError(f"the server is not ready in time\n{self.tail()}")
            time.sleep(0.002)
        return time.monotonic() - begin

    def readiness(self):
        """(status, text) of /readyz; (0, "") when nobody answers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20 * PATIENCE)
        try:
            connection.request("GET", "/readyz")
            reply = connection.getresponse()
            return reply.status, reply.read().decode()
        except (OSError, http.client.HTTPException):
            return 0, ""
        finally:
            connection.close()

    def until_ready(self, seconds=15):
        until(lambda: self.readiness() == (200, "ready\n"), seconds, lambda: f"ready: {self.readiness()}\n{self.tail()}")

    def tail(self, lines=30):
        return b"\n".join(read_bytes(self.log).splitlines()[-lines:]).decode(errors="replace")

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)

    def terminate(self):
        """SIGTERM; returns (exit code, seconds)."""
        begin = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(30 * PATIENCE)
        return code, time.monotonic() - begin

    def stop_all(self):
        """--stop-all from outside; the server has ended when it returns the exit code."""
        done = subprocess.run(self.command("--stop-all", *self.arguments), env=self.environment, capture_output=True,
                              timeout=60 * PATIENCE, check=False, cwd="/")
        if done.returncode != 0:
            sys.stderr.write((done.stdout + done.stderr).decode(errors="replace") + self.tail() + "\n")
        if self.process is not None:
            self.process.wait(15 * PATIENCE)
        return done.returncode

    def supervisor_pids(self):
        """The supervisor itself: the process with its command line whose parent has another one."""
        mine = {pid for pid in processes() if is_alive(pid) and self._is_supervisor(pid)}
        return sorted(pid for pid in mine if (stat_fields(pid) or ("", 0))[1] not in mine)

    def _is_supervisor(self, pid):
        words = read_bytes(f"/proc/{pid}/cmdline").split(b"\0")
        return os.path.basename(words[0]) == b"sluice-supervisor" and os.fsencode(f"--data={self.data}") in words

    def processes(self):
        """Every live process that belongs to this server: by uid, by its directory in arguments or environment."""
        found = []
        for pid in processes():
            if pid == os.getpid() or not is_alive(pid):
                continue
            text = read_bytes(f"/proc/{pid}/cmdline") + b"\0" + read_bytes(f"/proc/{pid}/environ")
            try:
                owner = os.stat(f"/proc/{pid}").st_uid
            except OSError:
                continue
            if owner in self.uids or os.fsencode(self.scratch) in text:
                found.append(pid)
        return found

    def task_processes(self):
        """Live processes that scripts of this server started, whatever became of their parents."""
        mark = os.fsencode(self.data) + b"/work/"
        found = []
        for pid in processes():
            if is_alive(pid) and mark in read_bytes(f"/proc/{pid}/environ"):
                found.append(pid)
        return found

    def describe(self, pids):
        return [f"{pid} {read_bytes(f'/proc/{pid}/cmdline')[:200]!r} {stat_fields(pid)}" for pid in pids]

    def check_store(self):
        """Folds the events of every run and compares them with the stored state; returns breaches."""
        program = os.path.join(BUILD, "test", "fault", "fold-check")
        done = subprocess.run([program, self.data], capture_output=True, text=True, timeout=60 * PATIENCE, check=False)
        return [] if done.returncode == 0 else [f"fold-check: {done.stdout}{done.stderr}"]

    def query(self, statement):
        """The rows of a statement over the server's store, read past the server."""
        database = sqlite3.connect(f"file:{os.path.join(self.data, 'state.db')}?mode=ro", uri=True)
        try:
            return database.execute(statement).fetchall()
        finally:
            database.close()

    def check_audit(self):
        """Does `sluice audit verify` find nothing broken, and the log whole up to its last signed head? Returns breaches."""
        kept = read_bytes(os.path.join(self.data, "audit.heads"))
        kept = kept[:kept.rfind(b"\n") + 1]
        code, text = self.verify_audit()
        breaches = [] if code == 8 else [f"audit verify: {code} {text}"]
        if kept:
            code, text = self.verify_audit("--head", "-", heads=kept)
            breaches += [] if code == 0 else [f"audit verify with heads: {code} {text}"]
        return breaches

    def verify_audit(self, *arguments, heads=b""):
        """`sluice audit verify`; (exit code, what it printed)."""
        program = os.path.join(BUILD, "src", "main", "sluice")
        done = subprocess.run([program, "audit", "verify", "--data", self.data, *arguments], input=heads, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60 * PATIENCE)
        return done.returncode, done.stdout.decode(errors="replace")

    def close(self):
        """--stop-all, then nothing may be left and the store must fold; returns breaches and removes the directory."""
        code = self.stop_all()
        breaches = [f"--stop-all ended with {code}"] if code != 0 else []
        try:
            until(lambda: not self.processes(), 2, "")
        except AssertionError:
            breaches.append(f"left behind: {self.describe(self.processes())}")
        work = os.path.join(self.data, "work")
        if os.path.isdir(work) and os.listdir(work):
            breaches.append(f"left in work/: {os.listdir(work)[:10]}")
        breaches += self.check_store()
        if breaches and os.environ.get("SLUICE_KEEP"):
            print(f"# kept: {self.scratch}")
            self.process = None
            return breaches
        self.abandon()
        return breaches

    def abandon(self):
        """Whatever went wrong, no process and no directory stays."""
        if not os.path.isdir(self.scratch):
            return
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for pid in self.supervisor_pids() + self.processes():
            try:
                os.kill(pid, signal.SIGKILL)
            except OSError:
                pass
        if not os.environ.get("SLUICE_KEEP"):
            shutil.rmtree(self.scratch, ignore_errors=True)
