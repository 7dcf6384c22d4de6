// SPDX-License-Identifier: Apache-2.0
//
// fold-check DIR: what every fault test ends with. Folds the events of every run of the stopped server's store and compares them with
// the stored state, walks the operation log's chain, then lets the database check its own file. Exit code 0: all hold. For tests only;
// not installed.

#include <stdio.h>
#include <stdlib.h>

#include "store/audit.h"
#include "store/store.h"

int main(int argc, char **argv) {
    if (argc != 2) {
        (void)fputs("usage: fold-check DIR\n", stderr);
        return 2;
    }
    g_autoptr(GError) error = NULL;
    g_autofree char *fault = NULL;
    struct store_reader *reader = NULL;
    int64_t count = 0;
    bool is_sound =
        store_reader_open(argv[1], &reader, &error) && store_check_events(reader, &fault, &error) &&
        store_audit_verify(reader, &count, &fault, &error) && store_check_integrity(reader, &error);
    if (!is_sound) {
        (void)fprintf(stderr, "%s\n",
                      fault != NULL   ? fault
                      : error != NULL ? error->message
                                      : "a check failed without a word");
    }
    store_reader_close(reader);
    return is_sound ? EXIT_SUCCESS : EXIT_FAILURE;
}
