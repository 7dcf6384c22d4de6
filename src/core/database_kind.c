// SPDX-License-Identifier: Apache-2.0
//
// The table of the kinds of databases. A kind becomes served by naming its driver here, and by that driver's row in src/sql/meson.build.

#include "core/database_kind.h"

#include <limits.h>
#include <string.h>

#include "base/fault.h"

enum {
    PORT_MAX = 65535,
    NAME_MAX_BYTES = 255, // of a host (RFC 1035)
};

#define SERVER .address = ADDRESS_HOST
#define SQL_SERVER(name) .address = ADDRESS_HOST, .dialect = &dialect_##name

// Of kinds that share a port the first is the one that is guessed from it. The numbers are published for two kinds only; the schemas
// are what these engines call theirs (operations.md §4.2; "public" is ours, proposed).
static const struct database_kind kinds[] = {
    { .word = "mysql", SQL_SERVER(mysql), .default_port = 3306 },
    { .word = "polardb", SQL_SERVER(mysql), .default_port = 3306 },
    { .word = "oracle", SQL_SERVER(oracle), .default_port = 1521 },
    { .word = "ob_for_oracle", SQL_SERVER(oracle) },
    { .word = "mariadb", SQL_SERVER(mysql), .default_port = 3306 },
    { .word = "oceanbasex", SQL_SERVER(mysql) },
    { .word = "postgresql",
      SQL_SERVER(postgresql),
      .default_port = 5432,
      .default_schema = "public" },
    { .word = "sqlserver", SQL_SERVER(sqlserver), .default_port = 1433, .default_schema = "dbo" },
    { .word = "polardb-o", .alias = "polardb_oracle", SQL_SERVER(postgresql) },
    { .word = "polardb-pg",
      .alias = "polardb_postgresql",
      SQL_SERVER(postgresql),
      .default_port = 5432,
      .default_schema = "public" },
    { .word = "drds", SQL_SERVER(mysql), .default_port = 3306 },
    { .word = "redis", SERVER, .default_port = 6379 },
    { .word = "mongo", SERVER, .default_port = 27017 },
    { .word = "hbase", SERVER },
    { .word = "lindorm_cql", SERVER },
    { .word = "cassandra", SERVER },
    { .word = "adb_mysql", .number = 14, SQL_SERVER(mysql), .default_port = 3306 },
    { .word = "adb_postgresql",
      .number = 18,
      SQL_SERVER(postgresql),
      .default_port = 5432,
      .default_schema = "public" },
    { .word = "dla", SQL_SERVER(common) },
    { .word = "clickhouse", SQL_SERVER(common) },
    { .word = "maxcompute", SQL_SERVER(common) },
    { .word = "gdb", SERVER },
    { .word = "dm", SQL_SERVER(common) },
    { .word = "sqlite",
      .address = ADDRESS_FILE,
      .dialect = &dialect_sqlite,
      .only_database = "main",
      .driver = "sqlite" },
};

const struct database_kind *database_kind_at(size_t index) {
    return index < G_N_ELEMENTS(kinds) ? &kinds[index] : NULL;
}

const struct database_kind *database_kind_find(const char *word) {
    for (size_t i = 0; word != NULL && i < G_N_ELEMENTS(kinds); i++) {
        const char *alias = kinds[i].alias;
        if (g_ascii_strcasecmp(word, kinds[i].word) == 0 ||
            (alias != NULL && g_ascii_strcasecmp(word, alias) == 0)) {
            return &kinds[i];
        }
    }
    return NULL;
}

const struct database_kind *database_kind_find_numbered(const char *text) {
    for (size_t i = 0; text != NULL && i < G_N_ELEMENTS(kinds); i++) {
        char digits[16];
        (void)g_snprintf(digits, sizeof digits, "%d", kinds[i].number);
        if (kinds[i].number != 0 && strcmp(text, digits) == 0) {
            return &kinds[i];
        }
    }
    return database_kind_find(text);
}

const struct database_kind *database_kind_by_port(int port) {
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        bool is_meant =
            port == 0 ? kinds[i].address == ADDRESS_FILE : kinds[i].default_port == port;
        if (is_meant) {
            return &kinds[i];
        }
    }
    return NULL;
}

const char *database_kind_word(const char *text) {
    const struct database_kind *kind = database_kind_find(text);
    return kind != NULL ? kind->word : text;
}

bool database_kind_serves(enum database_address address) {
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if (kinds[i].driver != NULL && kinds[i].address == address) {
            return true;
        }
    }
    return false;
}

char *database_kind_list(bool is_served) {
    GString *list = g_string_new(NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if ((kinds[i].driver != NULL) == is_served) {
            g_string_append_printf(list, "%s%s", list->len > 0 ? ", " : "", kinds[i].word);
        }
    }
    return g_string_free(list, FALSE);
}

bool database_kind_require(const char *word, const struct database_kind **ret_kind,
                           GError **error) {
    const struct database_kind *kind = database_kind_find(word);
    if (kind != NULL && kind->driver != NULL) {
        *ret_kind = kind;
        return true;
    }
    g_autofree char *served = database_kind_list(true);
    if (kind != NULL) {
        fault_set_field(error, FAULT_NOT_SUPPORTED, "InstanceType",
                        "sources of type %s are not served by this server; there is: %s",
                        kind->word, served);
        return false;
    }
    g_autofree char *known = database_kind_list(false);
    fault_set_field(error, FAULT_INVALID_VALUE, "InstanceType",
                    "\"%.100s\" is no database engine; served is %s, and known besides is %s",
                    word != NULL ? word : "", served, known);
    return false;
}

bool database_file_check(const char *path, GError **error) {
    size_t len = strlen(path);
    if (path[0] != '/' || len >= PATH_MAX) {
        fault_set_field(
            error, FAULT_INVALID_FIELD, "Host",
            "a source that is a file must be named by its absolute path, not \"%.100s\"", path);
        return false;
    }
    if (path[len - 1] == '/') {
        fault_set_field(error, FAULT_INVALID_FIELD, "Host",
                        "a source that is a file must be a file, not a directory: \"%.100s\"",
                        path);
        return false;
    }
    return true;
}

// A name, an IPv4 address or an IPv6 address with its zone.
static bool is_host(const char *host) {
    size_t len = strlen(host);
    for (size_t i = 0; i < len; i++) {
        if (!g_ascii_isalnum(host[i]) && strchr("._-:%", host[i]) == NULL) {
            return false;
        }
    }
    return len > 0 && len <= NAME_MAX_BYTES && host[0] != '-';
}

bool database_kind_check_address(const struct database_kind *kind, const char *host, int port,
                                 GError **error) {
    g_assert(kind != NULL);
    g_assert(host != NULL);
    bool is_file = kind->address == ADDRESS_FILE;
    if (is_file && !database_file_check(host, error)) {
        return false;
    }
    if (!is_file && !is_host(host)) {
        fault_set_field(
            error, FAULT_INVALID_FIELD, "Host",
            "Host of a %s source is a name or an address in the network, not \"%.100s\"",
            kind->word, host);
        return false;
    }
    if (is_file && port != 0) {
        fault_set_field(error, FAULT_INVALID_FIELD, "Port",
                        "a %s source is a file; its Port is 0, not %d", kind->word, port);
        return false;
    }
    if (!is_file && (port < 1 || port > PORT_MAX)) {
        fault_set_field(error, FAULT_INVALID_FIELD, "Port",
                        "Port of a %s source is 1 to %d, not %d", kind->word, PORT_MAX, port);
        return false;
    }
    return true;
}
