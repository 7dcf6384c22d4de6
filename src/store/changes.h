// SPDX-License-Identifier: Apache-2.0
//
// changes: what store_change calls for each kind of change. Private to this folder.
//
// Each function checks everything, then changes rows inside the open transaction; store_change puts a savepoint around it, so it may
// fail at any point. `result->ids` is made by those that give several ids.
#pragma once

#include "store/flows.h"
#include "store/private.h"

enum { GRAPH_PARAM_MAX = 65536 }; // characters of a node's place on the canvas, stored as it comes

typedef bool (*change_fn)(struct store *store, const struct change *change, int64_t now_ms,
                          struct change_result *result, GError **error);

bool change_flow_create(struct store *store, const struct change *change, int64_t now_ms,
                        struct change_result *result, GError **error);
bool change_flow_rename(struct store *store, const struct change *change, int64_t now_ms,
                        struct change_result *result, GError **error);
bool change_flow_delete(struct store *store, const struct change *change, int64_t now_ms,
                        struct change_result *result, GError **error);
bool change_flow_constants(struct store *store, const struct change *change, int64_t now_ms,
                           struct change_result *result, GError **error);
bool change_flow_time_variables(struct store *store, const struct change *change, int64_t now_ms,
                                struct change_result *result, GError **error);
bool change_flow_publish(struct store *store, const struct change *change, int64_t now_ms,
                         struct change_result *result, GError **error);
bool change_flow_offline(struct store *store, const struct change *change, int64_t now_ms,
                         struct change_result *result, GError **error);
bool change_node_create(struct store *store, const struct change *change, int64_t now_ms,
                        struct change_result *result, GError **error);
bool change_node_rename(struct store *store, const struct change *change, int64_t now_ms,
                        struct change_result *result, GError **error);
bool change_node_content(struct store *store, const struct change *change, int64_t now_ms,
                         struct change_result *result, GError **error);
bool change_node_config(struct store *store, const struct change *change, int64_t now_ms,
                        struct change_result *result, GError **error);
bool change_node_output(struct store *store, const struct change *change, int64_t now_ms,
                        struct change_result *result, GError **error);
bool change_node_time_variables(struct store *store, const struct change *change, int64_t now_ms,
                                struct change_result *result, GError **error);
bool change_node_delete(struct store *store, const struct change *change, int64_t now_ms,
                        struct change_result *result, GError **error);
bool change_edges_add(struct store *store, const struct change *change, int64_t now_ms,
                      struct change_result *result, GError **error);
bool change_edges_update(struct store *store, const struct change *change, int64_t now_ms,
                         struct change_result *result, GError **error);
bool change_edges_delete(struct store *store, const struct change *change, int64_t now_ms,
                         struct change_result *result, GError **error);
bool change_source_register(struct store *store, const struct change *change, int64_t now_ms,
                            struct change_result *result, GError **error);
bool change_scenario_create(struct store *store, const struct change *change, int64_t now_ms,
                            struct change_result *result, GError **error);
bool change_scenario_update(struct store *store, const struct change *change, int64_t now_ms,
                            struct change_result *result, GError **error);
bool change_scenario_delete(struct store *store, const struct change *change, int64_t now_ms,
                            struct change_result *result, GError **error);
bool change_flow_move(struct store *store, const struct change *change, int64_t now_ms,
                      struct change_result *result, GError **error);
bool change_flow_owner(struct store *store, const struct change *change, int64_t now_ms,
                       struct change_result *result, GError **error);
bool change_space_flow_owner(struct store *store, const struct change *change, int64_t now_ms,
                             struct change_result *result, GError **error);
bool change_flow_cooperators(struct store *store, const struct change *change, int64_t now_ms,
                             struct change_result *result, GError **error);
bool change_space_create(struct store *store, const struct change *change, int64_t now_ms,
                         struct change_result *result, GError **error);
bool change_space_delete(struct store *store, const struct change *change, int64_t now_ms,
                         struct change_result *result, GError **error);
bool change_members_add(struct store *store, const struct change *change, int64_t now_ms,
                        struct change_result *result, GError **error);
bool change_members_remove(struct store *store, const struct change *change, int64_t now_ms,
                           struct change_result *result, GError **error);
bool change_flow_schedule(struct store *store, const struct change *change, int64_t now_ms,
                          struct change_result *result, GError **error);
bool change_flow_notification(struct store *store, const struct change *change, int64_t now_ms,
                              struct change_result *result, GError **error);
bool change_flow_sla(struct store *store, const struct change *change, int64_t now_ms,
                     struct change_result *result, GError **error);
bool change_flow_redeploy(struct store *store, const struct change *change, int64_t now_ms,
                          struct change_result *result, GError **error);
bool change_edges_replace(struct store *store, const struct change *change, int64_t now_ms,
                          struct change_result *result, GError **error);
bool change_person_register(struct store *store, const struct change *change, int64_t now_ms,
                            struct change_result *result, GError **error);
bool change_person_update(struct store *store, const struct change *change, int64_t now_ms,
                          struct change_result *result, GError **error);
bool change_person_delete(struct store *store, const struct change *change, int64_t now_ms,
                          struct change_result *result, GError **error);
bool change_person_enable(struct store *store, const struct change *change, int64_t now_ms,
                          struct change_result *result, GError **error);
bool change_person_disable(struct store *store, const struct change *change, int64_t now_ms,
                           struct change_result *result, GError **error);
bool change_tenant_create(struct store *store, const struct change *change, int64_t now_ms,
                          struct change_result *result, GError **error);
bool change_key_create(struct store *store, const struct change *change, int64_t now_ms,
                       struct change_result *result, GError **error);
bool change_key_update(struct store *store, const struct change *change, int64_t now_ms,
                       struct change_result *result, GError **error);
bool change_key_delete(struct store *store, const struct change *change, int64_t now_ms,
                       struct change_result *result, GError **error);
bool change_session_create(struct store *store, const struct change *change, int64_t now_ms,
                           struct change_result *result, GError **error);
bool change_policy_put(struct store *store, const struct change *change, int64_t now_ms,
                       struct change_result *result, GError **error);
bool change_source_update(struct store *store, const struct change *change, int64_t now_ms,
                          struct change_result *result, GError **error);
bool change_source_delete(struct store *store, const struct change *change, int64_t now_ms,
                          struct change_result *result, GError **error);
bool change_metadata_put(struct store *store, const struct change *change, int64_t now_ms,
                         struct change_result *result, GError **error);
bool change_sync_request(struct store *store, const struct change *change, int64_t now_ms,
                         struct change_result *result, GError **error);
bool change_sql_audit(struct store *store, const struct change *change, int64_t now_ms,
                      struct change_result *result, GError **error);
