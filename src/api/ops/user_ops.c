// SPDX-License-Identifier: Apache-2.0
//
// user_ops: users of a tenant (operations.md §3.2). Role numbers and words are core/model's; here stand the wire's words for states.
#include "api/ops/operation_handlers.h"

#include "api/wire/reply.h"
#include "api/services.h"
#include "base/civil.h"
#include "base/fault.h"
#include "base/zone.h"
#include "store/payload.h"
#include "store/persons.h"

#include <string.h>

enum { USERS_PAGE_DEFAULT = 10 }; // of ListUsers alone (operations.md §3.2)

OWNED_DEFINE(person_row)

static const char *const state_words[PERSON_STATE_COUNT] = {
    [PERSON_NORMAL] = "NORMAL",
    [PERSON_DISABLED] = "DISABLE",
    [PERSON_DELETED] = "DELETE",
};

// An optional text; empty counts as absent.
static const char *given(const struct call *call, const char *name) {
    const char *text = args_text(call->args, name);
    return text == NULL || text[0] == '\0' ? NULL : text;
}

static void reply_roles(json_t *item, unsigned roles) {
    json_t *numbers = reply_list(item, "RoleIdList", "RoleIds");
    json_t *words = reply_list(item, "RoleNameList", "RoleNames");
    for (int number = 1; number <= USER_ROLE_COUNT; number++) {
        if ((roles & (1U << (number - 1))) != 0) {
            (void)json_array_append_new(numbers, json_integer(number));
            (void)json_array_append_new(words, json_string(user_role_word(number)));
        }
    }
}

// What GetUser and ListUsers have in common; ParentUid is a number in one and a text in the other.
static void reply_person(const struct call *call, json_t *item, const struct person_row *person) {
    const char *zone = call_services(call)->zone;
    struct civil now = zone_civil(zone, call->now_ms);
    bool is_today = person->counted_day == civil_to_days(now.year, now.month, now.day);
    reply_id_text(item, "UserId", person->id);
    reply_text(item, "Uid", person->uid);
    reply_text(item, "NickName", person->name);
    reply_text(item, "State", state_words[person->state]);
    reply_roles(item, person->roles);
    reply_text(item, "Mobile", person->mobile);
    reply_text(item, "Email", person->email);
    reply_text(item, "DingRobot", person->ding_robot);
    reply_text(item, "Webhook", person->webhook);
    reply_text(item, "NotificationMode", person->notification_mode);
    reply_text(item, "SignatureMethod",
               person->signature_method != NULL ? person->signature_method : "NONE");
    reply_number(item, "CurExecuteCount", is_today ? person->execute_count : 0);
    reply_number(item, "CurResultCount", is_today ? person->result_count : 0);
    reply_number(item, "MaxExecuteCount", person->max_execute_count);
    reply_number(item, "MaxResultCount", person->max_result_count);
    reply_time(item, "LastLoginTime", zone, person->last_login_ms);
    reply_text(item, "TimeZoneId", zone);
}

bool op_get_user(struct call *call, json_t *reply, GError **error) {
    struct store_reader *reader = NULL;
    OWNED(person_row) person = NULL;
    int64_t user_id = 0;
    if (!args_text_id(call->args, "UserId", &user_id, error) ||
        !call_reader(call, &reader, error) ||
        !store_person_get(reader, call->caller, given(call, "Uid"), user_id, &person, error)) {
        return false;
    }
    json_t *item = reply_object(reply, "User");
    reply_person(call, item, person);
    reply_id(item, "ParentUid", person->parent_uid);
    return call_reply_revision(call, item, REVISION_USER, person->id, error);
}

static void filter_of(const struct call *call, struct person_filter *filter) {
    const char *role = given(call, "Role");
    const char *state = given(call, "UserState");
    filter->search = given(call, "SearchKey");
    filter->state = -1; // proposed: all but deleted ones (operations.md §3.2)
    if (role != NULL) {
        bool is_known = user_role_from_word(role, &filter->role);
        g_assert(is_known); // checked by the operation's table
    }
    for (int i = 0; state != NULL && i < PERSON_STATE_COUNT; i++) {
        if (strcmp(state, state_words[i]) == 0) {
            filter->state = i;
        }
    }
}

bool op_list_users(struct call *call, json_t *reply, GError **error) {
    struct store_reader *reader = NULL;
    g_autoptr(GPtrArray) persons = NULL;
    struct person_filter filter = { 0 };
    int64_t total = 0;
    if (!call_page(call, "PageNumber", &filter.page_number, &filter.page_size, error)) {
        return false;
    }
    if (!args_has(call->args, "PageSize")) {
        filter.page_size = USERS_PAGE_DEFAULT;
    }
    filter_of(call, &filter);
    if (!call_reader(call, &reader, error) ||
        !store_person_list(reader, call->caller, &filter, &persons, &total, error)) {
        return false;
    }
    json_t *list = reply_list(reply, "UserList", "User");
    for (guint i = 0; i < persons->len; i++) {
        const struct person_row *person = g_ptr_array_index(persons, i);
        json_t *item = reply_item(list);
        reply_person(call, item, person);
        reply_id_text(item, "ParentUid", person->parent_uid);
        if (!call_reply_revision(call, item, REVISION_USER, person->id, error)) {
            return false;
        }
    }
    reply_number(reply, "TotalCount", total);
    return true;
}

// RoleNames as a set of roles: 0 when it is absent or empty. The words were checked by the operation's table.
static unsigned roles_of(const struct call *call) {
    const char *names = given(call, "RoleNames");
    g_auto(GStrv) words = g_strsplit(names != NULL ? names : "", ",", -1);
    unsigned roles = 0;
    for (size_t i = 0; words[i] != NULL; i++) {
        unsigned role = 0;
        bool is_known = user_role_from_word(words[i], &role);
        g_assert(is_known);
        roles |= role;
    }
    return roles;
}

static struct person_fields *fields_of(const struct call *call, char *uid_take) {
    struct person_fields *fields = g_new(struct person_fields, 1);
    *fields = (struct person_fields){
        .uid = uid_take,
        .name = g_strdup(given(call, "UserNick")),
        .mobile = g_strdup(args_text(call->args, "Mobile")),
        .roles = roles_of(call),
        .max_execute_count = -1,
        .max_result_count = -1,
    };
    return fields;
}

bool op_register_user(struct call *call, json_t *reply, GError **error) {
    (void)reply;
    struct change *change = call_change(call, CHANGE_PERSON_REGISTER);
    change->person = fields_of(call, g_strdup(args_text(call->args, "Uid")));
    return call_commit_plain(call, change, error);
}

static bool check_count(const struct call *call, const char *name, GError **error) {
    int64_t count = args_int_or(call->args, name, 0);
    if (count < 0) {
        fault_set_field(error, FAULT_INVALID_FIELD, name, "%s is a number a day, 0 or more", name);
    }
    return count >= 0;
}

bool op_update_user(struct call *call, json_t *reply, GError **error) {
    if (!check_count(call, "MaxExecuteCount", error) ||
        !check_count(call, "MaxResultCount", error)) {
        return false;
    }
    // UidString, when given, replaces the number: uids need not be numeric.
    const char *text = given(call, "UidString");
    char *uid =
        text != NULL ? g_strdup(text) : g_strdup_printf("%" G_GINT64_FORMAT, call_id(call, "Uid"));
    struct change *change = call_change(call, CHANGE_PERSON_UPDATE);
    change->person = fields_of(call, uid);
    change->person->max_execute_count = args_int_or(call->args, "MaxExecuteCount", -1);
    change->person->max_result_count = args_int_or(call->args, "MaxResultCount", -1);
    return call_commit_revised(call, change, reply, error);
}

static bool change_user(struct call *call, enum change_kind kind, GError **error) {
    struct change *change = call_change(call, kind);
    change->name = g_strdup(args_text(call->args, "Uid"));
    return call_commit_plain(call, change, error);
}

bool op_delete_user(struct call *call, json_t *reply, GError **error) {
    (void)reply;
    return change_user(call, CHANGE_PERSON_DELETE, error);
}

bool op_enable_user(struct call *call, json_t *reply, GError **error) {
    (void)reply;
    return change_user(call, CHANGE_PERSON_ENABLE, error);
}

bool op_disable_user(struct call *call, json_t *reply, GError **error) {
    (void)reply;
    return change_user(call, CHANGE_PERSON_DISABLE, error);
}
