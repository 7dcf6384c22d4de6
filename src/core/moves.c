// SPDX-License-Identifier: Apache-2.0
//
// The tables themselves, and their written form.

#include "core/moves.h"

#include <glib.h>

#define TO(state)                                                                                  \
    { .kind = CELL_TO, .to = (state) }
#define SAME                                                                                       \
    { .kind = CELL_SAME }

static const struct run_cell run_cells[RUN_STATE_COUNT][INPUT_COUNT] = {
    [RUN_WAITING] = { [INPUT_START] = TO(RUN_RUNNING),
                      [INPUT_SUSPEND] = TO(RUN_SUSPENDED),
                      [INPUT_STOP] = TO(RUN_STOPPED) },
    [RUN_RUNNING] = { [INPUT_START] = SAME,
                      [INPUT_SUSPEND] = TO(RUN_SUSPENDED),
                      [INPUT_STOP] = TO(RUN_ENDING),
                      [INPUT_SET_SUCCESS] = TO(RUN_ENDING),
                      [INPUT_LIMIT] = TO(RUN_ENDING),
                      [INPUT_TERMINATE] = TO(RUN_ENDING),
                      [INPUT_DRAINED] = { .kind = CELL_VERDICT } },
    [RUN_SUSPENDED] = { [INPUT_SUSPEND] = SAME,
                        [INPUT_RESUME] = { .kind = CELL_TO_OR_WAITING, .to = RUN_RUNNING },
                        [INPUT_STOP] = TO(RUN_ENDING),
                        [INPUT_SET_SUCCESS] = TO(RUN_ENDING),
                        [INPUT_TERMINATE] = TO(RUN_ENDING) },
    [RUN_ENDING] = { [INPUT_STOP] = { .kind = CELL_VERDICT_STOPPED },
                     [INPUT_DRAINED] = { .kind = CELL_VERDICT } },
    [RUN_FAILED] = { [INPUT_SET_SUCCESS] = TO(RUN_SUCCESS),
                     [INPUT_RERUN] = TO(RUN_RUNNING),
                     [INPUT_RESTORE] = TO(RUN_RUNNING) },
    [RUN_STOPPED] = { [INPUT_STOP] = SAME,
                      [INPUT_SET_SUCCESS] = TO(RUN_SUCCESS),
                      [INPUT_RERUN] = TO(RUN_RUNNING),
                      [INPUT_RESTORE] = TO(RUN_RUNNING) },
    [RUN_SUCCESS] = { [INPUT_RERUN] = TO(RUN_RUNNING) },
};

static const char *const input_names[INPUT_COUNT] = {
    [INPUT_START] = "start",
    [INPUT_SUSPEND] = "suspend",
    [INPUT_RESUME] = "resume",
    [INPUT_STOP] = "stop",
    [INPUT_SET_SUCCESS] = "set successful",
    [INPUT_RERUN] = "rerun",
    [INPUT_RESTORE] = "restore",
    [INPUT_LIMIT] = "time limit",
    [INPUT_TERMINATE] = "terminate",
    [INPUT_DRAINED] = "drained",
};

static const char *const input_deeds[INPUT_COUNT] = {
    [INPUT_START] = "started",
    [INPUT_SUSPEND] = "suspended",
    [INPUT_RESUME] = "resumed",
    [INPUT_STOP] = "stopped",
    [INPUT_SET_SUCCESS] = "set to successful",
    [INPUT_RERUN] = "rerun",
    [INPUT_RESTORE] = "restored",
};

#define NONE NODE_STATE_COUNT // no such move

// A move leads to one state wherever it is allowed, but for HOLD and RESET, which both lead back to WAITING.
static const enum node_state move_targets[MOVE_COUNT] = {
    [MOVE_READY] = NODE_QUEUED,   [MOVE_HOLD] = NODE_WAITING,  [MOVE_GRANT] = NODE_RUNNING,
    [MOVE_PASS] = NODE_SUCCESS,   [MOVE_FAIL] = NODE_FAIL,     [MOVE_RETRY] = NODE_RETRY_WAIT,
    [MOVE_KILL] = NODE_KILLING,   [MOVE_SKIP] = NODE_SKIPPED,  [MOVE_CANCEL] = NODE_CANCELLED,
    [MOVE_REQUEUE] = NODE_QUEUED, [MOVE_RESET] = NODE_WAITING,
};

// Which moves a state allows.
static const bool node_allows[NODE_STATE_COUNT][MOVE_COUNT] = {
    [NODE_WAITING] = { [MOVE_READY] = true,
                       [MOVE_PASS] = true,
                       [MOVE_FAIL] = true,
                       [MOVE_SKIP] = true,
                       [MOVE_CANCEL] = true },
    [NODE_RETRY_WAIT] = { [MOVE_READY] = true, [MOVE_FAIL] = true, [MOVE_SKIP] = true },
    [NODE_QUEUED] = { [MOVE_HOLD] = true,
                      [MOVE_GRANT] = true,
                      [MOVE_FAIL] = true,
                      [MOVE_SKIP] = true,
                      [MOVE_CANCEL] = true },
    [NODE_RUNNING] = { [MOVE_PASS] = true,
                       [MOVE_FAIL] = true,
                       [MOVE_RETRY] = true,
                       [MOVE_KILL] = true,
                       [MOVE_REQUEUE] = true },
    [NODE_SUSPEND] = { [MOVE_SKIP] = true, [MOVE_CANCEL] = true },
    [NODE_KILLING] = { [MOVE_PASS] = true, [MOVE_FAIL] = true, [MOVE_SKIP] = true },
    [NODE_FAIL] = { [MOVE_RESET] = true },
    [NODE_SUCCESS] = { [MOVE_RESET] = true },
    [NODE_SKIPPED] = { [MOVE_RESET] = true },
    [NODE_CANCELLED] = { [MOVE_SKIP] = true, [MOVE_RESET] = true },
};

static const char *const move_names[MOVE_COUNT] = {
    [MOVE_READY] = "ready",     [MOVE_HOLD] = "hold",   [MOVE_GRANT] = "grant",
    [MOVE_PASS] = "pass",       [MOVE_FAIL] = "fail",   [MOVE_RETRY] = "retry",
    [MOVE_KILL] = "kill",       [MOVE_SKIP] = "skip",   [MOVE_CANCEL] = "cancel",
    [MOVE_REQUEUE] = "requeue", [MOVE_RESET] = "reset",
};

struct run_cell run_cell(enum run_state state, enum run_input input) {
    g_assert(state < RUN_STATE_COUNT);
    g_assert(input < INPUT_COUNT);
    return run_cells[state][input];
}

enum node_state node_next(enum node_state state, enum node_move move) {
    g_assert(state < NODE_STATE_COUNT);
    g_assert(move < MOVE_COUNT);
    return node_allows[state][move] ? move_targets[move] : NONE;
}

const char *run_input_deed(enum run_input input) {
    g_assert(input < INPUT_COUNT);
    g_assert(input_deeds[input] != NULL);
    return input_deeds[input];
}

char *run_states_for(enum run_input input) {
    GString *states = g_string_new(NULL);
    for (int i = 0; i < RUN_STATE_COUNT; i++) {
        enum run_cell_kind kind = run_cells[i][input].kind;
        if (kind != CELL_REFUSED && kind != CELL_SAME) {
            g_string_append_printf(states, "%s%s", states->len > 0 ? ", " : "",
                                   run_state_name((enum run_state)i));
        }
    }
    return g_string_free(states, FALSE);
}

static const char *cell_text(struct run_cell cell) {
    switch (cell.kind) {
    case CELL_REFUSED: return "–";
    case CELL_SAME: return "=";
    case CELL_TO: return run_state_name(cell.to);
    case CELL_TO_OR_WAITING: return "RUNNING or WAITING";
    case CELL_VERDICT_STOPPED: return "verdict STOPPED";
    case CELL_VERDICT: return "verdict";
    }
    g_assert_not_reached();
}

static void append_head(GString *table, const char *corner, const char *const *names, int count) {
    g_string_append_printf(table, "| %s |", corner);
    for (int i = 0; i < count; i++) {
        g_string_append_printf(table, " %s |", names[i]);
    }
    g_string_append(table, "\n|");
    for (int i = 0; i <= count; i++) {
        g_string_append(table, " --- |");
    }
    g_string_append_c(table, '\n');
}

char *moves_run_table(void) {
    GString *table = g_string_new(NULL);
    append_head(table, "run", input_names, INPUT_COUNT);
    for (int i = 0; i < RUN_STATE_COUNT; i++) {
        g_string_append_printf(table, "| %s |", run_state_name((enum run_state)i));
        for (int j = 0; j < INPUT_COUNT; j++) {
            g_string_append_printf(table, " %s |", cell_text(run_cells[i][j]));
        }
        g_string_append_c(table, '\n');
    }
    return g_string_free(table, FALSE);
}

char *moves_node_table(void) {
    GString *table = g_string_new(NULL);
    append_head(table, "node", move_names, MOVE_COUNT);
    for (int i = 0; i < NODE_STATE_COUNT; i++) {
        g_string_append_printf(table, "| %s |", node_state_name((enum node_state)i));
        for (int j = 0; j < MOVE_COUNT; j++) {
            enum node_state to = node_next((enum node_state)i, (enum node_move)j);
            g_string_append_printf(table, " %s |", to == NONE ? "–" : node_state_name(to));
        }
        g_string_append_c(table, '\n');
    }
    return g_string_free(table, FALSE);
}
