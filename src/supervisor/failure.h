// SPDX-License-Identifier: Apache-2.0
#ifndef SLUICE_SUPERVISOR_FAILURE_H
#define SLUICE_SUPERVISOR_FAILURE_H

/* Why a program never ran, in words for the one who wrote the node. "No such file or directory" may
 * mean the work directory, the interpreter of the first line or what that needs; the init, which has
 * tried it with the task's own rights, looks again and says which. No state. */

#include <sys/types.h>

#define FAILURE_BYTES 512

enum failure_step {
    FAILURE_PREPARING, /* rights, descriptors, limits */
    FAILURE_WORKDIR,
    FAILURE_EXEC,
};

struct failure {
    enum failure_step step;
    int error; /* positive errno */
    uid_t uid; /* that tasks run as */
    const char *program;
    const char *workdir;
    int script_fd; /* of program "@3"; -1 */
};

/* Writes a sentence without control characters. */
void failure_describe(const struct failure *failure, char ret_words[FAILURE_BYTES]);

#endif
