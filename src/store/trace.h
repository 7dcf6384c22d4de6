// SPDX-License-Identifier: Apache-2.0
//
// trace: what a change did to its object, for its row of the operation log: "user 12 "alice": roles USER → DBA; state NORMAL → DISABLE".
// Private to this folder.
//
// The object's row is read before and after the change, and the two are compared column by column, so that no change can forget to tell. What
// is read stands in one table (store/trace_views) and holds no secret; texts that may hold one, such as scripts, tell their size only.
#pragma once

#include "store/flows.h"

struct trace {
    const struct trace_view *view; // NULL: nothing to tell of this kind
    GPtrArray *before;             // of char *, a value per column; NULL: there was no such object
};

// Reads the object before the change. trace_done frees what it holds, in every case.
bool trace_begin(struct store_reader *reader, const struct change *change, struct trace *trace,
                 GError **error);
// Reads it again and compares. *ret_note, which the caller frees, is untouched where there is no view.
bool trace_end(struct store_reader *reader, const struct change *change,
               const struct change_result *result, const struct trace *trace, char **ret_note,
               GError **error);
void trace_done(struct trace *trace);
