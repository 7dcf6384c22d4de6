// SPDX-License-Identifier: Apache-2.0
//
// model: every enumeration of Sluice with its names and wire codes, in one place (behaviour.md §2.2, §3, operations.md §1).
//
// Each enumeration has a table of names beside it; both directions read that table. "proposed:" decisions about codes are made here
// and stated by test/unit/core/model_test.c. Pure.
#pragma once

#include <stdbool.h>
#include <stdint.h>

// State of a run (behaviour.md §3.2). The wire calls a run "instance".
enum run_state {
    RUN_WAITING,
    RUN_RUNNING,
    RUN_SUSPENDED,
    RUN_ENDING, // kills under way; run.verdict says what comes
    RUN_FAILED,
    RUN_STOPPED,
    RUN_SUCCESS,
    RUN_STATE_COUNT,
};

// State of a node in a run (behaviour.md §3.3).
enum node_state {
    NODE_WAITING, // upstream not ended, or held by a suspended run
    NODE_RETRY_WAIT,
    NODE_QUEUED,  // ready, waits for a place
    NODE_RUNNING, // dispatched or running
    NODE_SUSPEND, // held by a user
    NODE_KILLING,
    NODE_FAIL,
    NODE_SUCCESS,
    NODE_SKIPPED,
    NODE_CANCELLED,
    NODE_STATE_COUNT,
};

// Why a node is SKIPPED: a branch skip spreads, a user skip counts as success for those behind it (behaviour.md §2.5).
enum skip_cause { SKIP_NONE, SKIP_BRANCH, SKIP_USER, SKIP_CAUSE_COUNT };

// What happens after a node failed for good (behaviour.md §3.5).
enum failure_policy {
    POLICY_COMPLETE_RUNNING, // the default
    POLICY_TERMINATE,
    POLICY_COMPLETE_RUNNABLE,
    POLICY_COUNT,
};

// TriggerType of a run (operations.md §1.3).
enum run_trigger { TRIGGER_SCHEDULED = 0, TRIGGER_MANUAL = 1 };

// Kinds of nodes (behaviour.md §2.2).
enum node_kind {
    KIND_NORMAL_SQL,
    KIND_SQL_ASSIGNMENT,
    KIND_CONDITION,
    KIND_SCRIPT, // AZKABAN_COMMAND_REMOTE
    KIND_ECS_SCRIPT,
    KIND_DEPENDENCY_CHECK,
    KIND_LOOP_NORMAL_SQL,
    KIND_TABLE_TIME_CHECK,
    KIND_SQL_STATUS_CHECK,
    KIND_SPARK_SQL,
    KIND_SPARK_INTEGRATION,
    KIND_DTS_FULL_SYNC,
    KIND_NLOCK_DATA_CORRECT,
    KIND_QUALITY_CHECK,
    KIND_DBS_BACKUP,
    KIND_LINDORM_FILE_CHECK,
    KIND_DTS_CHECKPOINT,
    KIND_LINDORM_SPARK,
    KIND_ADB_SPARK,
    KIND_DLA_SERVERLESS_SPARK,
    KIND_DLA_SERVERLESS_SPARK_SQL,
    KIND_DLA_ONE_CLICK_DW,
    KIND_SSH_COMMAND, // number 45, no word published
    KIND_COUNT,
};

// Status of a flow (behaviour.md §3.1), as stored.
enum flow_status { FLOW_DRAFT, FLOW_PUBLISHED, FLOW_OFFLINE, FLOW_DELETED, FLOW_STATUS_COUNT };

// State of an attempt: a node's n-th try (reliability.md, Task supervision).
enum attempt_state {
    ATTEMPT_DISPATCHED, // committed before the supervisor hears of it
    ATTEMPT_EXITED,
    ATTEMPT_LOST,
    ATTEMPT_REFUSED, // never started
    ATTEMPT_STATE_COUNT,
};

// State of a user (operations.md §1.8).
enum person_state {
    PERSON_NORMAL,
    PERSON_DISABLED,
    PERSON_DELETED, // the row stays
    PERSON_STATE_COUNT,
};

// Roles of a user in a tenant (operations.md §1.8); a user has a set of them.
enum user_role {
    ROLE_USER = 1 << 0,
    ROLE_DBA = 1 << 1,
    ROLE_ADMIN = 1 << 2,
    ROLE_SECURITY_ADMIN = 1 << 3,
    ROLE_STRUCT_READ_ONLY = 1 << 4,
};
enum { USER_ROLE_COUNT = 5 }; // role number n is the bit 1 << (n - 1)

// Names are those of behaviour.md ("RUNNING", "RETRY_WAIT"); unknown names give false.
const char *run_state_name(enum run_state state);
bool run_state_from_name(const char *name, enum run_state *ret_state);
bool run_state_is_terminal(enum run_state state);
int run_state_code(enum run_state state); // operations.md §1.1, behaviour.md §3.2

const char *node_state_name(enum node_state state);
bool node_state_from_name(const char *name, enum node_state *ret_state);
bool node_state_is_terminal(enum node_state state);
int node_state_code(enum node_state state); // behaviour.md §3.3

const char *skip_cause_name(enum skip_cause cause); // "", "BRANCH", "USER"
const char *failure_policy_name(enum failure_policy policy);
bool failure_policy_from_name(const char *name, enum failure_policy *ret_policy);

// The wire word ("AZKABAN_COMMAND_REMOTE") and number. Numbers from 1001 are ours (proposed:, behaviour.md §2.2).
const char *node_kind_word(enum node_kind kind);
int node_kind_number(enum node_kind kind);
// Takes a word (any case) or a number in digits.
bool node_kind_from_text(const char *text, enum node_kind *ret_kind);
// Has the kind output variables (behaviour.md §2.1)?
bool node_kind_has_outputs(enum node_kind kind);
// Can this server run the kind? Others are stored and fail when they run.
bool node_kind_is_runnable(enum node_kind kind);
// Default time limit of an attempt in milliseconds (behaviour.md §10).
int64_t node_kind_timeout_ms(enum node_kind kind);

// The word of the role with this number, 1 … USER_ROLE_COUNT (operations.md §3.2). The numbers are ours (proposed:).
const char *user_role_word(int number);
// The role's bit; false for an unknown word.
bool user_role_from_word(const char *word, unsigned *ret_role);

const char *flow_status_name(enum flow_status status);
// The wire's 0 invalid, 1 not scheduled, 2 waiting for scheduling (behaviour.md §3.1).
int flow_status_code(enum flow_status status, bool is_scheduled);
