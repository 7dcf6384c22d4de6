// SPDX-License-Identifier: Apache-2.0
//
// spaces: workspaces ("lakehouse spaces"), their members, and the developers of flows (operations.md §3.3, behaviour.md §8).
#pragma once

#include "store/payload.h"
#include "store/store.h"

enum {
    SPACE_NAME_MAX = 128, // characters, as the others
    SPACE_DESCRIPTION_MAX = 1024,
    SPACE_CONFIG_MAX = 4096,
    SPACE_MODE_STANDARD = 1, // the one mode there is; 0 is not available
};

struct space_row {
    int64_t id;
    int64_t tenant_id;
    int64_t creator_id;
    struct space_fields fields;
};
void space_row_free(struct space_row *row);

// By its exact name. *ret_space stays NULL when there is none.
bool store_space_find(struct store_reader *reader, const struct caller *caller, const char *name,
                      struct space_row **ret_space, GError **error);
// May the caller see the workspace? FAULT_SPACE_NOT_EXIST for an unknown or foreign one and for who is no member; *ret_roles: set of enum space_role
// (SPACE_ADMIN for DBAs and administrators).
bool store_space_open(struct store_reader *reader, const struct caller *caller, int64_t space_id,
                      unsigned *ret_roles, GError **error);
