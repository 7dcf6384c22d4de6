// SPDX-License-Identifier: Apache-2.0
//
// cli_http: libcurl behind one function. Redirects are not followed and only http and https are spoken: a signed request is meant for one
// host. The reply has a ceiling, checked where it grows.
#include "cli/http.h"

#include <string.h>

#include <curl/curl.h>

#include "base/fault.h"

struct cli_http {
    CURL *easy;
    char *ca_file; // NULL: the system's
    char reason[CURL_ERROR_SIZE];
};

struct cli_http *cli_http_new(const char *ca_file) {
    CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
    g_assert(code == CURLE_OK);
    struct cli_http *http = g_new0(struct cli_http, 1);
    http->easy = curl_easy_init();
    g_assert(http->easy != NULL);
    http->ca_file = g_strdup(ca_file);
    return http;
}

void cli_http_free(struct cli_http *http) {
    if (http != NULL) {
        curl_easy_cleanup(http->easy);
        curl_global_cleanup();
        g_free(http->ca_file);
        g_free(http);
    }
}

static size_t take_bytes(char *data, size_t size, size_t count, void *user) {
    GString *body = user;
    if (body->len + size * count > CLI_HTTP_REPLY_BYTES_MAX) {
        return 0;
    }
    g_string_append_len(body, data, (gssize)(size * count));
    return size * count;
}

static CURLcode set_up(struct cli_http *http, const char *url, struct curl_slist *lines,
                       const char *body, GString *reply) {
    CURL *easy = http->easy;
    curl_easy_reset(easy);
    http->reason[0] = 0;
    CURLcode codes[] = {
        curl_easy_setopt(easy, CURLOPT_URL, url),
        curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https"),
        curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2),
        http->ca_file == NULL ? CURLE_OK : curl_easy_setopt(easy, CURLOPT_CAINFO, http->ca_file),
        curl_easy_setopt(easy, CURLOPT_POST, 1L),
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body),
        curl_easy_setopt(easy, CURLOPT_HTTPHEADER, lines),
        curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_bytes),
        curl_easy_setopt(easy, CURLOPT_WRITEDATA, reply),
        curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, http->reason),
        curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)CLI_HTTP_CONNECT_TIMEOUT_MS),
        curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)CLI_HTTP_TIMEOUT_MS),
        curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L),
        curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L),
    };
    for (size_t i = 0; i < G_N_ELEMENTS(codes); i++) {
        if (codes[i] != CURLE_OK) {
            return codes[i];
        }
    }
    return CURLE_OK;
}

static const char RUNNING[] = "is the server running, and is the address right?";

// What most often helps.
static const char *hint(CURLcode code, const char *url) {
    switch ((int)code) {
    case CURLE_PEER_FAILED_VERIFICATION:
        return "is it the right server? its certificate, or that of its authority, can be named "
               "with --ca-file FILE";
    case CURLE_SSL_CACERT_BADFILE: return "can the file of --ca-file or SLUICE_CA_FILE be read?";
    case CURLE_SSL_CONNECT_ERROR:
        return "does the server speak https there? if not: --endpoint http://…";
    case CURLE_GOT_NOTHING: // as of a server that has begun to read and found no TLS
    case CURLE_RECV_ERROR:
        return g_str_has_prefix(url, "https:")
                   ? RUNNING
                   : "does the server want https there? then: --endpoint https://…";
    case CURLE_COULDNT_RESOLVE_HOST: return "is the name right?";
    default: return RUNNING;
    }
}

// Nothing of a request is sent before the connection is there, encrypted and trusted.
static bool is_sent(struct cli_http *http) {
    curl_off_t before_us = 0;
    return curl_easy_getinfo(http->easy, CURLINFO_PRETRANSFER_TIME_T, &before_us) == CURLE_OK &&
           before_us > 0;
}

static void set_failure(struct cli_http *http, CURLcode code, const char *url, GError **error) {
    const char *query = strchr(url, '?');
    int address_len = query != NULL ? (int)(query - url) : (int)strlen(url);
    // Certificates that can not be read are the caller's slip, and no server was asked.
    enum fault fault = code == CURLE_SSL_CACERT_BADFILE ? FAULT_INVALID_VALUE
                       : is_sent(http)                  ? FAULT_TOKEN_OPEN
                                                        : FAULT_UNAVAILABLE;
    fault_set(error, fault, "no answer from %.*s: %s; %s", address_len, url,
              http->reason[0] != 0 ? http->reason : curl_easy_strerror(code), hint(code, url));
}

bool cli_http_post(struct cli_http *http, const char *url, char *const *headers, const char *body,
                   int *ret_status, char **ret_body, GError **error) {
    // No `Expect: 100-continue` (it costs a round trip) and no form type that nobody signed.
    struct curl_slist *lines = curl_slist_append(NULL, "Expect:");
    if (body[0] == 0) {
        lines = curl_slist_append(lines, "Content-Type:");
    }
    for (size_t i = 0; headers[i] != NULL; i++) {
        lines = curl_slist_append(lines, headers[i]);
    }
    GString *reply = g_string_new(NULL);
    CURLcode code = set_up(http, url, lines, body, reply);
    if (code == CURLE_OK) {
        code = curl_easy_perform(http->easy);
    }
    long status = 0;
    (void)curl_easy_getinfo(http->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_slist_free_all(lines);
    if (code != CURLE_OK) {
        g_string_free(reply, TRUE);
        set_failure(http, code, url, error);
        return false;
    }
    *ret_status = (int)status;
    *ret_body = g_string_free(reply, FALSE);
    return true;
}
