// SPDX-License-Identifier: Apache-2.0
#include "core/node_config.h"

#include <jansson.h>

#include "base/fault.h"
#include "core/keys.h"

enum {
    RERUN_COUNT_DEFAULT = 1,
    RERUN_INTERVAL_DEFAULT = 10,
    // proposed: rerunInterval counts seconds (behaviour.md §2.13).
    RERUN_INTERVAL_UNIT_MS = 1000,
};

static bool is_given(const char *config) {
    return config != NULL && config[0] != '\0';
}

// The document, its types judged; and its places too. NULL is a fault.
static json_t *load(const char *config, bool judges_places, GError **error) {
    json_error_t where;
    json_t *root = json_loads(config, JSON_REJECT_DUPLICATES, &where);
    if (!json_is_object(root)) {
        fault_set(error, FAULT_INVALID_DATA, "config: not a JSON object: %s",
                  root == NULL ? where.text : "it is another kind of value");
    } else if (keys_check(KEYS_CONFIG, root, judges_places, error)) {
        return root;
    }
    json_decref(root);
    return NULL;
}

// Of a member that has its type or is absent.
static int64_t whole_or(const json_t *object, const char *key, int64_t absent) {
    const json_t *value = json_object_get(object, key);
    return json_is_integer(value) ? json_integer_value(value) : absent;
}

static bool is_on(const json_t *object, const char *key) {
    return json_is_true(json_object_get(object, key));
}

bool node_settings_parse(const char *config, struct node_settings *ret_settings, GError **error) {
    struct node_settings settings = { .timeout_ms = 0 };
    if (is_given(config)) {
        json_auto_t *root = load(config, false, error);
        if (root == NULL) {
            return false;
        }
        const json_t *rerun = json_object_get(root, "rerun");
        settings.is_disabled = is_on(root, "disabled");
        settings.has_strict_variables = is_on(root, "strictVariables");
        settings.timeout_ms = whole_or(root, "timeoutSeconds", 0) * 1000;
        settings.has_rerun = is_on(rerun, "rerunEnable");
        settings.reruns_on_lost = is_on(rerun, "rerunOnLost");
        if (settings.has_rerun) {
            settings.rerun_count_max = (int)whole_or(rerun, "rerunCount", RERUN_COUNT_DEFAULT);
            settings.rerun_interval_ms =
                whole_or(rerun, "rerunInterval", RERUN_INTERVAL_DEFAULT) * RERUN_INTERVAL_UNIT_MS;
        }
    }
    *ret_settings = settings;
    return true;
}

bool node_config_check(const char *config, GError **error) {
    if (!is_given(config)) {
        return true;
    }
    json_auto_t *root = load(config, true, error);
    return root != NULL;
}

void node_config_remarks(const char *config, const char *what, struct remarks *remarks) {
    json_auto_t *root = is_given(config) ? json_loads(config, 0, NULL) : NULL;
    if (json_is_object(root)) {
        keys_unknown(KEYS_CONFIG, root, what, remarks);
    }
}
