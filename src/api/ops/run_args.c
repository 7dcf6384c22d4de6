// SPDX-License-Identifier: Apache-2.0
//
// run_args: texts into versions and instants.
#include "api/ops/run_args.h"

#include "base/civil.h"
#include "base/fault.h"
#include "core/vars.h"
#include "store/flows.h"

#include <string.h>

enum { SECONDS_PER_DAY = 24 * 60 * 60 };

bool run_version_from_text(const char *text, int64_t *ret_version_id, GError **error) {
    if (text == NULL || text[0] == '\0' || strcmp(text, "[]") == 0) {
        *ret_version_id = VERSION_UNSAID;
        return true;
    }
    if (g_ascii_strcasecmp(text, "draft") == 0 || g_ascii_strcasecmp(text, "live") == 0) {
        *ret_version_id = g_ascii_tolower(text[0]) == 'd' ? VERSION_DRAFT : VERSION_LIVE;
        return true;
    }
    gint64 version_id = 0;
    bool is_digits = strspn(text, "0123456789") == strlen(text);
    if (!is_digits || !g_ascii_string_to_signed(text, 10, 1, G_MAXINT64, &version_id, NULL)) {
        fault_set_field(error, FAULT_INVALID_FIELD, "DagVersion",
                        "DagVersion \"%.100s\" is no version; give draft, live or the digits of a "
                        "VersionId from ListDAGVersions, or leave it out",
                        text);
        return false;
    }
    *ret_version_id = version_id;
    return true;
}

bool run_args_version(const struct args *args, int64_t *ret_version_id, GError **error) {
    return run_version_from_text(args_text(args, "DagVersion"), ret_version_id, error);
}

static bool check_variable(const char *name, const json_t *value, GError **error) {
    if (!var_name_is_valid(name, strlen(name))) {
        fault_set_field(error, FAULT_INVALID_FIELD, "RunVariables",
                        "\"%.100s\" is no name of a variable: 1 to %d characters out of A-Z a-z "
                        "0-9 _ . -",
                        name, VAR_NAME_MAX);
        return false;
    }
    if (!json_is_string(value)) {
        fault_set_field(error, FAULT_INVALID_FIELD, "RunVariables",
                        "the value of variable %s is not a text", name);
        return false;
    }
    return true;
}

bool run_variables_from_text(const char *text, json_t **ret_variables, GError **error) {
    if (text == NULL || text[0] == '\0') {
        *ret_variables = NULL;
        return true;
    }
    if (strlen(text) > RUN_VARIABLES_BYTES_MAX) {
        fault_set_field(error, FAULT_INVALID_FIELD, "RunVariables",
                        "RunVariables has %zu bytes; at most %d", strlen(text),
                        RUN_VARIABLES_BYTES_MAX);
        return false;
    }
    json_error_t where;
    json_auto_t *variables = json_loads(text, JSON_REJECT_DUPLICATES, &where);
    if (!json_is_object(variables)) {
        fault_set_field(error, FAULT_INVALID_FIELD, "RunVariables",
                        "RunVariables is not a JSON object of names and texts%s%s",
                        variables == NULL ? ": " : "", variables == NULL ? where.text : "");
        return false;
    }
    if (json_object_size(variables) > RUN_VARIABLES_MAX) {
        fault_set_field(error, FAULT_INVALID_FIELD, "RunVariables",
                        "RunVariables has %zu variables; at most %d", json_object_size(variables),
                        RUN_VARIABLES_MAX);
        return false;
    }
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach(variables, name, value) {
        if (!check_variable(name, value, error)) {
            return false;
        }
    }
    *ret_variables = json_object_size(variables) > 0 ? json_incref(variables) : NULL;
    return true;
}

bool run_args_variables(const struct args *args, json_t **ret_variables, GError **error) {
    return run_variables_from_text(args_text(args, "RunVariables"), ret_variables, error);
}

bool run_day_from_text(const char *text, const char *field, int days, int64_t *ret_local_s,
                       GError **error) {
    struct civil day = { 0 };
    struct civil first = { 0 };
    bool has_time = false;
    if (!civil_parse(text, &day, &has_time) || has_time ||
        !civil_add(&day, 0, 0, (int64_t)days * SECONDS_PER_DAY, &first)) {
        fault_set_field(error, FAULT_INVALID_FIELD, field,
                        "%s \"%.100s\" is no date; write it yyyy-MM-dd", field, text);
        return false;
    }
    *ret_local_s = civil_to_days(first.year, first.month, first.day) * SECONDS_PER_DAY;
    return true;
}

bool run_args_days(const struct args *args, int64_t *ret_from_local_s, int64_t *ret_until_local_s,
                   GError **error) {
    const char *begin = args_text(args, "StartTimeBegin");
    const char *end = args_text(args, "StartTimeEnd");
    int64_t from_local_s = 0;
    int64_t until_local_s = INT64_MAX;
    if (begin != NULL && begin[0] != '\0' &&
        !run_day_from_text(begin, "StartTimeBegin", 0, &from_local_s, error)) {
        return false;
    }
    if (end != NULL && end[0] != '\0' &&
        !run_day_from_text(end, "StartTimeEnd", 1, &until_local_s, error)) {
        return false;
    }
    *ret_from_local_s = from_local_s;
    *ret_until_local_s = until_local_s;
    return true;
}
