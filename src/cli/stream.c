// SPDX-License-Identifier: Apache-2.0
//
// cli_stream: a log is at its end when it is finished and a read brings nothing more.
#include "cli/stream.h"

#include <string.h>

#include "cli/logtext.h"

enum {
    STREAM_PIECE_BYTES = 512 * 1024,
    STREAM_TAIL_BYTES_MAX = 1024 * 1024, // of one read (docs/extensions.md)
};

static bool ask(struct cli_session *session, const struct cli_stream *stream, int64_t offset,
                int64_t length, json_t **ret_reply, GError **error) {
    char texts[3][24];
    (void)g_snprintf(texts[0], sizeof texts[0], "%" G_GINT64_FORMAT, offset);
    (void)g_snprintf(texts[1], sizeof texts[1], "%" G_GINT64_FORMAT, length);
    (void)g_snprintf(texts[2], sizeof texts[2], "%" G_GINT64_FORMAT, stream->attempt);
    struct cli_params params;
    cli_params_init(&params);
    cli_params_add(&params, "DagId", stream->id.flow);
    cli_params_add(&params, "DagInstanceId", stream->id.run);
    cli_params_add(&params, "NodeId", stream->node);
    cli_params_add(&params, "Offset", texts[0]);
    cli_params_add(&params, "Length", texts[1]);
    if (stream->attempt > 0) {
        cli_params_add(&params, "Attempt", texts[2]);
    }
    bool is_done = cli_call(session->client, "GetTaskInstanceLog", &params, ret_reply, error);
    cli_params_done(&params);
    return is_done;
}

bool cli_stream_read(struct cli_session *session, struct cli_stream *stream, char **ret_piece,
                     GError **error) {
    json_t *reply = NULL;
    if (!ask(session, stream, stream->offset, STREAM_PIECE_BYTES, &reply, error)) {
        return false;
    }
    int64_t start = cli_reply_number(reply, "Offset", stream->offset);
    int64_t next = cli_reply_number(reply, "NextOffset", stream->offset);
    stream->dropped = stream->offset > 0 ? MAX(start - stream->offset, 0) : 0;
    stream->is_finished =
        json_is_true(json_object_get(reply, "Finished")) && next <= stream->offset;
    stream->attempt = cli_reply_number(reply, "Attempt", stream->attempt);
    stream->offset = next;
    *ret_piece = cli_reply_text(reply, "Content");
    json_decref(reply);
    return true;
}

// More is read until the piece has a line more than wanted: its first one may have begun before it.
bool cli_stream_seek_tail(struct cli_session *session, struct cli_stream *stream, unsigned lines,
                          GError **error) {
    for (int64_t bytes = 16 * 1024;; bytes *= 4) {
        json_t *reply = NULL;
        int64_t length = MIN(bytes, STREAM_TAIL_BYTES_MAX);
        if (!ask(session, stream, -length, length, &reply, error)) {
            return false;
        }
        g_autofree char *content = cli_reply_text(reply, "Content");
        int64_t start = cli_reply_number(reply, "Offset", 0);
        stream->attempt = cli_reply_number(reply, "Attempt", stream->attempt);
        json_decref(reply);
        const char *tail = lines > 0 ? cli_logtext_tail(content, lines) : content + strlen(content);
        if (tail > content || start == 0 || length == STREAM_TAIL_BYTES_MAX) {
            // Replaced bytes make the text longer than the log; the mistake is a line cut in front, never one that is missing.
            stream->offset = start + (tail - content);
            return true;
        }
    }
}
