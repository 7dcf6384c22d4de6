// SPDX-License-Identifier: Apache-2.0
//
// Contract of users, access keys and tenants.

#include "kit.h"
#include "store/keys.h"
#include "store/payload.h"
#include "store/persons.h"

static struct change *person_change(const struct caller *caller, enum change_kind kind,
                                    const char *uid, unsigned roles) {
    struct change *change = change_new(kind, caller);
    change->person = g_new0(struct person_fields, 1);
    change->person->uid = g_strdup(uid);
    change->person->roles = roles;
    change->person->max_execute_count = -1;
    change->person->max_result_count = -1;
    return change;
}

// Delete, enable, disable; and a change of a key by its id.
static struct change *named_change(const struct caller *caller, enum change_kind kind,
                                   const char *name) {
    struct change *change = change_new(kind, caller);
    change->name = g_strdup(name);
    return change;
}

static struct change *key_change(const struct caller *caller, int64_t user_id) {
    struct change *change = change_new(CHANGE_KEY_CREATE, caller);
    change->user_id = user_id;
    return change;
}

static struct change *switch_change(const struct caller *caller, const char *key_id,
                                    bool is_active) {
    struct change *change = named_change(caller, CHANGE_KEY_UPDATE, key_id);
    change->flag = is_active;
    return change;
}

static int64_t add_user(struct kit *kit, const char *uid, unsigned roles) {
    return kit_apply(kit, person_change(&kit->admin, CHANGE_PERSON_REGISTER, uid, roles));
}

// Applies a change that gives texts; the caller frees them.
static char **apply_for_texts(struct kit *kit, struct change *change) {
    g_autoptr(GError) error = NULL;
    struct change_result result = { 0 };
    kit_begin(kit);
    (void)store_change(kit->store, change, KIT_NOW_MS, &result, &error);
    g_assert_no_error(error);
    kit_commit(kit);
    change_free(change);
    g_assert_nonnull(result.text);
    return result.text;
}

static bool can_call(struct kit *kit, const char *key_id) {
    struct key_row *key = NULL;
    if (!store_key_find(store_as_reader(kit->store), key_id, &key, NULL)) {
        return false;
    }
    bool is_active = key->is_active && key->person_state == PERSON_NORMAL;
    key_row_free(key);
    return is_active;
}

// The caller that a key makes of its user.
static struct caller caller_of(struct kit *kit, const char *key_id) {
    g_autoptr(GError) error = NULL;
    struct key_row *key = NULL;
    (void)store_key_find(store_as_reader(kit->store), key_id, &key, &error);
    g_assert_no_error(error);
    struct caller caller = key->caller;
    key_row_free(key);
    return caller;
}

static struct person_row *get_person(struct kit *kit, const char *uid) {
    g_autoptr(GError) error = NULL;
    struct person_row *person = NULL;
    (void)store_person_get(store_as_reader(kit->store), &kit->admin, uid, 0, &person, &error);
    g_assert_no_error(error);
    return person;
}

static enum person_state state_of(struct kit *kit, const char *uid) {
    struct person_row *person = get_person(kit, uid);
    enum person_state state = person->state;
    person_row_free(person);
    return state;
}

// An administrator of the first tenant besides the first one, with a key.
static struct caller second_administrator(struct kit *kit) {
    g_auto(GStrv) key =
        apply_for_texts(kit, key_change(&kit->admin, add_user(kit, "second", ROLE_ADMIN)));
    return caller_of(kit, key[0]);
}

static void a_user_is_registered_once(void) {
    struct kit *kit = kit_new();
    int64_t id = add_user(kit, "7001", 0);
    struct person_row *person = get_person(kit, "7001");
    g_assert_cmpint(person->id, ==, id);
    g_assert_cmpstr(person->name, ==, "7001");
    g_assert_cmpuint(person->roles, ==, ROLE_USER);
    g_assert_cmpint(person->state, ==, PERSON_NORMAL);
    g_assert_null(person->mobile);
    person_row_free(person);
    kit_refuse(kit, person_change(&kit->admin, CHANGE_PERSON_REGISTER, "7001", 0),
               FAULT_USER_EXISTED, "7001");
    kit_refuse(kit, person_change(&kit->user, CHANGE_PERSON_REGISTER, "7002", 0),
               FAULT_NO_PERMISSION, "administrators");
    kit_refuse(kit, person_change(&kit->admin, CHANGE_PERSON_REGISTER, "", 0), FAULT_MISSING_FIELD,
               "Uid");
    kit_free(kit);
}

static void an_update_changes_what_is_given_alone(void) {
    struct kit *kit = kit_new();
    (void)add_user(kit, "7001", ROLE_DBA);
    struct change *change = person_change(&kit->admin, CHANGE_PERSON_UPDATE, "7001", 0);
    change->person->mobile = g_strdup("110");
    change->person->max_execute_count = 0;
    (void)kit_apply(kit, change);
    struct person_row *person = get_person(kit, "7001");
    g_assert_cmpuint(person->roles, ==, ROLE_DBA);
    g_assert_cmpstr(person->name, ==, "7001");
    g_assert_cmpstr(person->mobile, ==, "110");
    g_assert_cmpint(person->max_execute_count, ==, 0);
    g_assert_cmpint(person->max_result_count, ==, 100000);
    person_row_free(person);
    change = person_change(&kit->admin, CHANGE_PERSON_UPDATE, "7001", ROLE_USER | ROLE_ADMIN);
    change->person->mobile = g_strdup("");
    change->person->name = g_strdup("Ada");
    (void)kit_apply(kit, change);
    person = get_person(kit, "7001");
    g_assert_cmpuint(person->roles, ==, ROLE_USER | ROLE_ADMIN);
    g_assert_cmpstr(person->name, ==, "Ada");
    g_assert_null(person->mobile);
    person_row_free(person);
    kit_free(kit);
}

static void a_disabled_user_can_not_call_until_enabled(void) {
    struct kit *kit = kit_new();
    int64_t id = add_user(kit, "7001", 0);
    g_auto(GStrv) key = apply_for_texts(kit, key_change(&kit->admin, id));
    g_assert_true(can_call(kit, key[0]));
    for (int i = 0; i < 2; i++) { // the second time changes nothing
        (void)kit_apply(kit, named_change(&kit->admin, CHANGE_PERSON_DISABLE, "7001"));
    }
    g_assert_false(can_call(kit, key[0]));
    kit_refuse(kit, key_change(&kit->admin, id), FAULT_USER_STATE, "disabled");
    for (int i = 0; i < 2; i++) {
        (void)kit_apply(kit, named_change(&kit->admin, CHANGE_PERSON_ENABLE, "7001"));
    }
    g_assert_true(can_call(kit, key[0]));
    kit_free(kit);
}

static void a_deleted_user_leaves_its_row_and_can_be_brought_back(void) {
    struct kit *kit = kit_new();
    int64_t id = add_user(kit, "7001", ROLE_ADMIN);
    g_auto(GStrv) key = apply_for_texts(kit, key_change(&kit->admin, id));
    (void)kit_apply(kit, named_change(&kit->admin, CHANGE_PERSON_DELETE, "7001"));
    g_assert_false(can_call(kit, key[0]));
    g_assert_cmpint(state_of(kit, "7001"), ==, PERSON_DELETED);
    kit_refuse(kit, named_change(&kit->admin, CHANGE_PERSON_DELETE, "7001"), FAULT_USER_NOT_EXIST,
               "deleted already");
    kit_refuse(kit, named_change(&kit->admin, CHANGE_PERSON_ENABLE, "7001"), FAULT_USER_STATE,
               "RegisterUser");
    kit_refuse(kit, named_change(&kit->admin, CHANGE_PERSON_DISABLE, "7001"), FAULT_USER_STATE,
               "RegisterUser");
    kit_refuse(kit, person_change(&kit->admin, CHANGE_PERSON_UPDATE, "7001", ROLE_ADMIN),
               FAULT_USER_STATE, "RegisterUser");
    kit_refuse(kit, key_change(&kit->admin, id), FAULT_USER_STATE, "RegisterUser");
    g_assert_cmpint(add_user(kit, "7001", 0), ==, id);
    struct person_row *person = get_person(kit, "7001");
    g_assert_cmpint(person->state, ==, PERSON_NORMAL);
    g_assert_cmpuint(person->roles, ==, ROLE_USER);
    person_row_free(person);
    g_assert_false(can_call(kit, key[0]));
    kit_free(kit);
}

static void a_deleted_owners_flow_stays(void) {
    struct kit *kit = kit_new();
    g_auto(GStrv) key =
        apply_for_texts(kit, key_change(&kit->admin, add_user(kit, "7001", ROLE_DBA)));
    struct caller owner = caller_of(kit, key[0]);
    struct change *change = change_new(CHANGE_FLOW_CREATE, &owner);
    change->name = g_strdup("orphan");
    int64_t flow_id = kit_apply(kit, change);
    (void)kit_apply(kit, named_change(&kit->admin, CHANGE_PERSON_DELETE, "7001"));
    struct flow_row *flow = kit_get_flow(kit, flow_id);
    g_assert_cmpint(flow->owner_id, ==, owner.user_id);
    g_assert_cmpint(flow->status, ==, FLOW_DRAFT);
    flow_row_free(flow);
    kit_free(kit);
}

static void the_users_of_a_tenant_are_limited(void) {
    struct kit *kit = kit_new();
    kit_begin(kit);
    for (int i = 1; i < PERSONS_PER_TENANT_MAX; i++) { // the first administrator is one
        g_autoptr(GError) error = NULL;
        struct change_result result = { 0 };
        g_autofree char *uid = g_strdup_printf("u%d", i);
        struct change *change = person_change(&kit->admin, CHANGE_PERSON_REGISTER, uid, 0);
        (void)store_change(kit->store, change, KIT_NOW_MS, &result, &error);
        g_assert_no_error(error);
        change_free(change);
    }
    kit_commit(kit);
    kit_refuse(kit, person_change(&kit->admin, CHANGE_PERSON_REGISTER, "one more", 0),
               FAULT_USER_QUOTA, "at most 5000");
    GPtrArray *persons = NULL;
    int64_t total = 0;
    struct person_filter filter = {
        .page_number = 50, .page_size = 100, .state = -1, .search = "U49"
    };
    struct store_reader *reader = store_as_reader(kit->store);
    int64_t steps = store_reader_scan_steps(reader);
    g_assert_true(store_person_list(reader, &kit->admin, &filter, &persons, &total, NULL));
    g_assert_cmpint(total, ==, 111);
    g_assert_cmpuint(persons->len, ==, 0);
    g_ptr_array_unref(persons);
    g_assert_cmpint(store_reader_scan_steps(reader), ==, steps);
    kit_free(kit);
}

static void a_search_text_may_be_of_any_length(void) {
    struct kit *kit = kit_new();
    g_autofree char *long_text = g_strnfill(100000, '%');
    struct person_filter filter = {
        .page_number = 1, .page_size = 10, .state = -1, .search = long_text
    };
    GPtrArray *persons = NULL;
    int64_t total = -1;
    g_autoptr(GError) error = NULL;
    (void)store_person_list(store_as_reader(kit->store), &kit->admin, &filter, &persons, &total,
                            &error);
    g_assert_no_error(error);
    g_assert_cmpint(total, ==, 0);
    g_ptr_array_unref(persons);
    kit_free(kit);
}

static void a_user_has_two_active_keys_at_most(void) {
    struct kit *kit = kit_new();
    int64_t id = add_user(kit, "7001", 0);
    g_auto(GStrv) first = apply_for_texts(kit, key_change(&kit->admin, id));
    g_auto(GStrv) second = apply_for_texts(kit, key_change(&kit->admin, id));
    g_assert_cmpuint(strlen(first[1]), >=, 30);
    g_assert_cmpstr(first[0], !=, second[0]);
    g_assert_cmpstr(first[1], !=, second[1]);
    kit_refuse(kit, key_change(&kit->admin, id), FAULT_LIMIT_EXCEEDED, "2 active access keys");
    kit_refuse(kit, named_change(&kit->admin, CHANGE_KEY_DELETE, first[0]), FAULT_KEY_STATE,
               "disable it");
    (void)kit_apply(kit, switch_change(&kit->admin, first[0], false));
    g_assert_false(can_call(kit, first[0]));
    g_assert_true(can_call(kit, second[0]));
    g_strfreev(apply_for_texts(kit, key_change(&kit->admin, id)));
    kit_refuse(kit, switch_change(&kit->admin, first[0], true), FAULT_LIMIT_EXCEEDED,
               "disable one first");
    (void)kit_apply(kit, named_change(&kit->admin, CHANGE_KEY_DELETE, first[0]));
    kit_refuse(kit, named_change(&kit->admin, CHANGE_KEY_DELETE, first[0]), FAULT_KEY_NOT_EXIST,
               first[0]);
    GPtrArray *keys = NULL;
    g_assert_true(store_access_key_list(store_as_reader(kit->store), &kit->admin, id, &keys, NULL));
    g_assert_cmpuint(keys->len, ==, 2);
    g_ptr_array_unref(keys);
    kit_free(kit);
}

static void disabled_keys_are_limited_too(void) {
    struct kit *kit = kit_new();
    int64_t id = add_user(kit, "7001", 0);
    for (int i = 0; i < KEYS_MAX; i++) {
        g_auto(GStrv) key = apply_for_texts(kit, key_change(&kit->admin, id));
        (void)kit_apply(kit, switch_change(&kit->admin, key[0], false));
    }
    kit_refuse(kit, key_change(&kit->admin, id), FAULT_LIMIT_EXCEEDED, "delete one first");
    kit_free(kit);
}

static void keys_are_managed_by_their_user_and_by_administrators(void) {
    struct kit *kit = kit_new();
    g_auto(GStrv) one = apply_for_texts(kit, key_change(&kit->admin, add_user(kit, "one", 0)));
    int64_t other_id = add_user(kit, "two", 0);
    g_auto(GStrv) two = apply_for_texts(kit, key_change(&kit->admin, other_id));
    struct caller caller = caller_of(kit, one[0]);
    g_strfreev(apply_for_texts(kit, key_change(&caller, 0)));
    (void)kit_apply(kit, switch_change(&caller, one[0], false));
    (void)kit_apply(kit, named_change(&caller, CHANGE_KEY_DELETE, one[0]));
    kit_refuse(kit, switch_change(&caller, two[0], false), FAULT_NO_PERMISSION, "other users");
    kit_refuse(kit, key_change(&caller, other_id), FAULT_NO_PERMISSION, "other users");
    kit_refuse(kit, key_change(&caller, 424242), FAULT_NO_PERMISSION, "other users");
    GPtrArray *keys = NULL;
    g_autoptr(GError) error = NULL;
    struct store_reader *reader = store_as_reader(kit->store);
    g_assert_false(store_access_key_list(reader, &caller, other_id, &keys, &error));
    g_assert_true(fault_is(error, FAULT_NO_PERMISSION));
    g_assert_true(store_access_key_list(reader, &caller, 0, &keys, NULL));
    g_assert_cmpuint(keys->len, ==, 1);
    g_ptr_array_unref(keys);
    caller.is_temporary = true;
    kit_refuse(kit, key_change(&caller, 0), FAULT_NO_PERMISSION, "session key");
    kit_free(kit);
}

static void another_tenants_users_and_keys_do_not_exist(void) {
    struct kit *kit = kit_new();
    int64_t id = add_user(kit, "7001", 0);
    g_auto(GStrv) key = apply_for_texts(kit, key_change(&kit->admin, id));
    const struct caller *stranger = &kit->stranger;
    kit_refuse(kit, person_change(stranger, CHANGE_PERSON_UPDATE, "7001", ROLE_DBA),
               FAULT_USER_NOT_EXIST, "7001");
    kit_refuse(kit, named_change(stranger, CHANGE_PERSON_DELETE, "7001"), FAULT_USER_NOT_EXIST,
               "7001");
    kit_refuse(kit, named_change(stranger, CHANGE_PERSON_DISABLE, "7001"), FAULT_USER_NOT_EXIST,
               "7001");
    kit_refuse(kit, key_change(stranger, id), FAULT_USER_NOT_EXIST, "no user");
    kit_refuse(kit, switch_change(stranger, key[0], false), FAULT_KEY_NOT_EXIST, key[0]);
    kit_refuse(kit, named_change(stranger, CHANGE_KEY_DELETE, key[0]), FAULT_KEY_NOT_EXIST, key[0]);
    struct person_row *person = NULL;
    GPtrArray *rows = NULL;
    g_autoptr(GError) error = NULL;
    struct store_reader *reader = store_as_reader(kit->store);
    g_assert_false(store_person_get(reader, stranger, NULL, id, &person, &error));
    g_assert_true(fault_is(error, FAULT_USER_NOT_EXIST));
    g_clear_error(&error);
    g_assert_false(store_access_key_list(reader, stranger, id, &rows, &error));
    g_assert_true(fault_is(error, FAULT_USER_NOT_EXIST));
    int64_t total = 7;
    struct person_filter filter = { .page_number = 1, .page_size = 10, .state = -1 };
    g_assert_true(store_person_list(reader, stranger, &filter, &rows, &total, NULL));
    g_assert_cmpint(total, ==, 0);
    g_ptr_array_unref(rows);
    kit_free(kit);
}

static void the_last_way_in_stays_open(void) {
    struct kit *kit = kit_new();
    const char *uid = kit->admin.uid;
    kit_refuse(kit, switch_change(&kit->admin, "admin-key", false), FAULT_KEY_STATE,
               "administrator");
    kit_refuse(kit, named_change(&kit->admin, CHANGE_PERSON_DISABLE, uid), FAULT_USER_STATE,
               "administrator");
    kit_refuse(kit, named_change(&kit->admin, CHANGE_PERSON_DELETE, uid), FAULT_USER_STATE,
               "administrator");
    kit_refuse(kit, person_change(&kit->admin, CHANGE_PERSON_UPDATE, uid, ROLE_DBA),
               FAULT_USER_STATE, "role ADMIN");
    // An administrator without a key is no way in.
    struct change *change = change_new(CHANGE_TENANT_CREATE, &kit->admin);
    change->name = g_strdup("branch");
    g_auto(GStrv) made = apply_for_texts(kit, change);
    struct caller branch = caller_of(kit, made[0]);
    int64_t heir =
        kit_apply(kit, person_change(&branch, CHANGE_PERSON_REGISTER, "heir", ROLE_ADMIN));
    kit_refuse(kit, named_change(&branch, CHANGE_PERSON_DELETE, branch.uid), FAULT_USER_STATE,
               "active key");
    g_auto(GStrv) key = apply_for_texts(kit, key_change(&branch, heir));
    (void)kit_apply(kit, named_change(&branch, CHANGE_PERSON_DELETE, branch.uid));
    g_assert_true(can_call(kit, key[0]));
    g_assert_false(can_call(kit, made[0]));
    kit_free(kit);
}

static void the_first_administrator_is_managed_by_itself_alone(void) {
    struct kit *kit = kit_new();
    struct caller second = second_administrator(kit);
    const char *uid = kit->admin.uid;
    kit_refuse(kit, key_change(&second, kit->admin.user_id), FAULT_NO_PERMISSION,
               "first administrator");
    kit_refuse(kit, switch_change(&second, "admin-key", false), FAULT_NO_PERMISSION,
               "first administrator");
    kit_refuse(kit, named_change(&second, CHANGE_PERSON_DISABLE, uid), FAULT_NO_PERMISSION,
               "first administrator");
    // Nor does it lock itself out, though the tenant has another administrator.
    kit_refuse(kit, named_change(&kit->admin, CHANGE_PERSON_DELETE, uid), FAULT_USER_STATE,
               "makes tenants");
    kit_refuse(kit, switch_change(&kit->admin, "admin-key", false), FAULT_KEY_STATE,
               "makes tenants");
    g_auto(GStrv) renewed = apply_for_texts(kit, key_change(&kit->admin, 0));
    (void)kit_apply(kit, switch_change(&kit->admin, "admin-key", false));
    g_assert_true(caller_of(kit, renewed[0]).is_operator);
    kit_free(kit);
}

static void a_tenant_is_made_with_its_administrator(void) {
    struct kit *kit = kit_new();
    struct change *change = change_new(CHANGE_TENANT_CREATE, &kit->admin);
    change->name = g_strdup("branch");
    g_auto(GStrv) made = apply_for_texts(kit, change);
    struct caller admin = caller_of(kit, made[0]);
    g_assert_cmpint(admin.tenant_id, !=, kit->admin.tenant_id);
    g_assert_cmpuint(admin.roles, ==, ROLE_ADMIN | ROLE_DBA);
    g_assert_cmpstr(admin.name, ==, "admin");
    g_assert_cmpstr(admin.uid, ==, made[2]);
    g_assert_false(admin.is_operator);
    change = change_new(CHANGE_TENANT_CREATE, &kit->admin);
    change->name = g_strdup("branch");
    kit_refuse(kit, change, FAULT_NAME_EXISTED, "branch");
    change = change_new(CHANGE_TENANT_CREATE, &admin);
    change->name = g_strdup("leaf");
    kit_refuse(kit, change, FAULT_NO_PERMISSION, "first administrator");
    struct caller temporary = kit->admin;
    temporary.is_temporary = true;
    change = change_new(CHANGE_TENANT_CREATE, &temporary);
    change->name = g_strdup("leaf");
    kit_refuse(kit, change, FAULT_NO_PERMISSION, "session key");
    kit_free(kit);
}

static int64_t last_use(struct kit *kit) {
    GPtrArray *keys = NULL;
    g_assert_true(store_access_key_list(store_as_reader(kit->store), &kit->admin, 0, &keys, NULL));
    g_assert_cmpuint(keys->len, ==, 1);
    int64_t used_ms = ((const struct access_key_row *)keys->pdata[0])->last_used_ms;
    g_ptr_array_unref(keys);
    return used_ms;
}

static void use_key(struct kit *kit, const char *key_id, int64_t now_ms) {
    g_autoptr(GError) error = NULL;
    kit_begin(kit);
    (void)store_key_used(kit->store, key_id, now_ms, &error);
    g_assert_no_error(error);
    kit_commit(kit);
}

static void a_keys_last_use_is_kept_to_the_minute(void) {
    struct kit *kit = kit_new();
    int64_t now_ms = KIT_NOW_MS;
    g_assert_cmpint(last_use(kit), ==, 0);
    use_key(kit, "admin-key", now_ms);
    g_assert_cmpint(last_use(kit), ==, now_ms);
    use_key(kit, "admin-key", now_ms + 59000);
    g_assert_cmpint(last_use(kit), ==, now_ms);
    use_key(kit, "admin-key", now_ms + 60001);
    g_assert_cmpint(last_use(kit), ==, now_ms + 60001);
    use_key(kit, "unknown-key", now_ms);
    struct person_row *person = get_person(kit, kit->admin.uid);
    g_assert_cmpint(person->last_login_ms, ==, now_ms + 60001);
    person_row_free(person);
    kit_free(kit);
}

static void a_secret_is_nowhere_in_the_database(void) {
    struct kit *kit = kit_new();
    g_auto(GStrv) key = apply_for_texts(kit, key_change(&kit->admin, add_user(kit, "7001", 0)));
    static const char *const names[] = { "state.db", "state.db-wal" };
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = g_build_filename(kit->dir, names[i], NULL);
        g_autofree char *bytes = NULL;
        gsize len = 0;
        if (g_file_get_contents(path, &bytes, &len, NULL)) {
            g_assert_null(memmem(bytes, len, key[1], strlen(key[1])));
        }
    }
    kit_free(kit);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/persons/a_user_is_registered_once", a_user_is_registered_once);
    g_test_add_func("/persons/an_update_changes_what_is_given_alone",
                    an_update_changes_what_is_given_alone);
    g_test_add_func("/persons/a_disabled_user_can_not_call_until_enabled",
                    a_disabled_user_can_not_call_until_enabled);
    g_test_add_func("/persons/a_deleted_user_leaves_its_row_and_can_be_brought_back",
                    a_deleted_user_leaves_its_row_and_can_be_brought_back);
    g_test_add_func("/persons/a_deleted_owners_flow_stays", a_deleted_owners_flow_stays);
    g_test_add_func("/persons/the_users_of_a_tenant_are_limited",
                    the_users_of_a_tenant_are_limited);
    g_test_add_func("/persons/a_search_text_may_be_of_any_length",
                    a_search_text_may_be_of_any_length);
    g_test_add_func("/persons/a_user_has_two_active_keys_at_most",
                    a_user_has_two_active_keys_at_most);
    g_test_add_func("/persons/disabled_keys_are_limited_too", disabled_keys_are_limited_too);
    g_test_add_func("/persons/keys_are_managed_by_their_user_and_by_administrators",
                    keys_are_managed_by_their_user_and_by_administrators);
    g_test_add_func("/persons/another_tenants_users_and_keys_do_not_exist",
                    another_tenants_users_and_keys_do_not_exist);
    g_test_add_func("/persons/the_last_way_in_stays_open", the_last_way_in_stays_open);
    g_test_add_func("/persons/the_first_administrator_is_managed_by_itself_alone",
                    the_first_administrator_is_managed_by_itself_alone);
    g_test_add_func("/persons/a_tenant_is_made_with_its_administrator",
                    a_tenant_is_made_with_its_administrator);
    g_test_add_func("/persons/a_keys_last_use_is_kept_to_the_minute",
                    a_keys_last_use_is_kept_to_the_minute);
    g_test_add_func("/persons/a_secret_is_nowhere_in_the_database",
                    a_secret_is_nowhere_in_the_database);
    return g_test_run();
}
