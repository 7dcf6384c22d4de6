// SPDX-License-Identifier: Apache-2.0
//
// cli_profile: reads files and environment, decides nothing else. A source that is named but unusable is an error; it never falls through
// to the next one, since a call signed with another key than the one asked for would be worse than none.
#include "cli/profile.h"

#include <jansson.h>
#include <string.h>

#include "base/fault.h"

enum { PROFILE_FILE_BYTES_MAX = 1024 * 1024 };

static const char endpoint_default[] = "http://127.0.0.1:8080";

static bool is_blank(const char *text) {
    return text == NULL || text[0] == 0;
}

// The whole file, bounded. FAULT_INVALID_VALUE names the file and the reason.
static bool read_text(const char *path, char **ret_text, GError **error) {
    g_autofree char *text = NULL;
    size_t len = 0;
    g_autoptr(GError) cause = NULL;
    if (!g_file_get_contents(path, &text, &len, &cause)) {
        bool is_closed = g_error_matches(cause, G_FILE_ERROR, G_FILE_ERROR_ACCES);
        fault_set(error, FAULT_INVALID_VALUE, "%s%s", cause->message,
                  is_closed ? "; a server's directory is for its owner and root: others have a key "
                              "of their own and say --endpoint URL instead of --data DIR"
                            : "");
        return false;
    }
    if (len > PROFILE_FILE_BYTES_MAX) {
        fault_set(error, FAULT_INVALID_VALUE, "%s is larger than %d bytes", path,
                  PROFILE_FILE_BYTES_MAX);
        return false;
    }
    *ret_text = g_steal_pointer(&text);
    return true;
}

// The value of a line `name = value`, or NULL. The caller frees it.
static char *line_value(const char *text, const char *name) {
    g_auto(GStrv) lines = g_strsplit(text, "\n", 0);
    for (size_t i = 0; lines[i] != NULL; i++) {
        char *equals = strchr(lines[i], '=');
        if (equals != NULL) {
            *equals = 0;
            if (strcmp(g_strstrip(lines[i]), name) == 0) {
                return g_strdup(g_strstrip(equals + 1));
            }
        }
    }
    return NULL;
}

static bool key_from_data_dir(struct cli_profile *profile, const char *dir, GError **error) {
    g_autofree char *path = g_build_filename(dir, "credentials", NULL);
    g_autofree char *text = NULL;
    if (!read_text(path, &text, error)) {
        g_prefix_error(error, "the key can not be read: ");
        return false;
    }
    profile->access_key_id = line_value(text, "access_key_id");
    profile->secret = line_value(text, "access_key_secret");
    explicit_bzero(text, strlen(text));
    if (is_blank(profile->access_key_id) || is_blank(profile->secret)) {
        fault_set(error, FAULT_INVALID_VALUE, "%s holds no access_key_id and access_key_secret",
                  path);
        return false;
    }
    return true;
}

static bool endpoint_from_data_dir(struct cli_profile *profile, const char *dir, GError **error) {
    g_autofree char *path = g_build_filename(dir, "server.address", NULL);
    g_autofree char *text = NULL;
    if (!read_text(path, &text, error)) {
        g_prefix_error(error, "no address of a running server in %s: ", dir);
        return false;
    }
    profile->endpoint = g_strdup(g_strstrip(text));
    return true;
}

static const char *member(const json_t *object, const char *name) {
    return json_string_value(json_object_get(object, name));
}

static bool key_from_entry(struct cli_profile *profile, const json_t *entry, const char *path,
                           GError **error) {
    const char *mode = member(entry, "mode");
    const char *name = member(entry, "name");
    bool is_temporary = mode != NULL && strcmp(mode, "StsToken") == 0;
    if (mode == NULL || (strcmp(mode, "AK") != 0 && !is_temporary)) {
        fault_set(error, FAULT_INVALID_VALUE,
                  "%s: profile %s has the mode %s; AK and StsToken can be used", path, name,
                  mode != NULL ? mode : "(none)");
        return false;
    }
    if (is_blank(member(entry, "access_key_id")) || is_blank(member(entry, "access_key_secret"))) {
        fault_set(error, FAULT_INVALID_VALUE,
                  "%s: profile %s has no access_key_id and access_key_secret", path, name);
        return false;
    }
    profile->access_key_id = g_strdup(member(entry, "access_key_id"));
    profile->secret = g_strdup(member(entry, "access_key_secret"));
    profile->security_token = is_temporary ? g_strdup(member(entry, "sts_token")) : NULL;
    return true;
}

static bool key_from_config(struct cli_profile *profile, const char *wanted, GError **error) {
    g_autofree char *path = g_build_filename(g_get_home_dir(), ".aliyun", "config.json", NULL);
    g_autofree char *text = NULL;
    if (!read_text(path, &text, error)) {
        g_prefix_error(error, "no key: set ALIBABA_CLOUD_ACCESS_KEY_ID and "
                              "ALIBABA_CLOUD_ACCESS_KEY_SECRET, or say --data "
                              "DIR, or write a profile: ");
        return false;
    }
    json_error_t json_error;
    json_t *config = json_loads(text, JSON_REJECT_DUPLICATES, &json_error);
    if (!json_is_object(config)) {
        // The reader's own words could quote a secret.
        fault_set(error, FAULT_INVALID_VALUE, "%s is no JSON object: line %d, column %d", path,
                  config == NULL ? json_error.line : 1, config == NULL ? json_error.column : 1);
        json_decref(config);
        return false;
    }
    const char *name = wanted != NULL ? wanted : member(config, "current");
    const json_t *found = NULL;
    size_t index = 0;
    json_t *entry = NULL;
    json_array_foreach(json_object_get(config, "profiles"), index, entry) {
        if (name != NULL && g_strcmp0(member(entry, "name"), name) == 0) {
            found = entry;
        }
    }
    bool is_done = false;
    if (found != NULL) {
        is_done = key_from_entry(profile, found, path, error);
    } else {
        fault_set(error, FAULT_INVALID_VALUE, "%s has no profile %s", path,
                  name != NULL ? name : "named by \"current\"");
    }
    json_decref(config);
    return is_done;
}

static bool key_load(struct cli_profile *profile, const struct cli_profile_choice *choice,
                     GError **error) {
    const char *id = g_getenv("ALIBABA_CLOUD_ACCESS_KEY_ID");
    const char *secret = g_getenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET");
    if (choice->data_dir != NULL) {
        return key_from_data_dir(profile, choice->data_dir, error);
    }
    if (choice->profile != NULL || (is_blank(id) && is_blank(secret))) {
        return key_from_config(profile, choice->profile, error);
    }
    if (is_blank(id) || is_blank(secret)) {
        fault_set(
            error, FAULT_INVALID_VALUE,
            "ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET must both be set");
        return false;
    }
    const char *token = g_getenv("ALIBABA_CLOUD_SECURITY_TOKEN");
    profile->access_key_id = g_strdup(id);
    profile->secret = g_strdup(secret);
    profile->security_token = is_blank(token) ? NULL : g_strdup(token);
    return true;
}

static bool endpoint_load(struct cli_profile *profile, const struct cli_profile_choice *choice,
                          GError **error) {
    const char *from_environment = g_getenv("SLUICE_ENDPOINT");
    if (choice->endpoint != NULL) {
        profile->endpoint = g_strdup(choice->endpoint);
    } else if (choice->data_dir != NULL) {
        if (!endpoint_from_data_dir(profile, choice->data_dir, error)) {
            return false;
        }
    } else {
        profile->endpoint =
            g_strdup(is_blank(from_environment) ? endpoint_default : from_environment);
    }
    // A bare host and port is what the vendor's tools take.
    if (strstr(profile->endpoint, "://") == NULL) {
        char *with_scheme = g_strconcat("http://", profile->endpoint, NULL);
        g_free(profile->endpoint);
        profile->endpoint = with_scheme;
    }
    while (g_str_has_suffix(profile->endpoint, "/")) {
        profile->endpoint[strlen(profile->endpoint) - 1] = 0;
    }
    const char *scheme_end = strstr(profile->endpoint, "://"); // "http:///" has lost it
    const char *host = scheme_end != NULL ? scheme_end + strlen("://") : "";
    bool is_http = g_str_has_prefix(profile->endpoint, "http://") ||
                   g_str_has_prefix(profile->endpoint, "https://");
    if (!is_http || *host == 0 || strpbrk(host, "/?#@ \t\r\n") != NULL) {
        fault_set(error, FAULT_INVALID_VALUE, "the endpoint %s is not of the form http://HOST:PORT",
                  profile->endpoint);
        return false;
    }
    return true;
}

// Key and address stand in headers of a request: printable ASCII, as the server makes and takes them.
static bool check_plain(const char *what, const char *text, GError **error) {
    for (const char *at = text != NULL ? text : ""; *at != 0; at++) {
        if (!g_ascii_isgraph(*at)) {
            fault_set(error, FAULT_INVALID_VALUE,
                      "the %s has characters other than printable ASCII without blanks", what);
            return false;
        }
    }
    return true;
}

static bool check_profile(const struct cli_profile *profile, GError **error) {
    return check_plain("endpoint", profile->endpoint, error) &&
           check_plain("access key id", profile->access_key_id, error) &&
           check_plain("access key secret", profile->secret, error) &&
           check_plain("security token", profile->security_token, error);
}

bool cli_profile_load(const struct cli_profile_choice *choice, struct cli_profile *ret_profile,
                      GError **error) {
    struct cli_profile profile = { 0 };
    if (!endpoint_load(&profile, choice, error) || !key_load(&profile, choice, error) ||
        !check_profile(&profile, error)) {
        cli_profile_done(&profile);
        return false;
    }
    const char *ca_file = choice->ca_file != NULL ? choice->ca_file : g_getenv("SLUICE_CA_FILE");
    profile.ca_file = is_blank(ca_file) ? NULL : g_strdup(ca_file);
    *ret_profile = profile;
    return true;
}

void cli_profile_done(struct cli_profile *profile) {
    if (profile->secret != NULL) {
        explicit_bzero(profile->secret, strlen(profile->secret));
    }
    g_free(profile->endpoint);
    g_free(profile->access_key_id);
    g_free(profile->secret);
    g_free(profile->security_token);
    g_free(profile->ca_file);
    *profile = (struct cli_profile){ 0 };
}
