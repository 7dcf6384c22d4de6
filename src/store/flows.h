// SPDX-License-Identifier: Apache-2.0
//
// flows: flows, their nodes, edges, variables and published versions (operations.md §2.1, §2.4–§2.7).
//
// Writes arrive as `struct change`: data that travels from a request's thread to the engine, which applies it in its turn. Rights are
// checked here again (`caller`), with the rows in hand. Reads return plain rows that the caller frees.
#pragma once

#include "core/model.h"
#include "core/plan.h"
#include "store/draft.h"
#include "store/store.h"

enum {
    FLOW_NAME_MAX = 128, // characters
    FLOW_DESCRIPTION_MAX = 1024,
    NODE_NAME_MAX = 128,
    VERSION_COMMENT_MAX = 1024,
    CONTENT_BYTES_MAX =
        16 * 1024 * 1024, // UpdateTaskContentV2; 1 MiB elsewhere is the request target's limit
    NODES_PER_FLOW_MAX = 20000,
    EDGES_PER_FLOW_MAX = 100000,
    // Entries of a list of variables: VARS_PER_LIST_MAX (core/vars.h). Texts of a draft together: store_set_draft_limit.
    FLOWS_PER_TENANT_MAX = 5000,
};

enum change_kind {
    CHANGE_FLOW_CREATE,         // name, description, scenario_id, space_id → id
    CHANGE_FLOW_RENAME,         // flow_id, name, description (NULL: unchanged)
    CHANGE_FLOW_DELETE,         // flow_id
    CHANGE_FLOW_CONSTANTS,      // flow_id, document: JSON array of {Key, Value}
    CHANGE_FLOW_TIME_VARIABLES, // flow_id, document: JSON text {"variables":[…]}
    CHANGE_FLOW_PUBLISH,        // flow_id, comment → id of the deployment
    CHANGE_FLOW_OFFLINE,        // flow_id
    CHANGE_NODE_CREATE, // flow_id, name, node_kind, content, output, time_variables, graph_param → id
    CHANGE_NODE_RENAME,         // node_id, name
    CHANGE_NODE_CONTENT,        // node_id, content (NULL: no change)
    CHANGE_NODE_CONFIG,         // node_id, config
    CHANGE_NODE_OUTPUT,         // node_id, output (NULL clears)
    CHANGE_NODE_TIME_VARIABLES, // node_id, time_variables
    CHANGE_NODE_DELETE,         // node_id; its edges go with it
    CHANGE_EDGES_ADD,           // flow_id, edges (from, to) → ids in the same order
    CHANGE_EDGES_UPDATE,        // flow_id, edges (id, from, to)
    CHANGE_EDGES_DELETE,        // flow_id, edge_id, node_from, node_to: 0 = any, at least one given
    CHANGE_SOURCE_REGISTER,     // source → id
    CHANGE_SCENARIO_CREATE,     // name, description, space_id → id
    CHANGE_SCENARIO_UPDATE,     // scenario_id, name, description (NULL: unchanged)
    CHANGE_SCENARIO_DELETE,     // scenario_id
    CHANGE_FLOW_MOVE,           // flow_id, scenario_id (0: the default scenario)
    CHANGE_FLOW_OWNER,          // flow_id, user_id
    CHANGE_SPACE_FLOW_OWNER,    // flow_id, user_id: a flow of a workspace
    CHANGE_FLOW_COOPERATORS,    // flow_id, user_ids
    CHANGE_SPACE_CREATE,        // space → id
    CHANGE_SPACE_DELETE,        // space_id
    CHANGE_MEMBERS_ADD,         // space_id or flow_id, members
    CHANGE_MEMBERS_REMOVE,      // space_id or flow_id, user_ids
    CHANGE_FLOW_SCHEDULE,       // flow_id, schedule
    CHANGE_FLOW_NOTIFICATION,   // flow_id, notification
    CHANGE_FLOW_SLA,            // flow_id, sla_rules
    CHANGE_FLOW_REDEPLOY,       // flow_id, version_id (0: the newest) → id of the deployment
    CHANGE_EDGES_REPLACE,       // flow_id, edges (id 0 or unknown: new)
    CHANGE_PERSON_REGISTER,     // person → id, as the others of persons and keys
    CHANGE_PERSON_UPDATE,       // person; uid names it
    CHANGE_PERSON_DELETE,       // name: its uid
    CHANGE_PERSON_ENABLE,       // name: its uid
    CHANGE_PERSON_DISABLE,      // name: its uid
    CHANGE_TENANT_CREATE,       // name → id, second_id: user, text: key id, secret, uid
    CHANGE_KEY_CREATE,          // user_id (0: the caller) → text: key id, secret
    CHANGE_KEY_UPDATE,          // name: key id, flag: active
    CHANGE_KEY_DELETE,          // name: key id
    CHANGE_SESSION_CREATE,      // number: seconds → id: expiry in ms, text: key id, secret, token
    CHANGE_POLICY_PUT,          // user_id, document ("" removes it)
    CHANGE_SOURCE_UPDATE,       // source_id, source (NULL texts and negative numbers: unchanged)
    CHANGE_SOURCE_DELETE,       // source_id
    CHANGE_METADATA_PUT,        // metadata
    CHANGE_SYNC_REQUEST,        // source_id: nothing is stored but that it was asked for
    CHANGE_SQL_AUDIT,           // document: JSON array of executed statements
    CHANGE_KIND_COUNT,
};

struct edge_row {
    int64_t id;
    int64_t node_from;
    int64_t node_to;
};

// Each in the header of its room.
struct source_fields;
struct space_fields;
struct schedule_fields;
struct person_fields;
struct metadata;

struct notification_switches;

struct change {
    enum change_kind kind;
    struct caller caller;
    int64_t flow_id;
    int64_t node_id;
    int64_t scenario_id;
    int64_t edge_id;
    int64_t node_from;
    int64_t node_to;
    enum node_kind node_kind;
    // Texts are owned by the change; NULL means not given.
    char *name;
    char *description;
    char *zone; // of a new flow; "Asia/Shanghai" when not given
    char *comment;
    char *document;
    char *content;
    char *config;
    char *output;
    char *time_variables;
    char *graph_param;
    GArray *edges; // of struct edge_row, or NULL
    int64_t space_id;
    int64_t user_id;
    int64_t version_id;
    int64_t source_id;
    int64_t number;
    bool flag;
    bool has_revision; // the caller knew this revision of what is changed (store/revisions)
    int64_t revision;
    GArray *user_ids;  // of int64_t, or NULL
    GArray *members;   // of struct member_fields, or NULL
    GArray *sla_rules; // of struct sla_rule, or NULL
    struct source_fields *source;
    struct space_fields *space;
    struct schedule_fields *schedule;
    struct notification_switches *notification;
    struct person_fields *person;
    struct metadata *metadata;
    // Its documents were judged by store_change_check; of a publish or redeploy: only what was read there is taken.
    bool is_checked;
    struct draft *draft;     // of a publish: the draft that was judged there; NULL: none was
    int64_t read_version_id; // of a redeploy: `document` was read of it there; 0: of none
};

struct change *change_new(enum change_kind kind, const struct caller *caller);
void change_free(struct change *change);

struct change_result {
    int64_t id;
    int64_t second_id;
    int64_t revision;       // of what was changed, after it; 0: it has none
    bool is_idle;           // allowed, and there was nothing to change: the revision stays
    GArray *ids;            // of int64_t, or NULL
    char **text;            // NULL-ended, may hold secrets: wiped by change_result_done; or NULL
    struct remarks remarks; // what is done and worth telling
};
// Frees what a result holds; a zeroed one is fine.
void change_result_done(struct change_result *result);

// Judges on a request's thread what a change carries, so that the engine need not: documents of nodes, variables, a draft
// that is to be published, a version that is to be deployed. Says nothing of what the caller may not change or what is not
// there: the change does. Ends with the caller's mistakes as store_change would. ret_remarks: what is worth telling when
// the change is done, as change_result has it. A publish or redeploy may be judged again, after store_change refused it
// with FAULT_REVISION_STALE, as the flow was edited or published in between.
bool store_change_check(struct store_reader *reader, struct change *change,
                        struct remarks *ret_remarks, GError **error);
// Has store_change_check something to judge of this kind?
bool store_change_is_judged(const struct change *change);
// Applies one change inside the open transaction (engine thread). Faults name the field, the present state and what would help.
bool store_change(struct store *store, const struct change *change, int64_t now_ms,
                  struct change_result *ret_result, GError **error);
// What the last change did to its object, a sentence for the operation log; NULL: nothing to tell. Until the next change.
const char *store_change_note(const struct store *store);

struct flow_row {
    int64_t id;
    int64_t tenant_id;
    char *name;
    char *description;
    int64_t scenario_id; // 0: the default scenario
    int64_t space_id;    // 0: in no workspace
    enum flow_status status;
    bool is_scheduled; // what is deployed fires
    int64_t creator_id;
    char *creator_name;
    int64_t owner_id;
    char *owner_name;
    int64_t deploy_id;            // 0 never deployed
    int64_t published_version_id; // 0 never published
    char *zone;
    char *constants;       // JSON array of {"Key","Value"}
    char *time_variables;  // JSON text {"variables":[…]}
    int latest_run_state;  // enum run_state or -1
    int64_t latest_run_ms; // its start, or creation
    char *latest_run_zone; // that of its version; NULL without a run
    int64_t created_ms;
    enum access_relation relation; // of the caller who read it
    // The draft's schedule; texts are "" when not given.
    bool is_switched_on;
    bool is_event; // TriggerType Event, else Cron
    int cron_type; // 0: none
    char *cron;
    char *cron_begin;
    char *cron_end;
    char *schedule_param;
    char *deployed_schedule; // what is in effect, for store/fire.h; "" none
};
void flow_row_free(struct flow_row *row);

struct node_row {
    int64_t id;
    int64_t flow_id;
    char *name;
    enum node_kind kind;
    char *content; // NULL when never given, as the others
    char *config;
    char *output;
    char *time_variables;
    char *graph_param;
};
void node_row_free(struct node_row *row);

struct version_row {
    int64_t id;
    int64_t last_version_id; // 0 for the first
    char *flow_name;
    int64_t owner_id;
    char *owner_name;
    char *comment;
    int64_t created_ms;
};
void version_row_free(struct version_row *row);

// One flow, if the caller may do `right` to it: FAULT_FLOW_NOT_EXIST, FAULT_NO_PERMISSION.
bool store_flow_get(struct store_reader *reader, const struct caller *caller, int64_t flow_id,
                    enum access_right right, struct flow_row **ret_flow, GError **error);
// The same to view one that may have been deleted.
bool store_flow_get_history(struct store_reader *reader, const struct caller *caller,
                            int64_t flow_id, struct flow_row **ret_flow, GError **error);
// Flows the caller can see, newest first. GPtrArray of struct flow_row *, frees its rows.
bool store_flow_list(struct store_reader *reader, const struct caller *caller,
                     GPtrArray **ret_flows, GError **error);

struct flow_filter {
    int page_index; // from 1
    int page_size;
    int64_t scenario_id; // 0: lie in a default scenario; negative: any
    const char
        *search;       // substring of the name, ignoring the case of ASCII letters; NULL or "": any
    const GArray *ids; // of int64_t, any order; NULL: any
};
// One page of the flows that the caller can see and that meet every condition, newest first, and how many there are.
bool store_flow_page(struct store_reader *reader, const struct caller *caller,
                     const struct flow_filter *filter, GPtrArray **ret_flows, int64_t *ret_total,
                     GError **error);
// Flows of a workspace that the caller may see (store_space_open), newest first. user_id is not 0: only those the user owns, helps with
// or develops; FAULT_NO_PERMISSION when that is somebody else and the caller does not administer the workspace, FAULT_USER_NOT_EXIST.
bool store_space_flow_list(struct store_reader *reader, const struct caller *caller,
                           int64_t space_id, int64_t user_id, GPtrArray **ret_flows,
                           GError **error);
// One node with the flow's rights: FAULT_NODE_NOT_EXIST.
bool store_node_get(struct store_reader *reader, const struct caller *caller, int64_t node_id,
                    enum access_right right, struct node_row **ret_node, GError **error);
// All nodes of a flow, which may have been deleted, in order of creation. GPtrArray of struct node_row *.
bool store_node_list(struct store_reader *reader, const struct caller *caller, int64_t flow_id,
                     GPtrArray **ret_nodes, GError **error);
// Edges that match (0 = any), by id; the flow may have been deleted. GArray of struct edge_row.
bool store_edge_list(struct store_reader *reader, const struct caller *caller, int64_t flow_id,
                     int64_t edge_id, int64_t node_from, int64_t node_to, GArray **ret_edges,
                     GError **error);
// Published versions, also of a deleted flow, newest first; page_index from 1. GPtrArray of struct version_row *.
bool store_version_list(struct store_reader *reader, const struct caller *caller, int64_t flow_id,
                        int page_index, int page_size, GPtrArray **ret_versions, int64_t *ret_total,
                        GError **error);

// The version a try run uses: a snapshot of the draft; made anew only when the draft has changed since the last snapshot, and gathered here:
// not for the engine's turn. Needs ACCESS_OPERATE. A flow without nodes is FAULT_FLOW_STATE (behaviour.md §3.4). Inside the open transaction.
bool store_version_for_try(struct store *store, const struct caller *caller, int64_t flow_id,
                           int64_t now_ms, int64_t *ret_version_id, GError **error);
// A version as a caller names it: its id, or one of these.
enum { VERSION_UNSAID = 0, VERSION_DRAFT = -1, VERSION_LIVE = -2 };
// The version that a run is to have: VERSION_DRAFT as above, VERSION_LIVE what is deployed, or a published one. Needs ACCESS_OPERATE.
// FAULT_FLOW_NOT_PUBLISHED, FAULT_VERSION_NOT_EXIST. Inside the open transaction.
// `draft` is what store_draft_gather gave, or NULL. Nothing is gathered here: when no version of the present draft is stored and `draft` is not
// that either, FAULT_REVISION_STALE says that it was edited since, and what to do is to gather it again.
bool store_version_for_run(struct store *store, const struct caller *caller, int64_t flow_id,
                           int64_t wanted, struct draft *draft, int64_t now_ms,
                           int64_t *ret_version_id, GError **error);
// Is `version_id` a published version of the flow? FAULT_VERSION_NOT_EXIST.
bool store_version_check_published(struct store_reader *reader, const struct caller *caller,
                                   int64_t flow_id, int64_t version_id, GError **error);
// The version that a backfill runs: `wanted`, or with 0 the newest published one. Needs ACCESS_OPERATE. FAULT_FLOW_NOT_PUBLISHED,
// FAULT_VERSION_NOT_EXIST.
bool store_version_for_backfill(struct store_reader *reader, const struct caller *caller,
                                int64_t flow_id, int64_t wanted, int64_t *ret_version_id,
                                GError **error);
// The version as a value; engine thread. FAULT_INVALID_DATA when the row is damaged.
bool store_plan_load(struct store_reader *reader, int64_t version_id, struct plan **ret_plan,
                     GError **error);
