# SPDX-License-Identifier: Apache-2.0
"""A small disk of a test's own: a tmpfs in a mount namespace of this process, which ends with it.

As root the namespace is enough; an ordinary user takes a user namespace besides, where the system allows it.
"""

import ctypes
import errno
import os

CLONE_NEWNS, CLONE_NEWUSER = 0x20000, 0x10000000
MS_REC, MS_PRIVATE, MNT_DETACH = 16384, 1 << 18, 2
MIB = 1 << 20

libc = ctypes.CDLL(None, use_errno=True)


def check(result, what):
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def write(path, text):
    with open(path, "w", encoding="ascii") as file:
        file.write(text)


def enter_namespace():
    """Before any thread is made. The reason why it can not be done, or None."""
    uid, gid = os.geteuid(), os.getegid()
    try:
        check(libc.unshare(CLONE_NEWNS | (0 if uid == 0 else CLONE_NEWUSER)), "unshare")
        if uid != 0:
            write("/proc/self/setgroups", "deny")
            write("/proc/self/uid_map", f"{uid} {uid} 1")
            write("/proc/self/gid_map", f"{gid} {gid} 1")
        check(libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None), "mount")
    except OSError as error:
        return f"no mount namespace can be had here: {error}"
    return None


class Disk:
    """An empty disk at `path`, which is made where it is missing, for this uid and gid."""

    def __init__(self, path, mib, uid, gid):
        self.path = path
        os.makedirs(path, exist_ok=True)
        options = f"size={mib}m,mode=0711,uid={uid},gid={gid}".encode()
        check(libc.mount(b"tmpfs", os.fsencode(path), b"tmpfs", 0, options), "mounting a tmpfs")
        self.filler = os.path.join(path, "filler")

    def free(self):
        status = os.statvfs(self.path)
        return status.f_bavail * status.f_frsize

    def fill(self, leave=0):
        """Takes all room but `leave` bytes: without a rest, whatever others give back meanwhile too."""
        with open(self.filler, "ab", buffering=0) as file:
            for piece in (MIB, 4096):
                block = b"x" * piece
                try:
                    while self.free() >= leave + piece or leave == 0:
                        file.write(block)
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise

    def empty(self):
        if os.path.exists(self.filler):
            os.unlink(self.filler)

    def unmount(self):
        libc.umount2(os.fsencode(self.path), MNT_DETACH)
