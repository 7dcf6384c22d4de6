// SPDX-License-Identifier: Apache-2.0

/* Work directories: fresh for each attempt, whatever the last one left; removed whatever is in. */

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <glib.h>
#include <linux/fs.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "supervisor/workdir.h"

#define TASK_ID 62801
#define HELPER_MS 20000

struct rig {
    char path[64];
    int fd;
    struct workdir workdir;
};

static bool is_root(void) {
    return geteuid() == 0;
}

static void set_up(struct rig *rig, gconstpointer data) {
    g_strlcpy(rig->path, "/var/tmp/sluice-workdir-XXXXXX", sizeof rig->path);
    g_assert_nonnull(g_mkdtemp(rig->path));
    g_assert_cmpint(chmod(rig->path, 0711), ==, 0);
    rig->fd = open(rig->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    g_assert_cmpint(rig->fd, >=, 0);
    workdir_init(&rig->workdir, rig->fd, is_root() ? TASK_ID : (uid_t)-1, TASK_ID);
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *where) {
    return remove(path);
}

static void tear_down(struct rig *rig, gconstpointer data) {
    workdir_done(&rig->workdir);
    (void)close(rig->fd);
    (void)nftw(rig->path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static unsigned count_entries(int dir_fd, const char *name) {
    g_autofree char *path = g_strdup_printf("/proc/self/fd/%d/%s", dir_fd, name);
    g_autoptr(GDir) directory = g_dir_open(path, 0, NULL);
    g_assert_nonnull(directory);
    unsigned count = 0;
    while (g_dir_read_name(directory) != NULL)
        count++;
    return count;
}

/* Lets helpers work until nothing waits. */
static void wait_for_helper(struct rig *rig) {
    for (;;) {
        int fd = -1;
        workdir_step(&rig->workdir, &fd);
        if (fd < 0)
            return;
        struct pollfd ended = { .fd = fd, .events = POLLIN };
        g_assert_cmpint(poll(&ended, 1, HELPER_MS), ==, 1);
        workdir_helper_ended(&rig->workdir);
    }
}

static ino_t make(struct rig *rig, uint64_t fence) {
    char name[WORKDIR_NAME_BYTES];
    struct stat status;
    g_assert_cmpint(workdir_make(&rig->workdir, fence), ==, 0);
    workdir_name(fence, name);
    g_assert_cmpint(fstatat(rig->fd, name, &status, AT_SYMLINK_NOFOLLOW), ==, 0);
    g_assert_cmpuint(status.st_mode, ==, S_IFDIR | 0700);
    g_assert_cmpuint(status.st_uid, ==, is_root() ? TASK_ID : geteuid());
    g_assert_cmpuint(count_entries(rig->fd, name), ==, 0);
    return status.st_ino;
}

static void a_fresh_directory_is_empty_private_and_the_tasks(struct rig *rig, gconstpointer data) {
    (void)make(rig, 1);
    g_assert_cmpint(workdir_make(&rig->workdir, 1), ==, -EEXIST);
    workdir_remove(&rig->workdir, 1);
    wait_for_helper(rig);
}

static void an_empty_one_is_used_again(struct rig *rig, gconstpointer data) {
    ino_t first = make(rig, 1);
    (void)make(rig, 2);
    workdir_remove(&rig->workdir, 1);
    g_assert_cmpuint(rig->workdir.spare_count, ==, 1);
    g_assert_cmpint(faccessat(rig->fd, "1", F_OK, 0), ==, -1);
    g_assert_cmpuint(make(rig, 3), ==, first);
    g_assert_cmpuint(rig->workdir.spare_count, ==, 0);
    workdir_remove(&rig->workdir, 2);
    workdir_remove(&rig->workdir, 3);
    workdir_remove(&rig->workdir, 4); /* never made */
    g_assert_cmpuint(rig->workdir.spare_count, ==, 2);
    workdir_done(&rig->workdir);
    g_assert_cmpuint(count_entries(rig->fd, "."), ==, 0);
}

/* While it waits for its next attempt, nobody with the task's uid can put anything in: not even who
 * still has it open. */
static void a_spare_is_out_of_reach_for_tasks(struct rig *rig, gconstpointer data) {
    if (!is_root()) {
        g_test_skip("server and tasks are one user");
        return;
    }
    (void)make(rig, 1);
    int fd = openat(rig->fd, "1", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    workdir_remove(&rig->workdir, 1);
    g_assert_cmpuint(rig->workdir.spare_count, ==, 1);
    g_assert_cmpint(setresuid(TASK_ID, TASK_ID, 0), ==, 0);
    int by_fd = mkdirat(fd, "left", 0700), by_fd_error = errno;
    int by_name = mkdirat(rig->fd, ".spare.0/left", 0700), by_name_error = errno;
    g_assert_cmpint(setresuid(0, 0, 0), ==, 0);
    g_assert_cmpint(by_fd, ==, -1);
    g_assert_cmpint(by_fd_error, ==, EACCES);
    g_assert_cmpint(by_name, ==, -1);
    g_assert_cmpint(by_name_error, ==, EACCES);
    (void)close(fd);
    (void)make(rig, 2);
}

static void leave_file(int fd) {
    g_assert_cmpint(mknodat(fd, "file", S_IFREG | 0600, 0), ==, 0);
}

static void leave_hidden_file(int fd) {
    g_assert_cmpint(mknodat(fd, ".f", S_IFREG | 0600, 0), ==, 0);
}

static void leave_directory(int fd) {
    g_assert_cmpint(mkdirat(fd, "d", 0700), ==, 0);
}

static void leave_link(int fd) {
    g_assert_cmpint(symlinkat("..", fd, "up"), ==, 0);
}

static void leave_open_mode(int fd) {
    g_assert_cmpint(fchmod(fd, 0777), ==, 0);
}

static void leave_group_bit(int fd) {
    g_assert_cmpint(fchmod(fd, 02700), ==, 0);
}

static void leave_closed_mode(int fd) {
    g_assert_cmpint(fchmod(fd, 0), ==, 0);
}

static void leave_attribute(int fd) {
    if (fsetxattr(fd, "user.note", "x", 1, 0) != 0)
        leave_file(fd); /* no attributes here */
}

/* "default:user::rwx, group::---, other::---": what is made in there would get it. */
static void leave_access_list(int fd) {
    static const uint8_t list[] = {
        2, 0, 0,   0,   1,   0,   7,    0, 255, 255, 255, 255, 4,   0,
        0, 0, 255, 255, 255, 255, 0x20, 0, 0,   0,   255, 255, 255, 255
    };
    if (fsetxattr(fd, "system.posix_acl_default", list, sizeof list, 0) != 0)
        leave_file(fd);
}

static void leave_flag(int fd) {
    int flags = 0;
    if (ioctl(fd, FS_IOC_GETFLAGS, &flags) != 0 ||
        ioctl(fd, FS_IOC_SETFLAGS, &(int){ flags | FS_NODUMP_FL }) != 0)
        leave_file(fd);
}

static const struct trace {
    const char *name;
    void (*leave)(int fd);
} traces[] = {
    { "a_file", leave_file },
    { "a_hidden_file", leave_hidden_file },
    { "a_directory", leave_directory },
    { "a_link", leave_link },
    { "an_open_mode", leave_open_mode },
    { "a_group_bit", leave_group_bit },
    { "a_closed_mode", leave_closed_mode },
    { "an_attribute", leave_attribute },
    { "an_access_list", leave_access_list },
    { "a_flag", leave_flag },
};

static void is_not_used_again(gconstpointer data) {
    const struct trace *trace = data;
    struct rig rig = { 0 };
    set_up(&rig, NULL);
    (void)make(&rig, 1);
    int fd = openat(rig.fd, "1", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    g_assert_cmpint(fd, >=, 0);
    trace->leave(fd);
    (void)close(fd);
    workdir_remove(&rig.workdir, 1);
    g_assert_cmpuint(rig.workdir.spare_count, ==, 0);
    wait_for_helper(&rig);
    g_assert_cmpuint(count_entries(rig.fd, "."), ==, 0);
    (void)make(&rig, 2);
    tear_down(&rig, NULL);
}

static void links_are_not_followed(struct rig *rig, gconstpointer data) {
    g_autofree char *kept = g_build_filename(rig->path, "kept", NULL);
    g_assert_cmpint(mkdirat(rig->fd, "kept", 0700), ==, 0);
    g_assert_cmpint(mknodat(rig->fd, "kept/file", S_IFREG | 0600, 0), ==, 0);
    (void)make(rig, 1);
    int fd = openat(rig->fd, "1", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    g_assert_cmpint(mkdirat(fd, "deep", 0700), ==, 0);
    g_assert_cmpint(symlinkat(kept, fd, "link"), ==, 0);
    g_assert_cmpint(symlinkat(kept, fd, "deep/link"), ==, 0);
    (void)close(fd);
    workdir_remove(&rig->workdir, 1);
    /* The directory itself replaced by a link. */
    g_assert_cmpint(symlinkat("kept", rig->fd, "2"), ==, 0);
    workdir_remove(&rig->workdir, 2);
    wait_for_helper(rig);
    g_assert_cmpuint(rig->workdir.spare_count, ==, 0);
    g_assert_cmpuint(count_entries(rig->fd, "."), ==, 1);
    g_assert_cmpuint(count_entries(rig->fd, "kept"), ==, 1);
}

static void deep_trees_are_removed(struct rig *rig, gconstpointer data) {
    enum { DEPTH = 3000 };
    (void)make(rig, 1);
    int fd = openat(rig->fd, "1", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (int i = 0; i < DEPTH; i++) {
        g_assert_cmpint(mkdirat(fd, "down", 0700), ==, 0);
        leave_file(fd);
        int below = openat(fd, "down", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        g_assert_cmpint(below, >=, 0);
        if (i % 100 == 50)
            g_assert_cmpint(fchmod(fd, 0), ==, 0);
        (void)close(fd);
        fd = below;
    }
    (void)close(fd);
    workdir_remove(&rig->workdir, 1);
    wait_for_helper(rig);
    g_assert_cmpuint(count_entries(rig->fd, "."), ==, 0);
}

static void wide_trees_are_removed(struct rig *rig, gconstpointer data) {
    enum { DIRECTORIES = 50, FILES = 100 };
    (void)make(rig, 1);
    int fd = openat(rig->fd, "1", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (int i = 0; i < DIRECTORIES; i++) {
        char name[32];
        (void)g_snprintf(name, sizeof name, "d%d", i);
        g_assert_cmpint(mkdirat(fd, name, 0700), ==, 0);
        for (int k = 0; k < FILES; k++) {
            (void)g_snprintf(name, sizeof name, "d%d/f%d", i, k);
            g_assert_cmpint(mknodat(fd, name, S_IFREG | 0400, 0), ==, 0);
        }
    }
    (void)close(fd);
    workdir_remove(&rig->workdir, 1);
    wait_for_helper(rig);
    g_assert_cmpuint(count_entries(rig->fd, "."), ==, 0);
}

static void a_start_removes_what_a_predecessor_left(struct rig *rig, gconstpointer data) {
    (void)make(rig, 1);
    (void)make(rig, 2);
    leave_file(rig->fd);
    g_assert_cmpint(mkdirat(rig->fd, ".spare.0", 0700), ==, 0);
    g_assert_cmpint(mkdirat(rig->fd, ".spare.1", 0700), ==, 0);
    g_assert_cmpint(mkdirat(rig->fd, ".spare.1/full", 0700), ==, 0);
    g_assert_cmpint(mkdirat(rig->fd, "2/full", 0700), ==, 0);
    workdir_remove_all(&rig->workdir);
    wait_for_helper(rig);
    workdir_done(&rig->workdir);
    g_assert_cmpuint(count_entries(rig->fd, "."), ==, 1); /* the file has no name of ours */
}

#define ADD(name) g_test_add("/workdir/" #name, struct rig, NULL, set_up, name, tear_down)

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    ADD(a_fresh_directory_is_empty_private_and_the_tasks);
    ADD(an_empty_one_is_used_again);
    ADD(a_spare_is_out_of_reach_for_tasks);
    for (gsize i = 0; i < G_N_ELEMENTS(traces); i++) {
        g_autofree char *path =
            g_strdup_printf("/workdir/one_with_%s_is_not_used_again", traces[i].name);
        g_test_add_data_func(path, &traces[i], is_not_used_again);
    }
    ADD(links_are_not_followed);
    ADD(deep_trees_are_removed);
    ADD(wide_trees_are_removed);
    ADD(a_start_removes_what_a_predecessor_left);
    return g_test_run();
}
