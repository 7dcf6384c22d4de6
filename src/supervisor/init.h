// SPDX-License-Identifier: Apache-2.0
#ifndef SLUICE_SUPERVISOR_INIT_H
#define SLUICE_SUPERVISOR_INIT_H

/* The tiny init between the supervisor and one program: process 1 of the attempt's pid namespace,
 * or a subreaper where namespaces are refused. It is forked without exec, drops the rights, waits
 * for "go", starts the program, reaps whatever is left to it, passes TERM on, and when the program
 * has ended it reports and takes the rest of the tree with it. */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/frame.h"
#include "supervisor/failure.h"

/* Bytes that the supervisor sends over the control socket. */
#define INIT_GO 'G'   /* the start is recorded: run the program */
#define INIT_TERM 'T' /* TERM and CONT to the program's process group */
#define INIT_KILL 'K' /* end the whole tree (subreaper only; a namespace is ended by its init) */

/* The one message that comes back, when the program has ended or could not start. */
struct init_report {
    int32_t status;  /* of wait4(); 0 when error is not 0 */
    int32_t error;   /* positive errno: the program never ran */
    int32_t is_term; /* TERM was passed on before the program ended */
    int32_t unused;
    int64_t ended_ms;          /* UTC */
    char words[FAILURE_BYTES]; /* of an error: what stood in the way; NUL-terminated */
};

/* What the init needs, filled by the supervisor before the clone. */
struct init_plan {
    bool has_pidns;
    bool has_userns; /* map the uid and gid below to themselves */
    bool drops_rights;
    uid_t uid;
    gid_t gid;
    int control_fd;
    int stdout_fd;
    int stderr_fd;
    int null_fd;
    int work_fd; /* DIR/work */
    int sql_fd;  /* -1: there is none */
    int spec_fd;
    const int *fds; /* descriptors 3, 4, … of the program */
    uint32_t fds_count;
    uint32_t argument_count;
    uint32_t environment_count;
    const char
        *program; /* as in struct frame_start, NUL-terminated; of "@3" fds[0] is the script */
    const char *workdir; /* absolute, or the name below DIR/work */
};

/* Runs in the new process and never returns. */
_Noreturn void init_run(const struct init_plan *plan);

#endif
