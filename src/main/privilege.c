// SPDX-License-Identifier: Apache-2.0
//
// The uid check keeps two installations, or a reused number, from being able to signal and read each other's processes.

#include "main/privilege.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"

enum { ANCESTORS_MAX = 64, LOOKS_MAX = 10, LOOK_PAUSE_US = 20000, OUTLAST_SCORE = -500 };

struct process {
    uid_t uid;
    int64_t parent;
    char name[32];
};

static bool read_process(int64_t pid, struct process *ret_process) {
    g_autofree char *path = g_strdup_printf("/proc/%" G_GINT64_FORMAT "/status", pid);
    g_autofree char *text = NULL;
    if (!g_file_get_contents(path, &text, NULL, NULL)) {
        return false;
    }
    const char *parent = strstr(text, "\nPPid:");
    const char *uid = strstr(text, "\nUid:");
    if (!g_str_has_prefix(text, "Name:\t") || parent == NULL || uid == NULL) {
        return false;
    }
    const char *name = text + strlen("Name:\t");
    size_t len = MIN(strcspn(name, "\n"), sizeof ret_process->name - 1);
    memcpy(ret_process->name, name, len);
    ret_process->name[len] = '\0';
    ret_process->parent = g_ascii_strtoll(parent + strlen("\nPPid:"), NULL, 10);
    ret_process->uid = (uid_t)g_ascii_strtoull(uid + strlen("\nUid:"), NULL, 10);
    return true;
}

static bool is_our_program(const char *name) {
    return g_str_has_prefix(name, "sluice"); // sluiced, sluice-supervisor, sluice-launcher …
}

static bool is_ours(const struct process *process) {
    struct process ancestor = *process;
    for (int i = 0; i < ANCESTORS_MAX; i++) {
        if (is_our_program(ancestor.name)) {
            return true;
        }
        if (ancestor.parent <= 1 || !read_process(ancestor.parent, &ancestor)) {
            return false;
        }
    }
    return false;
}

// A tree that ends while it is looked at may have lost the parent through which it is ours: whoever looks foreign is looked at again.
static bool is_foreign(int64_t pid, uid_t server_uid, uid_t task_uid, struct process *ret_process) {
    for (int i = 0; i < LOOKS_MAX; i++) {
        if (!read_process(pid, ret_process) ||
            (ret_process->uid != server_uid && ret_process->uid != task_uid) ||
            is_ours(ret_process)) {
            return false;
        }
        g_usleep(LOOK_PAUSE_US);
    }
    return true;
}

bool privilege_check_uids(uid_t server_uid, uid_t task_uid, GError **error) {
    if (server_uid == task_uid) {
        fault_set(error, FAULT_INVALID_DATA,
                  "--server-uid and --task-uid are both %d; tasks must not run as the server",
                  (int)task_uid);
        return false;
    }
    g_autoptr(GDir) proc = g_dir_open("/proc", 0, NULL);
    const char *name = NULL;
    while (proc != NULL && (name = g_dir_read_name(proc)) != NULL) {
        int64_t pid = g_ascii_strtoll(name, NULL, 10);
        struct process process = { 0 };
        if (pid <= 0 || !is_foreign(pid, server_uid, task_uid, &process)) {
            continue;
        }
        fault_set(error, FAULT_INVALID_DATA,
                  "uid %d is in use by another program: process %" G_GINT64_FORMAT
                  " (%s); choose free numbers with --server-uid and --task-uid",
                  (int)process.uid, pid, process.name);
        return false;
    }
    return true;
}

bool privilege_drop(uid_t uid, GError **error) {
    gid_t gid = (gid_t)uid;
    if (setgroups(0, NULL) != 0 || setresgid(gid, gid, gid) != 0 || setresuid(uid, uid, uid) != 0) {
        fault_set(error, FAULT_INTERNAL, "can not become uid %d: %s", (int)uid, g_strerror(errno));
        return false;
    }
    g_assert(setuid(0) != 0);
    return true;
}

void privilege_harden(void) {
    struct rlimit none = { 0, 0 };
    (void)setrlimit(RLIMIT_CORE, &none);
    struct rlimit size = { 0 };
    if (getrlimit(RLIMIT_FSIZE, &size) == 0) {
        size.rlim_cur = size.rlim_max;
        (void)setrlimit(RLIMIT_FSIZE, &size);
    }
    (void)signal(SIGXFSZ, SIG_IGN);
    // Sanitizers read /proc/self, which this would close to us.
#ifndef SLUICE_ADDRESS_SANITIZER
    (void)prctl(PR_SET_DUMPABLE, 0);
#endif
    (void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    (void)umask(077);
}

bool privilege_files(int64_t needed, int64_t wished, GError **error) {
    struct rlimit files = { 0 };
    if (getrlimit(RLIMIT_NOFILE, &files) != 0) {
        fault_set(error, FAULT_INTERNAL, "the limit of open files: %s", g_strerror(errno));
        return false;
    }
    const struct rlimit more = { .rlim_cur = (rlim_t)wished, .rlim_max = (rlim_t)wished };
    if (files.rlim_max < (rlim_t)wished && setrlimit(RLIMIT_NOFILE, &more) == 0) {
        files = more;
    }
    files.rlim_cur = files.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &files);
    if (files.rlim_max < (rlim_t)needed) {
        fault_set(error, FAULT_INVALID_DATA,
                  "%" G_GUINT64_FORMAT " files may be open (the hard limit, ulimit -Hn), and "
                  "%" G_GINT64_FORMAT " are needed; raise it, or lower --connections-max",
                  (guint64)files.rlim_max, needed);
        return false;
    }
    return true;
}

void privilege_outlast(void) {
    static const char path[] = "/proc/self/oom_score_adj";
    g_autofree char *text = NULL;
    if (!g_file_get_contents(path, &text, NULL, NULL) ||
        g_ascii_strtoll(text, NULL, 10) <= OUTLAST_SCORE) {
        return;
    }
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd >= 0) {
        (void)dprintf(fd, "%d",
                      OUTLAST_SCORE); // only root may; without it the others are given up first
        (void)close(fd);
    }
}
