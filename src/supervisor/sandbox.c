// SPDX-License-Identifier: Apache-2.0

/* Limits and the system call filter of a program.
 *
 * The filter is a deny-list: a program of another architecture's calling convention is killed,
 * clone3 does not exist (its flags lie in memory, where a filter can not look; the C library falls
 * back to clone), user namespaces are refused, and the calls of the list answer EPERM.
 *
 * The kernel remembers which calls are always allowed and skips the filter for them; but to find
 * out, it walks the filter for every call there is, at each start of a program. So the list becomes
 * a binary search over its ranges, made once. What always holds: a call answers EPERM if and only
 * if it stands in `denied_calls`. */

#include "supervisor/sandbox.h"

#include <assert.h>
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

static const uint32_t denied_calls[] = {
    SYS_mount,
    SYS_umount2,
    SYS_pivot_root,
    CALL_OPEN_TREE,
    CALL_MOVE_MOUNT,
    CALL_FSOPEN,
    CALL_FSCONFIG,
    CALL_FSMOUNT,
    CALL_FSPICK,
    CALL_MOUNT_SETATTR,
    CALL_OPEN_TREE_ATTR,
    SYS_setns,
    SYS_ptrace,
    SYS_process_vm_readv,
    SYS_process_vm_writev,
    SYS_bpf,
    SYS_perf_event_open,
    SYS_io_uring_setup,
    SYS_io_uring_enter,
    SYS_io_uring_register,
    SYS_keyctl,
    SYS_add_key,
    SYS_request_key,
    SYS_userfaultfd,
    SYS_open_by_handle_at,
    SYS_init_module,
    SYS_finit_module,
    SYS_delete_module,
    SYS_kexec_load,
    SYS_kexec_file_load,
    SYS_settimeofday,
    SYS_clock_settime,
    SYS_clock_adjtime,
    SYS_adjtimex,
    SYS_sethostname,
    SYS_setdomainname,
    SYS_reboot,
    SYS_swapon,
    SYS_swapoff,
    SYS_acct,
    SYS_syslog,
    SYS_quotactl,
#if defined(__x86_64__)
    SYS_iopl,
    SYS_ioperm,
#endif
};

/* What comes before the search. */
static const struct sock_filter first_steps[] = {
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
};

#define FIRST_STEPS (sizeof first_steps / sizeof first_steps[0])
#define DENIED_CALLS (sizeof denied_calls / sizeof denied_calls[0])
/* A search over n bounds has n steps and n + 1 ends. */
#define STEPS_MAX (FIRST_STEPS + 4 * DENIED_CALLS + 1)

struct sandbox {
    /* Numbers at which the answer changes, ascending: denied from an even one, allowed from an odd
     * one. */
    uint32_t bounds[2 * DENIED_CALLS];
    size_t bounds_count;
    struct sock_filter steps[STEPS_MAX];
    size_t steps_count;
};

static struct sandbox sandbox; /* written once, by sandbox_prepare() */

static void find_bounds(void) {
    uint32_t sorted[DENIED_CALLS];
    for (size_t i = 0; i < DENIED_CALLS; i++) {
        size_t at = i;
        for (; at > 0 && sorted[at - 1] > denied_calls[i]; at--)
            sorted[at] = sorted[at - 1];
        sorted[at] = denied_calls[i];
    }
    for (size_t i = 0; i < DENIED_CALLS; i++) {
        assert(i == 0 || sorted[i] > sorted[i - 1]);
        if (i > 0 && sorted[i] == sorted[i - 1] + 1)
            sandbox.bounds[sandbox.bounds_count - 1]++;
        else {
            sandbox.bounds[sandbox.bounds_count++] = sorted[i];
            sandbox.bounds[sandbox.bounds_count++] = sorted[i] + 1;
        }
    }
}

static void add_step(struct sock_filter step) {
    assert(sandbox.steps_count < STEPS_MAX);
    sandbox.steps[sandbox.steps_count++] = step;
}

/* The search among the bounds [from, to): a call below the first is in the range `from`, counted
 * from 0, and ranges of odd numbers are denied. */
static void add_search(size_t from, size_t to) {
    if (from == to) {
        add_step((struct sock_filter)BPF_STMT(
            BPF_RET | BPF_K, from % 2 == 1 ? SECCOMP_RET_ERRNO | EPERM : SECCOMP_RET_ALLOW));
        return;
    }
    size_t middle = from + (to - from) / 2, at = sandbox.steps_count;
    add_step((struct sock_filter){ 0 });
    add_search(from, middle);
    size_t skipped = sandbox.steps_count - at - 1;
    assert(skipped <= UINT8_MAX);
    sandbox.steps[at] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K,
                                                     sandbox.bounds[middle], (uint8_t)skipped, 0);
    add_search(middle + 1, to);
}

void sandbox_prepare(void) {
    if (sandbox.steps_count > 0)
        return;
    find_bounds();
    for (size_t i = 0; i < FIRST_STEPS; i++)
        add_step(first_steps[i]);
    add_search(0, sandbox.bounds_count);
}

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
    const struct sock_fprog program = { .len = (unsigned short)sandbox.steps_count,
                                        .filter = sandbox.steps };
    assert(sandbox.steps_count > 0);
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
