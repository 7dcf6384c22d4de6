# SPDX-License-Identifier: Apache-2.0
"""What must hold after any fault (reliability.md, Properties the checker verifies). Each function returns breaches."""

from collections import Counter, defaultdict

SHOWN_MAX = 20


def shorten(breaches):
    if len(breaches) <= SHOWN_MAX:
        return breaches
    return breaches[:SHOWN_MAX] + [f"and {len(breaches) - SHOWN_MAX} more"]


def acknowledged(acked, final, unknown_count, what):
    """acked ⊆ final; what was not acknowledged is at most what had no answer."""
    breaches = [f"{what} {one} was acknowledged and is lost" for one in sorted(set(acked) - set(final))]
    extra = set(final) - set(acked)
    if len(extra) > unknown_count:
        breaches.append(f"{len(extra)} {what}s nobody was told of, but only {unknown_count} calls had no answer")
    if len(set(final)) != len(final):
        breaches.append(f"a {what} is listed twice")
    return shorten(breaches)


def exactly_once(lines, expected):
    """Each expected (run, node) has exactly one start and one end, of one attempt and of one process; nothing else ran.

    The attempt may have any number: one that certainly never started is followed by another, and both are counted."""
    breaches = []
    seen = defaultdict(list)
    for line in lines:
        seen[(line.run, line.node)].append(line)
    for key in sorted(expected):
        words = [line.word for line in seen.get(key, [])]
        if words != ["start", "end"]:
            breaches.append(f"run {key[0]} node {key[1]}: {seen.get(key, [])}")
        elif seen[key][0].pid != seen[key][1].pid or seen[key][0].attempt != seen[key][1].attempt:
            breaches.append(f"run {key[0]} node {key[1]} changed on the way: {seen[key]}")
    breaches += [f"run {run} node {node} ran and is in no run" for run, node in sorted(set(seen) - set(expected))]
    return shorten(breaches)


def in_order(lines, runs, edges_of):
    """A node starts after all nodes in front of it have ended. runs: {run: flow}; edges_of: {flow: [(from, to)]}."""
    place = {(line.word, line.run, line.node): line.place for line in lines}
    breaches = []
    for run, flow in runs.items():
        for before, after in edges_of[flow]:
            end, start = place.get(("end", run, before)), place.get(("start", run, after))
            if start is not None and (end is None or end > start):
                breaches.append(f"run {run}: node {after} started before node {before} had ended")
    return shorten(breaches)


def attempts_once(lines):
    """No (run, node, attempt) starts twice, and attempts of one node never overlap."""
    starts = Counter((line.run, line.node, line.attempt) for line in lines if line.word == "start")
    return shorten([f"run {key[0]} node {key[1]} attempt {key[2]} started {count} times"
                    for key, count in sorted(starts.items()) if count > 1])


def audited(changes, rows):
    """Every acknowledged change (request id, action) has exactly one row in the operation log."""
    counts = Counter(rows)
    return shorten([f"{action}, request {request}, was acknowledged and has {counts[(request, action)]} rows in the operation log"
                    for request, action in changes if counts[(request, action)] != 1])
