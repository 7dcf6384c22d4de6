# SPDX-License-Identifier: Apache-2.0
"""Random signed requests over all operations and raw bytes at the socket, while server and supervisor are killed.

What is asked and sent comes from a seed; when it meets the server does not. Nothing may answer 5xx but 503, the server may not end by
itself, and afterwards the events fold, the operation log is whole and nothing is left behind. scripts/torment runs it for as long as one
likes, test/fault/torment.test.py for a moment.
"""

import hashlib
import hmac
import http.client
import json
import os
import random
import signal
import socket
import threading
import time

import server as servers
from api import VERSION, Unknown, quote

CALLERS = 4
BACKGROUND = 2  # threads that send raw bytes
POOL_MAX = 200
EDGES = ["0", "-1", "2147483648", "9223372036854775807", "9223372036854775808", "1e400", "", " ", "null", "[]", "[null]", "{}", '[{"a":',
         "[" * 400 + "]" * 400, "x" * 5000, "\u0001\u001f", "\u202e\U0001f600\uffff", "../../etc/passwd", "9999-12-31", "0000-00-00 99:99:99"]
# A parameter that takes the id of something whose replies call it by another name.
SAME = {"DagInstanceId": "Run", "HistoryDagId": "VersionId", "DagVersion": "VersionId", "NodeFrom": "NodeId", "NodeEnd": "NodeId",
        "StartNodeIds": "NodeId", "FilterNodeIds": "NodeId", "OwnerUserId": "UserId", "NewOwnerId": "UserId", "MemberIds": "UserId",
        "CooperatorIds": "UserId", "DbaId": "UserId", "DbId": "DatabaseId", "DevDbId": "DatabaseId", "ProdDbId": "DatabaseId",
        "DagIdList": "DagId", "ObjectId": "SpaceId", "UserAccessKeyId": "AccessKeyId", "UidString": "Uid"}
CONTENTS = ['{"script":"true"}', '{"script":"sleep 0.1"}', '{"script":"false"}', '{"script":"echo \'{\\"a\\":1}\'"}', '{"script":"kill -9 $$"}',
            '{"dbId":1,"sql":"SELECT 1"}', '{"expressions":"a"}', "{}"]
SQL = ["SELECT 1", "CREATE TABLE IF NOT EXISTS t (a, b)", "INSERT INTO t VALUES (1, 'x')", "SELECT * FROM t", "DROP TABLE IF EXISTS t",
       "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 100000) SELECT count(*) FROM n", "nonsense", "BEGIN; ROLLBACK"]
WORDS = {"NodeContent": CONTENTS, "Script": SQL, "NodeConfig": ['{"rerun":{"rerunEnable":true,"rerunCount":2,"rerunInterval":1}}', "{}"],
         "TimeVariables": ['{"variables":[]}', '{"variables":[{"name":"a","pattern":"yyyy-MM-dd|-1d"}]}'], "InstanceType": ["sqlite"],
         "BackFillDate": ["2024-05-06"], "BackFillDateBegin": ["2024-05-06"], "BackFillDateEnd": ["2024-05-08"], "SpaceConfig": ["{}"],
         "CronStr": ["0 0 1 * * ?", "0/30 * * * * ?"], "NodeType": ["AZKABAN_COMMAND_REMOTE", "CONDITION", "SINGLE_SQL", "SQL_ASSIGNMENT"],
         "NodeOutput": ['{"outputs":[{"variableName":"a","description":"d"}]}'], "RoleNames": ["USER", "ADMIN", "USER,DBA"],
         "StartTime": ["2024-01-01 00:00:00"], "EndTime": ["2034-01-01 00:00:00"], "Port": ["0"]}
# The life of runs is what kills are for: these come more often than the rest.
FREQUENT = ["CreateTaskFlow", "CreateTask", "AddTaskFlowEdges", "TryRunTaskFlow", "PublishAndDeployTaskFlow", "SuspendTaskFlowInstance",
            "ResumeTaskFlowInstance", "StopTaskFlowInstance", "ReRunTaskFlowInstance", "RestoreTaskFlowInstance", "BackFill",
            "ListTaskFlowInstance", "GetTaskInstanceRelation", "ListTasksInTaskFlow", "ExecuteScript"]


def load_operations():
    found = []
    for name in ("operations.json", "extensions.json"):
        with open(os.path.join(servers.SOURCE, "spec", name), encoding="utf-8") as file:
            found += json.load(file)["operations"]
    return {one["action"]: one for one in found}


class Known:
    """Ids and names that replies have shown, by the name they have there."""

    def __init__(self):
        self.lock = threading.Lock()
        self.values = {}

    def add(self, name, value):
        if value == servers.KEY_ID:  # a call that switched the callers' own key off would end the torment
            return
        with self.lock:
            values = self.values.setdefault(name, [])
            values.append(value)
            del values[:-POOL_MAX]

    def pick(self, name, choice):
        with self.lock:
            values = self.values.get(name)
            # The newest are the ones that are still there.
            return choice.choice(values[-20:] if choice.random() < 0.8 else values) if values else None

    def learn_pair(self, action, params, reply):
        """Which flow a run or a node is of: most calls name both."""
        if action == "TryRunTaskFlow":
            self.add("run of", (params["DagId"], reply["InstanceId"]))
        elif action == "CreateTask":
            self.add("node of", (params["DagId"], reply["NodeId"]))

    def pair(self, params, choice):
        if "DagInstanceId" in params and choice.random() < 0.8:
            found = self.pick("run of", choice)
            if found:
                params.update(DagId=str(found[0]), DagInstanceId=str(found[1]))
        if "Edges" in params and choice.random() < 0.8:
            found, other = self.pick("node of", choice), self.pick("node of", choice)
            if found and found[0] == other[0]:
                params.update(DagId=str(found[0]), Edges=json.dumps([{"NodeFrom": int(found[1]), "NodeEnd": int(other[1])}]))

    def learn(self, action, reply):
        if isinstance(reply, list):
            for item in reply:
                self.learn(action, item)
        elif isinstance(reply, dict):
            for name, value in reply.items():
                if isinstance(value, (dict, list)):
                    self.learn(action, value)
                elif name in ("RequestId", "Tid"):
                    continue
                elif action in ("TryRunTaskFlow", "BackFill") and name in ("InstanceId", "DagInstanceId"):
                    self.add("Run", value)
                elif name == "Id":
                    self.add({"ListTaskFlowInstance": "Run", "ListTaskFlow": "DagId"}.get(action, "Id"), value)
                elif name.endswith(("Id", "Name", "Uid", "Host")) and value not in ("", 0, None):
                    self.add(name, value)


class Torment:
    def __init__(self, server, seed, seconds):
        self.server, self.seed, self.seconds = server, seed, seconds
        self.operations = load_operations()
        self.actions = sorted(self.operations)
        self.known = Known()
        self.is_over = threading.Event()
        self.breaches = []
        self.lock = threading.Lock()
        self.counts = {"requests": 0, "raw": 0, "unknown": 0, "server kills": 0, "supervisor kills": 0}
        self.statuses = {}
        self.codes = {}

    def count(self, what):
        with self.lock:
            self.counts[what] += 1

    def complain(self, text):
        with self.lock:
            if len(self.breaches) < 20:
                self.breaches.append(text)

    # ---- Signed requests ----

    def item(self, schema, choice):
        if schema["type"] == "object":
            return {name: self.item(inner, choice) if name not in SAME and not name.endswith("Id") else self.number(name, choice)
                    for name, inner in schema.get("properties", {}).items()}
        if schema["type"] == "array":
            return [self.item(schema["items"], choice)]
        if schema.get("enum"):
            return choice.choice(schema["enum"])
        return choice.randrange(10) if schema["type"] in ("long", "integer") else choice.choice(["a", "b", "k"])

    def number(self, name, choice):
        value = self.known.pick(SAME.get(name, name), choice)
        return int(value) if str(value).isdigit() else choice.randrange(1, 2000)

    def value(self, param, choice):
        name = param["name"]
        if choice.random() < 0.04:
            return choice.choice(EDGES)
        if name in WORDS and choice.random() < 0.9:
            return choice.choice(WORDS[name])
        if param.get("enum") and choice.random() < 0.95:
            return str(choice.choice(param["enum"]))
        if name == "Host":
            return os.path.join(self.server.space, f"{choice.randrange(8)}.db")
        if param["type"] == "array":
            items = param["schema"]["items"]
            whole = [self.number(name, choice) if items["type"] == "long" else self.item(items, choice) for _ in range(choice.randrange(1, 4))]
            return json.dumps(whole)
        known = self.known.pick(SAME.get(name, name), choice)
        if known is not None and choice.random() < (0.95 if name.endswith("Id") else 0.4):
            return str(known)
        if param["type"] == "boolean":
            return choice.choice(["true", "false"])
        if param["type"] in ("long", "integer"):
            return str(choice.randrange(1, 100))
        return f"{choice.choice(['a', 'b', 'c'])}{choice.randrange(300)}"

    def request(self, choice):
        """(action, method, target, headers, body, params) of one random call."""
        action = choice.choice(FREQUENT) if choice.random() < 0.5 else choice.choice(self.actions)
        params = {param["name"]: self.value(param, choice) for param in self.operations[action]["params"]
                  if param["name"] not in ("Tid", "AccessKeyId") and (param.get("required") or choice.random() < 0.3)}
        self.known.pair(params, choice)
        methods = self.operations[action]["methods_accepted"]
        method = choice.choice(methods)
        text = "&".join(f"{quote(name)}={quote(value)}" for name, value in sorted(params.items()))
        in_body = method == "POST" and choice.random() < 0.3
        body = text if in_body else ""
        query = "" if in_body else text
        digest = hashlib.sha256(body.encode()).hexdigest()
        headers = {"host": f"127.0.0.1:{self.server.port}", "x-acs-action": action, "x-acs-content-sha256": digest,
                   "x-acs-date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
                   "x-acs-signature-nonce": os.urandom(16).hex(), "x-acs-version": VERSION}
        if in_body:
            headers["content-type"] = "application/x-www-form-urlencoded"
        headers = dict(sorted(headers.items()))
        names = ";".join(headers)
        lines = "".join(f"{name}:{value}\n" for name, value in headers.items())
        whole = hashlib.sha256("\n".join([method, "/", query, lines, names, digest]).encode()).hexdigest()
        signature = hmac.new(servers.KEY_SECRET.encode(), f"ACS3-HMAC-SHA256\n{whole}".encode(), "sha256").hexdigest()
        headers["authorization"] = f"ACS3-HMAC-SHA256 Credential={servers.KEY_ID},SignedHeaders={names},Signature={signature}"
        headers.update(accept="application/json")
        headers["content-length"] = str(len(body))
        return action, method, f"/?{query}" if query else "/", headers, body, params

    def send(self, connection, request):
        action, method, target, headers, body, _ = request
        try:
            connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
            for name, value in headers.items():
                connection.putheader(name, value)
            connection.endheaders(body.encode())
            reply = connection.getresponse()
            return reply.status, reply.read()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise Unknown(f"{action}: {error}") from error

    def judge(self, request, status, text):
        action = request[0]
        with self.lock:
            self.statuses[status] = self.statuses.get(status, 0) + 1
        try:
            reply = json.loads(text)
        except ValueError:
            self.complain(f"{action}: {status} {text[:200]!r}")
            return
        with self.lock:
            self.codes[reply.get("Code")] = self.codes.get(reply.get("Code"), 0) + 1
        if status == 200:
            self.known.learn(action, reply)
            self.known.learn_pair(action, request[5], reply)
        elif status >= 500 and status != 503 and not self.may_be_unknown(status, reply):
            self.complain(f"{action}: {status} {text[:300]!r} to {request[2][:500]} {request[4][:500]}")

    def may_be_unknown(self, status, reply):
        """The script of a call was cut off by a kill: that its outcome is unknown is the truth."""
        return (status, reply.get("Code")) == (504, "OutcomeUnknown") and self.counts["server kills"] + self.counts["supervisor kills"] > 0

    def call_again_and_again(self, seed):
        choice = random.Random(seed)
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=90 * servers.PATIENCE)
        while not self.is_over.is_set():
            request = self.request(choice)
            try:
                self.judge(request, *self.send(connection, request))
                self.count("requests")
            except Unknown as unknown:
                if "timed out" in str(unknown):
                    self.complain(str(unknown))
                self.count("unknown")
                self.is_over.wait(0.05)
        connection.close()

    # ---- Raw bytes ----

    def bytes_of(self, choice):
        """Something like a request: a good head with a few bytes changed, cut, doubled, or nothing like one at all."""
        kind = choice.random()
        if kind < 0.15:
            return choice.randbytes(choice.randrange(1, 3000))
        _, method, target, headers, body, _ = self.request(choice)
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        data = bytearray(f"{method} {target} HTTP/1.1\r\n{lines}\r\n{body}".encode())
        for _ in range(choice.randrange(1, 6)):
            at = choice.randrange(len(data))
            change = choice.randrange(5)
            if change == 0:
                data[at] = choice.randrange(256)
            elif change == 1:
                del data[at:at + choice.randrange(1, 20)]
            elif change == 2:
                data[at:at] = choice.choice([b"\r\n", b"\0", b" ", b"\r\nContent-Length: 5 \r\n", b"\r\nTransfer-Encoding: chunked\r\n", b"%", b"\xff"])
            elif change == 3:
                data[at:at] = data[at:at + 200]
            else:
                del data[at:]
            data = data or bytearray(b"G")
        return bytes(data)

    def throw_bytes(self, seed):
        choice = random.Random(seed)
        while not self.is_over.is_set():
            data = self.bytes_of(choice)
            try:
                with socket.create_connection(("127.0.0.1", self.server.port), 5) as link:
                    link.settimeout(choice.choice([0.01, 0.2]))
                    for at in range(0, len(data), 700):
                        link.sendall(data[at:at + 700])
                    while link.recv(4096):
                        pass
            except OSError:
                self.is_over.wait(0.02)
            self.count("raw")

    # ---- Kills ----

    def kill_again_and_again(self, choice, end):
        while time.monotonic() < end and not self.breaches:
            self.is_over.wait(min(choice.uniform(0.2, 3.0) * servers.PATIENCE, max(end - time.monotonic(), 0)))
            if self.server.process.poll() is not None:
                self.complain(f"the server ended with {self.server.process.returncode}\n{self.server.tail()}")
                return
            if time.monotonic() >= end:
                return
            word = choice.random()
            if word < 0.6:
                for pid in self.server.supervisor_pids():
                    try:
                        os.kill(pid, signal.SIGKILL)
                        self.count("supervisor kills")
                    except OSError:
                        pass
            if word > 0.4:
                self.server.kill()
                self.count("server kills")
                self.server.start()

    def run(self):
        """Returns breaches. The server must be started; it runs when this returns without any."""
        choice = random.Random(self.seed)
        threads = [threading.Thread(target=self.call_again_and_again, args=(self.seed + 1 + i,), daemon=True) for i in range(CALLERS)]
        threads += [threading.Thread(target=self.throw_bytes, args=(self.seed + 100 + i,), daemon=True) for i in range(BACKGROUND)]
        for thread in threads:
            thread.start()
        try:
            self.kill_again_and_again(choice, time.monotonic() + self.seconds)
        except AssertionError as error:
            self.complain(str(error))
        self.is_over.set()
        for thread in threads:
            thread.join(100 * servers.PATIENCE)
        if self.server.process.poll() is not None and not self.breaches:
            self.complain(f"the server ended with {self.server.process.returncode}\n{self.server.tail()}")
        return self.breaches

    def describe(self):
        return f"seed {self.seed}, {self.seconds} s: " + ", ".join(f"{number} {what}" for what, number in self.counts.items()) + \
            f"; answers {dict(sorted(self.statuses.items()))}"
