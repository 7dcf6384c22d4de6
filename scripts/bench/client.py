# SPDX-License-Identifier: Apache-2.0
"""A small client of the task flow API for the benchmark: it builds the flows. Nothing here is measured."""

import hashlib
import hmac
import http.client
import json
import secrets
import time
from urllib.parse import quote


class Refused(Exception):
    """The server refused a call; the text holds its reply."""


class Client:
    """Calls signed with ACS3-HMAC-SHA256 over one kept connection."""

    def __init__(self, directory):
        with open(f"{directory}/server.address", encoding="utf-8") as file:
            self.host = file.read().strip().split("://")[1]
        with open(f"{directory}/credentials", encoding="utf-8") as file:
            pairs = dict(line.split("=", 1) for line in file if "=" in line)
        values = {name.strip(): value.strip() for name, value in pairs.items()}
        self.key, self.secret = values["access_key_id"], values["access_key_secret"]
        self.connection = http.client.HTTPConnection(self.host, timeout=60)

    def call(self, action, body=None, **params):
        """One call; `body` holds parameters that are too large for the query. Gives the reply's object."""
        query = "&".join(f"{name}={quote(str(params[name]), safe='-_.~')}" for name in sorted(params))
        form = "&".join(f"{name}={quote(str(value), safe='-_.~')}" for name, value in (body or {}).items()).encode()
        headers = {
            "host": self.host,
            "x-acs-action": action,
            "x-acs-content-sha256": hashlib.sha256(form).hexdigest(),
            "x-acs-date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "x-acs-signature-nonce": secrets.token_hex(16),
            "x-acs-version": "2018-11-01",
        }
        if form:
            headers["content-type"] = "application/x-www-form-urlencoded"
        names = ";".join(sorted(headers))
        canonical = "\n".join(["POST", "/", query, "".join(f"{n}:{headers[n]}\n" for n in sorted(headers)), names,
                               headers["x-acs-content-sha256"]])
        text = "ACS3-HMAC-SHA256\n" + hashlib.sha256(canonical.encode()).hexdigest()
        signature = hmac.new(self.secret.encode(), text.encode(), hashlib.sha256).hexdigest()
        headers["Authorization"] = f"ACS3-HMAC-SHA256 Credential={self.key},SignedHeaders={names},Signature={signature}"
        headers["accept"] = "application/json"
        self.connection.request("POST", "/?" + query, body=form, headers=headers)
        response = self.connection.getresponse()
        reply = response.read().decode()
        if response.status != 200:
            raise Refused(f"{action}: HTTP {response.status}: {reply}")
        return json.loads(reply)

    def flow(self, name, scripts, edges, is_disabled=False):
        """A flow of script nodes; `edges` are pairs of positions. Gives its id."""
        flow = self.call("CreateTaskFlow", DagName=name)["DagId"]
        nodes = []
        for number, script in enumerate(scripts):
            content = json.dumps({"script": script})
            node = self.call("CreateTask", DagId=flow, NodeName=f"n{number}", NodeType="AZKABAN_COMMAND_REMOTE",
                             NodeContent=content)["NodeId"]
            if is_disabled:
                self.call("UpdateTaskConfig", NodeId=node, NodeConfig='{"disabled":true}')
            nodes.append(node)
        for at in range(0, len(edges), 1000):
            chunk = [{"NodeFrom": nodes[a], "NodeEnd": nodes[b]} for a, b in edges[at:at + 1000]]
            self.call("AddTaskFlowEdges", body={"Edges": json.dumps(chunk)}, DagId=flow)
        return flow
