// SPDX-License-Identifier: Apache-2.0
//
// cli_client: builds, signs, sends, and tells the three outcomes apart: answered, refused, not reached.
#include "cli/client.h"

#include <stdarg.h>
#include <string.h>

#include "base/crypto.h"
#include "base/fault.h"
#include "api/wire/sign.h"
#include "cli/http.h"

struct cli_client {
    struct cli_profile profile;
    struct cli_http *http;
};

void cli_params_init(struct cli_params *params) {
    params->names = g_ptr_array_new_with_free_func(g_free);
    params->values = g_ptr_array_new_with_free_func(g_free);
}

void cli_params_add(struct cli_params *params, const char *name, const char *value) {
    g_ptr_array_add(params->names, g_strdup(name));
    g_ptr_array_add(params->values, g_strdup(value));
}

void cli_params_done(struct cli_params *params) {
    g_ptr_array_free(params->names, TRUE);
    g_ptr_array_free(params->values, TRUE);
    *params = (struct cli_params){ 0 };
}

struct cli_client *cli_client_new(struct cli_profile *profile_take) {
    struct cli_client *client = g_new0(struct cli_client, 1);
    client->profile = *profile_take;
    *profile_take = (struct cli_profile){ 0 };
    client->http = cli_http_new(client->profile.ca_file);
    return client;
}

void cli_client_free(struct cli_client *client) {
    if (client != NULL) {
        cli_http_free(client->http);
        cli_profile_done(&client->profile);
        g_free(client);
    }
}

bool cli_client_uses_key(const struct cli_client *client, const char *access_key_id) {
    return g_strcmp0(client->profile.access_key_id, access_key_id) == 0;
}

// An array that ends in NULL, as the signer wants it; the texts stay where they are.
static const char **null_ended(const GPtrArray *texts) {
    const char **list = g_new0(const char *, texts->len + 1);
    for (guint i = 0; i < texts->len; i++) {
        list[i] = g_ptr_array_index(texts, i);
    }
    return list;
}

static size_t params_bytes(const struct cli_params *params) {
    size_t bytes = 0;
    for (guint i = 0; i < params->names->len; i++) {
        bytes += strlen(g_ptr_array_index(params->names, i)) +
                 strlen(g_ptr_array_index(params->values, i));
    }
    return bytes;
}

static bool send_call(struct cli_client *client, const char *action,
                      const struct cli_params *params, int *ret_status, char **ret_body,
                      GError **error) {
    uint8_t random[16];
    crypto_random(random, sizeof random);
    g_autofree char *nonce = crypto_hex(random, sizeof random);
    g_autofree const char **names = null_ended(params->names);
    g_autofree const char **values = null_ended(params->values);
    struct sign_call call = {
        .host = strstr(client->profile.endpoint, "://") + 3,
        .action = action,
        .names = names,
        .values = values,
        .puts_in_body = params_bytes(params) > CLI_QUERY_BYTES_MAX,
        .access_key_id = client->profile.access_key_id,
        .secret = client->profile.secret,
        .security_token = client->profile.security_token,
        .accept = "application/json",
        .nonce = nonce,
        .now_ms = g_get_real_time() / 1000,
    };
    struct signed_call request;
    sign_call_make(&call, &request);
    g_autofree char *url = g_strconcat(client->profile.endpoint, request.target, NULL);
    bool is_sent = cli_http_post(client->http, url, request.headers, request.body, ret_status,
                                 ret_body, error);
    signed_call_done(&request);
    return is_sent;
}

// Codes of what is not there (docs/errors.md).
static bool is_not_found(const char *code) {
    return g_str_has_suffix(code, "NotExist") || strcmp(code, "InstanceNoEnoughNumber") == 0;
}

// What the server says against the call, as text for a person.
static void set_refusal(GError **error, const char *action, int status, const json_t *reply) {
    g_autofree char *code = cli_reply_text(reply, "Code");
    g_autofree char *message = cli_reply_text(reply, "Message");
    g_autofree char *description = cli_reply_text(reply, "Description");
    g_autofree char *request_id = cli_reply_text(reply, "RequestId");
    // The string to sign that follows this message helps whoever writes a client; here it only hides the cause.
    char *echo = strstr(message, "server string to sign");
    echo = echo == NULL ? strstr(message, "server StringToSign") : echo;
    if (echo != NULL) {
        *echo = 0;
    }
    GString *text = g_string_new(NULL);
    g_string_printf(text, "%s: %s", code, g_strstrip(message));
    if (description[0] != 0) {
        g_string_append_printf(text, "\n  %s", description);
    }
    if (strcmp(code, "SignatureDoesNotMatch") == 0) {
        g_string_append(text, "\n  the access key secret is not the server's");
    }
    g_string_append_printf(text, "\n  (%s, HTTP %d, request %s)", action, status, request_id);
    fault_set(error, is_not_found(code) ? CLI_FAULT_NOT_FOUND : FAULT_NO_PERMISSION, "%s",
              text->str);
    g_string_free(text, TRUE);
}

// Actions that change nothing: their outcome can not be unknown.
static bool is_reading(const char *action) {
    return g_str_has_prefix(action, "Get") || g_str_has_prefix(action, "List");
}

// A call that was sent and has no answer of the API's.
static void set_unanswered(GError **error, const char *action, const char *reason) {
    if (is_reading(action)) {
        fault_set(error, FAULT_UNAVAILABLE, "%s", reason);
    } else {
        fault_set(
            error, CLI_FAULT_UNKNOWN,
            "%s was sent, and whether it was done is not known: %s\n  look before you repeat it",
            action, reason);
    }
}

bool cli_call(struct cli_client *client, const char *action, const struct cli_params *params,
              json_t **ret_reply, GError **error) {
    int status = 0;
    g_autofree char *body = NULL;
    g_autoptr(GError) cause = NULL;
    if (!send_call(client, action, params, &status, &body, &cause)) {
        if (fault_is(cause, CLI_FAULT_UNKNOWN)) {
            set_unanswered(error, action, cause->message);
        } else {
            g_propagate_error(error, g_steal_pointer(&cause));
        }
        return false;
    }
    json_t *reply = json_loads(body, 0, NULL);
    bool has_code = json_is_string(json_object_get(reply, "Code"));
    if (has_code &&
        (status == 500 || status == 504)) { // a mistake of the server's, or it gave up waiting
        set_refusal(&cause, action, status, reply);
        set_unanswered(error, action, cause->message);
    } else if (has_code && status >= 400) {
        set_refusal(error, action, status, reply);
    } else if (!json_is_object(reply) || status != 200) {
        // Whoever this is, the task flow server has not seen the call.
        fault_set(error, FAULT_UNAVAILABLE,
                  "%s answered HTTP %d, and not as the task flow API does; is the address right?",
                  client->profile.endpoint, status);
    } else {
        *ret_reply = reply;
        return true;
    }
    json_decref(reply);
    return false;
}

bool cli_call_with(struct cli_client *client, const char *action, json_t **ret_reply,
                   GError **error, ...) {
    struct cli_params params;
    cli_params_init(&params);
    va_list pairs;
    va_start(pairs, error);
    for (const char *name = va_arg(pairs, const char *); name != NULL;
         name = va_arg(pairs, const char *)) {
        const char *value = va_arg(pairs, const char *);
        cli_params_add(&params, name, value);
    }
    va_end(pairs);
    bool is_done = cli_call(client, action, &params, ret_reply, error);
    cli_params_done(&params);
    return is_done;
}

int64_t cli_reply_number(const json_t *object, const char *name, int64_t fallback) {
    const json_t *value = json_object_get(object, name);
    if (json_is_integer(value)) {
        return json_integer_value(value);
    }
    int64_t number = 0;
    if (json_is_string(value) && g_ascii_string_to_signed(json_string_value(value), 10, G_MININT64,
                                                          G_MAXINT64, &number, NULL)) {
        return number;
    }
    return fallback;
}

char *cli_reply_text(const json_t *object, const char *name) {
    const json_t *value = json_object_get(object, name);
    if (json_is_string(value)) {
        return g_strdup(json_string_value(value));
    }
    if (json_is_integer(value)) {
        return g_strdup_printf("%" JSON_INTEGER_FORMAT, json_integer_value(value));
    }
    return g_strdup(json_is_true(value) ? "true" : json_is_false(value) ? "false" : "");
}
