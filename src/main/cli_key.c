// SPDX-License-Identifier: Apache-2.0
//
// cli_key: `sluice key list|create|disable|enable|rotate|delete` and `sluice tenant list|create`: whatever hands out access keys.
//
// A secret is printed once, in the form of DIR/credentials, at the moment it is known: nothing that fails later may lose it.
#include "main/cli_commands.h"

#include <string.h>

#include "base/fault.h"
#include "main/cli_find.h"
#include "main/cli_text.h"

static void print_keys(const json_t *keys) {
    static const char *const headers[] = { "ACCESS KEY", "STATUS", "CREATED", "LAST USED", NULL };
    struct cli_table *table = cli_table_new(headers);
    size_t index = 0;
    json_t *key = NULL;
    json_array_foreach(keys, index, key) {
        char **texts = g_new0(char *, 5);
        texts[0] = cli_reply_text(key, "AccessKeyId");
        texts[1] = cli_reply_text(key, "Status");
        texts[2] = cli_reply_text(key, "CreateTime");
        texts[3] = cli_reply_text(key, "LastUsedTime");
        cli_table_add(table, texts);
    }
    g_autofree char *text = cli_table_text(table);
    (void)fputs(text, stdout);
    cli_table_free(table);
}

// The keys of the user with this uid, of the caller when it is NULL.
static bool list_keys(struct cli_session *session, const char *uid, char ret_user[24],
                      json_t **ret_reply, json_t **ret_keys, GError **error) {
    if (!cli_find_user(session, uid, ret_user, error) ||
        !cli_call_with(session->client, "ListAccessKeys", ret_reply, error, "UserId", ret_user,
                       NULL)) {
        return false;
    }
    *ret_keys = json_object_get(json_object_get(*ret_reply, "AccessKeyList"), "AccessKey");
    return true;
}

enum cli_exit command_key_list(struct cli_session *session) {
    GError *error = NULL;
    bool is_json = false;
    json_t *reply = NULL;
    json_t *keys = NULL;
    char user[24];
    if (!cli_options_output(session->options, &is_json, &error) ||
        !list_keys(session, cli_options_word(session->options, 2), user, &reply, &keys, &error)) {
        return cli_fail(error);
    }
    if (is_json) {
        cli_print_json(reply);
    } else {
        print_keys(keys);
    }
    json_decref(reply);
    return CLI_OK;
}

// Prints what a reply has of these members, each as a line of DIR/credentials, and lets it out of the process at once.
static void print_credentials(const json_t *reply, bool is_json) {
    static const struct {
        const char *name;
        const char *member;
    } rows[] = {
        { "access_key_id", "AccessKeyId" },
        { "access_key_secret", "AccessKeySecret" },
        { "tenant_id", "Tid" },
        { "uid", "AdminUid" },
    };
    if (is_json) {
        cli_print_json(reply);
    }
    for (size_t i = 0; !is_json && i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *value = cli_reply_text(reply, rows[i].member);
        if (value[0] != '\0') {
            (void)printf("%s = %s\n", rows[i].name, value);
        }
        explicit_bzero(value, strlen(value));
    }
    (void)fflush(stdout);
}

enum cli_exit command_key_create(struct cli_session *session) {
    GError *error = NULL;
    bool is_json = false;
    json_t *reply = NULL;
    char user[24];
    if (!cli_options_output(session->options, &is_json, &error) ||
        !cli_find_user(session, cli_options_word(session->options, 2), user, &error) ||
        !cli_call_with(session->client, "CreateAccessKey", &reply, &error, "UserId", user, NULL)) {
        return cli_fail(error);
    }
    print_credentials(reply, is_json);
    json_decref(reply);
    return CLI_OK;
}

static bool set_status(struct cli_session *session, const char *key, const char *status,
                       json_t **ret_reply, GError **error) {
    return cli_call_with(session->client, "UpdateAccessKey", ret_reply, error, "UserAccessKeyId",
                         key, "Status", status, NULL);
}

enum cli_exit command_key_change(struct cli_session *session) {
    GError *error = NULL;
    bool is_json = false;
    json_t *reply = NULL;
    const char *word = cli_options_word(session->options, 1); // "enable", "disable", "delete"
    const char *key = cli_options_word(session->options, 2);
    bool is_good = cli_options_output(session->options, &is_json, &error);
    if (is_good && strcmp(word, "delete") == 0) {
        is_good = cli_call_with(session->client, "DeleteAccessKey", &reply, &error,
                                "UserAccessKeyId", key, NULL);
    } else if (is_good) {
        const char *status = strcmp(word, "enable") == 0 ? "Active" : "Inactive";
        is_good = set_status(session, key, status, &reply, &error);
    }
    if (is_good && is_json) {
        cli_print_json(reply);
    } else if (is_good) {
        (void)printf("access key %s %sd\n", key, word);
    }
    json_decref(reply);
    return is_good ? CLI_OK : cli_fail(error);
}

// A key that is not this user's must be found before a new one is made.
static bool check_owned(const json_t *keys, const char *wanted, GError **error) {
    size_t index = 0;
    json_t *key = NULL;
    json_array_foreach(keys, index, key) {
        if (g_strcmp0(json_string_value(json_object_get(key, "AccessKeyId")), wanted) == 0) {
            return true;
        }
    }
    fault_set(error, FAULT_INVALID_VALUE,
              "%s is no access key of this user; for another user's: sluice key rotate UID KEY",
              wanted);
    return false;
}

enum cli_exit command_key_rotate(struct cli_session *session) {
    GError *error = NULL;
    bool is_json = false;
    json_t *keys_reply = NULL;
    json_t *keys = NULL;
    json_t *made = NULL;
    json_t *changed = NULL;
    const char *first = cli_options_word(session->options, 2);
    const char *second = cli_options_word(session->options, 3);
    const char *old = second != NULL ? second : first;
    char user[24];
    bool is_good =
        cli_options_output(session->options, &is_json, &error) &&
        list_keys(session, second != NULL ? first : NULL, user, &keys_reply, &keys, &error) &&
        check_owned(keys, old, &error) &&
        cli_call_with(session->client, "CreateAccessKey", &made, &error, "UserId", user, NULL);
    if (is_good) {
        print_credentials(made, is_json);
        is_good = set_status(session, old, "Inactive", &changed, &error);
        if (!is_good) {
            g_prefix_error(&error, "the new key is good, but %s is still active: ", old);
        } else if (cli_client_uses_key(session->client, old)) {
            (void)fprintf(stderr,
                          "sluice: %s signed this command and is disabled now: put the new "
                          "key in its place where it came from\n",
                          old);
        }
    }
    json_decref(keys_reply);
    json_decref(made);
    json_decref(changed);
    return is_good ? CLI_OK : cli_fail(error);
}

enum cli_exit command_tenant_list(struct cli_session *session) {
    static const char *const headers[] = { "TENANT", "NAME", "STATUS", NULL };
    GError *error = NULL;
    bool is_json = false;
    json_t *reply = NULL;
    if (!cli_options_output(session->options, &is_json, &error) ||
        !cli_call_with(session->client, "ListUserTenants", &reply, &error, NULL)) {
        return cli_fail(error);
    }
    if (is_json) {
        cli_print_json(reply);
    } else {
        struct cli_table *table = cli_table_new(headers);
        size_t index = 0;
        json_t *tenant = NULL;
        json_array_foreach(json_object_get(reply, "TenantList"), index, tenant) {
            char **texts = g_new0(char *, 4);
            texts[0] = cli_reply_text(tenant, "Tid");
            texts[1] = cli_reply_text(tenant, "TenantName");
            texts[2] = cli_reply_text(tenant, "Status");
            cli_table_add(table, texts);
        }
        g_autofree char *text = cli_table_text(table);
        (void)fputs(text, stdout);
        cli_table_free(table);
    }
    json_decref(reply);
    return CLI_OK;
}

enum cli_exit command_tenant_create(struct cli_session *session) {
    GError *error = NULL;
    bool is_json = false;
    json_t *reply = NULL;
    if (!cli_options_output(session->options, &is_json, &error) ||
        !cli_call_with(session->client, "CreateTenant", &reply, &error, "TenantName",
                       cli_options_word(session->options, 2), NULL)) {
        return cli_fail(error);
    }
    print_credentials(reply, is_json);
    json_decref(reply);
    return CLI_OK;
}
