// SPDX-License-Identifier: Apache-2.0
//
// metadata_rows: what storing and listing metadata share. Private to this folder.
#pragma once

#include "store/private.h"

enum metadata_thing { METADATA_DATABASE, METADATA_SOURCE, METADATA_TABLE };

// Does the tenant have it? FAULT_DATABASE_NOT_EXIST, FAULT_INSTANCE_NOT_EXIST, FAULT_TABLE_NOT_EXIST.
bool metadata_check(struct sql *sql, enum metadata_thing thing, int64_t tenant_id, int64_t id,
                    GError **error);
// A table's columns in their order; GPtrArray of struct column_row *.
bool metadata_columns(struct sql *sql, int64_t tenant_id, int64_t table_id, GPtrArray **ret_columns,
                      GError **error);
