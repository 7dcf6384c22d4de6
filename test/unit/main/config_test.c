// SPDX-License-Identifier: Apache-2.0
//
// Options of the network: what is read, what is refused and how it is said.
#include "main/config.h"

#include "base/fault.h"

#include <glib.h>
#include <string.h>
#include <unistd.h>

// `words` is one line of options, separated by blanks.
static bool read_line(const char *words, struct config *ret_config, GError **error) {
    g_autofree char *line = g_strconcat("sluiced --data d ", words, NULL);
    g_auto(GStrv) argv = g_strsplit(line, " ", 0);
    return config_read((int)g_strv_length(argv), argv, ret_config, error);
}

static void the_defaults_are_those_of_the_documentation(void) {
    struct config config;
    GError *error = NULL;
    g_assert_true(read_line("--log-level info", &config, &error));
    g_assert_cmpstr(config.listen, ==, "127.0.0.1:8080");
    g_assert_cmpint(config.key_rate, ==, 500);
    g_assert_cmpint(config.address_rate, ==, 1000);
    g_assert_cmpint(config.failure_rate, ==, 10);
    g_assert_cmpint(config.connections_max, ==, 512);
    g_assert_cmpint(config.address_connections_max, ==, 200);
    g_assert_cmpint(config.reserve_mib, ==, 64);
    g_assert_cmpstr(config.min_signature, ==, "v1");
    g_assert_null(config.hosts);
    g_assert_null(config.tls_key);
    g_assert_false(config.hides_string_to_sign);
    g_assert_false(config.allow_plain);
    config_done(&config);
}

static void hosts_add_up(void) {
    struct config config;
    GError *error = NULL;
    g_assert_true(read_line("--host a.example --host=b.example,,c.example", &config, &error));
    g_assert_cmpuint(g_strv_length(config.hosts), ==, 3);
    g_assert_cmpstr(config.hosts[0], ==, "a.example");
    g_assert_cmpstr(config.hosts[2], ==, "c.example");
    config_done(&config);
}

static void a_file_says_the_same(void) {
    g_autofree char *path = NULL;
    GError *error = NULL;
    int fd = g_file_open_tmp("sluice-config-XXXXXX", &path, &error);
    g_assert_no_error(error);
    (void)close(fd);
    g_assert_true(g_file_set_contents(path,
                                      "[sluiced]\nhost=a.example,b.example\nkey-rate=7\n"
                                      "hide-string-to-sign=true\nmin-signature=v3\n",
                                      -1, &error));
    struct config config;
    g_autofree char *line = g_strdup_printf("--config %s --key-rate 9", path);
    g_assert_true(read_line(line, &config, &error));
    g_assert_cmpuint(g_strv_length(config.hosts), ==, 2);
    g_assert_cmpint(config.key_rate, ==, 9);
    g_assert_true(config.hides_string_to_sign);
    g_assert_cmpstr(config.min_signature, ==, "v3");
    config_done(&config);
    g_assert_cmpint(unlink(path), ==, 0);
}

static void what_can_not_be_meant_is_refused_by_name(void) {
    static const struct {
        const char *option;
        const char *value;
        const char *says;
    } cases[] = {
        { "--min-signature", "v2", "v1 or v3" },
        { "--tls-cert", "cert.pem", "--tls-key is missing" },
        { "--tls-key", "key.pem", "--tls-cert is missing" },
        { "--key-rate", "-1", "--key-rate takes a whole number from 0" },
        { "--address-rate", "many", "--address-rate takes" },
        { "--address-connections", "0", "--address-connections takes" },
        { "--log-level", "info --allow-plain=no", "--allow-plain takes true or false" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        struct config config;
        GError *error = NULL;
        g_test_message("%s %s", cases[i].option, cases[i].value);
        g_autofree char *line = g_strconcat(cases[i].option, " ", cases[i].value, NULL);
        g_assert_false(read_line(line, &config, &error));
        g_assert_true(fault_is(error, FAULT_INVALID_DATA));
        g_assert_nonnull(strstr(error->message, cases[i].says));
        g_clear_error(&error);
    }
}

static void what_a_file_can_not_mean_is_refused_with_its_name(void) {
    static const struct {
        const char *text;
        const char *says;
    } cases[] = {
        { "[sluiced]\nkey-rat=7\n", "no option is called \"key-rat\"" },
        { "[sluiced]\nallow-plain=no\n", "--allow-plain takes true or false, not \"no\"" },
        { "[sluice]\nkey-rate=7\n", "options stand under [sluiced], not under [sluice]" },
        { "key-rate=7\n", "group" },
        { "[sluiced]\nkey-rate=\\q\n", "key-rate: " },
        { "[sluiced]\nzone=\xff\n", "zone: " },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = NULL;
        GError *error = NULL;
        int fd = g_file_open_tmp("sluice-config-XXXXXX", &path, &error);
        g_assert_no_error(error);
        (void)close(fd);
        g_assert_true(g_file_set_contents(path, cases[i].text, -1, &error));
        g_autofree char *line = g_strconcat("--config ", path, NULL);
        struct config config;
        g_test_message("case %" G_GSIZE_FORMAT, i);
        g_assert_false(read_line(line, &config, &error));
        g_assert_true(fault_is(error, FAULT_INVALID_DATA));
        g_assert_nonnull(strstr(error->message, path));
        g_assert_nonnull(strstr(error->message, cases[i].says));
        g_clear_error(&error);
        g_assert_cmpint(unlink(path), ==, 0);
    }
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/config/the_defaults_are_those_of_the_documentation",
                    the_defaults_are_those_of_the_documentation);
    g_test_add_func("/config/hosts_add_up", hosts_add_up);
    g_test_add_func("/config/a_file_says_the_same", a_file_says_the_same);
    g_test_add_func("/config/what_can_not_be_meant_is_refused_by_name",
                    what_can_not_be_meant_is_refused_by_name);
    g_test_add_func("/config/what_a_file_can_not_mean_is_refused_with_its_name",
                    what_a_file_can_not_mean_is_refused_with_its_name);
    return g_test_run();
}
