// SPDX-License-Identifier: Apache-2.0

/* Limits and the system call filter of a program.
 *
 * The filter is a deny-list: a program of another architecture's calling convention is killed,
 * clone3 does not exist (its flags lie in memory, where a filter can not look; the C library falls
 * back to clone), user namespaces are refused, and the calls of the list answer EPERM. The list is
 * compared in order; the kernel remembers which calls are always allowed and skips the filter for
 * them, so its length costs nothing. */

#include "supervisor/sandbox.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define SANDBOX_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define SANDBOX_ARCH AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define SANDBOX_ARCH AUDIT_ARCH_RISCV64
#else
#error "the sandbox does not know this architecture"
#endif

#define FSIZE_BYTES (UINT64_C(10) << 30)
#define X32_BIT 0x40000000u

#define LOAD(field)                                                                                \
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offsetof(struct seccomp_data, field))
#define DENY_IF(number)                                                                            \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (number), 0, 1),                                           \
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM)

/* Calls that are younger than the C library's headers, numbered alike on all architectures. */
enum {
    CALL_OPEN_TREE = 428,
    CALL_MOVE_MOUNT = 429,
    CALL_FSOPEN = 430,
    CALL_FSCONFIG = 431,
    CALL_FSMOUNT = 432,
    CALL_FSPICK = 433,
    CALL_CLONE3 = 435,
    CALL_MOUNT_SETATTR = 442,
    CALL_OPEN_TREE_ATTR = 467,
};

/* Not const only because struct sock_fprog wants it so. */
static struct sock_filter filter_steps[] = {
    LOAD(arch),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SANDBOX_ARCH, 1, 0),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
    LOAD(nr),
#if defined(__x86_64__)
    BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, X32_BIT, 0, 1),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
#endif
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, CALL_CLONE3, 0, 1),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
    /* New user namespaces give all capabilities inside them, and with them the kernel's least
     * tested paths. */
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 1, 0),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_unshare, 0, 4),
    LOAD(args[0]),
    BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, CLONE_NEWUSER, 0, 1),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    DENY_IF(SYS_mount),
    DENY_IF(SYS_umount2),
    DENY_IF(SYS_pivot_root),
    DENY_IF(CALL_OPEN_TREE),
    DENY_IF(CALL_MOVE_MOUNT),
    DENY_IF(CALL_FSOPEN),
    DENY_IF(CALL_FSCONFIG),
    DENY_IF(CALL_FSMOUNT),
    DENY_IF(CALL_FSPICK),
    DENY_IF(CALL_MOUNT_SETATTR),
    DENY_IF(CALL_OPEN_TREE_ATTR),
    DENY_IF(SYS_setns),
    DENY_IF(SYS_ptrace),
    DENY_IF(SYS_process_vm_readv),
    DENY_IF(SYS_process_vm_writev),
    DENY_IF(SYS_bpf),
    DENY_IF(SYS_perf_event_open),
    DENY_IF(SYS_io_uring_setup),
    DENY_IF(SYS_io_uring_enter),
    DENY_IF(SYS_io_uring_register),
    DENY_IF(SYS_keyctl),
    DENY_IF(SYS_add_key),
    DENY_IF(SYS_request_key),
    DENY_IF(SYS_userfaultfd),
    DENY_IF(SYS_open_by_handle_at),
    DENY_IF(SYS_init_module),
    DENY_IF(SYS_finit_module),
    DENY_IF(SYS_delete_module),
    DENY_IF(SYS_kexec_load),
    DENY_IF(SYS_kexec_file_load),
    DENY_IF(SYS_settimeofday),
    DENY_IF(SYS_clock_settime),
    DENY_IF(SYS_clock_adjtime),
    DENY_IF(SYS_adjtimex),
    DENY_IF(SYS_sethostname),
    DENY_IF(SYS_setdomainname),
    DENY_IF(SYS_reboot),
    DENY_IF(SYS_swapon),
    DENY_IF(SYS_swapoff),
    DENY_IF(SYS_acct),
    DENY_IF(SYS_syslog),
    DENY_IF(SYS_quotactl),
#if defined(__x86_64__)
    DENY_IF(SYS_iopl),
    DENY_IF(SYS_ioperm),
#endif
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
};

static int limit(__rlimit_resource_t resource, rlim_t value) {
    struct rlimit wanted = { .rlim_cur = value, .rlim_max = value };
    if (setrlimit(resource, &wanted) == 0)
        return 0;
    /* The hard limit is lower already and can not be raised: keep it. */
    struct rlimit old;
    if (getrlimit(resource, &old) != 0)
        return -errno;
    if (old.rlim_max > value)
        return -EPERM;
    wanted = (struct rlimit){ .rlim_cur = old.rlim_max, .rlim_max = old.rlim_max };
    return setrlimit(resource, &wanted) == 0 ? 0 : -errno;
}

int sandbox_enter(void) {
    const struct sock_fprog program = {
        .len = sizeof filter_steps / sizeof filter_steps[0],
        .filter = filter_steps,
    };
    int error = limit(RLIMIT_NOFILE, 1024);
    if (error == 0)
        error = limit(RLIMIT_CORE, 0);
    if (error == 0)
        error = limit(RLIMIT_FSIZE, FSIZE_BYTES);
    if (error == 0)
        error = limit(RLIMIT_NPROC, 65536);
    if (error != 0)
        return error;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return -errno;
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0)
        return -errno;
    return 0;
}
