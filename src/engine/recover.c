// SPDX-License-Identifier: Apache-2.0
//
// Nothing is guessed here: an attempt is adopted when the supervisor has it, taken over when its exit was recorded, dispatched again only
// when it certainly never started, and lost otherwise.

#include "engine/recover.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/file.h"
#include "base/log.h"
#include "base/own.h"
#include "engine/sqllog.h"

// ---- At start ----

static bool load_run(struct active *active, int64_t run_id, GError **error) {
    struct entry *entry = NULL;
    g_autoptr(GError) damage = NULL;
    if (active_find(active, run_id, &entry, &damage)) {
        return true;
    }
    // Only the store itself stops the server; a row that is damaged or gone is this run's affair.
    if (fault_is(damage, FAULT_IO) || fault_is(damage, FAULT_INTERNAL) ||
        fault_is(damage, FAULT_UNAVAILABLE) || fault_is_passing(damage)) {
        g_propagate_error(error, g_steal_pointer(&damage));
        return false;
    }
    return active_set_aside(active, run_id, damage, error);
}

bool recover_runs(struct active *active, GError **error) {
    g_autoptr(GArray) run_ids = NULL;
    if (!steady_begin(&active->steady, active->store, &active->options->time, error)) {
        return false;
    }
    active_tick(active);
    if (!store_run_unfinished(store_as_reader(active->store), &run_ids, error)) {
        return false;
    }
    for (guint i = 0; i < run_ids->len; i++) {
        if (!load_run(active, g_array_index(run_ids, int64_t, i), error)) {
            return false;
        }
    }
    if (recover_is_new_boot(active->options->dir)) {
        GHashTableIter iter;
        gpointer value = NULL;
        g_hash_table_iter_init(&iter, active->fences);
        while (g_hash_table_iter_next(&iter, NULL, &value)) {
            ((struct open_attempt *)value)->is_before_boot = true;
        }
    }
    log_info("engine", "event=recovered runs=%u open_attempts=%u",
             g_hash_table_size(active->entries), g_hash_table_size(active->fences));
    return true;
}

static const char boot_file[] = "boot-id";

bool recover_is_new_boot(const char *dir) {
    char known[FILE_BOOT_ID_BYTES] = { 0 };
    char present[FILE_BOOT_ID_BYTES] = { 0 };
    int dir_fd = open(dir, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
    int result = dir_fd < 0 ? -errno : own_read(dir_fd, boot_file, geteuid(), known, sizeof known);
    if (dir_fd >= 0) {
        (void)close(dir_fd);
    }
    return result < 0 || file_boot_id(present) < 0 || strcmp(known, present) != 0;
}

void recover_remember_boot(const char *dir) {
    if (!recover_is_new_boot(dir)) {
        return;
    }
    char present[FILE_BOOT_ID_BYTES] = { 0 };
    int dir_fd = open(dir, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
    int result = dir_fd < 0 ? -errno : file_boot_id(present);
    if (result == 0) {
        result =
            file_replace(dir_fd, boot_file, present, strlen(present), 0600, (uid_t)-1, (gid_t)-1);
    }
    if (dir_fd >= 0) {
        (void)close(dir_fd);
    }
    if (result < 0) {
        log_warn("engine", "event=boot-id-not-kept reason=\"%s\"", g_strerror(-result));
    }
}

// ---- Reports ----

// The run and node of a fence, or false when no open attempt has it.
static bool find_attempt(struct active *active, int64_t fence, struct entry **ret_entry,
                         struct open_attempt **ret_attempt) {
    struct open_attempt *attempt = g_hash_table_lookup(active->fences, &fence);
    if (attempt == NULL) {
        return false;
    }
    *ret_entry = g_hash_table_lookup(active->entries, &attempt->run_id);
    *ret_attempt = attempt;
    g_assert(*ret_entry != NULL);
    return true;
}

static bool apply(struct active *active, struct entry *entry, enum run_event_kind kind, int node,
                  int64_t fence, const char *message, GError **error) {
    struct run_event event = {
        .kind = kind,
        .now_ms = active->now_ms,
        .node = node,
        .fence = fence,
        .message = message,
    };
    return (kind != RUN_EVENT_LOST || sqllog_lost(active, entry->run, node, message, error)) &&
           active_apply(active, entry, &event, error);
}

// Stores the details of an end. The moves that it caused may follow at the end of the turn, with all others of their run.
static bool close_attempt(struct active *active, const struct report *report,
                          enum attempt_state state, GError **error) {
    bool has_exited = report->exit.cause == EXIT_NORMAL;
    struct attempt_end end = {
        .fence = report->fence,
        .state = state,
        .started_ms = report->started_ms,
        .ended_ms = report->ended_ms != 0 ? report->ended_ms : active->now_ms,
        .exit_code = state == ATTEMPT_EXITED && has_exited ? report->exit.code : -1,
        .exit_signal = report->exit.cause == EXIT_SIGNAL ? report->exit.code : 0,
        .user_us = report->user_us,
        .system_us = report->system_us,
        .maxrss_kib = report->maxrss_kib,
        .output_bytes = report->output_bytes,
        .dropped_bytes = report->dropped_bytes,
    };
    return store_attempt_close(active->store, &end, error);
}

static bool take_exit(struct active *active, const struct report *report, GError **error) {
    struct entry *entry = NULL;
    struct open_attempt *attempt = NULL;
    if (!find_attempt(active, report->fence, &entry, &attempt)) {
        g_array_append_val(active->acknowledges,
                           report->fence); // taken over before, only the word got lost
        return true;
    }
    int node = attempt->node;
    if (report->exit.cause == EXIT_LOST) {
        return apply(active, entry, RUN_EVENT_LOST, node, report->fence,
                     "lost: outcome unknown after the supervisor ended", error) &&
               (entry->is_set_aside || close_attempt(active, report, ATTEMPT_LOST, error));
    }
    struct run_event event = {
        .kind = RUN_EVENT_EXITED,
        .now_ms = active->now_ms,
        .node = node,
        .fence = report->fence,
    };
    g_autofree char *message = NULL;
    json_t *outputs = NULL;
    kind_outcome(entry->run, node, &report->exit, &event.outcome, &message, &outputs);
    event.message = message;
    event.outputs = outputs;
    bool is_applied = sqllog_exited(active, entry->run, node, report, message, error) &&
                      active_apply(active, entry, &event, error);
    json_decref(outputs);
    return is_applied &&
           (entry->is_set_aside || close_attempt(active, report, ATTEMPT_EXITED, error));
}

static bool take_refusal(struct active *active, const struct report *report, GError **error) {
    struct entry *entry = NULL;
    struct open_attempt *attempt = NULL;
    if (!find_attempt(active, report->fence, &entry, &attempt)) {
        return true;
    }
    if (report->refusal == REFUSAL_LIMIT || report->refusal == REFUSAL_JOURNAL) {
        return apply(active, entry, RUN_EVENT_VOIDED, attempt->node, report->fence, NULL, error);
    }
    if (report->refusal == REFUSAL_STALE_FENCE) {
        return apply(
            active, entry, RUN_EVENT_LOST, attempt->node, report->fence,
            "lost: the supervisor has seen this attempt before and does not know its outcome",
            error);
    }
    g_autofree char *message = g_strdup_printf("could not start: %s", report->text);
    return apply(active, entry, RUN_EVENT_REFUSED, attempt->node, report->fence, message, error);
}

// The verdict over an open attempt that the supervisor did not mention.
static bool judge(struct active *active, const struct report *ready, int64_t fence,
                  GError **error) {
    struct entry *entry = NULL;
    struct open_attempt *attempt = NULL;
    if (!find_attempt(active, fence, &entry, &attempt)) {
        return true; // its run was set aside meanwhile
    }
    if (attempt->is_before_boot) {
        return apply(active, entry, RUN_EVENT_LOST, attempt->node, fence,
                     "lost: outcome unknown after the machine was started anew", error);
    }
    if (!ready->has_journal) {
        return apply(active, entry, RUN_EVENT_LOST, attempt->node, fence,
                     "lost: outcome unknown, the supervisor's journal is missing or damaged",
                     error);
    }
    if (fence <= ready->mark) {
        return apply(active, entry, RUN_EVENT_LOST, attempt->node, fence,
                     "lost: the supervisor does not know this attempt any more", error);
    }
    g_array_append_val(active->voids, fence);
    return apply(active, entry, RUN_EVENT_VOIDED, attempt->node, fence, NULL, error);
}

static int compare_fences(gconstpointer left, gconstpointer right) {
    int64_t a = *(const int64_t *)left;
    int64_t b = *(const int64_t *)right;
    return a < b ? -1 : a > b;
}

static bool reconcile(struct active *active, const struct report *report, GError **error) {
    g_autoptr(GArray) silent = g_array_new(FALSE, FALSE, sizeof(int64_t));
    GHashTableIter iter;
    gpointer key = NULL;
    gpointer value = NULL;
    g_hash_table_iter_init(&iter, active->fences);
    while (g_hash_table_iter_next(&iter, &key, &value)) {
        if (!((struct open_attempt *)value)->is_reported) {
            g_array_append_vals(silent, key, 1);
        }
    }
    g_array_sort(silent, compare_fences);
    for (guint i = 0; i < silent->len; i++) {
        if (!judge(active, report, g_array_index(silent, int64_t, i), error)) {
            return false;
        }
    }
    g_hash_table_iter_init(&iter, active->fences);
    while (g_hash_table_iter_next(&iter, &key, &value)) {
        const struct open_attempt *attempt = value;
        const struct entry *entry = g_hash_table_lookup(active->entries, &attempt->run_id);
        if (entry->run->nodes[attempt->node].state == NODE_KILLING) {
            g_array_append_vals(active->kills, key, 1); // the first word may have been lost
        }
    }
    active->has_judged = true;
    log_info("engine", "event=supervisor-ready pid=%d level=%s capacity=%d adopted=%u judged=%u",
             report->pid, report->level, report->capacity, g_hash_table_size(active->fences),
             silent->len);
    return true;
}

static void take_start(struct active *active, const struct report *report) {
    struct open_attempt *attempt = g_hash_table_lookup(active->fences, &report->fence);
    if (attempt != NULL) {
        attempt->is_reported = true;
    } else {
        // Nothing may run that the store does not account for.
        g_array_append_val(active->kills, report->fence);
    }
}

// What can not be stored of an attempt's end concerns its run alone.
static bool take_end(struct active *active, const struct report *report, GError **error) {
    const struct open_attempt *attempt = g_hash_table_lookup(active->fences, &report->fence);
    int64_t run_id = attempt != NULL ? attempt->run_id : 0;
    GError *fault = NULL;
    bool is_taken = report->kind == REPORT_EXITED ? take_exit(active, report, &fault)
                                                  : take_refusal(active, report, &fault);
    if (!is_taken && run_id != 0 && active_is_of_run(fault)) {
        is_taken = active_set_aside(active, run_id, fault, error);
        g_error_free(fault);
    } else if (!is_taken) {
        g_propagate_error(error, fault);
    }
    return is_taken;
}

bool recover_report(struct active *active, const struct report *report, GError **error) {
    GHashTableIter iter;
    gpointer value = NULL;
    switch (report->kind) {
    case REPORT_READY: return reconcile(active, report, error);
    case REPORT_STARTED: take_start(active, report); return true;
    case REPORT_EXITED:
    case REPORT_REFUSED: return take_end(active, report, error);
    case REPORT_GONE:
        g_hash_table_iter_init(&iter, active->fences);
        while (g_hash_table_iter_next(&iter, NULL, &value)) {
            ((struct open_attempt *)value)->is_reported = false;
        }
        return true;
    }
    g_assert_not_reached();
}
