// SPDX-License-Identifier: Apache-2.0
//
// Options as a table. The same names serve the command line (--name VALUE or --name=VALUE) and the file ([sluiced] name=VALUE).

#include "main/config.h"

#include <stddef.h>
#include <string.h>

#include "base/fault.h"
#include "base/log.h"
#include "base/zone.h"
#include "main/head_export.h"

enum { SOCKET_PATH_BYTES = 107 }; // what an address holds

enum option_kind { OPTION_TEXT, OPTION_NUMBER, OPTION_SWITCH, OPTION_LIST };

struct option {
    const char *name;
    enum option_kind kind;
    size_t offset; // in struct config
    int64_t min;
    int64_t max;
    const char *preset; // default as text; NULL: none
    const char *placeholder;
    const char *help;
};

#define AT(field) offsetof(struct config, field)

static const struct option options[] = {
    { "data", OPTION_TEXT, AT(data), 0, 0, NULL, "DIR",
      "the data directory; created when missing" },
    { "listen", OPTION_TEXT, AT(listen), 0, 0, "127.0.0.1:8080", "ADDRESS:PORT",
      "where to serve; port 0 picks a free one" },
    { "allow-plain", OPTION_SWITCH, AT(allow_plain), 0, 0, NULL, NULL,
      "serve plain HTTP on addresses other than loopback" },
    { "stop-all", OPTION_SWITCH, AT(stop_all), 0, 0, NULL, NULL,
      "stop every unfinished run of DIR, its supervisor and its server; exit 0 when nothing is "
      "left" },
    { "reset-admin-key", OPTION_SWITCH, AT(reset_admin_key), 0, 0, NULL, NULL,
      "make a new key of the first administrator, write it to DIR/credentials, disable its other "
      "keys; the server must not run" },
    { "found-anew", OPTION_SWITCH, AT(founds_anew), 0, 0, NULL, NULL,
      "DIR's state.db is lost: move what is left of that store into DIR/before-TIME and begin a "
      "new "
      "one" },
    { "server-uid", OPTION_NUMBER, AT(server_uid), 1, INT32_MAX, "62800", "UID",
      "uid and gid of the server when started as root" },
    { "task-uid", OPTION_NUMBER, AT(task_uid), 1, INT32_MAX, "62801", "UID",
      "uid and gid of tasks when started as root" },
    { "attempts-max", OPTION_NUMBER, AT(attempts_max), 1, 100000, "1000", "N",
      "nodes of all runs that may run at a time" },
    { "run-attempts-max", OPTION_NUMBER, AT(run_attempts_max), 1, 100000, "1000", "N",
      "nodes of one run that may run at a time" },
    { "run-limit", OPTION_NUMBER, AT(run_limit_s), 1, 31536000, "64800", "SECONDS",
      "how long a run may be running" },
    { "grace", OPTION_NUMBER, AT(grace_s), 0, 3600, "10", "SECONDS",
      "between SIGTERM and SIGKILL of a task" },
    { "reserve", OPTION_NUMBER, AT(reserve_mib), 0, 1048576, "64", "MIB",
      "room that is kept on the disk of DIR, for stops and ends when it is full; 0: none" },
    { "attempt-room", OPTION_NUMBER, AT(attempt_room_mib), 0, 1048576, "512", "MIB",
      "least room on that disk, or a twentieth of it, to begin an attempt with; 0: any" },
    { "draft-limit", OPTION_NUMBER, AT(draft_limit_mib), 1, 64, "4", "MIB",
      "greatest size of one flow's draft: names, contents, configs and variables together" },
    { "connections-max", OPTION_NUMBER, AT(connections_max), 8, 20000, "512", "N",
      "open connections" },
    { "address-connections", OPTION_NUMBER, AT(address_connections_max), 1, 20000, "200", "N",
      "open connections of one address" },
    { "tls-cert", OPTION_TEXT, AT(tls_certificate), 0, 0, NULL, "FILE",
      "serve HTTPS with this certificate (PEM, with its intermediates behind it)" },
    { "tls-key", OPTION_TEXT, AT(tls_key), 0, 0, NULL, "FILE",
      "its private key (PEM); nobody else may read it" },
    { "min-signature", OPTION_TEXT, AT(min_signature), 0, 0, "v1", "v1|v3",
      "v3 refuses the older HMAC-SHA1 signatures" },
    { "hide-string-to-sign", OPTION_SWITCH, AT(hides_string_to_sign), 0, 0, NULL, NULL,
      "leave the server's string to sign out of signature errors" },
    { "host", OPTION_LIST, AT(hosts), 0, 0, NULL, "NAME",
      "accept signed requests for this Host only; may be repeated" },
    { "key-rate", OPTION_NUMBER, AT(key_rate), 0, 1000000, "500", "N",
      "requests per second of one access key, twice as many at once; 0: no limit" },
    { "address-rate", OPTION_NUMBER, AT(address_rate), 0, 1000000, "1000", "N",
      "requests per second of one address that no signature vouches for; 0: no limit" },
    { "failure-rate", OPTION_NUMBER, AT(failure_rate), 0, 1000000, "10", "N",
      "failed authentications per second of one address, ten times as many at once; 0: no limit" },
    { "nonces-max", OPTION_NUMBER, AT(nonces_max), 16, 10000000, "500000", "N",
      "nonces of requests that are remembered, at most a quarter of them for one access key" },
    { "large-replies", OPTION_NUMBER, AT(large_replies), 1, 32, "4", "N",
      "large replies that are made at a time, at most half of them for one access key" },
    { "accept-clock", OPTION_SWITCH, AT(accepts_clock), 0, 0, NULL, NULL,
      "the clock was set back by more than a day and is right: accept changes signed in times that "
      "are forgotten" },
    { "language", OPTION_TEXT, AT(language_name), 0, 0, "zh", "zh|en",
      "language of month and weekday names in time variables" },
    { "zone", OPTION_TEXT, AT(zone), 0, 0, "Asia/Shanghai", "ZONE",
      "time zone of new flows and of times that belong to no flow" },
    { "log-level", OPTION_TEXT, AT(log_level), 0, 0, "info", "debug|info|warn|error",
      "least level that is logged" },
    { "access-log", OPTION_SWITCH, AT(access_log), 0, 0, NULL, NULL,
      "log a line for each request" },
    { "audit-head-command", OPTION_TEXT, AT(audit_head_command), 0, 0, NULL, "CMD",
      "hand each signed head of the operation log to this program, on its standard input" },
    { "audit-head-syslog", OPTION_TEXT, AT(audit_head_syslog), 0, 0, NULL, "SOCKET",
      "send each to the system's log behind this socket, as /dev/log" },
    { "audit-head-every", OPTION_NUMBER, AT(audit_head_every_s), 1, 86400, "3600", "SECONDS",
      "how often a head is signed while there are new entries" },
    { "audit-head-limit", OPTION_NUMBER, AT(audit_head_limit_s), 1, 3600, "30", "SECONDS",
      "how long the program may take before it is killed" },
    { "help", OPTION_SWITCH, AT(wants_help), 0, 0, NULL, NULL, "print this text" },
    { "version", OPTION_SWITCH, AT(wants_version), 0, 0, NULL, NULL, "print the version" },
};

#undef AT

static const struct option *find_option(const char *name, size_t len) {
    for (size_t i = 0; i < G_N_ELEMENTS(options); i++) {
        if (strlen(options[i].name) == len && strncmp(options[i].name, name, len) == 0) {
            return &options[i];
        }
    }
    return NULL;
}

static bool set_number(const struct option *option, const char *value, int64_t *number,
                       GError **error) {
    g_autoptr(GError) reason = NULL;
    gint64 parsed = 0;
    if (!g_ascii_string_to_signed(value, 10, option->min, option->max, &parsed, &reason)) {
        fault_set(error, FAULT_INVALID_DATA,
                  "--%s takes a whole number from %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT
                  ", not \"%s\"",
                  option->name, option->min, option->max, value);
        return false;
    }
    *number = parsed;
    return true;
}

// Nothing but these two words: `allow-plain=no` must not allow it.
static bool set_switch(const struct option *option, const char *value, bool *is_on,
                       GError **error) {
    if (strcmp(value, "true") != 0 && strcmp(value, "false") != 0) {
        fault_set(error, FAULT_INVALID_DATA, "--%s takes true or false, not \"%s\"", option->name,
                  value);
        return false;
    }
    *is_on = value[0] == 't';
    return true;
}

// "a,b" and a repeated option both add.
static void add_names(char ***list, const char *value) {
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    g_auto(GStrv) more = g_strsplit(value, ",", 0);
    if (*list != NULL) {
        g_strv_builder_addv(builder, (const char **)*list);
    }
    for (size_t i = 0; more[i] != NULL; i++) {
        if (g_strstrip(more[i])[0] != 0) {
            g_strv_builder_add(builder, more[i]);
        }
    }
    g_strfreev(*list);
    *list = g_strv_builder_end(builder);
}

static bool set_option(struct config *config, const struct option *option, const char *value,
                       GError **error) {
    char *field = (char *)config + option->offset;
    switch (option->kind) {
    case OPTION_TEXT: {
        char **text = (char **)(void *)field;
        g_free(*text);
        *text = g_strdup(value);
        return true;
    }
    case OPTION_NUMBER: return set_number(option, value, (int64_t *)(void *)field, error);
    case OPTION_SWITCH: return set_switch(option, value, (bool *)(void *)field, error);
    case OPTION_LIST: add_names((char ***)(void *)field, value); return true;
    }
    g_assert_not_reached();
}

// Options of another group would be read by nobody.
static bool check_groups(GKeyFile *file, const char *path, GError **error) {
    g_auto(GStrv) groups = g_key_file_get_groups(file, NULL);
    for (gsize i = 0; groups[i] != NULL; i++) {
        if (strcmp(groups[i], "sluiced") != 0) {
            fault_set(error, FAULT_INVALID_DATA,
                      "--config %s: options stand under [sluiced], not under [%s]", path,
                      groups[i]);
            return false;
        }
    }
    return true;
}

static bool read_key(struct config *config, GKeyFile *file, const char *path, const char *key,
                     GError **error) {
    const struct option *option = find_option(key, strlen(key));
    if (option == NULL) {
        fault_set(error, FAULT_INVALID_DATA, "--config %s: no option is called \"%s\"", path, key);
        return false;
    }
    g_autoptr(GError) reason = NULL;
    g_autofree char *value = g_key_file_get_string(file, "sluiced", key, &reason);
    if (reason != NULL) {
        fault_set(error, FAULT_INVALID_DATA, "--config %s: %s: %s", path, key, reason->message);
        return false;
    }
    if (!set_option(config, option, value, error)) {
        g_prefix_error(error, "%s: ", path);
        return false;
    }
    return true;
}

static bool read_file(struct config *config, const char *path, GError **error) {
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autoptr(GError) reason = NULL;
    if (!g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, &reason)) {
        fault_set(error, FAULT_INVALID_DATA, "--config %s: %s", path, reason->message);
        return false;
    }
    if (!check_groups(file, path, error)) {
        return false;
    }
    g_auto(GStrv) keys = g_key_file_get_keys(file, "sluiced", NULL, NULL);
    for (gsize i = 0; keys != NULL && keys[i] != NULL; i++) {
        if (!read_key(config, file, path, keys[i], error)) {
            return false;
        }
    }
    return true;
}

// Finds --config first, because the command line wins over the file.
static const char *config_path(int argc, char *const *argv) {
    for (int i = 1; i < argc; i++) {
        if (g_str_has_prefix(argv[i], "--config=")) {
            return argv[i] + strlen("--config=");
        }
        if (strcmp(argv[i], "--config") == 0 && i + 1 < argc) {
            return argv[i + 1];
        }
    }
    return NULL;
}

static bool read_arguments(struct config *config, int argc, char *const *argv, GError **error) {
    for (int i = 1; i < argc; i++) {
        const char *name = argv[i] + 2;
        if (!g_str_has_prefix(argv[i], "--")) {
            fault_set(error, FAULT_INVALID_DATA, "unexpected \"%s\"; options begin with --",
                      argv[i]);
            return false;
        }
        size_t len = strcspn(name, "=");
        const struct option *option = find_option(name, len);
        bool is_config = len == strlen("config") && strncmp(name, "config", len) == 0;
        if (option == NULL && !is_config) {
            fault_set(error, FAULT_INVALID_DATA, "no option is called \"%s\"; see --help", argv[i]);
            return false;
        }
        const char *value = name[len] == '=' ? name + len + 1 : NULL;
        if (value == NULL && option != NULL && option->kind == OPTION_SWITCH) {
            value = "true";
        }
        if (value == NULL && ++i < argc) {
            value = argv[i];
        }
        if (value == NULL) {
            fault_set(error, FAULT_INVALID_DATA, "--%.*s needs a value; see --help", (int)len,
                      name);
            return false;
        }
        if (!is_config && !set_option(config, option, value, error)) {
            return false;
        }
    }
    return true;
}

static bool check_network(const struct config *config, GError **error) {
    if (strcmp(config->min_signature, "v1") != 0 && strcmp(config->min_signature, "v3") != 0) {
        fault_set(error, FAULT_INVALID_DATA, "--min-signature takes v1 or v3, not \"%s\"",
                  config->min_signature);
        return false;
    }
    if ((config->tls_certificate == NULL) != (config->tls_key == NULL)) {
        fault_set(error, FAULT_INVALID_DATA,
                  "--tls-cert and --tls-key belong together: --%s is missing",
                  config->tls_key == NULL ? "tls-key" : "tls-cert");
        return false;
    }
    return true;
}

static bool check_heads(const struct config *config, GError **error) {
    const char *path = config->audit_head_syslog;
    if (path != NULL && (path[0] != '/' || strlen(path) > SOCKET_PATH_BYTES)) {
        fault_set(error, FAULT_INVALID_DATA,
                  "--audit-head-syslog takes the absolute path of a socket, of at most %d bytes, "
                  "not \"%s\"",
                  SOCKET_PATH_BYTES, path);
        return false;
    }
    return config->audit_head_command == NULL ||
           head_export_check_command(config->audit_head_command, error);
}

static bool check(const struct config *config, GError **error) {
    enum log_level level = LOG_INFO;
    if (strcmp(config->language_name, "zh") != 0 && strcmp(config->language_name, "en") != 0) {
        fault_set(error, FAULT_INVALID_DATA, "--language takes zh or en, not \"%s\"",
                  config->language_name);
        return false;
    }
    if (!zone_is_known(config->zone)) {
        fault_set(error, FAULT_INVALID_DATA, "--zone: the system knows no time zone \"%s\"",
                  config->zone);
        return false;
    }
    if (!log_level_from_name(config->log_level, &level)) {
        fault_set(error, FAULT_INVALID_DATA,
                  "--log-level takes debug, info, warn or error, not \"%s\"", config->log_level);
        return false;
    }
    if (!check_network(config, error) || !check_heads(config, error)) {
        return false;
    }
    if (config->data == NULL && !config->wants_help && !config->wants_version) {
        fault_set(error, FAULT_INVALID_DATA,
                  "--data DIR is needed: the directory for everything the server stores");
        return false;
    }
    return true;
}

bool config_read(int argc, char *const *argv, struct config *ret_config, GError **error) {
    struct config config = { 0 };
    for (size_t i = 0; i < G_N_ELEMENTS(options); i++) {
        if (options[i].preset != NULL) {
            bool is_set = set_option(&config, &options[i], options[i].preset, NULL);
            g_assert(is_set);
        }
    }
    const char *path = config_path(argc, argv);
    if ((path != NULL && !read_file(&config, path, error)) ||
        !read_arguments(&config, argc, argv, error) || !check(&config, error)) {
        config_done(&config);
        return false;
    }
    *ret_config = config;
    return true;
}

void config_done(struct config *config) {
    g_free(config->data);
    g_free(config->listen);
    g_free(config->tls_certificate);
    g_free(config->tls_key);
    g_free(config->min_signature);
    g_strfreev(config->hosts);
    g_free(config->language_name);
    g_free(config->zone);
    g_free(config->log_level);
    g_free(config->audit_head_command);
    g_free(config->audit_head_syslog);
    *config = (struct config){ 0 };
}

enum var_language config_language(const struct config *config) {
    return strcmp(config->language_name, "en") == 0 ? VAR_ENGLISH : VAR_CHINESE;
}

char *config_help(void) {
    GString *text = g_string_new("Usage: sluiced --data DIR [--listen ADDRESS:PORT] [OPTION…]\n"
                                 "Serves task flows over the DMS Enterprise API (2018-11-01).\n\n");
    for (size_t i = 0; i < G_N_ELEMENTS(options); i++) {
        g_autofree char *usage =
            g_strdup_printf("--%s%s%s", options[i].name, options[i].placeholder != NULL ? " " : "",
                            options[i].placeholder != NULL ? options[i].placeholder : "");
        g_string_append_printf(text, "  %-34s %s", usage, options[i].help);
        if (options[i].preset != NULL) {
            g_string_append_printf(text, " (%s)", options[i].preset);
        }
        g_string_append_c(text, '\n');
    }
    g_string_append(
        text, "  --config FILE                      read options from [sluiced] in FILE; the "
              "command line wins\n\n"
              "SIGTERM stops the server; running tasks go on and are adopted at the next start.\n"
              "Exit codes: 0 stopped as asked, 1 failed, 2 usage, 3 another server has DIR,\n"
              "4 DIR's store is lost (restore a backup, or see --found-anew), or --found-anew was "
              "given and none is,\n"
              "70 the store can not be trusted (what to do is said; else start again to recover),\n"
              "71 its launcher has ended (start again, tasks are adopted).\n");
    return g_string_free(text, FALSE);
}
