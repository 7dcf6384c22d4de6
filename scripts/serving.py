# SPDX-License-Identifier: Apache-2.0
"""spec/serving.json: how each operation is served. Reads it, refuses what is not whole, and writes the tables of handlers and of the
operation log; gen_operations.py does the rest."""
import json
import re

READS = ("Get", "List", "Search")
ACCESS = ("MEMBER", "RUNS", "SOURCES", "USERS", "SPACES", "AUDIT", "OPERATOR")  # core/access.h
FLAGS = ("makes_keys", "has_large_body", "has_large_reply")
ROW_KEYS = {"action", "room", "access", "log", *FLAGS}
LOG_KEYS = {"module", "does", "names", "database"}


class Refusal(Exception):
    """What is wrong with the specification, in words for who edits it."""


def reads(action):
    return action.startswith(READS)


def function_name(action):
    """CreateTaskFlow -> op_create_task_flow, ListSQLExecAuditLog -> op_list_sql_exec_audit_log."""
    return "op_" + re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", action).lower()


def check_keys(row, allowed, required, where):
    for key in sorted(set(row) - allowed):
        raise Refusal(f"{where}: unknown key {key!r}")
    for key in sorted(required - set(row)):
        raise Refusal(f"{where}: no {key!r}")


def check_flags(row, where):
    for key in FLAGS:
        if row.get(key, True) is not True:
            raise Refusal(f"{where}: {key!r} is true or left out")


def check_words(row, modules, where):
    if row["module"] not in modules:
        raise Refusal(f"{where}: {row['module']!r} is no module of GetOpLog")
    if not row["does"] or not row["does"][0].islower() or row["does"].endswith("."):
        raise Refusal(f"{where}: 'does' is a phrase such as \"create a task flow\"")


def flat(names):
    return [name for entry in names for name in (entry if isinstance(entry, list) else [entry])]


def check_log(row, params, modules, where):
    log = row["log"]
    check_keys(log, LOG_KEYS, {"module", "does", "names"}, where)
    check_words(log, modules, where)
    names = flat(log["names"])
    if names != sorted(set(names)):
        raise Refusal(f"{where}: 'names' are sorted, each once")
    for name in names + ([log["database"]] if "database" in log else []):
        if name not in params:
            raise Refusal(f"{where}: {row['action']} has no parameter {name!r}")
        if params[name]["type"] not in ("integer", "long", "string"):
            raise Refusal(f"{where}: {name!r} is neither a number nor a text")
    for pair in (entry for entry in log["names"] if isinstance(entry, list)):
        if len(pair) != 2 or params[pair[1]]["type"] != "string":
            raise Refusal(f"{where}: {pair} is no pair of a parameter and a text that stands for it")


def check_row(row, operation, modules, where):
    check_keys(row, ROW_KEYS, {"action", "room", "access"}, where)
    check_flags(row, where)
    if row["access"] not in ACCESS:
        raise Refusal(f"{where}: {row['access']!r} is none of {', '.join(ACCESS)}")
    if not re.fullmatch(r"[a-z]+(_[a-z]+)*_ops", row["room"]):
        raise Refusal(f"{where}: the room {row['room']!r} is not named like flow_ops")
    if reads(row["action"]) and "log" in row:
        raise Refusal(f"{where}: what only reads has no 'log'")
    if not reads(row["action"]):
        if "log" not in row:
            raise Refusal(f"{where}: no 'log', and the name does not say that it only reads")
        check_log(row, {param["name"]: param for param in operation["params"]}, modules, where)


def check_log_only(rows, operations, modules):
    for row in rows:
        where = f"log_only {row.get('action')}"
        check_keys(row, {"action", "module", "does"}, {"action", "module", "does"}, where)
        check_words(row, modules, where)
        if row["action"] in operations:
            raise Refusal(f"{where}: is an operation; its words belong into its row")


def check_order(rows, what):
    actions = [row.get("action") or "" for row in rows]
    for before, action in zip(actions, actions[1:]):
        if before == action:
            raise Refusal(f"{what}: {action} comes twice")
        if before > action:
            raise Refusal(f"{what}: {action} stands behind {before}; rows are sorted by action")


def load(folder, operations):
    """The rows by action, and the log's other actions. `operations`: the specification's, with all their parameters."""
    document = json.loads((folder / "serving.json").read_text("utf-8"))
    known = {operation["action"]: operation for operation in operations}
    modules = next(param["enum"] for param in known["GetOpLog"]["params"] if param["name"] == "Module")
    check_keys(document, {"about", "operations", "log_only"}, {"operations", "log_only"}, "serving.json")
    check_order(document["operations"], "operations")
    check_order(document["log_only"], "log_only")
    for row in document["operations"]:
        if row.get("action") not in known:
            raise Refusal(f"{row.get('action')!r} is no operation of the specification")
        check_row(row, known[row["action"]], modules, row["action"])
    rows = {row["action"]: row for row in document["operations"]}
    for action in known:
        if action not in rows:
            raise Refusal(f"{action} has no row in serving.json")
    check_log_only(document["log_only"], known, modules)
    return rows, document["log_only"]


def operation_parts(row):
    """Members of struct operation."""
    parts = [f".access = CLASS_{row['access']}"]
    parts += [f".{flag} = true" for flag in FLAGS if row.get(flag)]
    if "database" in row.get("log", {}):
        parts.append(f".database_param = {json.dumps(row['log']['database'])}")
    return parts


def param_parts(row, name):
    """Members of struct param."""
    names = row.get("log", {}).get("names", [])
    text_forms = dict(entry for entry in names if isinstance(entry, list))
    parts = [".is_logged = true"] if name in flat(names) else []
    return parts + ([f".text_form = {json.dumps(text_forms[name])}"] if name in text_forms else [])


def handlers_header(rows):
    lines = ["#pragma once", "", '#include "api/api.h"', "", "// One for each row of operation_table, in its order.",
             "extern const op_fn operation_handlers[];"]
    for room in sorted({row["room"] for row in rows.values()}):
        lines += ["", f"// {room}"]
        lines += [f"bool {function_name(action)}(struct call *call, json_t *reply, GError **error);"
                  for action in sorted(rows) if rows[action]["room"] == room]
    return "\n".join(lines) + "\n"


def handlers_table(rows):
    entries = "\n".join(f"    {function_name(action)}," for action in sorted(rows))
    return ('#include "api/ops/operation_handlers.h"\n\n#include "api/wire/operations_table.h"\n\n'
            f"const op_fn operation_handlers[OPERATION_COUNT] = {{\n{entries}\n}};\n")


def log_words(rows, log_only):
    words = [dict(row["log"], action=action) for action, row in rows.items() if "log" in row] + log_only
    entries = "\n".join(f"    {{ {json.dumps(row['action'])}, {json.dumps(row['module'])}, {json.dumps(row['does'])} }},"
                        for row in sorted(words, key=lambda row: row["action"]))
    return ('#include "store/audit_words.h"\n\n'
            f"const struct audit_word audit_word_table[] = {{\n{entries}\n}};\n"
            "const size_t audit_word_count = sizeof audit_word_table / sizeof *audit_word_table;\n")
