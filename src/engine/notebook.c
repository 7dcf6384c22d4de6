// SPDX-License-Identifier: Apache-2.0
//
// notebook: the lock is held for a moment only: the engine takes the pages away and reads them afterwards.

#include "engine/notebook.h"

#include "base/keyed_hash.h"

struct pages {
    GPtrArray *notes; // of struct note *, at most NOTES_MAX: refused calls
    int64_t dropped_count;
    GHashTable *key_uses; // key id → int64_t *: the last use
};

struct notebook {
    GMutex mutex; // guards the pages
    struct pages pages;
};

static struct pages pages_new(void) {
    return (struct pages){
        .notes = note_list_new(),
        .key_uses = g_hash_table_new_full(keyed_hash_text, g_str_equal, g_free, g_free),
    };
}

static void pages_done(struct pages *pages) {
    g_ptr_array_unref(pages->notes);
    g_hash_table_unref(pages->key_uses);
}

struct notebook *notebook_new(void) {
    struct notebook *notebook = g_new0(struct notebook, 1);
    g_mutex_init(&notebook->mutex);
    notebook->pages = pages_new();
    return notebook;
}

void notebook_free(struct notebook *notebook) {
    if (notebook == NULL) {
        return;
    }
    pages_done(&notebook->pages);
    g_mutex_clear(&notebook->mutex);
    g_free(notebook);
}

static void add_refusal(struct pages *pages, struct note *copy_take) {
    if (pages->notes->len == NOTES_MAX) {
        g_ptr_array_remove_index(pages->notes, 0);
        pages->dropped_count++;
    }
    g_ptr_array_add(pages->notes, copy_take);
}

// Of a key that was used since the last turn only the time is written: this happens with every reading call.
static void add_key(struct pages *pages, const char *access_key_id, int64_t at_ms) {
    int64_t *last_ms = g_hash_table_lookup(pages->key_uses, access_key_id);
    if (last_ms != NULL) {
        *last_ms = MAX(*last_ms, at_ms);
    } else {
        (void)g_hash_table_insert(pages->key_uses, g_strdup(access_key_id),
                                  g_memdup2(&at_ms, sizeof at_ms));
    }
}

void notebook_add(struct notebook *notebook, const struct note *note) {
    struct note *copy = note->code != NULL ? note_copy(note) : NULL;
    g_mutex_lock(&notebook->mutex);
    if (copy != NULL) {
        add_refusal(&notebook->pages, copy);
    }
    if (note->origin.access_key_id != NULL) {
        add_key(&notebook->pages, note->origin.access_key_id, note->at_ms);
    }
    g_mutex_unlock(&notebook->mutex);
}

void notebook_take(struct notebook *notebook, struct ledger *ledger) {
    g_mutex_lock(&notebook->mutex);
    struct pages pages = notebook->pages;
    if (pages.notes->len == 0 && g_hash_table_size(pages.key_uses) == 0) {
        g_mutex_unlock(&notebook->mutex);
        return;
    }
    notebook->pages = pages_new();
    g_mutex_unlock(&notebook->mutex);
    for (guint i = 0; i < pages.notes->len; i++) {
        ledger_note(ledger, g_ptr_array_index(pages.notes, i));
    }
    ledger_notes_dropped(ledger, pages.dropped_count);
    GHashTableIter iter;
    gpointer key = NULL;
    gpointer at_ms = NULL;
    g_hash_table_iter_init(&iter, pages.key_uses);
    while (g_hash_table_iter_next(&iter, &key, &at_ms)) {
        ledger_key_used(ledger, key, *(const int64_t *)at_ms);
    }
    pages_done(&pages);
}
