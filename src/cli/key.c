// SPDX-License-Identifier: Apache-2.0
//
// cli_key: `sluice key list|create|disable|enable|rotate|delete` and `sluice tenant list|create`: whatever hands out access keys.
//
// A secret is printed once, in the form of DIR/credentials, at the moment it is known (cli_secret): nothing that fails later may lose it.
#include "cli/commands.h"

#include <string.h>

#include "base/fault.h"
#include "cli/find.h"
#include "cli/secret.h"
#include "cli/text.h"
#include "cli/time.h"

static void print_keys(const json_t *keys, const char *zone) {
    static const char *const headers[] = { "ACCESS KEY", "STATUS", "CREATED", "LAST USED", NULL };
    struct cli_table *table = cli_table_new(headers);
    size_t index = 0;
    json_t *key = NULL;
    json_array_foreach(keys, index, key) {
        char **texts = g_new0(char *, 5);
        texts[0] = cli_reply_text(key, "AccessKeyId");
        texts[1] = cli_reply_text(key, "Status");
        texts[2] = cli_time_of_item(key, "CreateTime", zone);
        texts[3] = cli_time_of_item(key, "LastUsedTime", zone);
        cli_table_add(table, texts);
    }
    g_autofree char *text = cli_table_text(table);
    (void)printf("%s(times in %s)\n", text, zone);
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
    const char *zone = NULL;
    char user[24];
    if (!cli_options_output(session->options, &is_json, &error) ||
        !cli_time_zone(session->options, &zone, &error) ||
        !list_keys(session, cli_options_word(session->options, 2), user, &reply, &keys, &error)) {
        return cli_fail(error);
    }
    if (is_json) {
        cli_print_json(reply);
    } else {
        print_keys(keys, zone);
    }
    json_decref(reply);
    return CLI_OK;
}

static bool set_status(struct cli_session *session, const char *key, const char *status,
                       json_t **ret_reply, GError **error) {
    return cli_call_with(session->client, "UpdateAccessKey", ret_reply, error, "UserAccessKeyId",
                         key, "Status", status, NULL);
}

// A key whose secret nobody has seen is of no use to anybody but a thief: it is taken back, as far as that goes. Gives the error back,
// with what became of the key in front.
static GError *take_back(struct cli_session *session, const json_t *made, GError *cause) {
    g_autofree char *key = cli_reply_text(made, "AccessKeyId");
    g_autoptr(GError) failure = NULL;
    json_t *disabled = NULL;
    json_t *deleted = NULL;
    bool is_gone = set_status(session, key, "Inactive", &disabled, &failure) &&
                   cli_call_with(session->client, "DeleteAccessKey", &deleted, &failure,
                                 "UserAccessKeyId", key, NULL);
    json_decref(disabled);
    json_decref(deleted);
    if (is_gone) {
        g_prefix_error(&cause, "the new key %s was deleted again, no other key has changed: ", key);
    } else {
        g_prefix_error(
            &cause,
            "no other key has changed; delete the new key %s, which could not be taken back (%s): ",
            key, failure->message);
    }
    return cause;
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
    if (!cli_secret_print(reply, is_json, &error)) {
        error = take_back(session, reply, error);
    }
    json_decref(reply);
    return error == NULL ? CLI_OK : cli_fail(error);
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
    fault_set(error, CLI_FAULT_NOT_FOUND,
              "%s is no access key of this user; for another user's: sluice key rotate UID KEY",
              wanted);
    return false;
}

// The new key is out and, where the old one stood in the server's directory, in its place, before the old one is disabled.
static bool hand_over(struct cli_session *session, const char *old, const json_t *made,
                      bool is_json, bool *ret_is_kept, GError **error) {
    const char *dir = session->options->values[OPTION_DATA];
    *ret_is_kept = false;
    return cli_secret_print(made, is_json, error) &&
           (dir == NULL || cli_secret_keep(dir, old, made, ret_is_kept, error));
}

static bool disable_old(struct cli_session *session, const char *old, bool is_kept,
                        GError **error) {
    json_t *changed = NULL;
    if (!set_status(session, old, "Inactive", &changed, error)) {
        g_prefix_error(error, "the new key is good, but %s is still active: ", old);
        return false;
    }
    json_decref(changed);
    if (is_kept) {
        (void)fprintf(stderr, "sluice: %s/credentials holds the new key now\n",
                      session->options->values[OPTION_DATA]);
    } else if (cli_client_uses_key(session->client, old)) {
        (void)fprintf(stderr,
                      "sluice: %s signed this command and is disabled now: put the new key in its "
                      "place where it came from\n",
                      old);
    }
    return true;
}

enum cli_exit command_key_rotate(struct cli_session *session) {
    GError *error = NULL;
    bool is_json = false;
    bool is_kept = false;
    json_t *keys_reply = NULL;
    json_t *keys = NULL;
    json_t *made = NULL;
    const char *first = cli_options_word(session->options, 2);
    const char *second = cli_options_word(session->options, 3);
    const char *old = second != NULL ? second : first;
    char user[24];
    bool is_good =
        cli_options_output(session->options, &is_json, &error) &&
        list_keys(session, second != NULL ? first : NULL, user, &keys_reply, &keys, &error) &&
        check_owned(keys, old, &error) &&
        cli_call_with(session->client, "CreateAccessKey", &made, &error, "UserId", user, NULL);
    if (is_good && !hand_over(session, old, made, is_json, &is_kept, &error)) {
        error = take_back(session, made, error);
        is_good = false;
    }
    is_good = is_good && disable_old(session, old, is_kept, &error);
    json_decref(keys_reply);
    json_decref(made);
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
    if (!cli_options_output(session->options, &is_json, &error) || !cli_secret_probe(&error) ||
        !cli_call_with(session->client, "CreateTenant", &reply, &error, "TenantName",
                       cli_options_word(session->options, 2), NULL)) {
        return cli_fail(error);
    }
    bool is_out = cli_secret_print(reply, is_json, &error);
    if (!is_out) {
        // A tenant can not be taken back, and nobody else can make its first key: the only other way out of the process.
        g_autofree char *text = json_dumps(reply, JSON_COMPACT);
        (void)fprintf(stderr,
                      "sluice: standard output failed; here is the only copy of the key:\n%s\n",
                      text);
        explicit_bzero(text, strlen(text));
    }
    json_decref(reply);
    return is_out ? CLI_OK : cli_fail(error);
}
