// SPDX-License-Identifier: Apache-2.0
// folder: store
// Heads of the operation log that somebody kept: refused with a line, or in order, each the one text that prints and reads as itself.
#include <glib.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/fault.h"
#include "store/signed_head.h"

static void check_text(const struct signed_head *head) {
    g_autofree char *text = signed_head_print(head);
    struct signed_head again = { 0 };
    g_assert_cmpint(head->seq, >, 0);
    g_assert_cmpint(head->at_ms, >=, 0);
    g_assert_cmpuint(strlen(text), <=, SIGNED_HEAD_TEXT_BYTES);
    g_assert_true(signed_head_parse(text, strlen(text), &again, NULL));
    g_assert_cmpmem(&again, sizeof again, head, sizeof *head);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const char *bytes = (const char *)data;
    struct signed_head head = { 0 };
    if (signed_head_parse(bytes, size, &head, NULL)) {
        g_autofree char *text = signed_head_print(&head);
        g_assert_cmpmem(text, strlen(text), bytes, size);
    }
    g_autoptr(GError) error = NULL;
    g_autoptr(GArray) heads = NULL;
    if (!signed_heads_read(bytes, size, &heads, &error)) {
        g_assert_error(error, FAULT, FAULT_INVALID_DATA);
        g_assert_true(g_str_has_prefix(error->message, "line "));
        return 0;
    }
    for (guint i = 0; i < heads->len; i++) {
        check_text(&g_array_index(heads, struct signed_head, i));
        g_assert_true(i == 0 || g_array_index(heads, struct signed_head, i - 1).seq <=
                                    g_array_index(heads, struct signed_head, i).seq);
    }
    return 0;
}
