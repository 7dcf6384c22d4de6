// SPDX-License-Identifier: Apache-2.0
//
// sources: registered data sources ("instances", operations.md §4.1), and what it takes to reach one.
#pragma once

#include "store/store.h"

struct source_fields {
    char *kind;   // a word of core/database_kind
    char *source; // PUBLIC_OWN, …
    char *network;
    char *environment;
    char *host; // or the absolute path of a file, by the kind
    int port;
    char *sid; // or NULL
    char *user;
    char *password; // sealed before it is stored
    char *alias;
    char *safe_rule;
    int64_t dba_uid; // must be a user of the tenant
    int64_t
        dba_id; // the same by user id; wins over the uid; 0: not given, negative: stays as stored
    int query_timeout_s;
    int export_timeout_s;
    char *extra; // JSON object of the remaining parameters, stored and given back as they came
};
void source_fields_free(struct source_fields *fields);
// The texts alone, for fields that lie in another structure.
void source_fields_done(struct source_fields *fields);

struct source_row {
    int64_t id;
    struct source_fields fields; // password is NULL
    int64_t dba_id;
    char *dba_name;
    bool is_enabled;
};
void source_row_free(struct source_row *row);

// Would a registration with these fields be accepted now? The same faults as CHANGE_SOURCE_REGISTER gives; asked before the connection
// test, which may create a file.
bool store_source_check(struct store_reader *reader, const struct caller *caller,
                        const struct source_fields *fields, GError **error);

// What a change would make of a source: the stored fields with the given ones put over them (NULL texts and negative numbers: unchanged; the
// members of `extra` one by one), checked like a registration. Its password is open: the caller frees and so wipes it. FAULT_INSTANCE_NOT_EXIST.
bool store_source_merge(struct store_reader *reader, const struct caller *caller, int64_t source_id,
                        const struct source_fields *given, struct source_fields **ret_merged,
                        GError **error);

struct source_filter {
    int page_number; // from 1
    int page_size;
    // NULL: any. Matching of search: substring of host or alias, ignoring case.
    const char *kind;
    const char *environment;
    const char *source;
    const char *network;
    const char *state;
    const char *region; // the EcsRegion it was registered with; exact
    const char *search;
};
bool store_source_list(struct store_reader *reader, const struct caller *caller,
                       const struct source_filter *filter, GPtrArray **ret_sources,
                       int64_t *ret_total, GError **error);
// By address: FAULT_ADDRESS_NOT_EXIST. sid may be NULL.
bool store_source_get(struct store_reader *reader, const struct caller *caller, const char *host,
                      int port, const char *sid, struct source_row **ret_source, GError **error);
// By id: FAULT_INSTANCE_NOT_EXIST.
bool store_source_find(struct store_reader *reader, const struct caller *caller, int64_t source_id,
                       struct source_row **ret_source, GError **error);

// What an SQL node needs to connect (engine thread): the database must belong to the tenant. FAULT_DATABASE_NOT_EXIST. The password
// is opened; the caller frees the row and wipes nothing else.
struct connection_row {
    char *kind;
    char *host;
    int port;
    char *schema;
    char *user;
    char *password;
};
void connection_row_free(struct connection_row *row);
bool store_connection_get(struct store_reader *reader, int64_t tenant_id, int64_t database_id,
                          struct connection_row **ret_connection, GError **error);
