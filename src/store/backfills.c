// SPDX-License-Identifier: Apache-2.0
//
// Rows of backfill runs.

#include "store/backfills.h"
