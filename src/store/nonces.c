// SPDX-License-Identifier: Apache-2.0
//
// Nonces of changing requests.

#include "store/nonces.h"
