// SPDX-License-Identifier: Apache-2.0
//
// The table of drivers, which sluice-sql links, and that of the kinds of databases, which the server knows: one must not promise what the other
// has not.
#include <glib.h>

#include "core/database_kind.h"
#include "sql/drivers.h"
#include "sql/sqlite.h"

static void every_kind_that_is_served_has_its_driver(void) {
    const struct database_kind *kind = NULL;
    int served_count = 0;
    for (size_t i = 0; (kind = database_kind_at(i)) != NULL; i++) {
        g_test_message("%s", kind->word);
        g_assert_true(kind->driver == NULL || sql_driver_find(kind->driver) != NULL);
        served_count += kind->driver != NULL;
    }
    g_assert_cmpint(served_count, >, 0);
    g_assert_true(sql_driver_find(database_kind_by_port(0)->driver) == &sql_sqlite_driver);
}

static void another_name_has_none(void) {
    g_assert_null(sql_driver_find("oracle"));
    g_assert_null(sql_driver_find(""));
    g_assert_null(sql_driver_find(NULL));
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/drivers/every_kind_that_is_served_has_its_driver",
                    every_kind_that_is_served_has_its_driver);
    g_test_add_func("/drivers/another_name_has_none", another_name_has_none);
    return g_test_run();
}
