#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 120
"""A call costs one commit: the change, its nonce, its log row and what it makes the engine do are one transaction; a reading costs none."""
import os
import re
import sys
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "fault", "lib"))
import api as apis  # noqa: E402
import server as servers  # noqa: E402

# Ends 5 s after it was asked to: the exit's own commit comes long after the acknowledgement.
STUBBORN = "trap '' TERM; while :; do sleep 0.05; done"


def commits(server):
    text = urllib.request.urlopen(f"http://127.0.0.1:{server.port}/metrics", timeout=10).read().decode()
    return int(re.search(r"^sluice_commits_total (\d+)$", text, re.MULTILINE).group(1))


def main():
    server = servers.Server("commits", ["--grace", "5"])
    server.start()
    api = apis.Api(server)
    results = []

    def costs(name, wanted, call):
        before = commits(server)
        answer = call()
        spent = commits(server) - before
        results.append((spent == wanted, f"{name}: {spent} commits, {wanted} wanted"))
        return answer

    costs("a flow is made", 1, lambda: api.call("CreateTaskFlow", DagName="costs"))
    flow, nodes = api.flow("stubborn", {"only": STUBBORN})
    run = costs("a run is started, its first node dispatched", 1, lambda: api.try_run(flow))
    servers.until(lambda: api.state(flow, run)[1]["only"]["StateName"] == "RUNNING", 10, "the node runs")
    servers.until(lambda: "OUT" in api.log(flow, run, nodes["only"]).get("Content", "") or server.task_processes(), 10, "the script runs")
    costs("a run is looked at", 0, lambda: api.state(flow, run))
    costs("a call is refused", 0, lambda: refuse(api, flow, run))
    costs("a run is stopped: acknowledged within one commit", 1, lambda: api.call("StopTaskFlowInstance", DagId=flow, DagInstanceId=run))
    state, seen = api.state(flow, run)
    results.append((state == "ENDING" and seen["only"]["StateName"] == "KILLING", f"the stop is visible at once: {state}, {seen['only']['StateName']}"))
    api.until_run(flow, run, ("STOPPED",), 20)
    breaches = server.close()
    results.append((not breaches, f"nothing is left behind {breaches or ''}"))
    for number, (is_good, name) in enumerate(results, 1):
        print(("" if is_good else "not ") + f"ok {number} {name}")
    print(f"1..{len(results)}")
    return 0 if all(is_good for is_good, _ in results) else 1


def refuse(api, flow, run):
    try:
        api.call("ResumeTaskFlowInstance", DagId=flow, DagInstanceId=run)
    except apis.Refused as error:
        assert error.code == "InvalidInstanceStatus", error
        return
    raise AssertionError("a running run was resumed")


if __name__ == "__main__":
    sys.exit(main())
