// SPDX-License-Identifier: Apache-2.0
#include <glib.h>

#include "base/zone.h"

static void assert_local(const char *zone, int64_t instant_ms, const char *wanted, int offset) {
    struct civil civil = zone_civil(zone, instant_ms);
    char text[CIVIL_TEXT_BYTES];
    civil_text(&civil, text);
    g_assert_cmpstr(text, ==, wanted);
    g_assert_cmpint(civil.utc_offset_minutes, ==, offset);
}

static int64_t utc(const char *text) {
    struct civil civil = { 0 };
    bool has_time = false;
    g_assert_true(civil_parse(text, &civil, &has_time));
    return ((civil_to_days(civil.year, civil.month, civil.day) * 24 + civil.hour) * 60 +
            civil.minute) *
               60000 +
           civil.second * 1000;
}

static void assert_instant(const char *zone, const char *local, const char *wanted_utc) {
    struct civil civil = { 0 };
    bool has_time = false;
    g_assert_true(civil_parse(local, &civil, &has_time));
    g_assert_cmpint(zone_instant_ms(zone, &civil), ==, utc(wanted_utc));
}

static void instants_become_local_times(void) {
    assert_local("Asia/Shanghai", 0, "1970-01-01 08:00:00", 480);
    assert_local("UTC", -1, "1969-12-31 23:59:59", 0);
    assert_local("America/New_York", utc("2024-07-01 12:00:00"), "2024-07-01 08:00:00", -240);
    assert_local("America/New_York", utc("2024-01-01 12:00:00"), "2024-01-01 07:00:00", -300);
    assert_local("Asia/Kolkata", utc("2024-01-01 00:00:00"), "2024-01-01 05:30:00", 330);
    g_assert_cmpint(zone_civil("UTC", -1).millisecond, ==, 999);
    g_assert_cmpint(zone_civil("Asia/Shanghai", 1234).millisecond, ==, 234);
}

static void summer_time_is_known_beyond_2037(void) {
    assert_local("America/New_York", utc("2040-07-01 12:00:00"), "2040-07-01 08:00:00", -240);
    assert_local("America/New_York", utc("2090-01-02 12:00:00"), "2090-01-02 07:00:00", -300);
}

static void an_unknown_zone_counts_as_utc(void) {
    assert_local("Nowhere/Land", 0, "1970-01-01 00:00:00", 0);
    g_assert_false(zone_is_known("Nowhere/Land"));
}

static void only_iana_names_are_zones(void) {
    static const char *const bad[] = { "",
                                       "+08:00",
                                       "UTC0",
                                       "../../etc/passwd",
                                       "/etc/localtime",
                                       "Asia",
                                       "zone.tab",
                                       "Asia/../UTC",
                                       "right/UTC",
                                       "EST5EDT4,M3.2.0,M11.1.0",
                                       "Asia//Shanghai",
                                       "Etc///UTC",
                                       "UTC/" };
    g_assert_true(zone_is_known("Asia/Shanghai"));
    g_assert_true(zone_is_known("UTC"));
    g_assert_true(zone_is_known("Etc/GMT+8"));
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_test_message("%s", bad[i]);
        g_assert_false(zone_is_known(bad[i]));
    }
}

// What they mean is set on each machine, or counted otherwise; but a time that was stored with one stays what it was.
static void names_of_a_machines_own_setting_are_no_zones(void) {
    static const char *const bad[] = { "localtime", "posixrules", "Factory", "posix/Asia/Tokyo",
                                       "right/Asia/Tokyo" };
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_test_message("%s", bad[i]);
        g_assert_false(zone_is_known(bad[i]));
    }
    assert_local("posix/Asia/Tokyo", 0, "1970-01-01 09:00:00", 540);
}

// The rule behind a zone's last change; Dublin's winter offset is behind its first one (behaviour.md §4.2).
static void rules_hold_from_2038_on(void) {
    assert_local("Europe/Dublin", utc("2038-01-15 12:00:00"), "2038-01-15 12:00:00", 0);
    assert_local("Europe/Dublin", utc("2038-07-15 12:00:00"), "2038-07-15 13:00:00", 60);
    assert_instant("Europe/Dublin", "2038-03-28 01:30:00", "2038-03-28 01:00:00");
    assert_instant("Europe/Dublin", "2038-10-31 01:30:00", "2038-10-31 00:30:00");
    assert_local("America/Nuuk", utc("2060-07-15 12:00:00"), "2060-07-15 11:00:00", -60);
    assert_local("Asia/Shanghai", utc("2060-07-15 12:00:00"), "2060-07-15 20:00:00", 480);
}

static void local_times_become_instants(void) {
    assert_instant("Asia/Shanghai", "2024-03-31 09:30:15", "2024-03-31 01:30:15");
    assert_instant("America/New_York", "2024-07-01 08:00:00", "2024-07-01 12:00:00");
    assert_instant("Asia/Kolkata", "1970-01-01 00:00:00", "1969-12-31 18:30:00");
}

static void a_time_in_the_gap_moves_to_its_end(void) {
    // New York, 10 March 2024: 01:59:59 is followed by 03:00:00.
    assert_instant("America/New_York", "2024-03-10 02:00:00", "2024-03-10 07:00:00");
    assert_instant("America/New_York", "2024-03-10 02:30:00", "2024-03-10 07:00:00");
    assert_instant("America/New_York", "2024-03-10 02:59:59", "2024-03-10 07:00:00");
    assert_instant("America/New_York", "2024-03-10 03:00:00", "2024-03-10 07:00:00");
    assert_instant("America/New_York", "2024-03-10 01:59:59", "2024-03-10 06:59:59");
    // Lord Howe Island moves by half an hour.
    assert_instant("Australia/Lord_Howe", "2024-10-06 02:15:00", "2024-10-05 15:30:00");
}

static void a_time_that_comes_twice_is_the_first(void) {
    // New York, 3 November 2024: 01:00 to 02:00 comes at 05:00 and at 06:00 UTC.
    assert_instant("America/New_York", "2024-11-03 01:30:00", "2024-11-03 05:30:00");
    assert_instant("America/New_York", "2024-11-03 01:00:00", "2024-11-03 05:00:00");
    assert_instant("America/New_York", "2024-11-03 02:00:00", "2024-11-03 07:00:00");
    assert_instant("Europe/Berlin", "2024-10-27 02:30:00", "2024-10-27 00:30:00");
}

static void there_and_back_is_the_same_instant(void) {
    static const char *const zones[] = { "Asia/Shanghai", "America/New_York", "Europe/London",
                                         "Australia/Lord_Howe", "Pacific/Apia" };
    g_autoptr(GRand) rand = g_rand_new_with_seed(20240331);
    for (int i = 0; i < 20000; i++) {
        const char *zone = zones[i % (int)G_N_ELEMENTS(zones)];
        int64_t instant = (int64_t)(g_rand_double(rand) * 2.0e12);
        struct civil civil = zone_civil(zone, instant);
        int64_t back = zone_instant_ms(zone, &civil);
        // Only the second of two equal local times may come back as another instant: the first.
        if (back != instant) {
            struct civil again = zone_civil(zone, back);
            char texts[2][CIVIL_TEXT_BYTES];
            civil_text(&civil, texts[0]);
            civil_text(&again, texts[1]);
            g_assert_cmpstr(texts[0], ==, texts[1]);
            g_assert_cmpint(back, <, instant);
        }
    }
}

static void the_wall_clock_is_after_2024(void) {
    g_assert_cmpint(zone_now_ms(), >, utc("2024-01-01 00:00:00"));
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/zone/instants_become_local_times", instants_become_local_times);
    g_test_add_func("/zone/summer_time_is_known_beyond_2037", summer_time_is_known_beyond_2037);
    g_test_add_func("/zone/an_unknown_zone_counts_as_utc", an_unknown_zone_counts_as_utc);
    g_test_add_func("/zone/only_iana_names_are_zones", only_iana_names_are_zones);
    g_test_add_func("/zone/names_of_a_machines_own_setting_are_no_zones",
                    names_of_a_machines_own_setting_are_no_zones);
    g_test_add_func("/zone/rules_hold_from_2038_on", rules_hold_from_2038_on);
    g_test_add_func("/zone/local_times_become_instants", local_times_become_instants);
    g_test_add_func("/zone/a_time_in_the_gap_moves_to_its_end", a_time_in_the_gap_moves_to_its_end);
    g_test_add_func("/zone/a_time_that_comes_twice_is_the_first",
                    a_time_that_comes_twice_is_the_first);
    g_test_add_func("/zone/there_and_back_is_the_same_instant", there_and_back_is_the_same_instant);
    g_test_add_func("/zone/the_wall_clock_is_after_2024", the_wall_clock_is_after_2024);
    return g_test_run();
}
