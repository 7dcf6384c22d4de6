// SPDX-License-Identifier: Apache-2.0
//
// captured: what an act writes to standard error, read back from a pipe put in its place. At most 4 095 bytes.
#pragma once

#include <fcntl.h>
#include <glib.h>
#include <unistd.h>

// The caller frees the text.
static inline char *captured(void (*act)(void *user), void *user) {
    int ends[2];
    int kept = dup(STDERR_FILENO);
    g_assert_cmpint(pipe2(ends, O_CLOEXEC), ==, 0);
    g_assert_cmpint(dup2(ends[1], STDERR_FILENO), ==, STDERR_FILENO);
    g_assert_cmpint(close(ends[1]), ==, 0);
    act(user);
    g_assert_cmpint(dup2(kept, STDERR_FILENO), ==, STDERR_FILENO); // the last writer: the pipe ends
    g_assert_cmpint(close(kept), ==, 0);
    char text[4096];
    ssize_t len = 0;
    for (ssize_t got = 1; got > 0; len += got) {
        got = read(ends[0], text + len, sizeof text - (size_t)len);
        g_assert_cmpint(got, >=, 0);
    }
    g_assert_cmpint(close(ends[0]), ==, 0);
    return g_strndup(text, (size_t)len);
}
