// SPDX-License-Identifier: Apache-2.0
//
// remark: what is accepted and yet worth telling whoever gave it: keys that nothing reads, kinds that nothing runs. Pure; values only.
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>

enum {
    REMARKS_MAX = 100, // kept in one list; further ones are counted
};

enum remark_kind {
    REMARK_KEY,      // a key that nothing reads
    REMARK_EXECUTOR, // a kind of node that nothing runs
};

struct remark {
    enum remark_kind kind;
    char *name;    // what it is about
    char *message; // a sentence
};

// Begins zeroed and ends with remarks_done.
struct remarks {
    GPtrArray *list; // of struct remark; NULL: none
    size_t count;    // all, also those that are not kept
};

// Counts one more; false: the list is full, so that its texts need not be made.
bool remarks_has_room(struct remarks *remarks);
// Adds the remark that was counted; takes both texts.
void remarks_add(struct remarks *remarks, enum remark_kind kind, char *name_take,
                 char *message_take);
void remarks_done(struct remarks *remarks);
