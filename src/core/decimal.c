// SPDX-License-Identifier: Apache-2.0
//
// A number is read as 0.DIGITS × 10^EXPONENT, its digits without zeros at either end, so that each number has one form. The digits stay where
// they are in the text. The exponent is kept as text too, because it may have any number of digits itself; it is at most a carry longer
// than the text it came from.

#include "core/decimal.h"

#include <string.h>

#include <glib.h>

static const char DIGITS[] = "0123456789";
static const char BLANKS[] = " \t\r\n\v\f";

enum { SHIFT_DIGITS = 18 }; // more than the length of any text has

struct decimal {
    bool is_negative;
    const char *whole; // digits before the point
    size_t whole_len;
    const char *part; // digits behind it
    size_t part_len;
    size_t first; // of the digits of both: the first one that is not 0
    size_t count; // digits from there to the last one that is not 0; 0: the number is 0
    bool has_negative_exponent;
    const char *exponent; // its digits as written, without leading zeros
    size_t exponent_len;
};

static char digit_at(const struct decimal *decimal, size_t place) {
    return place < decimal->whole_len ? decimal->whole[place]
                                      : decimal->part[place - decimal->whole_len];
}

// Leaves out zeros at either end. A zero has neither sign nor exponent.
static void trim(struct decimal *decimal) {
    size_t end = decimal->whole_len + decimal->part_len;
    while (decimal->first < end && digit_at(decimal, decimal->first) == '0') {
        decimal->first++;
    }
    while (end > decimal->first && digit_at(decimal, end - 1) == '0') {
        end--;
    }
    decimal->count = end - decimal->first;
    if (decimal->count == 0) {
        decimal->is_negative = false;
    }
}

// The exponent at `text`, when there is one. Returns what follows; NULL when "e" is not followed by digits.
static const char *read_exponent(const char *text, struct decimal *decimal) {
    if (*text != 'e' && *text != 'E') {
        return text;
    }
    text++;
    decimal->has_negative_exponent = *text == '-';
    text += *text == '-' || *text == '+';
    size_t len = strspn(text, DIGITS);
    if (len == 0) {
        return NULL;
    }
    size_t zeros = strspn(text, "0");
    decimal->exponent = text + zeros;
    decimal->exponent_len = len - zeros;
    return text + len;
}

static bool read_decimal(const char *text, struct decimal *ret_decimal) {
    text += strspn(text, BLANKS);
    struct decimal decimal = { .is_negative = *text == '-' };
    text += *text == '-' || *text == '+';
    decimal.whole = text;
    decimal.whole_len = strspn(text, DIGITS);
    text += decimal.whole_len;
    if (*text == '.') {
        text++;
        decimal.part_len = strspn(text, DIGITS);
    }
    decimal.part = text;
    if (decimal.whole_len + decimal.part_len == 0) {
        return false;
    }
    text = read_exponent(text + decimal.part_len, &decimal);
    if (text == NULL || text[strspn(text, BLANKS)] != '\0') {
        return false;
    }
    trim(&decimal);
    *ret_decimal = decimal;
    return true;
}

// The exponent of 0.DIGITS: a sign and digits without leading zeros, those of 0 being "".
struct exponent {
    bool is_negative;
    char *digits;
};

// Adds a number of at most SHIFT_DIGITS digits to one that is larger.
static char *add_to_large(const char *digits, size_t len, int64_t shift) {
    char *sum = g_malloc(len + 2);
    sum[0] = '0';
    memcpy(sum + 1, digits, len);
    sum[len + 1] = '\0';
    int64_t carry = shift;
    for (size_t i = len; carry != 0; i--) {
        int64_t digit = sum[i] - '0' + carry % 10;
        carry /= 10;
        if (digit < 0) {
            digit += 10;
            carry--;
        } else if (digit > 9) {
            digit -= 10;
            carry++;
        }
        sum[i] = (char)('0' + digit);
    }
    size_t zeros = strspn(sum, "0");
    memmove(sum, sum + zeros, len + 2 - zeros);
    return sum;
}

static struct exponent exponent_of(const struct decimal *decimal) {
    int64_t shift = (int64_t)decimal->whole_len - (int64_t)decimal->first;
    if (decimal->exponent_len > SHIFT_DIGITS) {
        bool is_negative = decimal->has_negative_exponent;
        return (struct exponent){ is_negative,
                                  add_to_large(decimal->exponent, decimal->exponent_len,
                                               is_negative ? -shift : shift) };
    }
    int64_t sum = 0;
    for (size_t i = 0; i < decimal->exponent_len; i++) {
        sum = sum * 10 + (decimal->exponent[i] - '0');
    }
    sum = (decimal->has_negative_exponent ? -sum : sum) + shift;
    return (struct exponent){ sum < 0, sum == 0 ? g_strdup("")
                                                : g_strdup_printf("%" G_GINT64_FORMAT, ABS(sum)) };
}

static int compare_exponents(const struct decimal *left, const struct decimal *right) {
    struct exponent one = exponent_of(left);
    struct exponent other = exponent_of(right);
    size_t one_len = strlen(one.digits);
    size_t other_len = strlen(other.digits);
    int order = (one_len > other_len) - (one_len < other_len);
    if (order == 0) {
        order = strcmp(one.digits, other.digits);
    }
    if (one.is_negative != other.is_negative) {
        order = one.is_negative ? -1 : 1;
    } else if (one.is_negative) {
        order = -order;
    }
    g_free(one.digits);
    g_free(other.digits);
    return order;
}

// Without regard to signs.
static int compare_sizes(const struct decimal *left, const struct decimal *right) {
    if (left->count == 0 || right->count == 0) {
        return (left->count > 0) - (right->count > 0);
    }
    int order = compare_exponents(left, right);
    for (size_t i = 0; order == 0 && i < MIN(left->count, right->count); i++) {
        order = digit_at(left, left->first + i) - digit_at(right, right->first + i);
    }
    return order != 0 ? order : (left->count > right->count) - (left->count < right->count);
}

bool decimal_is(const char *text) {
    struct decimal decimal;
    return read_decimal(text, &decimal);
}

bool decimal_compare(const char *left, const char *right, int *ret_order) {
    struct decimal one;
    struct decimal other;
    if (!read_decimal(left, &one) || !read_decimal(right, &other)) {
        return false;
    }
    if (one.is_negative != other.is_negative) {
        *ret_order = one.is_negative ? -1 : 1;
    } else {
        *ret_order = one.is_negative ? compare_sizes(&other, &one) : compare_sizes(&one, &other);
    }
    return true;
}
