// SPDX-License-Identifier: Apache-2.0
//
// Both directions side by side, so that they stay each other's opposite.

#include "store/schedule_json.h"

#include "base/fault.h"

bool schedule_to_json(const struct schedule_fields *fields, json_t **ret_object, GError **error) {
    json_t *object = json_pack("{s:b, s:b, s:i, s:s, s:s, s:s, s:s, s:s}", "on", fields->is_on,
                               "event", fields->is_event, "cronType", fields->cron_type, "cron",
                               fields->cron, "begin", fields->begin_date, "end", fields->end_date,
                               "param", fields->param, "zone", fields->zone);
    if (object == NULL) { // a stored text is no UTF-8
        fault_set(error, FAULT_INVALID_DATA, "the stored schedule is damaged");
        return false;
    }
    *ret_object = object;
    return true;
}

bool schedule_from_json(const json_t *object, struct schedule_fields **ret_fields, GError **error) {
    int is_on = 0;
    int is_event = 0;
    int cron_type = 0;
    const char *cron = "";
    const char *begin = "";
    const char *end = "";
    const char *param = "";
    const char *zone = "Asia/Shanghai";
    if (object != NULL &&
        json_unpack((json_t *)object, "{s:b, s:b, s:i, s:s, s:s, s:s, s:s, s:s}", "on", &is_on,
                    "event", &is_event, "cronType", &cron_type, "cron", &cron, "begin", &begin,
                    "end", &end, "param", &param, "zone", &zone) != 0) {
        fault_set(error, FAULT_INVALID_DATA, "the stored schedule is damaged");
        return false;
    }
    struct schedule_fields *fields = g_new0(struct schedule_fields, 1);
    *fields = (struct schedule_fields){
        .is_on = is_on != 0,
        .is_event = is_event != 0,
        .cron_type = cron_type,
        .cron = g_strdup(cron),
        .begin_date = g_strdup(begin),
        .end_date = g_strdup(end),
        .param = g_strdup(param),
        .zone = g_strdup(zone),
    };
    *ret_fields = fields;
    return true;
}

struct schedule_texts schedule_texts_of(const struct schedule_fields *fields) {
    return (struct schedule_texts){
        .is_on = fields->is_on,
        .is_event = fields->is_event,
        .cron = fields->cron,
        .begin_date = fields->begin_date,
        .end_date = fields->end_date,
        .param = fields->param,
    };
}
