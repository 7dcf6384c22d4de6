#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 200
"""What a server was started with: few open files, and a place in the kernel's choice of whom to end when memory is short."""

import os
import resource
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "lib"), os.path.join(os.path.dirname(HERE), "house")]
import tap  # noqa: E402
from api import Api  # noqa: E402
from server import IS_ROOT, PATIENCE, Server, is_alive, processes, read_bytes, stat_fields  # noqa: E402

PLAIN_UID = 64123
NODES = 60


def plain(name, *arguments):
    """A server of an ordinary user: of this one, when it is no root."""
    return Server(name, arguments, plain_uid=PLAIN_UID if IS_ROOT else None)


class Limited:
    """Has what the server is started with take effect in its process alone: setrlimit and the score go through the command line."""

    def __init__(self, server, shell):
        self.server = server
        server.prefix = ["/bin/sh", "-c", f'{shell}; exec "$@"', "sh", *server.prefix]


def score(pid):
    return read_bytes(f"/proc/{pid}/oom_score_adj").decode().strip()


def run_script(server, script, nodes=1):
    """The outputs' log lines of a flow of equal nodes; fails when the run does."""
    api = Api(server)
    flow, ids = api.flow("limits", {f"node{i}": script for i in range(nodes)})
    run = api.try_run(flow)
    state, found = api.until_run(flow, run, ("SUCCESS", "FAIL", "FAILED", "STOPPED"), 90)
    if state != "SUCCESS":
        raise AssertionError(f"{state}: {[node.get('Message') for node in found.values()]}\n{server.tail()}")
    return [str(api.log(flow, run, node)) for node in ids.values()]


def end(server):
    return server.close()


def current_score():
    return int(read_bytes("/proc/self/oom_score_adj"))


def scores(server, expected):
    """Server, launcher and supervisor have the expected score, a script and what it starts +200."""
    server.start()
    try:
        text = run_script(server, "for i in 1 2; do echo score $(cat /proc/self/oom_score_adj) end; done\n"
                                  "setsid sh -c 'echo score $(cat /proc/self/oom_score_adj) end' | cat")[0]
        breaches = [] if text.count("score 200 end") == 3 else [f"a script's score: {text}"]
        for pid in processes():
            words = read_bytes(f"/proc/{pid}/cmdline").split(b"\0")
            is_ours = is_alive(pid) and os.path.basename(words[0]) in (b"sluiced", b"sluice-supervisor") and (
                os.fsencode(server.data) in words or os.fsencode(f"--data={server.data}") in words)
            if is_ours and score(pid) != str(expected):
                breaches.append(f"{words[0]} has {score(pid)}, not {expected}; {stat_fields(pid)}")
    finally:
        breaches = breaches if sys.exc_info()[0] is None else []
        left = end(server)
    return breaches + left


def may(shell):
    """Whether this user may do that to a process: root in a container may not always."""
    return IS_ROOT and subprocess.run(["/bin/sh", "-c", shell], stderr=subprocess.DEVNULL, check=False).returncode == 0


def may_protect():
    return may("echo -1000 >/proc/self/oom_score_adj")


def tasks_go_first():
    now = current_score()
    return scores(Server("limits-score"), min(now, -500) if may_protect() else now)


def need_root():
    if not may_protect():
        raise tap.Skip("this user may not protect a process")


def protected_server():
    need_root()
    server = Server("limits-protected")
    Limited(server, "echo -900 >/proc/self/oom_score_adj")
    return scores(server, -900)


def protected_plain_server():
    """Started by root for a user, as a service manager does."""
    need_root()
    server = plain("limits-user")
    Limited(server, "echo -700 >/proc/self/oom_score_adj")
    return scores(server, -700)


def given_up_server():
    """Who says that all of it may go first is heard."""
    server = plain("limits-first")
    Limited(server, "echo 900 >/proc/self/oom_score_adj")
    server.start()
    text = run_script(server, "echo score $(cat /proc/self/oom_score_adj) end")[0]
    return ([] if "score 900 end" in text else [text]) + end(server)


# ---- Open files ----

def few_files_are_refused():
    breaches = []
    for limit, words, needed in ((64, (), 960), (959, (), 960), (455, ("--connections-max", "8"), 456)):
        server = plain("limits-few", *words)
        Limited(server, f"ulimit -n {limit}")
        code = server.spawn().wait(15 * PATIENCE)
        said = f"{limit} files may be open (the hard limit, ulimit -Hn), and {needed} are needed"
        if code != 1 or said not in server.tail():
            breaches.append(f"{limit}: exit code {code}: {server.tail()}")
        server.abandon()
    return breaches


def files_on(shell, server, soft=None):
    Limited(server, shell)
    server.start()
    limits = read_bytes(f"/proc/{server.process.pid}/limits").decode()
    line = next(line for line in limits.splitlines() if line.startswith("Max open files")).split()
    breaches = [] if soft is None or int(line[3]) >= soft else [f"the server's limit: {line}"]
    run_script(server, "sleep 0.3", NODES)  # at a time; where files are few, the rest waits
    return breaches + end(server)


def soft_limit_is_raised():
    return files_on("ulimit -Sn 64", plain("limits-soft"), 960)


def file_size_on(shell):
    """The store grows over the limit; the server lives, or ends with a reason, and never by the kernel's signal."""
    server = plain("limits-size")
    Limited(server, shell)
    return server


def soft_file_size_is_raised():
    server = file_size_on("ulimit -Sf 200")
    server.start()
    run_script(server, "echo done")
    return end(server)


def hard_file_size_ends_no_server_by_a_signal():
    server = file_size_on("ulimit -f 200")
    code = server.spawn().wait(15 * PATIENCE)
    breaches = [] if code > 0 and b"sluiced: " in read_bytes(server.log) else [f"exit code {code}: {server.tail()}"]
    server.abandon()
    return breaches


def least_limit_serves():
    return files_on("ulimit -n 456", plain("limits-least", "--connections-max", "8"), 456)


def root_raises_the_hard_limit():
    if not may("ulimit -n 64; ulimit -n 65"):
        raise tap.Skip("this user may not raise a hard limit")
    return files_on("ulimit -n 64", Server("limits-root"), 6000)


def stop_all_needs_none():
    server = plain("limits-stop")
    server.start()
    api = Api(server)
    flow, _ = api.flow("long", {"node": "sleep 1000"})
    run = api.try_run(flow)
    api.until_run(flow, run, ("RUNNING",))
    server.kill()
    Limited(server, "ulimit -n 64")
    return end(server)


def main():
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[1] >= 1024, "the tests' own limit of open files"
    tap.run([
        ("a script is ended before server and supervisor when memory is short", tasks_go_first),
        ("also when the server was protected further, which it keeps", protected_server),
        ("also when it was protected as an ordinary user's", protected_plain_server),
        ("who gives up the server has its scripts given up with it", given_up_server),
        ("too few open files are refused at the start, with the number that is needed", few_files_are_refused),
        ("a low soft limit is raised, and many scripts run under it", soft_limit_is_raised),
        ("so they do with the least that is taken", least_limit_serves),
        ("a soft limit of a file's size is raised", soft_file_size_is_raised),
        ("a hard limit of a file's size is said, and ends no server by a signal", hard_file_size_ends_no_server_by_a_signal),
        ("root raises the hard limit too", root_raises_the_hard_limit),
        ("--stop-all works with few", stop_all_needs_none),
    ])


if __name__ == "__main__":
    main()
