// SPDX-License-Identifier: Apache-2.0
//
// Who may do what to which flow, with the row in hand.

#include "store/flow_head.h"

#include <assert.h>

#include "base/fault.h"
#include "store/payload.h"

static const char GET_HEAD[] =
    "SELECT f.status, f.owner_id, f.published_version_id, f.revision, f.snapshot_version_id,"
    " f.snapshot_revision, f.node_count, f.scenario_id, f.space_id," FLOW_STANDING(
        "?3") " FROM flow f WHERE f.id = ?1 AND f.tenant_id = ?2";
static const char TOUCH[] = "UPDATE flow SET revision = revision + 1, node_count = node_count + ?3,"
                            " changed_ms = ?4 WHERE id = ?1 AND tenant_id = ?2 AND status <> 3";
static_assert(FLOW_DELETED == 3, "the statements of this folder and the index flow_name say 3");

static const char *const right_words[ACCESS_RIGHT_COUNT] = {
    [ACCESS_VIEW] = "view",
    [ACCESS_OPERATE] = "run",
    [ACCESS_EDIT] = "edit",
    [ACCESS_CHANGE_OWNER] = "change the owner of",
};

enum access_relation flow_relation(const struct caller *caller, int64_t owner_id,
                                   struct sql_statement *row, int column) {
    unsigned space_roles = (unsigned)sql_column_int(row, column + 2);
    if (caller->user_id == owner_id) {
        return RELATION_OWNER;
    }
    if ((space_roles & SPACE_ADMIN) != 0) {
        return RELATION_SPACE_ADMIN;
    }
    if (sql_column_int(row, column + 1) != 0) {
        return RELATION_DEVELOPER;
    }
    if (sql_column_int(row, column) != 0) {
        return RELATION_COOPERATOR;
    }
    return space_roles != 0 ? RELATION_SPACE_MEMBER : RELATION_OTHER;
}

bool flow_check_right(const struct caller *caller, enum access_relation relation, int64_t flow_id,
                      enum access_right right, GError **error) {
    if (access_allows(caller->roles, relation, right)) {
        return true;
    }
    fault_set(error, FAULT_NO_PERMISSION, "%s may not %s task flow %" G_GINT64_FORMAT, caller->name,
              right_words[right], flow_id);
    return false;
}

bool flow_head_gone(int64_t flow_id, GError **error) {
    fault_set(error, FAULT_FLOW_NOT_EXIST, "there is no task flow %" G_GINT64_FORMAT, flow_id);
    return false;
}

static bool open_head(struct store_reader *reader, const struct caller *caller, int64_t flow_id,
                      enum access_right right, bool with_deleted, struct flow_head *ret_head,
                      GError **error) {
    g_assert(right < ACCESS_RIGHT_COUNT);
    struct sql_statement *row = NULL;
    bool has_row = false;
    if (!query_one(reader->sql, GET_HEAD,
                   VALUES(INT(flow_id), INT(caller->tenant_id), INT(caller->user_id)), &row,
                   &has_row, error)) {
        return false;
    }
    if (has_row && !with_deleted && sql_column_int(row, 0) == FLOW_DELETED) {
        sql_reset(row);
        has_row = false;
    }
    if (!has_row) {
        return flow_head_gone(flow_id, error);
    }
    int status = FLOW_DRAFT;
    bool is_good = query_enum(row, 0, FLOW_STATUS_COUNT, "the status of a flow", &status, error);
    struct flow_head head = {
        .id = flow_id,
        .tenant_id = caller->tenant_id,
        .status = (enum flow_status)status,
        .owner_id = sql_column_int(row, 1),
        .published_version_id = sql_column_int(row, 2),
        .revision = sql_column_int(row, 3),
        .snapshot_version_id = sql_column_int(row, 4),
        .snapshot_revision = sql_column_int(row, 5),
        .node_count = sql_column_int(row, 6),
        .scenario_id = sql_column_int(row, 7),
        .space_id = sql_column_int(row, 8),
        .space_roles = (unsigned)sql_column_int(row, 11),
        .relation = flow_relation(caller, sql_column_int(row, 1), row, 9),
    };
    sql_reset(row);
    if (!is_good) {
        return false;
    }
    if (!flow_check_right(caller, head.relation, flow_id, right, error)) {
        return false;
    }
    *ret_head = head;
    return true;
}

bool flow_head_open(struct store_reader *reader, const struct caller *caller, int64_t flow_id,
                    enum access_right right, struct flow_head *ret_head, GError **error) {
    return open_head(reader, caller, flow_id, right, false, ret_head, error);
}

bool flow_head_open_history(struct store_reader *reader, const struct caller *caller,
                            int64_t flow_id, struct flow_head *ret_head, GError **error) {
    return open_head(reader, caller, flow_id, ACCESS_VIEW, true, ret_head, error);
}

bool flow_head_touch(struct store *store, const struct flow_head *head, int nodes_added,
                     int64_t now_ms, GError **error) {
    return query_change(store_change_sql(store), TOUCH,
                        VALUES(INT(head->id), INT(head->tenant_id), INT(nodes_added), INT(now_ms)),
                        error);
}
