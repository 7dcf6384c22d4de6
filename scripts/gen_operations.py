#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the operation table out of the specification.

Usage: gen_operations.py SPEC_DIR operations OUTPUT.c OUTPUT.h    the table of operations
       gen_operations.py SPEC_DIR handlers OUTPUT.c OUTPUT.h      the functions that serve them
       gen_operations.py SPEC_DIR log OUTPUT.c                    the words of the operation log

Reads operations.json, extensions.json, extras.json and serving.json, and refuses what is not whole, whichever table is asked for. Equal
shapes are written once. Everything is sorted by name, because the program finds operations, parameters and fields by binary search.
"""
import json
import pathlib
import sys

sys.dont_write_bytecode = True
import serving  # noqa: E402

KINDS = {"integer": "VALUE_INTEGER", "long": "VALUE_LONG", "string": "VALUE_STRING", "boolean": "VALUE_BOOLEAN",
         "array": "VALUE_ARRAY", "object": "VALUE_OBJECT", "map": "VALUE_MAP"}
ENVELOPE = {"RequestId": "string", "ErrorCode": "string", "ErrorMessage": "string"}


def text(value):
    return json.dumps(value)


def fail(message):
    sys.exit(f"gen_operations.py: {message}")


def merge_shape(base, extra, where):
    """Adds the fields of `extra` to the object shape `base`; an existing field may only be descended into,
    or be given further values ("enum_more")."""
    if base["type"] != extra["type"]:
        fail(f"{where}: extras change the type")
    if base["type"] == "array":
        merge_shape(base["items"], extra["items"], where + "[]")
        return
    for name, shape in extra.get("properties", {}).items():
        if name not in base["properties"]:
            base["properties"][name] = shape
        elif shape["type"] in ("object", "array"):
            merge_shape(base["properties"][name], shape, f"{where}.{name}")
        elif "enum_more" in shape:
            base["properties"][name]["enum"] = base["properties"][name]["enum"] + shape["enum_more"]
        else:
            fail(f"{where}.{name}: extras repeat a published field")


def load(folder):
    published = json.loads((folder / "operations.json").read_text("utf-8"))
    extensions = json.loads((folder / "extensions.json").read_text("utf-8"))
    extras = json.loads((folder / "extras.json").read_text("utf-8"))
    operations = {}
    for is_extension, source in ((False, published), (True, extensions)):
        for operation in source["operations"]:
            if operation["action"] in operations:
                fail(f"{operation['action']} comes twice")
            operation["is_extension"] = is_extension
            operations[operation["action"]] = operation
    for operation in operations.values():
        merge_shape(operation["response"], extras["envelope"], operation["action"])
    for extra in extras["operations"]:
        operation = operations.get(extra["action"]) or fail(f"extras name the unknown {extra['action']}")
        names = {param["name"] for param in operation["params"]}
        for param in operation["params"]:
            param["any_case"] = param["name"] in extra.get("any_case", [])
        for param in extra.get("params", []):
            if param["name"] in names or param["required"]:
                fail(f"{extra['action']}.{param['name']}: an extra parameter must be new and optional")
            operation["params"].append(param)
        for name, words in extra.get("words", {}).items():
            if name not in names:
                fail(f"{extra['action']}.{name}: extras give words to an unknown parameter")
            next(param for param in operation["params"] if param["name"] == name)["enum"] += words
        if "response" in extra:
            merge_shape(operation["response"], extra["response"], extra["action"])
    return [operations[action] for action in sorted(operations)]


class Tables:
    """Collects constant tables; equal ones share one name."""

    def __init__(self):
        self.lines = []
        self.known = {}

    def add(self, prefix, c_type, body, is_array):
        key = (c_type, body)
        if key not in self.known:
            name = f"{prefix}_{len(self.known)}"
            self.known[key] = name
            self.lines.append(f"static const {c_type} {name}{'[]' if is_array else ''} = {{ {body} }};")
        return self.known[key]

    def shape(self, schema):
        kind = KINDS.get(schema["type"]) or fail(f"unknown type {schema['type']}")
        parts = [f".kind = {kind}"]
        if schema["type"] == "object":
            required = set(schema.get("required", []))
            fields = [f"{{ {text(name)}, &{self.shape(schema['properties'][name])}, {str(name in required).lower()} }}"
                      for name in sorted(schema["properties"])]
            if fields:
                name = self.add("fields", "struct shape_field", ", ".join(fields), True)
                parts.append(f".fields = {name}, .field_count = {len(fields)}")
        if schema["type"] == "array":
            parts.append(f".items = &{self.shape(schema['items'])}")
        values = schema.get("enum")
        if values and schema["type"] in ("integer", "long"):
            name = self.add("numbers", "int64_t", ", ".join(str(int(value)) for value in values), True)
            parts.append(f".numbers = {name}, .number_count = {len(values)}")
        if values and schema["type"] == "string":
            name = self.add("words", "char *const", ", ".join(text(str(value)) for value in values), True)
            parts.append(f".words = {name}, .word_count = {len(values)}")
        return self.add("shape", "struct shape", ", ".join(parts), False)

    def param(self, param, row):
        schema = dict(param.get("schema", {"type": param["type"]}))
        if "enum" in param:
            schema["enum"] = param["enum"]
        parts = [f".name = {text(param['name'])}", f".shape = &{self.shape(schema)}"]
        if param["required"]:
            parts.append(".is_required = true")
        if param["in"] == "body":
            parts.append(".is_in_body = true")
        if param.get("enum_open"):
            parts.append(".is_open_enum = true")
        if param.get("any_case"):
            parts.append(".is_any_case = true")
        for bound in ("min", "max"):
            if bound in param:
                parts.append(f".has_{bound} = true, .{bound} = {int(param[bound])}")
        if "max_length" in param:
            parts.append(f".length_max = {int(param['max_length'])}")
        if "separator" in param:
            parts.append(f".separator = '{param['separator']}'")
        if "accept_words" in param:
            word_true, word_false = param["accept_words"]
            parts.append(f".word_true = {text(word_true)}, .word_false = {text(word_false)}")
        parts += serving.param_parts(row, param["name"])
        return "{ " + ", ".join(parts) + " }"

    def operation(self, operation, row):
        action, reply = operation["action"], operation["response"]
        for name, kind in ENVELOPE.items():
            if reply["properties"].get(name, {}).get("type") != kind:
                fail(f"{action}: no {name} in the reply")
        success = reply["properties"]["Success"]["type"]
        if success not in ("boolean", "string"):
            fail(f"{action}: Success is a {success}")
        params = [self.param(param, row) for param in sorted(operation["params"], key=lambda param: param["name"])]
        parts = [f".action = {text(action)}", f".reply = &{self.shape(reply)}"]
        if params:
            self.lines.append(f"static const struct param params_{action}[] = {{\n    " + ",\n    ".join(params) + " };")
            parts.append(f".params = params_{action}, .param_count = {len(params)}")
        for method in ("GET", "POST"):
            if method in operation["methods_accepted"]:
                parts.append(f".accepts_{method.lower()} = true")
        if serving.reads(action):
            parts.append(".is_read = true")
        if operation["is_extension"]:
            parts.append(".is_extension = true")
        if success == "string":
            parts.append(".is_success_text = true")
        parts += serving.operation_parts(row)
        return "    { " + ",\n      ".join(parts) + " },"


def operations_table(operations, rows):
    tables = Tables()
    lines = [tables.operation(operation, rows[operation["action"]]) for operation in operations]
    return ('#include "api/wire/operation.h"\n#include "api/wire/operations_table.h"\n\n' + "\n".join(tables.lines) +
            "\n\nconst struct operation operation_table[] = {\n" + "\n".join(lines) +
            "\n};\nconst size_t operation_count = OPERATION_COUNT;\n"
            "_Static_assert(sizeof operation_table / sizeof *operation_table == OPERATION_COUNT, \"table\");\n")


def make(folder, part):
    """The texts of a part's files."""
    operations = load(folder)
    rows, log_only = serving.load(folder, operations)
    if part == "operations":
        return [operations_table(operations, rows), f"#pragma once\n\nenum {{ OPERATION_COUNT = {len(operations)} }};\n"]
    if part == "handlers":
        return [serving.handlers_table(rows), serving.handlers_header(rows)]
    return [serving.log_words(rows, log_only)]


def main():
    files = {"operations": 2, "handlers": 2, "log": 1}
    if len(sys.argv) < 4 or files.get(sys.argv[2]) != len(sys.argv) - 3:
        fail("usage: gen_operations.py SPEC_DIR operations|handlers|log OUTPUT...")
    try:
        texts = make(pathlib.Path(sys.argv[1]), sys.argv[2])
    except serving.Refusal as refusal:
        fail(f"serving.json: {refusal}")
    for path, body in zip(sys.argv[3:], texts):
        pathlib.Path(path).write_text("// Generated by scripts/gen_operations.py out of spec/. Do not edit.\n" + body, "utf-8")


if __name__ == "__main__":
    main()
