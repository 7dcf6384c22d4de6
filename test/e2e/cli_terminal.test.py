#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 180
"""The command line as a person sees it: a narrow terminal, logs that grow, runs of all flows, and what each way to fail is called."""

import fcntl
import os
import pty
import re
import shutil
import socket
import ssl
import struct
import subprocess
import sys
import termios
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(os.path.dirname(HERE), "fault", "lib"), os.path.join(os.path.dirname(HERE), "house")]
import tap  # noqa: E402
from api import Api  # noqa: E402
from server import BUILD, KEY_ID, KEY_SECRET, PATIENCE, Server  # noqa: E402

SLUICE = os.path.join(BUILD, "src", "main", "sluice")
COLUMNS = 30
OK, RUN_FAILED, USAGE, UNREACHABLE, REFUSED, NOT_FOUND, UNKNOWN = 0, 1, 2, 3, 4, 5, 6
ENVIRONMENT = {**os.environ, "LC_ALL": "C.UTF-8", "SLUICE_ZONE": "UTC"}
COLOUR = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


def width(text):
    return sum(2 if "\u1100" <= c <= "\uffdc" and c not in "…●✓✗–" else 1 for c in text)


class Trial:
    def __init__(self):
        self.server = Server("terminal")
        self.server.start()
        self.api = Api(self.server)
        self.flow = self.make("每日报表", {"extract": "echo one; printf 'part '; sleep 1.5; echo whole; echo bad >&2; exit 3",
                                         "其它": "echo other"})
        self.good = self.make("good", {"only": "seq 1 50"})

    def make(self, name, scripts):
        flow = self.api.call("CreateTaskFlow", DagName=name)["DagId"]
        for node, script in scripts.items():
            self.api.call("CreateTask", DagId=flow, NodeName=node, NodeType="AZKABAN_COMMAND_REMOTE", NodeContent={"script": script})
        return flow

    def cli(self, *words, endpoint=None, environment=None):
        command = [SLUICE, *words]
        where = ["--data", self.server.data] if endpoint is None else ["--endpoint", endpoint]
        keys = {"ALIBABA_CLOUD_ACCESS_KEY_ID": KEY_ID, "ALIBABA_CLOUD_ACCESS_KEY_SECRET": KEY_SECRET}
        return subprocess.run(command + where, capture_output=True, text=True, timeout=60 * PATIENCE, check=False,
                              env={**ENVIRONMENT, **(keys if endpoint else {}), **(environment or {})})

    def expect(self, wanted, pattern, *words, **more):
        done = self.cli(*words, **more)
        if done.returncode == wanted and re.search(pattern, done.stdout + done.stderr):
            return []
        return [f"{' '.join(words)}: ended with {done.returncode}, not {wanted} and /{pattern}/", done.stdout, done.stderr]

    def on_terminal(self, master, terminal, *words):
        """Takes both ends; gives the exit code and all that was written."""
        process = subprocess.Popen([SLUICE, "--data", self.server.data, *words], stdout=terminal, stderr=terminal,
                                   env={**ENVIRONMENT, "TERM": "xterm"})
        os.close(terminal)
        text = b""
        while True:
            try:
                piece = os.read(master, 65536)
            except OSError:
                break
            if not piece:
                break
            text += piece
        os.close(master)
        return process.wait(), text

    # ---- Watching ----

    def a_narrow_terminal(self):
        run = self.cli("run", "start", "每日报表").stdout.strip()
        master, terminal = pty.openpty()
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 12, COLUMNS, 0, 0))
        code, text = self.on_terminal(master, terminal, "run", "watch", run)
        lines = COLOUR.sub("", text.decode()).replace("\r", "").split("\n")
        # Only the closing message of the run may take more than one row.
        wide = [line for line in lines if width(line) > COLUMNS and "failed: " not in line]
        return ([] if code == RUN_FAILED else [f"ended with {code}"]) + [f"wider than the terminal: {line}" for line in wide] + (
            [] if any("…" in line for line in lines) else ["nothing was cut, so nothing was tested"])

    def start_and_wait(self):
        return self.expect(OK, "is SUCCESS", "run", "start", "good", "--wait") + \
            self.expect(RUN_FAILED, "is FAILED", "run", "start", "每日报表", "--wait")

    # ---- Logs ----

    def follow_everything(self):
        run = self.cli("run", "start", "每日报表").stdout.strip()
        process = subprocess.Popen([SLUICE, "--data", self.server.data, "run", "log", run, "-f"], stdout=subprocess.PIPE, env=ENVIRONMENT)
        text, early = b"", False
        while True:
            piece = os.read(process.stdout.fileno(), 65536)
            if not piece:
                break
            text += piece
            early |= b"part " in text and b"whole" not in text
        lines = text.decode().splitlines()
        missing = [what for what in (r"^extract \| .* OUT one$", r"^其它 \| .* OUT other$", r"whole$", r"^extract \| status FAILED$",
                                     r"^其它 \| status SUCCEEDED$") if not any(re.search(what, line) for line in lines)]
        unnamed = [line for line in lines if not re.match(r"^(extract|其它) \| ", line)]
        return [f"no line {what}" for what in missing] + [f"a line of nobody: {line}" for line in unnamed] + (
            [] if early else ["the unfinished line was not shown before it was whole"]) + (
            [] if process.wait() == OK else ["did not end with 0"])

    def tails(self):
        run = self.cli("run", "start", "good", "-o", "json")
        run = re.search(r'"InstanceId": "(\d+)"', run.stdout).group(1)
        self.cli("run", "watch", run)
        whole = self.cli("run", "log", run, "--node", "only", "--bare").stdout
        tail = self.cli("run", "log", run, "--node", "only", "--tail", "5").stdout.splitlines()
        both = self.cli("run", "log", run, "-f", "--tail", "2").stdout.splitlines()
        expected = "".join(f"{i}\n" for i in range(1, 51))
        return ([] if whole == expected else [f"bare: {whole!r}"]) + ([] if len(tail) == 5 and tail[-1] == "status SUCCEEDED" else [f"tail: {tail}"]) + (
            [] if len(both) == 2 else [f"followed: {both}"])

    def failed_nodes_say_why(self):
        run = self.cli("run", "start", "每日报表").stdout.strip()
        self.cli("run", "watch", run)
        return self.expect(OK, r"extract, the end of its error output:\n    bad\n", "run", "show", run)

    def escapes_reach_no_terminal(self):
        self.make("hostile", {"n": r'''text='tab\there \033]0;title\007\302\2332J\r\303\251 end\n'; printf "$text"; printf "$text" >&2; exit 3'''})
        run = self.cli("run", "start", "hostile").stdout.strip()
        self.cli("run", "watch", run)
        raw, shown = "tab\there \x1b]0;title\x07\x9b2J\ré end\n", "tab\there ^[]0;title^G\\u009b2J^Mé end\r\n"
        breaches = []
        for words in (("run", "log", run), ("run", "log", run, "-f"), ("run", "log", run, "--node", "n", "--bare"), ("run", "show", run)):
            piped = subprocess.run([SLUICE, "--data", self.server.data, *words], capture_output=True, env=ENVIRONMENT, check=False).stdout
            text = self.on_terminal(*pty.openpty(), *words)[1]
            breaches += [] if raw.encode() in piped else [f"{words} in a pipe: {piped!r}"]
            breaches += [] if shown.encode() in text else [f"{words} on a terminal: {text!r}"]
        flow = self.cli("call", "CreateTaskFlow", "DagName=x\u009b2Jy", "--field", "DagId").stdout.strip()
        for words in (("call", "GetTaskFlowGraph", f"DagId={flow}"), ("call", "GetTaskFlowGraph", f"DagId={flow}", "--field", "TaskFlowGraph.DagName"),
                      ("run", "start", "x\u009b2Jy", "--version", "live"), ("flow", "list"), ("flow", "list", "-o", "json")):
            text = self.on_terminal(*pty.openpty(), *words)[1]
            breaches += [f"{words}: {text!r}"] if "\u009b".encode() in text else []
        return breaches

    # ---- Lists, names ----

    def runs_of_all_flows(self):
        both = self.cli("run", "list").stdout
        breaches = [] if "good" in both and "每日报表" in both else [both]
        numbers = [int(line.split()[0]) for line in both.splitlines()[1:-1]]
        breaches += [] if numbers == sorted(numbers, reverse=True) else [f"not newest first: {numbers}"]
        breaches += self.expect(OK, "FAILED", "run", "list", "--state", "failed", "--since", "1h")
        failed = self.cli("run", "list", "--state", "failed").stdout
        breaches += ["other states among the failed ones", failed] if "SUCCESS" in failed else []
        none = self.cli("run", "list", "--since", "2999-01-01").stdout
        breaches += [none] if len(none.splitlines()) != 2 else []
        breaches += self.expect(OK, r"by hand +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d +(< 1|\d+(\.\d)?) s ", "run", "list", "good")
        breaches += self.expect(OK, r"times in Europe/Berlin", "run", "list", "--zone", "Europe/Berlin")
        return breaches + self.expect(USAGE, "90m, 12h", "run", "list", "--since", "yesterday") + \
            self.expect(USAGE, "waiting, running", "run", "list", "--state", "broken") + \
            self.expect(USAGE, "not a time zone", "run", "list", "--zone", "Mars/Base")

    def one_zone_for_all_times(self):
        def start(zone):
            line = self.cli("run", "list", "good", "--limit", "1", "--zone", zone).stdout.splitlines()[1]
            return re.search(r"by hand +(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)", line).group(1)
        utc, shanghai = (time.strptime(start(zone), "%Y-%m-%d %H:%M:%S") for zone in ("UTC", "Asia/Shanghai"))
        apart = time.mktime(shanghai) - time.mktime(utc)
        return [] if apart == 8 * 3600 else [f"8 hours lie between the zones, not {apart} s"]

    def digits_as_a_name(self):
        number = str(self.good)
        other = self.make(number, {"a": "true"})
        return self.expect(USAGE, f"say id:{number} or name:{number}", "run", "start", number) + \
            self.expect(OK, r"^\d+\n$", "run", "start", f"id:{number}") + \
            self.expect(OK, r"^\d+\n$", "run", "start", f"name:{number}") + \
            self.expect(OK, f" {number} ", "run", "list", f"name:{number}") + \
            self.expect(OK, r"^\d+\n$", "run", "start", str(other)) + \
            self.expect(OK, r"^\d+\n$", "run", "start", self.only_by_name())

    def only_by_name(self):
        self.make("20260131", {"a": "true"})
        return "20260131"

    # ---- Versions, variables ----

    def publish(self, flow):
        self.api.call("PublishAndDeployTaskFlow", DagId=flow)
        return str(self.api.call("ListDAGVersions", DagId=flow, PageIndex=1, PageSize=1)["DagVersionList"]["DagVersion"][0]["VersionId"])

    def said(self, *words):
        """What the only node of a run printed, with the run."""
        done = self.cli("run", "start", "versions", *words)
        run = done.stdout.strip()
        if done.returncode != OK or self.cli("run", "watch", "versions", run).returncode != OK:
            return None, done.stderr
        return run, self.cli("run", "log", "versions", run, "--node", "only", "--bare").stdout

    def versions_and_variables(self):
        flow = self.make("versions", {"only": "echo ${word} ${dagVersion}"})
        node = self.api.call("GetTaskFlowGraph", DagId=flow)["TaskFlowGraph"]["Nodes"]["Node"][0]["NodeId"]
        self.api.call("UpdateTaskFlowConstants", DagId=flow, DagConstants=[{"Key": "word", "Value": "own"}])
        breaches = self.expect(REFUSED, "TaskFlowNotPublished", "run", "start", "versions", "--version", "live")
        first = self.publish(flow)
        self.api.call("UpdateTaskContentV2", NodeId=node, NodeContent={"script": "echo second ${word} ${dagVersion}"})
        second = self.publish(flow)
        self.api.call("UpdateTaskContentV2", NodeId=node, NodeContent={"script": "echo draft ${word}"})
        for words, expected in (((), "draft own\n"), (("--version", "draft"), "draft own\n"), (("--version", "live"), f"second own {second}\n"),
                                (("--version", first), f"own {first}\n"), (("--version", "live", "--set", "word=a b=c"), f"second a b=c {second}\n")):
            run, text = self.said(*words)
            breaches += [] if text == expected else [f"{words}: {text!r}, not {expected!r}"]
        return breaches + self.expect(OK, r"\n  set: word = a b=c\n", "run", "show", "versions", run) + \
            self.expect(NOT_FOUND, "VersionNotExist", "run", "start", "versions", "--version", "1") + \
            self.expect(REFUSED, "no version", "run", "start", "versions", "--version", "newest") + \
            self.expect(REFUSED, "has no variable wrod", "run", "start", "versions", "--set", "wrod=x") + \
            self.expect(USAGE, "NAME=VALUE", "run", "start", "versions", "--set", "word") + \
            self.expect(USAGE, "given twice", "run", "start", "versions", "--set", "word=1", "--set", "word=2")

    def restore_tells(self):
        flow = self.make("mended", {"only": "exit 3"})
        node = self.api.call("GetTaskFlowGraph", DagId=flow)["TaskFlowGraph"]["Nodes"]["Node"][0]["NodeId"]
        first = self.publish(flow)
        run = self.cli("run", "start", "mended", "--version", "live").stdout.strip()
        self.cli("run", "watch", run)
        same = self.cli("run", "restore", "mended", run)
        breaches = [f"nothing has changed: {same.stderr}"] if same.stderr or same.returncode != OK else []
        self.cli("run", "watch", run)
        self.api.call("UpdateTaskContentV2", NodeId=node, NodeContent={"script": "true"})
        breaches += self.expect(OK, f"goes on with version {first}, and it was edited; `run restore --version draft`", "run", "restore", run)
        self.cli("run", "watch", run)
        second = self.publish(flow)
        breaches += self.expect(OK, f"goes on with version {first}, deployed is version {second}; `run rerun --version live`", "run", "rerun", run)
        self.cli("run", "watch", run)
        live = self.cli("run", "restore", "mended", run, "--version", "live")
        breaches += [f"the live one: {live.stderr}"] if live.stderr or live.returncode != OK else []
        breaches += self.expect(OK, "is SUCCESS", "run", "watch", "mended", run)
        self.api.call("UpdateTaskContentV2", NodeId=node, NodeContent={"script": "echo third"})
        self.publish(flow)
        again = self.cli("run", "rerun", "mended", run, "--version", "live")
        breaches += [f"a rerun of the live one: {again.stderr}"] if again.stderr or again.returncode != OK else []
        self.cli("run", "watch", run)
        return breaches + self.expect(OK, r"\nthird\n", "run", "log", "mended", run, "--bare")

    def flows_in_one_zone(self):
        def started(zone):
            lines = self.cli("flow", "list", "--zone", zone).stdout.splitlines()
            line = next(line for line in lines if " good " in line)
            return lines[-1], time.mktime(time.strptime(re.search(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", line).group(0), "%Y-%m-%d %H:%M:%S"))
        (utc_said, utc), (tokyo_said, tokyo) = started("UTC"), started("Asia/Tokyo")
        return ([] if tokyo - utc == 9 * 3600 else [f"9 hours lie between the zones, not {tokyo - utc} s"]) + (
            [] if utc_said == "(times in UTC)" and tokyo_said == "(times in Asia/Tokyo)" else [utc_said, tokyo_said])

    # ---- Ways to fail ----

    def exit_codes(self):
        run = self.cli("run", "start", "good").stdout.strip()
        self.cli("run", "watch", run)
        return self.expect(USAGE, "there is no option", "run", "list", "--nonsense") + \
            self.expect(NOT_FOUND, "no flow named", "run", "list", "nobody") + \
            self.expect(NOT_FOUND, "has a run 999", "run", "show", "999") + \
            self.expect(NOT_FOUND, "TaskFlowNotExist", "call", "GetTaskFlowGraph", "DagId=999999") + \
            self.expect(NOT_FOUND, "no node", "run", "log", run, "--node", "nobody") + \
            self.expect(REFUSED, "only SUSPENDED", "run", "resume", run) + \
            self.expect(UNREACHABLE, "is the server running", "flow", "list", endpoint="http://127.0.0.1:1")

    def unknown_outcome(self):
        """A server that takes a call and says nothing more."""
        listener = socket.create_server(("127.0.0.1", 0))

        def serve():
            while True:
                try:
                    connection = listener.accept()[0]
                except OSError:
                    return
                connection.recv(65536)
                connection.close()
        threading.Thread(target=serve, daemon=True).start()
        endpoint = f"http://127.0.0.1:{listener.getsockname()[1]}"
        breaches = self.expect(UNKNOWN, "whether it was done is not known", "call", "CreateTaskFlow", "DagName=x", endpoint=endpoint) + \
            self.expect(UNREACHABLE, "no answer", "call", "GetTaskFlowGraph", "DagId=1", endpoint=endpoint)
        listener.close()
        return breaches

    def an_unknown_certificate(self):
        if not shutil.which("openssl"):
            raise tap.Skip("needs openssl")
        files = [os.path.join(self.server.scratch, name) for name in ("key.pem", "cert.pem")]
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                        "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", files[0], "-out", files[1]],
                       check=True, capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(files[1], files[0])
        listener = socket.create_server(("127.0.0.1", 0))

        def serve():
            while True:
                try:
                    connection = listener.accept()[0]
                    context.wrap_socket(connection, server_side=True).close()
                except ssl.SSLError:
                    continue
                except OSError:
                    return
        threading.Thread(target=serve, daemon=True).start()
        endpoint = f"https://127.0.0.1:{listener.getsockname()[1]}"
        breaches = self.expect(UNREACHABLE, "--ca-file FILE", "call", "CreateTaskFlow", "DagName=x", endpoint=endpoint) + \
            self.expect(USAGE, "can the file of --ca-file", "flow", "list", "--ca-file", "/nonexistent", endpoint=endpoint)
        listener.close()
        return breaches


trial = Trial()
tap.run([
    ("on a narrow terminal every drawn line fits, so that nothing piles up", trial.a_narrow_terminal),
    ("run start --wait ends as the run does", trial.start_and_wait),
    ("run log -f shows all nodes, each line under its name, also before it is whole", trial.follow_everything),
    ("--tail begins with the last lines", trial.tails),
    ("run show adds the end of a failed node's error output", trial.failed_nodes_say_why),
    ("what scripts print and names hold reaches a terminal without its escape sequences, and a pipe unchanged", trial.escapes_reach_no_terminal),
    ("run list shows all flows, newest first, by state and time", trial.runs_of_all_flows),
    ("every time is shown in one zone", trial.one_zone_for_all_times),
    ("digits that are a name and a number are not guessed", trial.digits_as_a_name),
    ("run start takes a version and variables of its own", trial.versions_and_variables),
    ("run restore and rerun say when the flow has changed since, and take the version that is live", trial.restore_tells),
    ("flow list shows times in the same zone and names it", trial.flows_in_one_zone),
    ("exit codes tell usage, not found, refused and unreachable apart", trial.exit_codes),
    ("a call that was sent and not answered ends with 6, a reading one with 3", trial.unknown_outcome),
    ("an unknown certificate is met with the option that helps", trial.an_unknown_certificate),
])
