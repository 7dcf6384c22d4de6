// SPDX-License-Identifier: Apache-2.0
//
// The operation log and its chain.

#include "store/audit.h"
