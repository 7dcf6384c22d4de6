// SPDX-License-Identifier: Apache-2.0
//
// flow_list_ops: the detailed flow list (operations.md §2.1).
#include "api/ops/operation_handlers.h"

#include "api/ops/fire_reply.h"
#include "api/ops/flow_reply.h"
#include "api/services.h"
#include "base/zone.h"

#define FIRST_DAY "1970-01-01"
#define LAST_DAY "9999-01-01"

// The draft's schedule in the form of this list, which is another than it came in.
static void reply_schedule(json_t *item, const struct flow_row *flow) {
    reply_bool(item, "CronSwitch", flow->is_switched_on);
    reply_number(item, "TriggerType", flow->is_event ? 1 : 0);
    if (flow->cron_type > 0) {
        reply_number(item, "CronType", flow->cron_type);
    }
    reply_given_text(item, "CronStr", flow->cron);
    // proposed: a period that was not given is the console's, from its first day to its last.
    reply_text(item, "CronBeginDate", flow->cron_begin[0] != '\0' ? flow->cron_begin : FIRST_DAY);
    reply_text(item, "CronEndDate", flow->cron_end[0] != '\0' ? flow->cron_end : LAST_DAY);
    reply_given_text(item, "ScheduleParam", flow->schedule_param);
    reply_text(item, "TimeZoneId", flow->zone);
}

static void reply_listed_flow(json_t *item, const struct flow_row *flow, int64_t now_ms) {
    reply_flow(item, flow);
    reply_text(item, "Description", flow->description);
    reply_id_text(item, "DagOwnerId", flow->owner_id);
    reply_digits(item, "ScenarioId", flow->scenario_id);
    reply_id(item, "SpaceId", flow->space_id);
    if (flow->latest_run_state >= 0) {
        reply_text(item, "LatestInstanceStateName",
                   run_state_name((enum run_state)flow->latest_run_state));
        reply_time(item, "LatestInstanceTime", flow->latest_run_zone, flow->latest_run_ms);
        // TimeZoneId is the draft's here, as its neighbours are; the version that ran may have another.
        reply_text(item, "LatestInstanceTimeZoneId", flow->latest_run_zone);
    }
    reply_schedule(item, flow);
    reply_fires_deployed(item, flow->deployed_schedule, now_ms);
}

// The ids of DagIdList, or NULL for any flow. An empty list says nothing about flows and counts as absent (proposed:).
static GArray *wanted_ids(const struct call *call) {
    const json_t *list = args_json(call->args, "DagIdList");
    if (json_array_size(list) == 0) {
        return NULL;
    }
    GArray *ids = g_array_sized_new(FALSE, FALSE, sizeof(int64_t), (guint)json_array_size(list));
    for (size_t i = 0; i < json_array_size(list); i++) {
        int64_t id = json_integer_value(json_array_get(list, i));
        g_array_append_val(ids, id);
    }
    return ids;
}

bool op_list_task_flows_by_page(struct call *call, json_t *reply, GError **error) {
    struct store_reader *reader = NULL;
    g_autoptr(GPtrArray) flows = NULL;
    g_autoptr(GArray) ids = wanted_ids(call);
    int64_t scenario_id = 0;
    int64_t total = 0;
    struct flow_filter filter = {
        .search = args_text(call->args, "SearchKey"),
        .ids = ids,
        // Given as 0 or less it names the default scenario, as everywhere.
        .scenario_id = args_int(call->args, "ScenarioId", &scenario_id) ? MAX(scenario_id, 0) : -1,
    };
    if (!call_page(call, "PageIndex", &filter.page_index, &filter.page_size, error) ||
        !call_reader(call, &reader, error) ||
        !store_flow_page(reader, call->caller, &filter, &flows, &total, error)) {
        return false;
    }
    int64_t now_ms = zone_now_ms();
    json_t *list = reply_list(reply, "TaskFlowList", "TaskFlow");
    for (guint i = 0; i < flows->len; i++) {
        const struct flow_row *flow = g_ptr_array_index(flows, i);
        json_t *item = reply_item(list);
        reply_listed_flow(item, flow, now_ms);
        if (!call_reply_revision(call, item, REVISION_SCHEDULE, flow->id, error)) {
            return false;
        }
    }
    reply_number(reply, "TotalCount", total);
    return true;
}
