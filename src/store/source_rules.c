// SPDX-License-Identifier: Apache-2.0
//
// Forms first, then the rules that join several fields. Settings that only a cloud has are read out of `extra`.

#include "store/source_rules.h"

#include <jansson.h>
#include <string.h>

#include "base/fault.h"
#include "core/database_kind.h"
#include "store/checks.h"

enum {
    TEXT_MAX = 256,  // characters of a source's short texts
    HOST_MAX = 4096, // a path
    PORT_MAX = 65535,
    TIMEOUT_MAX_S = 7 * 86400,
    EXTRA_MAX = 1024, // bytes of a setting that is only kept
};

static bool check_range(int value, int min, int max, const char *field, GError **error) {
    if (value < min || value > max) {
        fault_set_field(error, FAULT_INVALID_FIELD, field, "%s is %d; it must be %d to %d", field,
                        value, min, max);
        return false;
    }
    return true;
}

static bool check_forms(const struct source_fields *fields, GError **error) {
    return check_name(fields->kind, "InstanceType", TEXT_MAX, error) &&
           check_name(fields->source, "InstanceSource", TEXT_MAX, error) &&
           check_name(fields->network, "NetworkType", TEXT_MAX, error) &&
           check_name(fields->environment, "EnvType", TEXT_MAX, error) &&
           check_name(fields->host, "Host", HOST_MAX, error) &&
           check_name(fields->alias, "InstanceAlias", TEXT_MAX, error) &&
           check_length(fields->safe_rule, "SafeRule", TEXT_MAX, error) &&
           check_length(fields->user, "DatabaseUser", TEXT_MAX, error) &&
           check_length(fields->password, "DatabasePassword", HOST_MAX, error) &&
           check_length(fields->sid, "Sid", TEXT_MAX, error) &&
           check_range(fields->port, 0, PORT_MAX, "Port", error) &&
           check_range(fields->query_timeout_s, 1, TIMEOUT_MAX_S, "QueryTimeout", error) &&
           check_range(fields->export_timeout_s, 1, TIMEOUT_MAX_S, "ExportTimeout", error) &&
           check_json(fields->extra, "extra", error);
}

static bool check_kind(const struct source_fields *fields, GError **error) {
    const struct database_kind *kind = NULL;
    return database_kind_require(fields->kind, &kind, error) &&
           database_kind_check_address(kind, fields->host, fields->port, error);
}

static const char *text_of(const json_t *extra, const char *name) {
    const char *text = json_string_value(json_object_get(extra, name));
    return text != NULL ? text : "";
}

// Which cloud settings a source of each origin needs.
static bool check_origin(const struct source_fields *fields, const json_t *extra, GError **error) {
    static const struct {
        const char *source;
        const char *needed[3];
    } rules[] = {
        { "RDS", { "EcsRegion" } },
        { "ECS_OWN", { "EcsInstanceId", "EcsRegion" } },
        { "GATEWAY", { "EcsInstanceId", "EcsRegion" } },
        { "VPC_IDC", { "EcsRegion", "VpcId" } },
    };
    const char *first = NULL;
    g_autoptr(GString) missing = g_string_new(NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(rules); i++) {
        for (size_t n = 0; strcmp(rules[i].source, fields->source) == 0 &&
                           n < G_N_ELEMENTS(rules[i].needed) && rules[i].needed[n] != NULL;
             n++) {
            if (*text_of(extra, rules[i].needed[n]) == '\0') {
                g_string_append_printf(missing, "%s%s", first != NULL ? ", " : "",
                                       rules[i].needed[n]);
                first = first != NULL ? first : rules[i].needed[n];
            }
        }
    }
    if (first != NULL) {
        fault_set_field(error, FAULT_MISSING_FIELD, first, "a source of kind %s needs %s",
                        fields->source, missing->str);
    }
    return first == NULL;
}

static bool check_link(const json_t *extra, GError **error) {
    const char *link = text_of(extra, "DataLinkName");
    if (*link == '\0' && json_integer_value(json_object_get(extra, "UseDsql")) == 1) {
        fault_set_field(error, FAULT_MISSING_FIELD, "DataLinkName",
                        "UseDsql 1 needs a DataLinkName");
        return false;
    }
    if (link[strspn(link, "abcdefghijklmnopqrstuvwxyz_")] != '\0') {
        fault_set_field(error, FAULT_INVALID_FIELD, "DataLinkName",
                        "DataLinkName has lower-case letters and underscores only");
        return false;
    }
    return true;
}

static bool check_control(const struct source_fields *fields, const json_t *extra, GError **error) {
    bool has_rule = fields->safe_rule != NULL && *fields->safe_rule != '\0';
    if (strcmp(text_of(extra, "EnableSellCommon"), "Y") == 0 && !has_rule) {
        fault_set_field(error, FAULT_MISSING_FIELD, "SafeRule",
                        "EnableSellCommon Y needs a SafeRule");
        return false;
    }
    return true;
}

// What is only kept is given back with each row of a list, so it has its limit too.
static bool check_kept(const json_t *extra, GError **error) {
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach((json_t *)extra, name, value) {
        size_t len = json_is_string(value) ? json_string_length(value) : 0;
        if (len > EXTRA_MAX) {
            fault_set_field(error, FAULT_INVALID_FIELD, name, "%s has %zu bytes; at most %d", name,
                            len, EXTRA_MAX);
            return false;
        }
    }
    return true;
}

bool source_rules_check(const struct source_fields *fields, GError **error) {
    if (!check_forms(fields, error) || !check_kind(fields, error)) {
        return false;
    }
    json_auto_t *extra = fields->extra == NULL ? NULL : json_loads(fields->extra, 0, NULL);
    return check_kept(extra, error) && check_origin(fields, extra, error) &&
           check_link(extra, error) && check_control(fields, extra, error);
}
