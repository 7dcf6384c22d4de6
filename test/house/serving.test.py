#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""spec/serving.json is whole: each operation's row has its function in the room that it names. And the generator refuses a row that is not."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tap  # noqa: E402
import serving  # noqa: E402

GENERATOR = os.path.join(tap.SOURCE, "scripts/gen_operations.py")


def row_of(document, action):
    return next(row for row in document["operations"] if row["action"] == action)


def remove(of):
    return lambda document: document["operations"].remove(row_of(document, of))


def change(of, **members):
    return lambda document: row_of(document, of).update(members)


def change_log(of, **members):
    return lambda document: row_of(document, of)["log"].update(members)


def repeat(of):
    return lambda document: document["operations"].insert(
        document["operations"].index(row_of(document, of)), dict(row_of(document, of)))


def own(row):
    return lambda document: document["log_only"].insert(0, row)


# (what it is about, how serving.json is spoilt, words that the refusal must contain)
BAD = [
    ("an operation without a row", remove("CreateTask"), "CreateTask has no row"),
    ("a row of no operation", change("CreateTask", action="CreateTaskAnew"), "'CreateTaskAnew' is no operation"),
    ("a row that comes twice", repeat("CreateTask"), "CreateTask comes twice"),
    ("rows out of order", lambda document: document["operations"].reverse(), "sorted by action"),
    ("a row without a class", lambda document: row_of(document, "GetTask").pop("access"), "GetTask: no 'access'"),
    ("an unknown class", change("GetTask", access="ANYBODY"), "GetTask: 'ANYBODY' is none of MEMBER"),
    ("a member that is misspelt", change("GetTask", make_keys=True), "GetTask: unknown key 'make_keys'"),
    ("a flag that is not true", change("GetTask", makes_keys=False), "'makes_keys' is true or left out"),
    ("a room that is none", change("GetTask", room="../node"), "is not named like flow_ops"),
    ("a change that is not logged", lambda document: row_of(document, "CreateTask").pop("log"), "CreateTask: no 'log'"),
    ("a reading that is logged", change("GetTask", log={"module": "DB_TASK", "does": "read", "names": []}),
     "GetTask: what only reads"),
    ("an unknown module", change_log("CreateTask", module="TASKS"), "'TASKS' is no module"),
    ("a sentence that is none", change_log("CreateTask", does="Creates a task."), "'does' is a phrase"),
    ("a log without names", lambda document: row_of(document, "CreateTask")["log"].pop("names"), "CreateTask: no 'names'"),
    ("a parameter that is none", change_log("CreateTask", names=["TaskId"]), "CreateTask has no parameter 'TaskId'"),
    ("a parameter that is a list", change_log("AddLhMembers", names=["Members"]), "'Members' is neither"),
    ("a pair of three", change_log("UpdateUser", names=[["Mobile", "Uid", "UserNick"]]), "is no pair"),
    ("a database that is none", change_log("ExecuteScript", database="DatabaseId"), "no parameter 'DatabaseId'"),
    ("an action of the log that is an operation",
     own({"action": "CreateTask", "module": "DB_TASK", "does": "create a task"}), "CreateTask: is an operation"),
    ("an action of the log without a module", own({"action": "Aaa", "does": "do a thing"}), "no 'module'"),
    ("an action of the log that comes twice", own({"action": "DropNotes", "module": "DB_TASK", "does": "drop"}),
     "DropNotes comes twice"),
]


def generate(spec, part, folder):
    """(exit code, what it says, the texts it made)"""
    outputs = [os.path.join(folder, f"output{number}") for number in range({"log": 1}.get(part, 2))]
    done = subprocess.run([sys.executable, GENERATOR, spec, part, *outputs], capture_output=True, text=True, check=False)
    texts = [open(path, encoding="utf-8").read() for path in outputs if os.path.exists(path)]
    return done.returncode, done.stderr, texts


def spoilt(folder, **changes):
    """A copy of spec/ in which some documents were changed: name=function of the document."""
    spec = os.path.join(folder, "spec")
    shutil.copytree(os.path.join(tap.SOURCE, "spec"), spec)
    for name, spoil in changes.items():
        path = os.path.join(spec, f"{name}.json")
        with open(path, encoding="utf-8") as file:
            document = json.load(file)
        spoil(document)
        with open(path, "w", encoding="utf-8") as file:
            json.dump(document, file)
    return spec


def refuses(spoil, words):
    with tempfile.TemporaryDirectory(prefix="sluice-serving-", dir="/var/tmp") as folder:
        for part in ("operations", "handlers", "log"):
            code, said, texts = generate(spoilt(tempfile.mkdtemp(dir=folder), serving=spoil), part, folder)
            if code != 1 or texts or words not in said or "Traceback" in said:
                return [f"{part}: exit code {code}, {len(texts)} files, said: {said}"]
    return []


def toy_is_taken():
    """A new operation is an entry of the specification, a row of serving.json, and the function that the linker then asks for."""
    toy_row = {"action": "AAToy", "room": "toy_ops", "access": "AUDIT",
               "log": {"module": "DB_TASK", "does": "play", "names": ["ToyId"], "database": "ToyId"}}

    def add(document):
        toy = json.loads(json.dumps(next(row for row in document["operations"] if row["action"] == "DeleteAccessKey")))
        toy.update(action="AAToy", params=[{"name": "ToyId", "type": "long", "required": True, "in": "query", "json": False}])
        document["operations"].insert(0, toy)

    wanted = {"operations": ['.action = "AAToy"', ".access = CLASS_AUDIT", '.database_param = "ToyId"', ".is_logged = true"],
              "handlers": ["    op_aa_toy,\n    op_add_instance,", "// toy_ops\nbool op_aa_toy(struct call *call"],
              "log": ['{ "AAToy", "DB_TASK", "play" },\n    { "AddInstance",']}
    breaches = []
    with tempfile.TemporaryDirectory(prefix="sluice-serving-", dir="/var/tmp") as folder:
        spec = spoilt(folder, extensions=add, serving=lambda document: document["operations"].insert(0, toy_row))
        for part, pieces in wanted.items():
            code, said, texts = generate(spec, part, folder)
            breaches += [said] if code != 0 else []
            breaches += [f"{part}: no {piece!r}" for piece in pieces if piece not in "".join(texts)]
    return breaches


def names_are_regular():
    wanted = {"CreateTaskFlow": "op_create_task_flow", "ListDAGVersions": "op_list_dag_versions",
              "UpdateTaskContentV2": "op_update_task_content_v2", "GetIntervalLimitOfSLA": "op_get_interval_limit_of_sla",
              "ListSQLExecAuditLog": "op_list_sql_exec_audit_log", "ReDeployLhDagVersion": "op_re_deploy_lh_dag_version"}
    return [f"{action}: {serving.function_name(action)}" for action, name in wanted.items()
            if serving.function_name(action) != name]


def rooms_hold_their_functions():
    """That each function exists is the linker's to say; here: it stands in the room of its row."""
    with open(os.path.join(tap.SOURCE, "spec/serving.json"), encoding="utf-8") as file:
        rows = json.load(file)["operations"]
    breaches = []
    for room in sorted({row["room"] for row in rows}):
        with open(os.path.join(tap.SOURCE, f"src/api/ops/{room}.c"), encoding="utf-8") as file:
            found = set(re.findall(r"^bool (op_\w+)\(", file.read(), re.MULTILINE))
        wanted = {serving.function_name(row["action"]) for row in rows if row["room"] == room}
        breaches += [f"src/api/ops/{room}.c has no {name}" for name in sorted(wanted - found)]
        breaches += [f"{name} of src/api/ops/{room}.c has another room in spec/serving.json" for name in sorted(found - wanted)]
    return breaches


def large_replies_are_named():
    """The page tells operators which calls wait for one another."""
    with open(os.path.join(tap.SOURCE, "spec/serving.json"), encoding="utf-8") as file:
        wanted = {row["action"] for row in json.load(file)["operations"] if row.get("has_large_reply")}
    with open(os.path.join(tap.SOURCE, "docs/network.md"), encoding="utf-8") as file:
        paragraph = re.search(r"^\*\*Large replies\.\*\*.*?several MiB: (.*?)\. The others", file.read(), re.MULTILINE | re.DOTALL)
    named = set(re.findall(r"`(\w+)`", paragraph.group(1))) if paragraph else set()
    return [f"docs/network.md does not name {action}" for action in sorted(wanted - named)] + \
           [f"docs/network.md names {action}, whose row has no 'has_large_reply'" for action in sorted(named - wanted)]


tap.run([("each function stands in the room of its row", rooms_hold_their_functions),
         ("docs/network.md names the operations with large replies", large_replies_are_named),
         ("names of functions are regular", names_are_regular),
         ("a new operation gets its tables", toy_is_taken)] +
        [(f"the generator refuses {about}", lambda spoil=spoil, words=words: refuses(spoil, words))
         for about, spoil, words in BAD])
