// SPDX-License-Identifier: Apache-2.0
//
// The entries of calls.

#include "engine/ledger.h"

struct ledger {
    struct store *store;
};

struct note *note_copy(const struct note *note) {
    struct note *copy = g_memdup2(note, sizeof *note);
    copy->origin.action = g_strdup(note->origin.action);
    copy->origin.request_id = g_strdup(note->origin.request_id);
    copy->origin.access_key_id = g_strdup(note->origin.access_key_id);
    copy->origin.nonce = g_strdup(note->origin.nonce);
    copy->origin.peer = g_strdup(note->origin.peer);
    copy->origin.object = g_strdup(note->origin.object);
    copy->origin.client_token = NULL;
    copy->origin.digest = NULL;
    copy->code = g_strdup(note->code);
    return copy;
}

void note_free(struct note *note) {
    if (note == NULL) {
        return;
    }
    g_free((char *)note->origin.action);
    g_free((char *)note->origin.request_id);
    g_free((char *)note->origin.access_key_id);
    g_free((char *)note->origin.nonce);
    g_free((char *)note->origin.peer);
    g_free((char *)note->origin.object);
    g_free((char *)note->code);
    g_free(note);
}

GPtrArray *note_list_new(void) {
    return g_ptr_array_new_with_free_func((GDestroyNotify)note_free);
}

struct ledger *ledger_new(struct store *store) {
    struct ledger *ledger = g_new0(struct ledger, 1);
    ledger->store = store;
    return ledger;
}

void ledger_free(struct ledger *ledger) {
    g_free(ledger);
}

bool ledger_find(struct ledger *ledger, const struct caller *caller, const struct origin *origin,
                 int64_t now_ms, bool *ret_is_repeat, struct change_result *ret_result,
                 GError **error) {
    *ret_is_repeat = false;
    return true;
}

bool ledger_enter(struct ledger *ledger, const struct caller *caller, const struct origin *origin,
                  int64_t now_ms, const struct change_result *result, GError **error) {
    return true;
}

void ledger_note(struct ledger *ledger, const struct note *note) {
}

bool ledger_flush(struct ledger *ledger, int64_t now_ms, bool forces, GError **error) {
    return true;
}
