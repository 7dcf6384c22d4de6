// SPDX-License-Identifier: Apache-2.0
//
// The operation log and its chain. What a row's hash covers, in this order, each as its length in bytes, a colon and the bytes, numbers in
// decimal digits:
//
//     seq · at_ms · tenant · user · user name · uid · key · peer · module · action · object · database · code · note · request
//
// with the 32 bytes of the previous row's hash in front, zeros before the first. The lengths keep two rows from having the same bytes.

#include "store/audit.h"

#include <string.h>

#include "base/fault.h"
#include "store/audit_words.h"
#include "store/private.h"

enum { VERIFY_PAGE = 1000, NUMBER_COLUMNS = 4, CHAIN_COLUMNS = 15, HASH_COLUMN = 15 };

#define CHAIN_ROW                                                                                  \
    "SELECT seq, at_ms, tenant_id, user_id, user_name, uid, access_key_id, peer, module, action,"  \
    " object, database_name, code, note, request_id, hash FROM audit"

static const char INSERT_ROW[] =
    "INSERT INTO audit (seq, at_ms, tenant_id, user_id, user_name, uid, access_key_id, peer, "
    "module,"
    " action, object, database_name, code, note, request_id, hash)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)";
static const char GET_HEAD[] = "SELECT seq, at_ms, hash FROM audit ORDER BY seq DESC LIMIT 1";
static const char GET_HASH[] = "SELECT hash FROM audit WHERE seq = ?1";
static const char NEXT_ROWS[] = CHAIN_ROW " WHERE seq > ?1 ORDER BY seq LIMIT ?2";
static const char FIRST_TENANT[] =
    "SELECT tenant_id FROM person WHERE id = (SELECT min(id) FROM person)";
static const char DATABASE_NAME[] =
    "SELECT d.name || '@' || s.host || ':' || s.port || '[' || s.alias || ']' FROM source_database "
    "d"
    " JOIN source s ON s.id = d.source_id AND s.tenant_id = d.tenant_id"
    " WHERE d.tenant_id = ?1 AND d.id = ?2";

// One statement for each way of choosing, so that each is served by its own index; further filters are looked at row by row.
#define FROM_AUDIT " FROM audit WHERE tenant_id = ?1 AND at_ms >= ?2 AND at_ms < ?3"
#define ANY_MODULE " AND (?4 IS NULL OR module = ?4)"
#define ANY_USER " AND (?5 IS NULL OR user_name = ?5)"
#define LIST                                                                                       \
    "SELECT seq, at_ms, module, action, object, code, note, database_name, user_id, uid,"          \
    " user_name, peer"
#define PAGE " ORDER BY at_ms DESC, seq DESC LIMIT ?7 OFFSET ?8"
#define BY_TIME FROM_AUDIT " AND ?4 IS NULL AND ?5 IS NULL AND ?6 IS NULL"
#define BY_MODULE FROM_AUDIT " AND module = ?4 AND ?5 IS NULL AND ?6 IS NULL"
#define BY_USER FROM_AUDIT " AND user_name = ?5 AND ?6 IS NULL" ANY_MODULE
#define BY_DATABASE FROM_AUDIT " AND database_name = ?6 AND database_name <> ''" ANY_MODULE ANY_USER
static const char LIST_BY_TIME[] = LIST BY_TIME PAGE;
static const char LIST_BY_MODULE[] = LIST BY_MODULE PAGE;
static const char LIST_BY_USER[] = LIST BY_USER PAGE;
static const char LIST_BY_DATABASE[] = LIST BY_DATABASE PAGE;
static const char COUNT_BY_TIME[] = "SELECT count(*)" BY_TIME;
static const char COUNT_BY_MODULE[] = "SELECT count(*)" BY_MODULE;
static const char COUNT_BY_USER[] = "SELECT count(*)" BY_USER;
static const char COUNT_BY_DATABASE[] = "SELECT count(*)" BY_DATABASE;

// ---- The chain ----

// A row as its hash sees it: the columns of CHAIN_ROW.
struct chain_row {
    int64_t numbers[NUMBER_COLUMNS];
    const char *texts[CHAIN_COLUMNS - NUMBER_COLUMNS];
};

static void hash_row(const uint8_t previous[AUDIT_HASH_BYTES], const struct chain_row *row,
                     uint8_t ret_hash[AUDIT_HASH_BYTES]) {
    G_STATIC_ASSERT(AUDIT_HASH_BYTES == (int)CRYPTO_SHA256_BYTES);
    g_autoptr(GString) text = g_string_new_len((const char *)previous, AUDIT_HASH_BYTES);
    for (int i = 0; i < NUMBER_COLUMNS; i++) {
        char digits[24];
        int len = g_snprintf(digits, sizeof digits, "%" G_GINT64_FORMAT, row->numbers[i]);
        g_string_append_printf(text, "%d:%s", len, digits);
    }
    for (int i = 0; i < CHAIN_COLUMNS - NUMBER_COLUMNS; i++) {
        g_string_append_printf(text, "%zu:%s", strlen(row->texts[i]), row->texts[i]);
    }
    crypto_sha256(text->str, text->len, ret_hash);
}

static bool read_hash(struct sql_statement *row, int column, uint8_t ret_hash[AUDIT_HASH_BYTES]) {
    size_t len = 0;
    const void *hash = sql_column_blob(row, column, &len);
    if (hash == NULL || len != AUDIT_HASH_BYTES) {
        return false;
    }
    memcpy(ret_hash, hash, AUDIT_HASH_BYTES);
    return true;
}

bool store_audit_head(struct store_reader *reader, struct audit_head *ret_head, GError **error) {
    struct sql_statement *row = NULL;
    bool has_row = false;
    if (!query_one(reader->sql, GET_HEAD, NO_VALUES, &row, &has_row, error)) {
        return false;
    }
    struct audit_head head = { 0 };
    if (has_row) {
        head.seq = sql_column_int(row, 0);
        head.at_ms = sql_column_int(row, 1);
        (void)read_hash(row, 2, head.hash); // a damaged one is found by verifying
        sql_reset(row);
    }
    *ret_head = head;
    return true;
}

bool store_audit_hash(struct store_reader *reader, int64_t seq, bool *ret_is_there,
                      uint8_t ret_hash[AUDIT_HASH_BYTES], GError **error) {
    struct sql_statement *row = NULL;
    bool has_row = false;
    if (!query_one(reader->sql, GET_HASH, VALUES(INT(seq)), &row, &has_row, error)) {
        return false;
    }
    *ret_is_there = has_row && read_hash(row, 0, ret_hash);
    if (has_row) {
        sql_reset(row);
    }
    return true;
}

static bool know_tail(struct store *store, GError **error) {
    struct audit_tail *tail = &store->audit_tail;
    struct audit_head head = { 0 };
    if (tail->is_known) {
        return true;
    }
    if (!store_audit_head(&store->reader, &head, error)) {
        return false;
    }
    tail->seq = head.seq;
    memcpy(tail->hash, head.hash, sizeof tail->hash);
    tail->is_known = true;
    return true;
}

// ---- Adding ----

static const char *or_empty(const char *text) {
    return text != NULL ? text : "";
}

// proposed: "schema@host:port[alias]", so that equal names of several sources are told apart; or NULL. The caller frees it.
static bool find_database(struct store *store, int64_t tenant_id, int64_t database_id,
                          char **ret_name, GError **error) {
    struct sql_statement *row = NULL;
    bool has_row = false;
    *ret_name = NULL;
    if (database_id == 0) {
        return true;
    }
    if (!query_one(store->reader.sql, DATABASE_NAME, VALUES(INT(tenant_id), INT(database_id)), &row,
                   &has_row, error)) {
        return false;
    }
    if (has_row) {
        *ret_name = query_text(row, 0);
        sql_reset(row);
    }
    return true;
}

static bool insert_row(struct store *store, const struct chain_row *row,
                       const uint8_t hash[AUDIT_HASH_BYTES], GError **error) {
    const int64_t *n = row->numbers;
    const char *const *t = row->texts;
    return query_run(store_change_sql(store), INSERT_ROW,
                     VALUES(INT(n[0]), INT(n[1]), INT(n[2]), INT(n[3]), TEXT(t[0]), TEXT(t[1]),
                            TEXT(t[2]), TEXT(t[3]), TEXT(t[4]), TEXT(t[5]), TEXT(t[6]), TEXT(t[7]),
                            TEXT(t[8]), TEXT(t[9]), TEXT(t[10]), BLOB(hash, AUDIT_HASH_BYTES)),
                     error);
}

bool store_audit_add(struct store *store, const struct audit_entry *entry, GError **error) {
    const struct origin *origin = entry->origin;
    g_assert(origin != NULL && origin->action != NULL);
    int64_t tenant_id = entry->tenant_id;
    g_autofree char *database = NULL;
    if (!know_tail(store, error) ||
        (tenant_id == 0 &&
         !query_int(store->reader.sql, FIRST_TENANT, NO_VALUES, 0, &tenant_id, error)) ||
        !find_database(store, tenant_id, origin->database_id, &database, error)) {
        return false;
    }
    struct audit_tail *tail = &store->audit_tail;
    struct chain_row row = {
        .numbers = { tail->seq + 1, entry->at_ms, tenant_id, entry->user_id },
        .texts = { or_empty(entry->user_name), or_empty(entry->uid),
                   or_empty(origin->access_key_id), or_empty(origin->peer),
                   audit_module(origin->action), origin->action, or_empty(origin->object),
                   or_empty(database), or_empty(entry->code), or_empty(entry->note),
                   or_empty(origin->request_id) },
    };
    uint8_t hash[AUDIT_HASH_BYTES];
    hash_row(tail->hash, &row, hash);
    if (!insert_row(store, &row, hash, error)) {
        return false;
    }
    tail->seq++;
    memcpy(tail->hash, hash, sizeof tail->hash);
    return true;
}

// ---- Verifying ----

struct walk {
    int64_t seq; // of the last row that fitted
    uint8_t hash[AUDIT_HASH_BYTES];
    char *fault;
};

static void judge_row(struct walk *walk, struct sql_statement *row) {
    struct chain_row found = { 0 };
    uint8_t hash[AUDIT_HASH_BYTES];
    uint8_t stored[AUDIT_HASH_BYTES];
    for (int i = 0; i < NUMBER_COLUMNS; i++) {
        found.numbers[i] = sql_column_int(row, i);
    }
    for (int i = NUMBER_COLUMNS; i < CHAIN_COLUMNS; i++) {
        found.texts[i - NUMBER_COLUMNS] = or_empty(sql_column_text(row, i));
    }
    int64_t seq = found.numbers[0];
    if (seq != walk->seq + 1) {
        walk->fault = g_strdup_printf("row %" G_GINT64_FORMAT " of the operation log is missing: "
                                      "row %" G_GINT64_FORMAT " comes next",
                                      walk->seq + 1, seq);
        return;
    }
    hash_row(walk->hash, &found, hash);
    if (!read_hash(row, HASH_COLUMN, stored) || memcmp(hash, stored, sizeof hash) != 0) {
        walk->fault = g_strdup_printf("row %" G_GINT64_FORMAT " of the operation log does not fit: "
                                      "it or the row before it was changed",
                                      seq);
        return;
    }
    walk->seq = seq;
    memcpy(walk->hash, hash, sizeof hash);
}

// At most a page of rows behind walk->seq. The pages are short reads: rows that are there never change, and the write-ahead log does not
// grow under a long one.
static bool walk_page(struct store_reader *reader, struct walk *walk, int limit, bool *ret_is_end,
                      GError **error) {
    struct sql_statement *row = NULL;
    bool has_row = false;
    int count = 0;
    if (!query_start(reader->sql, NEXT_ROWS, VALUES(INT(walk->seq), INT(limit)), &row, error)) {
        return false;
    }
    while (query_next(row, &has_row, error)) {
        if (!has_row) {
            *ret_is_end = count < limit;
            return true;
        }
        count++;
        judge_row(walk, row);
        if (walk->fault != NULL) {
            sql_reset(row);
            *ret_is_end = true;
            return true;
        }
    }
    return false;
}

bool store_audit_verify(struct store_reader *reader, int64_t *ret_count, char **ret_fault,
                        GError **error) {
    struct walk walk = { 0 };
    bool is_end = false;
    while (!is_end) {
        if (!walk_page(reader, &walk, VERIFY_PAGE, &is_end, error)) {
            return false;
        }
    }
    *ret_count = walk.seq;
    if (walk.fault != NULL) {
        *ret_fault = walk.fault;
    }
    return walk.fault == NULL;
}

bool store_audit_verify_end(struct store_reader *reader, char **ret_fault, GError **error) {
    struct audit_head head = { 0 };
    if (!store_audit_head(reader, &head, error)) {
        return false;
    }
    if (head.seq == 0) {
        return true;
    }
    struct walk walk = { .seq = head.seq - 1 };
    bool is_there = true;
    bool is_end = false;
    if ((head.seq > 1 && !store_audit_hash(reader, head.seq - 1, &is_there, walk.hash, error)) ||
        !walk_page(reader, &walk, 1, &is_end, error)) {
        return false;
    }
    if (!is_there && walk.fault == NULL) {
        walk.fault = g_strdup_printf("row %" G_GINT64_FORMAT " of the operation log is missing",
                                     head.seq - 1);
    }
    if (walk.fault != NULL) {
        *ret_fault = walk.fault;
    }
    return walk.fault == NULL;
}

// ---- Reading ----

void audit_row_free(struct audit_row *row) {
    if (row == NULL) {
        return;
    }
    g_free(row->content);
    g_free(row->database);
    g_free(row->uid);
    g_free(row->user_name);
    g_free(row);
}

// "create a task flow (CreateTaskFlow) DagName=nightly: done; from 127.0.0.1"
static char *make_content(const char *action, const char *object, const char *code,
                          const char *note, const char *peer) {
    const char *phrase = audit_phrase(action);
    GString *text = g_string_new(NULL);
    if (phrase != NULL) {
        g_string_append_printf(text, "%s (%s)", phrase, action);
    } else {
        g_string_append(text, action);
    }
    if (object[0] != 0) {
        g_string_append_printf(text, " %s", object);
    }
    g_string_append(text, code[0] != 0 ? ": refused with " : ": done");
    g_string_append(text, code);
    if (note[0] != 0) {
        g_string_append_printf(text, "; %s", note);
    }
    if (peer[0] != 0) {
        g_string_append_printf(text, "; from %s", peer);
    }
    return g_string_free(text, FALSE);
}

static char *text_or_null(struct sql_statement *row, int column) {
    const char *text = sql_column_text(row, column);
    return text != NULL && text[0] != 0 ? g_strdup(text) : NULL;
}

static struct audit_row *read_row(struct sql_statement *row) {
    const char *texts[5]; // action, object, code, note, peer
    static const int columns[G_N_ELEMENTS(texts)] = { 3, 4, 5, 6, 11 };
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        texts[i] = or_empty(sql_column_text(row, columns[i]));
    }
    struct audit_row *found = g_new(struct audit_row, 1);
    *found = (struct audit_row){
        .seq = sql_column_int(row, 0),
        .at_ms = sql_column_int(row, 1),
        .module = g_intern_string(or_empty(sql_column_text(row, 2))),
        .content = make_content(texts[0], texts[1], texts[2], texts[3], texts[4]),
        .database = text_or_null(row, 7),
        .user_id = sql_column_int(row, 8),
        .uid = text_or_null(row, 9),
        .user_name = text_or_null(row, 10),
    };
    return found;
}

static void choose(const struct audit_filter *filter, const char **ret_list,
                   const char **ret_count) {
    if (filter->database != NULL) {
        *ret_list = LIST_BY_DATABASE;
        *ret_count = COUNT_BY_DATABASE;
    } else if (filter->user_name != NULL) {
        *ret_list = LIST_BY_USER;
        *ret_count = COUNT_BY_USER;
    } else if (filter->module != NULL) {
        *ret_list = LIST_BY_MODULE;
        *ret_count = COUNT_BY_MODULE;
    } else {
        *ret_list = LIST_BY_TIME;
        *ret_count = COUNT_BY_TIME;
    }
}

bool store_audit_list(struct store_reader *reader, const struct caller *caller,
                      const struct audit_filter *filter, GPtrArray **ret_rows, int64_t *ret_total,
                      GError **error) {
    g_assert(filter->page_number >= 1 && filter->page_size >= 1);
    const char *list = NULL;
    const char *count = NULL;
    choose(filter, &list, &count);
    struct query_values values =
        VALUES(INT(caller->tenant_id), INT(filter->from_ms), INT(filter->until_ms),
               TEXT(filter->module), TEXT(filter->user_name), TEXT(filter->database),
               INT(filter->page_size), INT((int64_t)(filter->page_number - 1) * filter->page_size));
    struct query_values chosen = { .items = values.items, .count = 6 };
    struct sql_statement *row = NULL;
    bool has_row = false;
    int64_t total = 0;
    if (!query_int(reader->sql, count, chosen, 0, &total, error) ||
        !query_start(reader->sql, list, values, &row, error)) {
        return false;
    }
    g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func((GDestroyNotify)audit_row_free);
    while (query_next(row, &has_row, error)) {
        if (!has_row) {
            *ret_rows = g_steal_pointer(&rows);
            *ret_total = total;
            return true;
        }
        g_ptr_array_add(rows, read_row(row));
    }
    return false;
}
