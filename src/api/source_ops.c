// SPDX-License-Identifier: Apache-2.0
//
// source_ops: data sources, which the wire calls instances, and their databases. The only engine served so far is SQLite; its file is
// opened under the supervisor alone, the connection test included.
#include "api/source_ops.h"

#include "api/reply.h"
#include "api/services.h"
#include "api/source_path.h"
#include "base/fault.h"
#include "store/sources.h"

#include <string.h>

enum { PROBE_LIMIT_MS = 2000 };

OWNED_DEFINE(change)
OWNED_DEFINE(source_row)

// Parameters that are kept and given back as they came, and steer nothing.
static const char *const extra_texts[] = {
    "DataLinkName",  "EcsInstanceId", "EcsRegion", "EnableSellSitd",
    "ResourceGroup", "TemplateType",  "VpcId",
};
static const char *const extra_numbers[] = { "DdlOnline", "TemplateId", "UseDsql" };

static char *extra_of(const struct call *call) {
    json_auto_t *extra = json_object();
    for (size_t i = 0; i < G_N_ELEMENTS(extra_texts); i++) {
        reply_text(extra, extra_texts[i], args_text(call->args, extra_texts[i]));
    }
    for (size_t i = 0; i < G_N_ELEMENTS(extra_numbers); i++) {
        int64_t number = 0;
        if (args_int(call->args, extra_numbers[i], &number)) {
            reply_number(extra, extra_numbers[i], number);
        }
    }
    return json_dumps(extra, JSON_COMPACT);
}

// The engine's word in lower case. FAULT_NOT_SUPPORTED for engines that the API knows and this server does not serve.
static bool check_kind(const struct call *call, GError **error) {
    const char *kind = args_text(call->args, "InstanceType");
    if (g_ascii_strcasecmp(kind, "sqlite") == 0) {
        return true;
    }
    const struct shape *shape = operation_param(call->operation, "InstanceType")->shape;
    for (size_t i = 0; i < shape->word_count; i++) {
        if (g_ascii_strcasecmp(kind, shape->words[i]) == 0) {
            fault_set_field(error, FAULT_NOT_SUPPORTED, "InstanceType",
                            "sources of type %s are not served by this server; sqlite is",
                            shape->words[i]);
            return false;
        }
    }
    fault_set_field(error, FAULT_INVALID_VALUE, "InstanceType",
                    "\"%.100s\" is no database engine; sqlite is served", kind);
    return false;
}

static bool check_seconds(const struct call *call, const char *name, int *ret_seconds,
                          GError **error) {
    int64_t seconds = args_int_or(call->args, name, 0);
    if (seconds < 1) {
        fault_set_field(error, FAULT_INVALID_FIELD, name, "%s is a time in seconds, at least 1",
                        name);
        return false;
    }
    *ret_seconds = (int)seconds;
    return true;
}

// DbaUidByString, when given, replaces the number.
static bool dba_of(const struct call *call, int64_t *ret_uid, GError **error) {
    const char *text = args_text(call->args, "DbaUidByString");
    if (text == NULL || text[0] == '\0') {
        *ret_uid = call_id(call, "DbaUid");
        return true;
    }
    gint64 uid = 0;
    if (!g_ascii_string_to_signed(text, 10, 1, G_MAXINT64, &uid, NULL)) {
        fault_set_field(error, FAULT_USER_NOT_EXIST, "DbaUidByString",
                        "no user has the uid \"%.100s\"", text);
        return false;
    }
    *ret_uid = uid;
    return true;
}

// The fields that need a look; the rest is copied by fields_of.
static bool check_fields(const struct call *call, struct source_fields *fields, GError **error) {
    if (!check_kind(call, error) ||
        !source_path_check(call_services(call)->dir, fields->host, error)) {
        return false;
    }
    if (call_id(call, "Port") != 0) {
        fault_set_field(error, FAULT_INVALID_FIELD, "Port",
                        "a sqlite source is a file; its Port is 0");
        return false;
    }
    return check_seconds(call, "QueryTimeout", &fields->query_timeout_s, error) &&
           check_seconds(call, "ExportTimeout", &fields->export_timeout_s, error) &&
           dba_of(call, &fields->dba_uid, error);
}

static struct source_fields *fields_of(const struct call *call) {
    const struct args *args = call->args;
    const char *sid = args_text(args, "Sid");
    struct source_fields *fields = g_new0(struct source_fields, 1);
    fields->kind = g_strdup("sqlite");
    fields->source = g_strdup(args_text(args, "InstanceSource"));
    fields->network = g_strdup(args_text(args, "NetworkType"));
    fields->environment = g_strdup(args_text(args, "EnvType"));
    fields->host = g_strdup(args_text(args, "Host"));
    fields->sid = sid == NULL || sid[0] == '\0' ? NULL : g_strdup(sid);
    fields->user = g_strdup(args_text(args, "DatabaseUser"));
    fields->password = g_strdup(args_text(args, "DatabasePassword"));
    fields->alias = g_strdup(args_text(args, "InstanceAlias"));
    fields->safe_rule = g_strdup(args_text(args, "SafeRule"));
    fields->extra = extra_of(call);
    return fields;
}

// Judges the probe's JSON line; the database's own words go into the fault.
static bool judge_probe(const char *line, GError **error) {
    json_auto_t *result = json_loads(line, 0, NULL);
    if (json_is_true(json_object_get(result, "ok"))) {
        return true;
    }
    const char *words = json_string_value(json_object_get(result, "error"));
    fault_set_field(error, FAULT_INVALID_VALUE, "Host",
                    "the connection test failed: %s; file and directory must be writable to the "
                    "user that runs tasks, "
                    "and SkipTest=true registers without a test",
                    words == NULL ? "the test gave no result" : words);
    return false;
}

// Opens the source once, as a task would.
static bool probe(const struct call *call, const struct source_fields *fields, GError **error) {
    struct exec_connection connection = {
        .kind = fields->kind,
        .host = fields->host,
        .port = fields->port,
        .schema = (char *)"main",
        .user = fields->user,
        .password = fields->password,
        .forbidden_dir = (char *)call_services(call)->dir,
    };
    g_autofree char *line = NULL;
    return engine_probe(call_services(call)->engine, &connection, PROBE_LIMIT_MS, &line, error) &&
           judge_probe(line, error);
}

// Everything that can refuse is asked before the connection test, which may create the file: a refused call changes nothing.
static bool check_registration(const struct call *call, struct source_fields *fields,
                               GError **error) {
    READER_LOAN loan = { 0 };
    return call_borrow(call, &loan, error) && check_fields(call, fields, error) &&
           store_source_check(loan.reader, call->caller, fields, error);
}

static bool register_source(struct call *call, json_t *reply, GError **error) {
    (void)reply;
    OWNED(change) change = call_change(call, CHANGE_SOURCE_REGISTER);
    change->source = fields_of(call);
    bool skips_test = args_bool_or(call->args, "SkipTest", false);
    return check_registration(call, change->source, error) &&
           (skips_test || probe(call, change->source, error)) &&
           call_commit_plain(call, g_steal_pointer(&change), error);
}

static void reply_people(json_t *item, int64_t dba_id, const char *dba_name,
                         const char *name_field) {
    reply_id_text(item, "DbaId", dba_id);
    reply_text(item, name_field, dba_name);
    // Nobody can be made an owner of a source yet.
    (void)reply_list(item, "OwnerIdList", "OwnerIds");
    (void)reply_list(item, "OwnerNameList", "OwnerNames");
}

// The parameters that were only kept. ResourceGroup and the template have no place in replies.
static void reply_extra(json_t *item, const char *document) {
    static const char *const shown[] = { "DataLinkName", "DdlOnline", "EcsInstanceId",
                                         "EcsRegion",    "UseDsql",   "VpcId" };
    json_auto_t *extra = document == NULL ? NULL : json_loads(document, 0, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(shown); i++) {
        json_t *value = json_object_get(extra, shown[i]);
        if (value != NULL) {
            (void)json_object_set(item, shown[i], value);
        }
    }
}

// Is the switch EnableSellSitd on? Only Y switches on.
static bool has_sitd(const char *document) {
    json_auto_t *extra = document == NULL ? NULL : json_loads(document, 0, NULL);
    const char *value = json_string_value(json_object_get(extra, "EnableSellSitd"));
    return value != NULL && strcmp(value, "Y") == 0;
}

// All but SellSitd, which has another type in each operation.
static void reply_source(json_t *item, const struct source_row *source) {
    const struct source_fields *fields = &source->fields;
    reply_id_text(item, "InstanceId", source->id);
    reply_text(item, "InstanceAlias", fields->alias);
    reply_text(item, "InstanceType", fields->kind);
    reply_text(item, "InstanceSource", fields->source);
    reply_text(item, "EnvType", fields->environment);
    reply_text(item, "Host", fields->host);
    reply_number(item, "Port", fields->port);
    reply_text(item, "Sid", fields->sid);
    reply_text(item, "DatabaseUser", fields->user);
    reply_text(item, "DatabasePassword", "******");
    reply_text(item, "SafeRuleId", fields->safe_rule);
    reply_number(item, "QueryTimeout", fields->query_timeout_s);
    reply_number(item, "ExportTimeout", fields->export_timeout_s);
    reply_text(item, "State", source->is_enabled ? "NORMAL" : "DISABLE");
    reply_people(item, source->dba_id, source->dba_name, "DbaNickName");
    reply_extra(item, fields->extra);
}

// An optional filter; an empty one filters nothing.
static const char *filter_text(const struct call *call, const char *name) {
    const char *text = args_text(call->args, name);
    return text == NULL || text[0] == '\0' ? NULL : text;
}

static bool list_sources(struct call *call, json_t *reply, GError **error) {
    READER_LOAN loan = { 0 };
    g_autoptr(GPtrArray) sources = NULL;
    int64_t total = 0;
    g_autofree char *kind = filter_text(call, "DbType") == NULL
                                ? NULL
                                : g_ascii_strdown(filter_text(call, "DbType"), -1);
    struct source_filter filter = {
        .kind = kind,
        .environment = filter_text(call, "EnvType"),
        .source = filter_text(call, "InstanceSource"),
        .network = filter_text(call, "NetType"),
        .state = filter_text(call, "InstanceState"),
        .search = filter_text(call, "SearchKey"),
    };
    if (!call_page(call, "PageNumber", &filter.page_number, &filter.page_size, error) ||
        !call_borrow(call, &loan, error) ||
        !store_source_list(loan.reader, call->caller, &filter, &sources, &total, error)) {
        return false;
    }
    json_t *list = reply_list(reply, "InstanceList", "Instance");
    for (guint i = 0; i < sources->len; i++) {
        const struct source_row *source = g_ptr_array_index(sources, i);
        json_t *item = reply_item(list);
        reply_source(item, source);
        reply_bool(item, "SellSitd", has_sitd(source->fields.extra));
    }
    reply_number(reply, "TotalCount", total);
    return true;
}

static bool get_source(struct call *call, json_t *reply, GError **error) {
    READER_LOAN loan = { 0 };
    OWNED(source_row) source = NULL;
    if (!call_borrow(call, &loan, error) ||
        !store_source_get(loan.reader, call->caller, args_text(call->args, "Host"),
                          (int)call_id(call, "Port"), filter_text(call, "Sid"), &source, error)) {
        return false;
    }
    json_t *item = reply_object(reply, "Instance");
    reply_source(item, source);
    reply_text(item, "SellSitd", has_sitd(source->fields.extra) ? "Y" : "N");
    return true;
}

static void reply_database(json_t *item, const struct database_row *database) {
    reply_id_text(item, "DatabaseId", database->id);
    reply_id_text(item, "InstanceId", database->source_id);
    reply_text(item, "SchemaName", database->schema);
    g_autofree char *search_name =
        g_strdup_printf("%s@%s:%d", database->schema, database->host, database->port);
    reply_text(item, "SearchName", search_name);
    reply_text(item, "DbType", database->kind);
    reply_text(item, "EnvType", database->environment);
    reply_text(item, "Host", database->host);
    reply_number(item, "Port", database->port);
    reply_text(item, "State", "NORMAL");
    reply_people(item, database->dba_id, database->dba_name, "DbaName");
}

static bool list_databases(struct call *call, json_t *reply, GError **error) {
    READER_LOAN loan = { 0 };
    g_autoptr(GPtrArray) databases = NULL;
    int64_t source_id = 0;
    int64_t total = 0;
    int page = 1;
    int size = 1;
    if (!args_text_id(call->args, "InstanceId", &source_id, error) ||
        !call_page(call, "PageNumber", &page, &size, error) || !call_borrow(call, &loan, error) ||
        !store_database_list(loan.reader, call->caller, source_id, filter_text(call, "SearchKey"),
                             page, size, &databases, &total, error)) {
        return false;
    }
    json_t *list = reply_list(reply, "DatabaseList", "Database");
    for (guint i = 0; i < databases->len; i++) {
        reply_database(reply_item(list), g_ptr_array_index(databases, i));
    }
    reply_number(reply, "TotalCount", total);
    return true;
}

const struct op_handler source_ops[] = {
    { "RegisterInstance", register_source },
    { "ListInstances", list_sources },
    { "GetInstance", get_source },
    { "ListDatabases", list_databases },
    { NULL, NULL },
};
