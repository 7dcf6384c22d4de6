// SPDX-License-Identifier: Apache-2.0
//
// Start order: readers, API, HTTP; stop order the other way round.

#include "main/serving.h"

#include <string.h>
#include <unistd.h>

#include "api/gate.h"
#include "api/ops/operation_handlers.h"
#include "api/wire/quota.h"
#include "api/readers.h"
#include "api/seats.h"
#include "api/services.h"
#include "api/wire/sign.h"
#include "base/crypto.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/zone.h"
#include "store/nonces.h"
#include "web/http.h"
#include "web/routes.h"

enum {
    DRAIN_MS = 3500,
    TOKEN_CHARACTERS = 40,
    // Each that waits has a worker: with those that have a seat, less than all of them (workers_max of web/http.h).
    LARGE_WAITING_MAX = 64,
    LARGE_WAIT_MS = 30 * 1000, // afterwards a client has left, as a rule
};

struct serving {
    struct engine *engine;
    struct readers *readers;
    struct api_services services;
    struct quota *quota;
    struct seats *seats;
    struct api *api;
    struct routes *routes;
    struct http_server *http;
    char *address;
    char *metrics_token; // NULL: the page is open, on loopback
};

static char *write_metrics(void *ctx) {
    struct serving *serving = ctx;
    struct engine_stats stats;
    engine_get_stats(serving->engine, &stats);
    return g_strdup_printf(
        "# HELP sluice_runs_active Runs that have not ended.\n# TYPE sluice_runs_active "
        "gauge\nsluice_runs_active %d\n"
        "# HELP sluice_attempts_running Attempts under the supervisor.\n# TYPE "
        "sluice_attempts_running gauge\n"
        "sluice_attempts_running %d\n"
        "# HELP sluice_nodes_queued Nodes that wait for a place.\n# TYPE sluice_nodes_queued "
        "gauge\nsluice_nodes_queued %d\n"
        "# HELP sluice_turns_total Turns of the engine.\n# TYPE sluice_turns_total counter\n"
        "sluice_turns_total %" G_GINT64_FORMAT "\n"
        "# HELP sluice_commits_total Transactions that changed the store.\n# TYPE "
        "sluice_commits_total counter\n"
        "sluice_commits_total %" G_GINT64_FORMAT "\n"
        "# HELP sluice_supervisor_up Is the supervisor connected?\n# TYPE sluice_supervisor_up "
        "gauge\n"
        "sluice_supervisor_up %d\n",
        stats.active_runs, stats.running_attempts, stats.queued_nodes, stats.turns, stats.commits,
        stats.has_supervisor);
}

static char *find_trouble(void *ctx) {
    return engine_trouble(((struct serving *)ctx)->engine, NULL);
}

static char *make_address(const char *scheme, const char *listen, uint16_t port) {
    const char *colon = strrchr(listen, ':');
    size_t len = colon != NULL ? (size_t)(colon - listen) : strlen(listen);
    return g_strdup_printf("%s://%.*s:%u", scheme, (int)len, listen, port);
}

// On loopback the page is open; for others it takes the token of DIR/metrics-token, which the first such start makes.
static bool load_metrics_token(struct serving *serving, const char *dir, int listen_fd,
                               GError **error) {
    if (http_is_loopback(listen_fd)) {
        return true;
    }
    g_autofree char *path = g_build_filename(dir, "metrics-token", NULL);
    g_autofree char *text = NULL;
    if (g_file_get_contents(path, &text, NULL, NULL) && g_strstrip(text)[0] != 0) {
        serving->metrics_token = g_steal_pointer(&text);
        return true;
    }
    serving->metrics_token = crypto_random_text(TOKEN_CHARACTERS);
    g_autoptr(GError) reason = NULL;
    if (!g_file_set_contents_full(path, serving->metrics_token, -1, G_FILE_SET_CONTENTS_CONSISTENT,
                                  0600, &reason)) {
        fault_set(error, FAULT_IO, "writing metrics-token: %s", reason->message);
        return false;
    }
    return true;
}

static void take_nonce(const char *access_key_id, const char *nonce, int64_t stamped_ms,
                       void *ctx) {
    struct nonce_use use = { .access_key_id = access_key_id,
                             .nonce = nonce,
                             .stamped_ms = stamped_ms };
    nonce_store_load(ctx, &use, zone_uptime_ms());
}

// What earlier servers of this directory have taken is not taken again. Before the first request.
static bool resume_nonces(struct serving *serving, GError **error) {
    READER_LOAN loan = { 0 };
    struct nonce_state state;
    if (!reader_borrow(serving->readers, &loan, error) ||
        !store_nonce_state(loan.reader, &state, error)) {
        return false;
    }
    if (state.forgotten_ms > zone_now_ms() - SIGN_WINDOW_DEFAULT_MS) {
        char until[21];
        sign_time_format(state.forgotten_ms, until);
        log_warn(
            "main",
            "event=clock-behind until=%s hint=\"the clock is behind requests that are forgotten: "
            "changes signed before that time are refused; --accept-clock ends this\"",
            until);
    }
    nonce_store_resume(api_nonces(serving->api), state.forgotten_ms);
    return store_nonce_each(loan.reader, take_nonce, api_nonces(serving->api), error);
}

static int64_t key_generation(void *ctx) {
    return store_generation(ctx);
}

static void make_api(struct serving *serving, const struct config *config,
                     const struct store *store) {
    struct api_options options = {
        .key_find = gate_key_find,
        .key_ctx = serving->readers,
        .key_generation = key_generation,
        .key_generation_ctx = (void *)(uintptr_t)store,
        .permit = gate_permit,
        .admit = quota_admit_key,
        .admit_ctx = serving->quota,
        .admit_stranger = quota_admit_stranger,
        .admit_stranger_ctx = serving->quota,
        .nonces_max = (size_t)config->nonces_max,
        .refuses_v1 = strcmp(config->min_signature, "v3") == 0,
        .hosts = (const char *const *)config->hosts,
        .note = services_note,
        .note_ctx = &serving->services,
        .seats = serving->seats,
        .seat_wait_ms = LARGE_WAIT_MS,
        .handlers = operation_handlers,
        .services = &serving->services,
        .shows_string_to_sign = !config->hides_string_to_sign,
        .checks_replies = g_getenv("SLUICE_CHECK_REPLIES") != NULL,
    };
    serving->api = api_new(&options);
}

static bool start_http(struct serving *serving, const struct config *config, int listen_fd,
                       const struct tls_pair *tls, GError **error) {
    struct routes_options routes_options = { .api = serving->api,
                                             .trouble = find_trouble,
                                             .metrics = write_metrics,
                                             .metrics_token = serving->metrics_token,
                                             .admit = quota_admit_address,
                                             .admit_ctx = serving->quota,
                                             .ctx = serving };
    serving->routes = routes_new(&routes_options);
    struct http_options options = {
        .listen_fd = listen_fd,
        .gate = routes_gate,
        .handler = routes_handle,
        .refuse = routes_refuse,
        .is_quick = routes_is_quick,
        .vouch = routes_vouch,
        .ctx = serving->routes,
        .connections_max = (unsigned)config->connections_max,
        .address_connections_max = (unsigned)config->address_connections_max,
        .tls = tls,
        .writes_access_log = config->access_log,
    };
    if (!http_server_start(&options, &serving->http, error)) {
        return false;
    }
    serving->address = make_address(tls == NULL ? "http" : "https", config->listen,
                                    http_server_port(serving->http));
    return true;
}

bool serving_start(const struct config *config, const char *dir, struct engine *engine,
                   const struct store *store, int listen_fd, const struct tls_pair *tls,
                   struct serving **ret_serving, GError **error) {
    struct serving *serving = g_new0(struct serving, 1);
    serving->engine = engine;
    serving->quota = quota_new(&(struct quota_options){ .key_rate = config->key_rate,
                                                        .address_rate = config->address_rate,
                                                        .failure_rate = config->failure_rate });
    serving->seats = seats_new((unsigned)config->large_replies, LARGE_WAITING_MAX);
    serving->readers = readers_new(dir, store);
    serving->services = (struct api_services){
        .engine = engine,
        .readers = serving->readers,
        .dir = dir,
        .zone = config->zone,
        .language = config_language(config),
    };
    make_api(serving, config, store);
    if (!load_metrics_token(serving, dir, listen_fd, error) || !resume_nonces(serving, error)) {
        (void)close(listen_fd);
        serving_stop(serving);
        return false;
    }
    if (!start_http(serving, config, listen_fd, tls, error)) {
        serving_stop(serving);
        return false;
    }
    *ret_serving = serving;
    return true;
}

const char *serving_address(const struct serving *serving) {
    return serving->address;
}

void serving_stop(struct serving *serving) {
    if (serving == NULL) {
        return;
    }
    seats_close(serving->seats);
    if (serving->http != NULL) {
        http_server_stop(serving->http, DRAIN_MS);
    }
    routes_free(serving->routes);
    api_free(serving->api);
    seats_free(serving->seats);
    quota_free(serving->quota);
    g_free(serving->metrics_token);
    readers_free(serving->readers);
    g_free(serving->address);
    g_free(serving);
}
