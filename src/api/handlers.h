// SPDX-License-Identifier: Apache-2.0
//
// handlers: the tables of all handlers in one list.
#pragma once

#include "api/api.h"

// For api_options.handlers; NULL ends the list.
extern const struct op_handler *const api_handlers[];
