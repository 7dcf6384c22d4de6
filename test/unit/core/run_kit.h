// SPDX-License-Identifier: Apache-2.0
//
// run_kit: small flows and runs for the tests of the machine. Everything is a value; the clock is a number.
#pragma once

#include <string.h>

#include "core/machine.h"

enum { KIT_NODES_MAX = 64 };

struct kit {
    struct plan *plan;
    struct run *run;
    struct effects *effects;
    int64_t now_ms;
    int64_t
        steady_away_ms; // of the clock of durations from the wall clock: changes when that is set
    int64_t fence;
};

// A plan from a short text: "a>b b>c" makes script nodes a, b, c and edges; "?name=STATE" a CONDITION with a run state; "!name=VAR" a CONDITION
// on a variable that does not exist; "name~2" reruns twice after 10 s; "name~2L" also when lost; "name-" is disabled; "name" alone a node.
static inline int kit_node(GPtrArray *names, const char *name) {
    for (guint i = 0; i < names->len; i++) {
        if (strcmp(g_ptr_array_index(names, i), name) == 0) {
            return (int)i;
        }
    }
    g_ptr_array_add(names, g_strdup(name));
    return (int)names->len - 1;
}

static inline void kit_mark(json_t *overrides, const char *word) {
    g_auto(GStrv) parts = g_strsplit(word + 1, "=", 2);
    g_autofree char *content =
        word[0] == '?'
            ? g_strdup_printf("{\"conditions\":[{\"state\":\"%s\"}]}", parts[1])
            : g_strdup_printf(
                  "{\"conditions\":[{\"variable\":\"%s\",\"operator\":\"==\",\"value\":\"1\"}]}",
                  parts[1]);
    (void)json_object_set_new(overrides, parts[0],
                              json_pack("{s:s,s:s}", "kind", "CONDITION", "content", content));
}

static inline void kit_settings(json_t *configs, char *word) {
    size_t len = strlen(word);
    char *tilde = strchr(word, '~');
    if (tilde != NULL) {
        g_autofree char *config = g_strdup_printf("{\"rerun\":{\"rerunEnable\":true,\"rerunCount\":"
                                                  "%c,\"rerunInterval\":10,\"rerunOnLost\":%s}}",
                                                  tilde[1], tilde[2] == 'L' ? "true" : "false");
        *tilde = '\0';
        (void)json_object_set_new(configs, word, json_string(config));
    } else if (word[len - 1] == '-') {
        word[len - 1] = '\0';
        (void)json_object_set_new(configs, word, json_string("{\"disabled\":true}"));
    }
}

static inline char *kit_snapshot(const char *text, enum failure_policy policy) {
    g_auto(GStrv) words = g_strsplit(text, " ", -1);
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    json_t *conditions = json_object();
    json_t *configs = json_object();
    json_t *edges = json_array();
    for (int i = 0; words[i] != NULL; i++) {
        if (words[i][0] == '?' || words[i][0] == '!') {
            kit_mark(conditions, words[i]);
            continue;
        }
        g_auto(GStrv) ends = g_strsplit(words[i], ">", 2);
        kit_settings(configs, ends[0]);
        int from = kit_node(names, ends[0]);
        if (ends[1] != NULL) {
            int to = kit_node(names, ends[1]);
            (void)json_array_append_new(edges, json_pack("[i,i,i]", 500 + i, 101 + from, 101 + to));
        }
    }
    json_t *nodes = json_array();
    for (guint i = 0; i < names->len; i++) {
        const char *name = g_ptr_array_index(names, i);
        json_t *condition = json_object_get(conditions, name);
        json_t *node = json_pack("{s:i,s:s,s:s,s:s}", "id", 101 + (int)i, "name", name, "kind",
                                 "AZKABAN_COMMAND_REMOTE", "content", "{\"script\":\"true\"}");
        if (condition != NULL) {
            (void)json_object_update(node, condition);
        }
        if (json_object_get(configs, name) != NULL) {
            (void)json_object_set(node, "config", json_object_get(configs, name));
        }
        (void)json_array_append_new(nodes, node);
    }
    json_t *snapshot = json_pack("{s:{s:i,s:s,s:i,s:s,s:s,s:s},s:{},s:[],s:o,s:o}", "flow", "id", 7,
                                 "name", "flow", "ownerId", 1, "ownerName", "owner", "zone",
                                 "Asia/Shanghai", "policy", failure_policy_name(policy),
                                 "constants", "timeVariables", "nodes", nodes, "edges", edges);
    char *dump = json_dumps(snapshot, 0);
    char *copy = g_strdup(dump);
    free(dump);
    json_decref(snapshot);
    json_decref(conditions);
    json_decref(configs);
    return copy;
}

static inline void kit_start_with(struct kit *kit, const char *text, enum failure_policy policy) {
    g_autofree char *snapshot = kit_snapshot(text, policy);
    g_autoptr(GError) error = NULL;
    *kit = (struct kit){ .now_ms = 1000000, .effects = effects_new() };
    bool is_built = plan_new(9, snapshot, &kit->plan, &error);
    g_assert_no_error(error);
    g_assert_true(is_built);
    int64_t ids[KIT_NODES_MAX];
    for (int i = 0; i < kit->plan->node_count; i++) {
        ids[i] = 1001 + i;
    }
    kit->run = run_new(47, 1, kit->plan, ids, TRIGGER_MANUAL, kit->now_ms);
    kit->run->limit_ms = 3600 * 1000;
}

static inline void kit_start(struct kit *kit, const char *text) {
    kit_start_with(kit, text, POLICY_COMPLETE_RUNNING);
}

static inline void kit_done(struct kit *kit) {
    run_free(kit->run);
    plan_unref(kit->plan);
    effects_free(kit->effects);
}

static inline int kit_position(const struct kit *kit, const char *name) {
    for (int i = 0; i < kit->plan->node_count; i++) {
        if (strcmp(kit->plan->nodes[i].name, name) == 0) {
            return i;
        }
    }
    g_assert_not_reached();
}

static inline bool kit_step(struct kit *kit, struct run_event event, GError **error) {
    event.now_ms = kit->now_ms;
    event.steady_ms = kit->now_ms + kit->steady_away_ms;
    if (event.actor == NULL && event.kind <= RUN_EVENT_RESTORE) {
        event.actor = "tester";
    }
    bool is_done = run_step(kit->run, &event, kit->effects, error);
    char *fault = NULL;
    if (!run_is_sound(kit->run, &fault)) {
        g_error("after event %d: %s", (int)event.kind, fault);
    }
    return is_done;
}

static inline void kit_do(struct kit *kit, enum run_event_kind kind) {
    g_autoptr(GError) error = NULL;
    bool is_done = kit_step(kit, (struct run_event){ .kind = kind }, &error);
    g_assert_no_error(error);
    g_assert_true(is_done);
}

static inline void kit_refused(struct kit *kit, enum run_event_kind kind, const char *words) {
    g_autoptr(GError) error = NULL;
    guint known = kit->effects->items->len;
    g_assert_false(kit_step(kit, (struct run_event){ .kind = kind }, &error));
    g_assert_nonnull(strstr(error->message, words));
    g_assert_cmpuint(kit->effects->items->len, ==, known);
}

static inline void kit_grant(struct kit *kit, const char *name) {
    int node = kit_position(kit, name);
    g_assert_cmpstr(node_state_name(kit->run->nodes[node].state), ==, "QUEUED");
    (void)kit_step(
        kit, (struct run_event){ .kind = RUN_EVENT_GRANT, .node = node, .fence = ++kit->fence },
        NULL);
    g_assert_cmpstr(node_state_name(kit->run->nodes[node].state), ==, "RUNNING");
}

static inline void kit_end(struct kit *kit, const char *name, enum attempt_outcome outcome) {
    int node = kit_position(kit, name);
    (void)kit_step(
        kit,
        (struct run_event){ .kind = RUN_EVENT_EXITED,
                            .node = node,
                            .fence = kit->run->nodes[node].fence,
                            .outcome = outcome,
                            .message = outcome == OUTCOME_FAILURE ? "exit code 1" : NULL },
        NULL);
}

static inline void kit_pass(struct kit *kit, const char *name) {
    kit_end(kit, name, OUTCOME_SUCCESS);
}

static inline void kit_fail(struct kit *kit, const char *name) {
    kit_end(kit, name, OUTCOME_FAILURE);
}

static inline void kit_attempt_event(struct kit *kit, const char *name, enum run_event_kind kind,
                                     const char *message) {
    int node = kit_position(kit, name);
    (void)kit_step(
        kit,
        (struct run_event){
            .kind = kind, .node = node, .fence = kit->run->nodes[node].fence, .message = message },
        NULL);
}

// The states as a text: "RUNNING a=SUCCESS b=RUNNING".
static inline char *kit_states(const struct kit *kit) {
    GString *text = g_string_new(run_state_name(kit->run->state));
    for (int i = 0; i < kit->plan->node_count; i++) {
        g_string_append_printf(text, " %s=%s", kit->plan->nodes[i].name,
                               node_state_name(kit->run->nodes[i].state));
    }
    return g_string_free(text, FALSE);
}

#define kit_assert(kit, expected)                                                                  \
    do {                                                                                           \
        g_autofree char *kit_states_text = kit_states(kit);                                        \
        g_assert_cmpstr(kit_states_text, ==, expected);                                            \
    } while (false)

static inline int kit_count_effects(const struct kit *kit, enum effect_kind kind) {
    int count = 0;
    for (guint i = 0; i < kit->effects->items->len; i++) {
        count += g_array_index(kit->effects->items, struct effect, i).kind == kind;
    }
    return count;
}
