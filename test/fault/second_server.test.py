#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 120
"""The data directory has one server; bad options, keys and directories are refused with the documented exit codes."""

import os
import re
import stat
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "lib"), os.path.join(os.path.dirname(HERE), "house")]
import tap  # noqa: E402
from api import Api, Refused  # noqa: E402
from server import KEY_ID, KEY_SECRET, PATIENCE, Server, read_bytes  # noqa: E402


def run(server, *arguments, keys=(KEY_ID, KEY_SECRET)):
    """(exit code, standard error, seconds) of a server that is expected to end by itself."""
    environment = dict(server.environment)
    for name, value in zip(("SLUICE_ACCESS_KEY_ID", "SLUICE_ACCESS_KEY_SECRET"), keys):
        environment.pop(name, None)
        if value is not None:
            environment[name] = value
    begin = time.monotonic()
    done = subprocess.run([server.program("sluiced"), *arguments], env=environment, capture_output=True, text=True,
                          timeout=30 * PATIENCE, check=False)
    return done.returncode, done.stderr, time.monotonic() - begin


def serve(server, data, *arguments, keys=(KEY_ID, KEY_SECRET)):
    return run(server, "--data", data, "--listen", "127.0.0.1:0", *server.arguments, *arguments, keys=keys)


class Trial:
    def __init__(self):
        self.server = Server("second")

    def second_server_is_refused(self):
        self.server.start()
        address = f"http://127.0.0.1:{self.server.port}"
        code, said, seconds = serve(self.server, self.server.data)
        breaches = []
        if code != 3:
            breaches.append(f"exit code {code}: {said}")
        if str(self.server.process.pid) not in re.findall(r"\d+", said) or address not in said:
            breaches.append(f"pid {self.server.process.pid} and {address} are not in: {said}")
        if not 2.5 <= seconds <= 3 + 2 * PATIENCE:
            breaches.append(f"refused after {seconds:.1f} s, not 3 s")
        Api(self.server).call("ListTaskFlow")
        return breaches

    def second_server_takes_over_in_time(self):
        """A server that starts while the first one ends waits for it."""
        other = subprocess.Popen(self.server.command("--listen", "127.0.0.1:0", *self.server.arguments),
                                 env=self.server.environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        try:
            time.sleep(0.3)
            code, seconds = self.server.terminate()
            line = other.stdout.readline()
            self.server.process = other
            self.server.port = int(line.rsplit(b":", 1)[1])
            Api(self.server).call("ListTaskFlow")
            return [] if code == 0 and seconds < 2 * PATIENCE else [f"SIGTERM: exit code {code} after {seconds:.1f} s"]
        finally:
            other.stdout.close()

    def sigterm_ends_it(self):
        code, seconds = self.server.terminate()
        left = [name for name in ("server.pid", "server.address") if os.path.exists(os.path.join(self.server.data, name))]
        return ([] if code == 0 else [f"exit code {code}"]) + ([] if seconds < 2 * PATIENCE else [f"{seconds:.1f} s"]) + \
            ([f"left: {left}"] if left else [])

    def bad_options(self):
        breaches = []
        for arguments in (["--no-such-option"], ["--data"], [], ["--data", "/var/tmp/x", "--grace", "soon"],
                          ["--data", "/var/tmp/x", "--attempts-max", "0"], ["--data", "/var/tmp/x", "word"],
                          ["--data", "/var/tmp/x", "--zone", "Nowhere/Land"], ["--data", "/var/tmp/x", "--language", "xx"],
                          ["--data", "/var/tmp/x", "--log-level", "loud"],
                          ["--data", "/var/tmp/x", "--config", "/no/such/file"]):
            code, said, _ = run(self.server, *arguments)
            if code != 2 or not said.startswith("sluiced: "):
                breaches.append(f"{arguments}: exit code {code}, {said!r}")
        return breaches

    def stop_all_needs_a_directory(self):
        missing = os.path.join(self.server.scratch, "missing")
        code, said, _ = run(self.server, "--data", missing, "--stop-all")
        breaches = [] if code == 2 and missing in said and not os.path.exists(missing) else [f"{code} {said}"]
        other = os.path.join(self.server.scratch, "other")
        os.mkdir(other)
        with open(os.path.join(other, "letter"), "wb"):
            pass
        code, said, _ = run(self.server, "--data", other, "--stop-all")
        if code != 2 or "so what runs can not be known" not in said or os.listdir(other) != ["letter"]:
            breaches.append(f"of another directory: {code} {said} {os.listdir(other)}")
        return breaches

    def plain_http_stays_at_home(self):
        data = os.path.join(self.server.scratch, "network")
        code, said, _ = run(self.server, "--data", data, "--listen", "0.0.0.0:0")
        return [] if code in (1, 2) and "loopback" in said else [f"{code} {said}"]

    def bad_keys(self):
        breaches = []
        for number, (keys, word) in enumerate([
                (("SOMEKEYID", "short"), "fewer than"),
                (("SOMEKEYID", None), "together"), ((None, KEY_SECRET), "together"),
                (("testid", "a-secret-that-is-long-enough"), "sample"), (("SOMEKEYID", "testsecret"), "s"),
                (("with blank", "a-secret-that-is-long-enough"), "blanks")]):
            data = os.path.join(self.server.scratch, f"keys{number}")
            code, said, _ = serve(self.server, data, keys=keys)
            if code not in (1, 2) or word not in said:
                breaches.append(f"{keys}: exit code {code}, {said!r}")
            if os.path.exists(os.path.join(data, "credentials")):
                breaches.append(f"{keys}: credentials were written")
        return breaches

    def keys_are_made_and_closed(self):
        path = os.path.join(self.server.data, "credentials")
        info = os.stat(path)
        breaches = [] if stat.S_IMODE(info.st_mode) == 0o600 else [f"mode {oct(info.st_mode)} of credentials"]
        if f"access_key_id = {KEY_ID}" not in read_bytes(path).decode():
            breaches.append("the given key is not in credentials")
        for name in os.listdir(self.server.data):
            mode = stat.S_IMODE(os.stat(os.path.join(self.server.data, name)).st_mode)
            if mode & 0o066:
                breaches.append(f"{name} is open to others: {oct(mode)}")
        for name in os.listdir(self.server.data):
            full = os.path.join(self.server.data, name)
            if os.path.isfile(full) and name != "credentials" and KEY_SECRET.encode() in read_bytes(full):
                breaches.append(f"the secret stands in {name}")
        return breaches

    def first_keys_stay(self):
        """Keys that are given later change nothing: those of the first start are stored."""
        self.server.environment["SLUICE_ACCESS_KEY_ID"] = "ANOTHERKEYID0001"
        self.server.start()
        Api(self.server).call("ListTaskFlow")
        self.server.environment["SLUICE_ACCESS_KEY_ID"] = KEY_ID
        return self.wrong_secret_is_refused()

    def wrong_secret_is_refused(self):
        api = Api(self.server)
        import server as servers
        right = servers.KEY_SECRET
        servers.KEY_SECRET = right + "x"
        try:
            api.call("ListTaskFlow")
        except Refused as refused:
            return [] if refused.code == "SignatureDoesNotMatch" else [str(refused)]
        finally:
            servers.KEY_SECRET = right
        return ["a wrong secret was accepted"]

    def open_master_key_is_refused(self):
        """A key file that others can read is a leak; the server says so instead of serving."""
        self.server.terminate()
        path = os.path.join(self.server.data, "master.key")
        mode = stat.S_IMODE(os.stat(path).st_mode)
        os.chmod(path, 0o644)
        code, said, _ = serve(self.server, self.server.data)
        os.chmod(path, mode)
        return [] if code not in (0, 3) and "master" in said else [f"exit code {code}: {said}"]

    def nothing_is_left(self):
        self.server.start()
        return self.server.close()


def main():
    trial = Trial()
    tap.run([
        ("a second server on one directory is refused after 3 s with pid and address, exit code 3",
         trial.second_server_is_refused),
        ("a server that starts while another one ends takes over", trial.second_server_takes_over_in_time),
        ("SIGTERM ends the server within 2 s and takes its address away", trial.sigterm_ends_it),
        ("bad options end with exit code 2", trial.bad_options),
        ("stop-all of a missing directory, or one that was never a server's, ends with exit code 2 and makes nothing", trial.stop_all_needs_a_directory),
        ("plain HTTP for the network has to be allowed", trial.plain_http_stays_at_home),
        ("short, sample, half and unprintable keys are refused", trial.bad_keys),
        ("what is stored is closed to others, and the secret is not in clear", trial.keys_are_made_and_closed),
        ("the keys of the first start stay, and a wrong secret is refused", trial.first_keys_stay),
        ("a master key that others can read is refused", trial.open_master_key_is_refused),
        ("stop-all leaves nothing, and the events fold to the stored state", trial.nothing_is_left),
    ])


if __name__ == "__main__":
    main()
