// SPDX-License-Identifier: Apache-2.0
//
// keys: which keys the JSON documents of a flow have, where they stand and what they may be. This table is the one place that knows; edits,
// publishing and the tests of docs/nodes/ ask it. What a value means is the reader's of each document. Pure.
#pragma once

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/model.h"
#include "core/remark.h"

enum keys_document {
    KEYS_CONFIG,         // NodeConfig
    KEYS_TIME_VARIABLES, // TimeVariables of flows and nodes
    KEYS_OUTPUT,         // NodeOutput
    KEYS_EXTRACT_METHOD, // an SQL assignment's extractMethod, which is JSON in a text
    KEYS_SCHEDULE,       // ScheduleParam
    KEYS_SPACE,          // SpaceConfig
    KEYS_SQL,            // NodeContent of NORMAL_SQL and SQL_ASSIGNMENT
    KEYS_SCRIPT,         // NodeContent of AZKABAN_COMMAND_REMOTE
    KEYS_CONDITION,      // NodeContent of CONDITION
    KEYS_DOCUMENT_COUNT,
};

enum key_type {
    KEY_ANY,    // judged by the document's reader
    KEY_FLAG,   // true or false
    KEY_TEXT,   // a text
    KEY_WHOLE,  // a whole number from 0 to `max`
    KEY_OBJECT, // keys stand within it
    KEY_LIST,   // of objects that keys stand within
};

struct key_rule {
    const char *name;
    const char *within; // the key it stands in; "" the document itself
    enum key_type type;
    int64_t max;
    const char *
        right; // the right form as JSON, for refusals; NULL in documents that keys_check never judges
};

// The rules of a document; constant.
const struct key_rule *keys_rules(enum keys_document document, size_t *ret_count);

// The document that NodeContent of the kind is; false: the server does not read it.
bool keys_of_content(enum node_kind kind, enum keys_document *ret_document);

// Is every known key of another type than KEY_ANY of that type, and, where `judges_places`, does every known key stand where it belongs? null is
// a key that is not there. FAULT_INVALID_DATA names the key, what was found and the right form. `root` is an object.
bool keys_check(enum keys_document document, const json_t *root, bool judges_places,
                GError **error);

// Remarks on every key of `root` that the document does not have. Nothing is said of what stands within such a key. Names are
// `what.key`, `what.within.key`, `what.within[0].key`.
void keys_unknown(enum keys_document document, const json_t *root, const char *what,
                  struct remarks *remarks);
