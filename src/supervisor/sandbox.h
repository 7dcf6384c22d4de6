// SPDX-License-Identifier: Apache-2.0
#ifndef SLUICE_SUPERVISOR_SANDBOX_H
#define SLUICE_SUPERVISOR_SANDBOX_H

/* What every program is denied, whatever its level: resource limits, no new privileges, and a
 * system call filter (reliability.md, "Isolation of scripts"). Called in the program's process just
 * before exec; it shares its memory with the attempt's init, so nothing here writes to memory
 * other than the stack. */

/* Makes the filter, once; before the first sandbox_enter(), in the supervisor. */
void sandbox_prepare(void);

/* Sets NOFILE 1024, CORE 0, FSIZE 10 GiB, NPROC 65536 (each no higher than the hard limit it has),
 * no_new_privs and the filter. 0 or -errno. */
int sandbox_enter(void);

#endif
