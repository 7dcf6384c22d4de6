// SPDX-License-Identifier: Apache-2.0
//
// Statements of a script, by the rules of each dialect. In the tables "|" stands between the statements that are expected.
#include <glib.h>
#include <string.h>

#include "core/split.h"

struct sample {
    const char *text;
    const char *parts;
};

static char *split_all(const struct dialect *dialect, const char *text, size_t len) {
    struct split split;
    struct split_part part;
    size_t before = 0;
    GString *parts = g_string_new(NULL);
    split_init(&split, dialect, text, len);
    while (split_next(&split, &part)) {
        g_assert_cmpuint(part.at, >=, before);
        g_assert_cmpuint(part.len, >, 0);
        g_assert_cmpuint(part.at + part.len, <=, len);
        before = part.at + part.len;
        g_string_append(parts, parts->len > 0 ? "|" : "");
        g_string_append_len(parts, text + part.at, (gssize)part.len);
    }
    return g_string_free(parts, FALSE);
}

static void check(const struct dialect *dialect, const struct sample *samples, size_t count) {
    for (size_t i = 0; i < count; i++) {
        // A buffer of just these bytes, so that reading behind them is found by a sanitizer.
        size_t len = strlen(samples[i].text);
        g_autofree char *text = g_memdup2(samples[i].text, len);
        g_autofree char *parts = split_all(dialect, text != NULL ? text : "", len);
        g_test_message("%s", samples[i].text);
        g_assert_cmpstr(parts, ==, samples[i].parts);
    }
}

static void sqlite_scripts(void) {
    static const struct sample samples[] = {
        { "", "" },
        { " \n\t;; -- nothing;\n /* ; */ ;", "" },
        { "SELECT 1", "SELECT 1" },
        { "SELECT 1; \n", "SELECT 1;" },
        { "a;b", "a;|b" },
        { ";a;;b; ", "a;|b;" },
        { "SELECT 1 -- behind\n", "SELECT 1 -- behind\n" },
        { "SELECT ';', \";\", `;`, [;]; b", "SELECT ';', \";\", `;`, [;];|b" },
        { "SELECT 'it''s;', \"a\"\";\"; b", "SELECT 'it''s;', \"a\"\";\";|b" },
        { "SELECT '\\'; b", "SELECT '\\';|b" },
        { "SELECT /* ; */ 1; -- ;\nb", "SELECT /* ; */ 1;|b" },
        { "/* /* */ a; b", "a;|b" },
        { "/**/a;/*/ ; */b", "a;|b" },
        { "a; /* open ; b", "a;" },
        { "a; '; b", "a;|'; b" },
        { "a;/*", "a;|/*" },
        { "\xef\xbb\xbf a; b", "a;|b" },
        { "SELECT $a(;), 1; b", "SELECT $a(;), 1;|b" },
        { "CREATE VIRTUAL TABLE f USING fts4(a;(b;)); c",
          "CREATE VIRTUAL TABLE f USING fts4(a;(b;));|c" },
        { "SELECT (a; b); c", "SELECT (a;|b);|c" },
        { "CREATE TABLE t (trigger, begin, end); b", "CREATE TABLE t (trigger, begin, end);|b" },
        { "CREATE TRIGGER r AFTER INSERT ON t BEGIN UPDATE t SET a = CASE WHEN 1 THEN 2 END; "
          "DELETE "
          "FROM u; END; b",
          "CREATE TRIGGER r AFTER INSERT ON t BEGIN UPDATE t SET a = CASE WHEN 1 THEN 2 END; "
          "DELETE "
          "FROM u; END;|b" },
        { "create temp trigger end after update of end on begin begin select end; end /* x */ ; b",
          "create temp trigger end after update of end on begin begin select end; end /* x */ "
          ";|b" },
        { "EXPLAIN QUERY PLAN CREATE TRIGGER r BEGIN a; END; b",
          "EXPLAIN QUERY PLAN CREATE TRIGGER r BEGIN a; END;|b" },
        { "CREATE TRIGGER r BEGIN a; 'END'; END; b", "CREATE TRIGGER r BEGIN a; 'END'; END;|b" },
        { "CREATE TRIGGER r BEGIN a; END", "CREATE TRIGGER r BEGIN a; END" },
        { "BEGIN; a; END; b", "BEGIN;|a;|END;|b" },
    };
    check(&dialect_sqlite, samples, G_N_ELEMENTS(samples));
}

static void postgresql_scripts(void) {
    static const struct sample samples[] = {
        { "/* /* ; */ ; */ a; b", "a;|b" },
        { "DO $$ BEGIN a; END $$; b", "DO $$ BEGIN a; END $$;|b" },
        { "DO $x$ a; $y$ ; $x $x$; b", "DO $x$ a; $y$ ; $x $x$;|b" },
        { "SELECT $1; b$$; c$$", "SELECT $1;|b$$;|c$$" },
        { "DO $open$ a; b $ope$", "DO $open$ a; b $ope$" },
        { "SELECT E'\\';', e'a''\\';'; b", "SELECT E'\\';', e'a''\\';';|b" },
        { "SELECT '\\'; b", "SELECT '\\';|b" },
        { "SELECT a[1];b", "SELECT a[1];|b" },
        { "CREATE RULE r AS ON INSERT TO t DO (a; b); c",
          "CREATE RULE r AS ON INSERT TO t DO (a; b);|c" },
        { "CREATE OR REPLACE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN 1 THEN 2 END; "
          "SELECT 3; END; b",
          "CREATE OR REPLACE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN 1 THEN 2 END; "
          "SELECT 3; END;|b" },
        { "CREATE FUNCTION begin() RETURNS int LANGUAGE sql AS 'x'; b",
          "CREATE FUNCTION begin() RETURNS int LANGUAGE sql AS 'x';|b" },
        { "BEGIN; a; END; b", "BEGIN;|a;|END;|b" },
        { "a # b; c", "a # b;|c" },
    };
    check(&dialect_postgresql, samples, G_N_ELEMENTS(samples));
}

static void mysql_scripts(void) {
    static const struct sample samples[] = {
        { "a # ; \n; b", "a # ; \n;|b" },
        { "SELECT 1--2; b -- ;\n; c --", "SELECT 1--2;|b -- ;\n;|c --" },
        { "SELECT 'a\\';', \"\\\";\", `\\`; b", "SELECT 'a\\';', \"\\\";\", `\\`;|b" },
        { "/*!50003 SET a = ';' */; b", "/*!50003 SET a = ';' */;|b" },
        { "DELIMITER //\nCREATE TRIGGER r BEGIN a; END//\n b //\ndelimiter ;\nc;",
          "CREATE TRIGGER r BEGIN a; END|b |c;" },
        { "DELIMITER $$\nCREATE PROCEDURE p() BEGIN a; END$$ DELIMITER ;\n",
          "CREATE PROCEDURE p() BEGIN a; END|DELIMITER ;\n" },
        { "DELIMITER ;;\na; b;;\nc;;", "a; b|c" },
        { "DELIMITER\na", "DELIMITER\na" },
        { "DELIMITER 1234567890123456\na;", "DELIMITER 1234567890123456\na;" },
        { "CREATE PROCEDURE p() BEGIN IF a THEN b; END IF; SELECT IF(a, 1, 2); WHILE a DO b; END "
          "WHILE; CASE a WHEN 1 THEN b; END CASE; END; c",
          "CREATE PROCEDURE p() BEGIN IF a THEN b; END IF; SELECT IF(a, 1, 2); WHILE a DO b; END "
          "WHILE; CASE a WHEN 1 THEN b; END CASE; END;|c" },
        { "CREATE DEFINER=`a`@`b` TRIGGER r BEFORE INSERT ON t FOR EACH ROW lbl:BEGIN SET NEW.end "
          "= "
          "CASE WHEN 1 THEN @end END; BEGIN a; END; END lbl; c",
          "CREATE DEFINER=`a`@`b` TRIGGER r BEFORE INSERT ON t FOR EACH ROW lbl:BEGIN SET NEW.end "
          "= "
          "CASE WHEN 1 THEN @end END; BEGIN a; END; END lbl;|c" },
        { "CREATE PROCEDURE p() BEGIN FOR i IN 1..2 DO a; END FOR; SELECT 1 ORDER BY CASE a WHEN 1 "
          "THEN 2 END FOR UPDATE; END; c",
          "CREATE PROCEDURE p() BEGIN FOR i IN 1..2 DO a; END FOR; SELECT 1 ORDER BY CASE a WHEN 1 "
          "THEN 2 END FOR UPDATE; END;|c" },
        { "BEGIN NOT ATOMIC a; b; END; c", "BEGIN NOT ATOMIC a; b; END;|c" },
        { "BEGIN; a; COMMIT; CREATE TABLE t (begin int); b",
          "BEGIN;|a;|COMMIT;|CREATE TABLE t (begin int);|b" },
    };
    check(&dialect_mysql, samples, G_N_ELEMENTS(samples));
}

static void sqlserver_scripts(void) {
    static const struct sample samples[] = {
        { "DECLARE @a int; SET @a = 1\nGO\nSELECT 2;\n  go  \nGO\nSELECT 3",
          "DECLARE @a int; SET @a = 1\n|SELECT 2;\n  |SELECT 3" },
        { "a\nGO b\n'\nGO\n' [\nGO\n]]\nGO\n]\nGO", "a\nGO b\n'\nGO\n' [\nGO\n]]\nGO\n]\n" },
        { "/* /* */\nGO\n*/ a", "a" },
        { "SELECT GO\nGO", "SELECT GO\n" },
    };
    check(&dialect_sqlserver, samples, G_N_ELEMENTS(samples));
}

static void oracle_scripts(void) {
    static const struct sample samples[] = {
        { "SELECT 1 FROM dual; b\n/\n/\nc", "SELECT 1 FROM dual|b\n|c" },
        { "BEGIN a; END;\n/\nb;", "BEGIN a; END;\n|b" },
        { "CREATE OR REPLACE PACKAGE p AS a; END;\n / \nb",
          "CREATE OR REPLACE PACKAGE p AS a; END;\n |b" },
        { "SELECT q'[it's; ]' x, nq'!;'!', Q'a;a' FROM dual; b",
          "SELECT q'[it's; ]' x, nq'!;'!', Q'a;a' FROM dual|b" },
        { "SELECT 4\n/ 2 FROM dual; b", "SELECT 4\n/ 2 FROM dual|b" },
        { "CREATE TABLE t (a); b", "CREATE TABLE t (a)|b" },
    };
    check(&dialect_oracle, samples, G_N_ELEMENTS(samples));
}

static const struct dialect *const all[] = { &dialect_common,     &dialect_sqlite,
                                             &dialect_postgresql, &dialect_mysql,
                                             &dialect_sqlserver,  &dialect_oracle };

static void any_bytes_are_taken(void) {
    static const char pieces[] = "\0;'\"`[]$/*-#!EqQ\n\r\\@:().ab1\x80\xef\xbb\xbf";
    g_autoptr(GRand) rand = g_rand_new_with_seed(20261129);
    for (int i = 0; i < 20000; i++) {
        size_t len = (size_t)g_rand_int_range(rand, 0, 24);
        g_autofree char *text = g_malloc(len + 1);
        for (size_t n = 0; n < len; n++) {
            text[n] = pieces[g_rand_int_range(rand, 0, sizeof pieces)];
        }
        g_autofree char *exact = g_memdup2(text, len);
        g_autofree char *parts =
            split_all(all[i % (int)G_N_ELEMENTS(all)], exact != NULL ? exact : text, len);
        g_assert_nonnull(parts);
    }
}

// A text that is made of one thing again and again takes no longer than another of its length: what grows with the square would take hours.
static void long_texts_take_no_longer(void) {
    static const char *const units[] = {
        "/*",   "*/",     "'",        "$a",  "$a$ $b", "$$ ",  "E'\\", "DELIMITER a\n", ";",
        "GO\n", "GO x\n", "/\n",      "/ x", "--",     "#",    "[",    "q'[",           "@a(",
        "(",    "BEGIN ", "END FOR ", "\n ", "\xef",   "$aaa", ":::",  "CREATE ",       "/*!1",
    };
    enum { BYTES = 1024 * 1024 };
    for (size_t u = 0; u < G_N_ELEMENTS(units); u++) {
        GString *text = g_string_sized_new(BYTES + 32);
        while (text->len < BYTES) {
            g_string_append(text, units[u]);
        }
        for (size_t d = 0; d < G_N_ELEMENTS(all); d++) {
            struct split split;
            struct split_part part;
            split_init(&split, all[d], text->str, text->len);
            gint64 started_us = g_get_monotonic_time();
            while (split_next(&split, &part)) {
            }
            g_test_message("%zu %s", d, units[u]);
            g_assert_cmpint(g_get_monotonic_time() - started_us, <, 20 * G_USEC_PER_SEC);
        }
        g_string_free(text, TRUE);
    }
}

static void some_statements_stand_alone(void) {
    static const struct {
        const struct dialect *dialect;
        const char *text;
        bool is_alone;
    } cases[] = {
        { &dialect_sqlite, "VACUUM", true },
        { &dialect_sqlite, "/* now */ vacuum INTO 'x'", true },
        { &dialect_sqlite, "SELECT 'VACUUM'", false },
        { &dialect_sqlite, "\"VACUUM\"", false },
        { &dialect_sqlite, "VACUUMED", false },
        { &dialect_postgresql, "create /* a */ unique index -- b\n concurrently i ON t (a)", true },
        { &dialect_postgresql, "CREATE UNIQUE INDEX i ON t (a)", false },
        { &dialect_postgresql, "CREATE DATABASE", true },
        { &dialect_postgresql, "CREATE", false },
        { &dialect_postgresql, "", false },
        { &dialect_sqlserver, "BACKUP DATABASE a TO DISK = 'b'", true },
        { &dialect_mysql, "CREATE DATABASE a", false },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_message("%s", cases[i].text);
        g_assert_cmpint(split_is_alone(cases[i].dialect, cases[i].text, strlen(cases[i].text)), ==,
                        cases[i].is_alone);
    }
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/split/sqlite", sqlite_scripts);
    g_test_add_func("/split/postgresql", postgresql_scripts);
    g_test_add_func("/split/mysql", mysql_scripts);
    g_test_add_func("/split/sqlserver", sqlserver_scripts);
    g_test_add_func("/split/oracle", oracle_scripts);
    g_test_add_func("/split/any_bytes_are_taken", any_bytes_are_taken);
    g_test_add_func("/split/long_texts_take_no_longer", long_texts_take_no_longer);
    g_test_add_func("/split/some_statements_stand_alone", some_statements_stand_alone);
    return g_test_run();
}
