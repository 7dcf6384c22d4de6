// SPDX-License-Identifier: Apache-2.0
//
// client: what a call may ask about the client that it answers (api_client): whether it is still there, and what its key has yet to read.
#pragma once

#include "api/wire/request.h"

// For requests of an exchange. The worker that handles the call has the connection meanwhile.
extern const struct api_client web_client;
