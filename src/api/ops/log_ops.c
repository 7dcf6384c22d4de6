// SPDX-License-Identifier: Apache-2.0
//
// log_ops: GetTaskInstanceLog: a piece of one attempt's log, also while it runs.
//
// The log of a finished attempt ends in a closing text: the line `status SUCCEEDED` or `status FAILED`, in front of it a note in brackets
// when there is no file, and what the server made of the end where the attempt's own lines do not tell. Only the supervisor writes log files, so the closing text is put behind the file's bytes when they are read; it
// has offsets like them and counts in TotalBytes. Reading piece by piece therefore gives everything exactly once.
//
// The attempt's state is read before its file: a closed attempt has a complete file, so Finished never hides output.
#include "api/ops/operation_handlers.h"

#include "api/wire/reply.h"
#include "api/services.h"
#include "api/wire/utf8.h"
#include "base/attempt_log.h"
#include "base/fault.h"
#include "store/runs.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { LENGTH_DEFAULT = 64 * 1024, LENGTH_MAX = 1024 * 1024 };

// A log to read from.
struct source {
    int fd;              // -1: there is no file
    uint64_t file_bytes; // of the stream in the file, as far as it is closed
    char *closing;       // g_free; NULL while the attempt runs
    size_t closing_len;
};

// A piece of a log with its place in the whole.
struct piece {
    GString *bytes;
    uint64_t offset;
    uint64_t next_offset;
    uint64_t total;
    uint64_t dropped;
};

static void source_done(struct source *source) {
    if (source->fd >= 0) {
        (void)close(source->fd);
    }
    g_free(source->closing);
}

static bool read_file(int fd, int64_t offset, char *buf, size_t len,
                      struct attempt_log_range *ret_range, GError **error) {
    if (fd < 0) {
        *ret_range = (struct attempt_log_range){ 0 };
        return true;
    }
    int failure = attempt_log_read(fd, offset, buf, len, ret_range);
    if (failure == -ENODATA) { // the attempt has written nothing yet
        *ret_range = (struct attempt_log_range){ 0 };
        failure = 0;
    }
    if (failure != 0) {
        fault_set(error, FAULT_INTERNAL, "the log can not be read: %s", g_strerror(-failure));
    }
    return failure == 0;
}

// What stands behind the last byte of a closed attempt's file, on a line of its own.
static char *closing_of(const struct attempt_row *attempt, bool has_file, char last) {
    const char *note = "";
    if (!has_file) {
        note = attempt->state == ATTEMPT_REFUSED ? "[this attempt never started and has no log]\n"
                                                 : "[the log of this attempt is missing]\n";
    }
    const char *message = attempt->message != NULL ? attempt->message : "";
    return g_strdup_printf("%s%s%s%sstatus %s\n", last == '\n' ? "" : "\n", note, message,
                           message[0] != '\0' ? "\n" : "",
                           attempt->node_succeeded ? "SUCCEEDED" : "FAILED");
}

static bool open_source(const char *dir, const struct attempt_row *attempt,
                        struct source *ret_source, GError **error) {
    char name[ATTEMPT_LOG_PATH_BYTES];
    attempt_log_path((uint64_t)attempt->fence, name);
    g_autofree char *path = g_build_filename(dir, "logs", name, NULL);
    struct source source = { .fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) };
    if (source.fd < 0 && errno != ENOENT) {
        fault_set(error, FAULT_INTERNAL, "the log %s can not be opened: %s", name,
                  g_strerror(errno));
        return false;
    }
    if (!attempt->is_open) {
        char last = '\n';
        struct attempt_log_range end;
        if (!read_file(source.fd, -1, &last, 1, &end, error)) {
            source_done(&source);
            return false;
        }
        source.file_bytes = end.total;
        source.closing = closing_of(attempt, source.fd >= 0, end.len == 1 ? last : '\n');
        source.closing_len = strlen(source.closing);
    }
    *ret_source = source;
    return true;
}

// Bytes at the end of what was read that the next read should have, because a character is cut there and its rest can still come: not
// where the gap begins, and not at the end of a finished file. A piece that is shorter than the character keeps it, so that every read
// gets on.
static size_t left_over(const struct attempt_log_range *range, const char *bytes,
                        bool is_finished) {
    size_t cut = utf8_cut_tail(bytes, range->len);
    bool is_at_end = range->next_offset == range->total;
    bool is_at_gap = range->next_offset == range->gap_begin && range->gap_begin < range->gap_end;
    bool would_stand_still = cut == range->len && !is_at_end;
    return is_at_gap || would_stand_still || (is_at_end && is_finished) ? 0 : cut;
}

// Puts as much of the closing text behind the piece as belongs there.
static void add_closing(const struct source *source, struct piece *piece, size_t len) {
    if (source->closing == NULL || piece->next_offset < source->file_bytes) {
        return;
    }
    size_t from = (size_t)(piece->next_offset - source->file_bytes);
    size_t rest = source->closing_len - from;
    size_t count = MIN(rest, len - piece->bytes->len);
    size_t cut = count < rest ? utf8_cut_tail(source->closing + from, count) : 0;
    count -= cut < count ? cut : 0;
    g_string_append_len(piece->bytes, source->closing + from, (gssize)count);
    piece->next_offset += count;
}

static bool read_piece(const struct source *source, int64_t offset, size_t len,
                       struct piece *ret_piece, GError **error) {
    uint64_t end = source->file_bytes + source->closing_len;
    if (source->closing != NULL) {
        // A closed log does not grow: an offset from the end can be turned into one from the beginning.
        int64_t from = offset < 0 ? MAX((int64_t)end + offset, 0) : offset;
        offset = MIN(from, (int64_t)end);
    }
    struct attempt_log_range range;
    g_autofree char *bytes = g_malloc(len);
    if (!read_file(source->fd, offset, bytes, len, &range, error)) {
        return false;
    }
    size_t cut = left_over(&range, bytes, source->closing != NULL);
    struct piece piece = {
        .bytes = g_string_new_len(bytes, (gssize)(range.len - cut)),
        .offset = range.offset,
        .next_offset = range.next_offset - cut,
        .total = source->closing != NULL ? end : range.total,
        .dropped = range.dropped,
    };
    if (source->closing != NULL && offset > (int64_t)source->file_bytes) {
        piece.offset = (uint64_t)offset; // inside the closing text
        piece.next_offset = piece.offset;
    }
    add_closing(source, &piece, len);
    *ret_piece = piece;
    return true;
}

// Has the run this node? A node without an attempt and a node of another flow are two things to a caller.
static bool run_has_node(const struct call *call, struct store_reader *reader, int64_t node_id,
                         bool *ret_has, GError **error) {
    g_autoptr(GPtrArray) nodes = NULL;
    if (!store_node_run_list(reader, call->caller, call_id(call, "DagId"),
                             call_id(call, "DagInstanceId"), &nodes, error)) {
        return false;
    }
    bool has_node = false;
    for (guint i = 0; i < nodes->len && !has_node; i++) {
        const struct node_run_row *node = g_ptr_array_index(nodes, i);
        has_node = node->node_id == node_id;
    }
    *ret_has = has_node;
    return true;
}

static bool find_attempt(const struct call *call, struct attempt_row *ret_attempt, GError **error) {
    struct store_reader *reader = NULL;
    int64_t node_id = call_id(call, "NodeId");
    GError *cause = NULL;
    if (!call_reader(call, &reader, error)) {
        return false;
    }
    if (store_attempt_get(reader, call->caller, call_id(call, "DagId"),
                          call_id(call, "DagInstanceId"), node_id,
                          (int)args_int_or(call->args, "Attempt", 0), ret_attempt, &cause)) {
        return true;
    }
    bool has_node = true;
    if (fault_is(cause, FAULT_LOG_NOT_EXIST) &&
        !run_has_node(call, reader, node_id, &has_node, error)) {
        g_error_free(cause);
        return false;
    }
    if (has_node) {
        g_propagate_error(error, cause);
        return false;
    }
    g_error_free(cause);
    fault_set(error, FAULT_NODE_NOT_EXIST, "the run has no node %" G_GINT64_FORMAT, node_id);
    return false;
}

static void reply_piece(json_t *reply, const struct piece *piece) {
    GString *text = utf8_repair(piece->bytes->str, piece->bytes->len);
    reply_text(reply, "Content", text->str);
    reply_number(reply, "Offset", (int64_t)piece->offset);
    reply_number(reply, "NextOffset", (int64_t)piece->next_offset);
    reply_number(reply, "TotalBytes", (int64_t)piece->total);
    reply_number(reply, "DroppedBytes", (int64_t)piece->dropped);
    g_string_free(text, TRUE);
}

bool op_get_task_instance_log(struct call *call, json_t *reply, GError **error) {
    struct attempt_row attempt = { 0 };
    struct source source = { 0 };
    struct piece piece = { 0 };
    int64_t len = args_int_or(call->args, "Length", LENGTH_DEFAULT);
    g_assert(len >= 1 && len <= LENGTH_MAX);
    if (!find_attempt(call, &attempt, error)) {
        return false;
    }
    bool is_open = open_source(call_services(call)->dir, &attempt, &source, error);
    g_free(attempt.message);
    if (!is_open) {
        return false;
    }
    bool is_read =
        read_piece(&source, args_int_or(call->args, "Offset", 0), (size_t)len, &piece, error);
    source_done(&source);
    if (!is_read) {
        return false;
    }
    reply_piece(reply, &piece);
    reply_number(reply, "Attempt", attempt.attempt);
    reply_bool(reply, "Finished", !attempt.is_open);
    g_string_free(piece.bytes, TRUE);
    return true;
}
