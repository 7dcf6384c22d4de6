// SPDX-License-Identifier: Apache-2.0
//
// cli_client: calls of the public API (protocol.md §3 to §5), signed with ACS3-HMAC-SHA256; replies as JSON.
//
// One thread.
#pragma once

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>

#include "base/fault.h"
#include "cli/profile.h"

enum {
    CLI_QUERY_BYTES_MAX = 8 * 1024, // parameters larger than this together travel in a form body
};

struct cli_client;

// Parameters of one call, in any order; both arrays own copies.
struct cli_params {
    GPtrArray *names;
    GPtrArray *values;
};
void cli_params_init(struct cli_params *params);
void cli_params_add(struct cli_params *params, const char *name, const char *value);
void cli_params_done(struct cli_params *params);

// Takes over what the profile holds and leaves it empty.
struct cli_client *cli_client_new(struct cli_profile *profile_take);
void cli_client_free(struct cli_client *client);
// Are calls signed with this key?
bool cli_client_uses_key(const struct cli_client *client, const char *access_key_id);

// What a call can come to besides a reply, as the exit codes tell it apart. Whatever does not exist counts alike.
#define CLI_FAULT_NOT_FOUND FAULT_FLOW_NOT_EXIST
#define CLI_FAULT_UNKNOWN FAULT_TOKEN_OPEN // sent, and no answer that says what became of it

// One call. On success *ret_reply is the reply's object; the caller drops its reference. FAULT_UNAVAILABLE: not sent, or a reading call
// without an answer of the API's. CLI_FAULT_UNKNOWN: the same of a call that changes something, from the moment it was sent.
// FAULT_NO_PERMISSION: refused; CLI_FAULT_NOT_FOUND: refused because something does not exist; the text is "CODE: message" and the
// description on lines of its own.
bool cli_call(struct cli_client *client, const char *action, const struct cli_params *params,
              json_t **ret_reply, GError **error);

// The same with name and value pairs, NULL-ended.
bool cli_call_with(struct cli_client *client, const char *action, json_t **ret_reply,
                   GError **error, ...) G_GNUC_NULL_TERMINATED;

// The member as a number, whether it was sent as one or as digits; `fallback` when it is absent or neither.
int64_t cli_reply_number(const json_t *object, const char *name, int64_t fallback);
// The member as text, "" when it is absent. Numbers become digits. The caller frees it.
char *cli_reply_text(const json_t *object, const char *name);
