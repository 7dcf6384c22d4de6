// SPDX-License-Identifier: Apache-2.0
//
// services: what the handlers work with, and the three ways into it: read, change, act on a run.
//
// A handler never reaches the store or the engine past these, so the caller's tenant is compared in one place. Any thread.
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "api/api.h"
#include "api/readers.h"
#include "core/machine.h"
#include "engine/engine.h"
#include "store/flows.h"
#include "store/revisions.h"

// Set up once by main and constant from then on; goes into api_options.services.
struct api_services {
    struct engine *engine;
    struct readers *readers;
    const char *dir;  // the data directory
    const char *zone; // of times that belong to no flow: "Asia/Shanghai" (operations.md §0.7)
    enum var_language language;
};

static inline const struct api_services *call_services(const struct call *call) {
    return call->services;
}

// A `Tid` that is given must be the caller's tenant: FAULT_TENANT_NOT_EXIST (operations.md §0.7). The functions below begin with it.
bool call_check_tenant(const struct call *call, GError **error);

// The call's reader of the store. All that a call reads is of one moment, which begins with its first reading and ends with the call, or
// where it goes to the engine: what is read after a change sees that change. The reader is the call's; ask anew after call_engine,
// call_commit and call_act.
bool call_reader(const struct call *call, struct store_reader **ret_reader, GError **error);
// The engine, for calls of it that are not below. Ends the moment, since the engine may let the call wait.
struct engine *call_engine(const struct call *call);

// A change by the call's caller, with the Revision that the call names, if any.
struct change *call_change(const struct call *call, enum change_kind kind);
// Was the call made before under its client token? Then it ends with call_commit at once, which has the first answer: what a handler asks or
// does before its change would find the state that the call itself has made. Faults as store_token_find.
bool call_is_repeat(const struct call *call, bool *ret_is_repeat, GError **error);
// Takes the change and returns when it is durable. A publish whose draft is edited before its turn gathers and judges it again, a few times,
// and a redeploy of the newest version reads that again when another was published; then it is FAULT_REVISION_STALE.
// The result is freed with change_result_done; `ret_result` may be NULL.
bool call_commit(const struct call *call, struct change *change, struct change_result *ret_result,
                 GError **error);
// The same for a call that answers with nothing but the envelope and ends with this.
bool call_commit_plain(const struct call *call, struct change *change, GError **error);

// The same for a change of something that has a revision: the new one goes into the reply as `Revision`.
bool call_commit_revised(const struct call *call, struct change *change, json_t *reply,
                         GError **error);
// Writes the present revision of an object that was just read into its item, as `Revision`.
bool call_reply_revision(const struct call *call, json_t *item, enum revision_of what,
                         int64_t object_id, GError **error);

// The next two gather what a run of VERSION_DRAFT needs here and not in the engine's turn; again, a few times, when the draft is edited before
// its turn; then that is FAULT_REVISION_STALE.

// A run by hand of the flow that DagId names: engine_try_run.
bool call_try_run(const struct call *call, int64_t version_id, json_t *variables,
                  int64_t *ret_run_id, GError **error);
// An action on the run that DagId and DagInstanceId name. version_id: VERSION_UNSAID is the run's own.
bool call_act(const struct call *call, enum run_event_kind action, int64_t version_id,
              GError **error);

// The request as the store keeps it; freed with call_origin_done. For calls of the engine that are not below.
struct call_origin {
    struct origin origin;
    char *object;
    char *digest;
    char *peer;
};
void call_origin_init(const struct call *call, struct call_origin *ret_origin);
void call_origin_done(struct call_origin *origin);
// For api_options.note; ctx is the struct api_services *.
void services_note(void *ctx, const struct api_note *note);

// A required number; checked to be there before the handler.
int64_t call_id(const struct call *call, const char *name);

// Page number and size of a list: pages from 1, sizes from 1 to the published limit, otherwise to STORE_PAGE_MAX. Absent optional ones are 1 and 20 (operations.md §4.1).
// FAULT_INVALID_FIELD names the parameter.
bool call_page(const struct call *call, const char *page_name, int *ret_page, int *ret_size,
               GError **error);

// Clean-up of store rows where their variable's scope ends: `OWNED(flow_row) flow = NULL;`. The row's header is the includer's.
#define OWNED(type) __attribute__((cleanup(owned_##type##_done))) struct type *
#define OWNED_DEFINE(type)                                                                         \
    static inline void owned_##type##_done(struct type **row) {                                    \
        type##_free(*row);                                                                         \
    }
