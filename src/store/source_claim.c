// SPDX-License-Identifier: Apache-2.0
//
// What registering and changing a source have in common. A link name is unique in the tenant, as an address is.

#include "store/source_claim.h"

#include <jansson.h>

#include "base/fault.h"
#include "store/source_rules.h"

static const char FIND_BY_UID[] =
    "SELECT id FROM person WHERE tenant_id = ?1 AND uid = ?2 AND state = 0";
static const char FIND_BY_ID[] =
    "SELECT id FROM person WHERE id = ?2 AND tenant_id = ?1 AND state = 0";
static const char FIND_ADDRESS[] =
    "SELECT id FROM source WHERE tenant_id = ?1 AND host = ?2 AND port = ?3 AND sid = ?4";
static const char FIND_LINK[] =
    "SELECT id FROM source WHERE tenant_id = ?1 AND link_name = ?2 AND link_name <> ''";

static bool find_dba(struct store_reader *reader, const struct caller *caller,
                     const struct source_fields *fields, int64_t *ret_dba_id, GError **error) {
    if (fields->dba_id < 0) {
        return true;
    }
    bool is_by_id = fields->dba_id != 0;
    g_autofree char *uid = g_strdup_printf("%" G_GINT64_FORMAT, fields->dba_uid);
    bool is_good =
        is_by_id
            ? query_int(reader->sql, FIND_BY_ID,
                        VALUES(INT(caller->tenant_id), INT(fields->dba_id)), 0, ret_dba_id, error)
            : query_int(reader->sql, FIND_BY_UID, VALUES(INT(caller->tenant_id), TEXT(uid)), 0,
                        ret_dba_id, error);
    if (is_good && *ret_dba_id == 0) {
        if (is_by_id) {
            fault_set_field(error, FAULT_USER_NOT_EXIST, "DbaId",
                            "the tenant has no user %" G_GINT64_FORMAT, fields->dba_id);
        } else {
            fault_set_field(error, FAULT_USER_NOT_EXIST, "DbaUid",
                            "the tenant has no user with uid %s", uid);
        }
        return false;
    }
    return is_good;
}

static bool check_address(struct store_reader *reader, const struct caller *caller,
                          const struct source_fields *fields, int64_t own_id, GError **error) {
    int64_t holder = 0;
    if (!query_int(reader->sql, FIND_ADDRESS,
                   VALUES(INT(caller->tenant_id), TEXT(fields->host), INT(fields->port),
                          TEXT(fields->sid != NULL ? fields->sid : "")),
                   0, &holder, error)) {
        return false;
    }
    if (holder != 0 && holder != own_id) {
        fault_set(error, FAULT_INSTANCE_EXISTED,
                  "%s, port %d is registered already: %" G_GINT64_FORMAT, fields->host,
                  fields->port, holder);
        return false;
    }
    return true;
}

char *source_link_name(const struct source_fields *fields) {
    json_auto_t *extra = fields->extra == NULL ? NULL : json_loads(fields->extra, 0, NULL);
    const char *link = json_string_value(json_object_get(extra, "DataLinkName"));
    return g_strdup(link != NULL ? link : "");
}

static bool check_link(struct store_reader *reader, const struct caller *caller,
                       const struct source_fields *fields, int64_t own_id, GError **error) {
    g_autofree char *link = source_link_name(fields);
    int64_t holder = 0;
    if (!query_int(reader->sql, FIND_LINK, VALUES(INT(caller->tenant_id), TEXT(link)), 0, &holder,
                   error)) {
        return false;
    }
    if (holder != 0 && holder != own_id) {
        fault_set_field(error, FAULT_NAME_EXISTED, "DataLinkName",
                        "the link name %s belongs to instance %" G_GINT64_FORMAT " already", link,
                        holder);
        return false;
    }
    return true;
}

bool source_claim_check(struct store_reader *reader, const struct caller *caller,
                        const struct source_fields *fields, int64_t own_id, int64_t *ret_dba_id,
                        GError **error) {
    if (!access_permits(caller, CLASS_SOURCES)) {
        fault_set(error, FAULT_NO_PERMISSION, "%s may not manage data sources; %s may",
                  caller->name, access_class_text(CLASS_SOURCES));
        return false;
    }
    return source_rules_check(fields, error) &&
           find_dba(reader, caller, fields, ret_dba_id, error) &&
           check_address(reader, caller, fields, own_id, error) &&
           check_link(reader, caller, fields, own_id, error);
}
