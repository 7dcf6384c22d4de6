// SPDX-License-Identifier: Apache-2.0
//
// An offset to the boot's clock, chosen once at the start, and a row that remembers a reading of both.

#include "engine/steady.h"

#include <string.h>
#include <time.h>

#include "base/fault.h"
#include "base/file.h"
#include "base/zone.h"
#include "store/steady.h"

int64_t steady_wall_ms(const struct steady_source *source) {
    return source->wall_ms != NULL ? source->wall_ms(source->user) : zone_now_ms();
}

static int64_t boot_ms(const struct steady_source *source) {
    if (source->boot_ms != NULL) {
        return source->boot_ms(source->user);
    }
    struct timespec now = { 0 };
    (void)clock_gettime(CLOCK_BOOTTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool find_boot(struct steady *steady, GError **error) {
    if (steady->source.boot_id != NULL) {
        (void)g_strlcpy(steady->boot_id, steady->source.boot_id, sizeof steady->boot_id);
        return true;
    }
    char boot_id[FILE_BOOT_ID_BYTES] = { 0 };
    int result = file_boot_id(boot_id);
    if (result < 0) {
        fault_set(error, FAULT_INTERNAL, "reading the kernel's boot id: %s", g_strerror(-result));
        return false;
    }
    (void)g_strlcpy(steady->boot_id, boot_id, sizeof steady->boot_id);
    return true;
}

static bool keep(struct steady *steady, int64_t now_ms, GError **error) {
    struct steady_row row = { .boot_id = steady->boot_id,
                              .boot_ms = now_ms - steady->offset_ms,
                              .steady_ms = now_ms };
    if (!store_steady_put(steady->store, &row, error)) {
        return false;
    }
    steady->kept_ms = now_ms;
    return true;
}

bool steady_begin(struct steady *steady, struct store *store, const struct steady_source *source,
                  GError **error) {
    *steady = (struct steady){ .store = store, .source = *source };
    struct steady_row row = { 0 };
    if (!find_boot(steady, error) || !store_steady_get(store_as_reader(store), &row, error)) {
        return false;
    }
    int64_t since_boot_ms = boot_ms(source);
    int64_t now_ms = row.steady_ms; // another boot: it stood still meanwhile
    if (row.boot_id == NULL) {
        now_ms = steady_wall_ms(source);
    } else if (strcmp(row.boot_id, steady->boot_id) == 0 && row.boot_ms <= since_boot_ms) {
        now_ms = row.steady_ms + (since_boot_ms - row.boot_ms);
    }
    steady_row_done(&row);
    steady->offset_ms = now_ms - since_boot_ms;
    return keep(steady, now_ms, error);
}

int64_t steady_now_ms(const struct steady *steady) {
    return boot_ms(&steady->source) + steady->offset_ms;
}

bool steady_keep(struct steady *steady, bool has_runs, GError **error) {
    int64_t now_ms = steady_now_ms(steady);
    int64_t age_ms = now_ms - steady->kept_ms;
    bool is_time = (store_is_dirty(steady->store) && age_ms >= STEADY_KEEP_MS) ||
                   (has_runs && age_ms >= STEADY_KEEP_MAX_MS);
    return !is_time || keep(steady, now_ms, error);
}
