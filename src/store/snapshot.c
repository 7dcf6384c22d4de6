// SPDX-License-Identifier: Apache-2.0
//
// Writes the draft of a flow as the document that core/plan.c reads. Nodes stand in order of creation, which is the order of their ids.

#include <jansson.h>
#include <stdlib.h>

#include "base/fault.h"
#include "core/vars.h"
#include "store/draft_size.h"
#include "store/schedule_json.h"
#include "store/schedule_rows.h"
#include "store/snapshot.h"

static const char GET_FLOW[] =
    "SELECT f.name, f.owner_id, coalesce(p.name, ''), f.zone, f.policy, f.slot_count_max, "
    "f.constants,"
    " f.time_variables FROM flow f LEFT JOIN person p ON p.id = f.owner_id"
    " WHERE f.id = ?1 AND f.tenant_id = ?2";
static const char LIST_NODES[] =
    "SELECT id, name, kind, content, config, output, time_variables, graph_param FROM node"
    " WHERE flow_id = ?1 AND tenant_id = ?2 ORDER BY id";
static const char LIST_EDGES[] =
    "SELECT id, node_from, node_to FROM edge WHERE flow_id = ?1 AND tenant_id = ?2 ORDER BY id";

void snapshot_done(struct snapshot *snapshot) {
    g_free(snapshot->flow_name);
    g_free(snapshot->owner_name);
    free(snapshot->document);
    free(snapshot->schedule);
}

static bool add_constants(json_t *root, const char *text, GError **error) {
    json_auto_t *list = json_loads(text, 0, NULL);
    if (!json_is_array(list)) {
        fault_set(error, FAULT_INVALID_DATA, "the stored constants of the flow do not parse");
        return false;
    }
    json_t *constants = json_object();
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *item = json_array_get(list, i);
        const char *key = json_string_value(json_object_get(item, "Key"));
        if (key != NULL) {
            json_object_set(constants, key, json_object_get(item, "Value"));
        }
    }
    json_object_set_new(root, "constants", constants);
    return true;
}

static bool add_flow(struct sql_statement *row, const struct flow_head *flow, json_t *root,
                     GError **error) {
    int policy = 0;
    json_t *time_variables = NULL;
    if (!query_enum(row, 4, POLICY_COUNT, "the failure policy of a flow", &policy, error) ||
        !add_constants(root, sql_column_text(row, 6), error) ||
        !vars_time_parse(sql_column_text(row, 7), &time_variables, error)) {
        return false;
    }
    json_object_set_new(root, "timeVariables", time_variables);
    json_object_set_new(root, "flow",
                        json_pack("{s:I, s:s, s:I, s:s, s:s, s:s, s:I}", "id", (json_int_t)flow->id,
                                  "name", sql_column_text(row, 0), "ownerId",
                                  (json_int_t)sql_column_int(row, 1), "ownerName",
                                  sql_column_text(row, 2), "zone", sql_column_text(row, 3),
                                  "policy", failure_policy_name((enum failure_policy)policy),
                                  "slots", (json_int_t)sql_column_int(row, 5)));
    return true;
}

static bool read_flow(struct store_reader *reader, const struct flow_head *flow, json_t *root,
                      struct snapshot *snapshot, GError **error) {
    struct sql_statement *row = NULL;
    bool has_row = false;
    if (!query_one(reader->sql, GET_FLOW, VALUES(INT(flow->id), INT(flow->tenant_id)), &row,
                   &has_row, error)) {
        return false;
    }
    if (!has_row) {
        return flow_head_gone(flow->id, error);
    }
    bool is_good = add_flow(row, flow, root, error);
    if (is_good) {
        snapshot->flow_name = query_text(row, 0);
        snapshot->owner_name = query_text(row, 2);
    }
    sql_reset(row);
    return is_good;
}

static void set_text(json_t *object, const char *key, struct sql_statement *row, int column) {
    const char *text = sql_column_text(row, column);
    if (text != NULL) {
        json_object_set_new(object, key, json_string(text));
    }
}

// Before anything is in memory.
static bool check_size(struct store_reader *reader, const struct flow_head *flow, GError **error) {
    int64_t bytes = 0;
    if (!draft_size_total(reader, flow, &bytes, error)) {
        return false;
    }
    if (bytes > SNAPSHOT_BYTES_MAX) {
        fault_set(error, FAULT_LIMIT_EXCEEDED,
                  "the texts of task flow %" G_GINT64_FORMAT " have %" G_GINT64_FORMAT
                  " bytes together; a version may have %d",
                  flow->id, bytes, SNAPSHOT_BYTES_MAX);
    }
    return bytes <= SNAPSHOT_BYTES_MAX;
}

static bool add_nodes(struct store_reader *reader, const struct flow_head *flow, json_t *root,
                      GError **error) {
    json_t *nodes = json_array();
    json_object_set_new(root, "nodes", nodes);
    struct sql_statement *row = NULL;
    bool has_row = false;
    int kind = 0;
    if (!query_start(reader->sql, LIST_NODES, VALUES(INT(flow->id), INT(flow->tenant_id)), &row,
                     error)) {
        return false;
    }
    while (query_next(row, &has_row, error)) {
        if (!has_row) {
            return true;
        }
        if (!query_enum(row, 2, KIND_COUNT, "the kind of a node", &kind, error)) {
            sql_reset(row);
            return false;
        }
        json_t *node = json_object();
        json_object_set_new(node, "id", json_integer(sql_column_int(row, 0)));
        set_text(node, "name", row, 1);
        json_object_set_new(node, "kind", json_string(node_kind_word((enum node_kind)kind)));
        set_text(node, "content", row, 3);
        set_text(node, "config", row, 4);
        set_text(node, "output", row, 5);
        set_text(node, "timeVariables", row, 6);
        set_text(node, "graphParam", row, 7);
        json_array_append_new(nodes, node);
    }
    return false;
}

static bool add_edges(struct store_reader *reader, const struct flow_head *flow, json_t *root,
                      GError **error) {
    json_t *edges = json_array();
    json_object_set_new(root, "edges", edges);
    struct sql_statement *row = NULL;
    bool has_row = false;
    if (!query_start(reader->sql, LIST_EDGES, VALUES(INT(flow->id), INT(flow->tenant_id)), &row,
                     error)) {
        return false;
    }
    while (query_next(row, &has_row, error)) {
        if (!has_row) {
            return true;
        }
        json_array_append_new(edges, json_pack("[I, I, I]", (json_int_t)sql_column_int(row, 0),
                                               (json_int_t)sql_column_int(row, 1),
                                               (json_int_t)sql_column_int(row, 2)));
    }
    return false;
}

static bool add_schedule(struct store_reader *reader, const struct flow_head *flow, json_t *root,
                         GError **error) {
    struct schedule_fields *fields = NULL;
    g_autoptr(GArray) rules = NULL;
    if (!schedule_rows_rules(reader, flow, &rules, error) ||
        !schedule_rows_read(reader, flow, &fields, error)) {
        return false;
    }
    json_t *schedule = NULL;
    bool is_good = schedule_to_json(fields, &schedule, error);
    schedule_fields_free(fields);
    if (!is_good) {
        return false;
    }
    json_object_set_new(root, "schedule", schedule);
    json_t *list = json_array();
    json_object_set_new(root, "slaRules", list);
    for (guint i = 0; i < rules->len; i++) {
        const struct sla_rule *rule = &g_array_index(rules, struct sla_rule, i);
        json_array_append_new(list, json_pack("{s:I, s:i, s:I, s:i}", "id", (json_int_t)rule->id,
                                              "kind", rule->kind, "nodeId",
                                              (json_int_t)rule->node_id, "minutes", rule->minutes));
    }
    return true;
}

bool snapshot_make(struct store_reader *reader, const struct flow_head *flow,
                   struct snapshot *ret_snapshot, GError **error) {
    json_auto_t *root = json_object();
    struct snapshot snapshot = { 0 };
    if (!check_size(reader, flow, error) || !read_flow(reader, flow, root, &snapshot, error) ||
        !add_nodes(reader, flow, root, error) || !add_edges(reader, flow, root, error) ||
        !add_schedule(reader, flow, root, error)) {
        snapshot_done(&snapshot);
        return false;
    }
    json_auto_t *schedule = json_pack("{s:O, s:O}", "schedule", json_object_get(root, "schedule"),
                                      "slaRules", json_object_get(root, "slaRules"));
    snapshot.document = json_dumps(root, JSON_COMPACT);
    snapshot.schedule = json_dumps(schedule, JSON_COMPACT);
    g_assert(snapshot.document != NULL && snapshot.schedule != NULL);
    *ret_snapshot = snapshot;
    return true;
}
