#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 120
"""A script of a call that is under way when the server stops, or when its supervisor dies: the server does not wait for it, and the caller is
told that the outcome is unknown."""

import os
import signal
import sys
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "lib"), os.path.join(os.path.dirname(HERE), "house")]
import tap  # noqa: E402
from api import Api, Refused, Unknown  # noqa: E402
from server import PATIENCE, Server, read_bytes, until  # noqa: E402

ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
LIMIT_S = 5 * PATIENCE


class Trial:
    def __init__(self):
        self.server = Server("script")
        self.api = Api(self.server)
        self.database = None

    def prepare(self):
        self.server.start()
        host = os.path.join(self.server.space, "shop.db")
        uid = self.api.call("GetUser")["User"]["Uid"]
        self.api.ask("RegisterInstance", InstanceType="sqlite", InstanceSource="PUBLIC_OWN", NetworkType="VPC", EnvType="dev", Host=host,
                     Port=0, DatabaseUser="u", DatabasePassword="p", InstanceAlias="shop", SafeRule="free", DbaUid=uid, QueryTimeout=60,
                     ExportTimeout=60)
        self.database = int(self.api.call("GetDatabase", Host=host, Port=0, SchemaName="main")["Database"]["DatabaseId"])
        return []

    def runners(self):
        return [pid for pid in self.server.processes() if read_bytes(f"/proc/{pid}/comm") == b"sluice-sql\n"]

    def begin(self, token):
        """Calls ExecuteScript with a script without an end in a thread; returns (thread, list for its outcome) once it runs."""
        outcome = []

        def execute():
            try:
                outcome.append(self.api.call("ExecuteScript", DbId=self.database, Logic=False, Script=ENDLESS, ClientToken=token))
            except (Refused, Unknown) as error:
                outcome.append(error)
        thread = threading.Thread(target=execute)
        thread.start()
        until(self.runners, 10, "the script runs")
        return thread, outcome

    def is_unknown(self, outcome):
        good = len(outcome) == 1 and isinstance(outcome[0], Refused) and (outcome[0].status, outcome[0].code) == (504, "OutcomeUnknown")
        return [] if good else [f"the caller heard {outcome}"]

    def stop(self):
        thread, outcome = self.begin("at-stop")
        code, seconds = self.server.terminate()
        thread.join(20)
        breaches = self.is_unknown(outcome)
        if code != 0 or seconds > LIMIT_S:
            breaches.append(f"the server ended with {code} after {seconds:.1f} s")
        until(lambda: not self.runners(), 5, "the script is ended")
        return breaches

    def repeat(self):
        """Its client token tells the same afterwards, and the log of SQL has the script."""
        self.server.start()
        try:
            self.api.ask("ExecuteScript", DbId=self.database, Logic=False, Script=ENDLESS, ClientToken="at-stop")
            return ["the script was run again under its client token"]
        except Refused as error:
            breaches = [] if error.code == "IdempotentRequestUnknown" else [str(error)]
        rows = self.api.call("ListSQLExecAuditLog", StartTime="2020-01-01 00:00:00", EndTime="2099-01-01 00:00:00", PageNumber=1,
                             PageSize=10)["SQLExecAuditLogList"]["SQLExecAuditLog"]
        if not any(row["SQL"] == ENDLESS and "not known" in row["Remark"] for row in rows):
            breaches.append(f"the log has {rows}")
        return breaches

    def supervisor_dies(self):
        thread, outcome = self.begin("at-death")
        for pid in self.server.supervisor_pids():
            os.kill(pid, signal.SIGKILL)
        thread.join(20)
        return self.is_unknown(outcome)

    def nothing_is_left(self):
        return self.server.close()


def main():
    trial = Trial()
    tap.run([
        ("a data source is registered", trial.prepare),
        ("SIGTERM ends a server with a script under way within 5 s, and the caller hears OutcomeUnknown", trial.stop),
        ("the client token and the log of SQL say the same afterwards", trial.repeat),
        ("the caller hears the same when the supervisor dies", trial.supervisor_dies),
        ("stop-all leaves nothing, and the events fold to the stored state", trial.nothing_is_left),
    ])


if __name__ == "__main__":
    main()
