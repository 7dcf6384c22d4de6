// SPDX-License-Identifier: Apache-2.0
//
// Who is in a workspace with which roles, and who develops its flows (operations.md §3.3, behaviour.md §8).
//
// Always: a developer of a flow and, unless a DBA or administrator, its owner are members of the flow's workspace. So a member who owns
// flows there can not be taken out, and a member's developer roles go together with the membership.

#include "base/fault.h"
#include "store/changes.h"
#include "store/flow_head.h"
#include "store/named_person.h"
#include "store/spaces.h"

enum { NAMED_AT_ONCE_MAX = 1000 }; // a call is done in one turn of the engine

static const char GET_ROLES[] =
    "SELECT roles FROM space_member WHERE space_id = ?1 AND person_id = ?2";
static const char ADD_ROLES[] =
    "INSERT INTO space_member (space_id, person_id, roles) VALUES (?1, ?2, ?3)"
    " ON CONFLICT (space_id, person_id) DO UPDATE SET roles = space_member.roles | excluded.roles";
static const char REMOVE_MEMBER[] =
    "DELETE FROM space_member WHERE space_id = ?1 AND person_id = ?2";
static const char COUNT_OWNED[] =
    "SELECT count(*) FROM flow WHERE tenant_id = ?1 AND space_id = ?2 AND owner_id = ?3"
    " AND status <> 3";
static const char REMOVE_FROM_FLOWS[] =
    "DELETE FROM developer WHERE person_id = ?3 AND flow_id IN"
    " (SELECT d.flow_id FROM developer d JOIN flow f ON f.id = d.flow_id"
    " WHERE d.person_id = ?3 AND f.tenant_id = ?1 AND f.space_id = ?2)";
static const char ADD_DEVELOPER[] =
    "INSERT INTO developer (flow_id, person_id) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
static const char REMOVE_DEVELOPER[] =
    "DELETE FROM developer WHERE flow_id = ?1 AND person_id = ?2";

// What a call names: a workspace, or a flow and the workspace it belongs to.
struct place {
    int64_t space_id;
    int64_t flow_id;  // 0: the workspace itself
    int64_t owner_id; // of the flow
};

static bool open_flow(struct store_reader *reader, const struct change *change,
                      struct place *ret_place, unsigned *ret_roles, GError **error) {
    struct flow_head flow = { 0 };
    if (!flow_head_open(reader, &change->caller, change->flow_id, ACCESS_VIEW, &flow, error)) {
        return false;
    }
    if (flow.space_id == 0) {
        fault_set_field(error, FAULT_INVALID_VALUE, "ObjectId",
                        "task flow %" G_GINT64_FORMAT
                        " belongs to no workspace; only flows of a workspace have developers",
                        flow.id);
        return false;
    }
    *ret_roles = flow.space_roles;
    *ret_place =
        (struct place){ .space_id = flow.space_id, .flow_id = flow.id, .owner_id = flow.owner_id };
    return true;
}

// Only DBAs, administrators and the workspace's administrators change who is in it.
static bool open_place(struct store_reader *reader, const struct change *change,
                       struct place *ret_place, GError **error) {
    struct place place = { .space_id = change->space_id };
    unsigned roles = 0;
    bool is_found = change->flow_id != 0
                        ? open_flow(reader, change, &place, &roles, error)
                        : store_space_open(reader, &change->caller, place.space_id, &roles, error);
    if (!is_found) {
        return false;
    }
    if (!access_manages(change->caller.roles) && (roles & SPACE_ADMIN) == 0) {
        fault_set(error, FAULT_NO_PERMISSION,
                  "%s may not change the members of workspace %" G_GINT64_FORMAT
                  "; its administrators, DBAs and administrators may",
                  change->caller.name, place.space_id);
        return false;
    }
    *ret_place = place;
    return true;
}

// A workspace's administrators are appointed, and dismissed, by those above them only.
static bool check_appointment(const struct change *change, unsigned roles, GError **error) {
    if ((roles & SPACE_ADMIN) == 0 || access_manages(change->caller.roles)) {
        return true;
    }
    fault_set(error, FAULT_NO_PERMISSION,
              "%s may not appoint or dismiss administrators of a workspace; DBAs and "
              "administrators may",
              change->caller.name);
    return false;
}

static bool get_roles(struct store_reader *reader, const struct place *place, int64_t user_id,
                      unsigned *ret_roles, GError **error) {
    int64_t roles = 0;
    if (!query_int(reader->sql, GET_ROLES, VALUES(INT(place->space_id), INT(user_id)), 0, &roles,
                   error)) {
        return false;
    }
    *ret_roles = (unsigned)roles;
    return true;
}

static bool check_roles(const struct place *place, const struct member_fields *member,
                        GError **error) {
    unsigned fitting = place->flow_id != 0 ? SPACE_DEVELOPER : SPACE_ADMIN | SPACE_MEMBER;
    if (member->roles != 0 && (member->roles & ~fitting) == 0) {
        return true;
    }
    fault_set_field(error, FAULT_INVALID_VALUE, "Members",
                    "user %" G_GINT64_FORMAT " must be given %s", member->user_id,
                    place->flow_id != 0 ? "the role DEVELOPER on a task flow"
                                        : "ADMIN or MEMBER, the roles in a workspace");
    return false;
}

static bool add_member(struct store *store, const struct change *change, const struct place *place,
                       const struct member_fields *member, GError **error) {
    unsigned present = 0;
    if (!check_roles(place, member, error) || !check_appointment(change, member->roles, error) ||
        !named_person_check(&store->reader, &change->caller, member->user_id, "Members", error)) {
        return false;
    }
    if (place->flow_id == 0) {
        return query_run(store_change_sql(store), ADD_ROLES,
                         VALUES(INT(place->space_id), INT(member->user_id), INT(member->roles)),
                         error);
    }
    if (!get_roles(&store->reader, place, member->user_id, &present, error)) {
        return false;
    }
    if (present == 0) {
        fault_set_field(error, FAULT_INVALID_VALUE, "Members",
                        "user %" G_GINT64_FORMAT " is no member of workspace %" G_GINT64_FORMAT
                        "; add the member before the developer",
                        member->user_id, place->space_id);
        return false;
    }
    return query_run(store_change_sql(store), ADD_DEVELOPER,
                     VALUES(INT(place->flow_id), INT(member->user_id)), error);
}

static bool check_named(const GArray *list, const char *field, GError **error) {
    if (list == NULL || list->len == 0) {
        fault_set_field(error, FAULT_INVALID_FIELD, field, "%s names nobody", field);
        return false;
    }
    if (list->len > NAMED_AT_ONCE_MAX) {
        fault_set_field(error, FAULT_INVALID_FIELD, field, "%s names %u users; at most %d", field,
                        list->len, NAMED_AT_ONCE_MAX);
        return false;
    }
    return true;
}

bool change_members_add(struct store *store, const struct change *change, int64_t now_ms,
                        struct change_result *result, GError **error) {
    struct place place = { 0 };
    if (!open_place(&store->reader, change, &place, error) ||
        !check_named(change->members, "Members", error)) {
        return false;
    }
    for (guint i = 0; i < change->members->len; i++) {
        if (!add_member(store, change, &place,
                        &g_array_index(change->members, struct member_fields, i), error)) {
            return false;
        }
    }
    return true;
}

static bool remove_developer(struct store *store, const struct place *place, int64_t user_id,
                             GError **error) {
    if (user_id == place->owner_id) {
        fault_set_field(error, FAULT_INVALID_VALUE, "MemberIds",
                        "user %" G_GINT64_FORMAT " owns task flow %" G_GINT64_FORMAT
                        "; ChangeLhDagOwner gives it to somebody else",
                        user_id, place->flow_id);
        return false;
    }
    return query_run(store_change_sql(store), REMOVE_DEVELOPER,
                     VALUES(INT(place->flow_id), INT(user_id)), error);
}

// Who is no member is passed over.
static bool remove_member(struct store *store, const struct change *change,
                          const struct place *place, int64_t user_id, GError **error) {
    int64_t tenant_id = change->caller.tenant_id;
    unsigned roles = 0;
    int64_t owned = 0;
    if (!get_roles(&store->reader, place, user_id, &roles, error)) {
        return false;
    }
    if (roles == 0) {
        return true;
    }
    if (!check_appointment(change, roles, error) ||
        !query_int(store->reader.sql, COUNT_OWNED,
                   VALUES(INT(tenant_id), INT(place->space_id), INT(user_id)), 0, &owned, error)) {
        return false;
    }
    if (owned > 0) {
        fault_set_field(error, FAULT_INVALID_VALUE, "MemberIds",
                        "user %" G_GINT64_FORMAT " owns %" G_GINT64_FORMAT
                        " task flows of the workspace; ChangeLhDagOwner gives them to somebody "
                        "else",
                        user_id, owned);
        return false;
    }
    struct sql *sql = store_change_sql(store);
    return query_run(sql, REMOVE_FROM_FLOWS,
                     VALUES(INT(tenant_id), INT(place->space_id), INT(user_id)), error) &&
           query_run(sql, REMOVE_MEMBER, VALUES(INT(place->space_id), INT(user_id)), error);
}

bool change_members_remove(struct store *store, const struct change *change, int64_t now_ms,
                           struct change_result *result, GError **error) {
    struct place place = { 0 };
    if (!open_place(&store->reader, change, &place, error) ||
        !check_named(change->user_ids, "MemberIds", error)) {
        return false;
    }
    for (guint i = 0; i < change->user_ids->len; i++) {
        int64_t user_id = g_array_index(change->user_ids, int64_t, i);
        bool is_good = place.flow_id != 0 ? remove_developer(store, &place, user_id, error)
                                          : remove_member(store, change, &place, user_id, error);
        if (!is_good) {
            return false;
        }
    }
    return true;
}
