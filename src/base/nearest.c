// SPDX-License-Identifier: Apache-2.0
//
// nearest: the edit distance (with exchanged neighbours) without regard to case, over names of bounded length.
#include "base/nearest.h"

#include <stdbool.h>
#include <string.h>

struct near_name {
    const char *name;
    unsigned distance;
};

static bool is_equal(char a, char b) {
    return g_ascii_tolower(a) == g_ascii_tolower(b);
}

// Changes that make one word the other: a letter more, less or another, or two neighbours exchanged. Both have at most NEAREST_BYTES_MAX bytes.
static unsigned distance(const char *from, const char *to) {
    unsigned rows[3][NEAREST_BYTES_MAX +
                     1]; // of the letters before the last, of the last, and of this one of `from`
    unsigned *before = rows[0];
    unsigned *last = rows[1];
    unsigned *row = rows[2];
    unsigned to_len = (unsigned)strlen(to);
    for (unsigned k = 0; k <= to_len; k++) {
        last[k] = before[k] = k;
    }
    for (unsigned i = 1; from[i - 1] != '\0'; i++) {
        row[0] = i;
        for (unsigned k = 1; k <= to_len; k++) {
            unsigned changed = last[k - 1] + (is_equal(from[i - 1], to[k - 1]) ? 0 : 1);
            row[k] = MIN(changed, 1 + MIN(last[k], row[k - 1]));
            if (i > 1 && k > 1 && is_equal(from[i - 1], to[k - 2]) &&
                is_equal(from[i - 2], to[k - 1])) {
                row[k] = MIN(row[k], before[k - 2] + 1);
            }
        }
        unsigned *spare = before;
        before = last;
        last = row;
        row = spare;
    }
    return last[to_len];
}

// Keeps the nearest names in order; of equally near ones the first stays in front.
static void keep(struct near_name *kept, size_t *count, struct near_name found) {
    size_t at = *count;
    while (at > 0 && kept[at - 1].distance > found.distance) {
        at--;
    }
    if (at == NEAREST_NAMES_MAX) {
        return;
    }
    *count = MIN(*count + 1, NEAREST_NAMES_MAX);
    for (size_t i = *count - 1; i > at; i--) {
        kept[i] = kept[i - 1];
    }
    kept[at] = found;
}

char *nearest_names(const char *word, const char *const *names, size_t count) {
    struct near_name kept[NEAREST_NAMES_MAX];
    size_t kept_count = 0;
    size_t len = strlen(word);
    for (size_t i = 0; i < count && len <= NEAREST_BYTES_MAX; i++) {
        size_t name_len = strlen(names[i]);
        if (name_len > NEAREST_BYTES_MAX) {
            continue;
        }
        unsigned changes = distance(word, names[i]);
        if (changes * 3 <= MAX(len, name_len)) {
            keep(kept, &kept_count, (struct near_name){ names[i], changes });
        }
    }
    if (kept_count == 0) {
        return NULL;
    }
    GString *text = g_string_new(kept[0].name);
    for (size_t i = 1; i < kept_count; i++) {
        g_string_append_printf(text, "%s%s", i + 1 == kept_count ? " or " : ", ", kept[i].name);
    }
    return g_string_free(text, FALSE);
}
