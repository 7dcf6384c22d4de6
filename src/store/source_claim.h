// SPDX-License-Identifier: Apache-2.0
//
// source_claim: may these fields stand in the tenant's list of sources: rights, rules, the DBA, and what must be unique. Private to this folder.
#pragma once

#include "store/private.h"
#include "store/sources.h"

// own_id: the source the fields are for, 0 a new one. FAULT_NO_PERMISSION, FAULT_USER_NOT_EXIST, FAULT_INSTANCE_EXISTED, FAULT_NAME_EXISTED and
// those of source_rules. *ret_dba_id: the user named as DBA, by id or by uid; untouched when it stays.
bool source_claim_check(struct store_reader *reader, const struct caller *caller,
                        const struct source_fields *fields, int64_t own_id, int64_t *ret_dba_id,
                        GError **error);
// DataLinkName of the extra settings, "" without. The caller frees it.
char *source_link_name(const struct source_fields *fields);
