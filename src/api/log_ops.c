// SPDX-License-Identifier: Apache-2.0
//
// log_ops: GetTaskInstanceLog: a piece of one attempt's output, also while it runs.
//
// Offsets are positions in the whole output of the program. Two things stand in Content that are not output and have no offset: the line
// `status SUCCEEDED` or `status FAILED` behind the end of a finished attempt, since only the supervisor writes log files, and a note
// in brackets when there is no log file.
//
// The attempt's state is read before its file: a closed attempt has a complete file, so Finished never hides output.
#include "api/log_ops.h"

#include "api/reply.h"
#include "api/services.h"
#include "api/utf8.h"
#include "base/attempt_log.h"
#include "base/fault.h"
#include "store/runs.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LENGTH_DEFAULT = 64 * 1024, LENGTH_MAX = 1024 * 1024 };

// A piece of output with its place in the whole.
struct piece {
    char *bytes; // g_free
    struct attempt_log_range range;
    bool has_file;
    bool ends_in_line_feed; // the whole output does, or it is empty
};

// An empty file is the log of an attempt that has written nothing yet.
static bool is_empty_file(int fd) {
    struct stat status;
    return fstat(fd, &status) == 0 && status.st_size == 0;
}

static bool read_range(int fd, int64_t offset, struct piece *piece, size_t len, GError **error) {
    int failure = attempt_log_read(fd, offset, piece->bytes, len, &piece->range);
    if (failure == -EBADMSG && is_empty_file(fd)) {
        piece->range = (struct attempt_log_range){ 0 };
        failure = 0;
    }
    if (failure != 0) {
        fault_set(error, FAULT_INTERNAL, "the log can not be read: %s", g_strerror(-failure));
        return false;
    }
    uint64_t total = piece->range.total;
    char last = '\n';
    struct attempt_log_range at_end = { 0 };
    if (total > 0 && attempt_log_read(fd, (int64_t)total - 1, &last, 1, &at_end) == 0 &&
        at_end.len == 0) {
        last = '\n';
    }
    piece->ends_in_line_feed = last == '\n';
    return true;
}

// Reads from the attempt's file; a missing one is an empty piece without a file.
static bool read_piece(const char *dir, int64_t fence, int64_t offset, size_t len,
                       struct piece *ret_piece, GError **error) {
    char name[ATTEMPT_LOG_PATH_BYTES];
    attempt_log_path((uint64_t)fence, name);
    g_autofree char *path = g_build_filename(dir, "logs", name, NULL);
    struct piece piece = { .ends_in_line_feed = true };
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 && errno != ENOENT) {
        fault_set(error, FAULT_INTERNAL, "the log %s can not be opened: %s", name,
                  g_strerror(errno));
        return false;
    }
    bool is_read = true;
    if (fd >= 0) {
        piece.has_file = true;
        piece.bytes = g_malloc(len);
        is_read = read_range(fd, offset, &piece, len, error);
        (void)close(fd);
    }
    if (!is_read) {
        g_free(piece.bytes);
        return false;
    }
    *ret_piece = piece;
    return true;
}

// Leaves a character that is cut at the piece's end to the next read, where the rest of it can still come: not before the gap, and not
// at the end of a finished output. A piece that is shorter than the character keeps it, so that every read gets on.
static void keep_characters_whole(struct piece *piece, bool is_finished) {
    struct attempt_log_range *range = &piece->range;
    size_t cut = utf8_cut_tail(piece->bytes, range->len);
    bool is_at_end = range->next_offset == range->total;
    bool is_at_gap = range->next_offset == range->gap_begin && range->gap_begin < range->gap_end;
    bool would_stand_still = cut == range->len && !is_at_end;
    if (cut == 0 || is_at_gap || would_stand_still || (is_at_end && is_finished)) {
        return;
    }
    range->len -= cut;
    range->next_offset -= cut;
}

// The note that stands for a log file that is not there.
static const char *missing_note(const struct attempt_row *attempt) {
    if (attempt->is_open) {
        return ""; // it is about to start
    }
    return attempt->state == ATTEMPT_REFUSED ? "[this attempt never started and has no log]\n"
                                             : "[the log of this attempt is missing]\n";
}

static GString *content_of(const struct piece *piece, const struct attempt_row *attempt) {
    GString *content = utf8_repair(piece->bytes, piece->range.len);
    if (!piece->has_file) {
        g_string_append(content, missing_note(attempt));
    }
    if (!attempt->is_open && piece->range.next_offset == piece->range.total) {
        if (!piece->ends_in_line_feed) {
            g_string_append_c(content, '\n');
        }
        g_string_append(content,
                        attempt->node_succeeded ? "status SUCCEEDED\n" : "status FAILED\n");
    }
    return content;
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
    READER_LOAN loan = { 0 };
    int64_t node_id = call_id(call, "NodeId");
    GError *cause = NULL;
    if (!call_borrow(call, &loan, error)) {
        return false;
    }
    if (store_attempt_get(loan.reader, call->caller, call_id(call, "DagId"),
                          call_id(call, "DagInstanceId"), node_id,
                          (int)args_int_or(call->args, "Attempt", 0), ret_attempt, &cause)) {
        return true;
    }
    bool has_node = true;
    if (fault_is(cause, FAULT_LOG_NOT_EXIST) &&
        !run_has_node(call, loan.reader, node_id, &has_node, error)) {
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

static bool get_log(struct call *call, json_t *reply, GError **error) {
    struct attempt_row attempt = { 0 };
    struct piece piece = { 0 };
    int64_t len = args_int_or(call->args, "Length", LENGTH_DEFAULT);
    int64_t offset = args_int_or(call->args, "Offset", 0);
    g_assert(len >= 1 && len <= LENGTH_MAX);
    if (!find_attempt(call, &attempt, error) ||
        !read_piece(call_services(call)->dir, attempt.fence, offset, (size_t)len, &piece, error)) {
        return false;
    }
    keep_characters_whole(&piece, !attempt.is_open);
    GString *content = content_of(&piece, &attempt);
    json_object_set_new(reply, "Content", json_stringn(content->str, content->len));
    reply_number(reply, "Attempt", attempt.attempt);
    reply_number(reply, "Offset", (int64_t)piece.range.offset);
    reply_number(reply, "NextOffset", (int64_t)piece.range.next_offset);
    reply_number(reply, "TotalBytes", (int64_t)piece.range.total);
    reply_number(reply, "DroppedBytes", (int64_t)piece.range.dropped);
    reply_bool(reply, "Finished", !attempt.is_open);
    g_string_free(content, TRUE);
    g_free(piece.bytes);
    return true;
}

const struct op_handler log_ops[] = {
    { "GetTaskInstanceLog", get_log },
    { NULL, NULL },
};
