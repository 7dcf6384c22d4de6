// SPDX-License-Identifier: Apache-2.0
//
// Policies: read once, strictly; then asked as often as needed.
//
// proposed, where the public texts leave room: an action's name is matched without regard to case, so that a Deny in other letters
// still denies; a Resource must cover everything, because operations are the only grain of permission and a narrower one would promise
// what is not kept; Version and Resource are mandatory; at most POLICY_BYTES_MAX bytes.

#include "core/policy.h"

#include <jansson.h>
#include <string.h>

#include "base/fault.h"

enum { SHOWN_BYTES = 64, PATH_BYTES = 64 };

// The service answers to both (protocol.md §12).
static const char *const prefixes[] = { "dms:", "dms-console:" };

// Every form of "all": service, region, account and resource are free.
static const char *const everything[] = { "*", "acs:*:*:*:*", "acs:dms:*:*:*", "acs:dms:*:*:*/*" };

struct policy {
    GPtrArray *allowed; // patterns of operation names, without a prefix
    GPtrArray *denied;
};

void policy_free(struct policy *policy) {
    if (policy == NULL) {
        return;
    }
    g_ptr_array_unref(policy->allowed);
    g_ptr_array_unref(policy->denied);
    g_free(policy);
}

static bool refuse(GError **error, const char *path, const char *reason) {
    fault_set_field(error, FAULT_INVALID_FIELD, "Policy", "%s %s", path, reason);
    return false;
}

// A text of the document for a message: short, and without control characters.
static char *shown(const char *text) {
    char *copy = g_utf8_make_valid(text, (gssize)strnlen(text, SHOWN_BYTES));
    for (char *at = copy; *at != 0; at++) {
        if (g_ascii_iscntrl(*at)) {
            *at = ' ';
        }
    }
    return copy;
}

// "Action", or "Action[2]" for the third of a list.
static void item_path(char ret_path[PATH_BYTES], const char *path, bool is_list, size_t index) {
    if (is_list) {
        (void)g_snprintf(ret_path, PATH_BYTES, "%s[%zu]", path, index);
    } else {
        (void)g_strlcpy(ret_path, path, PATH_BYTES);
    }
}

// Are the members of the object among these? `path` is "" for the document itself.
static bool check_members(const json_t *object, const char *path, const char *const *names,
                          GError **error) {
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach((json_t *)object, key, value) {
        if (!g_strv_contains(names, key)) {
            g_autofree char *name = shown(key);
            g_autofree char *known = g_strjoinv(", ", (char **)names);
            fault_set_field(error, FAULT_INVALID_FIELD, "Policy",
                            "%s%s%s is not supported; known elements are %s", path,
                            path[0] == 0 ? "" : ".", name, known);
            return false;
        }
    }
    return true;
}

// "*", or a prefix and a name of letters, digits and wildcards. *ret_name is the part behind the prefix.
static bool read_action(const json_t *json, const char *path, const char **ret_name,
                        GError **error) {
    const char *text = json_string_value(json);
    if (text == NULL) {
        return refuse(error, path, "must be a text such as \"dms:ListTaskFlow\"");
    }
    if (strcmp(text, "*") == 0) {
        *ret_name = text;
        return true;
    }
    const char *name = NULL;
    for (size_t i = 0; i < G_N_ELEMENTS(prefixes); i++) {
        if (g_str_has_prefix(text, prefixes[i])) {
            name = text + strlen(prefixes[i]);
        }
    }
    bool is_sound = name != NULL && name[0] != 0 && strlen(text) <= POLICY_ACTION_BYTES_MAX &&
                    strspn(name, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "*?") == strlen(name);
    if (!is_sound) {
        g_autofree char *bad = shown(text);
        fault_set_field(
            error, FAULT_INVALID_FIELD, "Policy",
            "%s is \"%s\"; an action is \"*\", or \"dms:\" or \"dms-console:\" with the "
            "name of an operation, in which * and ? are wildcards",
            path, bad);
        return false;
    }
    *ret_name = name;
    return true;
}

static bool read_resource(const json_t *json, const char *path, GError **error) {
    const char *text = json_string_value(json);
    if (text == NULL) {
        return refuse(error, path, "must be a text: \"*\"");
    }
    for (size_t i = 0; i < G_N_ELEMENTS(everything); i++) {
        if (strcmp(text, everything[i]) == 0) {
            return true;
        }
    }
    g_autofree char *bad = shown(text);
    fault_set_field(error, FAULT_INVALID_FIELD, "Policy",
                    "%s is \"%s\"; permissions are given for whole operations, so it must cover "
                    "everything: \"*\" or \"acs:dms:*:*:*\"",
                    path, bad);
    return false;
}

static bool read_actions(const json_t *json, const char *path, GPtrArray *patterns,
                         GError **error) {
    bool is_list = json_is_array(json);
    size_t count = is_list ? json_array_size(json) : 1;
    if (count == 0) {
        return refuse(error, path, "is empty");
    }
    for (size_t i = 0; i < count; i++) {
        char at[PATH_BYTES];
        item_path(at, path, is_list, i);
        const char *name = NULL;
        if (!read_action(is_list ? json_array_get(json, i) : json, at, &name, error)) {
            return false;
        }
        g_ptr_array_add(patterns, g_strdup(name));
    }
    return true;
}

static bool read_resources(const json_t *json, const char *path, GError **error) {
    bool is_list = json_is_array(json);
    size_t count = is_list ? json_array_size(json) : 1;
    if (count == 0) {
        return refuse(error, path, "is empty");
    }
    for (size_t i = 0; i < count; i++) {
        char at[PATH_BYTES];
        item_path(at, path, is_list, i);
        if (!read_resource(is_list ? json_array_get(json, i) : json, at, error)) {
            return false;
        }
    }
    return true;
}

static bool read_statement(struct policy *policy, const json_t *json, const char *path,
                           GError **error) {
    static const char *const members[] = { "Effect", "Action", "Resource", NULL };
    if (!json_is_object(json)) {
        return refuse(error, path, "must be an object");
    }
    if (!check_members(json, path, members, error)) {
        return false;
    }
    for (size_t i = 0; members[i] != NULL; i++) {
        if (json_object_get(json, members[i]) == NULL) {
            fault_set_field(error, FAULT_INVALID_FIELD, "Policy", "%s has no %s", path, members[i]);
            return false;
        }
    }
    char at[PATH_BYTES];
    (void)g_snprintf(at, sizeof at, "%s.Effect", path);
    const char *effect = json_string_value(json_object_get(json, "Effect"));
    bool allows = effect != NULL && strcmp(effect, "Allow") == 0;
    if (!allows && (effect == NULL || strcmp(effect, "Deny") != 0)) {
        return refuse(error, at, "must be \"Allow\" or \"Deny\"");
    }
    char resource[PATH_BYTES];
    (void)g_snprintf(resource, sizeof resource, "%s.Resource", path);
    (void)g_snprintf(at, sizeof at, "%s.Action", path);
    return read_actions(json_object_get(json, "Action"), at,
                        allows ? policy->allowed : policy->denied, error) &&
           read_resources(json_object_get(json, "Resource"), resource, error);
}

static bool read_statements(struct policy *policy, const json_t *json, GError **error) {
    bool is_list = json_is_array(json);
    size_t count = is_list ? json_array_size(json) : 1;
    if (json == NULL) {
        return refuse(error, "the policy", "has no Statement");
    }
    if (count == 0) {
        return refuse(error, "Statement", "is empty");
    }
    for (size_t i = 0; i < count; i++) {
        char path[PATH_BYTES];
        item_path(path, "Statement", is_list, i);
        if (!read_statement(policy, is_list ? json_array_get(json, i) : json, path, error)) {
            return false;
        }
    }
    return true;
}

static bool read_document(struct policy *policy, const json_t *root, GError **error) {
    static const char *const members[] = { "Version", "Statement", NULL };
    if (!json_is_object(root)) {
        return refuse(error, "the policy", "must be a JSON object");
    }
    if (!check_members(root, "", members, error)) {
        return false;
    }
    const char *version = json_string_value(json_object_get(root, "Version"));
    if (version == NULL || strcmp(version, "1") != 0) {
        return refuse(error, "Version", "must be \"1\"");
    }
    return read_statements(policy, json_object_get(root, "Statement"), error);
}

bool policy_new(const char *document, size_t len, struct policy **ret_policy, GError **error) {
    if (len > POLICY_BYTES_MAX) {
        fault_set_field(error, FAULT_INVALID_FIELD, "Policy",
                        "the policy has %zu bytes; at most %d are taken", len, POLICY_BYTES_MAX);
        return false;
    }
    json_error_t reason;
    json_t *root = json_loadb(document, len, JSON_REJECT_DUPLICATES, &reason);
    if (root == NULL) {
        g_autofree char *text = shown(reason.text);
        fault_set_field(error, FAULT_INVALID_FIELD, "Policy",
                        "the policy is not JSON at line %d, column %d: %s", reason.line,
                        reason.column, text);
        return false;
    }
    struct policy *policy = g_new(struct policy, 1);
    *policy = (struct policy){ .allowed = g_ptr_array_new_with_free_func(g_free),
                               .denied = g_ptr_array_new_with_free_func(g_free) };
    bool is_good = read_document(policy, root, error);
    json_decref(root);
    if (!is_good) {
        policy_free(policy);
        return false;
    }
    *ret_policy = policy;
    return true;
}

// Only the last star is ever tried again, one character further: what stands before it has matched as early as it can.
bool policy_matches(const char *pattern, const char *text) {
    const char *star = NULL;
    const char *behind = NULL; // where the text goes on behind what the last star has taken
    while (*text != 0) {
        if (*pattern == '*') {
            star = pattern++;
            behind = text;
        } else if (*pattern != 0 &&
                   (*pattern == '?' || g_ascii_tolower(*pattern) == g_ascii_tolower(*text))) {
            pattern++;
            text++;
        } else if (star != NULL) {
            pattern = star + 1;
            text = ++behind;
        } else {
            return false;
        }
    }
    while (*pattern == '*') {
        pattern++;
    }
    return *pattern == 0;
}

static bool any_matches(const GPtrArray *patterns, const char *operation) {
    for (guint i = 0; i < patterns->len; i++) {
        if (policy_matches(g_ptr_array_index(patterns, i), operation)) {
            return true;
        }
    }
    return false;
}

bool policy_allows(const struct policy *policy, const char *operation) {
    return !any_matches(policy->denied, operation) && any_matches(policy->allowed, operation);
}
