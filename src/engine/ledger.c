// SPDX-License-Identifier: Apache-2.0
//
// The entries of calls. What waits is bounded: refusals by NOTES_MAX, of which the oldest go first and are counted; key uses by the keys
// there are, because they are merged.

#include "engine/ledger.h"

#include "base/keyed_hash.h"
#include "base/log.h"
#include "base/zone.h"
#include "store/audit.h"
#include "store/audit_heads.h"
#include "store/keys.h"
#include "store/nonces.h"
#include "store/tokens.h"

enum {
    NOTES_PER_TURN_MAX = 512,
    PURGE_MORE = 16, // beyond twice what was entered, so that forgetting is faster than learning
    SIGN_MS = 60 * 60 * 1000,
    // A stored nonce is kept for a day, and when there are too many for twice the window of requests and 5 minutes more.
    NONCES_MAX = 100000,
    NONCE_KEEP_MS = 24 * 60 * 60 * 1000,
    NONCE_LEAST_MS = (2 * 15 + 5) * 60 * 1000,
};

struct ledger {
    struct store *store;
    char *dir;
    struct heads_options heads;
    int64_t signed_ms;   // when the chain's end was signed last
    int64_t start_ms;    // the store's own time at the start; it goes on with the machine's uptime
    int64_t uptime_ms;   // of the machine at the start
    int64_t nonce_count; // that are stored
    int entered;         // nonces and tokens since the last flush
    GQueue notes;        // of struct note *, oldest first
    int64_t dropped_count; // refusals that were not kept
    GHashTable *uses;      // key id → int64_t *: uses that wait
    bool is_held;
    // In the open transaction:
    GQueue written; // notes, oldest first
    GHashTable *written_uses;
    int64_t written_dropped; // refusals that were not kept
    int64_t settled_count;   // nonce_count before
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

bool ledger_new(struct store *store, const char *dir, struct ledger **ret_ledger, GError **error) {
    struct nonce_state nonces;
    if (!store_nonce_state(store_as_reader(store), &nonces, error)) {
        return false;
    }
    struct ledger *ledger = g_new0(struct ledger, 1);
    ledger->store = store;
    ledger->dir = g_strdup(dir);
    ledger->heads.every_ms = SIGN_MS;
    ledger->start_ms = nonces.newest_ms;
    ledger->uptime_ms = zone_uptime_ms();
    ledger->nonce_count = nonces.count;
    ledger->settled_count = nonces.count;
    g_queue_init(&ledger->notes);
    g_queue_init(&ledger->written);
    ledger->uses = g_hash_table_new_full(keyed_hash_text, g_str_equal, g_free, g_free);
    ledger->written_uses = g_hash_table_new_full(keyed_hash_text, g_str_equal, g_free, g_free);
    *ret_ledger = ledger;
    return true;
}

void ledger_free(struct ledger *ledger) {
    if (ledger == NULL) {
        return;
    }
    guint unwritten = g_queue_get_length(&ledger->notes);
    if (unwritten > 0) { // refusals only: what a call has changed has its entry
        log_warn("engine", "event=notes-lost count=%u", unwritten);
    }
    g_queue_clear_full(&ledger->notes, (GDestroyNotify)note_free);
    g_queue_clear_full(&ledger->written, (GDestroyNotify)note_free);
    g_hash_table_unref(ledger->uses);
    g_hash_table_unref(ledger->written_uses);
    g_free(ledger->dir);
    g_free(ledger);
}

bool ledger_find(struct ledger *ledger, const struct caller *caller, const struct origin *origin,
                 int64_t now_ms, bool *ret_is_repeat, struct change_result *ret_result,
                 GError **error) {
    *ret_is_repeat = false;
    return origin == NULL || store_token_find(store_as_reader(ledger->store), caller, origin,
                                              now_ms, ret_is_repeat, ret_result, error);
}

// Goes on while a server runs, whatever the clock is set to.
static int64_t own_time_ms(const struct ledger *ledger) {
    return ledger->start_ms + zone_uptime_ms() - ledger->uptime_ms;
}

static bool keep_nonce(struct ledger *ledger, const struct origin *origin, GError **error) {
    bool is_new = false;
    if (origin->access_key_id == NULL || origin->nonce == NULL) {
        return true;
    }
    if (!store_nonce_add(ledger->store, origin->access_key_id, origin->nonce, origin->stamped_ms,
                         own_time_ms(ledger), &is_new, error)) {
        return false;
    }
    ledger->entered++;
    ledger->nonce_count += is_new;
    return true;
}

static bool log_call(struct ledger *ledger, const struct caller *caller,
                     const struct origin *origin, const char *code, const char *note, int64_t at_ms,
                     GError **error) {
    struct audit_entry entry = { .at_ms = at_ms,
                                 .tenant_id = caller->tenant_id,
                                 .user_id = caller->user_id,
                                 .user_name = caller->name,
                                 .uid = caller->uid,
                                 .origin = origin,
                                 .code = code,
                                 .note = note };
    return store_audit_add(ledger->store, &entry, error);
}

// What was refused before a call stands before it in the log, also when both came within a moment.
static bool write_note(struct ledger *ledger, const struct note *note, int64_t now_ms,
                       GError **error) {
    return (!note->keeps_nonce || keep_nonce(ledger, &note->origin, error)) &&
           log_call(ledger, &note->caller, &note->origin, note->code, NULL,
                    MIN(note->at_ms, now_ms), error);
}

static bool write_notes(struct ledger *ledger, int64_t now_ms, bool writes_all, GError **error) {
    for (int i = 0; !ledger->is_held && (writes_all || i < NOTES_PER_TURN_MAX); i++) {
        struct note *note = g_queue_pop_head(&ledger->notes);
        if (note == NULL) {
            return true;
        }
        g_queue_push_tail(&ledger->written, note);
        if (!write_note(ledger, note, now_ms, error)) {
            return false;
        }
    }
    return true;
}

bool ledger_claim(struct ledger *ledger, const struct caller *caller, const struct origin *origin,
                  int64_t now_ms, GError **error) {
    return write_notes(ledger, now_ms, false, error) && keep_nonce(ledger, origin, error) &&
           store_token_add(ledger->store, caller, origin, NULL, now_ms, error);
}

bool ledger_enter(struct ledger *ledger, const struct caller *caller, const struct origin *origin,
                  int64_t now_ms, const struct change_result *result, const char *note,
                  GError **error) {
    if (origin == NULL) {
        return true;
    }
    bool is_repeat = result == NULL;
    note = is_repeat ? "repeated under its client token, without a further effect" : note;
    return write_notes(ledger, now_ms, false, error) && keep_nonce(ledger, origin, error) &&
           (is_repeat || store_token_add(ledger->store, caller, origin, result, now_ms, error)) &&
           log_call(ledger, caller, origin, NULL, note, now_ms, error);
}

bool ledger_enter_own(struct ledger *ledger, const char *action, int64_t tenant_id,
                      const char *object, const char *note, int64_t now_ms, GError **error) {
    struct origin origin = { .action = action, .object = object };
    struct audit_entry entry = { .at_ms = now_ms,
                                 .tenant_id = tenant_id,
                                 .user_name = "operator",
                                 .origin = &origin,
                                 .note = note };
    return store_audit_add(ledger->store, &entry, error);
}

void ledger_note(struct ledger *ledger, const struct note *note) {
    g_assert(note->code != NULL);
    if (g_queue_get_length(&ledger->notes) >= NOTES_MAX) {
        note_free(g_queue_pop_head(&ledger->notes));
        ledger->dropped_count++;
    }
    g_queue_push_tail(&ledger->notes, note_copy(note));
}

void ledger_notes_dropped(struct ledger *ledger, int64_t count) {
    g_assert(count >= 0);
    ledger->dropped_count += count;
}

void ledger_key_used(struct ledger *ledger, const char *access_key_id, int64_t at_ms) {
    (void)g_hash_table_replace(ledger->uses, g_strdup(access_key_id),
                               g_memdup2(&at_ms, sizeof at_ms));
}

// The store writes a key's row once in a while only.
static bool write_uses(struct ledger *ledger, GError **error) {
    GHashTableIter iter;
    gpointer key = NULL;
    gpointer at_ms = NULL;
    g_hash_table_iter_init(&iter, ledger->uses);
    while (!ledger->is_held && g_hash_table_iter_next(&iter, &key, &at_ms)) {
        if (!store_key_used(ledger->store, key, *(const int64_t *)at_ms, error)) {
            return false;
        }
        (void)g_hash_table_replace(ledger->written_uses, key, at_ms);
        g_hash_table_iter_steal(&iter);
    }
    return true;
}

static bool write_dropped(struct ledger *ledger, int64_t now_ms, GError **error) {
    if (ledger->dropped_count == 0 || ledger->is_held) {
        return true;
    }
    g_autofree char *text =
        g_strdup_printf("%" G_GINT64_FORMAT " refused calls came faster than they could be kept",
                        ledger->dropped_count);
    ledger->written_dropped += ledger->dropped_count;
    ledger->dropped_count = 0;
    return ledger_enter_own(ledger, "DropNotes", 0, NULL, text, now_ms, error);
}

static bool forget_old(struct ledger *ledger, int64_t now_ms, GError **error) {
    int limit = 2 * ledger->entered + PURGE_MORE;
    int forgotten = 0;
    int64_t keep_ms = ledger->nonce_count > NONCES_MAX ? NONCE_LEAST_MS : NONCE_KEEP_MS;
    ledger->entered = 0;
    if (!store_nonce_purge(ledger->store, own_time_ms(ledger) - keep_ms, limit, &forgotten,
                           error)) {
        return false;
    }
    ledger->nonce_count -= forgotten;
    return store_token_purge(ledger->store, now_ms, limit, error);
}

bool ledger_flush(struct ledger *ledger, int64_t now_ms, bool forces, GError **error) {
    if (!store_is_dirty(ledger->store) && !forces) {
        return true;
    }
    return write_notes(ledger, now_ms, forces, error) && write_dropped(ledger, now_ms, error) &&
           write_uses(ledger, error) && (ledger->entered == 0 || forget_old(ledger, now_ms, error));
}

void ledger_hold(struct ledger *ledger, bool is_held) {
    ledger->is_held = is_held;
}

void ledger_settle(struct ledger *ledger) {
    g_queue_clear_full(&ledger->written, (GDestroyNotify)note_free);
    g_hash_table_remove_all(ledger->written_uses);
    ledger->written_dropped = 0;
    ledger->settled_count = ledger->nonce_count;
}

static void take_uses_back(struct ledger *ledger) {
    GHashTableIter iter;
    gpointer key = NULL;
    gpointer at_ms = NULL;
    g_hash_table_iter_init(&iter, ledger->written_uses);
    while (g_hash_table_iter_next(&iter, &key, &at_ms)) {
        if (!g_hash_table_contains(ledger->uses, key)) { // a newer one counts
            ledger_key_used(ledger, key, *(const int64_t *)at_ms);
        }
    }
    g_hash_table_remove_all(ledger->written_uses);
}

void ledger_take_back(struct ledger *ledger) {
    struct note *note = NULL;
    while ((note = g_queue_pop_tail(&ledger->written)) != NULL) {
        g_queue_push_head(&ledger->notes, note);
    }
    ledger->dropped_count += ledger->written_dropped;
    ledger->written_dropped = 0;
    while (g_queue_get_length(&ledger->notes) > NOTES_MAX) {
        note_free(g_queue_pop_head(&ledger->notes));
        ledger->dropped_count++;
    }
    take_uses_back(ledger);
    ledger->nonce_count = ledger->settled_count;
}

// ---- The chain's signed ends ----

void ledger_set_heads(struct ledger *ledger, const struct heads_options *options) {
    ledger->heads = *options;
    if (ledger->heads.every_ms == 0) {
        ledger->heads.every_ms = SIGN_MS;
    }
}

// What stands in the way is told in the log; the server goes on, because what it can no longer prove it can still do. A head that the disk
// does not take is handed out all the same.
static void sign_end(struct ledger *ledger, int64_t now_ms) {
    g_autoptr(GError) error = NULL;
    struct signed_head head = { 0 };
    ledger->signed_ms = now_ms;
    bool is_signed = store_audit_heads_sign(ledger->store, now_ms, &head, &error);
    if (is_signed && head.seq == 0) {
        return;
    }
    if (!is_signed || !store_audit_heads_append(ledger->store, ledger->dir, &head, &error)) {
        log_error("engine", "event=audit-head-not-signed reason=\"%s\"", error->message);
    }
    if (is_signed && ledger->heads.hand_out != NULL) {
        g_autofree char *text = signed_head_print(&head);
        ledger->heads.hand_out(text, ledger->heads.user);
    }
}

void ledger_begin(struct ledger *ledger, int64_t now_ms) {
    g_autoptr(GError) error = NULL;
    g_autofree char *fault = NULL;
    struct store_reader *reader = store_as_reader(ledger->store);
    int64_t count = 0;
    if (!store_audit_verify_end(reader, &fault, &error) ||
        !store_audit_heads_verify(reader, ledger->dir, &count, &fault, &error)) {
        log_error("engine", "event=audit-broken reason=\"%s\"",
                  fault != NULL ? fault : error->message);
    }
    sign_end(ledger, now_ms);
}

void ledger_sign(struct ledger *ledger, int64_t now_ms, bool is_end) {
    if (is_end || now_ms - ledger->signed_ms >= ledger->heads.every_ms ||
        now_ms < ledger->signed_ms) {
        sign_end(ledger, now_ms);
    }
}
