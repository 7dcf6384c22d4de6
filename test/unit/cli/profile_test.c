// SPDX-License-Identifier: Apache-2.0
#include "cli/profile.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fault.h"

struct fixture {
    char *dir;
};

static void set_up(struct fixture *fixture, const void *data) {
    fixture->dir = g_strdup("/var/tmp/sluice-profile.XXXXXX");
    g_assert_nonnull(g_mkdtemp(fixture->dir));
    g_unsetenv("ALIBABA_CLOUD_ACCESS_KEY_ID");
    g_unsetenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET");
    g_unsetenv("ALIBABA_CLOUD_SECURITY_TOKEN");
    g_unsetenv("SLUICE_ENDPOINT");
    g_setenv("HOME", fixture->dir, TRUE);
}

static void put(const struct fixture *fixture, const char *name, const char *text) {
    g_autofree char *path = g_build_filename(fixture->dir, name, NULL);
    g_autofree char *parent = g_path_get_dirname(path);
    g_assert_cmpint(g_mkdir_with_parents(parent, 0700), ==, 0);
    g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

static void tear_down(struct fixture *fixture, const void *data) {
    static const char *const names[] = { "credentials", "server.address", ".aliyun/config.json",
                                         ".aliyun", "" };
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = g_build_filename(fixture->dir, names[i], NULL);
        (void)g_remove(path);
    }
    g_free(fixture->dir);
}

static void assert_refused(const struct cli_profile_choice *choice) {
    struct cli_profile profile;
    g_autoptr(GError) error = NULL;
    g_assert_false(cli_profile_load(choice, &profile, &error));
    g_assert_true(fault_is(error, FAULT_INVALID_VALUE));
}

static void a_data_directory_gives_address_and_key(struct fixture *fixture, const void *data) {
    put(fixture, "credentials", "access_key_id = id1\naccess_key_secret = s=cret\ntenant_id = 1\n");
    put(fixture, "server.address", "http://127.0.0.1:4711\n");
    g_setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", "other", TRUE);
    g_setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "other", TRUE);
    struct cli_profile_choice choice = { .data_dir = fixture->dir };
    struct cli_profile profile;
    g_assert_true(cli_profile_load(&choice, &profile, NULL));
    g_assert_cmpstr(profile.endpoint, ==, "http://127.0.0.1:4711");
    g_assert_cmpstr(profile.access_key_id, ==, "id1");
    g_assert_cmpstr(profile.secret, ==, "s=cret");
    cli_profile_done(&profile);
}

// Somebody else's: as root the test becomes another user for a moment.
static void a_closed_data_directory_is_told_from_an_empty_one(struct fixture *fixture,
                                                              const void *data) {
    struct cli_profile_choice choice = { .data_dir = fixture->dir };
    struct cli_profile profile;
    g_autoptr(GError) empty = NULL;
    g_assert_false(cli_profile_load(&choice, &profile, &empty));
    g_assert_null(strstr(empty->message, "--endpoint"));
    g_autofree char *path = g_build_filename(fixture->dir, "server.address", NULL);
    put(fixture, "credentials", "access_key_id = id1\naccess_key_secret = secret\n");
    put(fixture, "server.address", "http://127.0.0.1:4711\n");
    g_assert_cmpint(g_chmod(fixture->dir, 0711), ==, 0);
    g_assert_cmpint(g_chmod(path, 0), ==, 0);
    uid_t self = geteuid();
    g_assert_true(self != 0 || seteuid(65534) == 0);
    g_autoptr(GError) closed = NULL;
    bool is_loaded = cli_profile_load(&choice, &profile, &closed);
    g_assert_true(self != 0 || seteuid(self) == 0);
    g_assert_false(is_loaded);
    g_assert_nonnull(strstr(closed->message, "--endpoint URL instead of --data"));
}

// GLib asks for the home directory once, so that one test has all that reads there.
static void assert_broken_files_are_told(struct fixture *fixture) {
    static const struct {
        const char *text;
        const char *place;
    } rows[] = {
        { "{\"current\": \"a\",\n \"profiles\": [{\"access_key_secret\": \"hush\" hush]}",
          "line 2" },
        { "{\"current\": \"\xff\"}", "line 1" },
        { "[1]", "line 1, column 1" },
        { "", "line 1" },
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct cli_profile_choice none = { 0 };
        struct cli_profile profile;
        g_autoptr(GError) error = NULL;
        put(fixture, ".aliyun/config.json", rows[i].text);
        g_assert_false(cli_profile_load(&none, &profile, &error));
        g_test_message("%s", error->message);
        g_assert_true(fault_is(error, FAULT_INVALID_VALUE));
        g_assert_nonnull(strstr(error->message, "config.json is no JSON object: "));
        g_assert_nonnull(strstr(error->message, rows[i].place));
        g_assert_null(strstr(error->message, "hush"));
    }
}

static void the_environment_comes_before_the_current_profile(struct fixture *fixture,
                                                             const void *data) {
    put(fixture, ".aliyun/config.json",
        "{\"current\":\"b\",\"profiles\":[{\"name\":\"a\",\"mode\":\"AK\",\"access_key_id\":\"ka\","
        "\"access_key_secret\":"
        "\"sa\"},{\"name\":\"b\",\"mode\":\"AK\",\"access_key_id\":\"kb\",\"access_key_secret\":"
        "\"sb\"},{\"name\":\"r\","
        "\"mode\":\"RamRoleArn\"}]}");
    struct cli_profile_choice none = { 0 };
    struct cli_profile_choice named = { .profile = "a", .endpoint = "host:81/" };
    struct cli_profile profile;
    g_assert_true(cli_profile_load(&none, &profile, NULL));
    g_assert_cmpstr(profile.access_key_id, ==, "kb");
    g_assert_cmpstr(profile.endpoint, ==, "http://127.0.0.1:8080");
    cli_profile_done(&profile);
    g_setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", "ke", TRUE);
    assert_refused(&none);
    g_setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "se", TRUE);
    g_assert_true(cli_profile_load(&none, &profile, NULL));
    g_assert_cmpstr(profile.access_key_id, ==, "ke");
    cli_profile_done(&profile);
    g_assert_true(cli_profile_load(&named, &profile, NULL));
    g_assert_cmpstr(profile.access_key_id, ==, "ka");
    g_assert_cmpstr(profile.endpoint, ==, "http://host:81");
    cli_profile_done(&profile);
    assert_refused(&(struct cli_profile_choice){ .profile = "r" });
    assert_refused(&(struct cli_profile_choice){ .profile = "nobody" });
    g_unsetenv("ALIBABA_CLOUD_ACCESS_KEY_ID");
    g_unsetenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET");
    assert_broken_files_are_told(fixture);
}

static void an_address_that_is_none_is_refused(struct fixture *fixture, const void *data) {
    static const char *const addresses[] = { "ftp://host", "http://", "http://host/path",
                                             "http://user@host", "http://a b" };
    g_setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", "k", TRUE);
    g_setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "s", TRUE);
    for (size_t i = 0; i < G_N_ELEMENTS(addresses); i++) {
        assert_refused(&(struct cli_profile_choice){ .endpoint = addresses[i] });
    }
}

static void without_any_key_it_says_where_one_can_be_put(struct fixture *fixture,
                                                         const void *data) {
    struct cli_profile_choice none = { 0 };
    struct cli_profile profile;
    g_autoptr(GError) error = NULL;
    g_assert_false(cli_profile_load(&none, &profile, &error));
    g_assert_nonnull(g_strstr_len(error->message, -1, "ALIBABA_CLOUD_ACCESS_KEY_ID"));
    g_assert_nonnull(g_strstr_len(error->message, -1, "--data"));
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add("/cli_profile/a_data_directory_gives_address_and_key", struct fixture, NULL, set_up,
               a_data_directory_gives_address_and_key, tear_down);
    g_test_add("/cli_profile/a_closed_data_directory_is_told_from_an_empty_one", struct fixture,
               NULL, set_up, a_closed_data_directory_is_told_from_an_empty_one, tear_down);
    g_test_add("/cli_profile/the_environment_comes_before_the_current_profile", struct fixture,
               NULL, set_up, the_environment_comes_before_the_current_profile, tear_down);
    g_test_add("/cli_profile/an_address_that_is_none_is_refused", struct fixture, NULL, set_up,
               an_address_that_is_none_is_refused, tear_down);
    g_test_add("/cli_profile/without_any_key_it_says_where_one_can_be_put", struct fixture, NULL,
               set_up, without_any_key_it_says_where_one_can_be_put, tear_down);
    return g_test_run();
}
