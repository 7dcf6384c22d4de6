// SPDX-License-Identifier: Apache-2.0
//
// Users of a tenant: added, changed, locked out, removed, and read (operations.md §3.2).
//
// A removed user keeps its row, and with it the id that flows, runs and logs name; everything that lets it do something goes. `state`
// alone says whether a user may call.

#include "store/persons.h"

#include <assert.h>
#include <string.h>

#include "base/fault.h"
#include "store/changes.h"
#include "store/checks.h"
#include "store/person_head.h"

enum {
    NAME_BYTES_MAX = ACCESS_NAME_BYTES - 1, // of a uid and of a nickname
    MOBILE_MAX = 32,
};

static const char COUNT_PERSONS[] = "SELECT count(*) FROM person WHERE tenant_id = ?1";
static const char INSERT_PERSON[] =
    "INSERT INTO person (id, tenant_id, uid, name, roles, mobile, is_active, created_ms)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, 1, ?7)";
static const char UPDATE_PERSON[] =
    "UPDATE person SET name = coalesce(?3, name), roles = CASE WHEN ?4 = 0 THEN roles ELSE ?4 END,"
    " mobile = CASE WHEN ?5 IS NULL THEN mobile WHEN ?5 = '' THEN NULL ELSE ?5 END,"
    " max_execute_count = CASE WHEN ?6 < 0 THEN max_execute_count ELSE ?6 END,"
    " max_result_count = CASE WHEN ?7 < 0 THEN max_result_count ELSE ?7 END"
    " WHERE id = ?1 AND tenant_id = ?2";
static const char SET_STATE[] = "UPDATE person SET state = ?3 WHERE id = ?1 AND tenant_id = ?2";

// What ends with the user (operations.md §3.2). Ownerships of flows stay (proposed).
static const char DELETE_KEYS[] = "DELETE FROM access_key WHERE tenant_id = ?2 AND person_id = ?1";
static const char DELETE_SESSIONS[] =
    "DELETE FROM session_key WHERE tenant_id = ?2 AND person_id = ?1";
static const char DELETE_POLICY[] = "DELETE FROM policy WHERE person_id = ?1 AND tenant_id = ?2";
static const char *const endings[] = { DELETE_KEYS, DELETE_SESSIONS, DELETE_POLICY };

// What lapses already when the user is locked out.
static const char DELETE_COOPERATOR[] =
    "DELETE FROM cooperator WHERE person_id = ?1 AND EXISTS"
    " (SELECT 1 FROM flow f WHERE f.id = cooperator.flow_id AND f.tenant_id = ?2)";
static const char DELETE_DEVELOPER[] =
    "DELETE FROM developer WHERE person_id = ?1 AND EXISTS"
    " (SELECT 1 FROM flow f WHERE f.id = developer.flow_id AND f.tenant_id = ?2)";
static const char DELETE_MEMBER[] =
    "DELETE FROM space_member WHERE person_id = ?1 AND EXISTS"
    " (SELECT 1 FROM space s WHERE s.id = space_member.space_id AND s.tenant_id = ?2)";
static const char CLEAR_DBA[] = "UPDATE source SET dba_id = 0 WHERE tenant_id = ?2 AND dba_id = ?1";
static const char *const lapsing[] = { DELETE_COOPERATOR, DELETE_DEVELOPER, DELETE_MEMBER,
                                       CLEAR_DBA };

#define PERSON_COLUMNS                                                                             \
    "SELECT p.id, p.uid, p.name, p.roles, p.state, p.mobile, p.email, p.ding_robot, p.webhook,"    \
    " p.notification_mode, p.signature_method, p.parent_uid, p.execute_count, p.result_count,"     \
    " p.counted_day, p.max_execute_count, p.max_result_count,"                                     \
    " (SELECT max(k.last_used_ms) FROM access_key k WHERE k.tenant_id = p.tenant_id AND"           \
    " k.person_id = p.id) FROM person p"
// ?2 the set of roles, ?3 the state or -1 for all but deleted ones, ?4 the needle.
#define PERSON_FILTER                                                                              \
    " WHERE p.tenant_id = ?1 AND (?2 = 0 OR (p.roles & ?2) <> 0)"                                  \
    " AND (CASE WHEN ?3 < 0 THEN p.state <> 2 ELSE p.state = ?3 END)"                              \
    " AND (?4 IS NULL OR instr(lower(p.name), ?4) > 0 OR instr(lower(p.uid), ?4) > 0)"
static_assert(PERSON_DELETED == 2, "PERSON_FILTER says 2");
static const char GET_PERSON[] = PERSON_COLUMNS " WHERE p.tenant_id = ?1 AND p.id = ?2";
static const char LIST_PERSONS[] = PERSON_COLUMNS PERSON_FILTER " ORDER BY p.id LIMIT ?5 OFFSET ?6";
static const char COUNT_FOUND[] = "SELECT count(*) FROM person p" PERSON_FILTER;

static const char GET_OWNER[] =
    "SELECT p.state, p.name FROM flow f JOIN person p ON p.tenant_id = f.tenant_id"
    " AND p.id = CASE WHEN f.space_id = 0 THEN f.owner_id ELSE coalesce((SELECT d.owner_id FROM"
    " deployment d WHERE d.tenant_id = f.tenant_id AND d.flow_id = f.id AND d.version_id = ?4"
    " ORDER BY d.id DESC LIMIT 1), ?3) END"
    " WHERE f.id = ?1 AND f.tenant_id = ?2";

// ---- Changing ----

static bool check_bytes(const char *text, const char *field, GError **error) {
    if (text != NULL && strlen(text) > NAME_BYTES_MAX) {
        fault_set_field(error, FAULT_INVALID_FIELD, field, "%s has %zu bytes; at most %d", field,
                        strlen(text), NAME_BYTES_MAX);
        return false;
    }
    return true;
}

static bool check_fields(const struct person_fields *fields, GError **error) {
    return check_name(fields->uid, "Uid", NAME_BYTES_MAX, error) &&
           check_bytes(fields->uid, "Uid", error) &&
           (fields->name == NULL || (check_name(fields->name, "UserNick", NAME_BYTES_MAX, error) &&
                                     check_bytes(fields->name, "UserNick", error))) &&
           (fields->mobile == NULL || fields->mobile[0] == '\0' ||
            check_name(fields->mobile, "Mobile", MOBILE_MAX, error));
}

static bool check_administrator(const struct caller *caller, GError **error) {
    if (!access_permits(caller, CLASS_USERS)) {
        fault_set(error, FAULT_NO_PERMISSION, "%s may not manage users; %s may", caller->name,
                  access_class_text(CLASS_USERS));
        return false;
    }
    return true;
}

static bool update_person(struct store *store, const struct person_head *head,
                          const struct person_fields *fields, unsigned roles, GError **error) {
    return query_change(store_change_sql(store), UPDATE_PERSON,
                        VALUES(INT(head->id), INT(head->tenant_id), TEXT(fields->name), INT(roles),
                               TEXT(fields->mobile), INT(fields->max_execute_count),
                               INT(fields->max_result_count)),
                        error);
}

static bool set_state(struct store *store, const struct person_head *head, enum person_state state,
                      GError **error) {
    return query_change(store_change_sql(store), SET_STATE,
                        VALUES(INT(head->id), INT(head->tenant_id), INT(state)), error);
}

static bool run_all(struct store *store, const struct person_head *head,
                    const char *const *statements, size_t count, GError **error) {
    for (size_t i = 0; i < count; i++) {
        if (!query_run(store_change_sql(store), statements[i],
                       VALUES(INT(head->id), INT(head->tenant_id)), error)) {
            return false;
        }
    }
    return true;
}

static bool insert_person(struct store *store, const struct change *change, unsigned roles,
                          int64_t now_ms, int64_t *ret_id, GError **error) {
    const struct person_fields *fields = change->person;
    int64_t tenant_id = change->caller.tenant_id;
    int64_t count = 0;
    if (!query_int(store->reader.sql, COUNT_PERSONS, VALUES(INT(tenant_id)), 0, &count, error)) {
        return false;
    }
    if (count >= PERSONS_PER_TENANT_MAX) {
        fault_set(error, FAULT_USER_QUOTA,
                  "the tenant has %" G_GINT64_FORMAT " users, deleted ones included; at most %d",
                  count, PERSONS_PER_TENANT_MAX);
        return false;
    }
    bool has_mobile = fields->mobile != NULL && fields->mobile[0] != '\0';
    *ret_id = store_next_id(store, COUNTER_ID);
    return query_run(store_change_sql(store), INSERT_PERSON,
                     VALUES(INT(*ret_id), INT(tenant_id), TEXT(fields->uid),
                            TEXT(fields->name != NULL ? fields->name : fields->uid), INT(roles),
                            TEXT(has_mobile ? fields->mobile : NULL), INT(now_ms)),
                     error);
}

bool change_person_register(struct store *store, const struct change *change, int64_t now_ms,
                            struct change_result *result, GError **error) {
    const struct person_fields *fields = change->person;
    struct person_head head = { 0 };
    g_autoptr(GError) absent = NULL;
    if (!check_administrator(&change->caller, error) || !check_fields(fields, error)) {
        return false;
    }
    unsigned roles = fields->roles != 0 ? fields->roles : ROLE_USER;
    if (!person_head_find(&store->reader, &change->caller, fields->uid, 0, "Uid", &head, &absent)) {
        if (fault_is(absent, FAULT_USER_NOT_EXIST)) {
            return insert_person(store, change, roles, now_ms, &result->id, error);
        }
        g_propagate_error(error, g_steal_pointer(&absent));
        return false;
    }
    if (head.state != PERSON_DELETED) {
        fault_set_field(error, FAULT_USER_EXISTED, "Uid",
                        "the tenant has a user with uid %s already: %" G_GINT64_FORMAT "%s",
                        head.uid, head.id,
                        head.state == PERSON_DISABLED ? ", which is disabled" : "");
        return false;
    }
    // proposed: a user in state DELETE is brought back, with these roles and without keys.
    result->id = head.id;
    return update_person(store, &head, fields, roles, error) &&
           set_state(store, &head, PERSON_NORMAL, error);
}

// The user a change is about. Deleted ones are in the way of everything but RegisterUser.
static bool open_person(struct store *store, const struct change *change, const char *uid,
                        struct person_head *ret_head, GError **error) {
    struct person_head head = { 0 };
    if (!check_administrator(&change->caller, error) ||
        !check_name(uid, "Uid", NAME_BYTES_MAX, error) ||
        !person_head_find(&store->reader, &change->caller, uid, 0, "Uid", &head, error) ||
        !person_head_check_manager(&change->caller, &head, error)) {
        return false;
    }
    *ret_head = head;
    return true;
}

static bool check_not_deleted(const struct person_head *head, GError **error) {
    if (head->state == PERSON_DELETED) {
        fault_set_field(error, FAULT_USER_STATE, "Uid",
                        "user %s is deleted; RegisterUser brings it back", head->uid);
        return false;
    }
    return true;
}

bool change_person_update(struct store *store, const struct change *change, int64_t now_ms,
                          struct change_result *result, GError **error) {
    (void)now_ms;
    const struct person_fields *fields = change->person;
    struct person_head head = { 0 };
    if (!check_fields(fields, error) || !open_person(store, change, fields->uid, &head, error) ||
        !check_not_deleted(&head, error) ||
        !update_person(store, &head, fields, fields->roles, error)) {
        return false;
    }
    result->id = head.id;
    return person_head_check_way_in(store, head.tenant_id, FAULT_USER_STATE, error);
}

bool change_person_delete(struct store *store, const struct change *change, int64_t now_ms,
                          struct change_result *result, GError **error) {
    (void)now_ms;
    struct person_head head = { 0 };
    if (!open_person(store, change, change->name, &head, error)) {
        return false;
    }
    if (head.state == PERSON_DELETED) {
        fault_set_field(error, FAULT_USER_NOT_EXIST, "Uid", "user %s is deleted already", head.uid);
        return false;
    }
    result->id = head.id;
    return set_state(store, &head, PERSON_DELETED, error) &&
           run_all(store, &head, endings, G_N_ELEMENTS(endings), error) &&
           run_all(store, &head, lapsing, G_N_ELEMENTS(lapsing), error) &&
           person_head_check_way_in(store, head.tenant_id, FAULT_USER_STATE, error);
}

bool change_person_enable(struct store *store, const struct change *change, int64_t now_ms,
                          struct change_result *result, GError **error) {
    (void)now_ms;
    struct person_head head = { 0 };
    if (!open_person(store, change, change->name, &head, error) ||
        !check_not_deleted(&head, error)) {
        return false;
    }
    result->id = head.id; // proposed: success for a user that is enabled already
    return set_state(store, &head, PERSON_NORMAL, error);
}

bool change_person_disable(struct store *store, const struct change *change, int64_t now_ms,
                           struct change_result *result, GError **error) {
    (void)now_ms;
    struct person_head head = { 0 };
    if (!open_person(store, change, change->name, &head, error) ||
        !check_not_deleted(&head, error)) {
        return false;
    }
    result->id = head.id;
    return set_state(store, &head, PERSON_DISABLED, error) &&
           run_all(store, &head, lapsing, G_N_ELEMENTS(lapsing), error) &&
           person_head_check_way_in(store, head.tenant_id, FAULT_USER_STATE, error);
}

// ---- Reading ----

void person_row_free(struct person_row *row) {
    if (row == NULL) {
        return;
    }
    g_free(row->uid);
    g_free(row->name);
    g_free(row->mobile);
    g_free(row->email);
    g_free(row->ding_robot);
    g_free(row->webhook);
    g_free(row->notification_mode);
    g_free(row->signature_method);
    g_free(row);
}

static bool read_person(struct sql_statement *row, struct person_row **ret_person, GError **error) {
    int state = PERSON_NORMAL;
    if (!query_enum(row, 4, PERSON_STATE_COUNT, "the state of a user", &state, error)) {
        return false;
    }
    struct person_row *person = g_new(struct person_row, 1);
    *person = (struct person_row){
        .id = sql_column_int(row, 0),
        .uid = query_text(row, 1),
        .name = query_text(row, 2),
        .roles = (unsigned)sql_column_int(row, 3),
        .state = (enum person_state)state,
        .mobile = query_text(row, 5),
        .email = query_text(row, 6),
        .ding_robot = query_text(row, 7),
        .webhook = query_text(row, 8),
        .notification_mode = query_text(row, 9),
        .signature_method = query_text(row, 10),
        .parent_uid = sql_column_int(row, 11),
        .execute_count = sql_column_int(row, 12),
        .result_count = sql_column_int(row, 13),
        .counted_day = sql_column_int(row, 14),
        .max_execute_count = sql_column_int(row, 15),
        .max_result_count = sql_column_int(row, 16),
        .last_login_ms = sql_column_int(row, 17),
    };
    *ret_person = person;
    return true;
}

bool store_person_get(struct store_reader *reader, const struct caller *caller, const char *uid,
                      int64_t user_id, struct person_row **ret_person, GError **error) {
    struct person_head head = { .id = caller->user_id };
    struct sql_statement *row = NULL;
    bool has_row = false;
    bool is_named = uid != NULL || user_id != 0;
    if ((is_named && !person_head_find(reader, caller, uid, user_id, uid != NULL ? "Uid" : "UserId",
                                       &head, error)) ||
        !query_one(reader->sql, GET_PERSON, VALUES(INT(caller->tenant_id), INT(head.id)), &row,
                   &has_row, error)) {
        return false;
    }
    if (!has_row) {
        fault_set(error, FAULT_USER_NOT_EXIST, "the tenant has no user %" G_GINT64_FORMAT, head.id);
        return false;
    }
    bool is_good = read_person(row, ret_person, error);
    sql_reset(row);
    return is_good;
}

bool store_person_list(struct store_reader *reader, const struct caller *caller,
                       const struct person_filter *filter, GPtrArray **ret_persons,
                       int64_t *ret_total, GError **error) {
    g_assert(filter->page_number >= 1);
    g_assert(filter->page_size >= 1);
    g_autofree char *needle = query_needle(filter->search);
    g_autoptr(GPtrArray) persons = g_ptr_array_new_with_free_func((GDestroyNotify)person_row_free);
    int64_t total = 0;
    int64_t offset = (int64_t)(filter->page_number - 1) * filter->page_size;
    struct sql_statement *row = NULL;
    bool has_row = false;
    if (!query_int(
            reader->sql, COUNT_FOUND,
            VALUES(INT(caller->tenant_id), INT(filter->role), INT(filter->state), TEXT(needle)), 0,
            &total, error) ||
        !query_start(reader->sql, LIST_PERSONS,
                     VALUES(INT(caller->tenant_id), INT(filter->role), INT(filter->state),
                            TEXT(needle), INT(filter->page_size), INT(offset)),
                     &row, error)) {
        return false;
    }
    while (query_next(row, &has_row, error)) {
        if (!has_row) {
            *ret_persons = g_steal_pointer(&persons);
            *ret_total = total;
            return true;
        }
        struct person_row *person = NULL;
        if (!read_person(row, &person, error)) {
            sql_reset(row);
            return false;
        }
        g_ptr_array_add(persons, person);
    }
    return false;
}

bool store_owner_check(struct store_reader *reader, int64_t tenant_id, int64_t flow_id,
                       int64_t version_id, int64_t version_owner_id, GError **error) {
    struct sql_statement *row = NULL;
    bool has_row = false;
    if (!query_one(reader->sql, GET_OWNER,
                   VALUES(INT(flow_id), INT(tenant_id), INT(version_owner_id), INT(version_id)),
                   &row, &has_row, error)) {
        return false;
    }
    if (!has_row) {
        return true; // rows of users stay: there is none only where nobody was ever asked for one
    }
    bool is_able = sql_column_int(row, 0) == PERSON_NORMAL;
    if (!is_able) {
        // proposed: such a flow stays and fails when it runs (operations.md §3.2).
        fault_set(error, FAULT_USER_STATE,
                  "the flow's owner %s is %s; UpdateTaskFlowOwner gives the flow a new one",
                  sql_column_text(row, 1),
                  sql_column_int(row, 0) == PERSON_DISABLED ? "disabled" : "deleted");
    }
    sql_reset(row);
    return is_able;
}
