// SPDX-License-Identifier: Apache-2.0
//
// source_ops: data sources, which the wire calls instances, as they are stored (operations.md §4.1, §4.2). How they come and go: instance_ops.
#include "api/ops/operation_handlers.h"

#include "api/ops/acting.h"
#include "api/wire/reply.h"
#include "api/services.h"
#include "base/fault.h"
#include "store/sources.h"

#include <string.h>

OWNED_DEFINE(source_row)

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

// Is the switch on? Only Y switches on.
static bool has_switch(const char *document, const char *name) {
    json_auto_t *extra = document == NULL ? NULL : json_loads(document, 0, NULL);
    const char *value = json_string_value(json_object_get(extra, name));
    return value != NULL && strcmp(value, "Y") == 0;
}

// The control mode follows from the switches (operations.md §1.9; which wins is ours, proposed).
static void reply_group(json_t *item, const struct source_fields *fields) {
    json_t *group = reply_object(item, "StandardGroup");
    const char *mode = "NONE_CONTROL";
    if (has_switch(fields->extra, "EnableSellCommon")) {
        mode = "COMMON";
    } else if (has_switch(fields->extra, "EnableSellStable")) {
        mode = "STABLE";
    }
    reply_text(group, "GroupMode", mode);
    reply_text(group, "GroupName", fields->safe_rule);
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
    reply_text(item, "SellTrust", has_switch(fields->extra, "EnableSellTrust") ? "Y" : "N");
    reply_group(item, fields);
}

// An optional filter; an empty one filters nothing.
static const char *filter_text(const struct call *call, const char *name) {
    const char *text = args_text(call->args, name);
    return text == NULL || text[0] == '\0' ? NULL : text;
}

bool op_list_instances(struct call *call, json_t *reply, GError **error) {
    struct store_reader *reader = NULL;
    struct caller caller = { 0 };
    g_autoptr(GPtrArray) sources = NULL;
    int64_t total = 0;
    struct source_filter filter = {
        .kind = filter_text(call, "DbType"),
        .environment = filter_text(call, "EnvType"),
        .source = filter_text(call, "InstanceSource"),
        .network = filter_text(call, "NetType"),
        .state = filter_text(call, "InstanceState"),
        .region = filter_text(call, "Region"), // proposed: that of EcsRegion
        .search = filter_text(call, "SearchKey"),
    };
    if (!call_page(call, "PageNumber", &filter.page_number, &filter.page_size, error) ||
        !call_reader(call, &reader, error) || !acting_caller(call, reader, &caller, error) ||
        !store_source_list(reader, &caller, &filter, &sources, &total, error)) {
        return false;
    }
    json_t *list = reply_list(reply, "InstanceList", "Instance");
    for (guint i = 0; i < sources->len; i++) {
        const struct source_row *source = g_ptr_array_index(sources, i);
        json_t *item = reply_item(list);
        reply_source(item, source);
        reply_bool(item, "SellSitd", has_switch(source->fields.extra, "EnableSellSitd"));
        if (!call_reply_revision(call, item, REVISION_SOURCE, source->id, error)) {
            return false;
        }
    }
    reply_number(reply, "TotalCount", total);
    return true;
}

bool op_get_instance(struct call *call, json_t *reply, GError **error) {
    struct store_reader *reader = NULL;
    OWNED(source_row) source = NULL;
    struct caller caller = { 0 };
    if (!call_reader(call, &reader, error) || !acting_caller(call, reader, &caller, error) ||
        !store_source_get(reader, &caller, args_text(call->args, "Host"),
                          (int)call_id(call, "Port"), filter_text(call, "Sid"), &source, error)) {
        return false;
    }
    json_t *item = reply_object(reply, "Instance");
    reply_source(item, source);
    // proposed: a boolean in a text, as in the list it is one without.
    reply_text(item, "SellSitd",
               has_switch(source->fields.extra, "EnableSellSitd") ? "true" : "false");
    return call_reply_revision(call, item, REVISION_SOURCE, source->id, error);
}
