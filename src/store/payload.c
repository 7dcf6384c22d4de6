// SPDX-License-Identifier: Apache-2.0
//
// Freeing what changes carry.

#include "store/payload.h"

void space_fields_free(struct space_fields *fields) {
    if (fields == NULL) {
        return;
    }
    g_free(fields->name);
    g_free(fields->description);
    g_free(fields->dw_db_type);
    g_free(fields->config);
    g_free(fields);
}

void schedule_fields_free(struct schedule_fields *fields) {
    if (fields == NULL) {
        return;
    }
    g_free(fields->cron);
    g_free(fields->begin_date);
    g_free(fields->end_date);
    g_free(fields->param);
    g_free(fields->zone);
    g_free(fields);
}

void person_fields_free(struct person_fields *fields) {
    if (fields == NULL) {
        return;
    }
    g_free(fields->uid);
    g_free(fields->name);
    g_free(fields->mobile);
    g_free(fields);
}

void column_row_free(struct column_row *row) {
    if (row == NULL) {
        return;
    }
    g_free(row->name);
    g_free(row->type);
    g_free(row->default_value);
    g_free(row->description);
    g_free(row);
}

void table_row_free(struct table_row *row) {
    if (row == NULL) {
        return;
    }
    g_free(row->schema);
    g_free(row->name);
    g_free(row->kind);
    g_free(row->engine);
    g_free(row->encoding);
    g_free(row->description);
    g_clear_pointer(&row->columns, g_ptr_array_unref);
    g_free(row);
}

void database_found_free(struct database_found *found) {
    if (found == NULL) {
        return;
    }
    g_free(found->name);
    g_free(found->encoding);
    g_free(found->catalog);
    g_free(found);
}

void metadata_free(struct metadata *metadata) {
    if (metadata == NULL) {
        return;
    }
    g_clear_pointer(&metadata->databases, g_ptr_array_unref);
    g_clear_pointer(&metadata->tables, g_ptr_array_unref);
    g_free(metadata);
}
