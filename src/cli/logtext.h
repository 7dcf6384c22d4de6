// SPDX-License-Identifier: Apache-2.0
//
// cli_logtext: a node's log as it arrives, in pieces that may end anywhere, as text for a person: a line's time in the zone that is shown,
// whose line it is when several nodes share the screen, or only what the node itself printed.
//
// A line of a log is a time of 24 characters, the stream (OUT, ERR, or SYS for remarks of the supervisor), and the text; the closing
// `status …` line has no time (docs/extensions.md). No I/O; one thread.
#pragma once

#include <glib.h>
#include <stdbool.h>

struct cli_logtext {
    const char *zone;   // of the times, borrowed
    const char *prefix; // before each line, borrowed; "" without
    bool is_bare;       // only what the node printed, without times and remarks
    GString *head;      // of a line whose stamp is not whole yet
    bool is_inside;     // behind the stamp of a line that has not ended
    bool is_hidden;     // that line is not shown
    bool is_broken;     // something else was written behind it
};

void cli_logtext_init(struct cli_logtext *text, const char *zone, const char *prefix, bool is_bare);
void cli_logtext_done(struct cli_logtext *text);

// Appends to `out` what the piece adds; a line that has begun is shown as far as it is there.
void cli_logtext_take(struct cli_logtext *text, const char *piece, GString *out);
// Something else is about to be written, on a line of its own: an unfinished line goes on behind its prefix.
void cli_logtext_break(struct cli_logtext *text);

// The last lines of a log that are of this stream ("ERR"), without their stamps, at most `count`, oldest first. The caller frees it; its texts are its own.
GPtrArray *cli_logtext_last(const char *content, const char *stream, unsigned count);
// Where the last `count` lines of the text begin.
const char *cli_logtext_tail(const char *content, unsigned count);
