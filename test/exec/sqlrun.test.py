#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 120
"""sluice-sql as the supervisor starts it: the real program, a request on descriptor 3, a real SQLite file."""

import contextlib
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "house"))
import tap  # noqa: E402

PROGRAM = os.path.join(tap.BUILD, "src", "main", "sluice-sql")
ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "


@contextlib.contextmanager
def folder():
    with tempfile.TemporaryDirectory(prefix="sluice-sqlrun-", dir="/var/tmp") as path:
        yield path


def request(mode, path, sql=None, **more):
    connection = {"kind": "sqlite", "host": path, "port": 0, "password": "canary-7c1f0e"}
    return {"mode": mode, "connection": connection, **({} if sql is None else {"sql": sql}), **more}


def spawn(work, wanted):
    """Starts the program as the supervisor does: this request (an object, or text as it is) on descriptor 3, a memory file for its answer on 4."""
    name = os.path.join(work, "request")
    with open(name, "w", encoding="utf-8") as file:
        file.write(wanted if isinstance(wanted, str) else json.dumps(wanted))
    answer = os.memfd_create("answer")
    process = subprocess.Popen(["sh", "-c", f'exec "$0" 4<>/proc/self/fd/{answer} 3<"$1"', PROGRAM, name],
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, pass_fds=(answer,))
    process.answer = answer
    return process


def answer_of(process):
    """What the program has told the server, as JSON or None; once."""
    with open(process.answer, "rb") as file:
        file.seek(0)
        text = file.read()
    assert len(text) < 1024 * 1024 and b"canary-7c1f0e" not in text, len(text)
    return last_object(text.decode("utf-8"))


def run(work, wanted, seconds=30):
    """(exit code, log, answer as JSON or None) of a run to its end."""
    process = spawn(work, wanted)
    out, err = process.communicate(timeout=seconds)
    text = out.decode("utf-8")
    assert "canary-7c1f0e" not in text + err.decode(), "the password was printed"
    assert err == b"", err
    assert '{"' not in text or "'{" in text, f"JSON in the log: {text}"
    return process.returncode, text, answer_of(process)


def last_object(text):
    lines = [line for line in text.splitlines() if line.strip()]
    try:
        return json.loads(lines[-1]) if lines else None
    except ValueError:
        return None


def rows(path, query):
    connection = sqlite3.connect(path)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def has(text, *parts):
    for part in parts:
        assert re.search(part, text, re.MULTILINE), f"{part!r} is not in\n{text}"


def script(sql):
    """Runs a script on a fresh file: (code, text, answer, path of the file inside a folder that is gone)."""
    with folder() as work:
        path = os.path.join(work, "a.db")
        code, text, answer = run(work, request("run", path, sql))
        tables = rows(path, "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
        return code, text, answer, [name for (name,) in tables]


def assign(setup, sql, *outputs):
    with folder() as work:
        path = os.path.join(work, "a.db")
        connection = sqlite3.connect(path)
        connection.executescript(setup)
        connection.close()
        code, text, answer = run(work, request("assign", path, sql, outputs=list(outputs)))
        told = answer.pop("statements", None)
        assert code != 0 or [entry["state"] for entry in told] == [1], told
        return code, text, answer


def output(row, column, combiner=",", name="v", **more):
    return {"name": name, "row": row, "column": column, "combiner": combiner, **more}


def a_script_runs_in_order_and_tells_each_statement():
    code, text, _, tables = script("CREATE TABLE t(a, name); INSERT INTO t VALUES (1, 'Zoë'), (20, '汉字'), (3, NULL);\n"
                                   "UPDATE t SET a = a + 1 WHERE a > 1; SELECT a, name FROM t ORDER BY a;")
    assert code == 0 and tables == ["t"], (code, text)
    assert re.sub(r"[\d.]+ ms", "N ms", text) == """\
statement 1: CREATE TABLE t(a, name);
statement 1 done in N ms
statement 2: INSERT INTO t VALUES (1, 'Zoë'), (20, '汉字'), (3, NULL);
statement 2 done in N ms: 3 rows changed
statement 3: UPDATE t SET a = a + 1 WHERE a > 1;
statement 3 done in N ms: 2 rows changed
statement 4: SELECT a, name FROM t ORDER BY a;
 a | name
---+-----
 1 | Zoë
 4 | NULL
21 | 汉字
statement 4 done in N ms: 3 rows
""", text


def without_a_memory_file_the_last_line_of_the_output_is_the_answer():
    with folder() as work:
        name = os.path.join(work, "request")
        with open(name, "w", encoding="utf-8") as file:
            json.dump(request("run", os.path.join(work, "a.db"), "SELECT 1"), file)
        for place in ("4>&-", f"4<>{work}/other"):
            done = subprocess.run(["sh", "-c", f'exec "$0" 3<"$1" {place}', PROGRAM, name], capture_output=True, check=False, timeout=20)
            assert last_object(done.stdout.decode())["ok"] is True, done
        assert os.path.getsize(os.path.join(work, "other")) == 0


def a_statement_is_shown_on_one_line_whatever_it_ends_in():
    code, text, _, _ = script("SELECT 1,\n       'a  b',\r\n\t2  \n\n")
    assert code == 0
    has(text, r"^statement 1: SELECT 1, 'a  b', 2\n1 ")
    for tail in ("\n", "\r\n", "\n\n\n", ";\n", " ", "\t", ""):
        code, text, _, _ = script("SELECT 1" + tail)
        assert code == 0 and text.split("\n")[0].rstrip(";") == "statement 1: SELECT 1", (tail, text)
    code, text, _, _ = script("SELECT '" + "汉" * 400 + "'")
    has(text, "^statement 1: SELECT '汉{75}… \\(1209 bytes\\)$")


def the_first_error_stops_and_names_the_statement():
    code, text, answer, tables = script("CREATE TABLE t(a); CREATE TABLE u(a);\nSELEKT 1; CREATE TABLE w(a)")
    assert code == 1 and tables == ["t", "u"], (code, tables)
    assert answer["ok"] is False and answer["error"].startswith("statement 3: near \"SELEKT\""), answer
    has(text, "^statement 3: SELEKT 1\nstatement 3 failed after", "syntax error")
    code, text, _, _ = script("SELECT 1; SELECT *\nFROM nowhere -- ;\n WHERE 'x;y' = 1; SELECT 2")
    assert code == 1
    has(text, "^statement 2: SELECT \\* FROM nowhere .*'x;y' = 1\nstatement 2 failed after")


def a_constraint_that_fails_names_the_statement_and_keeps_the_earlier_ones():
    with folder() as work:
        path = os.path.join(work, "a.db")
        code, _, answer = run(work, request("run", path, "CREATE TABLE t(a UNIQUE); INSERT INTO t VALUES (1);"
                                                         "INSERT INTO t VALUES (2), (1); INSERT INTO t VALUES (9)"))
        assert code == 1 and answer["error"].startswith("statement 3: UNIQUE constraint failed: t.a"), answer
        assert rows(path, "SELECT a FROM t") == [(1,)]


def semicolons_inside_texts_comments_and_triggers_split_nothing():
    code, text, _, tables = script(
        "-- first; comment\nCREATE TABLE t(a); /* ; */ INSERT INTO t VALUES (';;'), ('it''s; fine');;;\n"
        "CREATE TRIGGER r AFTER INSERT ON t BEGIN UPDATE t SET a = 1; DELETE FROM t WHERE 0; END;\n"
        "SELECT count(*) FROM t; -- the end;")
    assert code == 0 and tables == ["t"], text
    has(text, "^statement 2 done .*: 2 rows changed", "^statement 4 done")
    assert "statement 5" not in text


def a_long_result_shows_a_hundred_rows_and_counts_all():
    code, text, _, _ = script("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i < 250) "
                              "SELECT 'row' || i AS r FROM n")
    assert code == 0
    assert len(re.findall(r"^row\d+$", text, re.MULTILINE)) == 100
    has(text, "^statement 1 done in [\\d.]+ ms: 250 rows, of which the first 100 are shown$")


def an_empty_result_shows_its_columns():
    code, text, _, _ = script("CREATE TABLE t(a, b); SELECT a, b AS second FROM t")
    assert code == 0
    has(text, "^a | second\n--+-------\nstatement 2 done in [\\d.]+ ms: 0 rows$".replace("|", "[|]").replace("+-", "[+]-"))


def a_value_stays_on_one_line_and_is_cut():
    code, text, _, _ = script("SELECT 'a' || char(10) || 'b' || char(9) || 'c\\n' AS t, NULL AS n, x'00ff' AS b, 1.5 AS r, 7 AS i,"
                              " 'x' || char(27) || '[2J' || char(0) || char(8238) AS c;"
                              "SELECT replace(hex(zeroblob(400)), '00', 'ä') AS long;"
                              "SELECT replace(hex(zeroblob(400)), '00', '汉') AS long, 1 AS one, zeroblob(100) AS bytes;"
                              "SELECT 'e' || char(769) || 'x' AS mark, '|' AS bar")
    assert code == 0
    has(text, r"^a\\nb\\tc\\\\n \| NULL \| x'00ff' \| 1\.5 \| 7 \| x\\x1b\[2J\\x00\\u\{202e\}$", "^ä{119}…$",
        r"^汉{19}… \|   1 \| x'(00){16}…' \(100 bytes\)$", r"^mark \| bar\n-----\+----\ne\u0301x   \| \|$")


def columns_that_have_no_room_are_named():
    names = ", ".join(f"{i} AS a_column_with_a_name_{i:03}" for i in range(300))
    code, text, _, _ = script("SELECT " + names)
    assert code == 0
    has(text, r"^\(294 more columns: a_column_with_a_name_006, a_column_with_a_name_007, .*…\)$")
    assert max(len(line) for line in text.splitlines()) < 200, text


def an_assignments_log_shows_rows_and_values():
    code, text, _ = assign(TABLE, "SELECT a, b FROM t WHERE a = 2", output(0, 0, name="first"), output(0, 1, name="second"))
    assert code == 0
    assert re.sub(r"[\d.]+ ms", "N ms", text) == """\
statement 1: SELECT a, b FROM t WHERE a = 2
a | b
--+-----
2 | NULL
statement 1 done in N ms: 1 row
${first} = 2
${second} = NULL
""", text


def a_script_that_leaves_a_transaction_open_fails():
    with folder() as work:
        path = os.path.join(work, "a.db")
        code, _, answer = run(work, request("run", path, "CREATE TABLE t(a); BEGIN; INSERT INTO t VALUES (1)"))
        assert code == 1 and "inside a transaction" in answer["error"], answer
        assert rows(path, "SELECT * FROM t") == []
        code, _, _ = run(work, request("run", path, "BEGIN; INSERT INTO t VALUES (1); COMMIT"))
        assert code == 0 and rows(path, "SELECT * FROM t") == [(1,)]


def maintenance_statements_work():
    code, text, answer, _ = script("CREATE TABLE t(a); ANALYZE; PRAGMA user_version = 7; REINDEX; VACUUM")
    assert code == 0, (text, answer)


TABLE = "CREATE TABLE t(a, b); INSERT INTO t VALUES (1, 'x'), (2, NULL), (3.5, 'ü');"


def an_assignment_takes_a_cell_a_row_and_a_column():
    code, text, answer = assign(TABLE, "SELECT a, b FROM t ORDER BY a;  -- one", output(0, 1, name="cell"),
                                output(1, -1, ";", name="row"), output(-1, 0, "+", name="column"),
                                output(2, 1, name="last"))
    assert code == 0, text
    assert answer == {"outputs": {"cell": "x", "row": "2;", "column": "1+2+3.5", "last": "ü"}}, answer


def null_stays_null_alone_and_is_empty_among_others():
    code, _, answer = assign(TABLE, "SELECT b FROM t WHERE a = 2", output(0, 0))
    assert code == 0 and answer == {"outputs": {"v": None}}, answer
    code, _, answer = assign(TABLE, "SELECT b, b FROM t WHERE a = 2", output(0, -1), output(-1, 0, name="w"))
    assert code == 0 and answer == {"outputs": {"v": ",", "w": ""}}, answer
    code, _, answer = assign(TABLE, "SELECT b FROM t WHERE a = 99", output(-1, 0))
    assert code == 0 and answer == {"outputs": {"v": ""}}, answer


def an_index_outside_the_result_fails_and_says_so():
    code, _, answer = assign(TABLE, "SELECT a FROM t WHERE 0", output(0, 0))
    assert code == 1 and "row 0 requested, result has 0 rows" in answer["error"], answer
    code, _, answer = assign(TABLE, "SELECT a FROM t", output(0, 2))
    assert code == 1 and "column 2 requested, result has 1 columns" in answer["error"], answer


def a_default_stands_in_for_an_index_outside():
    code, _, answer = assign(TABLE, "SELECT a FROM t WHERE 0", output(0, 0, default="none"), output(0, 5, name="w", default=""))
    assert code == 0 and answer == {"outputs": {"v": "none", "w": ""}}, answer


def an_assignment_refuses_what_is_not_one_select():
    for sql in ("INSERT INTO t VALUES (9, 9) RETURNING a", "DELETE FROM t", "SELECT 1; DELETE FROM t", "CREATE TABLE w(a)",
                "PRAGMA journal_mode = WAL", " -- nothing\n", "BEGIN"):
        code, text, answer = assign(TABLE, sql, output(0, 0))
        assert code == 1 and "takes one SELECT" in answer["error"], (sql, code, answer)
        has(text, "^statement 1: " + re.escape(sql.strip().split(";")[0].split("--")[0]) + ".*\nstatement 1 failed after")


def both_indexes_minus_one_are_refused():
    code, _, answer = assign(TABLE, "SELECT a, b FROM t", output(-1, -1))
    assert code == 1 and "at most one of them -1" in answer["error"], answer


def a_value_longer_than_64_kib_fails():
    code, _, answer = assign("", "SELECT hex(zeroblob(32768))", output(0, 0))
    assert code == 0 and len(answer["outputs"]["v"]) == 65536
    code, _, answer = assign("", "SELECT hex(zeroblob(32768)) || '1'", output(0, 0))
    assert code == 1 and "${v} has 65537 bytes" in answer["error"] and "64 KiB" in answer["error"], answer


def all_values_together_are_bounded():
    wanted = [output(0, 0, name=f"v{i}") for i in range(20)]
    code, _, answer = assign("", "SELECT hex(zeroblob(32768))", *wanted)
    assert code == 1 and "all values together are longer than 1024 KiB" in answer["error"], answer


def more_than_ten_thousand_rows_fail():
    numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n) SELECT i % 10 FROM n"
    code, _, answer = assign("", numbers + " LIMIT 10000", output(-1, 0, ""))
    assert code == 0 and len(answer["outputs"]["v"]) == 10000
    for sql in (numbers + " LIMIT 10001", numbers):
        code, text, answer = assign("", sql, output(-1, 0, ""))
        assert code == 1 and "more than 10000 rows" in answer["error"] and "${v}" in answer["error"], answer
        has(text, "more than 10000 rows")
    code, _, answer = assign("", numbers, output(10000, 0))
    assert code == 1 and "only the first 10000 rows are read" in answer["error"], answer
    code, _, answer = assign("", numbers, output(9999, 0))
    assert code == 0 and answer == {"outputs": {"v": "0"}}, answer


def a_text_with_a_zero_byte_fails_with_its_place():
    for sql in ("SELECT 'ab' || char(0) || 'c'", "SELECT CAST(x'61620063' AS TEXT)", "SELECT x'61620063'"):
        code, _, answer = assign("", sql, output(0, 0))
        assert code == 1 and "row 0, column 0" in answer["error"] and "zero byte at place 2 of 4 bytes" in answer["error"], answer
    code, _, answer = assign("", "SELECT 'a', 'b' || char(0)", output(0, 0))
    assert code == 0 and answer == {"outputs": {"v": "a"}}, answer


def only_the_rows_that_are_wanted_are_read():
    code, _, answer = assign("", ENDLESS + "SELECT i FROM n", output(3, 0))
    assert code == 0 and answer == {"outputs": {"v": "4"}}, answer


def bytes_that_are_no_text_fail_an_assignment():
    code, _, answer = assign("", "SELECT x'ff00'", output(0, 0))
    assert code == 1 and "not UTF-8" in answer["error"], answer


def a_probe_makes_a_missing_file():
    with folder() as work:
        path = os.path.join(work, "new.db")
        code, _, answer = run(work, request("probe", path))
        assert code == 0 and answer["ok"] is True and answer["schemas"] == ["main"], answer
        assert re.fullmatch(r"3\.\d+\.\d+", answer["version"]) and os.path.exists(path)


def probe_refuses(path, part, **more):
    with folder() as work:
        code, text, answer = run(work, request("probe", path, **more))
        assert code == 0 and answer["ok"] is False and part in answer["error"], (path, text)


def a_probe_says_why_a_file_will_not_do():
    with folder() as work:
        text_file = os.path.join(work, "text")
        with open(text_file, "w", encoding="utf-8") as file:
            file.write("this is no database, however long it may be " * 40)
        os.mkfifo(os.path.join(work, "fifo"))
        os.symlink(os.path.join(work, "nowhere", "a.db"), os.path.join(work, "dangling"))
        probe_refuses("relative.db", "absolute path")
        probe_refuses(os.path.join(work, "missing", "a.db"), "can not be reached")
        probe_refuses(work, "no regular file")
        probe_refuses(os.path.join(work, "fifo"), "no regular file")
        probe_refuses(os.path.join(work, "dangling"), "names no file")
        probe_refuses(text_file, "not a database")
        probe_refuses(work + "/..", "no regular file")


def no_file_in_the_servers_directory_is_opened():
    with folder() as work:
        data = os.path.join(work, "data")
        os.makedirs(os.path.join(data, "sub"))
        os.symlink(data, os.path.join(work, "link"))
        os.symlink(os.path.join(data, "server.db"), os.path.join(work, "file"))
        with open(os.path.join(data, "server.db"), "w", encoding="utf-8"):
            pass
        for path in (data + "/new.db", data + "/sub/new.db", work + "/link/new.db", work + "/file",
                     data + "/sub/../server.db", work + "/./data//server.db"):
            probe_refuses(path, "server's own directory", forbidden=data)
            probe_refuses(path, "server's own directory", forbidden=os.path.join(work, "link"))
            code, _, answer = run(work, request("run", path, "CREATE TABLE t(a)", forbidden=data))
            assert code == 3 and "server's own directory" in answer["error"], (path, code)
        assert sorted(os.listdir(data)) == ["server.db", "sub"] and os.listdir(os.path.join(data, "sub")) == []
        assert os.path.getsize(os.path.join(data, "server.db")) == 0
        code, _, answer = run(work, request("probe", os.path.join(work, "database.db"), forbidden=data))
        assert code == 0 and answer["ok"] is True, answer


def attaching_another_file_is_refused():
    with folder() as work:
        other = os.path.join(work, "other.db")
        code, _, answer = run(work, request("run", os.path.join(work, "a.db"), f"ATTACH '{other}' AS o"))
        assert code == 1 and not os.path.exists(other), answer


def wait_for(process, text):
    """Reads lines until one holds the text; the test's own time limit is the deadline."""
    for line in process.stdout:
        if text in line.decode():
            return
    raise AssertionError(f"the output ended before {text!r}")


def end(process, seconds):
    started = time.monotonic()
    process.send_signal(signal.SIGTERM)
    out, _ = process.communicate(timeout=seconds)
    return time.monotonic() - started, out.decode()


def term_cancels_a_statement_and_rolls_it_back():
    with folder() as work:
        path = os.path.join(work, "a.db")
        process = spawn(work, request("run", path, "CREATE TABLE t(a); INSERT INTO t VALUES (1);"
                                      "INSERT INTO t " + ENDLESS + "SELECT i FROM n; INSERT INTO t VALUES (2)"))
        wait_for(process, "statement 3: ")
        seconds, text = end(process, 10)
        assert process.returncode == 143 and seconds < 2, (process.returncode, seconds)
        has(text, "^cancelled: the statement has ended")
        assert answer_of(process)["error"] == "cancelled"
        assert rows(path, "SELECT a FROM t") == [(1,)]


def term_ends_a_wait_for_a_lock():
    with folder() as work:
        path = os.path.join(work, "a.db")
        holder = sqlite3.connect(path)
        holder.execute("CREATE TABLE t(a)")
        holder.execute("BEGIN EXCLUSIVE")
        process = spawn(work, request("run", path, "INSERT INTO t VALUES (1)"))
        try:
            # Opening already reads the file, so the wait begins before anything is printed.
            deadline = time.monotonic() + 10
            while os.path.exists(f"/proc/{process.pid}/fd") and not waits_in_sleep(process.pid):
                assert time.monotonic() < deadline, "it never waits"
            seconds, text = end(process, 20)
        finally:
            holder.close()
        assert process.returncode == 143 and seconds < 2, (process.returncode, seconds, text)


def waits_in_sleep(pid):
    """Has the program its database open and does its first thread sleep (not merely wait for this test)?"""
    try:
        names = [os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")]
        with open(f"/proc/{pid}/wchan", encoding="ascii") as file:
            wchan = file.read()
    except OSError:
        return False
    return any(name.endswith("a.db") for name in names) and "nanosleep" in wchan


def term_at_any_moment_ends_the_program_soon():
    with folder() as work:
        path = os.path.join(work, "a.db")
        many = "CREATE TABLE IF NOT EXISTS t(a);" + "INSERT INTO t VALUES (1); SELECT count(*) FROM t;" * 200
        for moment in range(25):
            process = spawn(work, request("run", path, many + ENDLESS + "SELECT count(*) FROM n"))
            time.sleep(moment * 0.002)
            seconds, _ = end(process, 20)
            assert process.returncode in (143, -signal.SIGTERM) and seconds < 3, (moment, process.returncode, seconds)
        if os.path.exists(path):
            assert rows(path, "PRAGMA integrity_check") == [("ok",)]


def execute(path, sql):
    """(statements, text) of a call's script."""
    with folder() as work:
        code, text, answer = run(work, request("execute", path, sql))
        assert code == 0 and text == "", text
        return answer["statements"], answer


def a_call_gets_the_rows_and_nothing_is_printed():
    with folder() as work:
        path = os.path.join(work, "a.db")
        sql = " /* ü */ CREATE TABLE t(a, b); INSERT INTO t VALUES (1, 'ü'), (NULL, x'00ff');SELECT a, b, a AS a FROM t;"
        told, answer = execute(path, sql)
        assert answer["ok"] is True, answer
        texts = [sql.encode()[one["at"]:one["at"] + one["len"]].decode() for one in told]
        assert texts == ["CREATE TABLE t(a, b);", "INSERT INTO t VALUES (1, 'ü'), (NULL, x'00ff');", "SELECT a, b, a AS a FROM t;"], texts
        assert [(one["state"], one["affected"]) for one in told] == [(1, 0), (1, 2), (1, 2)], told
        assert "rows" not in told[1] and told[2]["columns"] == ["a", "b", "a"], told
        assert told[2]["rows"] == [["1", "ü", "1"], [None, "0x00ff", None]], told


def a_statement_that_stands_alone_is_told_how():
    with folder() as work:
        path = os.path.join(work, "a.db")
        told, _ = execute(path, "BEGIN; /* now */ VACUUM;")
        assert [one["state"] for one in told] == [1, -1] and "put COMMIT before it" in told[1]["message"], told
        told, answer = execute(path, "BEGIN; COMMIT; VACUUM")
        assert [one["state"] for one in told] == [1, 1, 1] and answer["ok"] is True, answer


def a_trigger_with_statements_inside_is_one():
    with folder() as work:
        path = os.path.join(work, "a.db")
        trigger = "CREATE TRIGGER r AFTER INSERT ON t BEGIN UPDATE t SET a = CASE a WHEN 1 THEN 2 END; SELECT ';'; END;"
        told, answer = execute(path, "CREATE TABLE t(a); -- ;\n" + trigger + " INSERT INTO t VALUES (1)")
        assert [one["state"] for one in told] == [1, 1, 1] and answer["ok"] is True, answer
        assert told[1]["len"] == len(trigger) and rows(path, "SELECT a FROM t") == [(2,)], told


def a_call_stops_behind_the_first_failure():
    with folder() as work:
        path = os.path.join(work, "a.db")
        told, answer = execute(path, "CREATE TABLE t(a); SELEKT ';' ; DROP TABLE t")
        assert [one["state"] for one in told] == [1, -1] and answer["ok"] is False, answer
        assert told[1]["len"] == len("SELEKT ';' ") and "SELEKT" in told[1]["message"], told
        told, _ = execute(path, "BEGIN; INSERT INTO t VALUES (1)")
        assert [one["state"] for one in told] == [1, 1, -1] and "rolled back" in told[2]["message"], told
        assert rows(path, "SELECT count(*) FROM t") == [(0,)]


def a_call_shows_a_zero_byte_as_a_sign():
    with folder() as work:
        told, _ = execute(os.path.join(work, "a.db"), "SELECT 'a' || char(0) || 'b'")
        assert told[0]["rows"] == [["a\ufffdb"]], told


FULL_TEXT = [("fts5", "USING fts5(body)"), ("fts4", "USING fts4(body)"), ("fts3", "USING fts3(body)"),
             ("porter", "USING fts4(body, tokenize=porter)"), ("content", "USING fts5(body, content='note', content_rowid='id')")]


def an_owners_schema_with_full_text_works():
    for name, how in FULL_TEXT:
        code, text, answer, _ = script(
            f"CREATE TABLE note(id INTEGER PRIMARY KEY, body); CREATE VIRTUAL TABLE words {how};"
            "CREATE TRIGGER added AFTER INSERT ON note BEGIN INSERT INTO words(rowid, body) VALUES (new.id, new.body); END;"
            "CREATE VIEW found AS SELECT rowid, body FROM words WHERE words MATCH 'fox';"
            "INSERT INTO note(body) VALUES ('a quick fox'), ('a dog'); SELECT * FROM found")
        assert code == 0, (name, answer)
        has(text, "a quick fox$", "^statement 6 done .*: 1 row$")
    code, text, answer, _ = script(
        "CREATE TABLE place(id INTEGER PRIMARY KEY, x, y); CREATE VIRTUAL TABLE area USING rtree(id, x0, x1, y0, y1);"
        "CREATE TRIGGER put AFTER INSERT ON place BEGIN INSERT INTO area VALUES (new.id, new.x, new.x, new.y, new.y); END;"
        "INSERT INTO place VALUES (1, 2, 3); SELECT id FROM area WHERE x0 <= 2")
    assert code == 0, answer


def a_file_that_another_program_made_with_full_text_works():
    setup = ("CREATE TABLE note(id INTEGER PRIMARY KEY, body); CREATE VIRTUAL TABLE words USING fts4(body);"
             "CREATE TRIGGER added AFTER INSERT ON note BEGIN INSERT INTO words(rowid, body) VALUES (new.id, new.body); END;")
    with folder() as work:
        path = os.path.join(work, "a.db")
        connection = sqlite3.connect(path)
        connection.executescript(setup)
        connection.close()
        code, _, answer = run(work, request("run", path, "INSERT INTO note(body) VALUES ('fox')"))
        assert code == 0, answer
        assert rows(path, "SELECT count(*) FROM words WHERE words MATCH 'fox'") == [(1,)]


def no_schema_and_no_script_reaches_code_through_a_function():
    unsafe = ["fts3_tokenizer('simple')", "fts3_tokenizer('simple', x'0000000000000000')", "load_extension('/tmp/x')"]
    for call in unsafe:
        for sql in (f"SELECT {call}", f"CREATE TABLE t(a); CREATE VIEW v AS SELECT {call}; SELECT * FROM v",
                    f"CREATE TABLE t(a); CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT {call}; END; INSERT INTO t VALUES (1)",
                    f"CREATE TABLE t(a, b DEFAULT ({call})); INSERT INTO t(a) VALUES (1)",
                    f"CREATE TABLE t(a CHECK ({call} IS NULL)); INSERT INTO t VALUES (1)"):
            code, _, answer, _ = script(sql)
            assert code == 1 and re.search("not authorized|unsafe use|prohibited", answer["error"]), (sql, answer)


def a_hostile_file_reaches_no_code_through_its_schema():
    hostile = ["CREATE VIEW v AS SELECT fts3_tokenizer('simple') AS a", "CREATE VIEW v AS SELECT load_extension('/tmp/x') AS a"]
    for view in hostile:
        with folder() as work:
            path = os.path.join(work, "a.db")
            connection = sqlite3.connect(path)
            connection.executescript("CREATE TABLE t(a); " + view + "; CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT * FROM v; END;")
            connection.close()
            for sql in ("SELECT * FROM v", "INSERT INTO t VALUES (1)"):
                code, _, answer = run(work, request("run", path, sql))
                assert code == 1 and re.search("not authorized|unsafe use|prohibited", answer["error"]), (view, sql, answer)


def a_schema_can_not_be_rewritten_by_hand():
    code, _, answer, _ = script("CREATE TABLE t(a); PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = 'x'")
    assert code == 1 and "may not be modified" in answer["error"], answer


def a_calls_answer_never_grows_past_its_ceiling():
    with folder() as work:
        path = os.path.join(work, "a.db")
        wide = "SELECT hex(zeroblob(100)) AS " + "n" * 1000 + " FROM n LIMIT 1000;"
        numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n) "
        code, text, answer = run(work, request("execute", path, (numbers + wide) * 3))
        assert code == 0 and text == ""
        assert "cut after" in answer["statements"][0]["message"] and len(answer["statements"][0]["rows"]) < 1000
        assert [one["state"] for one in answer["statements"]][:1] == [1]
        code, text, answer = run(work, request("execute", path, "SELECT 1;" * 3000))
        told = answer["statements"]
        assert code == 0 and text == ""
        assert told[-1]["state"] == -1 and "were not run" in told[-1]["message"], told[-1]


def a_node_of_many_statements_lists_so_many_and_counts_the_rest():
    with folder() as work:
        code, text, answer = run(work, request("run", os.path.join(work, "a.db"), "SELECT 1;" * 2100))
        assert code == 0 and len(answer["statements"]) == 2000 and answer["unlisted"] == 100, text[-300:]


def term_ends_a_call_and_it_tells_what_was_done():
    with folder() as work:
        path = os.path.join(work, "a.db")
        process = spawn(work, request("execute", path, "CREATE TABLE t(a); INSERT INTO t " + ENDLESS + "SELECT i FROM n"))
        deadline = time.monotonic() + 10
        while not (os.path.exists(path + "-journal") and os.path.getsize(path) > 0):
            assert time.monotonic() < deadline, "it never inserts"
            time.sleep(0.01)
        seconds, text = end(process, 10)
        assert process.returncode == 143 and seconds < 2, (process.returncode, seconds)
        states = [one["state"] for one in answer_of(process)["statements"]]
        assert states in ([1, -2], [-2]), text
        assert rows(path, "SELECT count(*) FROM sqlite_schema WHERE name = 't'") == [(len(states) - 1,)]


def metadata_lists_tables_and_columns():
    with folder() as work:
        path = os.path.join(work, "a.db")
        execute(path, "CREATE TABLE t(id INTEGER PRIMARY KEY, n DECIMAL(8, 3) DEFAULT 1.5, s VARCHAR(10) NOT NULL);"
                      "CREATE TABLE k(a INTEGER PRIMARY KEY) WITHOUT ROWID; CREATE VIEW broken AS SELECT * FROM nowhere;"
                      "INSERT INTO t(s) VALUES ('a'), ('b')")
        code, _, answer = run(work, request("metadata", path, tables=True))
        assert code == 0 and answer["databases"] == [{"name": "main", "encoding": "UTF-8"}] and answer["more"] is False, answer
        assert [(one["name"], one["kind"], one.get("rows")) for one in answer["tables"]] == [
            ("broken", "VIEW", None), ("k", "NORMAL", 0), ("t", "NORMAL", 2)], answer
        assert answer["tables"][0]["columns"] == [] and answer["tables"][1]["columns"][0]["auto"] is False
        assert answer["tables"][2]["columns"] == [
            {"name": "id", "type": "INTEGER", "nullable": False, "auto": True},
            {"name": "n", "type": "DECIMAL(8, 3)", "default": "1.5", "nullable": True, "auto": False, "precision": 8, "scale": 3},
            {"name": "s", "type": "VARCHAR(10)", "nullable": False, "auto": False, "length": 10}], answer
        code, _, answer = run(work, request("metadata", path, tables=True, skip=2))
        assert [one["name"] for one in answer["tables"]] == ["t"], answer
        code, _, answer = run(work, request("metadata", path))
        assert answer["tables"] == [] and len(answer["databases"]) == 1, answer


def metadata_comes_in_pieces():
    with folder() as work:
        path = os.path.join(work, "a.db")
        columns = ", ".join(f"a_rather_long_name_of_a_column_{i} TEXT" for i in range(100))
        execute(path, "BEGIN;" + "".join(f"CREATE TABLE t{i:04}({columns});" for i in range(200)) + "COMMIT")
        seen = []
        for _ in range(20):
            code, text, answer = run(work, request("metadata", path, tables=True, skip=len(seen)))
            assert code == 0 and text == ""
            seen += [one["name"] for one in answer["tables"]]
            if not answer["more"]:
                break
        assert seen == [f"t{i:04}" for i in range(200)], len(seen)


def a_bad_request_is_refused():
    with folder() as work:
        path = os.path.join(work, "a.db")
        for wanted in ("", "nonsense", "[]", "{}", '{"mode":"run"}', '{"mode":1,"sql":"x"}',
                       {**request("run", path, "SELECT 1"), "mode": "erase"}, request("run", path),
                       request("assign", path, "SELECT 1", outputs="text")):
            code, text, answer = run(work, wanted)
            assert code == 2 and answer["ok"] is False, (wanted, code, text)
        assert not os.path.exists(path)
        closed = subprocess.run([PROGRAM], capture_output=True, stdin=subprocess.DEVNULL, check=False, timeout=20)
        assert closed.returncode == 2 and b"descriptor 3" in closed.stdout, closed


def an_unknown_kind_of_database_is_refused():
    with folder() as work:
        wanted = request("run", os.path.join(work, "a.db"), "SELECT 1")
        wanted["connection"]["kind"] = "oracle"
        code, _, answer = run(work, wanted)
        assert code == 3 and "oracle" in answer["error"], answer


def output_that_can_not_be_written_is_an_error():
    with folder() as work:
        name = os.path.join(work, "request")
        with open(name, "w", encoding="utf-8") as file:
            json.dump(request("run", os.path.join(work, "a.db"), "SELECT 1"), file)
        result = subprocess.run(["sh", "-c", 'exec "$0" 3<"$1" >/dev/full', PROGRAM, name], check=False, timeout=20)
        assert result.returncode == 4, result


TESTS = [value for value in list(globals().values())
         if getattr(value, "__module__", None) == "__main__" and callable(value)]
HELPERS = {folder, execute, request, spawn, answer_of, run, last_object, rows, has, script, assign, output, probe_refuses, wait_for, end,
           waits_in_sleep}
if not os.access(PROGRAM, os.X_OK):
    sys.exit(f"{PROGRAM} has not been built")
tap.run([(test.__name__.replace("_", " "), test) for test in TESTS if test not in HELPERS])
