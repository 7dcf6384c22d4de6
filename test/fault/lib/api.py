# SPDX-License-Identifier: Apache-2.0
"""A small client of the API: signed calls (ACS3-HMAC-SHA256) over a kept connection.

call() fails with Refused when the server answered with an error, and with Unknown when there was no answer: then nobody
knows whether the call had an effect. Only calls that may be repeated are repeated by ask().
"""

import hashlib
import hmac
import http.client
import json
import os
import threading
import time
import urllib.parse

import server as servers

VERSION = "2018-11-01"
WAITING, RUNNING, SUSPENDED, FAILED, SUCCESS, OTHER = 0, 1, 2, 3, 4, 5


class Refused(Exception):
    def __init__(self, action, status, body):
        super().__init__(f"{action}: {status} {body.get('Code')}: {body.get('Message')} ({body.get('Description')})")
        self.status, self.code, self.body = status, body.get("Code"), body


class Unknown(Exception):
    """The connection broke: the outcome of the call is unknown."""


def quote(text):
    return urllib.parse.quote(text, safe="-_.~")


def wire(value):
    if isinstance(value, (dict, list)):
        return json.dumps(value)
    return str(value)


class Api:
    """One per server; each thread has a connection of its own."""

    def __init__(self, server):
        self.server = server
        self.local = threading.local()
        self.changes = []  # (request id, action) of every acknowledged call that is no reading

    def _headers(self, action, query):
        empty = hashlib.sha256(b"").hexdigest()
        headers = {
            "host": f"127.0.0.1:{self.server.port}",
            "x-acs-action": action,
            "x-acs-content-sha256": empty,
            "x-acs-date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "x-acs-signature-nonce": os.urandom(16).hex(),
            "x-acs-version": VERSION,
        }
        names = ";".join(headers)
        lines = "".join(f"{name}:{value}\n" for name, value in headers.items())
        request = "\n".join(["POST", "/", query, lines, names, empty])
        digest = hashlib.sha256(request.encode()).hexdigest()
        signature = hmac.new(servers.KEY_SECRET.encode(), f"ACS3-HMAC-SHA256\n{digest}".encode(), "sha256").hexdigest()
        headers["authorization"] = (f"ACS3-HMAC-SHA256 Credential={servers.KEY_ID},SignedHeaders={names},"
                                    f"Signature={signature}")
        headers["accept"] = "application/json"
        headers["content-length"] = "0"
        return headers

    def call(self, action, **params):
        query = "&".join(f"{quote(name)}={quote(wire(value))}" for name, value in sorted(params.items()))
        connection = getattr(self.local, "connection", None)
        if connection is None:
            connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=20 * servers.PATIENCE)
            self.local.connection = connection
        try:
            connection.putrequest("POST", f"/?{query}", skip_host=True, skip_accept_encoding=True)
            for name, value in self._headers(action, query).items():
                connection.putheader(name, value)
            connection.endheaders()
            reply = connection.getresponse()
            text = reply.read()
            status = reply.status
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            self.local.connection = None
            raise Unknown(f"{action}: {type(error).__name__} {error}") from error
        body = json.loads(text)
        if status != 200:
            raise Refused(action, status, body)
        if not action.startswith(("Get", "List")):
            self.changes.append((body["RequestId"], action))
        return body

    def ask(self, action, seconds=30, **params):
        """A call that may be repeated: goes on until there is an answer."""
        deadline = time.monotonic() + seconds * servers.PATIENCE
        while True:
            try:
                return self.call(action, **params)
            except Unknown:
                if time.monotonic() > deadline:
                    raise
            except Refused as error:
                # Not yet or no longer serving.
                if error.status != 503 or time.monotonic() > deadline:
                    raise
            time.sleep(0.02)

    # ---- Flows ----

    def flow(self, name, scripts, edges=(), configs=None, contents=None):
        """Creates a flow of script nodes {name: text}; returns (flow id, {name: node id})."""
        flow_id = self.call("CreateTaskFlow", DagName=name)["DagId"]
        nodes = {}
        for node, text in scripts.items():
            content = {"script": text, **((contents or {}).get(node, {}))}
            nodes[node] = self.call("CreateTask", DagId=flow_id, NodeName=node, NodeType="AZKABAN_COMMAND_REMOTE",
                                    NodeContent=content)["NodeId"]
        for node, config in (configs or {}).items():
            self.call("UpdateTaskConfig", NodeId=nodes[node], NodeConfig=config)
        if edges:
            self.call("AddTaskFlowEdges", DagId=flow_id,
                      Edges=[{"NodeFrom": nodes[a], "NodeEnd": nodes[b]} for a, b in edges])
        return flow_id, nodes

    def try_run(self, flow_id):
        return int(self.call("TryRunTaskFlow", DagId=flow_id)["InstanceId"])

    def runs(self, flow_id, status=None):
        """Every run of a flow, over all pages."""
        found, page = [], 1
        more = {} if status is None else {"Status": status}
        while True:
            reply = self.ask("ListTaskFlowInstance", DagId=flow_id, PageIndex=page, PageSize=100, **more)
            items = reply["DAGInstanceList"]["DAGInstance"]
            found += items
            if len(items) < 100:
                return found
            page += 1

    def state(self, flow_id, run_id):
        """(state name of the run, {node name: node})."""
        reply = self.ask("GetTaskInstanceRelation", DagId=flow_id, DagInstanceId=run_id)
        return reply["StateName"], {node["NodeName"]: node for node in reply["NodeList"]["Node"]}

    def until_run(self, flow_id, run_id, wanted, seconds=30):
        servers.until(lambda: self.state(flow_id, run_id)[0] in wanted, seconds,
                      lambda: f"run {run_id} is {wanted}; {self.state(flow_id, run_id)}")
        return self.state(flow_id, run_id)

    def log(self, flow_id, run_id, node_id, **more):
        return self.ask("GetTaskInstanceLog", DagId=flow_id, DagInstanceId=run_id, NodeId=node_id, **more)
