// SPDX-License-Identifier: Apache-2.0
//
// api: the pipeline. `api_handle` is the list of protocol.md §8 read from top to bottom; each step either lets the request through or fills
// the error, and every request leaves by one of the two ends, answer_success or answer_failure.
#include "api/api.h"

#include "api/wire/encode.h"
#include "api/wire/sign.h"
#include "api/wire/warnings.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/zone.h"
#include "store/sessions.h"

#include <glib.h>
#include <string.h>

enum { KEYS_MAX = 1000, SEAT_RETRY_MS = 1000 };

static const char api_version[] = "2018-11-01";

// Stands in for the secret of a key that does not exist, so that its refusal takes as long as a wrong signature's.
static const char dummy_secret[] = "0123456789abcdefghijklmnopqrst";

struct api {
    struct api_options options;
    struct nonce_store *nonces;
    struct key_cache *keys;
};

// One request on its way.
struct passage {
    const struct api_request *request;
    struct params *params;
    struct sign_claim claim;
    const struct operation *operation;
    const struct api_key *key; // NULL: unknown
    struct args *args;
    struct warnings warnings;
    int64_t now_ms;
    int64_t timestamp_ms;
    enum reply_format format;
    bool is_authentic;
    bool is_replay;
    bool is_guess;      // an unknown key or a wrong signature
    bool is_nonce_used; // by this request
    bool is_seated;     // among the large replies
};

struct api *api_new(const struct api_options *options) {
    g_assert(options->key_find != NULL);
    struct api *api = g_new0(struct api, 1);
    api->options = *options;
    if (api->options.window_ms == 0) {
        api->options.window_ms = SIGN_WINDOW_DEFAULT_MS;
    }
    size_t nonces_max = options->nonces_max == 0 ? NONCE_ENTRIES_DEFAULT : options->nonces_max;
    api->nonces = nonce_store_new(api->options.window_ms, nonces_max);
    api->keys = key_cache_new(KEYS_MAX);
    return api;
}

void api_free(struct api *api) {
    if (api == NULL) {
        return;
    }
    nonce_store_free(api->nonces);
    key_cache_free(api->keys);
    g_free(api);
}

struct nonce_store *api_nonces(struct api *api) {
    return api->nonces;
}

// A random UUID (version 4) in capitals.
static void new_request_id(char ret_id[37]) {
    static const char digits[] = "0123456789ABCDEF";
    static const char form[] = "xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx";
    guint32 random = 0; // a name, no secret: the quick generator will do
    for (size_t i = 0; i < sizeof form; i++) {
        random = i % 8 == 0 ? g_random_int() : random >> 4;
        unsigned digit = random & 15U;
        ret_id[i] = form[i] == 'x'   ? digits[digit]
                    : form[i] == 'y' ? digits[8 + digit % 4]
                                     : form[i];
    }
}

static const char *host_of(const struct api_request *request) {
    const char *host = api_request_header(request, "host");
    return host == NULL || strlen(host) > 255 ? "" : host;
}

static void answer_failure(const struct api_request *request, enum reply_format format,
                           const struct wire_error *error, struct api_reply *reply) {
    reply->http = error->http;
    reply->content_type = reply_content_type(format);
    reply->body =
        encode_failure(format, error, reply->request_id, host_of(request), &reply->body_len);
    reply->retry_after_ms = error->retry_after_ms;
    reply->code = g_strdup(error->code);
}

static void answer_success(const struct passage *passage, const json_t *tree,
                           struct api_reply *reply) {
    reply->http = 200;
    reply->content_type = reply_content_type(passage->format);
    reply->body = encode_success(passage->format, passage->operation, tree, &reply->body_len);
}

void api_refuse(const struct api_request *request, const struct wire_error *error,
                struct api_reply *ret_reply) {
    *ret_reply = (struct api_reply){ .action = "-" };
    new_request_id(ret_reply->request_id);
    g_autofree char *format = params_peek(request->target, "Format");
    answer_failure(request, reply_format_choose(format, api_request_header(request, "accept")),
                   error, ret_reply);
}

// Version first, then action; a request that names neither is the bare GET of protocol.md §8.
static bool find_operation(struct passage *passage, struct wire_error *error) {
    const char *action = passage->claim.action;
    const char *version = passage->claim.version;
    bool has_action = action != NULL && action[0] != 0;
    bool has_version = version != NULL && version[0] != 0;
    if (has_version && strcmp(version, api_version) != 0) {
        wire_error_set(error, WIRE_INVALID_VERSION, NULL, "the version served is %s", api_version);
        return false;
    }
    if (has_action && !has_version) {
        wire_error_set(error, WIRE_MISSING, "Version", NULL);
        return false;
    }
    passage->operation = has_action ? operation_find(action) : NULL;
    if (passage->operation == NULL) {
        wire_error_set(error, WIRE_ACTION_NOT_FOUND, NULL, NULL);
        return false;
    }
    bool is_accepted = strcmp(passage->request->method, "GET") == 0
                           ? passage->operation->accepts_get
                           : passage->operation->accepts_post;
    if (!is_accepted) {
        wire_error_set(error, WIRE_UNSUPPORTED_METHOD, NULL,
                       "%s takes only the other of GET and POST", action);
    }
    return is_accepted;
}

// A reference for key_cache_drop, or NULL.
static const struct api_key *find_key(struct api *api, const char *access_key_id,
                                      bool *ret_is_unreadable) {
    int64_t generation = api->options.key_generation == NULL
                             ? -1
                             : api->options.key_generation(api->options.key_generation_ctx);
    const struct api_key *known = key_cache_find(api->keys, access_key_id, generation);
    struct api_key found = { 0 };
    *ret_is_unreadable = false;
    if (known != NULL) {
        return known;
    }
    if (!api->options.key_find(api->options.key_ctx, access_key_id, &found)) {
        *ret_is_unreadable = found.is_unreadable;
        return NULL;
    }
    return key_cache_keep(api->keys, access_key_id, generation, &found);
}

// Could this be a token at all?
static bool is_token(const char *text) {
    return strlen(text) == SESSION_TOKEN_LENGTH &&
           strspn(text, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS) == SESSION_TOKEN_LENGTH;
}

// A temporary key needs its own token, a permanent one must come without. The stored hash is compared in constant time.
static bool check_token(const struct passage *passage, struct wire_error *error) {
    const struct api_key *key = passage->key;
    const char *sent = passage->claim.security_token;
    bool is_sent = sent != NULL && sent[0] != 0;
    if (!is_sent) {
        if (key->is_temporary) {
            wire_error_set(error, WIRE_MISSING_SECURITY_TOKEN, NULL, NULL);
        }
        return !key->is_temporary;
    }
    if (!is_token(sent)) {
        wire_error_set(error, WIRE_TOKEN_MALFORMED, NULL, NULL);
        return false;
    }
    uint8_t hash[CRYPTO_SHA256_BYTES];
    crypto_sha256(sent, strlen(sent), hash);
    if (!key->is_temporary || !crypto_equal(hash, key->token_hash, sizeof hash)) {
        wire_error_set(error, WIRE_TOKEN_MISMATCH, NULL, NULL);
        return false;
    }
    if (key->expires_ms <= passage->now_ms) {
        wire_error_set(error, WIRE_TOKEN_EXPIRED, NULL, NULL);
        return false;
    }
    return true;
}

static bool allows_generation(const struct api *api, const struct passage *passage,
                              struct wire_error *error) {
    if (api->options.refuses_v1 && passage->claim.generation == SIGN_V1) {
        wire_error_set(error, WIRE_SIGNATURE_METHOD, NULL,
                       "this server takes only ACS3-HMAC-SHA256 signatures");
        return false;
    }
    return true;
}

// The name may have any port, since a proxy in front may serve another one.
static bool allows_host(const struct api *api, const struct passage *passage,
                        struct wire_error *error) {
    const char *host = api_request_header(passage->request, "host");
    const char *colon = host == NULL ? NULL : strrchr(host, ':');
    size_t len = host == NULL ? 0 : strlen(host);
    if (colon != NULL && colon[strspn(colon + 1, "0123456789") + 1] == 0) {
        len = (size_t)(colon - host);
    }
    for (size_t i = 0; api->options.hosts != NULL && api->options.hosts[i] != NULL; i++) {
        const char *name = api->options.hosts[i];
        if (strlen(name) == len && g_ascii_strncasecmp(name, host, len) == 0) {
            return true;
        }
    }
    if (api->options.hosts != NULL) {
        wire_error_set(error, WIRE_INVALID, "Host", "the server has another name");
    }
    return api->options.hosts == NULL;
}

static struct nonce_use nonce_of(const struct passage *passage) {
    return (struct nonce_use){ .access_key_id = passage->claim.access_key_id,
                               .nonce = passage->claim.nonce,
                               .stamped_ms = passage->timestamp_ms,
                               .is_read = passage->operation->is_read };
}

static bool refuse_replay(struct passage *passage, struct wire_error *error) {
    passage->is_replay = true;
    wire_error_set(error, WIRE_NONCE_USED, NULL, NULL);
    return false;
}

// Key, token, signature: after this the request is the key owner's. What repeats one is not, so that it takes nothing from the key's limits.
static bool authenticate(struct api *api, struct passage *passage, struct wire_error *error) {
    const struct sign_claim *claim = &passage->claim;
    bool hides_string = !api->options.shows_string_to_sign;
    bool is_unreadable = false;
    passage->key = find_key(api, claim->access_key_id, &is_unreadable);
    if (is_unreadable) {
        wire_error_set(error, WIRE_UNAVAILABLE, NULL, "the access keys can not be read now");
        return false;
    }
    if (passage->key == NULL) {
        (void)sign_verify(passage->request, passage->params, claim, dummy_secret, true, error);
        wire_error_set(error, WIRE_KEY_NOT_FOUND, NULL, NULL);
        passage->is_guess = true;
        return false;
    }
    if (!passage->key->is_active) {
        wire_error_set(error, WIRE_KEY_INACTIVE, NULL, NULL);
        return false;
    }
    if (!check_token(passage, error) || !sign_verify(passage->request, passage->params, claim,
                                                     passage->key->secret, hides_string, error)) {
        passage->is_guess = true;
        return false;
    }
    passage->is_authentic = true;
    struct nonce_use use = nonce_of(passage);
    return !nonce_store_knows(api->nonces, &use) || refuse_replay(passage, error);
}

static int64_t uptime_of(const struct api *api) {
    return api->options.uptime_ms == NULL ? zone_uptime_ms()
                                          : api->options.uptime_ms(api->options.clock_ctx);
}

// Test and set: of two equal requests that came this far at once, one goes on.
static bool use_nonce(struct api *api, struct passage *passage, struct wire_error *error) {
    struct nonce_use use = nonce_of(passage);
    switch (nonce_store_use(api->nonces, &use, passage->now_ms, uptime_of(api))) {
    case NONCE_FRESH: passage->is_nonce_used = true; return true;
    case NONCE_USED: return refuse_replay(passage, error);
    case NONCE_STALE:
        wire_error_set(error, WIRE_TIME_EXPIRED, NULL,
                       "requests of that time are forgotten, so this one may have been taken "
                       "already: sign again with the present time; where the server's clock was "
                       "set back, its operator can end this with --accept-clock");
        return false;
    }
    return false;
}

static bool admit(struct api *api, const struct passage *passage, struct wire_error *error) {
    int64_t retry_after_ms = 0;
    if (api->options.admit == NULL ||
        api->options.admit(api->options.admit_ctx, passage->claim.access_key_id, passage->operation,
                           &retry_after_ms)) {
        return true;
    }
    wire_error_set(error, WIRE_THROTTLED_USER, NULL, NULL);
    wire_error_set_retry(error, MAX(retry_after_ms, 1));
    return false;
}

static void refuse_by_fault(const struct passage *passage, const struct api_reply *reply,
                            GError *fault, struct wire_error *error) {
    wire_error_from_fault(error, fault);
    if (error->http >= 500 && !fault_is_passing(fault)) { // of which the engine tells once
        g_autofree char *text = log_quote(fault->message);
        log_error("api", "event=operation_failed action=%s request=%s error=%s",
                  passage->operation->action, reply->request_id, text);
    }
    g_error_free(fault);
}

static bool permit(struct api *api, const struct passage *passage, const struct api_reply *reply,
                   struct wire_error *error) {
    GError *fault = NULL;
    if (api->options.permit == NULL) {
        wire_error_set(error, WIRE_OP_NO_PERMISSION, NULL, NULL);
        return false;
    }
    if (api->options.permit(api->options.permit_ctx, passage->key, passage->operation, &fault)) {
        return true;
    }
    refuse_by_fault(passage, reply, fault, error);
    return false;
}

static bool read_args(struct passage *passage, struct wire_error *error) {
    warnings_add_params(&passage->warnings, passage->operation, passage->params);
    return args_new(passage->operation, passage->params, &passage->warnings, &passage->args, error);
}

// Steps 1 to 11 of §8. Each line is one of them.
static bool pass(struct api *api, struct passage *passage, const struct api_reply *reply,
                 struct wire_error *error) {
    const struct api_request *request = passage->request;
    if (!params_parse(request, &passage->params, error)) {
        return false;
    }
    passage->format = reply_format_choose(params_value(passage->params, "Format"),
                                          api_request_header(request, "accept"));
    sign_claim_detect(request, passage->params, &passage->claim);
    return find_operation(passage, error) &&
           sign_claim_read(request, passage->params, &passage->claim, error) &&
           allows_generation(api, passage, error) &&
           sign_time_check(&passage->claim, passage->now_ms, api->options.window_ms,
                           &passage->timestamp_ms, error) &&
           authenticate(api, passage, error) && allows_host(api, passage, error) &&
           admit(api, passage, error) && use_nonce(api, passage, error) &&
           permit(api, passage, reply, error) && read_args(passage, error);
}

// Only a call that would be served waits for its seat. The caller leaves it when `is_seated` is set.
static bool take_seat(struct api *api, struct passage *passage, struct wire_error *error) {
    struct seats *seats = api->options.seats;
    if (seats == NULL || !passage->operation->has_large_reply) {
        return true;
    }
    enum seat seat = seats_take(seats, passage->claim.access_key_id, passage->request,
                                api->options.seat_wait_ms);
    passage->is_seated = seat == SEAT_TAKEN;
    if (!passage->is_seated) {
        static const char *const reasons[] = {
            [SEAT_CROWDED] = "too many calls with large replies wait already; try again",
            [SEAT_CLOSED] = "the server is stopping; try again when it is back",
            [SEAT_LATE] = "other large replies were made or read for too long; try again",
            [SEAT_LEFT] = "the client ended its side of the connection while the call waited",
        };
        wire_error_set(error, WIRE_UNAVAILABLE, NULL, "%s", reasons[seat]);
        wire_error_set_retry(error, SEAT_RETRY_MS);
    }
    return passage->is_seated;
}

static void leave_seat(struct api *api, struct passage *passage) {
    if (passage->is_seated) {
        seats_leave(api->options.seats, passage->claim.access_key_id);
    }
}

// Step 12. The handler's tree is checked before it leaves, where that is switched on.
static bool run(struct api *api, struct passage *passage, const struct api_reply *reply,
                json_t **ret_tree, struct wire_error *error) {
    const op_fn *handlers = api->options.handlers;
    op_fn handler = handlers == NULL ? NULL : handlers[passage->operation - operation_table];
    if (handler == NULL) {
        wire_error_set(error, WIRE_OP_NOT_SUPPORTED, NULL, "%s is not offered by this server",
                       passage->operation->action);
        return false;
    }
    READER_LOAN loan = { 0 }; // one for the whole call, so that no handler sees two moments
    struct call call = { .operation = passage->operation,
                         .args = passage->args,
                         .caller = passage->key->caller,
                         .services = api->options.services,
                         .loan = &loan,
                         .request_id = reply->request_id,
                         .access_key_id = passage->claim.access_key_id,
                         .nonce = passage->claim.nonce,
                         .peer = passage->request->peer,
                         .timestamp_ms = passage->timestamp_ms,
                         .now_ms = passage->now_ms,
                         .warnings = &passage->warnings };
    json_t *tree = reply_new(passage->operation, reply->request_id);
    GError *fault = NULL;
    bool is_done = handler(&call, tree, &fault);
    warnings_reply(&passage->warnings, tree);
    if (!is_done ||
        (api->options.checks_replies && !reply_matches_shape(passage->operation, tree, &fault))) {
        json_decref(tree);
        refuse_by_fault(passage, reply, fault, error);
        return false;
    }
    *ret_tree = tree;
    return true;
}

static void tell(struct api *api, const struct passage *passage, const struct api_reply *reply) {
    if (api->options.note == NULL || !passage->is_authentic || passage->is_replay) {
        return;
    }
    // Who reads of the refusal wants to know what it was about, also where the arguments were not judged or not good.
    bool is_bare = passage->args == NULL && !passage->operation->is_read;
    struct args *readable = is_bare ? args_readable(passage->operation, passage->params) : NULL;
    struct api_note note = { .caller = passage->key->caller,
                             .operation = passage->operation,
                             .args = is_bare ? readable : passage->args,
                             .request_id = reply->request_id,
                             .access_key_id = passage->claim.access_key_id,
                             .nonce = passage->is_nonce_used ? passage->claim.nonce : NULL,
                             .peer = passage->request->peer,
                             .code = reply->code,
                             .timestamp_ms = passage->timestamp_ms,
                             .now_ms = passage->now_ms };
    api->options.note(api->options.note_ctx, &note);
    args_free(readable);
}

static int64_t now_of(const struct api *api) {
    return api->options.now_ms == NULL ? g_get_real_time() / 1000
                                       : api->options.now_ms(api->options.clock_ctx);
}

// Who has no good signature is held to the limits of the address, and then learns no reason.
static void judge_stranger(struct api *api, const struct passage *passage,
                           struct wire_error *error) {
    int64_t retry_after_ms = 0;
    if ((passage->is_authentic && !passage->is_replay) || api->options.admit_stranger == NULL ||
        api->options.admit_stranger(api->options.admit_stranger_ctx, passage->request->peer,
                                    passage->is_guess, &retry_after_ms)) {
        return;
    }
    wire_error_done(error);
    wire_error_set(error, WIRE_THROTTLED, NULL, "too many requests from this address");
    wire_error_set_retry(error, MAX(retry_after_ms, 1));
}

static void passage_done(struct passage *passage) {
    args_free(passage->args);
    warnings_done(&passage->warnings);
    key_cache_drop(passage->key);
    sign_claim_done(&passage->claim);
    params_free(passage->params);
}

void api_handle(struct api *api, const struct api_request *request, struct api_reply *ret_reply) {
    g_assert(strcmp(request->method, "GET") == 0 || strcmp(request->method, "POST") == 0);
    g_assert(request->target[0] == '/' && (request->target[1] == '?' || request->target[1] == 0));
    struct wire_error error = { 0 };
    struct api_reply reply = { .action = "-" };
    new_request_id(reply.request_id);
    g_autofree char *format = params_peek(request->target, "Format");
    struct passage passage = {
        .request = request,
        .now_ms = now_of(api),
        .format = reply_format_choose(format, api_request_header(request, "accept")),
    };
    json_t *tree = NULL;
    if (pass(api, &passage, &reply, &error) && take_seat(api, &passage, &error) &&
        run(api, &passage, &reply, &tree, &error)) {
        answer_success(&passage, tree, &reply);
    } else {
        judge_stranger(api, &passage, &error);
        answer_failure(request, passage.format, &error, &reply);
    }
    json_decref(tree);
    leave_seat(api, &passage);
    if (passage.operation != NULL) {
        reply.action = passage.operation->action;
    }
    if (passage.is_authentic) {
        reply.access_key_id = g_strdup(passage.claim.access_key_id);
    }
    tell(api, &passage, &reply);
    wire_error_done(&error);
    passage_done(&passage);
    *ret_reply = reply;
}

// Everything about a key and its signature that the head alone can show.
static bool is_vouched_for(struct api *api, struct passage *passage, struct wire_error *error) {
    bool is_unreadable = false;
    if (!params_parse(passage->request, &passage->params, error)) {
        return false;
    }
    sign_claim_detect(passage->request, passage->params, &passage->claim);
    if (passage->claim.generation != SIGN_V3 ||
        !sign_claim_read(passage->request, passage->params, &passage->claim, error) ||
        !sign_time_check(&passage->claim, passage->now_ms, api->options.window_ms,
                         &passage->timestamp_ms, error)) {
        return false;
    }
    passage->key = find_key(api, passage->claim.access_key_id, &is_unreadable);
    return passage->key != NULL && passage->key->is_active && check_token(passage, error) &&
           sign_verify_head(passage->request, passage->params, &passage->claim,
                            passage->key->secret);
}

char *api_vouch(struct api *api, const struct api_request *request) {
    g_assert(request->body_len == 0);
    struct wire_error error = { 0 };
    struct passage passage = { .request = request, .now_ms = now_of(api) };
    char *key =
        is_vouched_for(api, &passage, &error) ? g_strdup(passage.claim.access_key_id) : NULL;
    wire_error_done(&error);
    passage_done(&passage);
    return key;
}

static bool is_large(const char *action) {
    const struct operation *operation = action == NULL ? NULL : operation_find(action);
    return operation != NULL && operation->has_large_body;
}

bool api_request_is_large(const struct api_request *request) {
    g_autofree char *parameter = params_peek(request->target, "Action");
    return is_large(api_request_header(request, "x-acs-action")) || is_large(parameter);
}

bool api_request_is_quick(const struct api_request *request) {
    const char *authorization = api_request_header(request, "authorization");
    bool is_v3 = authorization != NULL && g_ascii_strncasecmp(authorization, "ACS3-", 5) == 0;
    g_autofree char *parameter = params_peek(request->target, "Action");
    // Only the place that counts: an older signature's action may stand in the body, whatever a header says.
    const char *action = is_v3 ? api_request_header(request, "x-acs-action") : parameter;
    const struct operation *operation = action == NULL ? NULL : operation_find(action);
    return operation != NULL && operation->is_read && !operation->has_large_reply;
}

void api_reply_done(struct api_reply *reply) {
    g_free(reply->body);
    g_free(reply->code);
    g_free(reply->access_key_id);
    *reply = (struct api_reply){ 0 };
}
