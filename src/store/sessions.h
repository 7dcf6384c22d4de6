// SPDX-License-Identifier: Apache-2.0
//
// sessions: temporary keys: an id, a secret and a token that end by themselves (reliability.md, AuthN 8). Making one is a change
// (CHANGE_SESSION_CREATE); store_key_find finds them by the prefix of their id.
//
// The secret is sealed like that of a permanent key; of the token only the SHA-256 is stored. A temporary key has its user's roles and
// policy as they are when it is used, and is refused while the key it was made with is disabled or gone.
#pragma once

#define SESSION_PREFIX "STS." // no permanent key's id begins with it

enum {
    SESSION_TOKEN_LENGTH = 43, // of A-Z a-z 0-9: 256 bits
    SESSION_SECONDS_MIN = 900,
    SESSION_SECONDS_MAX = 43200,
    SESSION_SECONDS_DEFAULT = 3600,
    SESSIONS_PER_USER_MAX = 100, // that have not ended
};
