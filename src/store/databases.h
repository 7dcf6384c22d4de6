// SPDX-License-Identifier: Apache-2.0
//
// databases: the databases of registered sources as callers see them (operations.md §4.2).
#pragma once

#include "store/sources.h"

// The wire's table 1.9; the numbers are stored.
enum database_state {
    DATABASE_NORMAL,
    DATABASE_DISABLED, // its source is switched off; never stored
    DATABASE_OFFLINE,  // could not be opened at the last sync
    DATABASE_MISSING,  // the source did not list it at the last sync
    DATABASE_STATE_COUNT
};

struct database_row {
    int64_t id; // below 2^31
    int64_t source_id;
    char *schema; // SQLite: "main"
    char *kind;
    char *host;
    int port;
    char *sid; // NULL: none
    char *environment;
    char *alias;
    char *extra;    // of the source: JSON object of what is kept as it came
    char *encoding; // NULL: not known, as the next
    char *catalog;
    int64_t dba_id;
    char *dba_name;
    enum database_state state;
    int query_timeout_s;
};
void database_row_free(struct database_row *row);

// FAULT_INSTANCE_NOT_EXIST for an unknown source.
bool store_database_list(struct store_reader *reader, const struct caller *caller,
                         int64_t source_id, const char *search, int page_number, int page_size,
                         GPtrArray **ret_databases, int64_t *ret_total, GError **error);
// By id, or by address and name; sid may be NULL. FAULT_DATABASE_NOT_EXIST.
bool store_database_find(struct store_reader *reader, const struct caller *caller,
                         int64_t database_id, struct database_row **ret_database, GError **error);
bool store_database_get(struct store_reader *reader, const struct caller *caller, const char *host,
                        int port, const char *sid, const char *schema,
                        struct database_row **ret_database, GError **error);

struct database_filter {
    int page_number; // from 1
    int page_size;
    int64_t dba_id; // 0: any
    // NULL: any. Matching of search: a part of schema, host or alias, ignoring case.
    const char *kind;
    const char *environment;
    const char *search;
};
// Over all sources, by id.
bool store_database_search(struct store_reader *reader, const struct caller *caller,
                           const struct database_filter *filter, GPtrArray **ret_databases,
                           int64_t *ret_total, GError **error);
