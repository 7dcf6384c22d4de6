// SPDX-License-Identifier: Apache-2.0
#ifndef SLUICE_BASE_FRAME_H
#define SLUICE_BASE_FRAME_H

/* The messages between a server and its supervisor, and how they become bytes.
 *
 * Both sides speak over a SOCK_STREAM socket, DIR/supervisor.sock. A frame is
 *
 *     u32 length   bytes that follow this field (at least 4, at most FRAME_BYTES_MAX)
 *     u16 type     enum frame_type
 *     u16 version  FRAME_VERSION
 *     payload      fields of fixed width, little endian, in the order of the structs below;
 *                  texts and byte strings as u32 length and bytes
 *
 * The descriptors of a START travel as SCM_RIGHTS with the bytes of its frame and are handed out
 * in order; `fd_count` says how many the frame owns.
 *
 * Every message may be repeated without harm:
 *   START of an open fence            -> STARTED again
 *   START of an unacknowledged exit   -> EXITED again
 *   START of any other fence <= mark  -> REFUSED, FRAME_STALE_FENCE
 *   KILL of an unknown fence          -> nothing; of an unacknowledged exit -> EXITED again
 *   ACK of an unknown fence           -> nothing
 * ACK is sent only after the exit has been committed.
 *
 * No GLib. Functions return 0 or -errno. Nothing here is thread-safe: an object belongs to the
 * thread that uses it. Decoding is bounds-checked and trusts nothing but memory it was given. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRAME_VERSION 1
#define FRAME_HEADER_BYTES 8
#define FRAME_BYTES_MAX (2u * 1024 * 1024)
/* Largest result line an EXITED frame carries. */
#define FRAME_RESULT_BYTES_MAX (1024u * 1024)
/* Most descriptors one START owns, the specification's memfd included. */
#define FRAME_FDS_MAX 32
/* Ceiling of the specification memfd: argument and environment strings with their NULs. */
#define FRAME_SPEC_BYTES_MAX (2u * 1024 * 1024)
#define FRAME_ARGUMENTS_MAX 4096
#define FRAME_ENVIRONMENT_MAX 32768
#define FRAME_NOTE_MAX 900
#define FRAME_PATH_MAX 4095

enum frame_type {
    /* server to supervisor */
    FRAME_HELLO = 1,
    FRAME_START = 2,
    FRAME_VOID = 3,
    FRAME_KILL = 4,
    FRAME_ACK = 5,
    FRAME_QUIT = 6,
    /* supervisor to server */
    FRAME_STATE = 64,
    FRAME_STATE_END = 65,
    FRAME_STARTED = 66,
    FRAME_EXITED = 67,
    FRAME_REFUSED = 68,
};

/* How an attempt ended. */
enum frame_cause {
    FRAME_CAUSE_EXITED = 1,      /* code: exit code 0..255 */
    FRAME_CAUSE_SIGNALED = 2,    /* code: signal number */
    FRAME_CAUSE_LOST = 3,        /* outcome unknown; code 0 */
    FRAME_CAUSE_NOT_STARTED = 4, /* the program never ran; code: errno of the step that failed */
};

/* Who had TERM sent before the main program ended. */
enum frame_kill_sent {
    FRAME_KILL_NONE = 0,
    FRAME_KILL_SERVER = 1,
    FRAME_KILL_TIMEOUT = 2,
};

enum frame_refusal {
    FRAME_STALE_FENCE = 1, /* fence not above the mark: it may have run before */
    FRAME_LIMIT = 2,       /* as many attempts as the supervisor can hold are open */
    FRAME_JOURNAL =
        3,           /* it could not be recorded or had no room, so it did not happen; try again */
    FRAME_SPAWN = 4, /* no process, descriptor or directory could be had; it never ran */
};

/* Flags of `result_flags`; with none of them the attempt printed no line. */
#define FRAME_RESULT_PRESENT 1u  /* `result` is the program's last non-empty line */
#define FRAME_RESULT_TOO_LONG 2u /* that line was longer than result_max; `result` is empty */
#define FRAME_RESULT_LOST 4u     /* there was one, but the journal had no room for it */

/* Bytes inside a buffer that somebody else owns; not NUL-terminated. A decoded slice points into
 * the decoded frame. */
struct frame_slice {
    const char *data;
    uint32_t len;
};

struct frame_hello {
    uint32_t protocol_version; /* FRAME_VERSION */
    uint64_t highest_fence;    /* highest fence of the store; ends damage of the journal */
};

/* `program` is an absolute path, run by execve after the uid change; "@sql", the sluice-sql
 * program opened before the uid change; or "@3", the content of descriptor 3 executed directly,
 * for scripts that begin with "#!".
 * `workdir` is empty for the fresh directory DIR/work/FENCE (made and removed in any case) or an
 * absolute path to change to instead. `note` is empty or a remark for the attempt's log.
 * fds[0] is the specification, a memfd with `argument_count` strings and then
 * `environment_count` strings of the form NAME=value, each ended by NUL; fds[1…] become
 * descriptors 3, 4, … of the program. "@sql" gets one more behind them, a memory file for its
 * answer, whose last line is the result; of all others it is the last line of standard output. */
struct frame_start {
    uint64_t fence;
    uint64_t timeout_ms; /* 0: none; counted on CLOCK_BOOTTIME */
    uint32_t grace_ms;   /* between TERM and KILL */
    uint32_t result_max; /* ceiling of the result line, bytes, at most FRAME_RESULT_BYTES_MAX */
    uint32_t argument_count;
    uint32_t environment_count;
    struct frame_slice program;
    struct frame_slice workdir;
    struct frame_slice note;
    uint32_t fd_count; /* 1..FRAME_FDS_MAX */
    int fds[FRAME_FDS_MAX];
};

struct frame_kill {
    uint64_t fence;
    uint32_t grace_ms;
};

struct frame_state {
    uint64_t mark; /* highest fence ever seen */
    uint32_t pid;  /* of the supervisor */
    uint32_t capacity;
    uint32_t open_count;  /* STARTED frames that follow */
    uint32_t exits_count; /* EXITED frames that follow */
    bool is_journal_damaged;
    struct frame_slice level; /* isolation level reached: "L1+pidns", "L0+pidns", "L0-" */
    struct frame_slice boot_id;
};

struct frame_started {
    uint64_t fence;
    uint32_t pid;
    int64_t started_ms; /* UTC */
};

struct frame_exited {
    uint64_t fence;
    enum frame_cause cause;
    int32_t code; /* see enum frame_cause */
    enum frame_kill_sent kill_sent;
    int64_t started_ms; /* UTC */
    int64_t ended_ms;   /* UTC; when the main program ended */
    uint64_t user_us;
    uint64_t system_us;
    uint64_t maxrss_kib;
    bool is_oom_killed;
    uint64_t output_bytes;  /* standard output and standard error, as read from the pipes */
    uint64_t dropped_bytes; /* log bytes that the log file could not keep */
    uint32_t result_flags;  /* FRAME_RESULT_… */
    /* Of NOT_STARTED, when PRESENT: a sentence for a person that says what stood in the way. */
    struct frame_slice result;
};

struct frame_refused {
    uint64_t fence;
    int32_t error; /* errno, positive; 0 where none applies */
    enum frame_refusal reason;
    struct frame_slice text; /* a sentence for a person */
};

/* One message of either direction. FRAME_QUIT and FRAME_STATE_END have no fields; FRAME_VOID and
 * FRAME_ACK have `fence` only. */
struct frame_message {
    enum frame_type type;
    union {
        uint64_t fence;
        struct frame_hello hello;
        struct frame_start start;
        struct frame_kill kill;
        struct frame_state state;
        struct frame_started started;
        struct frame_exited exited;
        struct frame_refused refused;
    };
};

/* A slice over a NUL-terminated text that outlives it; NULL gives the empty slice. */
struct frame_slice frame_text(const char *text);

/* Whether a slice equals a NUL-terminated text. */
bool frame_slice_equals(struct frame_slice slice, const char *text);

/* Writes the whole frame, header included, into `buf`. -EMSGSIZE when it does not fit into `size`
 * or is above the ceiling, -EINVAL when a field is outside its range. `ret_len` may be NULL.
 * With buf == NULL and size == 0 nothing is written and *ret_len is the size needed. */
int frame_encode(const struct frame_message *message, uint8_t *buf, size_t size, size_t *ret_len);

/* Reads one whole frame, header included, of exactly `len` bytes. Slices point into `frame`.
 * -EBADMSG for everything that frame_encode() would not have written: cut short, bytes left over,
 * unknown type or version, a value outside its range. `fds` of a START are set to -1. */
int frame_decode(const uint8_t *frame, size_t len, struct frame_message *ret_message);

/* Receives frames from a socket. Grows on demand up to its ceiling. */
struct frame_reader {
    uint8_t *buf;
    size_t size;
    size_t begin;
    size_t end;
    size_t ceiling;
    int fds[2 * FRAME_FDS_MAX];
    uint32_t fds_count;
};

/* `ceiling`: largest frame taken, header included; 0 means FRAME_BYTES_MAX + 4. */
void frame_reader_init(struct frame_reader *reader, size_t ceiling);

/* Frees the buffer and closes the descriptors nobody took. The reader may be used again after
 * frame_reader_init(). */
void frame_reader_done(struct frame_reader *reader);

/* Reads once from the socket, without waiting (MSG_DONTWAIT). 1: something arrived; 0: end of
 * file; -EAGAIN: nothing now; -EBADMSG: more descriptors than anybody may send; other -errno.
 * After 1, call frame_reader_next() until it returns 0 before reading again. */
int frame_reader_receive(struct frame_reader *reader, int fd);

/* Takes the next whole frame. 1: *ret_message is set; its slices are valid until the next call of
 * frame_reader_receive(), the descriptors in start.fds belong to the caller. 0: no whole frame
 * yet. -EBADMSG: the peer does not speak this protocol; close the connection. */
int frame_reader_next(struct frame_reader *reader, struct frame_message *ret_message);

/* A batch of frames on its way into a socket. */
struct frame_writer {
    uint8_t *buf;
    size_t size;
    size_t begin;
    size_t end;
    size_t ceiling;
    struct frame_writer_fds *fds; /* descriptors by the offset they travel with */
    size_t fds_count;
    size_t fds_size;
};

/* `ceiling`: most bytes that may wait; 0 means FRAME_BYTES_MAX + 4. */
void frame_writer_init(struct frame_writer *writer, size_t ceiling);

/* Frees the buffer and closes the descriptors that were not sent. */
void frame_writer_done(struct frame_writer *writer);

/* Bytes that wait. */
size_t frame_writer_pending(const struct frame_writer *writer);

/* Appends a message. On success a START's descriptors belong to the writer, which closes them once
 * they are sent; on failure they stay with the caller. -ENOBUFS: the ceiling is reached; flush and
 * try again. */
int frame_writer_push(struct frame_writer *writer, const struct frame_message *message);

/* Sends as much as the socket takes, without waiting and without SIGPIPE. 0: everything is sent;
 * -EAGAIN: wait until the socket is writable; -ETOOMANYREFS: too many descriptors are in flight
 * (the soft RLIMIT_NOFILE counts them): try again in a few milliseconds; -EPIPE, -ECONNRESET, …:
 * the peer is gone. */
int frame_writer_flush(struct frame_writer *writer, int fd);

/* Fills a memfd that serves as fds[0] of a START, and checks the ceilings. `arguments` and
 * `environment` are NULL-terminated. The caller owns *ret_fd. -E2BIG above a ceiling. */
int frame_spec_new(const char *const *arguments, const char *const *environment, int *ret_fd,
                   uint32_t *ret_argument_count, uint32_t *ret_environment_count);

#endif
