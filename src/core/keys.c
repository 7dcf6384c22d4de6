// SPDX-License-Identifier: Apache-2.0
//
// keys: the tables, and the two walks over a document: one refuses, one remarks. Documents have keys at their top and within some of these,
// no deeper, so that a walk ends whatever a caller sends.
#include "core/keys.h"

#include <string.h>

#include "base/fault.h"
#include "base/nearest.h"

enum {
    RERUN_COUNT_MAX = 1000,
    RERUN_INTERVAL_MAX_S = 7 * 86400,
    TIMEOUT_MAX_S = 30 * 86400,
    KEY_BYTES_MAX = 64,    // of a key in a remark
    FOUND_BYTES_MAX = 100, // of a value in a refusal
    RULES_MAX = 32,        // of one document
};

// behaviour.md §2.13
static const struct key_rule config_rules[] = {
    { "rerun", "", KEY_OBJECT, 0,
      "{\"rerun\": {\"rerunEnable\": true, \"rerunCount\": 1, \"rerunInterval\": 10}}" },
    { "rerunEnable", "rerun", KEY_FLAG, 0, "{\"rerun\": {\"rerunEnable\": true}}" },
    { "rerunCount", "rerun", KEY_WHOLE, RERUN_COUNT_MAX,
      "{\"rerun\": {\"rerunEnable\": true, \"rerunCount\": 1}}" },
    { "rerunInterval", "rerun", KEY_WHOLE, RERUN_INTERVAL_MAX_S,
      "{\"rerun\": {\"rerunEnable\": true, \"rerunInterval\": 10}}" },
    { "rerunOnLost", "rerun", KEY_FLAG, 0,
      "{\"rerun\": {\"rerunEnable\": true, \"rerunOnLost\": true}}" },
    { "timeoutSeconds", "", KEY_WHOLE, TIMEOUT_MAX_S, "{\"timeoutSeconds\": 3600}" },
    { "strictVariables", "", KEY_FLAG, 0, "{\"strictVariables\": true}" },
    { "disabled", "", KEY_FLAG, 0, "{\"disabled\": true}" },
};

#define TIME_VARIABLES_RIGHT                                                                       \
    "{\"variables\": [{\"name\": \"day\", \"pattern\": \"yyyy-MM-dd|-1d\"}]}"
static const struct key_rule time_variables_rules[] = {
    { "variables", "", KEY_LIST, 0, TIME_VARIABLES_RIGHT },
    { "name", "variables", KEY_TEXT, 0, TIME_VARIABLES_RIGHT },
    { "pattern", "variables", KEY_TEXT, 0, TIME_VARIABLES_RIGHT },
};

#define OUTPUT_RIGHT "{\"outputs\": [{\"variableName\": \"day\", \"extractMethod\": \"json\"}]}"
static const struct key_rule output_rules[] = {
    { "outputs", "", KEY_LIST, 0, OUTPUT_RIGHT },
    { "variableName", "outputs", KEY_TEXT, 0, OUTPUT_RIGHT },
    { "extractMethod", "outputs", KEY_TEXT, 0,
      "{\"outputs\": [{\"variableName\": \"day\", \"extractMethod\":"
      " \"{\\\"row\\\":0,\\\"column\\\":0}\"}]}" },
    { "description", "outputs", KEY_TEXT, 0,
      "{\"outputs\": [{\"variableName\": \"day\", \"description\": \"the day\"}]}" },
    { "default", "outputs", KEY_TEXT, 0,
      "{\"outputs\": [{\"variableName\": \"day\", \"default\": \"0\"}]}" },
};

// Numbers of rows and columns are judged by their reader, which knows what they mean together.
static const struct key_rule extract_method_rules[] = {
    { "row", "", KEY_ANY, 0, NULL },
    { "column", "", KEY_ANY, 0, NULL },
    { "combiner", "", KEY_TEXT, 0, "{\"row\": -1, \"column\": 0, \"combiner\": \",\"}" },
};

// What the published consoles write (behaviour.md §4.1, §4.3); the cron expression decides, so most of it is kept for them.
static const struct key_rule schedule_rules[] = {
    { "triggerType", "", KEY_ANY, 0, NULL },  { "specificTime", "", KEY_ANY, 0, NULL },
    { "dateTime", "", KEY_ANY, 0, NULL },     { "dateWeek", "", KEY_ANY, 0, NULL },
    { "weekTime", "", KEY_ANY, 0, NULL },     { "dateMonth", "", KEY_ANY, 0, NULL },
    { "MonthTime", "", KEY_ANY, 0, NULL },    { "timeout", "", KEY_ANY, 0, NULL },
    { "listenTryRun", "", KEY_ANY, 0, NULL }, { "events", "", KEY_LIST, 0, NULL },
    { "dagId", "events", KEY_ANY, 0, NULL },  { "nodeId", "events", KEY_ANY, 0, NULL },
};

static const struct key_rule space_rules[] = {
    { "skipManualRunCheck", "", KEY_FLAG, 0, "{\"skipManualRunCheck\": true}" },
    { "skipPublishApprove", "", KEY_FLAG, 0, "{\"skipPublishApprove\": true}" },
};

static const struct key_rule sql_rules[] = {
    { "dbId", "", KEY_ANY, 0, NULL },
    { "sql", "", KEY_ANY, 0, NULL },
    { "dbType", "", KEY_ANY, 0, NULL },
    { "timeoutSeconds", "", KEY_ANY, 0, NULL },
};

static const struct key_rule script_rules[] = {
    { "script", "", KEY_ANY, 0, NULL },         { "file", "", KEY_ANY, 0, NULL },
    { "args", "", KEY_ANY, 0, NULL },           { "workDir", "", KEY_ANY, 0, NULL },
    { "timeoutSeconds", "", KEY_ANY, 0, NULL }, { "gatewayId", "", KEY_ANY, 0, NULL },
};

static const struct key_rule condition_rules[] = {
    { "logic", "", KEY_ANY, 0, NULL },
    { "conditions", "", KEY_LIST, 0, NULL },
    { "variable", "conditions", KEY_ANY, 0, NULL },
    { "operator", "conditions", KEY_ANY, 0, NULL },
    { "value", "conditions", KEY_ANY, 0, NULL },
    { "state", "conditions", KEY_ANY, 0, NULL },
};

#define TABLE(rules)                                                                               \
    { rules, G_N_ELEMENTS(rules) }
static const struct {
    const struct key_rule *rules;
    size_t count;
} tables[KEYS_DOCUMENT_COUNT] = {
    [KEYS_CONFIG] = TABLE(config_rules),
    [KEYS_TIME_VARIABLES] = TABLE(time_variables_rules),
    [KEYS_OUTPUT] = TABLE(output_rules),
    [KEYS_EXTRACT_METHOD] = TABLE(extract_method_rules),
    [KEYS_SCHEDULE] = TABLE(schedule_rules),
    [KEYS_SPACE] = TABLE(space_rules),
    [KEYS_SQL] = TABLE(sql_rules),
    [KEYS_SCRIPT] = TABLE(script_rules),
    [KEYS_CONDITION] = TABLE(condition_rules),
};

const struct key_rule *keys_rules(enum keys_document document, size_t *ret_count) {
    g_assert(document < KEYS_DOCUMENT_COUNT);
    *ret_count = tables[document].count;
    return tables[document].rules;
}

bool keys_of_content(enum node_kind kind, enum keys_document *ret_document) {
    bool is_sql = kind == KIND_NORMAL_SQL || kind == KIND_SQL_ASSIGNMENT;
    if (!is_sql && kind != KIND_SCRIPT && kind != KIND_CONDITION) {
        return false;
    }
    *ret_document = is_sql ? KEYS_SQL : kind == KIND_SCRIPT ? KEYS_SCRIPT : KEYS_CONDITION;
    return true;
}

// The rule of that name that stands within `within`, or anywhere when that is NULL.
static const struct key_rule *find(enum keys_document document, const char *name,
                                   const char *within) {
    for (size_t i = 0; i < tables[document].count; i++) {
        const struct key_rule *rule = &tables[document].rules[i];
        if (strcmp(rule->name, name) == 0 &&
            (within == NULL || strcmp(rule->within, within) == 0)) {
            return rule;
        }
    }
    return NULL;
}

// The first object within the member and the next ones: an object is one by itself. NULL: no more.
static const json_t *object_within(const struct key_rule *rule, const json_t *value, size_t index) {
    if (rule->type == KEY_OBJECT) {
        return index == 0 && json_is_object(value) ? value : NULL;
    }
    return rule->type == KEY_LIST ? json_array_get(value, index) : NULL;
}

static const char *type_words(const struct key_rule *rule) {
    switch (rule->type) {
    case KEY_FLAG: return "true or false";
    case KEY_TEXT: return "a text";
    case KEY_WHOLE: return "a whole number";
    case KEY_OBJECT: return "an object";
    case KEY_LIST: return "a list of objects";
    case KEY_ANY: break;
    }
    return "";
}

static bool has_type(const struct key_rule *rule, const json_t *value) {
    switch (rule->type) {
    case KEY_FLAG: return json_is_boolean(value);
    case KEY_TEXT: return json_is_string(value);
    case KEY_WHOLE:
        return json_is_integer(value) && json_integer_value(value) >= 0 &&
               json_integer_value(value) <= rule->max;
    case KEY_OBJECT: return json_is_object(value);
    case KEY_LIST: return json_is_array(value);
    case KEY_ANY: break;
    }
    return true;
}

static bool refuse_type(const struct key_rule *rule, const json_t *value, GError **error) {
    g_autofree char *range =
        rule->type == KEY_WHOLE ? g_strdup_printf(" from 0 to %" G_GINT64_FORMAT, rule->max) : NULL;
    char found[FOUND_BYTES_MAX];
    size_t len =
        json_dumpb(value, found, sizeof found, JSON_COMPACT | JSON_ENCODE_ANY | JSON_ENSURE_ASCII);
    fault_set(error, FAULT_INVALID_DATA, "%s%s%s must be %s%s and is %.*s%s; the right form is %s",
              rule->within, rule->within[0] != '\0' ? "." : "", rule->name, type_words(rule),
              range != NULL ? range : "", (int)MIN(len, sizeof found), found,
              len > sizeof found ? "…" : "", rule->right);
    return false;
}

static bool refuse_place(const struct key_rule *rule, const char *found_within, GError **error) {
    fault_set(error, FAULT_INVALID_DATA, "%s must stand %s%s and stands %s%s; the right form is %s",
              rule->name, rule->within[0] != '\0' ? "within " : "at the top", rule->within,
              found_within[0] != '\0' ? "within " : "at the top", found_within, rule->right);
    return false;
}

static bool check_object(enum keys_document document, const json_t *object, const char *within,
                         bool judges_places, GError **error) {
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach((json_t *)object, name, value) {
        const struct key_rule *rule = find(document, name, within);
        const struct key_rule *elsewhere = find(document, name, NULL);
        if (rule == NULL && elsewhere != NULL && judges_places) {
            return refuse_place(elsewhere, within, error);
        }
        if (rule != NULL && !json_is_null(value) && !has_type(rule, value)) {
            return refuse_type(rule, value, error);
        }
    }
    return true;
}

bool keys_check(enum keys_document document, const json_t *root, bool judges_places,
                GError **error) {
    if (!check_object(document, root, "", judges_places, error)) {
        return false;
    }
    for (size_t i = 0; i < tables[document].count; i++) {
        const struct key_rule *rule = &tables[document].rules[i];
        const json_t *member = rule->within[0] == '\0' ? json_object_get(root, rule->name) : NULL;
        const json_t *object = NULL;
        for (size_t k = 0; (object = object_within(rule, member, k)) != NULL; k++) {
            if (!check_object(document, object, rule->name, judges_places, error)) {
                return false;
            }
        }
    }
    return true;
}

// What the key may have meant: another place, or another name of this place.
static char *hint(enum keys_document document, const char *name, const char *within) {
    const struct key_rule *elsewhere = find(document, name, NULL);
    if (elsewhere != NULL) {
        return g_strdup_printf("; it belongs %s%s",
                               elsewhere->within[0] != '\0' ? "into " : "to the top",
                               elsewhere->within);
    }
    const char *names[RULES_MAX];
    size_t count = 0;
    for (size_t i = 0; i < tables[document].count && count < RULES_MAX; i++) {
        if (strcmp(tables[document].rules[i].within, within) == 0) {
            names[count++] = tables[document].rules[i].name;
        }
    }
    g_autofree char *near = nearest_names(name, names, count);
    return near != NULL ? g_strdup_printf("; did you mean %s?", near) : g_strdup("");
}

static void remark_object(enum keys_document document, const json_t *object, const char *within,
                          const char *path, struct remarks *remarks) {
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach((json_t *)object, name, value) {
        if (find(document, name, within) != NULL || !remarks_has_room(remarks)) {
            continue;
        }
        g_autofree char *cut =
            g_utf8_substring(name, 0, MIN(g_utf8_strlen(name, -1), KEY_BYTES_MAX));
        g_autofree char *tip = hint(document, name, within);
        remarks_add(
            remarks, REMARK_KEY, g_strdup_printf("%s.%s", path, cut),
            g_strdup_printf("%s.%s is kept and means nothing to the server%s", path, cut, tip));
    }
}

void keys_unknown(enum keys_document document, const json_t *root, const char *what,
                  struct remarks *remarks) {
    remark_object(document, root, "", what, remarks);
    for (size_t i = 0; i < tables[document].count; i++) {
        const struct key_rule *rule = &tables[document].rules[i];
        const json_t *member = rule->within[0] == '\0' ? json_object_get(root, rule->name) : NULL;
        const json_t *object = NULL;
        for (size_t k = 0; (object = object_within(rule, member, k)) != NULL; k++) {
            g_autofree char *path = rule->type == KEY_LIST
                                        ? g_strdup_printf("%s.%s[%zu]", what, rule->name, k)
                                        : g_strdup_printf("%s.%s", what, rule->name);
            remark_object(document, object, rule->name, path, remarks);
        }
    }
}
