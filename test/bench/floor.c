// SPDX-License-Identifier: Apache-2.0
//
// floor: what this machine can do at best: spawn-and-wait, one durable write, and both together as a chain and as a fan-out.
//
//   bench-floor sync N FILE            N durable writes one after the other
//   bench-floor chain N FILE           N times: spawn /bin/true, wait, one durable write
//   bench-floor fanout N FILE          one, then N on all cores with group commit, then one
//   bench-floor start N STAMP FILE     N times: spawn STAMP, until it runs (it writes its time into FILE)
//
// Prints one JSON object with `seconds` for all N and, where it means something, `median_seconds` of one. A durable write is 4 KiB into
// space that exists already, and fdatasync; FILE should lie in the file system of the server's directory.
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    RECORD_BYTES = 4096,
    FILE_BYTES = 4 * 1024 * 1024,
    LIVE_CHILDREN = 4, // of each core's spawner: more live processes than cores
    COUNT_MAX = 100000,
};

// As the server's tasks have it: with a UTF-8 locale /bin/true itself opens a dozen files more.
static char *const environment[] = {
    (char[]){ "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" },
    (char[]){ "LANG=C.UTF-8" }, NULL
};

static _Noreturn void die(const char *what) {
    (void)fprintf(stderr, "bench-floor: %s: %s\n", what, strerror(errno));
    exit(1);
}

static double now_s(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

struct journal {
    int fd;
    off_t at;
};

// A file whose space is there and written, so that a sync writes data and nothing else.
static struct journal journal_open(const char *path) {
    static const char zeros[RECORD_BYTES];
    struct journal journal = { .fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600) };
    if (journal.fd < 0) {
        die(path);
    }
    for (off_t at = 0; at < FILE_BYTES; at += RECORD_BYTES) {
        if (pwrite(journal.fd, zeros, sizeof zeros, at) != (ssize_t)sizeof zeros) {
            die("write");
        }
    }
    if (fsync(journal.fd) != 0) {
        die("fsync");
    }
    return journal;
}

static void journal_commit(struct journal *journal) {
    static char record[RECORD_BYTES];
    record[0]++;
    if (pwrite(journal->fd, record, sizeof record, journal->at) != (ssize_t)sizeof record ||
        fdatasync(journal->fd) != 0) {
        die("fdatasync");
    }
    journal->at = (journal->at + RECORD_BYTES) % FILE_BYTES;
}

static pid_t spawn(const char *path, const char *argument) {
    char *argv[] = { (char *)(uintptr_t)path, (char *)(uintptr_t)argument, NULL };
    pid_t pid = 0;
    int code = posix_spawn(&pid, path, NULL, NULL, argv, environment);
    if (code != 0) {
        errno = code;
        die(path);
    }
    return pid;
}

static void spawn_and_wait(const char *path, const char *argument) {
    int status = 0;
    pid_t pid = spawn(path, argument);
    if (waitpid(pid, &status, 0) != pid || status != 0) {
        errno = ECHILD;
        die("wait");
    }
}

static int compare_doubles(const void *left, const void *right) {
    double a = *(const double *)left;
    double b = *(const double *)right;
    return (a > b) - (a < b);
}

static double median(double *values, unsigned count) {
    qsort(values, count, sizeof *values, compare_doubles);
    return values[count / 2];
}

static double *times_new(unsigned count) {
    double *times = calloc(count, sizeof *times);
    if (times == NULL) {
        die("memory");
    }
    return times;
}

static void print(unsigned count, double seconds, double median_seconds) {
    (void)printf("{\"count\": %u, \"seconds\": %.9f, \"median_seconds\": %.9f}\n", count, seconds,
                 median_seconds);
}

static void run_sync(unsigned count, const char *path) {
    struct journal journal = journal_open(path);
    double *times = times_new(count);
    double start = now_s();
    for (unsigned i = 0; i < count; i++) {
        double before = now_s();
        journal_commit(&journal);
        times[i] = now_s() - before;
    }
    double seconds = now_s() - start;
    print(count, seconds, median(times, count));
    free(times);
}

static void run_chain(unsigned count, const char *path) {
    struct journal journal = journal_open(path);
    double *times = times_new(count);
    double start = now_s();
    for (unsigned i = 0; i < count; i++) {
        double before = now_s();
        spawn_and_wait("/bin/true", NULL);
        journal_commit(&journal);
        times[i] = now_s() - before;
    }
    double seconds = now_s() - start;
    print(count, seconds, median(times, count));
    free(times);
}

// One core's spawner: takes the next task as long as there is one, and reports each end.
static _Noreturn void spawn_share(atomic_uint *next, unsigned count, int ends_fd) {
    const uint64_t one = 1;
    unsigned live = 0;
    bool has_more = true;
    while (has_more || live > 0) {
        while (has_more && live < LIVE_CHILDREN) {
            has_more = atomic_fetch_add(next, 1) < count;
            if (has_more) {
                (void)spawn("/bin/true", NULL);
                live++;
            }
        }
        int status = 0;
        if (live > 0 && waitpid(-1, &status, 0) > 0) {
            live--;
            if (write(ends_fd, &one, sizeof one) != (ssize_t)sizeof one) {
                _exit(1);
            }
        }
    }
    _exit(0);
}

static void run_fanout(unsigned count, const char *path) {
    struct journal journal = journal_open(path);
    atomic_uint *next =
        mmap(NULL, sizeof *next, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int ends_fd = eventfd(0, EFD_CLOEXEC);
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    if (next == MAP_FAILED || ends_fd < 0 || cores < 1) {
        die("set up");
    }
    double start = now_s();
    spawn_and_wait("/bin/true", NULL);
    journal_commit(&journal);
    for (long i = 0; i < cores; i++) {
        pid_t pid = fork();
        if (pid < 0) {
            die("fork");
        }
        if (pid == 0) {
            spawn_share(next, count, ends_fd);
        }
    }
    // Group commit: one sync for all that ended while the last one was under way.
    for (uint64_t committed = 0, ended = 0; committed < count; committed += ended) {
        if (read(ends_fd, &ended, sizeof ended) != (ssize_t)sizeof ended) {
            die("read");
        }
        journal_commit(&journal);
    }
    while (wait(NULL) > 0) {
    }
    spawn_and_wait("/bin/true", NULL);
    journal_commit(&journal);
    print(count + 2, now_s() - start, 0);
}

static void run_start(unsigned count, const char *stamp, const char *path) {
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) {
        die(path);
    }
    double *times = times_new(count);
    double start = now_s();
    for (unsigned i = 0; i < count; i++) {
        int64_t ns = 0;
        double before = now_s();
        spawn_and_wait(stamp, path);
        if (pread(fd, &ns, sizeof ns, (off_t)(i * sizeof ns)) != (ssize_t)sizeof ns) {
            die("stamp");
        }
        times[i] = (double)ns / 1e9 - before;
    }
    double seconds = now_s() - start;
    print(count, seconds, median(times, count));
    free(times);
}

int main(int argc, char **argv) {
    unsigned long count = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
    if (count < 1 || count > COUNT_MAX) {
        count = 0;
    }
    if (argc == 4 && count > 0 && strcmp(argv[1], "sync") == 0) {
        run_sync((unsigned)count, argv[3]);
    } else if (argc == 4 && count > 0 && strcmp(argv[1], "chain") == 0) {
        run_chain((unsigned)count, argv[3]);
    } else if (argc == 4 && count > 0 && strcmp(argv[1], "fanout") == 0) {
        run_fanout((unsigned)count, argv[3]);
    } else if (argc == 5 && count > 0 && strcmp(argv[1], "start") == 0) {
        run_start((unsigned)count, argv[3], argv[4]);
    } else {
        (void)fprintf(
            stderr,
            "usage: bench-floor sync|chain|fanout N FILE, bench-floor start N STAMP FILE\n");
        return 2;
    }
    return 0;
}
