// SPDX-License-Identifier: Apache-2.0

/* Open addressing with linear probing; removal closes the hole, so there are no tombstones and a
 * map that lives for months stays as quick as a new one.
 *
 * What always holds: at most half of the slots are taken; every key is reachable from its home slot
 * without crossing a free one. */

#include "supervisor/table.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#define SLOTS_FIRST 64u

static size_t home_of(const struct table *table, uint64_t key) {
    uint64_t mixed = key * UINT64_C(0x9e3779b97f4a7c15);
    return (size_t)(mixed >> 32) & (table->size - 1);
}

void table_done(struct table *table) {
    free(table->slots);
    *table = (struct table){ 0 };
}

static struct table_slot *find(const struct table *table, uint64_t key) {
    assert(key != 0 && table->size > 0);
    size_t at = home_of(table, key);
    while (table->slots[at].key != 0 && table->slots[at].key != key)
        at = (at + 1) & (table->size - 1);
    return &table->slots[at];
}

void *table_get(const struct table *table, uint64_t key) {
    if (table->count == 0 || key == 0)
        return NULL;
    const struct table_slot *slot = find(table, key);
    return slot->key == key ? slot->value : NULL;
}

static int grow(struct table *table) {
    size_t size = table->size == 0 ? SLOTS_FIRST : table->size * 2;
    struct table grown = { .slots = calloc(size, sizeof *grown.slots), .size = size };
    if (grown.slots == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < table->size; i++)
        if (table->slots[i].key != 0) {
            *find(&grown, table->slots[i].key) = table->slots[i];
            grown.count++;
        }
    assert(grown.count == table->count);
    free(table->slots);
    *table = grown;
    return 0;
}

int table_put(struct table *table, uint64_t key, void *value) {
    assert(key != 0 && value != NULL);
    if ((table->count + 1) * 2 > table->size) {
        int error = grow(table);
        if (error != 0)
            return error;
    }
    struct table_slot *slot = find(table, key);
    if (slot->key == 0)
        table->count++;
    *slot = (struct table_slot){ .key = key, .value = value };
    return 0;
}

void table_remove(struct table *table, uint64_t key) {
    if (table->count == 0 || key == 0)
        return;
    struct table_slot *slot = find(table, key);
    if (slot->key != key)
        return;
    size_t mask = table->size - 1;
    size_t hole = (size_t)(slot - table->slots);
    for (size_t at = (hole + 1) & mask; table->slots[at].key != 0; at = (at + 1) & mask) {
        size_t home = home_of(table, table->slots[at].key);
        bool may_move = ((at - home) & mask) >= ((at - hole) & mask);
        if (may_move) {
            table->slots[hole] = table->slots[at];
            hole = at;
        }
    }
    table->slots[hole] = (struct table_slot){ 0 };
    table->count--;
}

void *table_walk(const struct table *table, size_t *at) {
    while (*at < table->size) {
        const struct table_slot *slot = &table->slots[(*at)++];
        if (slot->key != 0)
            return slot->value;
    }
    return NULL;
}
