// SPDX-License-Identifier: Apache-2.0
//
// Flows by page (operations.md §2.1): which ones, and how many. Their rows are then read one by one, so that nothing is joined for a
// flow that is not on the page.
//
// There is one pair of statements for each way of choosing, so that each is served by its own index in the order of ids: all flows of
// a tenant, those of a scenario, those that a person sees. The counts walk the same index, which holds the names as well; a tenant has at
// most FLOWS_PER_TENANT_MAX entries there, whatever else is in the store. Conditions that are met together are joined by AND.

#include "base/fault.h"
#include "store/flow_head.h"
#include "store/flow_list.h"

// search_name is the name in lower case, so that a search computes nothing for each of the tenant's flows.
#define NAMED " AND instr(f.search_name, ?4) > 0"
#define LIVE " FROM flow f WHERE f.tenant_id = ?1 AND f.status <> 3"
#define IN_SCENARIO " AND f.scenario_id = ?3"
// The plus keeps the tenant's index out: the few ids that are seen must lead to the rows, not the many flows be tried against them.
#define SEEN                                                                                       \
    " FROM flow f WHERE f.id IN " FLOWS_SEEN " AND +f.tenant_id = ?1 AND f.status <> 3"            \
    " AND (?3 < 0 OR f.scenario_id = ?3)"
#define PAGE " ORDER BY f.id DESC LIMIT ?5 OFFSET ?6"
#define NEWEST_FIRST " ORDER BY f.id DESC"

// A list is counted and then read page by page; what matches a name is read once, since finding it walks over all names anyway.
static const char COUNT_ALL[] = "SELECT count(*)" LIVE;
static const char PAGE_ALL[] = "SELECT f.id" LIVE PAGE;
static const char NAMED_ALL[] = "SELECT f.id" LIVE NAMED NEWEST_FIRST;
static const char COUNT_SCENARIO[] = "SELECT count(*)" LIVE IN_SCENARIO;
static const char PAGE_SCENARIO[] = "SELECT f.id" LIVE IN_SCENARIO PAGE;
static const char NAMED_SCENARIO[] = "SELECT f.id" LIVE IN_SCENARIO NAMED NEWEST_FIRST;
static const char COUNT_SEEN[] = "SELECT count(*)" SEEN;
static const char PAGE_SEEN[] = "SELECT f.id" SEEN PAGE;
static const char NAMED_SEEN[] = "SELECT f.id" SEEN NAMED NEWEST_FIRST;

struct way {
    const char *count;
    const char *page;
    const char *named;
};
static const struct way all_flows = { COUNT_ALL, PAGE_ALL, NAMED_ALL };
static const struct way of_scenario = { COUNT_SCENARIO, PAGE_SCENARIO, NAMED_SCENARIO };
static const struct way of_seen = { COUNT_SEEN, PAGE_SEEN, NAMED_SEEN };

// One of the given ids: does it meet the other conditions, and how does the caller stand to it?
static const char MATCH_ID[] = "SELECT f.owner_id," FLOW_STANDING("?2") LIVE
    " AND f.id = ?5 AND (?3 < 0 OR f.scenario_id = ?3)"
    " AND (?4 IS NULL OR instr(f.search_name, ?4) > 0)";

static bool read_ids(struct sql *sql, const char *statement, struct query_values values,
                     GArray *ids, GError **error) {
    struct sql_statement *row = NULL;
    bool has_row = false;
    if (!query_start(sql, statement, values, &row, error)) {
        return false;
    }
    while (query_next(row, &has_row, error)) {
        if (!has_row) {
            return true;
        }
        int64_t id = sql_column_int(row, 0);
        g_array_append_val(ids, id);
    }
    return false;
}

// Of all ids those of the page.
static void keep_page(GArray *ids, const struct flow_filter *filter) {
    int64_t first = MIN((int64_t)(filter->page_index - 1) * filter->page_size, (int64_t)ids->len);
    g_array_remove_range(ids, 0, (guint)first);
    g_array_set_size(ids, MIN(ids->len, (guint)filter->page_size));
}

static bool choose_by_index(struct store_reader *reader, const struct caller *caller,
                            const struct flow_filter *filter, const char *needle, GArray *ids,
                            int64_t *ret_total, GError **error) {
    const struct way *way = filter->scenario_id >= 0 ? &of_scenario : &all_flows;
    if (!access_allows(caller->roles, RELATION_OTHER, ACCESS_VIEW)) {
        way = &of_seen;
    }
    struct query_values values =
        VALUES(INT(caller->tenant_id), INT(caller->user_id), INT(filter->scenario_id), TEXT(needle),
               INT(filter->page_size), INT((int64_t)(filter->page_index - 1) * filter->page_size));
    struct query_values conditions = { .items = values.items, .count = 4 };
    if (needle != NULL) {
        if (!read_ids(reader->sql, way->named, conditions, ids, error)) {
            return false;
        }
        *ret_total = ids->len;
        keep_page(ids, filter);
        return true;
    }
    conditions.count = way == &all_flows ? 1 : 3; // no statement takes more than it names
    return query_int(reader->sql, way->count, conditions, 0, ret_total, error) &&
           read_ids(reader->sql, way->page, values, ids, error);
}

static int compare_ids_down(gconstpointer left, gconstpointer right) {
    int64_t a = *(const int64_t *)left;
    int64_t b = *(const int64_t *)right;
    return (a < b) - (a > b);
}

static bool match_id(struct store_reader *reader, const struct caller *caller,
                     const struct flow_filter *filter, const char *needle, int64_t id,
                     bool *ret_matches, GError **error) {
    struct sql_statement *row = NULL;
    bool has_row = false;
    if (!query_one(reader->sql, MATCH_ID,
                   VALUES(INT(caller->tenant_id), INT(caller->user_id), INT(filter->scenario_id),
                          TEXT(needle), INT(id)),
                   &row, &has_row, error)) {
        return false;
    }
    *ret_matches = false;
    if (has_row) {
        enum access_relation relation = flow_relation(caller, sql_column_int(row, 0), row, 1);
        sql_reset(row);
        *ret_matches = access_allows(caller->roles, relation, ACCESS_VIEW);
    }
    return true;
}

static bool choose_by_ids(struct store_reader *reader, const struct caller *caller,
                          const struct flow_filter *filter, const char *needle, GArray *ids,
                          int64_t *ret_total, GError **error) {
    if (filter->ids->len > FLOWS_PER_TENANT_MAX) {
        fault_set_field(error, FAULT_INVALID_FIELD, "DagIdList",
                        "DagIdList names %u task flows; at most %d", filter->ids->len,
                        FLOWS_PER_TENANT_MAX);
        return false;
    }
    g_autoptr(GArray) wanted = g_array_copy((GArray *)filter->ids);
    g_array_sort(wanted, compare_ids_down);
    int64_t total = 0;
    int64_t first = (int64_t)(filter->page_index - 1) * filter->page_size;
    for (guint i = 0; i < wanted->len; i++) {
        int64_t id = g_array_index(wanted, int64_t, i);
        bool matches = false;
        if (i > 0 && id == g_array_index(wanted, int64_t, i - 1)) {
            continue;
        }
        if (!match_id(reader, caller, filter, needle, id, &matches, error)) {
            return false;
        }
        if (matches && total >= first && ids->len < (guint)filter->page_size) {
            g_array_append_val(ids, id);
        }
        total += matches;
    }
    *ret_total = total;
    return true;
}

bool store_flow_page(struct store_reader *reader, const struct caller *caller,
                     const struct flow_filter *filter, GPtrArray **ret_flows, int64_t *ret_total,
                     GError **error) {
    g_assert(filter->page_index >= 1 && filter->page_size >= 1);
    g_autofree char *needle = query_needle(filter->search);
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    g_autoptr(GPtrArray) flows = g_ptr_array_new_with_free_func((GDestroyNotify)flow_row_free);
    int64_t total = 0;
    bool is_chosen = filter->ids != NULL
                         ? choose_by_ids(reader, caller, filter, needle, ids, &total, error)
                         : choose_by_index(reader, caller, filter, needle, ids, &total, error);
    if (!is_chosen) {
        return false;
    }
    for (guint i = 0; i < ids->len; i++) {
        struct flow_row *flow = NULL;
        if (!flow_list_find(reader, caller, g_array_index(ids, int64_t, i), &flow, error)) {
            return false;
        }
        if (flow != NULL) { // not deleted since
            g_ptr_array_add(flows, flow);
        }
    }
    *ret_flows = g_steal_pointer(&flows);
    *ret_total = total;
    return true;
}
