// SPDX-License-Identifier: Apache-2.0
//
// instance_ops: data sources come, change and go (operations.md §4.1). A source is opened under the supervisor alone, the connection test
// included. Everything that can refuse is asked before that test, which may create a file: a refused call changes nothing.
#include "api/ops/operation_handlers.h"

#include "api/ops/acting.h"
#include "api/wire/reply.h"
#include "api/ops/source_args.h"
#include "api/ops/source_path.h"
#include "base/fault.h"
#include "core/database_kind.h"

#include <string.h>

enum {
    // The test itself has 5 s (exec/sqlnode); on a machine with much to do it may have to wait for its turn.
    PROBE_LIMIT_MS = 15000,
    SIMPLE_TIMEOUT_S = 60
};

OWNED_DEFINE(change)
OWNED_DEFINE(source_row)
OWNED_DEFINE(source_fields)

// Judges the probe's JSON line; the database's own words go into the fault.
static bool judge_probe(const char *line, enum fault kind, GError **error) {
    json_auto_t *result = json_loads(line, 0, NULL);
    if (json_is_true(json_object_get(result, "ok"))) {
        return true;
    }
    const char *words = json_string_value(json_object_get(result, "error"));
    fault_set_field(error, kind, "Host",
                    "the connection test failed: %s; file and directory must be writable to the "
                    "user that runs tasks, "
                    "and SkipTest=true registers without a test",
                    words == NULL ? "the test gave no result" : words);
    return false;
}

// Opens the source once, as a task would. `kind` is the fault when that fails.
static bool probe(const struct call *call, const struct source_fields *fields, enum fault kind,
                  GError **error) {
    const struct database_kind *engine = database_kind_find(fields->kind);
    struct exec_connection connection = {
        .kind = fields->kind,
        .host = fields->host,
        .port = fields->port,
        .schema = (char *)(engine != NULL ? engine->only_database : NULL),
        .user = fields->user,
        .password = fields->password,
        .forbidden_dir = (char *)call_services(call)->dir,
    };
    g_autofree char *line = NULL;
    return engine_probe(call_engine(call), &connection, PROBE_LIMIT_MS, &line, error) &&
           judge_probe(line, kind, error);
}

static bool skips_test(const struct call *call) {
    return operation_param(call->operation, "SkipTest") != NULL &&
           args_bool_or(call->args, "SkipTest", false);
}

// ---- Registering ----

static bool check_registration(const struct call *call, const struct source_fields *fields,
                               GError **error) {
    struct store_reader *reader = NULL;
    return call_reader(call, &reader, error) &&
           store_source_check(reader, call->caller, fields, error);
}

// A source that answered is read once, in the background; SyncInstanceMeta does it again. One that nobody reached is left alone.
static void start_sync(const struct call *call, int64_t source_id) {
    if (!skips_test(call)) {
        (void)engine_sync(call_engine(call), call->caller, source_id, 0, true, NULL, NULL);
    }
}

// *ret_result is freed by the caller.
static bool commit_registration(const struct call *call, struct source_fields *fields,
                                struct change_result *ret_result, GError **error) {
    OWNED(change) change = call_change(call, CHANGE_SOURCE_REGISTER);
    bool is_repeat = false;
    change->source = fields;
    if (!call_is_repeat(call, &is_repeat, error) ||
        (!is_repeat && !check_registration(call, fields, error)) ||
        (!is_repeat && !skips_test(call) && !probe(call, fields, FAULT_REGISTER_FAILED, error)) ||
        !call_commit(call, g_steal_pointer(&change), ret_result, error)) {
        return false;
    }
    if (!is_repeat) {
        start_sync(call, ret_result->id);
    }
    return true;
}

static bool register_source(struct call *call, json_t *reply, GError **error) {
    (void)reply;
    struct source_fields *fields = NULL;
    struct change_result result = { 0 };
    bool is_done =
        source_args_read(call, &fields, error) && commit_registration(call, fields, &result, error);
    change_result_done(&result);
    return is_done;
}

// The engine is not named: it is guessed from the port (proposed, operations.md §4.1).
static bool guess_kind(const struct call *call, struct source_fields *fields, GError **error) {
    const struct database_kind *kind = database_kind_by_port(fields->port);
    if (kind != NULL) {
        fields->kind = g_strdup(kind->word);
        return true;
    }
    fault_set_field(error, FAULT_INVALID_FIELD, "Port",
                    "no engine is known by port %d; use AddInstance and name the engine",
                    fields->port);
    return false;
}

// What SimplyAddInstance leaves out.
static void put_defaults(const struct caller *owner, struct source_fields *fields) {
    g_autofree char *base = g_path_get_basename(fields->host);
    fields->source = g_strdup("PUBLIC_OWN");
    fields->network = g_strdup("CLASSIC");
    fields->environment = g_strdup("dev");
    fields->alias = g_utf8_substring(base, 0, MIN(g_utf8_strlen(base, -1), 100));
    fields->safe_rule = g_strdup("");
    fields->dba_id = owner->user_id;
    fields->query_timeout_s = SIMPLE_TIMEOUT_S;
    fields->export_timeout_s = 10 * SIMPLE_TIMEOUT_S;
}

static bool read_simple(const struct call *call, struct source_fields **ret_fields,
                        GError **error) {
    const char *host = args_text(call->args, "Host");
    const char *resource = args_text(call->args, "InstanceId");
    if (host == NULL || host[0] == '\0') {
        if (resource != NULL && resource[0] != '\0') {
            fault_set_field(error, FAULT_NOT_SUPPORTED, "InstanceId",
                            "this server knows no cloud resources; give Host and Port");
        } else {
            fault_set_field(error, FAULT_MISSING_FIELD, "Host", "Host and Port are needed");
        }
        return false;
    }
    if (!args_has(call->args, "Port")) {
        fault_set_field(error, FAULT_MISSING_FIELD, "Port", "Port is needed; 0 for a file");
        return false;
    }
    if (!source_args_read(call, ret_fields, error)) {
        return false;
    }
    if (!guess_kind(call, *ret_fields, error)) {
        source_fields_free(g_steal_pointer(ret_fields));
        return false;
    }
    return true;
}

// Who registers is the source's DBA, or the user for whom the call acts.
static bool find_owner(const struct call *call, struct caller *ret_owner, GError **error) {
    struct store_reader *reader = NULL;
    return call_reader(call, &reader, error) && acting_caller(call, reader, ret_owner, error);
}

// The source that has this address already: proposed: whoever adds it once more wants just that one, and nothing changes.
static bool find_added(const struct call *call, const char *host, int port, int64_t *ret_id,
                       GError **error) {
    struct store_reader *reader = NULL;
    OWNED(source_row) source = NULL;
    if (!call_reader(call, &reader, error) ||
        !store_source_get(reader, call->caller, host, port, NULL, &source, error)) {
        return false;
    }
    *ret_id = source->id;
    return true;
}

bool op_simply_add_instance(struct call *call, json_t *reply, GError **error) {
    struct source_fields *fields = NULL;
    struct change_result result = { 0 };
    struct caller owner = { 0 };
    g_autoptr(GError) fault = NULL;
    if (!find_owner(call, &owner, error) || !read_simple(call, &fields, error)) {
        return false;
    }
    put_defaults(&owner, fields);
    g_autofree char *host = g_strdup(fields->host);
    int port = fields->port;
    if (!commit_registration(call, fields, &result, &fault) &&
        (!fault_is(fault, FAULT_INSTANCE_EXISTED) ||
         !find_added(call, host, port, &result.id, NULL))) {
        g_propagate_error(error, g_steal_pointer(&fault));
        return false;
    }
    json_t *item = reply_object(reply, "Instance");
    g_autofree char *port_text = g_strdup_printf("%d", port);
    reply_id_text(item, "InstanceId", result.id);
    reply_text(item, "Host", host);
    reply_text(item, "Port", port_text);
    change_result_done(&result);
    return true;
}

// ---- Changing ----

// Opens the source as it would be.
static bool probe_merged(const struct call *call, int64_t source_id,
                         const struct source_fields *given, GError **error) {
    OWNED(source_fields) merged = NULL;
    struct store_reader *reader = NULL;
    return call_reader(call, &reader, error) &&
           store_source_merge(reader, call->caller, source_id, given, &merged, error) &&
           source_host_check(call_services(call)->dir, database_kind_find(merged->kind),
                             merged->host, error) &&
           (skips_test(call) || probe(call, merged, FAULT_INVALID_VALUE, error));
}

static bool update_source(struct call *call, json_t *reply, GError **error) {
    OWNED(change) change = call_change(call, CHANGE_SOURCE_UPDATE);
    int64_t source_id = 0;
    if (!args_text_id(call->args, "InstanceId", &source_id, error) ||
        !source_args_read(call, &change->source, error) ||
        !probe_merged(call, source_id, change->source, error)) {
        return false;
    }
    change->source_id = source_id;
    if (!call_commit_revised(call, g_steal_pointer(&change), reply, error)) {
        return false;
    }
    start_sync(call, source_id);
    return true;
}

bool op_delete_instance(struct call *call, json_t *reply, GError **error) {
    (void)reply;
    OWNED(source_row) source = NULL;
    struct store_reader *reader = NULL;
    const char *sid = args_text(call->args, "Sid");
    if (!call_reader(call, &reader, error) ||
        !store_source_get(reader, call->caller, args_text(call->args, "Host"),
                          (int)call_id(call, "Port"), sid, &source, error)) {
        return false;
    }
    struct change *change = call_change(call, CHANGE_SOURCE_DELETE);
    change->source_id = source->id;
    return call_commit_plain(call, change, error);
}

// There are no archiving tickets here: no ticket has runs (proposed, operations.md §4.3).
bool op_get_paged_instance(struct call *call, json_t *reply, GError **error) {
    if (!call_check_tenant(call, error)) {
        return false;
    }
    (void)reply_list(reply, "Data", "Instance");
    reply_number(reply, "PageIndex", 1);
    reply_number(reply, "PageSize", 20);
    reply_number(reply, "Total", 0);
    reply_text(reply, "TraceId", call->request_id);
    return true;
}

bool op_add_instance(struct call *call, json_t *reply, GError **error) {
    return register_source(call, reply, error);
}

bool op_modify_instance(struct call *call, json_t *reply, GError **error) {
    return update_source(call, reply, error);
}

bool op_register_instance(struct call *call, json_t *reply, GError **error) {
    return register_source(call, reply, error);
}

bool op_update_instance(struct call *call, json_t *reply, GError **error) {
    return update_source(call, reply, error);
}
