// SPDX-License-Identifier: Apache-2.0
//
// cli_secret: what happens to a secret that the server shows once: it leaves the process, checked, before anything that it replaces is
// given up, and a server's directory that held the old key gets the new one.
//
// One thread.
#pragma once

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>

// Prints what a reply has of key, secret, tenant and uid, as lines of DIR/credentials or as JSON, and waits until it is out. FAULT_IO
// when it could not be written.
bool cli_secret_print(const json_t *reply, bool is_json, GError **error);

// Before a call whose secret can not be asked for again and whose effect can not be undone: whether standard output takes anything at
// all. Writes an empty line (white space in JSON, nothing in the form of DIR/credentials).
bool cli_secret_probe(GError **error);

// Puts the new key of a reply of CreateAccessKey into DIR/credentials in the place of `old_key_id`, in one step that keeps owner and
// mode. *ret_is_kept is false when the file holds another key: then nothing is written. FAULT_IO when it can not be written.
bool cli_secret_keep(const char *data_dir, const char *old_key_id, const json_t *reply,
                     bool *ret_is_kept, GError **error);
