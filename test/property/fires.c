// SPDX-License-Identifier: Apache-2.0
//
// Says when schedules fire. Each line of standard input is a question of six fields, separated by tabs: zone, cron expression, begin, end
// (both may be empty), the instant to begin behind, the instant to end before (seconds since 1970 in UTC). Each answer is a line of
// instants, at most ANSWER_MAX, or "refused: " and the reason.

#include <stdio.h>
#include <stdlib.h>

#include "base/zone.h"
#include "store/fire.h"

enum { FIELDS = 6, ANSWER_MAX = 100000, MS_PER_SECOND = 1000 };

static void answer(char *const *field) {
    g_autoptr(GError) error = NULL;
    struct schedule schedule = { 0 };
    struct schedule_texts texts = {
        .is_on = true, .cron = field[1], .begin_date = field[2], .end_date = field[3]
    };
    if (!zone_is_known(field[0])) {
        (void)printf("refused: no zone\n");
        return;
    }
    if (!schedule_parse(&texts, &schedule, &error)) {
        (void)printf("refused: %s\n", error->message);
        return;
    }
    int64_t at_ms = g_ascii_strtoll(field[4], NULL, 10) * MS_PER_SECOND;
    int64_t until_ms = g_ascii_strtoll(field[5], NULL, 10) * MS_PER_SECOND;
    for (int i = 0; i < ANSWER_MAX && fire_next(&schedule, field[0], at_ms, &at_ms); i++) {
        if (at_ms >= until_ms) {
            break;
        }
        (void)printf(i == 0 ? "%" G_GINT64_FORMAT : " %" G_GINT64_FORMAT, at_ms / MS_PER_SECOND);
    }
    (void)printf("\n");
    schedule_done(&schedule);
}

int main(void) {
    char line[2048];
    while (fgets(line, sizeof line, stdin) != NULL) {
        g_auto(GStrv) field = g_strsplit(g_strchomp(line), "\t", -1);
        if (g_strv_length(field) != FIELDS) {
            (void)fprintf(stderr, "fires: %d fields are needed\n", FIELDS);
            return 2;
        }
        answer(field);
    }
    return fflush(stdout) == 0 ? 0 : 1;
}
