// SPDX-License-Identifier: Apache-2.0
#include "core/remark.h"

static void remark_free(void *data) {
    struct remark *remark = data;
    g_free(remark->name);
    g_free(remark->message);
    g_free(remark);
}

bool remarks_has_room(struct remarks *remarks) {
    return ++remarks->count <= REMARKS_MAX;
}

void remarks_add(struct remarks *remarks, enum remark_kind kind, char *name_take,
                 char *message_take) {
    if (remarks->list == NULL) {
        remarks->list = g_ptr_array_new_with_free_func(remark_free);
    }
    struct remark *remark = g_new(struct remark, 1);
    *remark = (struct remark){ .kind = kind, .name = name_take, .message = message_take };
    g_ptr_array_add(remarks->list, remark);
}

void remarks_done(struct remarks *remarks) {
    g_clear_pointer(&remarks->list, g_ptr_array_unref);
    remarks->count = 0;
}
