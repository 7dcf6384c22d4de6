// SPDX-License-Identifier: Apache-2.0
//
// readers: idle connections wait on a stack; the newest is used first, as its cache is warm. A lock of its own, since request threads
// share the pool and it is held for a few instructions only. Nothing here knows what is read.
#include "api/readers.h"

#include "store/people.h"

enum { IDLE_MAX = 16 }; // more than this stay open only while they are lent

struct readers {
    char *dir;
    const struct store *store;
    GMutex lock;     // guards the two below
    GPtrArray *idle; // of struct store_reader *
    int lent;
};

struct readers *readers_new(const char *dir, const struct store *store) {
    g_assert(dir != NULL);
    g_assert(store != NULL);
    struct readers *readers = g_new0(struct readers, 1);
    readers->dir = g_strdup(dir);
    readers->store = store;
    readers->idle = g_ptr_array_new();
    g_mutex_init(&readers->lock);
    return readers;
}

void readers_free(struct readers *readers) {
    if (readers == NULL) {
        return;
    }
    g_assert(readers->lent == 0);
    for (guint i = 0; i < readers->idle->len; i++) {
        store_reader_close(g_ptr_array_index(readers->idle, i));
    }
    g_ptr_array_unref(readers->idle);
    g_mutex_clear(&readers->lock);
    g_free(readers->dir);
    g_free(readers);
}

// The idle reader that was used last, or NULL; counts it as lent.
static struct store_reader *take_idle(struct readers *readers) {
    struct store_reader *reader = NULL;
    g_mutex_lock(&readers->lock);
    if (readers->idle->len > 0) {
        reader = g_ptr_array_steal_index(readers->idle, readers->idle->len - 1);
    }
    readers->lent++;
    g_mutex_unlock(&readers->lock);
    return reader;
}

static void count_return(struct readers *readers) {
    g_mutex_lock(&readers->lock);
    readers->lent--;
    g_assert(readers->lent >= 0);
    g_mutex_unlock(&readers->lock);
}

bool reader_borrow(struct readers *readers, struct reader_loan *ret_loan, GError **error) {
    g_assert(readers != NULL);
    struct store_reader *reader = take_idle(readers);
    if (reader == NULL) {
        // Opening takes longer than anything else here: outside the lock.
        if (!store_reader_open(readers->dir, &reader, error)) {
            count_return(readers);
            return false;
        }
        store_reader_use_master(reader, readers->store);
    }
    *ret_loan = (struct reader_loan){ .readers = readers, .reader = reader };
    return true;
}

bool reader_borrow_moment(struct readers *readers, struct reader_loan *ret_loan, GError **error) {
    struct reader_loan loan = { 0 };
    if (!reader_borrow(readers, &loan, error)) {
        return false;
    }
    if (!store_reader_begin(loan.reader, error)) {
        reader_return(&loan);
        return false;
    }
    loan.is_moment = true;
    *ret_loan = loan;
    return true;
}

void reader_return(struct reader_loan *loan) {
    if (loan->reader == NULL) {
        return;
    }
    if (loan->is_moment) {
        store_reader_end(loan->reader);
    }
    struct readers *readers = loan->readers;
    struct store_reader *surplus = NULL;
    g_mutex_lock(&readers->lock);
    if (readers->idle->len < IDLE_MAX) {
        g_ptr_array_add(readers->idle, loan->reader);
    } else {
        surplus = loan->reader;
    }
    readers->lent--;
    g_assert(readers->lent >= 0);
    g_mutex_unlock(&readers->lock);
    if (surplus != NULL) {
        store_reader_close(surplus);
    }
    *loan = (struct reader_loan){ 0 };
}
