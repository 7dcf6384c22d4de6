// SPDX-License-Identifier: Apache-2.0
//
// stamp: appends the time at which it runs to a file: what a started process can say about when it was there. As the interpreter of a
// script (`#!/path/to/bench-stamp FILE`) its first argument is the file; what follows is the script's own path.
#include <fcntl.h>
#include <stdint.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv) {
    struct timespec now;
    if (argc < 2 || clock_gettime(CLOCK_MONOTONIC, &now) != 0) {
        return 2;
    }
    int64_t ns = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
    int fd = open(argv[1], O_WRONLY | O_APPEND | O_CLOEXEC);
    return fd >= 0 && write(fd, &ns, sizeof ns) == (ssize_t)sizeof ns ? 0 : 1;
}
