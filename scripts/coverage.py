#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""docs/api-coverage.md: what of the API is there, and which client has seen it work.

Usage: coverage.py check NOTES_DIR     is the page true of this run of the wire tests? (TAP)
       coverage.py write NOTES_DIR     write the page from this run

NOTES_DIR holds what the wire tests noted (test/wire/lib/coverage.mjs): action, client, format, code. The page is made of these notes and of
spec/*.json only. `check` fails when an operation was never answered with success through one of the vendor's clients, or never in XML, and when
the page says anything that this run did not show.
"""
import json
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/api-coverage.md"
VENDOR = ("pop-core", "openapi-client", "openapi-core")
# Codes that any operation may give at any time, and that depend on time or load: not listed for each.
COMMON = re.compile(r"^(InvalidAction|InvalidVersion|MissingVersion|UnsupportedHTTPMethod|InvalidAccessKeyId|MissingAccessKeyId|"
                    r"(Invalid|Missing)?SecurityToken|InvalidSecurityToken|InvalidSignatureMethod|IncompleteSignature|Signature|"
                    r"MissingSignature|InvalidSignature|InvalidTimeStamp|MissingTimestamp|InvalidTimestamp|Throttling|ServiceUnavailable|InternalError|"
                    r"InvalidParameter$|InvalidProtocol|InvalidFormat|Missing[xA]|Invalidx|InvalidHost$|InvalidAccept)")


def load_spec():
    spec = {}
    for file, is_ours in (("operations.json", False), ("extensions.json", True)):
        for operation in json.loads((ROOT / "spec" / file).read_text("utf-8"))["operations"]:
            spec[operation["action"]] = dict(operation, is_ours=is_ours, extra_params=[], extra_reply={})
    for extra in json.loads((ROOT / "spec/extras.json").read_text("utf-8"))["operations"]:
        spec[extra["action"]]["extra_params"] = extra.get("params", [])
        spec[extra["action"]]["extra_reply"] = extra.get("response", {})
    return spec


def load_notes(folder):
    notes = {}
    for file in pathlib.Path(folder).glob("*.txt"):
        for line in file.read_text("utf-8").splitlines():
            action, client, form, code = (line.split(" ") + [""])[:4]
            seen = notes.setdefault(action, {"clients": set(), "codes": set()})
            if code == "":
                seen["clients"].add("XML" if form == "XML" else client)
            else:
                seen["codes"].add(code)
    return notes


def fields(shape, path=""):
    """Paths of the reply: `TaskFlowList.TaskFlow[].Id`."""
    kind = shape.get("type")
    if kind == "object" and shape.get("properties"):
        for name, inner in sorted(shape["properties"].items()):
            yield from fields(inner, f"{path}.{name}" if path else name)
    elif kind == "array":
        yield from fields(shape["items"], path + "[]")
    elif path:
        yield f"`{path}` {kind}"


ENVELOPE = {"`ErrorCode` string", "`ErrorMessage` string", "`RequestId` string", "`Success` boolean", "`Success` string"}


def entry(operation, seen):
    action = operation["action"]
    params = [f"`{param['name']}` {param['type']}{' (required)' if param['required'] else ''}{' (body)' if param['in'] == 'body' else ''}"
              for param in operation["params"]]
    params += [f"`{param['name']}` {param['type']} (ours)" for param in operation["extra_params"]]
    reply = [field for field in fields(operation["response"]) if field not in ENVELOPE]
    reply += [f"{field} (ours)" for field in fields(operation["extra_reply"])]
    clients = [client for client in (*VENDOR, "raw", "XML") if client in seen["clients"]]
    codes = sorted(code for code in seen["codes"] if not COMMON.match(code) or code == f"InvalidHost" and "Host" in str(params))
    return "\n".join([
        f"### {action}", "",
        f"- Parameters: {', '.join(params) or 'none'}",
        f"- Reply: {', '.join(reply) or 'the envelope'}",
        f"- Seen to work with: {', '.join(clients) or 'nothing'}",
        f"- Refusals seen: {', '.join(f'`{code}`' for code in codes) or 'none of its own'}", ""])


def make_page(spec, notes):
    empty = {"clients": set(), "codes": set()}
    published = [operation for operation in spec.values() if not operation["is_ours"]]
    ours = [operation for operation in spec.values() if operation["is_ours"]]

    def count(operations):
        return sum(is_covered(notes.get(operation["action"], empty)) for operation in operations)

    head = f"""# What of the API is there

Published operations: **{count(published)} of {len(published)}**, each answered with success through at least one of the vendor's clients and in XML.
Extensions of ours: {count(ours)} of {len(ours)}.

This page is written by `scripts/coverage.py` from the specification (`spec/`) and from what the wire tests saw; `make check` fails when it says
more than its own run shows. "Seen to work with" names the vendor's npm clients (`@alicloud/pop-core`, `@alicloud/openapi-client`,
`@alicloud/openapi-core` in both signature generations), a raw client, and XML replies. Refusals that any operation can give (authentication,
limits, malformed requests) stand in [errors.md](errors.md). "(ours)" marks what we add to the published form; see [extensions.md](extensions.md).

## Published operations
"""
    body = "\n".join(entry(operation, notes.get(operation["action"], empty)) for operation in sorted(published, key=lambda o: o["action"]))
    tail = "\n".join(entry(operation, notes.get(operation["action"], empty)) for operation in sorted(ours, key=lambda o: o["action"]))
    return f"{head}\n{body}\n## Extensions\n\n{tail}".rstrip() + "\n"


def is_covered(seen):
    return any(client in seen["clients"] for client in VENDOR) and "XML" in seen["clients"]


def claims(page):
    """What the page says of each operation: the fixed lines, and the two sets that depend on tests."""
    found = {}
    for part in re.split(r"^### ", page, flags=re.MULTILINE)[1:]:
        lines = part.splitlines()
        sets = {}
        for line in lines:
            for name in ("Seen to work with", "Refusals seen"):
                if line.startswith(f"- {name}: "):
                    sets[name] = {item.strip(" `") for item in line.split(": ", 1)[1].split(",")} - {"nothing", "none of its own"}
        found[lines[0]] = ([line for line in lines if line.startswith(("- Parameters", "- Reply"))], sets)
    return found


def check(spec, notes):
    problems = []
    for action in sorted(spec):
        seen = notes.get(action, {"clients": set(), "codes": set()})
        if not any(client in seen["clients"] for client in VENDOR):
            problems.append(f"{action} was never answered with success to one of the vendor's clients")
        if "XML" not in seen["clients"]:
            problems.append(f"{action} was never answered with success in XML")
    said = claims(PAGE.read_text("utf-8")) if PAGE.exists() else {}
    made = claims(make_page(spec, notes))
    if sorted(said) != sorted(made):
        problems.append(f"the page has other operations than the specification: {sorted(set(said) ^ set(made))}")
    for action in sorted(set(said) & set(made)):
        if said[action][0] != made[action][0]:
            problems.append(f"{action}: the page and the specification differ")
        for name, items in said[action][1].items():
            for item in sorted(items - made[action][1].get(name, set())):
                problems.append(f"{action}: the page says {name.lower()} {item}; this run did not show it")
    return problems


def main():
    if len(sys.argv) != 3 or sys.argv[1] not in ("check", "write"):
        sys.exit(__doc__)
    spec, notes = load_spec(), load_notes(sys.argv[2])
    if sys.argv[1] == "write":
        PAGE.write_text(make_page(spec, notes), "utf-8")
        return 0
    problems = check(spec, notes)
    for problem in problems:
        print(f"# {problem}")
    print(("not " if problems else "") + "ok 1 every operation was called, and docs/api-coverage.md says no more than this run showed\n1..1")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
