// SPDX-License-Identifier: Apache-2.0
//
// start: the description of an attempt on its way to the supervisor. Not for sending it.
//
// What always holds: what an attempt is given lies in sealed memory files, so that nobody can change it once it was sent.
#include "exec/start.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"

enum { FIRST_CONTENT = 1 }; // place of the contents among the descriptors; 0 is the specification

// A sealed memory file with these bytes: the supervisor and the attempt can read it and nobody can change it.
static int content_new(GBytes *content) {
    gsize len = 0;
    const void *data = g_bytes_get_data(content, &len);
    int fd = memfd_create("sluice-content", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0) {
        return -errno;
    }
    int result = file_write_at(fd, data, len, 0);
    if (result == 0 &&
        fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) != 0) {
        result = -errno;
    }
    if (result != 0) {
        (void)close(fd);
        return result;
    }
    return fd;
}

void start_close(struct frame_start *start) {
    for (uint32_t i = 0; i < start->fd_count; i++) {
        (void)close(start->fds[i]);
    }
    start->fd_count = 0;
}

// HOME is the work directory, whose name only exists with the fence (base/frame.h: DIR/work/FENCE).
static char *home_variable(const char *dir, int64_t fence, const struct attempt_spec *spec) {
    if (spec->work_dir != NULL) {
        return g_strdup_printf("HOME=%s", spec->work_dir);
    }
    return g_strdup_printf("HOME=%s/work/%" PRId64, dir, fence);
}

static const char *const *with_end(GPtrArray *texts) {
    g_ptr_array_add(texts, NULL);
    return (const char *const *)texts->pdata;
}

// Fills the specification and the contents' descriptors. 0 or -errno, with nothing left open.
static int fill_descriptors(const char *dir, int64_t fence, const struct attempt_spec *spec,
                            struct frame_start *start) {
    if (spec->contents->len + FIRST_CONTENT > FRAME_FDS_MAX) {
        return -E2BIG;
    }
    g_autofree char *home = home_variable(dir, fence, spec);
    g_autoptr(GPtrArray) arguments = g_ptr_array_new();
    g_autoptr(GPtrArray) environment = g_ptr_array_new();
    g_ptr_array_extend(arguments, spec->arguments, NULL, NULL);
    g_ptr_array_extend(environment, spec->environment, NULL, NULL);
    g_ptr_array_add(environment, home);
    int result = frame_spec_new(with_end(arguments), with_end(environment), &start->fds[0],
                                &start->argument_count, &start->environment_count);
    if (result != 0) {
        return result;
    }
    start->fd_count = FIRST_CONTENT;
    for (guint i = 0; i < spec->contents->len; i++) {
        int fd = content_new(g_ptr_array_index(spec->contents, i));
        if (fd < 0) {
            start_close(start);
            return fd;
        }
        start->fds[start->fd_count++] = fd;
    }
    return 0;
}

int start_fill(const char *dir, int64_t fence, const struct attempt_spec *spec,
               struct frame_start *ret_start) {
    g_assert(dir != NULL && dir[0] == '/');
    g_assert(fence > 0);
    g_assert(spec != NULL);

    struct frame_start start = {
        .fence = (uint64_t)fence,
        .timeout_ms = (uint64_t)MAX(spec->timeout_ms, 0),
        .grace_ms = (uint32_t)CLAMP(spec->grace_ms, 0, UINT32_MAX),
        .result_max = MIN(spec->result_max_bytes, FRAME_RESULT_BYTES_MAX),
        .program = frame_text(spec->program),
        .workdir = frame_text(spec->work_dir),
        .note = frame_text(spec->note),
    };
    start.note.len = MIN(start.note.len, FRAME_NOTE_MAX);
    int result = fill_descriptors(dir, fence, spec, &start);
    if (result == 0) {
        *ret_start = start;
    }
    return result;
}
