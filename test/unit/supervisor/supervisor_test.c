// SPDX-License-Identifier: Apache-2.0

/* The real sluice-supervisor over its socket: starts, ends, escapes, adoption, loss. */

#include <fcntl.h>
#include <glib.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rig.h"

#include "base/attempt_log.h"
#include "base/file.h"
#include "base/frame.h"

static char *read_log(struct rig *rig, uint64_t fence, struct attempt_log_range *ret_range) {
    char name[ATTEMPT_LOG_PATH_BYTES];
    attempt_log_path(fence, name);
    g_autofree char *path = g_build_filename(rig->path, "logs", name, NULL);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    g_assert_cmpint(fd, >=, 0);
    char *text = g_malloc0(65537);
    g_assert_cmpint(attempt_log_read(fd, 0, text, 65536, ret_range), ==, 0);
    (void)close(fd);
    return text;
}

/* Processes of the machine whose command line holds the mark. Zombies have none. */
static unsigned count_marked(const char *mark) {
    unsigned count = 0;
    g_autoptr(GDir) processes = g_dir_open("/proc", 0, NULL);
    for (const char *name; (name = g_dir_read_name(processes)) != NULL;) {
        g_autofree char *path = g_build_filename("/proc", name, "cmdline", NULL);
        g_autofree char *line = NULL;
        gsize len = 0;
        if (!g_ascii_isdigit(name[0]) || !g_file_get_contents(path, &line, &len, NULL) || len == 0)
            continue;
        if (memmem(line, len, mark, strlen(mark)) != NULL)
            count++;
    }
    return count;
}

static void wait_for_marked(const char *mark, unsigned at_least) {
    gint64 deadline = g_get_monotonic_time() + DEADLINE_US;
    while (count_marked(mark) < at_least) {
        g_assert_cmpint(g_get_monotonic_time(), <, deadline);
        g_usleep(5000);
    }
}

/* A number of seconds that no other process sleeps for: "sleep MARK" can be found. */
static char *new_mark(void) {
    static unsigned serial;
    return g_strdup_printf("3%05d%03u", (int)getpid() % 100000, serial++);
}

/* The end is told first, the directory goes after. */
static void wait_for_removal(struct rig *rig, const char *name) {
    gint64 deadline = g_get_monotonic_time() + DEADLINE_US;
    g_autofree char *work = g_build_filename(rig->path, "work", name, NULL);
    while (g_file_test(work, G_FILE_TEST_EXISTS)) {
        g_assert_cmpint(g_get_monotonic_time(), <, deadline);
        g_usleep(2000);
    }
}

static void an_exit_code_and_a_result_come_back(struct rig *rig, gconstpointer data) {
    struct attempt_log_range range;
    run(rig, "echo first; echo oops >&2; printf '{\"a\":\"b\"}\\n\\n  \\n'; exit 3");
    g_assert_cmpint(rig->exited.cause, ==, FRAME_CAUSE_EXITED);
    g_assert_cmpint(rig->exited.code, ==, 3);
    g_assert_cmpint(rig->exited.kill_sent, ==, FRAME_KILL_NONE);
    g_assert_cmpuint(rig->exited.result_flags, ==, FRAME_RESULT_PRESENT);
    g_assert_cmpstr(rig->result, ==, "{\"a\":\"b\"}");
    g_assert_cmpint(rig->exited.ended_ms, >=, rig->exited.started_ms);
    g_autofree char *log = read_log(rig, rig->exited.fence, &range);
    g_assert_true(range.is_finished);
    g_assert_nonnull(strstr(log, "Z OUT first\n"));
    g_assert_nonnull(strstr(log, "Z ERR oops\n"));
    g_assert_nonnull(strstr(log, "Z SYS exit code 3 after "));
    wait_for_removal(rig, "1");
}

static void the_program_gets_a_clean_room(struct rig *rig, gconstpointer data) {
    run(rig,
        "test $(ls -A | wc -l) = 0 && test $(umask) = 0077 && test $TF_VAR_a = b && "
        "test \"$(ulimit -n) $(ulimit -c)\" = '1024 0' && test -z \"$(cat)\" && "
        "test $(ls /proc/self/fd | wc -l) = 4 && "
        "grep -q 'NoNewPrivs:.1' /proc/self/status && "
        "grep -q 'Seccomp:.2' /proc/self/status && "
        "grep -q 'SigIgn:.0000000000000000' /proc/self/status && "
        "grep -q 'SigBlk:.0000000000000000' /proc/self/status && "
        "grep -q 'CapEff:.0000000000000000' /proc/self/status && echo clean || "
        "{ ls -la . /proc/self/fd; umask; ulimit -n; ulimit -c; env; cat /proc/self/status; }");
    if (strcmp(rig->result, "clean") != 0) {
        struct attempt_log_range range;
        g_autofree char *log = read_log(rig, rig->exited.fence, &range);
        g_printerr("%s", log); // what was not as it should be
    }
    g_assert_cmpstr(rig->result, ==, "clean");
    run(rig, "id -u; touch here && mkdir -p a/b/c && ln -s / a/root && chmod 0 a/b && pwd");
    g_assert_cmpint(rig->exited.code, ==, 0);
    if (geteuid() == 0) {
        run(rig, "echo $(id -u) $(id -G)");
        g_assert_cmpstr(rig->result, ==, "62801 62801");
    }
    wait_for_removal(rig, "2");
    g_assert_true(g_file_test("/bin/sh", G_FILE_TEST_EXISTS));
}

static void forbidden_calls_are_refused(struct rig *rig, gconstpointer data) {
    run(rig,
        "unshare -U true 2>/dev/null && echo userns; mount -t tmpfs x . 2>/dev/null && "
        "echo mount; unshare -m true 2>/dev/null && echo mountns; "
        "cat /proc/1/environ >/dev/null 2>&1 && test $(id -u) = 62801 && echo environ; echo end");
    g_assert_cmpstr(rig->result, ==, "end");
    g_assert_cmpuint(rig->exited.output_bytes, ==, strlen("end\n"));
}

static void descriptors_and_scripts_with_an_interpreter_line_work(struct rig *rig,
                                                                  gconstpointer data) {
    static const char script[] = "#!/bin/sh\necho \"script $1\"; cat <&4\n";
    struct frame_start start = { .program = frame_text("@3"), .fd_count = 2 };
    start.fds[1] = memfd_create("script", MFD_CLOEXEC);
    start.fds[2] = memfd_create("secret", MFD_CLOEXEC);
    g_assert_cmpint(write(start.fds[1], script, sizeof script - 1), >, 0);
    g_assert_cmpint(write(start.fds[2], "hidden", 6), ==, 6);
    g_assert_cmpint(lseek(start.fds[2], 0, SEEK_SET), ==, 0);
    struct frame_message message;
    uint64_t fence = start_with(rig, "x", start);
    wait_for(rig, FRAME_EXITED, fence, &message);
    g_assert_cmpint(rig->exited.code, ==, 0);
    g_assert_cmpstr(rig->result, ==, "hidden");
}

static void a_program_that_can_not_start_says_why(struct rig *rig, gconstpointer data) {
    struct frame_message message;
    uint64_t fence =
        start_with(rig, "x", (struct frame_start){ .program = frame_text("/no/such/program") });
    wait_for(rig, FRAME_EXITED, fence, &message);
    g_assert_cmpint(rig->exited.cause, ==, FRAME_CAUSE_NOT_STARTED);
    g_assert_cmpint(rig->exited.code, ==, ENOENT);
    fence = start_with(rig, "x", (struct frame_start){ .workdir = frame_text("/no/such/dir") });
    wait_for(rig, FRAME_EXITED, fence, &message);
    g_assert_cmpint(rig->exited.cause, ==, FRAME_CAUSE_NOT_STARTED);
    fence = start_with(rig, "x", (struct frame_start){ .program = frame_text("@sql") });
    wait_for(rig, FRAME_EXITED, fence, &message);
    g_assert_cmpint(rig->exited.cause, ==, FRAME_CAUSE_NOT_STARTED);
}

static void a_time_out_ends_a_deaf_program(struct rig *rig, gconstpointer data) {
    struct frame_message message;
    uint64_t fence = start_with(rig, "trap '' TERM; while :; do sleep 1; done",
                                (struct frame_start){ .timeout_ms = 200 });
    wait_for(rig, FRAME_EXITED, fence, &message);
    g_assert_cmpint(rig->exited.cause, ==, FRAME_CAUSE_SIGNALED);
    g_assert_cmpint(rig->exited.code, ==, SIGKILL);
    g_assert_cmpint(rig->exited.kill_sent, ==, FRAME_KILL_TIMEOUT);
    g_assert_cmpint(rig->exited.ended_ms - rig->exited.started_ms, >=, 450);
    g_assert_cmpint(rig->exited.ended_ms - rig->exited.started_ms, <, DEADLINE_US / 1000);
}

static void term_lets_a_program_end_in_order(struct rig *rig, gconstpointer data) {
    struct frame_message message;
    uint64_t fence =
        start(rig, "trap 'echo bye; exit 7' TERM; echo up; while :; do sleep 0.02; done");
    wait_for(rig, FRAME_STARTED, fence, &message);
    struct attempt_log_range range;
    gint64 deadline = g_get_monotonic_time() + DEADLINE_US;
    for (bool is_up = false; !is_up;) {
        g_autofree char *log = read_log(rig, fence, &range);
        is_up = strstr(log, "OUT up") != NULL;
        g_assert_cmpint(g_get_monotonic_time(), <, deadline);
        g_usleep(2000);
    }
    send_kill(rig, fence, 10000);
    wait_for(rig, FRAME_EXITED, fence, &message);
    g_assert_cmpint(rig->exited.cause, ==, FRAME_CAUSE_EXITED);
    g_assert_cmpint(rig->exited.code, ==, 7);
    g_assert_cmpint(rig->exited.kill_sent, ==, FRAME_KILL_SERVER);
    g_assert_cmpstr(rig->result, ==, "bye");
    send_kill(rig, fence, 0); /* ended, unacknowledged: told again */
    wait_for(rig, FRAME_EXITED, fence, &message);
    send_kill(rig, 4711, 0); /* unknown: nothing */
}

/* What is to be left behind has started. */
#define UNTIL_UP "until [ -e up ]; do sleep 0.01; done"

/* Scripts that try to leave something behind; MARK is replaced. The second kind ends by itself, the
 * first has to be killed. */
static const struct escape {
    const char *name;
    const char *script;
    unsigned processes;
    bool ends_itself;
} escapes[] = {
    { "double_fork", "( ( { echo >up; exec sleep MARK; } & ) & ); " UNTIL_UP, 1, true },
    { "setsid", "setsid -f sh -c 'echo >up; exec sleep MARK'; " UNTIL_UP, 1, true },
    { "setsid_closing",
      "setsid -f sh -c 'echo >up; exec sleep MARK' </dev/null >/dev/null 2>&1; " UNTIL_UP, 1,
      true },
    { "background_with_pipes", "sleep MARK & exit 5", 0, true },
    { "term_ignored", "trap '' TERM HUP INT; sleep MARK & wait; sleep MARK", 1, false },
    { "stopped", "sleep MARK & kill -STOP $$", 1, false },
    { "stopped_group", "sleep MARK & kill -STOP 0", 1, false },
    { "closed_descriptors", "exec <&- >&- 2>&-; sleep MARK; sleep MARK", 1, false },
    { "two_hundred_daemons",
      "i=0; while [ $i -lt 200 ]; do setsid -f sh -c 'trap \"\" TERM; sleep MARK; :'; i=$((i+1)); "
      "done; wait",
      200, true },
    { "respawning", "r() { trap '' TERM; while :; do sleep MARK; done; }; r & r & wait", 2, false },
};

static char *with_mark(const char *script, const char *mark) {
    g_auto(GStrv) parts = g_strsplit(script, "MARK", -1);
    return g_strjoinv(mark, parts);
}

static void nothing_escapes(struct rig *rig, gconstpointer data) {
    const struct escape *escape = data;
    set_up(rig, NULL);
    g_autofree char *mark = new_mark();
    g_autofree char *script = with_mark(escape->script, mark);
    struct frame_message message;
    uint64_t fence = start(rig, script);
    if (!escape->ends_itself) {
        wait_for_marked(mark, escape->processes);
        send_kill(rig, fence, GRACE_MS);
    }
    wait_for(rig, FRAME_EXITED, fence, &message);
    g_assert_cmpuint(count_marked(mark), ==, 0);
    g_assert_cmpint(rig->exited.kill_sent, ==,
                    escape->ends_itself ? FRAME_KILL_NONE : FRAME_KILL_SERVER);
    /* How long a stop may take is measured in test/fault, which has the machine to itself. */
    tear_down(rig, NULL);
}

static void a_long_output_is_bounded_and_counted(struct rig *rig, gconstpointer data) {
    run(rig, "head -c 200000000 /dev/zero | tr '\\0' 'x'; echo; echo last");
    g_assert_cmpint(rig->exited.code, ==, 0);
    g_assert_cmpuint(rig->exited.output_bytes, ==, 200000000 + 6);
    g_assert_cmpuint(rig->exited.dropped_bytes, >, 180000000);
    g_assert_cmpstr(rig->result, ==, "last");
    g_autofree char *path = g_build_filename(rig->path, "logs", "0", "1.log", NULL);
    struct stat status;
    g_assert_cmpint(stat(path, &status), ==, 0);
    g_assert_cmpint(status.st_size, <=, 16 * 1024 * 1024 + 64);
    run(rig, "head -c 100000 /dev/zero | tr '\\0' 'y'");
    g_assert_cmpuint(rig->exited.result_flags, ==, FRAME_RESULT_TOO_LONG);
    run(rig, ":");
    g_assert_cmpuint(rig->exited.result_flags, ==, 0);
}

static void stale_fences_are_refused(struct rig *rig, gconstpointer data) {
    struct frame_message message;
    run(rig, "exit 0");
    (void)start_with(rig, "exit 0", (struct frame_start){ .fence = 1 });
    wait_for(rig, FRAME_REFUSED, 1, &message);
    g_assert_cmpint(message.refused.reason, ==, FRAME_STALE_FENCE);
    send_fence(rig, FRAME_VOID, 50);
    (void)start_with(rig, "exit 0", (struct frame_start){ .fence = 50 });
    wait_for(rig, FRAME_REFUSED, 50, &message);
    rig->next_fence = 51;
    run(rig, "exit 0");
    disconnect_server(rig);
    connect_server(rig);
    greet(rig, 90);
    g_assert_cmpuint(rig->state.mark, ==, 51);
}

/* A server may be killed between its greeting and the commit of what it made of the answer. */
static void a_greeting_changes_no_answer(struct rig *rig, gconstpointer data) {
    struct frame_message message;
    run(rig, "exit 0");
    for (int i = 0; i < 3; i++) {
        disconnect_server(rig);
        connect_server(rig);
        greet(rig, 90);
        g_assert_cmpuint(rig->state.mark, ==, 1);
        g_assert_false(rig->state.is_journal_damaged);
    }
    (void)start_with(rig, "exit 0", (struct frame_start){ .fence = 90 });
    wait_for(rig, FRAME_EXITED, 90, &message);
    g_assert_cmpint(message.exited.cause, ==, FRAME_CAUSE_EXITED);
}

static void everything_may_be_repeated(struct rig *rig, gconstpointer data) {
    struct frame_message message;
    uint64_t fence = start(rig, "sleep 30");
    wait_for(rig, FRAME_STARTED, fence, &message);
    uint32_t pid = message.started.pid;
    (void)start_with(rig, "echo never", (struct frame_start){ .fence = fence });
    wait_for(rig, FRAME_STARTED, fence, &message);
    g_assert_cmpuint(message.started.pid, ==, pid);
    send_fence(rig, FRAME_ACK, fence); /* open: not heard */
    send_kill(rig, fence, 0);
    send_kill(rig, fence, 0);
    wait_for(rig, FRAME_EXITED, fence, &message);
    (void)start_with(rig, "echo never", (struct frame_start){ .fence = fence });
    wait_for(rig, FRAME_EXITED, fence, &message);
    send_fence(rig, FRAME_ACK, fence);
    send_fence(rig, FRAME_ACK, fence);
    (void)start_with(rig, "echo never", (struct frame_start){ .fence = fence });
    wait_for(rig, FRAME_REFUSED, fence, &message);
}

static void a_new_server_adopts_and_takes_ends_over(struct rig *rig, gconstpointer data) {
    struct frame_message message;
    g_autofree char *mark = new_mark();
    g_autofree char *script = with_mark("sleep MARK", mark);
    uint64_t slow = start(rig, script);
    uint64_t quick = start(rig, "sleep 0.3; echo done; exit 4");
    wait_for(rig, FRAME_STARTED, quick, &message);
    disconnect_server(rig);
    connect_server(rig);
    greet(rig, 2);
    if (rig->state.open_count == 2)
        wait_for(rig, FRAME_EXITED, quick, &message);
    g_assert_cmpint(rig->exited.code, ==, 4);
    disconnect_server(rig);
    connect_server(rig);
    greet(rig, 2); /* unacknowledged: told again */
    g_assert_cmpuint(rig->state.open_count, ==, 1);
    g_assert_cmpuint(rig->state.exits_count, ==, 1);
    g_assert_cmpstr(rig->result, ==, "done");
    send_fence(rig, FRAME_ACK, quick);
    g_assert_cmpuint(count_marked(mark), >=, 1);
    /* The newest connection wins. */
    struct rig other = *rig;
    connect_server(&other);
    greet(&other, 2);
    g_assert_cmpuint(other.state.exits_count, ==, 0);
    g_assert_false(next_message(rig, &message));
    other.result = NULL;
    send_kill(&other, slow, 0);
    wait_for(&other, FRAME_EXITED, slow, &message);
    g_free(other.result);
    disconnect_server(&other);
}

/* What a server said counts although it has gone before an answer reached it: it says KILL as its last word. */
static void the_last_words_of_a_server_count(struct rig *rig, gconstpointer data) {
    enum { PADDING = 4000 }; /* messages that ask for nothing, more than one read takes */
    struct frame_message message;
    uint64_t slow = start(rig, "sleep 600");
    uint64_t quick = start(rig, "echo done");
    wait_for(rig, FRAME_EXITED, quick, &message);
    g_assert_cmpint(kill(rig->pid, SIGSTOP), ==, 0);
    send_kill(rig, quick, 0); /* answered with its end, which nobody will read */
    for (int i = 0; i < PADDING; i++)
        g_assert_cmpint(
            frame_writer_push(&rig->writer,
                              &(struct frame_message){ .type = FRAME_ACK, .fence = quick + 1000 }),
            ==, 0);
    send_kill(rig, slow, 0);
    disconnect_server(rig);
    g_assert_cmpint(kill(rig->pid, SIGCONT), ==, 0);
    connect_server(rig);
    greet(rig, quick);
    if (rig->state.open_count == 1)
        wait_for(rig, FRAME_EXITED, slow, &message);
    else
        g_assert_cmpuint(rig->state.exits_count, ==, 2);
    send_fence(rig, FRAME_ACK, quick);
    send_fence(rig, FRAME_ACK, slow);
}

static void wait_for_line(struct rig *rig, uint64_t fence, const char *line) {
    gint64 deadline = g_get_monotonic_time() + DEADLINE_US;
    for (;;) {
        struct attempt_log_range range;
        g_autofree char *log = read_log(rig, fence, &range);
        if (strstr(log, line) != NULL)
            return;
        g_assert_cmpint(g_get_monotonic_time(), <, deadline);
        g_usleep(2000);
    }
}

static void attempts_die_with_the_supervisor_and_are_lost(struct rig *rig, gconstpointer data) {
    struct frame_message message;
    g_autofree char *mark = new_mark();
    g_autofree char *script = with_mark("echo line; setsid -f sleep MARK; sleep MARK", mark);
    uint64_t ended = start(rig, "echo kept; exit 6");
    wait_for(rig, FRAME_EXITED, ended, &message);
    uint64_t lost = start(rig, script);
    wait_for_marked(mark, 2);
    wait_for_line(rig, lost, "OUT line\n"); /* what was not captured dies with the supervisor */
    g_assert_cmpint(kill(rig->pid, SIGKILL), ==, 0);
    g_assert_cmpint(waitpid(rig->pid, NULL, 0), ==, rig->pid);
    gint64 deadline = g_get_monotonic_time() + DEADLINE_US;
    while (count_marked(mark) > 0) {
        g_assert_cmpint(g_get_monotonic_time(), <, deadline);
        g_usleep(2000);
    }
    disconnect_server(rig);
    spawn_supervisor(rig);
    connect_server(rig);
    greet(rig, 2);
    g_assert_cmpuint(rig->state.open_count, ==, 0);
    g_assert_cmpuint(rig->state.exits_count, ==, 2);
    g_assert_false(rig->state.is_journal_damaged);
    g_assert_cmpuint(rig->state.mark, ==, 2);
    send_kill(rig, lost, 0);
    wait_for(rig, FRAME_EXITED, lost, &message);
    g_assert_cmpint(rig->exited.cause, ==, FRAME_CAUSE_LOST);
    send_kill(rig, ended, 0);
    wait_for(rig, FRAME_EXITED, ended, &message);
    g_assert_cmpint(rig->exited.code, ==, 6);
    g_assert_cmpstr(rig->result, ==, "kept");
    struct attempt_log_range range;
    g_autofree char *log = read_log(rig, lost, &range);
    g_assert_true(range.is_finished);
    g_assert_nonnull(strstr(log, "OUT line\n"));
    g_assert_nonnull(strstr(log, "SYS outcome unknown"));
}

/* The most memory that the supervisor ever had, in KiB. */
static uint64_t peak_memory_kib(const struct rig *rig) {
    g_autofree char *path = g_strdup_printf("/proc/%d/status", (int)rig->pid);
    g_autofree char *text = NULL;
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    const char *line = strstr(text, "VmHWM:");
    g_assert_nonnull(line);
    return g_ascii_strtoull(line + strlen("VmHWM:"), NULL, 10);
}

/* All wait for one line of a named pipe, so none ends before the last has started. */
static void a_thousand_attempts_run_at_once(struct rig *rig, gconstpointer data) {
    const uint32_t count = MIN(1000, rig->state.capacity);
    g_assert_cmpuint(count, >=, 100);
    g_autofree char *mark = new_mark();
    g_autofree char *gate = g_build_filename(rig->path, "gate", NULL);
    g_assert_cmpint(mkfifo(gate, 0600), ==, 0);
    g_assert_cmpint(chmod(gate, 0644), ==, 0);
    int writer = open(gate, O_RDWR | O_CLOEXEC);
    g_assert_cmpint(writer, >=, 0);
    g_autofree char *script =
        g_strdup_printf("echo up; read line <%s; echo %s; exit 9", gate, mark);
    struct frame_message message;
    for (uint32_t i = 0; i < count; i++)
        (void)start(rig, script);
    for (uint32_t i = 0; i < count; i++) {
        g_assert_true(next_message(rig, &message));
        g_assert_cmpint(message.type, ==, FRAME_STARTED);
    }
    for (uint32_t i = 0; i < count; i++)
        g_assert_cmpint(write(writer, "\n", 1), ==, 1);
    for (uint32_t i = 0; i < count; i++) {
        g_assert_true(next_message(rig, &message));
        g_assert_cmpint(message.type, ==, FRAME_EXITED);
        g_assert_cmpint(message.exited.code, ==, 9);
        g_assert_true(frame_slice_equals(message.exited.result, mark));
        send_fence(rig, FRAME_ACK, message.exited.fence);
    }
    (void)close(writer);
    g_assert_cmpuint(peak_memory_kib(rig), <, 20 * 1024);
    run(rig, "exit 0");
}

static void an_idle_supervisor_ends_and_a_second_one_does_not_begin(struct rig *rig,
                                                                    gconstpointer data) {
    pid_t first = rig->pid;
    int status = 0;
    spawn_supervisor(rig);
    g_assert_cmpint(waitpid(rig->pid, &status, 0), ==, rig->pid);
    g_assert_true(WIFEXITED(status));
    g_assert_cmpint(WEXITSTATUS(status), ==, 3);
    rig->pid = first;
    struct frame_message message;
    uint64_t fence = start(rig, "exit 0");
    wait_for(rig, FRAME_EXITED, fence, &message);
    g_assert_cmpint(kill(rig->pid, SIGTERM), ==, 0); /* an end is unacknowledged: not heard */
    send_kill(rig, fence, 0);
    wait_for(rig, FRAME_EXITED, fence, &message);
    send_message(rig, &(struct frame_message){ .type = FRAME_QUIT });
    send_fence(rig, FRAME_ACK, fence);
    g_assert_cmpint(waitpid(rig->pid, &status, 0), ==, rig->pid);
    g_assert_true(WIFEXITED(status));
    g_assert_cmpint(WEXITSTATUS(status), ==, 0);
    rig->pid = 0;
}

/* Nobody connects; what is connected keeps it, as every other test shows. */
static void without_a_server_an_idle_supervisor_ends(struct rig *rig, gconstpointer data) {
    send_message(rig, &(struct frame_message){ .type = FRAME_QUIT });
    int status = 0;
    g_assert_cmpint(waitpid(rig->pid, &status, 0), ==, rig->pid);
    rig->idle_ms = 50;
    spawn_supervisor(rig);
    g_assert_cmpint(waitpid(rig->pid, &status, 0), ==, rig->pid);
    rig->pid = 0;
    g_assert_true(WIFEXITED(status));
    g_assert_cmpint(WEXITSTATUS(status), ==, 0);
}

static void garbage_costs_only_the_connection(struct rig *rig, gconstpointer data) {
    struct frame_message message;
    g_assert_cmpint(write(rig->fd, "GET / HTTP/1.1\r\n\r\n", 18), ==, 18);
    g_assert_false(next_message(rig, &message));
    disconnect_server(rig);
    connect_server(rig);
    send_fence(rig, FRAME_ACK, 1); /* before HELLO */
    g_assert_false(next_message(rig, &message));
    disconnect_server(rig);
    connect_server(rig);
    greet(rig, 0);
    run(rig, "exit 0");
}

#define ADD(name) g_test_add("/supervisor/" #name, struct rig, NULL, set_up, name, tear_down)

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    ADD(an_exit_code_and_a_result_come_back);
    ADD(the_program_gets_a_clean_room);
    ADD(forbidden_calls_are_refused);
    ADD(descriptors_and_scripts_with_an_interpreter_line_work);
    ADD(a_program_that_can_not_start_says_why);
    ADD(a_time_out_ends_a_deaf_program);
    ADD(term_lets_a_program_end_in_order);
    for (gsize i = 0; i < G_N_ELEMENTS(escapes); i++) {
        g_autofree char *path = g_strdup_printf("/supervisor/nothing_escapes/%s", escapes[i].name);
        g_test_add(path, struct rig, &escapes[i], NULL, nothing_escapes, NULL);
    }
    ADD(a_long_output_is_bounded_and_counted);
    ADD(stale_fences_are_refused);
    ADD(a_greeting_changes_no_answer);
    ADD(everything_may_be_repeated);
    ADD(a_new_server_adopts_and_takes_ends_over);
    ADD(the_last_words_of_a_server_count);
    ADD(attempts_die_with_the_supervisor_and_are_lost);
    ADD(a_thousand_attempts_run_at_once);
    ADD(an_idle_supervisor_ends_and_a_second_one_does_not_begin);
    ADD(without_a_server_an_idle_supervisor_ends);
    ADD(garbage_costs_only_the_connection);
    return g_test_run();
}
