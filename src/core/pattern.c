// SPDX-License-Identifier: Apache-2.0
//
// One scanner over the format, used for checking and for writing: checking is writing without an output.
//
//   pattern  = format [ "|" offsets ]
//   format   = one or more of: a run of one letter; text in single quotes ('' is a quote); any other character, as it is
//   offsets  = any of  sign digits unit, sign "+" or "-", 1 to 4 digits, unit m h d w M y, each unit at most once

#include "core/pattern.h"

#include <assert.h>
#include <string.h>

#include "base/fault.h"

enum { LETTER_RUN_MAX = 9, OFFSET_DIGITS_MAX = 4 };

// The units in the order of the array in `struct offsets`.
static const char offset_units[] = "mhdwMy";
enum offset_unit { UNIT_MINUTE, UNIT_HOUR, UNIT_DAY, UNIT_WEEK, UNIT_MONTH, UNIT_YEAR, UNIT_COUNT };
static_assert(sizeof offset_units - 1 == UNIT_COUNT, "a letter for each unit");

struct offsets {
    int amounts[UNIT_COUNT];
};

struct names {
    const char *era;
    const char *months[12];
    const char *short_months[12];
    const char *weekdays[7]; // Monday first
    const char *short_weekdays[7];
    const char *halves[2];
};

static const struct names languages[] = {
    [VAR_CHINESE] = {
        .era = "公元",
        .months = { "一月", "二月", "三月", "四月", "五月", "六月", "七月", "八月", "九月", "十月",
                    "十一月", "十二月" },
        .short_months = { "一月", "二月", "三月", "四月", "五月", "六月", "七月", "八月", "九月",
                          "十月", "十一月", "十二月" },
        .weekdays = { "星期一", "星期二", "星期三", "星期四", "星期五", "星期六", "星期日" },
        .short_weekdays = { "星期一", "星期二", "星期三", "星期四", "星期五", "星期六", "星期日" },
        .halves = { "上午", "下午" },
    },
    [VAR_ENGLISH] = {
        .era = "AD",
        .months = { "January", "February", "March", "April", "May", "June", "July", "August",
                    "September", "October", "November", "December" },
        .short_months = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct",
                          "Nov", "Dec" },
        .weekdays = { "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday",
                      "Sunday" },
        .short_weekdays = { "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun" },
        .halves = { "AM", "PM" },
    },
};
static_assert(G_N_ELEMENTS(languages) == VAR_LANGUAGE_COUNT, "names for each language");

struct writer {
    const struct civil *time;
    const struct names *names;
    struct civil sunday; // the last day of the time's week
    GString *out;
};

// Letters and what they write.

static void write_padded(struct writer *writer, int number, int width) {
    g_string_append_printf(writer->out, "%0*d", width, number);
}

static void write_year(struct writer *writer, int year, int count) {
    if (count == 2) {
        write_padded(writer, year % 100, 2);
    } else {
        write_padded(writer, year, count == 1 ? 4 : count);
    }
}

static void write_month(struct writer *writer, int count) {
    int month = writer->time->month;
    if (count <= 2) {
        write_padded(writer, month, count);
    } else {
        const char *const *names = count == 3 ? writer->names->short_months : writer->names->months;
        g_string_append(writer->out, names[month - 1]);
    }
}

static void write_weekday_name(struct writer *writer, int count) {
    const char *const *names = count <= 3 ? writer->names->short_weekdays : writer->names->weekdays;
    g_string_append(writer->out, names[civil_weekday(writer->time) - 1]);
}

static void write_zone(struct writer *writer) {
    int minutes = writer->time->utc_offset_minutes;
    int size = minutes < 0 ? -minutes : minutes;
    g_string_append_printf(writer->out, "UTC%c%02d:%02d", minutes < 0 ? '-' : '+', size / 60,
                           size % 60);
}

// The n-th week of a year or month is the one that ends on its n-th Sunday.
static int nth_sunday(int sunday) {
    return (sunday + 6) / 7;
}

// False when the letter means nothing.
static bool write_letter(struct writer *writer, char letter, int count) {
    const struct civil *time = writer->time;
    switch (letter) {
    case 'G': g_string_append(writer->out, writer->names->era); return true;
    case 'y': write_year(writer, time->year, count); return true;
    case 'Y': write_year(writer, writer->sunday.year, count); return true;
    case 'M': write_month(writer, count); return true;
    case 'w':
        write_padded(writer, nth_sunday(civil_day_of_year(&writer->sunday)), count);
        return true;
    case 'W': write_padded(writer, nth_sunday(writer->sunday.day), count); return true;
    case 'D': write_padded(writer, civil_day_of_year(time), count); return true;
    case 'd': write_padded(writer, time->day, count); return true;
    case 'E': write_weekday_name(writer, count); return true;
    case 'e': write_padded(writer, civil_weekday(time), count); return true;
    case 'a': g_string_append(writer->out, writer->names->halves[time->hour / 12]); return true;
    case 'H': write_padded(writer, time->hour, count); return true;
    case 'h': write_padded(writer, (time->hour + 11) % 12 + 1, count); return true;
    case 'K': write_padded(writer, time->hour % 12, count); return true;
    case 'k': write_padded(writer, (time->hour + 23) % 24 + 1, count); return true;
    case 'm': write_padded(writer, time->minute, count); return true;
    case 's': write_padded(writer, time->second, count); return true;
    case 'z': write_zone(writer); return true;
    default: return false;
    }
}

// Writes text in quotes; *text stands on the opening quote and moves behind the closing one.
static bool write_quoted(const char **text, GString *out, GError **error) {
    const char *at = *text + 1;
    if (*at == '\'') {
        g_string_append_c(out, '\'');
        *text = at + 1;
        return true;
    }
    for (; *at != '\0'; at++) {
        if (*at != '\'') {
            g_string_append_c(out, *at);
        } else if (at[1] == '\'') {
            g_string_append_c(out, '\'');
            at++;
        } else {
            *text = at + 1;
            return true;
        }
    }
    fault_set(error, FAULT_INVALID_DATA,
              "time pattern: the quoted text that begins at %s has no closing quote", *text);
    return false;
}

// Writes the format up to its end or the bar; *text moves there.
static bool write_format(const char **text, struct writer *writer, GError **error) {
    const char *at = *text;
    while (*at != '\0' && *at != '|') {
        if (*at == '\'') {
            if (!write_quoted(&at, writer->out, error)) {
                return false;
            }
            continue;
        }
        if (!g_ascii_isalpha(*at)) {
            g_string_append_c(writer->out, *at++);
            continue;
        }
        char letter = *at;
        int count = 0;
        while (*at == letter) {
            count++;
            at++;
        }
        if (count > LETTER_RUN_MAX || !write_letter(writer, letter, count)) {
            fault_set(error, FAULT_INVALID_DATA,
                      count > LETTER_RUN_MAX
                          ? "time pattern: letter %c is repeated too often (%d times)"
                          : "time pattern: unknown letter %c (%d times); put plain text in "
                            "single quotes",
                      letter, count);
            return false;
        }
    }
    *text = at;
    return true;
}

// Reads one offset such as "-2d" and moves behind it.
static bool read_offset(const char **text, struct offsets *offsets, bool *is_given,
                        GError **error) {
    const char *at = *text;
    if (*at != '+' && *at != '-') {
        fault_set(error, FAULT_INVALID_DATA,
                  "time pattern: offset %s needs a sign, as in +1d or -2M", *text);
        return false;
    }
    bool is_negative = *at++ == '-';
    int amount = 0;
    int digits = 0;
    for (; g_ascii_isdigit(*at) && digits <= OFFSET_DIGITS_MAX; digits++) {
        amount = amount * 10 + (*at++ - '0');
    }
    const char *unit = *at != '\0' ? strchr(offset_units, *at) : NULL;
    if (digits == 0 || digits > OFFSET_DIGITS_MAX || unit == NULL) {
        fault_set(error, FAULT_INVALID_DATA,
                  "time pattern: offset %s is not a sign, 1 to 4 digits and one of m h d w M y",
                  *text);
        return false;
    }
    int index = (int)(unit - offset_units);
    if (is_given[index]) {
        fault_set(error, FAULT_INVALID_DATA, "time pattern: the offset for %c is given twice",
                  *unit);
        return false;
    }
    is_given[index] = true;
    offsets->amounts[index] = is_negative ? -amount : amount;
    *text = at + 1;
    return true;
}

static bool read_offsets(const char *text, struct offsets *ret_offsets, GError **error) {
    struct offsets offsets = { .amounts = { 0 } };
    bool is_given[UNIT_COUNT] = { false };
    while (*text != '\0') {
        if (!read_offset(&text, &offsets, is_given, error)) {
            return false;
        }
    }
    *ret_offsets = offsets;
    return true;
}

// Years and months first, cut to the month's last day, then the units of fixed length (behaviour.md §5.2).
static bool add_offsets(const struct civil *time, const struct offsets *offsets,
                        struct civil *ret_sum) {
    const int *amounts = offsets->amounts;
    int64_t seconds = (int64_t)amounts[UNIT_WEEK] * 7 * 86400 + (int64_t)amounts[UNIT_DAY] * 86400 +
                      (int64_t)amounts[UNIT_HOUR] * 3600 + (int64_t)amounts[UNIT_MINUTE] * 60;
    return civil_add(time, amounts[UNIT_YEAR], amounts[UNIT_MONTH], seconds, ret_sum);
}

// The bar that ends the format: the first one outside quotes. NULL when there is none.
static const char *find_bar(const char *pattern) {
    bool is_quoted = false;
    for (const char *at = pattern; *at != '\0'; at++) {
        if (*at == '\'') {
            is_quoted = !is_quoted;
        } else if (*at == '|' && !is_quoted) {
            return at;
        }
    }
    return NULL;
}

static bool check_size(const char *pattern, GError **error) {
    if (pattern[0] == '\0' || pattern[0] == '|') {
        fault_set(error, FAULT_INVALID_DATA, "time pattern: the format is empty");
        return false;
    }
    if (strlen(pattern) > VAR_PATTERN_MAX) {
        fault_set(error, FAULT_INVALID_DATA, "time pattern: longer than %d bytes", VAR_PATTERN_MAX);
        return false;
    }
    return true;
}

bool var_pattern_format(const char *pattern, const struct civil *business,
                        enum var_language language, char **ret_text, GError **error) {
    g_assert(language < VAR_LANGUAGE_COUNT);
    if (!check_size(pattern, error)) {
        return false;
    }
    const char *bar = find_bar(pattern);
    struct offsets offsets = { .amounts = { 0 } };
    if (bar != NULL && !read_offsets(bar + 1, &offsets, error)) {
        return false;
    }
    struct civil time;
    struct writer writer = { .time = &time, .names = &languages[language] };
    // The end of the week may be outside the calendar on its last days only.
    if (!add_offsets(business, &offsets, &time) ||
        !civil_add(&time, 0, 0, (int64_t)(7 - civil_weekday(&time)) * 86400, &writer.sunday)) {
        fault_set(error, FAULT_INVALID_DATA,
                  "time pattern %s: the offsets lead out of the years 1 to 9999", pattern);
        return false;
    }
    g_autoptr(GString) out = g_string_new(NULL);
    writer.out = out;
    const char *end = pattern;
    if (!write_format(&end, &writer, error)) {
        return false;
    }
    g_assert(*end == '\0' || end == bar);
    *ret_text = g_string_free(g_steal_pointer(&out), FALSE);
    return true;
}

bool var_pattern_check(const char *pattern, GError **error) {
    // Any time in the middle of the calendar would do: 4 digits of any unit do not lead out of it, except years.
    static const struct civil sample = { .year = 2000, .month = 1, .day = 1 };
    struct offsets offsets;
    const char *bar = find_bar(pattern);
    if (!check_size(pattern, error) || (bar != NULL && !read_offsets(bar + 1, &offsets, error))) {
        return false;
    }
    g_autofree char *format =
        bar != NULL ? g_strndup(pattern, (size_t)(bar - pattern)) : g_strdup(pattern);
    g_autofree char *text = NULL;
    return var_pattern_format(format, &sample, VAR_CHINESE, &text, error);
}
