// SPDX-License-Identifier: Apache-2.0
//
// sluiced: the server. This file is the order of its start and end:
//
//   options → directory → launcher (keeps its rights) → lock → socket → rights dropped → store → engine → HTTP → "ready"
//
// The lock comes after the fork of the launcher, which must not inherit it; the network is parsed only after the rights are dropped.
// SIGTERM and SIGINT stop the server in the opposite order; running attempts go on under the supervisor.

#include <malloc.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/crypto.h"
#include "base/fault.h"
#include "base/file.h"
#include "base/log.h"
#include "base/zone.h"
#include "engine/engine.h"
#include "engine/reserve.h"
#include "main/afresh.h"
#include "main/config.h"
#include "main/control.h"
#include "main/datadir.h"
#include "main/head_export.h"
#include "main/launcher.h"
#include "main/privilege.h"
#include "main/serving.h"
#include "store/nonces.h"
#include "store/people.h"
#include "store/store.h"
#include "store/way_back.h"
#include "web/http.h"
#include "web/tls.h"

enum {
    EXIT_FAILED = 1,
    EXIT_USAGE = 2,
    EXIT_LOCKED = 3,
    EXIT_STORE_LOST = 4,
    EXIT_STORE = 70,
    EXIT_LAUNCHER = 71
};
enum { GONE_WAIT_MS = 10000, FILES_SPARE = 448, MIB = 1 << 20 };

struct server {
    struct config config;
    char *dir;
    char *given_secret; // of the first administrator, from the environment; or NULL
    bool is_root;
    bool is_lost; // DIR's store: what is left of it was not touched
    struct launcher launcher;
    int lock_fd;
    int listen_fd;
    struct tls_pair tls; // until it is served with; empty: plain HTTP
    struct reserve *reserve;
    struct store *store;
    struct engine *engine;
    struct head_export *heads; // NULL: they stay in DIR
    struct control *control;
    struct serving *serving;
};

// The store can not be trusted: end at once, acknowledge nothing; the next start recovers (reliability.md G15).
static void fail_stop(const char *reason, void *user) {
    (void)fprintf(stderr, "sluiced: the store can not be trusted: %s\n", reason);
    _exit(EXIT_STORE);
}

// Certificate and key may be readable for root only. They are read after the launcher's fork, which must not hold them.
static bool open_network(struct server *server, GError **error) {
    const struct config *config = &server->config;
    if (config->stop_all || config->reset_admin_key) {
        return true;
    }
    if (config->tls_key != NULL) {
        return tls_pair_read(config->tls_certificate, config->tls_key, &server->tls, error) &&
               http_listen(config->listen, &server->listen_fd, error);
    }
    return config->allow_plain ? http_listen(config->listen, &server->listen_fd, error)
                               : http_listen_on_loopback(config->listen, &server->listen_fd, error);
}

// A connection may wait while each thread of the network reads the store, which takes three files; an attempt takes six of the supervisor.
// What only stops or mends asks for nothing.
static bool raise_files(const struct config *config, GError **error) {
    bool serves = !config->stop_all && !config->reset_admin_key;
    int64_t needed = serves ? config->connections_max + FILES_SPARE : 0;
    return privilege_files(needed, MAX(needed, config->attempts_max * 6 + FILES_SPARE), error);
}

// Everything that needs the rights the process was started with.
static bool prepare(struct server *server, GError **error) {
    const struct config *config = &server->config;
    uid_t server_uid = server->is_root ? (uid_t)config->server_uid : geteuid();
    if (server->is_root && !privilege_check_uids(server_uid, (uid_t)config->task_uid, error)) {
        return false;
    }
    if (!datadir_prepare(config->data, config->stop_all, server_uid, &server->dir, error)) {
        return false;
    }
    struct launcher_options launcher = {
        .dir = server->dir,
        .server_uid = server->is_root ? server_uid : (uid_t)-1,
        .task_uid = (uid_t)config->task_uid,
        .attempts_max = config->attempts_max,
    };
    privilege_harden();
    privilege_outlast();
    return raise_files(config, error) && launcher_fork(&launcher, &server->launcher, error) &&
           datadir_lock(server->dir, &server->lock_fd, error) && open_network(server, error) &&
           (!server->is_root ||
            (privilege_drop(server_uid, error) && datadir_check_way(server->dir, error)));
}

static bool open_parts(struct server *server, const char *moved, GError **error) {
    if (!store_open(server->dir, &server->store, error)) {
        return false;
    }
    store_set_draft_limit(server->store, server->config.draft_limit_mib * MIB);
    return store_master_key(server->store, server->dir, error) &&
           store_first_people(server->store, server->dir, g_getenv("SLUICE_ACCESS_KEY_ID"),
                              server->given_secret, zone_now_ms(), error) &&
           (!server->config.accepts_clock || store_nonce_accept_clock(server->store, error)) &&
           (moved == NULL || afresh_note(server->store, moved, zone_now_ms(), error));
}

// On a full disk the start, too, takes what is kept for that.
static bool open_store(struct server *server, GError **error) {
    const struct config *config = &server->config;
    g_autofree char *moved = NULL;
    g_autoptr(GError) fault = NULL;
    if (!afresh_prepare(server->dir, config->founds_anew, &moved, &server->is_lost, error)) {
        return false;
    }
    server->reserve = reserve_new(server->dir, config->reserve_mib * MIB);
    if (!config->stop_all && !config->reset_admin_key) {
        (void)reserve_take(server->reserve);
    }
    bool is_open = open_parts(server, moved, &fault);
    if (!is_open && fault_is(fault, FAULT_NO_SPACE) && reserve_release(server->reserve)) {
        store_close(g_steal_pointer(&server->store));
        g_clear_error(&fault);
        is_open = open_parts(server, moved, &fault);
    }
    if (!is_open) {
        g_propagate_error(error, g_steal_pointer(&fault));
    }
    return is_open;
}

static int exit_code(const struct server *server, const GError *error) {
    return server->is_lost                      ? EXIT_STORE_LOST
           : fault_is(error, FAULT_UNAVAILABLE) ? EXIT_LOCKED
                                                : EXIT_FAILED;
}

// The first administrator's secret, where it is given, is taken out of the environment before any child is made: also where the kernel
// shows it (/proc/PID/environ), which is the memory of the variable itself.
static char *take_given_secret(void) {
    char *given = getenv("SLUICE_ACCESS_KEY_SECRET");
    if (given == NULL) {
        return NULL;
    }
    char *secret = g_strdup(given);
    explicit_bzero(given, strlen(given));
    g_unsetenv("SLUICE_ACCESS_KEY_SECRET");
    return secret;
}

static bool start_engine(struct server *server, GError **error) {
    const struct config *config = &server->config;
    const struct head_export_options heads = {
        .command = config->audit_head_command,
        .syslog_path = config->audit_head_syslog,
        .dir = server->dir,
        .limit_ms = config->audit_head_limit_s * 1000,
    };
    server->heads = head_export_start(&heads);
    struct engine_options options = {
        .dir = server->dir,
        .store = server->store,
        .reserve = server->reserve,
        .attempt_bytes = config->attempt_room_mib * MIB,
        .attempts_max = (int)config->attempts_max,
        .run_attempts_max = (int)config->run_attempts_max,
        .run_limit_ms = config->run_limit_s * 1000,
        .grace_ms = config->grace_s * 1000,
        .heads = { .every_ms = config->audit_head_every_s * 1000,
                   .hand_out = server->heads != NULL ? head_export_put : NULL,
                   .user = server->heads },
        .language = config_language(config),
        .launch = launcher_ask,
        .launch_user = &server->launcher,
        .fail = fail_stop,
    };
    return engine_start(&options, &server->engine, error);
}

static void ask_to_end(void *user) {
    (void)kill(getpid(), SIGTERM);
}

// Who serves DIR is worth some of the reserve, and no start that fails.
static bool announce(struct server *server, const char *address, GError **error) {
    g_autoptr(GError) fault = NULL;
    if (datadir_announce(server->dir, address, &fault)) {
        return true;
    }
    if (fault_is(fault, FAULT_NO_SPACE) && reserve_release(server->reserve)) {
        g_clear_error(&fault);
        (void)datadir_announce(server->dir, address, &fault);
    }
    if (fault != NULL && !fault_is(fault, FAULT_NO_SPACE)) {
        g_propagate_error(error, g_steal_pointer(&fault));
        return false;
    }
    if (fault != NULL) {
        log_warn("sluiced", "event=not-announced reason=\"%s\"", fault->message);
    }
    return true;
}

static bool serve(struct server *server, GError **error) {
    bool is_started = serving_start(
        &server->config, server->dir, server->engine, server->store, server->listen_fd,
        server->tls.key == NULL ? NULL : &server->tls, &server->serving, error);
    tls_pair_done(&server->tls);
    if (!is_started) {
        return false;
    }
    const char *address = serving_address(server->serving);
    if (!announce(server, address, error) ||
        !control_start(server->dir, server->engine, ask_to_end, NULL, &server->control, error)) {
        return false;
    }
    log_info("sluiced", "event=ready address=%s dir=%s pid=%d version=%s", address, server->dir,
             (int)getpid(), SLUICE_VERSION);
    (void)printf("sluiced ready on %s\n", address);
    (void)fflush(stdout);
    return true;
}

static void stop(struct server *server) {
    control_stop(server->control);
    if (server->engine != NULL) { // requests wait for them, and the network's end for requests
        engine_end_probes(server->engine);
    }
    serving_stop(server->serving);
    if (server->engine != NULL) {
        engine_stop(server->engine, true);
        engine_free(server->engine);
    }
    head_export_stop(server->heads); // it has the head that the engine signed last
    store_close(server->store);
    reserve_free(server->reserve);
    if (server->dir != NULL && server->lock_fd >= 0) { // also what a killed server left behind
        datadir_withdraw(server->dir);
    }
    g_free(server->dir);
}

static void block_signals(sigset_t *ret_signals) {
    (void)signal(SIGPIPE, SIG_IGN);
    (void)sigemptyset(ret_signals);
    (void)sigaddset(ret_signals, SIGTERM);
    (void)sigaddset(ret_signals, SIGINT);
    // Before any thread is made, so that all inherit the mask and only the main thread takes the signals.
    (void)pthread_sigmask(SIG_BLOCK, ret_signals, NULL);
}

// ---- --stop-all ----

static bool wait_until_free(const char *dir, const char *lock_name) {
    int64_t deadline_us = g_get_monotonic_time() + (int64_t)GONE_WAIT_MS * 1000;
    while (!datadir_is_free(dir, lock_name)) {
        if (g_get_monotonic_time() > deadline_us) {
            return false;
        }
        g_usleep(10 * 1000);
    }
    return true;
}

static int report_alive(const char *dir, int alive) {
    if (alive == 0 && wait_until_free(dir, "supervisor.lock")) {
        (void)printf("sluiced: nothing of %s is running\n", dir);
        return EXIT_SUCCESS;
    }
    (void)fprintf(stderr, "sluiced: %d attempts of %s are still alive%s\n", alive, dir,
                  alive == 0 ? ", but its supervisor has not ended" : "");
    return EXIT_FAILED;
}

// No server holds DIR: do its recovery here, stop everything, and end the supervisor.
static int stop_all_ourselves(struct server *server) {
    g_autoptr(GError) error = NULL;
    g_autofree char *dir = g_canonicalize_filename(server->config.data, NULL);
    g_autofree char *state = g_build_filename(dir, "state.db", NULL);
    g_autofree char *lock = g_build_filename(dir, "supervisor.lock", NULL);
    bool has_state = g_file_test(state, G_FILE_TEST_EXISTS);
    if (!has_state && !g_file_test(lock, G_FILE_TEST_EXISTS)) {
        (void)fprintf(stderr,
                      "sluiced: %s holds no server's state, so what runs can not be known\n", dir);
        return EXIT_USAGE;
    }
    if (!has_state && datadir_is_free(dir, "supervisor.lock")) {
        (void)printf("sluiced: nothing of %s is running\n", dir);
        return EXIT_SUCCESS;
    }
    if (!prepare(server, &error) || !open_store(server, &error) || !start_engine(server, &error)) {
        (void)fprintf(stderr, "sluiced: %s\n", error->message);
        return exit_code(server, error);
    }
    int alive = 0;
    (void)engine_stop_all(server->engine, CONTROL_STOP_ALL_MS, &alive);
    stop(server);
    (void)close(server->lock_fd);
    return report_alive(dir, alive);
}

static int stop_all(struct server *server) {
    int alive = 0;
    if (!g_file_test(server->config.data, G_FILE_TEST_IS_DIR)) {
        (void)fprintf(stderr, "sluiced: %s is no directory\n", server->config.data);
        return EXIT_USAGE;
    }
    if (control_ask_stop_all(server->config.data, &alive)) {
        if (!wait_until_free(server->config.data, "server.lock")) {
            (void)fprintf(stderr, "sluiced: the server of %s has not ended\n", server->config.data);
            return EXIT_FAILED;
        }
        return report_alive(server->config.data, alive);
    }
    return stop_all_ourselves(server);
}

// ---- --reset-admin-key ----

static int reset_admin_key(struct server *server) {
    g_autoptr(GError) error = NULL;
    g_autofree char *key_id = NULL;
    g_autofree char *state = g_build_filename(server->config.data, "state.db", NULL);
    if (!g_file_test(state, G_FILE_TEST_EXISTS)) {
        (void)fprintf(stderr, "sluiced: %s holds no server's state\n", server->config.data);
        return EXIT_USAGE;
    }
    bool is_done = prepare(server, &error) && open_store(server, &error) &&
                   store_way_back(server->store, server->dir, zone_now_ms(), &key_id, &error);
    stop(server);
    if (!is_done) {
        (void)fprintf(stderr, "sluiced: %s\n", error->message);
        return exit_code(server, error);
    }
    (void)printf("sluiced: %s/credentials holds a new key, %s; the first administrator's other "
                 "keys are disabled\n",
                 server->config.data, key_id);
    return EXIT_SUCCESS;
}

// ---- main ----

// What the launcher says of the supervisors it starts goes to the engine, and to the log when it is new. False: the launcher has ended.
static bool hear_launcher(struct server *server, char known[LAUNCHER_TEXT_BYTES]) {
    char text[LAUNCHER_TEXT_BYTES] = "";
    switch (launcher_hear(server->launcher.fd, text)) {
    case LAUNCHER_SILENT: return true;
    case LAUNCHER_STARTED:
        engine_note_launch(server->engine, NULL);
        known[0] = '\0';
        return true;
    case LAUNCHER_FAILED:
        engine_note_launch(server->engine, text);
        if (strcmp(known, text) != 0) { // it is tried again every second
            log_error("sluiced", "event=supervisor-not-started reason=\"%s\"", text);
        }
        (void)g_strlcpy(known, text, LAUNCHER_TEXT_BYTES);
        return true;
    case LAUNCHER_GONE:
        log_error("sluiced", "event=launcher-gone reason=\"no supervisor can be started any more; "
                             "running attempts go on, start the server again\"");
        return false;
    }
    g_assert_not_reached();
}

// The exit code.
static int wait_for_end(struct server *server, const sigset_t *signals) {
    int signal_fd = signalfd(-1, signals, SFD_CLOEXEC | SFD_NONBLOCK);
    g_assert(signal_fd >= 0);
    char known[LAUNCHER_TEXT_BYTES] = "";
    struct signalfd_siginfo info = { 0 };
    struct pollfd fds[2] = { { .fd = signal_fd, .events = POLLIN },
                             { .fd = server->launcher.fd, .events = POLLIN } };
    int code = EXIT_SUCCESS;
    while (code == EXIT_SUCCESS && read(signal_fd, &info, sizeof info) != (ssize_t)sizeof info) {
        if (poll(fds, 2, -1) > 0 && fds[1].revents != 0 && !hear_launcher(server, known)) {
            code = EXIT_LAUNCHER;
        }
    }
    (void)close(signal_fd);
    if (code == EXIT_SUCCESS) {
        log_info("sluiced", "event=stopping signal=%u", info.ssi_signo);
    }
    return code;
}

static int run(struct server *server) {
    g_autoptr(GError) error = NULL;
    sigset_t signals;
    block_signals(&signals);
    if (!prepare(server, &error) || !open_store(server, &error) || !start_engine(server, &error) ||
        !serve(server, &error)) {
        (void)fprintf(stderr, "sluiced: %s\n", error->message);
        int code = exit_code(server, error);
        stop(server);
        return code;
    }
    int code = wait_for_end(server, &signals);
    stop(server);
    return code;
}

static int say(const char *text) {
    if (fputs(text, stdout) >= 0 && fflush(stdout) == 0) {
        return EXIT_SUCCESS;
    }
    (void)fprintf(stderr, "sluiced: standard output can not be written: %s\n", g_strerror(errno));
    return EXIT_FAILURE;
}

int main(int argc, char **argv) {
    (void)mallopt(
        M_MXFAST,
        0); // those lists are swept at each larger free, which costs a request more than they save
    struct server server = { .launcher = { .fd = -1, .pid_fd = -1 },
                             .lock_fd = -1,
                             .listen_fd = -1 };
    g_autoptr(GError) error = NULL;
    if (file_fill_standard() != 0) { // else the log is written into whatever has their numbers
        return EXIT_FAILED;
    }
    crypto_begin();
    if (!config_read(argc, argv, &server.config, &error)) {
        (void)fprintf(stderr, "sluiced: %s\n", error->message);
        return EXIT_USAGE;
    }
    if (server.config.wants_help || server.config.wants_version) {
        g_autofree char *help = config_help();
        int shown = say(server.config.wants_help ? help : "sluiced " SLUICE_VERSION "\n");
        config_done(&server.config);
        return shown;
    }
    enum log_level level = LOG_INFO;
    (void)log_level_from_name(server.config.log_level, &level);
    log_set_level(level);
    server.is_root = geteuid() == 0;
    server.given_secret = take_given_secret();
    int code = server.config.stop_all          ? stop_all(&server)
               : server.config.reset_admin_key ? reset_admin_key(&server)
                                               : run(&server);
    if (server.given_secret != NULL) {
        explicit_bzero(server.given_secret, strlen(server.given_secret));
        g_free(server.given_secret);
    }
    config_done(&server.config);
    return code;
}
