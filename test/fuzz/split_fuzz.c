// SPDX-License-Identifier: Apache-2.0
// folder: core
//
// split: any bytes in any dialect give statements in order, none empty, all inside; where only semicolons separate, a statement alone is one
// statement. The first byte chooses the dialect.
#include <assert.h>
#include <stdint.h>

#include "core/split.h"

static void check_alone(const struct dialect *dialect, const char *text, size_t len) {
    struct split split;
    struct split_part part;
    split_init(&split, dialect, text, len);
    bool is_there = split_next(&split, &part);
    assert(is_there && part.at == 0 && part.len == len);
    assert(!split_next(&split, &part));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const struct dialect *const dialects[] = { &dialect_sqlite, &dialect_postgresql,
                                                      &dialect_mysql,  &dialect_sqlserver,
                                                      &dialect_oracle, &dialect_common };
    if (size == 0) {
        return 0;
    }
    const struct dialect *dialect = dialects[data[0] % (sizeof dialects / sizeof dialects[0])];
    const char *text = (const char *)data + 1;
    size_t len = size - 1;
    struct split split;
    struct split_part part;
    size_t before = 0;
    split_init(&split, dialect, text, len);
    while (split_next(&split, &part)) {
        assert(part.len > 0 && part.at >= before && part.at + part.len <= len);
        before = part.at + part.len;
        (void)split_is_alone(dialect, text + part.at, part.len);
        if (dialect->separator_line == NULL && (dialect->traits & DIALECT_DELIMITER) == 0) {
            check_alone(dialect, text + part.at, part.len);
        }
    }
    return 0;
}
