// SPDX-License-Identifier: Apache-2.0
//
// Heads go to a real program and a real socket; whatever these do, who hands a head out is not held.

#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fault.h"
#include "main/head_export.h"
#include "main/side_command.h"

enum { DEADLINE_MS = 20000, AT_ONCE_MS = 1000 };

#define HASH "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define HEAD(number) number " 1700000000000 " HASH " " HASH

struct kit {
    char *dir;
    char *kept; // what the program writes
    char *program;
};

static struct kit kit_new(const char *script) {
    struct kit kit = { .dir = g_dir_make_tmp("sluice-heads-XXXXXX", NULL) };
    kit.kept = g_build_filename(kit.dir, "kept", NULL);
    kit.program = g_build_filename(kit.dir, "a program", NULL);
    g_autofree char *text = g_strdup_printf("#!/bin/sh\nkept=%s\n%s\n", kit.kept, script);
    g_assert_true(
        g_file_set_contents_full(kit.program, text, -1, G_FILE_SET_CONTENTS_NONE, 0700, NULL));
    return kit;
}

static void kit_done(struct kit *kit) {
    g_autoptr(GDir) dir = g_dir_open(kit->dir, 0, NULL);
    const char *name = NULL;
    while ((name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *path = g_build_filename(kit->dir, name, NULL);
        (void)g_unlink(path);
    }
    (void)g_rmdir(kit->dir);
    g_free(kit->dir);
    g_free(kit->kept);
    g_free(kit->program);
}

static struct head_export *start(const struct kit *kit, const char *more, int64_t limit_ms) {
    g_autofree char *command = g_strdup_printf("'%s'%s", kit->program, more);
    struct head_export_options options = { .command = command,
                                           .dir = kit->dir,
                                           .limit_ms = limit_ms };
    return head_export_start(&options);
}

static char *contents(const struct kit *kit) {
    char *text = NULL;
    return g_file_get_contents(kit->kept, &text, NULL, NULL) ? text : g_strdup("");
}

static void wait_for(const struct kit *kit, const char *part) {
    for (int i = 0; i < DEADLINE_MS / 10; i++) {
        g_autofree char *text = contents(kit);
        if (strstr(text, part) != NULL) {
            return;
        }
        g_usleep(10 * 1000);
    }
    g_error("%s never said %s", kit->kept, part);
}

static int64_t now_ms(void) {
    return g_get_monotonic_time() / 1000;
}

static void a_head_goes_to_the_programs_input_and_nothing_else_of_ours_does(void) {
    g_assert_cmpint(setenv("SLUICE_TEST_SECRET", "secret", 1), ==, 0);
    int open_fd = open("/dev/null", O_RDONLY); // as careless as can be: it would be inherited
    g_assert_cmpint(open_fd, >, 2);
    struct kit kit = kit_new("{ cat; env | grep -v '^_=\\|^PWD='; ls /proc/self/fd; pwd; ulimit "
                             "-Sn; echo \"$1|$2|\"; } >$kept.new 2>&1\n"
                             "mv $kept.new $kept");
    struct head_export *heads = start(&kit, " 'one $HOME' *", 30000);
    head_export_put(HEAD("12"), heads);
    wait_for(&kit, "|");
    head_export_stop(heads);
    g_autofree char *text = contents(&kit);
    g_autofree char *environment = g_strdup_printf("\nSLUICE_DATA=%s\n", kit.dir);
    g_assert_true(g_str_has_prefix(text, HEAD("12") "\n"));
    g_assert_nonnull(strstr(text, environment));
    g_assert_null(strstr(text, "secret"));
    g_assert_nonnull(
        strstr(text, "\n0\n1\n2\n3\n/\n1024\none $HOME|*|\n")); // 3: the directory that ls reads
    (void)close(open_fd);
    (void)unsetenv("SLUICE_TEST_SECRET");
    kit_done(&kit);
}

static void a_program_that_hangs_holds_nobody_and_is_killed_with_its_children(void) {
    struct kit kit = kit_new("(trap '' TERM HUP; setsid sleep 1000) &\necho $! >$kept.new; mv "
                             "$kept.new $kept; sleep 1000");
    struct head_export *heads = start(&kit, "", 300);
    int64_t begin_ms = now_ms();
    for (int i = 0; i < 1000; i++) {
        head_export_put(HEAD("12"), heads);
    }
    g_assert_cmpint(now_ms() - begin_ms, <, AT_ONCE_MS);
    wait_for(&kit, "\n");
    g_autofree char *text = contents(&kit);
    pid_t child = (pid_t)g_ascii_strtoll(text, NULL, 10);
    for (int i = 0; i < DEADLINE_MS / 10 && kill(child, 0) == 0; i++) {
        g_usleep(10 * 1000);
    }
    g_assert_cmpint(kill(child, 0), !=, 0);
    head_export_stop(heads);
    kit_done(&kit);
}

static void the_end_waits_two_seconds_for_a_program_and_no_longer(void) {
    struct kit kit = kit_new("echo $$ >>$kept\nsleep 1000");
    struct head_export *heads = start(&kit, "", 600000);
    head_export_put(HEAD("12"), heads);
    wait_for(&kit, "\n");
    int64_t begin_ms = now_ms();
    head_export_stop(heads);
    g_assert_cmpint(now_ms() - begin_ms, >=, 1900);
    g_assert_cmpint(now_ms() - begin_ms, <, 10000);
    g_autofree char *text = contents(&kit);
    g_assert_cmpint(kill((pid_t)g_ascii_strtoll(text, NULL, 10), 0), !=, 0);
    kit_done(&kit);
}

static void a_head_that_failed_goes_out_at_the_end_and_the_same_head_only_once(void) {
    struct kit kit = kit_new("[ -e $kept.ok ] || { : >$kept.ok; exit 3; }; cat >>$kept");
    g_autofree char *mark = g_strconcat(kit.kept, ".ok", NULL);
    struct head_export *heads = start(&kit, "", 30000);
    head_export_put(HEAD("12"), heads);
    for (int i = 0; i < DEADLINE_MS / 10 && !g_file_test(mark, G_FILE_TEST_EXISTS); i++) {
        g_usleep(10 * 1000);
    }
    head_export_put(HEAD("13"), heads);
    head_export_stop(heads);
    g_autofree char *text = contents(&kit);
    g_assert_cmpstr(text, ==, HEAD("13") "\n"); // the newest stands for those before it
    heads = start(&kit, "", 30000);
    head_export_put(HEAD("14"), heads);
    wait_for(&kit, HEAD("14"));
    head_export_put(HEAD("14"), heads);
    head_export_stop(heads);
    g_autofree char *more = contents(&kit);
    g_assert_cmpstr(more, ==, HEAD("13") "\n" HEAD("14") "\n");
    kit_done(&kit);
}

static void a_head_goes_to_the_systems_log(void) {
    struct kit kit = kit_new("");
    g_autofree char *path = g_build_filename(kit.dir, "log", NULL);
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    g_assert_cmpuint(g_strlcpy(address.sun_path, path, sizeof address.sun_path), <,
                     sizeof address.sun_path);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    g_assert_cmpint(bind(fd, (const struct sockaddr *)&address, sizeof address), ==, 0);
    struct timeval limit = { .tv_sec = DEADLINE_MS / 1000 };
    g_assert_cmpint(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit), ==, 0);
    struct head_export *heads = head_export_start(&(struct head_export_options){
        .syslog_path = path, .dir = "/var/lib/sluice", .limit_ms = 1000 });
    head_export_put(HEAD("12"), heads);
    char line[1024] = "";
    g_assert_cmpint(recv(fd, line, sizeof line - 1, 0), >, 0);
    head_export_stop(heads);
    g_autofree char *pattern = g_strdup_printf("^<85>[A-Z][a-z]{2} [ 0-9]\\d \\d\\d:\\d\\d:\\d\\d "
                                               "sluiced\\[%d\\]: /var/lib/sluice: audit-head %s$",
                                               (int)getpid(), HEAD("12"));
    g_assert_true(g_regex_match_simple(pattern, line, 0, 0));
    (void)close(fd);
    kit_done(&kit);
}

// ---- One program ----

static char *run(const char *script, int64_t limit_ms) {
    char *const argv[] = { (char *)"/bin/sh", (char *)"-c", (char *)script, NULL };
    char *const environment[] = { (char *)"PATH=/usr/bin:/bin", NULL };
    const struct side_command command = { .argv = argv,
                                          .environment = environment,
                                          .input = "x\n",
                                          .limit_ms = limit_ms,
                                          .stop_fd = -1 };
    return side_command_run(&command);
}

static void what_went_wrong_is_said(void) {
    static const struct {
        const char *script;
        const char *reason;
    } cases[] = {
        { "read line; [ $line = x ]", NULL },
        { "exit 0 <&-", NULL }, // the input is not read
        { "yes | head -c 1000000", NULL },
        { "echo away; echo for good >&2; exit 7", "it ended with 7: away\nfor good" },
        { "kill -9 $$", "signal 9 ended it" },
        { "printf '\\377'; exit 1", "it ended with 1: \xEF\xBF\xBD" },
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *reason = run(cases[i].script, DEADLINE_MS);
        g_assert_cmpstr(reason, ==, cases[i].reason);
    }
    g_autofree char *late = run("echo begun; sleep 1000", 200);
    g_assert_true(g_str_has_prefix(late, "it did not end within 0.2 s and was killed: begun"));
    char *const argv[] = { (char *)"/no/such/program", NULL };
    char *const environment[] = { NULL };
    g_autofree char *none = side_command_run(&(struct side_command){ .argv = argv,
                                                                     .environment = environment,
                                                                     .input = "",
                                                                     .limit_ms = DEADLINE_MS,
                                                                     .stop_fd = -1 });
    g_assert_cmpstr(none, ==, "it ended with 127: /no/such/program: No such file or directory");
}

static void a_command_is_words_behind_an_absolute_path(void) {
    static const char *const wrong[] = { "", "  ", "logger", "./x", "'/bin/sh", "$HOME/x" };
    g_assert_true(head_export_check_command("/usr/bin/logger -t heads 'a b'", NULL));
    for (guint i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_false(head_export_check_command(wrong[i], &error));
        g_assert_error(error, FAULT, FAULT_INVALID_DATA);
        g_assert_true(g_str_has_prefix(error->message, "--audit-head-command"));
    }
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/head_export/a_head_goes_to_the_programs_input_and_nothing_else_of_ours_does",
                    a_head_goes_to_the_programs_input_and_nothing_else_of_ours_does);
    g_test_add_func(
        "/head_export/a_program_that_hangs_holds_nobody_and_is_killed_with_its_children",
        a_program_that_hangs_holds_nobody_and_is_killed_with_its_children);
    g_test_add_func("/head_export/the_end_waits_two_seconds_for_a_program_and_no_longer",
                    the_end_waits_two_seconds_for_a_program_and_no_longer);
    g_test_add_func(
        "/head_export/a_head_that_failed_goes_out_at_the_end_and_the_same_head_only_once",
        a_head_that_failed_goes_out_at_the_end_and_the_same_head_only_once);
    g_test_add_func("/head_export/a_head_goes_to_the_systems_log", a_head_goes_to_the_systems_log);
    g_test_add_func("/head_export/what_went_wrong_is_said", what_went_wrong_is_said);
    g_test_add_func("/head_export/a_command_is_words_behind_an_absolute_path",
                    a_command_is_words_behind_an_absolute_path);
    return g_test_run();
}
