// SPDX-License-Identifier: Apache-2.0
//
// cli_user: `sluice user list|show|add|update|enable|disable|delete`. A user is named by its uid, never by the service's number.
#include "cli/commands.h"

#include <string.h>

#include "base/fault.h"
#include "cli/text.h"
#include "cli/time.h"

enum { USERS_PAGE = 100 };

// The words that a person types, and those of the wire (operations.md §1.8).
static const struct {
    const char *word;
    const char *wire;
} states[] = { { "normal", "NORMAL" }, { "disabled", "DISABLE" }, { "deleted", "DELETE" } };

// Roles in any case; the server knows which there are.
static void add_roles(const struct cli_options *options, enum cli_option option, const char *name,
                      struct cli_params *params) {
    const char *text = options->values[option];
    if (text != NULL) {
        g_autofree char *roles = g_ascii_strup(text, -1);
        cli_params_add(params, name, roles);
    }
}

static void add_text(const struct cli_options *options, enum cli_option option, const char *name,
                     struct cli_params *params) {
    if (cli_options_has(options, option)) {
        cli_params_add(params, name, options->values[option]);
    }
}

static bool add_state(const struct cli_options *options, struct cli_params *params,
                      GError **error) {
    const char *text = options->values[OPTION_STATE];
    if (text == NULL) {
        return true;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(states); i++) {
        if (g_ascii_strcasecmp(text, states[i].word) == 0) {
            cli_params_add(params, "UserState", states[i].wire);
            return true;
        }
    }
    fault_set(error, FAULT_INVALID_VALUE, "--state %s: normal, disabled or deleted", text);
    return false;
}

static char *state_word(const json_t *user) {
    g_autofree char *wire = cli_reply_text(user, "State");
    for (size_t i = 0; i < G_N_ELEMENTS(states); i++) {
        if (strcmp(wire, states[i].wire) == 0) {
            return g_strdup(states[i].word);
        }
    }
    return g_steal_pointer(&wire);
}

static char *roles_text(const json_t *user) {
    GString *text = g_string_new(NULL);
    size_t index = 0;
    json_t *role = NULL;
    json_array_foreach(json_object_get(json_object_get(user, "RoleNameList"), "RoleNames"), index,
                       role) {
        g_string_append_printf(text, "%s%s", text->len > 0 ? "," : "", json_string_value(role));
    }
    return g_string_free(text, FALSE);
}

static void print_users(const json_t *users, const char *zone) {
    static const char *const headers[] = {
        "UID", "NAME", "ROLES", "STATE", "LOGIN", "USER ID", NULL
    };
    struct cli_table *table = cli_table_new(headers);
    size_t index = 0;
    json_t *user = NULL;
    json_array_foreach(users, index, user) {
        char **texts = g_new0(char *, 7);
        texts[0] = cli_reply_text(user, "Uid");
        texts[1] = cli_reply_text(user, "NickName");
        texts[2] = roles_text(user);
        texts[3] = state_word(user);
        texts[4] = cli_time_of_item(user, "LastLoginTime", zone);
        texts[5] = cli_reply_text(user, "UserId");
        cli_table_add(table, texts);
    }
    g_autofree char *text = cli_table_text(table);
    (void)printf("%s(times in %s)\n", text, zone);
    cli_table_free(table);
}

// All pages after the first, appended to the first one's list.
static bool take_pages(struct cli_session *session, const struct cli_params *filter, json_t *users,
                       int64_t total, GError **error) {
    for (int page = 2; (int64_t)json_array_size(users) < total; page++) {
        struct cli_params params;
        cli_params_init(&params);
        for (guint i = 0; i < filter->names->len; i++) {
            cli_params_add(&params, g_ptr_array_index(filter->names, i),
                           g_ptr_array_index(filter->values, i));
        }
        g_autofree char *digits = g_strdup_printf("%d", page);
        cli_params_add(&params, "PageNumber", digits);
        json_t *reply = NULL;
        bool is_good = cli_call(session->client, "ListUsers", &params, &reply, error);
        cli_params_done(&params);
        if (!is_good) {
            return false;
        }
        json_t *more = json_object_get(json_object_get(reply, "UserList"), "User");
        bool is_end = json_array_size(more) == 0; // others may have gone meanwhile
        (void)json_array_extend(users, more);
        json_decref(reply);
        if (is_end) {
            break;
        }
    }
    return true;
}

enum cli_exit command_user_list(struct cli_session *session) {
    GError *error = NULL;
    bool is_json = false;
    json_t *reply = NULL;
    json_t *users = NULL;
    struct cli_params params;
    cli_params_init(&params);
    g_autofree char *size = g_strdup_printf("%d", USERS_PAGE);
    cli_params_add(&params, "PageSize", size);
    add_roles(session->options, OPTION_ROLE, "Role", &params);
    add_text(session->options, OPTION_SEARCH, "SearchKey", &params);
    const char *zone = NULL;
    bool is_good = cli_options_output(session->options, &is_json, &error) &&
                   cli_time_zone(session->options, &zone, &error) &&
                   add_state(session->options, &params, &error) &&
                   cli_call(session->client, "ListUsers", &params, &reply, &error);
    if (is_good) {
        users = json_object_get(json_object_get(reply, "UserList"), "User");
        is_good =
            take_pages(session, &params, users, cli_reply_number(reply, "TotalCount", 0), &error);
    }
    cli_params_done(&params);
    if (is_good && is_json) {
        cli_print_json(reply);
    } else if (is_good) {
        print_users(users, zone);
    }
    json_decref(reply);
    return is_good ? CLI_OK : cli_fail(error);
}

static void print_user(const json_t *user, const char *zone) {
    static const struct {
        const char *label;
        const char *member;
    } rows[] = {
        { "mobile", "Mobile" },
        { "email", "Email" },
        { "executions today", "CurExecuteCount" },
        { "executions a day", "MaxExecuteCount" },
        { "result rows today", "CurResultCount" },
        { "result rows a day", "MaxResultCount" },
    };
    g_autofree char *state = state_word(user);
    g_autofree char *roles = roles_text(user);
    g_autofree char *uid = cli_reply_text(user, "Uid");
    g_autofree char *name = cli_reply_text(user, "NickName");
    g_autofree char *id = cli_reply_text(user, "UserId");
    g_autofree char *shown_uid = cli_text_clean(uid, 0);
    g_autofree char *shown_name = cli_text_clean(name, 0);
    (void)printf("uid: %s\nname: %s\nuser id: %s\nstate: %s\nroles: %s\n", shown_uid, shown_name,
                 id, state, roles);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *value = cli_reply_text(user, rows[i].member);
        g_autofree char *shown = cli_text_clean(value, 0);
        if (shown[0] != '\0') {
            (void)printf("%s: %s\n", rows[i].label, shown);
        }
    }
    g_autofree char *login = cli_time_of_item(user, "LastLoginTime", zone);
    if (login[0] != '\0') {
        g_autofree char *shown = cli_text_clean(login, 0);
        (void)printf("last login: %s (%s)\n", shown, zone);
    }
}

enum cli_exit command_user_show(struct cli_session *session) {
    GError *error = NULL;
    bool is_json = false;
    json_t *reply = NULL;
    const char *zone = NULL;
    const char *uid = cli_options_word(session->options, 2);
    if (!cli_options_output(session->options, &is_json, &error) ||
        !cli_time_zone(session->options, &zone, &error) ||
        !cli_call_with(session->client, "GetUser", &reply, &error, uid != NULL ? "Uid" : NULL, uid,
                       NULL)) {
        return cli_fail(error);
    }
    if (is_json) {
        cli_print_json(reply);
    } else {
        print_user(json_object_get(reply, "User"), zone);
    }
    json_decref(reply);
    return CLI_OK;
}

// One call about the user that the command names. Takes the parameters.
static enum cli_exit finish(struct cli_session *session, const char *action,
                            struct cli_params *params, const char *said) {
    GError *error = NULL;
    json_t *reply = NULL;
    bool is_json = false;
    bool is_good = cli_options_output(session->options, &is_json, &error) &&
                   cli_call(session->client, action, params, &reply, &error);
    cli_params_done(params);
    if (is_good && is_json) {
        cli_print_json(reply);
    } else if (is_good) {
        (void)printf("user %s %s\n", cli_options_word(session->options, 2), said);
    }
    json_decref(reply);
    return is_good ? CLI_OK : cli_fail(error);
}

// What add and update have in common.
static void add_fields(const struct cli_options *options, struct cli_params *params) {
    add_text(options, OPTION_NAME, "UserNick", params);
    add_text(options, OPTION_MOBILE, "Mobile", params);
    add_roles(options, OPTION_ROLES, "RoleNames", params);
}

enum cli_exit command_user_add(struct cli_session *session) {
    struct cli_params params;
    cli_params_init(&params);
    cli_params_add(&params, "Uid", cli_options_word(session->options, 2));
    add_fields(session->options, &params);
    return finish(session, "RegisterUser", &params, "added; it gets a key by `sluice key create`");
}

enum cli_exit command_user_update(struct cli_session *session) {
    const struct cli_options *options = session->options;
    if (!cli_options_has(options, OPTION_NAME) && !cli_options_has(options, OPTION_MOBILE) &&
        !cli_options_has(options, OPTION_ROLES)) {
        return cli_fail_usage("nothing to change: give --name, --roles or --mobile");
    }
    struct cli_params params;
    cli_params_init(&params);
    cli_params_add(&params, "Uid", "0"); // needed, and replaced by the text behind it
    cli_params_add(&params, "UidString", cli_options_word(session->options, 2));
    add_fields(session->options, &params);
    return finish(session, "UpdateUser", &params, "changed");
}

enum cli_exit command_user_change(struct cli_session *session) {
    static const struct {
        const char *word;
        const char *action;
        const char *said;
    } actions[] = {
        { "enable", "EnableUser", "enabled" },
        { "disable", "DisableUser", "disabled: its keys do not work any more" },
        { "delete", "DeleteUser", "deleted, with its keys" },
    };
    const char *word = cli_options_word(session->options, 1);
    size_t i = 0;
    while (strcmp(actions[i].word, word) != 0) {
        i++;
        g_assert(i < G_N_ELEMENTS(actions)); // the table of commands has no others
    }
    struct cli_params params;
    cli_params_init(&params);
    cli_params_add(&params, "Uid", cli_options_word(session->options, 2));
    return finish(session, actions[i].action, &params, actions[i].said);
}
