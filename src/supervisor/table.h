// SPDX-License-Identifier: Apache-2.0
#ifndef SLUICE_SUPERVISOR_TABLE_H
#define SLUICE_SUPERVISOR_TABLE_H

/* A map from fence to object, for one thread. Fence 0 is no key. The map never owns its objects. */

#include <stddef.h>
#include <stdint.h>

struct table_slot {
    uint64_t key; /* 0: free */
    void *value;
};

struct table {
    struct table_slot *slots;
    size_t size; /* a power of two, or 0 */
    size_t count;
};

void table_done(struct table *table);

/* NULL when the key is absent. */
void *table_get(const struct table *table, uint64_t key);

/* Adds or replaces. -ENOMEM leaves the table as it was. */
int table_put(struct table *table, uint64_t key, void *value);

/* Removes the key; harmless when it is absent. */
void table_remove(struct table *table, uint64_t key);

/* Walks all objects: begin with *at = 0; NULL ends the walk. Putting or removing while walking may
 * skip or repeat objects. */
void *table_walk(const struct table *table, size_t *at);

#endif
