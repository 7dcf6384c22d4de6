// SPDX-License-Identifier: Apache-2.0
//
// persons: the users of a tenant (operations.md §3.2).
#pragma once

#include "core/model.h"
#include "store/payload.h"
#include "store/store.h"

enum { PERSONS_PER_TENANT_MAX = 5000 }; // deleted ones included

struct person_row {
    int64_t id;
    char *uid;
    char *name;
    unsigned roles;
    enum person_state state;
    char *mobile; // NULL: none, as the others
    char *email;
    char *ding_robot;
    char *webhook;
    char *notification_mode;
    char *signature_method;
    int64_t parent_uid;    // 0: none
    int64_t execute_count; // on counted_day
    int64_t result_count;
    int64_t
        counted_day; // number of the day, days since 1970 in the server's zone; older counts are over
    int64_t max_execute_count;
    int64_t max_result_count;
    int64_t last_login_ms; // newest use of one of the keys, 0 never
};
void person_row_free(struct person_row *row);

// By uid, by id, or both (which must name the same user); neither: the caller. FAULT_USER_NOT_EXIST.
bool store_person_get(struct store_reader *reader, const struct caller *caller, const char *uid,
                      int64_t user_id, struct person_row **ret_person, GError **error);

struct person_filter {
    int page_number;
    int page_size;
    unsigned role;      // 0: any
    int state;          // -1: all but deleted
    const char *search; // substring of nickname or uid, ignoring case; NULL: any
};
bool store_person_list(struct store_reader *reader, const struct caller *caller,
                       const struct person_filter *filter, GPtrArray **ret_persons,
                       int64_t *ret_total, GError **error);

// May nodes of this flow run in its owner's name? FAULT_USER_STATE, a sentence for the node, when the owner is disabled or deleted. The
// owner is the flow's present one; in a workspace that of the version's newest deployment, or of a try run the snapshot's (version_owner_id;
// operations.md §2.3).
bool store_owner_check(struct store_reader *reader, int64_t tenant_id, int64_t flow_id,
                       int64_t version_id, int64_t version_owner_id, GError **error);
