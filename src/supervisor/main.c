// SPDX-License-Identifier: Apache-2.0

/* sluice-supervisor: reads its command line and runs the supervisor's loop.
 *
 * An internal program. sluiced starts it, through the launcher that keeps root when sluiced was
 * started as root; nobody has to start it by hand. */

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/file.h"
#include "base/own.h"
#include "supervisor/supervisor.h"

#define SIGNAL_LAST 64
#define SERVER_ID_DEFAULT 62800
#define TASK_ID_DEFAULT 62801
#define ATTEMPTS_DEFAULT 2000
#define IDLE_MS_DEFAULT 60000

static const char help_text[] =
    "Usage: sluice-supervisor --data DIR [OPTION]...\n"
    "Starts, watches and ends the attempts of a Sluice server. An internal program: sluiced "
    "starts\n"
    "it and speaks to it over DIR/supervisor.sock; there is no need to start it by hand.\n"
    "\n"
    "  --data DIR             the server's data directory\n"
    "  --server-uid N         who may connect, and owner of the logs (62800 as root)\n"
    "  --server-gid N         its group (62800 as root)\n"
    "  --task-uid N           who programs run as, when started as root (62801)\n"
    "  --task-gid N           its group (62801)\n"
    "  --sql-program PATH     the sluice-sql program, opened now\n"
    "  --sql-program-fd N     the same, already open as descriptor N\n"
    "  --report-fd N          where to write \"+\", or why it can not begin\n"
    "  --max-attempts N       most attempts open at once (2000)\n"
    "  --idle-ms N            ends after this time without work and server (60000)\n"
    "  --log-head-bytes N     bytes kept of the beginning of each log (8388608)\n"
    "  --log-ring-bytes N     bytes kept of the end of each log (8388608)\n"
    "  --help, --version      print this text or the version, and end\n"
    "\n"
    "Ends by itself when it has no open attempt, no unacknowledged exit and no server. SIGTERM "
    "ends\n"
    "it only then, so that a stop of the server leaves running attempts alone.\n";

enum option_id {
    OPTION_DATA = 256,
    OPTION_SERVER_UID,
    OPTION_SERVER_GID,
    OPTION_TASK_UID,
    OPTION_TASK_GID,
    OPTION_SQL_PATH,
    OPTION_SQL_FD,
    OPTION_REPORT_FD,
    OPTION_ATTEMPTS,
    OPTION_IDLE,
    OPTION_LOG_HEAD,
    OPTION_LOG_RING,
    OPTION_HELP,
    OPTION_VERSION,
};

struct command_line {
    const char *data;
    const char *sql_path;
    uint64_t numbers[OPTION_VERSION - OPTION_DATA + 1];
};

static const struct option_limit {
    const char *name;
    uint64_t low;
    uint64_t high;
} limits[OPTION_VERSION - OPTION_DATA + 1] = {
    [OPTION_SERVER_UID - OPTION_DATA] = { "server-uid", 0, 4294967294 },
    [OPTION_SERVER_GID - OPTION_DATA] = { "server-gid", 0, 4294967294 },
    [OPTION_TASK_UID - OPTION_DATA] = { "task-uid", 1, 4294967294 },
    [OPTION_TASK_GID - OPTION_DATA] = { "task-gid", 1, 4294967294 },
    [OPTION_SQL_FD - OPTION_DATA] = { "sql-program-fd", 3, 1048576 },
    [OPTION_REPORT_FD - OPTION_DATA] = { "report-fd", 3, 1048576 },
    [OPTION_ATTEMPTS - OPTION_DATA] = { "max-attempts", 1, 1000000 },
    [OPTION_IDLE - OPTION_DATA] = { "idle-ms", 0, 86400000 },
    [OPTION_LOG_HEAD - OPTION_DATA] = { "log-head-bytes", 64, UINT64_C(1) << 40 },
    [OPTION_LOG_RING - OPTION_DATA] = { "log-ring-bytes", 64, UINT64_C(1) << 40 },
};

static bool read_number(int option, const char *text, struct command_line *line) {
    const struct option_limit *limit = &limits[option - OPTION_DATA];
    char *end = NULL;
    errno = 0;
    uint64_t value = strtoull(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || text[0] == '-' || value < limit->low ||
        value > limit->high) {
        (void)fprintf(
            stderr, "sluice-supervisor: --%s takes a number from %llu to %llu, not \"%s\"\n",
            limit->name, (unsigned long long)limit->low, (unsigned long long)limit->high, text);
        return false;
    }
    line->numbers[option - OPTION_DATA] = value;
    return true;
}

/* What read_command_line gives for it. */
static int say(const char *text) {
    if (fputs(text, stdout) >= 0 && fflush(stdout) == 0)
        return 1;
    (void)fprintf(stderr, "sluice-supervisor: standard output can not be written: %s\n",
                  strerror(errno));
    return 2;
}

/* 0: run; 1: done, end with success; 2: a mistake, end with failure. */
static int read_command_line(int argc, char **argv, struct command_line *line) {
    static const struct option names[] = {
        { "data", required_argument, NULL, OPTION_DATA },
        { "server-uid", required_argument, NULL, OPTION_SERVER_UID },
        { "server-gid", required_argument, NULL, OPTION_SERVER_GID },
        { "task-uid", required_argument, NULL, OPTION_TASK_UID },
        { "task-gid", required_argument, NULL, OPTION_TASK_GID },
        { "sql-program", required_argument, NULL, OPTION_SQL_PATH },
        { "sql-program-fd", required_argument, NULL, OPTION_SQL_FD },
        { "report-fd", required_argument, NULL, OPTION_REPORT_FD },
        { "max-attempts", required_argument, NULL, OPTION_ATTEMPTS },
        { "idle-ms", required_argument, NULL, OPTION_IDLE },
        { "log-head-bytes", required_argument, NULL, OPTION_LOG_HEAD },
        { "log-ring-bytes", required_argument, NULL, OPTION_LOG_RING },
        { "help", no_argument, NULL, OPTION_HELP },
        { "version", no_argument, NULL, OPTION_VERSION },
        { 0 },
    };
    int option;
    while ((option = getopt_long(argc, argv, "", names, NULL)) != -1) {
        if (option == OPTION_DATA) {
            line->data = optarg;
        } else if (option == OPTION_SQL_PATH) {
            line->sql_path = optarg;
        } else if (option == OPTION_HELP) {
            return say(help_text);
        } else if (option == OPTION_VERSION) {
            return say("sluice-supervisor " SLUICE_VERSION "\n");
        } else if (option < OPTION_DATA || !read_number(option, optarg, line)) {
            return 2;
        }
    }
    if (line->data != NULL && optind == argc)
        return 0;
    (void)fputs("sluice-supervisor: needs --data DIR and no other arguments; see --help. It is "
                "started by sluiced.\n",
                stderr);
    return 2;
}

static void settle_process(void) {
    /* Whoever started us may have ignored signals, and programs would inherit that. The raw call,
     * because the library keeps two numbers to itself, which others have been seen to ignore. */
    const struct {
        void *handler;
        unsigned long flags;
        void *restorer;
        unsigned long mask;
    } preset = { 0 };
    for (int number = 1; number <= SIGNAL_LAST; number++)
        (void)syscall(SYS_rt_sigaction, number, &preset, NULL, sizeof preset.mask);
    sigset_t none;
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)umask(077);
    struct rlimit none_kept = { 0, 0 };
    (void)setrlimit(RLIMIT_CORE, &none_kept);
    if (geteuid() == 0)
        (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

/* Why it can not begin: for supervisor.log, and for the server. */
static int say_failure(const struct command_line *line, int report_fd, const char *what,
                       int error) {
    const char *reason = error == -EWOULDBLOCK ? "another supervisor holds it" : own_reason(error);
    (void)fprintf(stderr, "sluice-supervisor: %s/%s: %s\n", line->data, what, reason);
    if (report_fd >= 0)
        (void)dprintf(report_fd, "%s/%s: %s", line->data, what, reason);
    return error == -EWOULDBLOCK ? 3 : EXIT_FAILURE;
}

int main(int argc, char **argv) {
    struct command_line line = { 0 };
    uint64_t *numbers = line.numbers;
    bool is_root = geteuid() == 0;
    numbers[OPTION_SERVER_UID - OPTION_DATA] = is_root ? SERVER_ID_DEFAULT : geteuid();
    numbers[OPTION_SERVER_GID - OPTION_DATA] = is_root ? SERVER_ID_DEFAULT : getegid();
    numbers[OPTION_TASK_UID - OPTION_DATA] = TASK_ID_DEFAULT;
    numbers[OPTION_TASK_GID - OPTION_DATA] = TASK_ID_DEFAULT;
    numbers[OPTION_ATTEMPTS - OPTION_DATA] = ATTEMPTS_DEFAULT;
    numbers[OPTION_IDLE - OPTION_DATA] = IDLE_MS_DEFAULT;
    int verdict = read_command_line(argc, argv, &line);
    if (verdict != 0)
        return verdict == 1 ? EXIT_SUCCESS : 2;
    settle_process();
    /* Programs get 0, 1 and 2 as copies that are not close-on-exec: nothing of ours may be one of them. */
    if (file_fill_standard() != 0)
        return EXIT_FAILURE;
    int report_fd = -1;
    if (numbers[OPTION_REPORT_FD - OPTION_DATA] != 0) {
        report_fd = (int)numbers[OPTION_REPORT_FD - OPTION_DATA];
        (void)fcntl(report_fd, F_SETFD, FD_CLOEXEC);
    }
    int sql_fd = -1;
    if (numbers[OPTION_SQL_FD - OPTION_DATA] != 0) {
        sql_fd = (int)numbers[OPTION_SQL_FD - OPTION_DATA];
        (void)fcntl(sql_fd, F_SETFD, FD_CLOEXEC);
    } else if (line.sql_path != NULL) {
        sql_fd = open(line.sql_path, O_PATH | O_CLOEXEC);
        if (sql_fd < 0)
            (void)fprintf(stderr, "sluice-supervisor: %s: %s; SQL attempts can not start\n",
                          line.sql_path, strerror(errno));
    }
    int data_fd = open(line.data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (data_fd < 0)
        return say_failure(&line, report_fd, "", -errno);
    struct supervisor_options options = {
        .data_fd = data_fd,
        .server_uid = (uid_t)numbers[OPTION_SERVER_UID - OPTION_DATA],
        .server_gid = (gid_t)numbers[OPTION_SERVER_GID - OPTION_DATA],
        .task_uid = (uid_t)numbers[OPTION_TASK_UID - OPTION_DATA],
        .task_gid = (gid_t)numbers[OPTION_TASK_GID - OPTION_DATA],
        .sql_fd = sql_fd,
        .attempts_max = (uint32_t)numbers[OPTION_ATTEMPTS - OPTION_DATA],
        .idle_ms = numbers[OPTION_IDLE - OPTION_DATA],
        .log_head_bytes = numbers[OPTION_LOG_HEAD - OPTION_DATA],
        .log_ring_bytes = numbers[OPTION_LOG_RING - OPTION_DATA],
        .report_fd = report_fd,
    };
    const char *what = "";
    int error = supervisor_run(&options, &what);
    return error == 0 ? EXIT_SUCCESS : say_failure(&line, report_fd, what, error);
}
