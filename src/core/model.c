// SPDX-License-Identifier: Apache-2.0
//
// Tables of names and codes. Nothing here decides anything else: a change of a proposed code is one edit in one table.

#include "core/model.h"

#include <assert.h>
#include <glib.h>
#include <string.h>

struct state_row {
    const char *name;
    int code; // on the wire
    bool is_terminal;
};

static const struct state_row run_states[] = {
    [RUN_WAITING] = { "WAITING", 0, false },
    [RUN_RUNNING] = { "RUNNING", 1, false },
    [RUN_SUSPENDED] = { "SUSPENDED", 2, false },
    [RUN_ENDING] = { "ENDING", 1, false },
    [RUN_FAILED] = { "FAILED", 3, true },
    // proposed: a stopped run reads "not successful" to clients that poll (behaviour.md §3.2).
    [RUN_STOPPED] = { "STOPPED", 3, true },
    [RUN_SUCCESS] = { "SUCCESS", 4, true },
};
static_assert(G_N_ELEMENTS(run_states) == RUN_STATE_COUNT, "a row for each run state");

static const struct state_row node_states[] = {
    [NODE_WAITING] = { "WAITING", 0, false },
    [NODE_RETRY_WAIT] = { "RETRY_WAIT", 0, false },
    [NODE_QUEUED] = { "QUEUED", 0, false },
    [NODE_RUNNING] = { "RUNNING", 1, false },
    [NODE_SUSPEND] = { "SUSPEND", 2, false },
    [NODE_KILLING] = { "KILLING", 1, false },
    [NODE_FAIL] = { "FAIL", 3, true },
    [NODE_SUCCESS] = { "SUCCESS", 4, true },
    // proposed: 5 is "completed", and no code is published for these two (behaviour.md §3.3).
    [NODE_SKIPPED] = { "SKIPPED", 5, true },
    [NODE_CANCELLED] = { "CANCELLED", 5, true },
};
static_assert(G_N_ELEMENTS(node_states) == NODE_STATE_COUNT, "a row for each node state");

static const char *const skip_causes[] = {
    [SKIP_NONE] = "",
    [SKIP_BRANCH] = "BRANCH",
    [SKIP_USER] = "USER",
};
static_assert(G_N_ELEMENTS(skip_causes) == SKIP_CAUSE_COUNT, "a name for each cause");

static const char *const policies[] = {
    [POLICY_COMPLETE_RUNNING] = "COMPLETE_RUNNING",
    [POLICY_TERMINATE] = "TERMINATE",
    [POLICY_COMPLETE_RUNNABLE] = "COMPLETE_RUNNABLE",
};
static_assert(G_N_ELEMENTS(policies) == POLICY_COUNT, "a name for each policy");

static const char *const flow_statuses[] = {
    [FLOW_DRAFT] = "DRAFT",
    [FLOW_PUBLISHED] = "PUBLISHED",
    [FLOW_OFFLINE] = "OFFLINE",
    [FLOW_DELETED] = "DELETED",
};
static_assert(G_N_ELEMENTS(flow_statuses) == FLOW_STATUS_COUNT, "a name for each status");

// proposed: the numbers that RoleIds carries are not published; ours are the places in this table, from 1 (operations.md §3.2).
static const char *const user_roles[] = { "USER", "DBA", "ADMIN", "SECURITY_ADMIN",
                                          "STRUCT_READ_ONLY" };
static_assert(G_N_ELEMENTS(user_roles) == USER_ROLE_COUNT, "a word for each role");
static_assert(ROLE_USER == 1 << 0 && ROLE_DBA == 1 << 1 && ROLE_ADMIN == 1 << 2 &&
                  ROLE_SECURITY_ADMIN == 1 << 3 && ROLE_STRUCT_READ_ONLY == 1 << 4,
              "the words are in the order of the bits");

struct kind_row {
    const char *word;
    int number;
    int limit_minutes;
    bool has_outputs;
    bool is_runnable;
};

// Numbers below 1001 are documented; those from 1001 are ours, in the order of the table in behaviour.md §2.2.
// Kinds without a known limit have 14 hours (behaviour.md §10).
static const struct kind_row kinds[] = {
    [KIND_NORMAL_SQL] = { "NORMAL_SQL", 1, 14 * 60, false, true },
    [KIND_SQL_ASSIGNMENT] = { "SQL_ASSIGNMENT", 32, 60, true, true },
    [KIND_CONDITION] = { "CONDITION", 31, 14 * 60, false, true },
    [KIND_SCRIPT] = { "AZKABAN_COMMAND_REMOTE", 1001, 14 * 60, true, true },
    [KIND_ECS_SCRIPT] = { "ECS_SCRIPT", 42, 14 * 60, true, false },
    [KIND_DEPENDENCY_CHECK] = { "DEPENDENCY_CHECK", 2, 14 * 60, false, false },
    [KIND_LOOP_NORMAL_SQL] = { "LOOP_NORMAL_SQL", 1002, 18 * 60, false, false },
    [KIND_TABLE_TIME_CHECK] = { "TABLE_TIME_CHECK", 17, 14 * 60, false, false },
    [KIND_SQL_STATUS_CHECK] = { "SQL_STATUS_CHECK", 1003, 14 * 60, false, false },
    [KIND_SPARK_SQL] = { "SPARK_SQL", 36, 8 * 60, false, false },
    [KIND_SPARK_INTEGRATION] = { "SPARK_INTEGRATION", 1004, 8 * 60, false, false },
    [KIND_DTS_FULL_SYNC] = { "DTS_FULL_SYNC", 1005, 14 * 60, false, false },
    [KIND_NLOCK_DATA_CORRECT] = { "NLOCK_DATA_CORRECT", 1006, 14 * 60, false, false },
    [KIND_QUALITY_CHECK] = { "QUALITY_CHECK", 26, 14 * 60, false, false },
    [KIND_DBS_BACKUP] = { "DBS_BACKUP", 1007, 14 * 60, false, false },
    [KIND_LINDORM_FILE_CHECK] = { "LINDORM_FILE_CHECK", 1008, 14 * 60, false, false },
    [KIND_DTS_CHECKPOINT] = { "DTS_CHECKPOINT", 1009, 14 * 60, false, false },
    [KIND_LINDORM_SPARK] = { "LINDORM_SPARK", 1010, 11 * 60, false, false },
    [KIND_ADB_SPARK] = { "ADB_SPARK", 1011, 14 * 60, false, false },
    [KIND_DLA_SERVERLESS_SPARK] = { "DLA_SERVERLESS_SPARK", 1012, 5 * 60 + 30, false, false },
    [KIND_DLA_SERVERLESS_SPARK_SQL] = { "DLA_SERVERLESS_SPARK_SQL", 1013, 5 * 60 + 30, false,
                                        false },
    [KIND_DLA_ONE_CLICK_DW] = { "DLA_ONE_CLICK_DW", 1014, 14 * 60, false, false },
    // Documented by its number alone; the word is ours.
    [KIND_SSH_COMMAND] = { "SSH_COMMAND", 45, 14 * 60, false, false },
};
static_assert(G_N_ELEMENTS(kinds) == KIND_COUNT, "a row for each kind of node");

static bool find_state(const struct state_row *rows, int count, const char *name, int *ret_index) {
    for (int i = 0; i < count; i++) {
        if (strcmp(rows[i].name, name) == 0) {
            *ret_index = i;
            return true;
        }
    }
    return false;
}

const char *run_state_name(enum run_state state) {
    g_assert(state < RUN_STATE_COUNT);
    return run_states[state].name;
}

bool run_state_from_name(const char *name, enum run_state *ret_state) {
    int index = 0;
    if (!find_state(run_states, RUN_STATE_COUNT, name, &index)) {
        return false;
    }
    *ret_state = (enum run_state)index;
    return true;
}

bool run_state_is_terminal(enum run_state state) {
    g_assert(state < RUN_STATE_COUNT);
    return run_states[state].is_terminal;
}

int run_state_code(enum run_state state) {
    g_assert(state < RUN_STATE_COUNT);
    return run_states[state].code;
}

const char *node_state_name(enum node_state state) {
    g_assert(state < NODE_STATE_COUNT);
    return node_states[state].name;
}

bool node_state_from_name(const char *name, enum node_state *ret_state) {
    int index = 0;
    if (!find_state(node_states, NODE_STATE_COUNT, name, &index)) {
        return false;
    }
    *ret_state = (enum node_state)index;
    return true;
}

bool node_state_is_terminal(enum node_state state) {
    g_assert(state < NODE_STATE_COUNT);
    return node_states[state].is_terminal;
}

int node_state_code(enum node_state state) {
    g_assert(state < NODE_STATE_COUNT);
    return node_states[state].code;
}

const char *skip_cause_name(enum skip_cause cause) {
    g_assert(cause < SKIP_CAUSE_COUNT);
    return skip_causes[cause];
}

const char *failure_policy_name(enum failure_policy policy) {
    g_assert(policy < POLICY_COUNT);
    return policies[policy];
}

bool failure_policy_from_name(const char *name, enum failure_policy *ret_policy) {
    for (int i = 0; i < POLICY_COUNT; i++) {
        if (strcmp(policies[i], name) == 0) {
            *ret_policy = (enum failure_policy)i;
            return true;
        }
    }
    return false;
}

const char *node_kind_word(enum node_kind kind) {
    g_assert(kind < KIND_COUNT);
    return kinds[kind].word;
}

int node_kind_number(enum node_kind kind) {
    g_assert(kind < KIND_COUNT);
    return kinds[kind].number;
}

// Digits only, at most four: no sign, no blanks. False when the text is no such number.
static bool read_number(const char *text, int *ret_number) {
    size_t len = strspn(text, "0123456789");
    if (len == 0 || len > 4 || text[len] != '\0') {
        return false;
    }
    int number = 0;
    for (size_t i = 0; i < len; i++) {
        number = number * 10 + (text[i] - '0');
    }
    *ret_number = number;
    return true;
}

bool node_kind_from_text(const char *text, enum node_kind *ret_kind) {
    int number = 0;
    bool is_number = read_number(text, &number);
    for (int i = 0; i < KIND_COUNT; i++) {
        bool fits =
            is_number ? kinds[i].number == number : g_ascii_strcasecmp(kinds[i].word, text) == 0;
        if (fits) {
            *ret_kind = (enum node_kind)i;
            return true;
        }
    }
    return false;
}

bool node_kind_has_outputs(enum node_kind kind) {
    g_assert(kind < KIND_COUNT);
    return kinds[kind].has_outputs;
}

bool node_kind_is_runnable(enum node_kind kind) {
    g_assert(kind < KIND_COUNT);
    return kinds[kind].is_runnable;
}

int64_t node_kind_timeout_ms(enum node_kind kind) {
    g_assert(kind < KIND_COUNT);
    return (int64_t)kinds[kind].limit_minutes * 60 * 1000;
}

const char *flow_status_name(enum flow_status status) {
    g_assert(status < FLOW_STATUS_COUNT);
    return flow_statuses[status];
}

int flow_status_code(enum flow_status status, bool is_scheduled) {
    enum { INVALID = 0, NOT_SCHEDULED = 1, WAITING_FOR_SCHEDULING = 2 };
    switch (status) {
    case FLOW_DRAFT: return NOT_SCHEDULED;
    case FLOW_PUBLISHED: return is_scheduled ? WAITING_FOR_SCHEDULING : NOT_SCHEDULED;
    case FLOW_OFFLINE: return INVALID;
    case FLOW_DELETED: return INVALID;
    case FLOW_STATUS_COUNT: break;
    }
    g_assert_not_reached();
}

const char *user_role_word(int number) {
    g_assert(number >= 1 && number <= USER_ROLE_COUNT);
    return user_roles[number - 1];
}

bool user_role_from_word(const char *word, unsigned *ret_role) {
    for (unsigned i = 0; i < USER_ROLE_COUNT; i++) {
        if (strcmp(user_roles[i], word) == 0) {
            *ret_role = 1U << i;
            return true;
        }
    }
    return false;
}
