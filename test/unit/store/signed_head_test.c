// SPDX-License-Identifier: Apache-2.0
//
// One head has one text; what is no head is refused, never half read.

#include <string.h>

#include "base/fault.h"
#include "store/signed_head.h"

#define HASH "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define MAC "ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100"
#define HEAD "12 1700000000000 " HASH " " MAC

static void a_head_prints_as_it_was_read(void) {
    static const char *const texts[] = { HEAD, "1 0 " HASH " " MAC,
                                         "9223372036854775807 9223372036854775807 " HASH " " MAC };
    for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
        struct signed_head head = { 0 };
        g_assert_true(signed_head_parse(texts[i], strlen(texts[i]), &head, NULL));
        g_autofree char *printed = signed_head_print(&head);
        g_assert_cmpstr(printed, ==, texts[i]);
        g_assert_cmpuint(strlen(printed), <=, SIGNED_HEAD_TEXT_BYTES);
    }
}

static void what_is_no_head_is_refused(void) {
    static const char *const texts[] = {
        "",
        "12",
        HEAD " ",
        " " HEAD,
        HEAD "0",
        HEAD "\n",
        "0 1700000000000 " HASH " " MAC,
        "012 1700000000000 " HASH " " MAC,
        "-12 1700000000000 " HASH " " MAC,
        "+12 1700000000000 " HASH " " MAC,
        "9223372036854775808 0 " HASH " " MAC,
        "12  1700000000000 " HASH " " MAC,
        "12\t1700000000000 " HASH " " MAC,
        "12 1700000000000 " HASH MAC,
        "12 1700000000000 " HASH,
        "12 1700000000000 0" HASH " " MAC,
        "12 1700000000000 " HASH
        " FFEEDDCCBBAA99887766554433221100FFEEDDCCBBAA99887766554433221100",
    };
    for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(GError) error = NULL;
        struct signed_head head = { .seq = 77 };
        g_assert_false(signed_head_parse(texts[i], strlen(texts[i]), &head, &error));
        g_assert_error(error, FAULT, FAULT_INVALID_DATA);
        g_assert_cmpint(head.seq, ==, 77);
    }
    g_assert_false(signed_head_parse(HEAD, strlen(HEAD) - 1, &(struct signed_head){ 0 }, NULL));
}

static GArray *read_all(const char *text) {
    GArray *heads = NULL;
    g_autoptr(GError) error = NULL;
    (void)signed_heads_read(text, strlen(text), &heads, &error);
    g_assert_no_error(error);
    return heads;
}

static void heads_that_were_kept_come_in_any_order_and_out_of_a_systems_log(void) {
    g_autoptr(GArray) heads =
        read_all("Nov 28 19:00:01 host sluiced[7]: audit-head 30 5 " HASH " " MAC "\r\n\n" HEAD
                 "\n   \n<85>Nov 28 19:00:01 sluiced[7]: audit-head 20 5 " HASH " " MAC);
    g_assert_cmpuint(heads->len, ==, 3);
    for (guint i = 0; i < heads->len; i++) {
        static const int64_t numbers[] = { 12, 20, 30 };
        g_assert_cmpint(g_array_index(heads, struct signed_head, i).seq, ==, numbers[i]);
    }
    g_autoptr(GArray) none = read_all("\n\r\n");
    g_assert_cmpuint(none->len, ==, 0);
}

static void a_line_that_holds_no_head_is_named(void) {
    static const char text[] = HEAD "\n\n" HEAD " and more\n" HEAD "\n";
    GArray *heads = NULL;
    g_autoptr(GError) error = NULL;
    g_assert_false(signed_heads_read(text, strlen(text), &heads, &error));
    g_assert_error(error, FAULT, FAULT_INVALID_DATA);
    g_assert_true(g_str_has_prefix(error->message, "line 3: "));
    g_assert_null(heads);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/signed_head/a_head_prints_as_it_was_read", a_head_prints_as_it_was_read);
    g_test_add_func("/signed_head/what_is_no_head_is_refused", what_is_no_head_is_refused);
    g_test_add_func("/signed_head/heads_that_were_kept_come_in_any_order_and_out_of_a_systems_log",
                    heads_that_were_kept_come_in_any_order_and_out_of_a_systems_log);
    g_test_add_func("/signed_head/a_line_that_holds_no_head_is_named",
                    a_line_that_holds_no_head_is_named);
    return g_test_run();
}
