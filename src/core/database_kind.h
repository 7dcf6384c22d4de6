// SPDX-License-Identifier: Apache-2.0
//
// database_kind: what is known of each kind of database (operations.md §1.10) without any client library: its words, how it is addressed, what
// is in it, and which driver of sluice-sql reaches it. This is the only place that names a kind; everybody else asks here, and asks for a
// property, never for a name (the rule "kinds" of scripts/house.py).
//
// Everything here is constant. Pure; any thread.
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

#include "core/dialect.h"

// How a source of the kind is written down.
enum database_address {
    ADDRESS_FILE, // Host is the absolute path of a file, Port is 0
    ADDRESS_HOST, // Host is a name or an address in a network, Port is 1 to 65535
};

struct database_kind {
    const char *word;  // as replies have it
    const char *alias; // an older edition's word, which is taken as well; NULL
    int number;        // a workspace's DwDbType has a number for it; 0 when none is published
    int default_port;  // 0: of a file, and where none is settled
    enum database_address address;
    const char *
        only_database; // the name of the one database that a source has; NULL: a server tells its own
    const char *
        default_schema; // where a table is looked for; NULL without a level between database and table
    const struct dialect *dialect; // how its scripts are read; NULL: it is not asked in SQL
    const char
        *driver; // the driver of sluice-sql (src/sql/) that reaches it; NULL: it is not served
};

// All kinds in a fixed order; NULL behind the last.
const struct database_kind *database_kind_at(size_t index);

// By word or alias, in any case; NULL: no kind is called that.
const struct database_kind *database_kind_find(const char *word);
// The same, and by the published number in digits.
const struct database_kind *database_kind_find_numbered(const char *text);
// The kind that most probably answers at that port; 0 means a file. NULL: no kind is known by it.
const struct database_kind *database_kind_by_port(int port);
// What a filter compares with: the kind's word, or the text itself where it names none.
const char *database_kind_word(const char *text);

// Is a kind with this form of address served?
bool database_kind_serves(enum database_address address);
// Words of the kinds that are served, or of all others, joined by ", ". The caller frees it.
char *database_kind_list(bool is_served);

// By word or alias. FAULT_INVALID_VALUE: no kind is called that. FAULT_NOT_SUPPORTED: it is known, and not served. Both name InstanceType.
bool database_kind_require(const char *word, const struct database_kind **ret_kind, GError **error);

// Is the address written as the kind's are? Nothing is looked up. FAULT_INVALID_FIELD names Host or Port.
bool database_kind_check_address(const struct database_kind *kind, const char *host, int port,
                                 GError **error);
// The part of that which every file's path must pass: absolute, no directory, not too long. FAULT_INVALID_FIELD names Host.
bool database_file_check(const char *path, GError **error);
