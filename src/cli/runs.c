// SPDX-License-Identifier: Apache-2.0
//
// cli_runs: `sluice run list`: the runs of one flow or of all, newest first. Every flow is asked for its own runs, as the API has no
// operation for all of them; flows that the list of flows shows to have no run in question are not asked.
#include "cli/commands.h"

#include <string.h>

#include "base/fault.h"
#include "base/zone.h"
#include "cli/find.h"
#include "cli/text.h"
#include "cli/time.h"

enum { RUNS_LIMIT_MAX = 1000, RUNS_PAGE = 100, DAY_MS = 24 * 3600 * 1000 };

// What the command line asks for.
struct runs_wish {
    const char *zone;
    int64_t limit;
    const char *state; // upper case word, NULL: any
    int status;        // its code on the wire, -1: any
    int64_t since_ms;  // 0: ever
};

// What was found: runs as replies have them.
struct runs_found {
    GPtrArray *runs; // of json_t, owned
    bool has_more;   // beyond the limit
};

static bool limit_read(const struct cli_options *options, int64_t *limit, GError **error) {
    const char *text = options->values[OPTION_LIMIT];
    *limit = 20;
    if (text != NULL && !g_ascii_string_to_signed(text, 10, 1, RUNS_LIMIT_MAX, limit, NULL)) {
        fault_set(error, FAULT_INVALID_VALUE, "--limit %s: a number from 1 to %d", text,
                  RUNS_LIMIT_MAX);
        return false;
    }
    return true;
}

static bool state_read(const struct cli_options *options, struct runs_wish *wish, GError **error) {
    static const struct {
        const char *word;
        int status; // operations.md §1.1; STOPPED has the code of FAILED
    } rows[] = { { "WAITING", 0 }, { "RUNNING", 1 }, { "SUSPENDED", 2 },
                 { "FAILED", 3 },  { "SUCCESS", 4 }, { "STOPPED", 3 } };
    const char *text = options->values[OPTION_STATE] != NULL ? options->values[OPTION_STATE]
                                                             : options->values[OPTION_STATUS];
    wish->status = -1;
    for (size_t i = 0; text != NULL && i < G_N_ELEMENTS(rows); i++) {
        if (g_ascii_strcasecmp(text, rows[i].word) == 0) {
            wish->state = rows[i].word;
            wish->status = rows[i].status;
        }
    }
    if (text != NULL && wish->state == NULL) {
        fault_set(error, FAULT_INVALID_VALUE,
                  "--state %s: waiting, running, suspended, failed, stopped or success", text);
        return false;
    }
    return true;
}

// "90m", "12h", "7d", or a date with or without a time in the shown zone.
static bool since_read(const struct cli_options *options, struct runs_wish *wish, GError **error) {
    const char *text = options->values[OPTION_SINCE];
    if (text == NULL) {
        return true;
    }
    size_t digits = strspn(text, "0123456789");
    g_autofree char *number = g_strndup(text, digits);
    int64_t count = 0;
    const char *unit = text + digits;
    int64_t unit_ms = strcmp(unit, "m") == 0   ? 60 * 1000
                      : strcmp(unit, "h") == 0 ? 3600 * 1000
                      : strcmp(unit, "d") == 0 ? DAY_MS
                                               : 0;
    if (unit_ms > 0 && g_ascii_string_to_signed(number, 10, 1, 100000, &count, NULL)) {
        wish->since_ms = MAX(zone_now_ms() - count * unit_ms, 1);
        return true;
    }
    wish->since_ms = cli_time_ms(text, wish->zone);
    if (wish->since_ms < 0) {
        fault_set(error, FAULT_INVALID_VALUE,
                  "--since %s: 90m, 12h, 7d, a date, or a date and time as \"2026-01-31 10:00\"",
                  text);
        return false;
    }
    return true;
}

static const char *zone_of(const json_t *item) {
    return json_string_value(json_object_get(item, "TimeZoneId"));
}

static int64_t time_of(const json_t *run, const char *member) {
    const char *text = json_string_value(json_object_get(run, member));
    return text != NULL && zone_of(run) != NULL ? cli_time_ms(text, zone_of(run)) : -1;
}

static const char *state_of(const json_t *run) {
    return cli_state_find(json_string_value(json_object_get(run, "StateName")),
                          (int)cli_reply_number(run, "Status", -1))
        ->name;
}

static bool is_wanted(const struct runs_wish *wish, const json_t *run) {
    int64_t started_ms = time_of(run, "startTime");
    return (wish->state == NULL || strcmp(state_of(run), wish->state) == 0) &&
           (wish->since_ms == 0 || started_ms < 0 || started_ms >= wish->since_ms);
}

static void add_number(struct cli_params *params, const char *name, int64_t number) {
    char digits[24];
    (void)g_snprintf(digits, sizeof digits, "%" G_GINT64_FORMAT, number);
    cli_params_add(params, name, digits);
}

static bool ask_page(struct cli_session *session, const struct runs_wish *wish, const char *flow,
                     int64_t page, json_t **ret_reply, GError **error) {
    struct cli_params params;
    cli_params_init(&params);
    cli_params_add(&params, "DagId", flow);
    add_number(&params, "PageIndex", page);
    add_number(&params, "PageSize", RUNS_PAGE);
    if (wish->status >= 0) {
        add_number(&params, "Status", wish->status);
    }
    if (wish->since_ms > 0) {
        // Whole days of the flow's zone, whichever that is: a day more than enough, looked at exactly afterwards.
        struct civil day = zone_civil("UTC", MAX(wish->since_ms - DAY_MS, 0));
        g_autofree char *text = g_strdup_printf("%04d-%02d-%02d", day.year, day.month, day.day);
        cli_params_add(&params, "StartTimeBegin", text);
    }
    bool is_done = cli_call(session->client, "ListTaskFlowInstance", &params, ret_reply, error);
    cli_params_done(&params);
    return is_done;
}

// The newest wanted runs of one flow, one more than the limit when there are more.
static bool collect(struct cli_session *session, const struct runs_wish *wish, const char *flow,
                    struct runs_found *found, GError **error) {
    int64_t wanted_count = 0;
    for (int64_t page = 1; wanted_count <= wish->limit; page++) {
        json_t *reply = NULL;
        if (!ask_page(session, wish, flow, page, &reply, error)) {
            return false;
        }
        json_t *runs = json_object_get(json_object_get(reply, "DAGInstanceList"), "DAGInstance");
        size_t count = json_array_size(runs);
        for (size_t i = 0; i < count && wanted_count <= wish->limit; i++) {
            json_t *run = json_array_get(runs, i);
            if (is_wanted(wish, run)) {
                g_ptr_array_add(found->runs, json_incref(run));
                wanted_count++;
            }
        }
        json_decref(reply);
        if (count < RUNS_PAGE) {
            return true;
        }
    }
    return true;
}

// Could this flow have a run in question, by what the list of flows says of its latest one?
static bool may_have_runs(const struct runs_wish *wish, const json_t *flow) {
    const char *latest = json_string_value(json_object_get(flow, "LatestInstanceTime"));
    int64_t latest_ms =
        latest != NULL && zone_of(flow) != NULL ? cli_time_ms(latest, zone_of(flow)) : -1;
    return json_object_get(flow, "LatestInstanceStatus") != NULL &&
           (wish->since_ms == 0 || latest_ms < 0 || latest_ms >= wish->since_ms);
}

static bool collect_all(struct cli_session *session, const struct runs_wish *wish,
                        struct runs_found *found, GError **error) {
    json_t *reply = NULL;
    if (!cli_call_with(session->client, "ListTaskFlow", &reply, error, NULL)) {
        return false;
    }
    bool is_good = true;
    size_t index = 0;
    json_t *flow = NULL;
    json_array_foreach(json_object_get(json_object_get(reply, "TaskFlowList"), "TaskFlow"), index,
                       flow) {
        g_autofree char *id = cli_reply_text(flow, "Id");
        if (is_good && may_have_runs(wish, flow)) {
            is_good = collect(session, wish, id, found, error);
        }
    }
    json_decref(reply);
    return is_good;
}

// Numbers are given in the order in which runs are made.
static int compare_newest_first(const void *left, const void *right) {
    int64_t a = cli_reply_number(*(json_t *const *)left, "Id", 0);
    int64_t b = cli_reply_number(*(json_t *const *)right, "Id", 0);
    return a > b ? -1 : a < b;
}

static void json_free(void *value) {
    json_decref(value);
}

// ---- Showing ----

static char *duration_of(const json_t *run) {
    int64_t started_ms = time_of(run, "startTime");
    int64_t ended_ms =
        json_object_get(run, "EndTime") != NULL ? time_of(run, "EndTime") : zone_now_ms();
    if (started_ms < 0 || ended_ms < started_ms) {
        return g_strdup("");
    }
    // Replies have whole seconds.
    return ended_ms - started_ms < 1000 ? g_strdup("< 1 s")
                                        : cli_text_duration(ended_ms - started_ms);
}

static const char *trigger_of(const json_t *run) {
    if (json_object_get(run, "BackFillId") != NULL) {
        return "backfill";
    }
    return cli_reply_number(run, "TriggerType", 1) == 0 ? "schedule" : "by hand";
}

static char *shown_time(const json_t *run, const char *member, const char *zone) {
    g_autofree char *text = cli_reply_text(run, member);
    return cli_time_text(text, zone_of(run), zone);
}

static void add_run(struct cli_table *table, const struct runs_wish *wish, const json_t *run) {
    char **texts = g_new0(char *, 11);
    texts[0] = cli_reply_text(run, "Id");
    texts[1] = cli_reply_text(run, "DagName");
    texts[2] = g_strdup(state_of(run));
    texts[3] = cli_reply_text(run, "RunNumber");
    texts[4] = g_strdup(trigger_of(run));
    texts[5] = shown_time(run, "startTime", wish->zone);
    texts[6] = shown_time(run, "EndTime", wish->zone);
    texts[7] = duration_of(run);
    texts[8] = cli_reply_text(run, "BusinessTime");
    texts[9] = cli_reply_text(run, "Message");
    cli_table_add(table, texts);
}

static void print_runs(const struct runs_wish *wish, const struct runs_found *found) {
    static const char *const headers[] = { "RUN",           "FLOW",    "STATE", "TRY",
                                           "STARTED BY",    "START",   "END",   "TOOK",
                                           "BUSINESS TIME", "MESSAGE", NULL };
    struct cli_table *table = cli_table_new(headers);
    for (guint i = 0; i < found->runs->len; i++) {
        add_run(table, wish, g_ptr_array_index(found->runs, i));
    }
    g_autofree char *text = cli_table_text(table);
    (void)fputs(text, stdout);
    cli_table_free(table);
    (void)printf("(times in %s, business times in the flow's zone%s)\n", wish->zone,
                 found->has_more ? "; there are more, --limit shows them" : "");
}

static void print_json(const struct runs_found *found) {
    json_t *runs = json_array();
    for (guint i = 0; i < found->runs->len; i++) {
        (void)json_array_append(runs, g_ptr_array_index(found->runs, i));
    }
    json_t *whole = json_pack("{s:{s:o}, s:b}", "DAGInstanceList", "DAGInstance", runs, "HasMore",
                              found->has_more);
    cli_print_json(whole);
    json_decref(whole);
}

static bool find_runs(struct cli_session *session, const struct runs_wish *wish,
                      struct runs_found *found, GError **error) {
    const char *named = cli_options_word(session->options, 2);
    char flow[24] = "";
    if (named == NULL ? !collect_all(session, wish, found, error)
                      : !cli_find_flow(session, named, flow, error) ||
                            !collect(session, wish, flow, found, error)) {
        return false;
    }
    g_ptr_array_sort(found->runs, compare_newest_first);
    found->has_more = (int64_t)found->runs->len > wish->limit;
    g_ptr_array_set_size(found->runs, (int)MIN((int64_t)found->runs->len, wish->limit));
    return true;
}

enum cli_exit command_run_list(struct cli_session *session) {
    GError *error = NULL;
    bool is_json = false;
    struct runs_wish wish = { 0 };
    struct runs_found found = { .runs = g_ptr_array_new_with_free_func(json_free) };
    bool is_good = cli_options_output(session->options, &is_json, &error) &&
                   limit_read(session->options, &wish.limit, &error) &&
                   state_read(session->options, &wish, &error) &&
                   cli_time_zone(session->options, &wish.zone, &error) &&
                   since_read(session->options, &wish, &error) &&
                   find_runs(session, &wish, &found, &error);
    if (is_good && is_json) {
        print_json(&found);
    } else if (is_good) {
        print_runs(&wish, &found);
    }
    g_ptr_array_free(found.runs, TRUE);
    return is_good ? CLI_OK : cli_fail(error);
}
