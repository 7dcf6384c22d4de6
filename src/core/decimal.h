// SPDX-License-Identifier: Apache-2.0
//
// decimal: whether a text is a decimal number, and which of two is the larger, exactly (docs/nodes/condition.md). Pure; any thread.
//
// The work and the memory grow with the length of the texts, never with the size of the numbers: 1e999999999 is eleven characters.
#pragma once

#include <stdbool.h>

// [blanks] [+ or -] digits [. digits] [e or E [+ or -] digits] [blanks]; one digit at least, before or behind the point.
bool decimal_is(const char *text);

// Are both texts numbers? Then *ret_order is less than, equal to or greater than 0, as left is than right.
bool decimal_compare(const char *left, const char *right, int *ret_order);
