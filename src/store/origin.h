// SPDX-License-Identifier: Apache-2.0
//
// origin: the request behind a change, as far as the store keeps it: who asked with which key, under which nonce, for what.
//
// It travels with a command to the engine, which writes nonce, client token and log row in the transaction of the change
// (reliability.md, AuthN 6; behaviour.md §9). Texts are borrowed until the command is complete.
#pragma once

#include <stdint.h>

struct origin {
    const char *action; // the operation's name
    const char *request_id;
    const char *access_key_id;
    const char *nonce;
    int64_t stamped_ms;       // the request's own time
    const char *peer;         // the address it came from, without the port
    const char *object;       // the arguments that name things: "DagId=3 NodeId=7"
    int64_t database_id;      // that the call is about; 0 none
    const char *client_token; // NULL without
    const char *digest;       // of the arguments (args_digest); NULL without client_token
};
