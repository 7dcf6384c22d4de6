// SPDX-License-Identifier: Apache-2.0
//
// source_args: five operations, one reader. The same thing has several names: SafeRule and SafeRuleId, DbaId as a number or a text, DbaUid.
#include "api/ops/source_args.h"

#include "api/wire/reply.h"
#include "api/ops/source_path.h"
#include "base/fault.h"
#include "core/database_kind.h"

#include <string.h>

// Parameters that are kept and given back as they came, and steer nothing.
static const char *const extra_texts[] = {
    "DataLinkName",   "EcsInstanceId",    "EcsRegion",       "EnableSellCommon",
    "EnableSellSitd", "EnableSellStable", "EnableSellTrust", "ResourceGroup",
    "RoleArn",        "TemplateType",     "VpcId",
};
static const char *const extra_numbers[] = { "DdlOnline", "TemplateId", "UseDsql", "UseSsl" };

static const char *text_arg(const struct call *call, const char *name) {
    return operation_param(call->operation, name) == NULL ? NULL : args_text(call->args, name);
}

static int64_t number_arg(const struct call *call, const char *name) {
    return operation_param(call->operation, name) == NULL ? -1 : args_int_or(call->args, name, -1);
}

static char *extra_of(const struct call *call) {
    json_auto_t *extra = json_object();
    for (size_t i = 0; i < G_N_ELEMENTS(extra_texts); i++) {
        reply_text(extra, extra_texts[i], text_arg(call, extra_texts[i]));
    }
    for (size_t i = 0; i < G_N_ELEMENTS(extra_numbers); i++) {
        int64_t number = 0;
        if (operation_param(call->operation, extra_numbers[i]) != NULL &&
            args_int(call->args, extra_numbers[i], &number)) {
            reply_number(extra, extra_numbers[i], number);
        }
    }
    return json_dumps(extra, JSON_COMPACT);
}

// The kind in the table's spelling. One that is not given stays away: it is the earlier one, or guessed.
static bool read_kind(const struct call *call, struct source_fields *fields,
                      const struct database_kind **ret_kind, GError **error) {
    const char *word = text_arg(call, "InstanceType");
    if (word != NULL && !database_kind_require(word, ret_kind, error)) {
        return false;
    }
    fields->kind = word != NULL ? g_strdup((*ret_kind)->word) : NULL;
    return true;
}

// DbaUidByString, when given, replaces the number.
static bool read_uid(const struct call *call, struct source_fields *fields, GError **error) {
    const char *text = text_arg(call, "DbaUidByString");
    if (text == NULL || text[0] == '\0') {
        fields->dba_uid = number_arg(call, "DbaUid");
        return true;
    }
    gint64 uid = 0;
    if (!g_ascii_string_to_signed(text, 10, 1, G_MAXINT64, &uid, NULL)) {
        fault_set_field(error, FAULT_USER_NOT_EXIST, "DbaUidByString",
                        "no user has the uid \"%.100s\"", text);
        return false;
    }
    fields->dba_uid = uid;
    return true;
}

static bool read_dba(const struct call *call, struct source_fields *fields, GError **error) {
    const struct param *param = operation_param(call->operation, "DbaId");
    if (param == NULL) {
        return read_uid(call, fields, error);
    }
    if (param->shape->kind == VALUE_STRING) {
        return args_text_id(call->args, "DbaId", &fields->dba_id, error);
    }
    fields->dba_id = args_int_or(call->args, "DbaId", 0);
    if (fields->dba_id < 0 || (fields->dba_id == 0 && args_has(call->args, "DbaId"))) {
        fault_set_field(error, FAULT_USER_NOT_EXIST, "DbaId",
                        "the tenant has no user %" G_GINT64_FORMAT, fields->dba_id);
        return false;
    }
    return true;
}

// A number that was given must not look like one that was not.
static bool read_number(const struct call *call, const char *name, int *ret_number,
                        GError **error) {
    int64_t number = number_arg(call, name);
    *ret_number = (int)number;
    if (number < 0 && operation_param(call->operation, name) != NULL &&
        args_has(call->args, name)) {
        fault_set_field(error, FAULT_INVALID_FIELD, name, "%s can not be negative", name);
        return false;
    }
    return true;
}

static bool read_checked(const struct call *call, struct source_fields *fields, GError **error) {
    const struct database_kind *kind = NULL;
    return read_kind(call, fields, &kind, error) && read_dba(call, fields, error) &&
           read_number(call, "Port", &fields->port, error) &&
           read_number(call, "QueryTimeout", &fields->query_timeout_s, error) &&
           read_number(call, "ExportTimeout", &fields->export_timeout_s, error) &&
           (fields->host == NULL ||
            source_host_check(call_services(call)->dir, kind, fields->host, error));
}

bool source_args_read(const struct call *call, struct source_fields **ret_fields, GError **error) {
    const char *rule = text_arg(call, "SafeRule");
    struct source_fields *fields = g_new0(struct source_fields, 1);
    *fields = (struct source_fields){
        .source = g_strdup(text_arg(call, "InstanceSource")),
        .network = g_strdup(text_arg(call, "NetworkType")),
        .environment = g_strdup(text_arg(call, "EnvType")),
        .host = g_strdup(text_arg(call, "Host")),
        .sid = g_strdup(text_arg(call, "Sid")),
        .user = g_strdup(text_arg(call, "DatabaseUser")),
        .password = g_strdup(text_arg(call, "DatabasePassword")),
        .alias = g_strdup(text_arg(call, "InstanceAlias")),
        .safe_rule = g_strdup(rule != NULL ? rule : text_arg(call, "SafeRuleId")),
        .extra = extra_of(call),
    };
    if (!read_checked(call, fields, error)) {
        source_fields_free(fields);
        return false;
    }
    *ret_fields = fields;
    return true;
}
