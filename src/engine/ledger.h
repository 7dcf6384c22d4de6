// SPDX-License-Identifier: Apache-2.0
//
// ledger: what a call leaves in the store beside its effect: nonce, client token, log row, a key's last use (reliability.md, AuthN 6, Audit).
//
// The entry of a call that succeeded is part of its transaction. Notes of calls that changed nothing wait for the next turn that commits
// anyway; they are bounded, and the oldest are dropped and counted when there are too many. Engine thread only, but for struct note, a value.
#pragma once

#include "core/access.h"
#include "engine/options.h"
#include "store/flows.h"
#include "store/origin.h"

// A call that was refused and changed nothing.
struct note {
    struct caller caller;
    struct origin origin;
    const char *code; // of the refusal; NULL: only the use of a key is noted
    bool keeps_nonce; // a changing operation that was refused: its nonce must survive a restart
    int64_t at_ms;
};

// A copy with texts of its own; the list frees its notes.
struct note *note_copy(const struct note *note);
void note_free(struct note *note);
GPtrArray *note_list_new(void);

enum { NOTES_MAX = 4096 }; // that wait, in the loop and in the ledger

struct ledger;

// Reads how far the store's time has come. dir: the data directory, copied.
bool ledger_new(struct store *store, const char *dir, struct ledger **ret_ledger, GError **error);
void ledger_free(struct ledger *ledger);

// Was the call made before under its client token? Then *ret_result is its answer. origin may be NULL.
bool ledger_find(struct ledger *ledger, const struct caller *caller, const struct origin *origin,
                 int64_t now_ms, bool *ret_is_repeat, struct change_result *ret_result,
                 GError **error);
// The call is begun: nonce and token are kept before it has an effect outside. Its entry follows with ledger_enter.
bool ledger_claim(struct ledger *ledger, const struct caller *caller, const struct origin *origin,
                  int64_t now_ms, GError **error);
// The call has had its effect: nonce, token and log row, in the open transaction. result NULL: it was a repeat and had none. note: what the
// call did, for the row; may be NULL.
bool ledger_enter(struct ledger *ledger, const struct caller *caller, const struct origin *origin,
                  int64_t now_ms, const struct change_result *result, const char *note,
                  GError **error);
// The engine has done something that no request asked for: a log row in the open transaction. note may be NULL.
bool ledger_enter_own(struct ledger *ledger, const char *action, int64_t tenant_id,
                      const char *object, const char *note, int64_t now_ms, GError **error);
// Keep for later: a refused call (copied), the use of a key, and that refusals could not be kept. Nothing is written by these.
void ledger_note(struct ledger *ledger, const struct note *note);
void ledger_key_used(struct ledger *ledger, const char *access_key_id, int64_t at_ms);
void ledger_notes_dropped(struct ledger *ledger, int64_t count);
// Writes what waits, and forgets old nonces and tokens: before the commit of a turn that has changed something, or when `forces`.
bool ledger_flush(struct ledger *ledger, int64_t now_ms, bool forces, GError **error);

// While it is held only the entries of calls are written: notes and uses wait. At first it is not.
void ledger_hold(struct ledger *ledger, bool is_held);
// The transaction was committed; or it was rolled back, and what it had of notes and uses waits again.
void ledger_settle(struct ledger *ledger);
void ledger_take_back(struct ledger *ledger);

// Where signed heads go besides DIR/audit.heads, and how often they are made. Before ledger_begin; without it nowhere, and each hour.
void ledger_set_heads(struct ledger *ledger, const struct heads_options *options);
// Outside of a transaction: looks at the log's end and at its signed heads and tells what does not fit, then signs the present end and hands it
// out, also when it was signed before: the server that signed it may have been killed before it was heard.
void ledger_begin(struct ledger *ledger, int64_t now_ms);
// The same: signs the chain's present end when it is time, or when `is_end`.
void ledger_sign(struct ledger *ledger, int64_t now_ms, bool is_end);
