#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs every test and counts every single TAP result.

Two kinds are found by themselves, so that none can be forgotten:
  unit   the test programs that meson knows in the build directory;
  files  test/SUITE/*.test.sh, *.test.py and *.test.mjs, for every folder SUITE of test/.

Each speaks TAP on standard output. A file may say in its first 20 lines, after "#" or "//":
  timeout: 600      seconds before it is ended (default 300)
  needs: root       run through `sudo -n` when not root, else shown as skipped
  alone: yes        never beside another test (figures, whole-machine effects)
  sanitizers: no    left out of the pass under sanitizers
A file gets SLUICE_BUILD and SLUICE_SOURCE in its environment. Where the vendor's clients are missing, SLUICE_WITHOUT_CLIENTS says why, and
every *.test.mjs counts as skipped for that reason. The last line is "N passed, N failed[, N skipped]"; the
exit code is 1 when something failed or nothing ran.
"""

import argparse
import concurrent.futures
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

SOURCE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
# Cheap and telling first; the suites not named here follow in alphabetical order.
ORDER = ["unit", "house", "golden", "property", "contract", "sim", "wire", "e2e", "fault"]
RESULT = re.compile(r"^(not ok|ok)\b\s*\d*\s*-?\s*(.*)$")
PLAN = re.compile(r"^1\.\.(\d+)\s*(#\s*skip\b.*)?$", re.IGNORECASE)
SKIP = re.compile(r"#\s*skip\b\s*(.*)$", re.IGNORECASE)
HEADER = re.compile(r"^\s*(?:#|//)\s*(timeout|needs|alone|sanitizers):\s*(\S+)")


class Job:
    """One test program: what to run, where it belongs and how long it may take."""

    def __init__(self, suite, name, command, env, timeout, notes):
        self.suite, self.name, self.command, self.env = suite, name, command, env
        self.timeout, self.notes = timeout, notes
        self.alone = notes.get("alone") == "yes"


class Result:
    def __init__(self, passed=0, failed=0, skipped=0, seconds=0.0, output="", note=""):
        self.passed, self.failed, self.skipped = passed, failed, skipped
        self.seconds, self.output, self.note = seconds, output, note


def parse_tap(text, exit_code):
    """Counts the results of one program. Whatever is not a clean, complete TAP stream is a failure."""
    passed = failed = skipped = 0
    planned = None
    problems, reasons = [], []
    for line in text.splitlines():
        plan = PLAN.match(line)
        if plan:
            planned = int(plan.group(1))
            if planned == 0 and plan.group(2):
                skipped += 1
                reasons.append(plan.group(2).lstrip("# ")[4:].strip())
            continue
        if line.startswith("Bail out!"):
            problems.append(line)
            continue
        result = RESULT.match(line)
        if not result:
            continue
        skip = SKIP.search(result.group(2))
        if result.group(1) == "ok" and skip:
            skipped += 1
            reasons.append(skip.group(1).strip())
        elif result.group(1) == "ok":
            passed += 1
        else:
            failed += 1
    seen = passed + failed + skipped
    if seen == 0:
        problems.append("no test result in the output")
    elif planned is None:
        problems.append("the output ends without a plan")
    elif planned not in (0, seen):
        problems.append(f"{planned} results planned, {seen} seen")
    if exit_code != 0 and failed == 0:
        problems.append(f"exit code {exit_code}")
    return passed, failed + (1 if problems else 0), skipped, "; ".join(problems + sorted(set(filter(None, reasons))))


def file_notes(path):
    notes = {}
    with open(path, encoding="utf-8") as file:
        for _, line in zip(range(20), file):
            match = HEADER.match(line)
            if match:
                notes[match.group(1)] = match.group(2)
    return notes


def find_files(root):
    """Every test file below test/, as (suite, path relative to test/)."""
    base = os.path.join(root, "test")
    for suite in sorted(os.listdir(base)):
        if suite.startswith(".") or not os.path.isdir(os.path.join(base, suite)):
            continue
        for folder, folders, names in os.walk(os.path.join(base, suite)):
            folders[:] = sorted(f for f in folders if f not in ("node_modules", "__pycache__", "corpus"))
            for name in sorted(names):
                if re.search(r"\.test\.(sh|py|mjs)$", name):
                    yield suite, os.path.relpath(os.path.join(folder, name), base)


def unit_jobs(build):
    path = os.path.join(build, "meson-info", "intro-tests.json")
    if not os.path.exists(path):
        sys.exit(f"run_tests: {build} is not a build directory; run make first")
    with open(path, encoding="utf-8") as file:
        tests = json.load(file)
    for test in tests:
        notes = {"alone": "yes"} if not test.get("is_parallel", True) else {}
        yield Job("unit", test["name"], test["cmd"], dict(test["env"]), test["timeout"] or 300, notes)


def file_jobs(root):
    interpreters = {"sh": ["sh"], "py": ["python3"], "mjs": ["node"]}
    for suite, name in find_files(root):
        path = os.path.join(root, "test", name)
        notes = file_notes(path)
        command = [path] if os.access(path, os.X_OK) else interpreters[name.rsplit(".", 1)[1]] + [path]
        yield Job(suite, name, command, {}, int(notes.get("timeout", 300)), notes)


def suite_rank(suite):
    return (ORDER.index(suite), "") if suite in ORDER else (len(ORDER), suite)


class Runner:
    def __init__(self, arguments):
        self.build = os.path.abspath(arguments.build)
        self.root = os.path.abspath(arguments.source)
        self.sanitized = arguments.sanitized
        self.lock = threading.Lock()
        # What the wire tests called, see scripts/coverage.py.
        self.coverage = tempfile.mkdtemp(prefix="sluice-coverage-", dir="/var/tmp")
        os.chmod(self.coverage, 0o1777)
        self.reports = None
        if self.sanitized:
            # The server and the tasks may run under other uids: anybody may leave a report here.
            self.reports = tempfile.mkdtemp(prefix="sluice-reports-", dir="/var/tmp")
            os.chmod(self.reports, 0o1777)

    def environment(self, job, scratch):
        # The servers of tests judge each of their replies by the specification.
        env = dict(os.environ, SLUICE_BUILD=self.build, SLUICE_SOURCE=self.root, SLUICE_CHECK_REPLIES="1",
                   SLUICE_COVERAGE=self.coverage)
        env.update(job.env)
        if self.sanitized:
            log = f"log_path={scratch}/report"
            env.update(SLUICE_SANITIZED="1", G_SLICE="always-malloc",
                       ASAN_OPTIONS=f"detect_leaks=1:detect_stack_use_after_return=1:{log}",
                       LSAN_OPTIONS=log, UBSAN_OPTIONS=f"print_stacktrace=1:halt_on_error=1:{log}")
        return env

    def command(self, job, env):
        """The command line, through sudo where the test needs root; None when that can not be had."""
        if job.notes.get("needs") != "root" or os.geteuid() == 0:
            return job.command
        if subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False).returncode != 0:
            return None
        kept = [f"{key}={env[key]}" for key in sorted(env)
                if key.startswith(("SLUICE_", "ASAN_", "UBSAN_", "LSAN_", "G_")) or key in ("PATH", "CI")]
        # A user can not signal what sudo runs, so the time limit is enforced on the other side of it.
        return ["sudo", "-n", "env", *kept, "timeout", "-k", "10", str(job.timeout), *job.command]

    @staticmethod
    def missing_clients(job):
        """Why a test that talks through the vendor's clients can not run here; None when it can, or needs none."""
        if not job.name.endswith(".test.mjs"):
            return None
        if not shutil.which("node"):
            return "needs node"
        return os.environ.get("SLUICE_WITHOUT_CLIENTS")

    def run(self, job):
        missing = self.missing_clients(job)
        if missing:
            return Result(skipped=1, note=missing)
        scratch = tempfile.mkdtemp(dir=self.reports) if self.reports else None
        if scratch:
            os.chmod(scratch, 0o1777)
        env = self.environment(job, scratch)
        try:
            command = self.command(job, env)
        except FileNotFoundError:
            command = None
        if command is None:
            return Result(skipped=1, note="needs root, and sudo -n is refused")
        start = time.monotonic()
        code, out, err, late = self.execute(job, command, env)
        passed, failed, skipped, note = parse_tap(out, code)
        if late:
            failed, note = failed + 1, f"ended after {job.timeout} s"
        text = out + ("\n--- standard error\n" + err if err.strip() else "")
        for name in sorted(os.listdir(scratch)) if scratch else []:
            failed, note = failed + 1, "sanitizer report"
            with open(os.path.join(scratch, name), encoding="utf-8", errors="replace") as file:
                text += f"\n--- {name}\n" + file.read(20000)
        return Result(passed, failed, skipped, time.monotonic() - start, text, note)

    def execute(self, job, command, env):
        try:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                       stderr=subprocess.PIPE, env=env, cwd=self.root, start_new_session=True)
        except OSError as error:
            return 127, "", f"{command[0]}: {error}", False
        limit = job.timeout + (15 if command[0] == "sudo" else 0)
        late = False
        try:
            out, err = process.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            late = True
            out, err = self.end(process)
        return process.returncode, out.decode(errors="replace"), err.decode(errors="replace"), late

    @staticmethod
    def end(process):
        """Ends a program that takes too long: politely first, since it has a server of its own to stop."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(process.pid, number)
            except (ProcessLookupError, PermissionError):
                pass
            try:
                return process.communicate(timeout=15)
            except subprocess.TimeoutExpired:
                continue
        return b"", b"its output stayed open after SIGKILL"

    def show(self, job, result):
        mark = "FAIL" if result.failed else ("skip" if not result.passed else "ok")
        counts = f"{result.passed}" + (f"+{result.skipped} skipped" if result.skipped else "")
        if result.failed:
            counts += f", {result.failed} failed"
        with self.lock:
            name = job.name if job.name.startswith(job.suite + "/") else f"{job.suite}/{job.name}"
            print(f"{mark:4} {result.seconds:7.2f} s  {name}  ({counts})" +
                  (f"  {result.note}" if result.note else ""), flush=True)
            if result.failed:
                print("\n".join("     | " + line for line in shorten(result.output).splitlines()), flush=True)


def shorten(text, limit=400):
    lines = text.splitlines()
    if len(lines) <= limit:
        return text
    return "\n".join(lines[:limit // 2] + [f"... {len(lines) - limit} lines left out ..."] + lines[-limit // 2:])


def select(jobs, arguments):
    suites = arguments.suites.split(",") if arguments.suites else None
    for job in jobs:
        if suites and job.suite not in suites:
            continue
        if arguments.filter and arguments.filter not in f"{job.suite}/{job.name}":
            continue
        if arguments.sanitized and job.notes.get("sanitizers") == "no":
            continue
        yield job


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default=os.environ.get("SLUICE_BUILD", "build"))
    parser.add_argument("--source", default=SOURCE)
    parser.add_argument("--suites", help="only these, separated by commas; 'unit' are the programs of meson")
    parser.add_argument("--filter", help="only tests whose name contains this text")
    parser.add_argument("--keep-coverage", action="store_true", help="leave the notes for scripts/coverage.py write")
    parser.add_argument("--sanitized", action="store_true", help="the build directory was made with sanitizers")
    parser.add_argument("--summary", default=os.environ.get("SLUICE_SUMMARY"), help="write the counts to this file, as JSON")
    parser.add_argument("--list", action="store_true", help="show what would run")
    parser.add_argument("-j", "--jobs", type=int, default=min(2, os.cpu_count() or 1))
    arguments = parser.parse_args()

    jobs = [*unit_jobs(arguments.build), *file_jobs(arguments.source)]
    jobs = sorted(select(jobs, arguments), key=lambda job: (suite_rank(job.suite), job.name))
    if arguments.list:
        print("\n".join(f"{job.suite}/{job.name}" for job in jobs))
        return 0
    runner = Runner(arguments)
    total = Result()

    def one(job):
        result = runner.run(job)
        runner.show(job, result)
        with runner.lock:
            total.passed += result.passed
            total.failed += result.failed
            total.skipped += result.skipped

    with concurrent.futures.ThreadPoolExecutor(max_workers=max(1, arguments.jobs)) as pool:
        list(pool.map(one, [job for job in jobs if not job.alone]))
    for job in jobs:
        if job.alone:
            one(job)
    # Only a run of all wire tests can say whether one operation was left out.
    script = os.path.join(runner.root, "scripts/coverage.py")
    is_whole = not (arguments.filter or arguments.sanitized or any(runner.missing_clients(job) for job in jobs))
    if is_whole and os.path.exists(script) and any(job.suite == "wire" for job in jobs):
        one(Job("wire", "coverage of the API", [sys.executable, script, "check", runner.coverage], {}, 60, {}))
    if arguments.keep_coverage:
        print(f"notes of the calls: {runner.coverage}")
    else:
        subprocess.run(["rm", "-rf", runner.coverage], check=False)
    if runner.reports:
        subprocess.run(["rm", "-rf", runner.reports], check=False)
    if arguments.summary:
        with open(arguments.summary, "w", encoding="utf-8") as file:
            json.dump({"passed": total.passed, "failed": total.failed, "skipped": total.skipped}, file)
    if total.passed + total.failed == 0:
        print("nothing ran")
    print(f"{total.passed} passed, {total.failed} failed" + (f", {total.skipped} skipped" if total.skipped else ""))
    return 1 if total.failed or total.passed == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
