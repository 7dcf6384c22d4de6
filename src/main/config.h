// SPDX-License-Identifier: Apache-2.0
//
// config: what sluiced was told: command line, then the file given with --config, then defaults. One table row per option (config.c):
// name, kind, limits, default, one sentence of help. Written once by main, read-only afterwards.
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/vars.h"

struct config {
    char *data;       // the data directory
    char *listen;     // "127.0.0.1:8080"
    bool allow_plain; // plain HTTP on other addresses than loopback
    bool stop_all;
    bool reset_admin_key;
    bool founds_anew;   // the store of DIR is lost: begin a new one
    int64_t server_uid; // used when started as root; the group has the same number
    int64_t task_uid;
    int64_t attempts_max;
    int64_t run_attempts_max;
    int64_t run_limit_s;
    int64_t grace_s;
    int64_t reserve_mib;
    int64_t attempt_room_mib;
    int64_t draft_limit_mib;
    int64_t connections_max;
    int64_t address_connections_max;
    char *tls_certificate; // files, PEM; both or none
    char *tls_key;
    char *min_signature; // "v1" or "v3"
    bool hides_string_to_sign;
    char **hosts;     // NULL-ended; NULL: any
    int64_t key_rate; // requests per second; 0: no limit
    int64_t address_rate;
    int64_t failure_rate;  // failed authentications per second and address
    int64_t nonces_max;    // remembered of all keys together
    int64_t large_replies; // made at a time
    bool accepts_clock;    // although it is behind requests that are forgotten
    char *language_name;   // "zh" or "en"
    char *zone;            // of times that belong to no flow
    char *log_level;
    bool access_log;
    char *audit_head_command; // NULL: none, as the next
    char *audit_head_syslog;
    int64_t audit_head_every_s;
    int64_t audit_head_limit_s; // of one run of the command
    bool wants_help;
    bool wants_version;
};

// Reads the command line (and the configuration file it names). FAULT_INVALID_DATA names the option and what it takes.
bool config_read(int argc, char *const *argv, struct config *ret_config, GError **error);
void config_done(struct config *config);

enum var_language config_language(const struct config *config);

// The text of --help; the caller frees it.
char *config_help(void);
