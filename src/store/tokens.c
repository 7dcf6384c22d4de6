// SPDX-License-Identifier: Apache-2.0
//
// Client tokens.

#include "store/tokens.h"
