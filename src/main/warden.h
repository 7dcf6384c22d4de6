// SPDX-License-Identifier: Apache-2.0
//
// warden: the process between the server and a program that it runs beside itself. Whatever becomes of the server, also by kill -9, the program
// and all that it started end with it: the next server would find its uid in use by strangers, and the next program its predecessor.
//
// Forked out of a process with threads and never executed: only system calls that may follow a fork.
#pragma once

#include <sys/types.h>

struct warden_plan {
    char *const *argv; // NULL-ended; argv[0] is an absolute path
    char *const *environment;
    int in_fd; // the program's standard input, and its output and errors; all three are closed on exec
    int out_fd;
    int control_fd; // a socket of sequenced packets: its end means "end all"; takes one struct warden_report
};

// As waitid says it; code 0: the program could not be made.
struct warden_report {
    int code;
    int status;
};

// Runs the program until it has ended or the control socket has, reports, ends what is left, and ends.
_Noreturn void warden_run(const struct warden_plan *plan);
