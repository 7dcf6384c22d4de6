// SPDX-License-Identifier: Apache-2.0
//
// The flow's head has been read before, of the same moment.

#include "store/schedule_rows.h"

static const char GET_SCHEDULE[] =
    "SELECT schedule_on, is_event, cron_type, cron, cron_begin, cron_end, schedule_param, zone"
    " FROM flow WHERE id = ?1 AND tenant_id = ?2";
static const char LIST_RULES[] = "SELECT id, kind, node_id, minutes FROM sla_rule"
                                 " WHERE tenant_id = ?1 AND flow_id = ?2 ORDER BY id";

bool schedule_rows_read(struct store_reader *reader, const struct flow_head *flow,
                        struct schedule_fields **ret_fields, GError **error) {
    struct sql_statement *row = NULL;
    bool has_row = false;
    if (!query_one(reader->sql, GET_SCHEDULE, VALUES(INT(flow->id), INT(flow->tenant_id)), &row,
                   &has_row, error)) {
        return false;
    }
    if (!has_row) {
        return flow_head_gone(flow->id, error);
    }
    struct schedule_fields *fields = g_new0(struct schedule_fields, 1);
    *fields = (struct schedule_fields){
        .is_on = sql_column_int(row, 0) != 0,
        .is_event = sql_column_int(row, 1) != 0,
        .cron_type = (int)sql_column_int(row, 2),
        .cron = query_text(row, 3),
        .begin_date = query_text(row, 4),
        .end_date = query_text(row, 5),
        .param = query_text(row, 6),
        .zone = query_text(row, 7),
    };
    sql_reset(row);
    *ret_fields = fields;
    return true;
}

bool schedule_rows_rules(struct store_reader *reader, const struct flow_head *flow,
                         GArray **ret_rules, GError **error) {
    struct sql_statement *row = NULL;
    bool has_row = false;
    g_autoptr(GArray) rules = g_array_new(FALSE, FALSE, sizeof(struct sla_rule));
    if (!query_start(reader->sql, LIST_RULES, VALUES(INT(flow->tenant_id), INT(flow->id)), &row,
                     error)) {
        return false;
    }
    while (query_next(row, &has_row, error)) {
        if (!has_row) {
            *ret_rules = g_steal_pointer(&rules);
            return true;
        }
        struct sla_rule rule = {
            .id = sql_column_int(row, 0),
            .kind = (int)sql_column_int(row, 1),
            .node_id = sql_column_int(row, 2),
            .minutes = (int)sql_column_int(row, 3),
        };
        g_array_append_val(rules, rule);
    }
    return false;
}
