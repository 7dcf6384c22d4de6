// SPDX-License-Identifier: Apache-2.0
//
// Writing down what a database tells of itself, piece by piece, so that no answer grows past its ceiling. A table is in an answer with all
// of its columns or not at all.
#include "sqlrun/catalogue.h"

#include "base/fault.h"

enum { BYTES_MAX = 900 * 1024 }; // the answer's line may have 1 MiB

struct listing {
    json_t *databases;
    json_t *tables;
    json_t *table; // the one whose columns come, or NULL
    size_t bytes;
    bool is_full;
};

static void put_text(json_t *object, const char *name, const char *text) {
    if (text != NULL && text[0] != '\0') {
        g_autofree char *valid = g_utf8_make_valid(text, -1);
        (void)json_object_set_new(object, name, json_string(valid));
    }
}

static void put_number(json_t *object, const char *name, int64_t number, int64_t unknown) {
    if (number != unknown) {
        (void)json_object_set_new(object, name, json_integer(number));
    }
}

static void take_database(const struct sql_database *database, void *user) {
    struct listing *listing = user;
    json_t *entry = json_object();
    put_text(entry, "name", database->name);
    put_text(entry, "encoding", database->encoding);
    put_text(entry, "catalog", database->catalog);
    listing->bytes += json_dumpb(entry, NULL, 0, JSON_COMPACT) + 1;
    (void)json_array_append_new(listing->databases, entry);
}

// The table before is complete: it gets its place, or the answer is full.
static bool close_table(struct listing *listing) {
    json_t *table = listing->table;
    listing->table = NULL;
    if (table == NULL) {
        return true;
    }
    size_t bytes = json_dumpb(table, NULL, 0, JSON_COMPACT) + 1;
    if (listing->bytes + bytes > BYTES_MAX) {
        listing->is_full = true;
        json_decref(table);
        return false;
    }
    listing->bytes += bytes;
    (void)json_array_append_new(listing->tables, table);
    return true;
}

static bool take_table(const struct sql_table *table, void *user) {
    struct listing *listing = user;
    if (!close_table(listing)) {
        return false;
    }
    listing->table = json_object();
    put_text(listing->table, "schema", table->schema);
    put_text(listing->table, "name", table->name);
    put_text(listing->table, "kind", table->kind);
    put_text(listing->table, "engine", table->engine);
    put_text(listing->table, "encoding", table->encoding);
    put_text(listing->table, "description", table->description);
    put_number(listing->table, "rows", table->row_count, -1);
    put_number(listing->table, "bytes", table->bytes, -1);
    (void)json_object_set_new(listing->table, "columns", json_array());
    return true;
}

static void take_column(const struct sql_column *column, void *user) {
    struct listing *listing = user;
    json_t *entry = json_object();
    put_text(entry, "name", column->name);
    put_text(entry, "type", column->type);
    if (column->default_value != NULL) {
        g_autofree char *valid = g_utf8_make_valid(column->default_value, -1);
        (void)json_object_set_new(entry, "default", json_string(valid));
    }
    put_text(entry, "description", column->description);
    (void)json_object_set_new(entry, "nullable", json_boolean(column->is_nullable));
    (void)json_object_set_new(entry, "auto", json_boolean(column->is_auto_increment));
    put_number(entry, "length", column->data_length, 0);
    put_number(entry, "precision", column->precision, 0);
    put_number(entry, "scale", column->scale, 0);
    (void)json_array_append_new(json_object_get(listing->table, "columns"), entry);
}

bool catalogue_answer(struct sql *sql, bool wants_tables, int64_t skipped_count,
                      json_t **ret_answer, GError **error) {
    struct listing listing = { .databases = json_array(), .tables = json_array() };
    struct sql_catalogue catalogue = {
        .database = take_database,
        .table = wants_tables ? take_table : NULL,
        .column = take_column,
        .user = &listing,
    };
    bool is_read = sql_catalogue(sql, &catalogue, skipped_count, error);
    if (is_read) {
        (void)close_table(&listing);
    }
    if (is_read && listing.is_full && json_array_size(listing.tables) == 0) {
        fault_set(error, FAULT_INVALID_DATA,
                  "the structure of table %" G_GINT64_FORMAT " is larger than %d KiB",
                  skipped_count + 1, BYTES_MAX / 1024);
        is_read = false;
    }
    if (is_read) {
        *ret_answer = json_pack("{s:b, s:O, s:O, s:b}", "ok", 1, "databases", listing.databases,
                                "tables", listing.tables, "more", listing.is_full);
    }
    json_decref(listing.table);
    json_decref(listing.databases);
    json_decref(listing.tables);
    return is_read;
}
