// SPDX-License-Identifier: Apache-2.0
//
// payload: what changes carry for their rooms, so that the change itself knows none of them. Values with a function to free each.
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

enum space_role { SPACE_ADMIN = 1 << 0, SPACE_MEMBER = 1 << 1, SPACE_DEVELOPER = 1 << 2 };

struct space_fields {
    char *name;
    char *description;
    int mode; // 1 standard
    char *dw_db_type;
    int64_t dev_database_id;
    int64_t prod_database_id; // 0: none
    char *config;             // JSON text
};
void space_fields_free(struct space_fields *fields);

// One user's roles in a workspace or on a flow; set of enum space_role.
struct member_fields {
    int64_t user_id;
    unsigned roles;
};

struct schedule_fields {
    bool is_on;
    bool is_event;    // TriggerType Event, else Cron
    int cron_type;    // 1 MINUTE … 5 MONTH, 0 not given
    char *cron;       // NULL or "" for "once" and events
    char *begin_date; // as it came, "" none
    char *end_date;
    char *param; // JSON text
    char *zone;  // IANA name; of a change, NULL keeps the flow's
};
void schedule_fields_free(struct schedule_fields *fields);

struct notification_switches {
    bool on_failure;
    bool on_success;
    bool on_sla;
};

struct sla_rule {
    int64_t id; // 0 when new
    int kind;   // 0 flow, 1 node
    int64_t node_id;
    int minutes;
};

// NULL or a negative number: not given.
struct person_fields {
    char *uid;
    char *name;
    char *mobile;
    unsigned roles; // 0: not given
    int64_t max_execute_count;
    int64_t max_result_count;
};
void person_fields_free(struct person_fields *fields);

struct column_row {
    int64_t id;
    char *name;
    char *type;
    char *default_value; // NULL: none
    char *description;
    bool is_nullable;
    bool is_auto_increment;
    int64_t data_length; // 0: unknown
    int precision;
    int scale;
};
void column_row_free(struct column_row *row);

struct table_row {
    int64_t id;
    int64_t database_id;
    char *schema;
    char *name;
    char *kind; // "NORMAL", "VIEW"
    char *engine;
    char *encoding;
    char *description;
    int64_t row_count; // an estimate, -1 unknown
    int64_t bytes;
    GPtrArray *columns; // of struct column_row *; only while a sync is stored
};
void table_row_free(struct table_row *row);

struct database_found {
    char *name;
    char *encoding;
    char *catalog;
};
void database_found_free(struct database_found *found);

// What one sync found; the caller frees it. Lists own their rows.
struct metadata {
    int64_t source_id; // 0, or the source whose databases were listed or which could not be opened
    GPtrArray *databases; // of struct database_found *; NULL: not looked at
    int64_t database_id;  // 0, or the database whose tables were listed
    GPtrArray *tables;    // of struct table_row * with their columns; NULL: not looked at
    bool is_offline;      // the source could not be opened
};
void metadata_free(struct metadata *metadata);
