// SPDX-License-Identifier: Apache-2.0
//
// Contract of schedule settings: which are refused, and how dates and "once" limit the fires.

#include <string.h>

#include "base/fault.h"
#include "base/zone.h"
#include "core/schedule.h"

static int no_offset(const void *ctx, int64_t instant_s) {
    return 0;
}

static int64_t no_change(const void *ctx, int64_t after_s) {
    return INT64_MAX;
}

static const struct cron_zone utc = { .offset_s = no_offset, .next_change_s = no_change };

enum { DAY_S = 86400 };

static struct schedule parse(const struct schedule_texts *texts) {
    g_autoptr(GError) error = NULL;
    struct schedule schedule = { 0 };
    (void)schedule_parse(texts, &schedule, &error);
    g_assert_no_error(error);
    return schedule;
}

static void assert_fires(const struct schedule_texts *texts, const int64_t *wanted, int count) {
    struct schedule schedule = parse(texts);
    int64_t at = -1;
    for (int i = 0; i < count; i++) {
        g_assert_true(schedule_next(&schedule, &utc, at, &at));
        g_assert_cmpint(at, ==, wanted[i]);
    }
    g_assert_false(schedule_next(&schedule, &utc, at, &at));
    schedule_done(&schedule);
}

// proposed: behaviour.md §4.1: a bare end date includes its day, one with a time ends there.
static void dates_limit_the_fires(void) {
    struct schedule_texts texts = { .is_on = true, .cron = "0 0 12 * * ?" };
    texts.begin_date = "1970-01-02";
    texts.end_date = "1970-01-03";
    assert_fires(&texts, (const int64_t[]){ DAY_S * 3 / 2, DAY_S * 5 / 2 }, 2);
    texts.end_date = "1970-01-03 11:59:59";
    assert_fires(&texts, (const int64_t[]){ DAY_S * 3 / 2 }, 1);
    texts.begin_date = "1970-01-02 12:00";
    texts.end_date = "1970-01-02 12:00";
    assert_fires(&texts, (const int64_t[]){ DAY_S * 3 / 2 }, 1);
}

static int zone_offset(const void *ctx, int64_t instant_s) {
    return zone_offset_s(ctx, instant_s);
}

static int64_t zone_change(const void *ctx, int64_t after_s) {
    return zone_next_change_s(ctx, after_s);
}

static int64_t utc_seconds(const char *text) {
    struct civil civil = { 0 };
    bool has_time = false;
    g_assert_true(civil_parse(text, &civil, &has_time));
    return zone_instant_ms("UTC", &civil) / 1000;
}

// Dates are moments: the first that shows the begin or more, the last that shows the end or less.
static void dates_are_kept_where_a_clock_jumps(void) {
    static const struct {
        const char *zone, *cron, *begin, *end, *after;
        const char *fires[4]; // in UTC
    } rows[] = {
        // 23:00 to midnight of the 27th does not exist; the 28th begins at 01:00 UTC.
        { "America/Scoresbysund",
          "0 0 0/12 * * ?",
          NULL,
          "2027-03-27",
          "2027-03-27 03:00",
          { "2027-03-27 14:00:00" } },
        { "America/Scoresbysund",
          "0 30 23 * * ?",
          NULL,
          "2027-03-27",
          "2027-03-27 03:00",
          { NULL } },
        // The last hour of the 30th comes twice.
        { "Asia/Beirut",
          "0 0/30 * * * ?",
          NULL,
          "2027-10-30",
          "2027-10-30 20:00",
          { "2027-10-30 20:30:00", "2027-10-30 21:00:00", "2027-10-30 21:30:00" } },
        { "Europe/Berlin",
          "0 0/30 * * * ?",
          "2027-10-31 02:30",
          "2027-10-31 02:30",
          "2027-10-30 00:00",
          { "2027-10-31 00:30:00", "2027-10-31 01:00:00", "2027-10-31 01:30:00" } },
        { "Europe/Berlin",
          "0 0 12 1 11 ? 2027",
          "2027-11-01 11:30:00",
          NULL,
          "2027-01-01 00:00",
          { "2027-11-01 11:00:00" } },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct cron_zone zone = { .ctx = rows[i].zone,
                                  .offset_s = zone_offset,
                                  .next_change_s = zone_change };
        struct schedule schedule = parse(&(struct schedule_texts){ .is_on = true,
                                                                   .cron = rows[i].cron,
                                                                   .begin_date = rows[i].begin,
                                                                   .end_date = rows[i].end });
        int64_t at = utc_seconds(rows[i].after);
        for (int n = 0; rows[i].fires[n] != NULL; n++) {
            g_assert_true(schedule_next(&schedule, &zone, at, &at));
            g_assert_cmpint(at, ==, utc_seconds(rows[i].fires[n]));
        }
        g_assert_false(schedule_next(&schedule, &zone, at, &at));
        schedule_done(&schedule);
    }
}

static void once_is_one_fire(void) {
    struct schedule_texts texts = { .is_on = true };
    texts.param = "{\"triggerType\":\"1\",\"specificTime\":\"1970-01-02 00:00\"}";
    assert_fires(&texts, (const int64_t[]){ DAY_S }, 1);
    texts.param = "{\"triggerType\":1,\"specificTime\":\"1970-01-02 00:00:07\"}";
    assert_fires(&texts, (const int64_t[]){ DAY_S + 7 }, 1);
    texts.end_date = "1970-01-01";
    assert_fires(&texts, NULL, 0);
}

static void events_are_read_with_their_defaults(void) {
    struct schedule_texts texts = { .is_on = true, .is_event = true };
    texts.param =
        "{\"triggerType\":\"2\",\"other\":[],\"events\":[{\"dagId\":\"7\",\"nodeId\":null},"
        "{\"dagId\":7},{\"dagId\":7,\"nodeId\":8}]}";
    struct schedule schedule = parse(&texts);
    g_assert_cmpint(schedule.kind, ==, SCHEDULE_EVENT);
    g_assert_cmpuint(schedule.events->len, ==, 2);
    g_assert_cmpint(g_array_index(schedule.events, struct schedule_event, 1).node_id, ==, 8);
    g_assert_cmpint(schedule.wait_minutes, ==, SCHEDULE_WAIT_DEFAULT_MIN);
    g_assert_true(schedule.hears_try_runs);
    schedule_done(&schedule);
    assert_fires(&texts, NULL, 0);
}

static void a_switched_off_schedule_needs_no_expression(void) {
    struct schedule_texts texts = { .param = "{}" };
    assert_fires(&texts, NULL, 0);
}

static void what_can_not_work_is_refused_with_its_parameter(void) {
    static const struct {
        struct schedule_texts texts;
        enum fault kind;
        const char *field;
    } rows[] = {
        { { .is_on = true }, FAULT_MISSING_FIELD, "CronStr" },
        { { .cron = "0 0 25 * * ?" }, FAULT_INVALID_VALUE, "CronStr" },
        { { .begin_date = "2024-02-30" }, FAULT_INVALID_VALUE, "CronBeginDate" },
        { { .end_date = "soon" }, FAULT_INVALID_VALUE, "CronEndDate" },
        { { .begin_date = "2024-01-02", .end_date = "2024-01-01" },
          FAULT_INVALID_VALUE,
          "CronEndDate" },
        { { .param = "[" }, FAULT_INVALID_FIELD, "ScheduleParam" },
        { { .param = "\"x\"" }, FAULT_INVALID_FIELD, "ScheduleParam" },
        { { .param = "{\"triggerType\":\"3\"}" }, FAULT_INVALID_VALUE, "ScheduleParam" },
        { { .param = "{\"triggerType\":\"2\"}" }, FAULT_INVALID_VALUE, "ScheduleParam" },
        { { .param = "{\"triggerType\":\"1\",\"specificTime\":\"2024-01-01\"}" },
          FAULT_INVALID_VALUE,
          "ScheduleParam" },
        { { .is_event = true, .param = "{\"events\":[{}]}" },
          FAULT_INVALID_VALUE,
          "ScheduleParam" },
        { { .is_event = true, .param = "{\"events\":[3]}" }, FAULT_INVALID_VALUE, "ScheduleParam" },
        { { .is_event = true, .param = "{\"timeout\":0}" }, FAULT_INVALID_VALUE, "ScheduleParam" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        struct schedule schedule = { 0 };
        g_assert_false(schedule_parse(&rows[i].texts, &schedule, &error));
        g_test_message("%s", error->message);
        g_assert_true(fault_is(error, rows[i].kind));
        g_assert_cmpstr(fault_field(error), ==, rows[i].field);
    }
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/schedule/dates limit the fires", dates_limit_the_fires);
    g_test_add_func("/schedule/dates are kept where a clock jumps",
                    dates_are_kept_where_a_clock_jumps);
    g_test_add_func("/schedule/once is one fire", once_is_one_fire);
    g_test_add_func("/schedule/events are read with their defaults",
                    events_are_read_with_their_defaults);
    g_test_add_func("/schedule/a switched off schedule needs no expression",
                    a_switched_off_schedule_needs_no_expression);
    g_test_add_func("/schedule/what can not work is refused with its parameter",
                    what_can_not_work_is_refused_with_its_parameter);
    return g_test_run();
}
