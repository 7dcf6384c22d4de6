// SPDX-License-Identifier: Apache-2.0

/* Durable files, locks, and sockets below long paths. */

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

static int scratch_open(char *path) {
    g_assert_nonnull(g_mkdtemp(path));
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    g_assert_cmpint(fd, >=, 0);
    return fd;
}

static void the_checksum_is_crc32c(void) {
    g_assert_cmphex(file_crc32c(0, "123456789", 9), ==, 0xe3069283u);
    g_assert_cmphex(file_crc32c(file_crc32c(0, "1234", 4), "56789", 5), ==, 0xe3069283u);
}

static void a_replaced_file_has_the_new_content_and_mode(void) {
    char path[] = "/var/tmp/sluice-file-XXXXXX";
    int dir = scratch_open(path);
    for (int i = 0; i < 2; i++) {
        const char *text = i == 0 ? "old and longer" : "new";
        g_assert_cmpint(file_replace(dir, "name", text, strlen(text), 0600, (uid_t)-1, 0), ==, 0);
        g_autofree char *file = g_build_filename(path, "name", NULL);
        g_autofree char *content = NULL;
        g_assert_true(g_file_get_contents(file, &content, NULL, NULL));
        g_assert_cmpstr(content, ==, text);
        struct stat status;
        g_assert_cmpint(stat(file, &status), ==, 0);
        g_assert_cmpint(status.st_mode & 07777, ==, 0600);
    }
    g_assert_cmpint(file_replace(dir, "no", "x", 1, 0600, (uid_t)-1, 0), ==, 0);
    g_assert_cmpint(unlinkat(dir, "no", 0), ==, 0);
    g_assert_cmpint(unlinkat(dir, "name", 0), ==, 0);
    (void)close(dir);
    g_assert_cmpint(rmdir(path), ==, 0); /* and no temporary file is left */
}

static void a_quota_is_as_full_as_a_disk(void) {
    g_assert_true(file_is_full(-ENOSPC));
    g_assert_true(file_is_full(-EDQUOT));
    static const int others[] = { 0, ENOSPC, EDQUOT, -EIO, -EFBIG, -EROFS, -ENOMEM, -EACCES };
    for (size_t i = 0; i < G_N_ELEMENTS(others); i++) {
        g_assert_false(file_is_full(others[i]));
    }
}

static void a_lock_is_held_once(void) {
    char path[] = "/var/tmp/sluice-file-XXXXXX";
    int dir = scratch_open(path), first = -1, second = -1;
    g_assert_cmpint(file_lock(dir, "lock", 0600, geteuid(), getegid(), &first), ==, 0);
    g_assert_cmpint(file_lock(dir, "lock", 0600, geteuid(), getegid(), &second), ==, -EWOULDBLOCK);
    g_assert_cmpint(second, ==, -1);
    (void)close(first);
    g_assert_cmpint(file_lock(dir, "lock", 0600, geteuid(), getegid(), &second), ==, 0);
    (void)close(second);
    (void)unlinkat(dir, "lock", 0);
    (void)close(dir);
    g_assert_cmpint(rmdir(path), ==, 0);
}

static void a_socket_below_a_path_of_300_bytes_can_be_reached(void) {
    char path[] = "/var/tmp/sluice-file-XXXXXX";
    (void)close(scratch_open(path));
    g_autofree char *name = g_strnfill(250, 'd');
    g_autofree char *deep = g_build_filename(path, name, NULL);
    g_assert_cmpint(mkdir(deep, 0700), ==, 0);
    int dir = open(deep, O_RDONLY | O_DIRECTORY | O_CLOEXEC), listener = -1, client = -1;
    g_assert_cmpint(file_connect(dir, "socket", &client), ==, -ENOENT);
    g_assert_cmpint(file_listen(dir, "socket", 0600, (uid_t)-1, 0, &listener), ==, 0);
    g_assert_cmpint(file_connect(dir, "socket", &client), ==, 0);
    int server = accept(listener, NULL, NULL);
    g_assert_cmpint(server, >=, 0);
    g_assert_cmpint(send(client, "x", 1, 0), ==, 1);
    char byte = 0;
    g_assert_cmpint(recv(server, &byte, 1, 0), ==, 1);
    g_assert_cmpint(byte, ==, 'x');
    (void)close(client);
    (void)close(server);
    (void)close(listener);
    g_assert_cmpint(file_connect(dir, "socket", &client), ==, -ECONNREFUSED);
    g_assert_cmpint(unlinkat(dir, "socket", 0), ==, 0);
    (void)close(dir);
    g_assert_cmpint(rmdir(deep), ==, 0);
    g_assert_cmpint(rmdir(path), ==, 0);
}

static void the_boot_id_is_a_uuid(void) {
    char id[FILE_BOOT_ID_BYTES], again[FILE_BOOT_ID_BYTES];
    g_assert_cmpint(file_boot_id(id), ==, 0);
    g_assert_cmpint(file_boot_id(again), ==, 0);
    g_assert_cmpstr(id, ==, again);
    g_assert_true(g_uuid_string_is_valid(id));
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/file/the_checksum_is_crc32c", the_checksum_is_crc32c);
    g_test_add_func("/file/a_replaced_file_has_the_new_content_and_mode",
                    a_replaced_file_has_the_new_content_and_mode);
    g_test_add_func("/file/a_quota_is_as_full_as_a_disk", a_quota_is_as_full_as_a_disk);
    g_test_add_func("/file/a_lock_is_held_once", a_lock_is_held_once);
    g_test_add_func("/file/a_socket_below_a_path_of_300_bytes_can_be_reached",
                    a_socket_below_a_path_of_300_bytes_can_be_reached);
    g_test_add_func("/file/the_boot_id_is_a_uuid", the_boot_id_is_a_uuid);
    return g_test_run();
}
