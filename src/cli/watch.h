// SPDX-License-Identifier: Apache-2.0
//
// cli_watch: how a watched run is shown: a tree that is drawn again in place on a terminal, one line a change elsewhere, or one
// JSON object a change.
//
// Writes to standard output. One thread.
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct cli_watch;

// `title` names the flow; edges as in cli_tree.h.
struct cli_watch *cli_watch_new(const char *title, const char *run, bool is_json,
                                const json_t *nodes, const json_t *edges, int64_t now_ms);
void cli_watch_free(struct cli_watch *watch);

// Shows a reply of GetTaskInstanceRelation. A run that has ended leaves the whole tree behind. *ret_has_ended and *ret_is_success speak of the run.
void cli_watch_show(struct cli_watch *watch, const json_t *reply, int64_t now_ms,
                    bool *ret_has_ended, bool *ret_is_success);

// Prints the whole run as it is, once: head and every node.
void cli_watch_print(struct cli_watch *watch, const json_t *reply, int64_t now_ms);

// Says that the server does not answer at the moment.
void cli_watch_say_away(struct cli_watch *watch);
