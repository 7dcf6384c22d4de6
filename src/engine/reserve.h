// SPDX-License-Identifier: Apache-2.0
//
// reserve: room that is kept on the disk of the data directory, as the file DIR/reserve, and let go when the disk is full, so that what must not
// wait (a stop, the end of an attempt, a start of the server) still finds some (reliability.md G10).
//
// How far that helps is the file system's: one that compresses or copies on write may need room also where a file gives some back.
// Any thread.
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

struct reserve;

// Nothing is taken yet; what an earlier server has left of `bytes` (0: none is wanted) is held.
struct reserve *reserve_new(const char *dir, int64_t bytes);
void reserve_free(struct reserve *reserve); // the file stays

// Is all of it held? True where none is wanted.
bool reserve_is_held(struct reserve *reserve);
// Bytes that taking it would cost now.
int64_t reserve_missing(struct reserve *reserve);
// Lets go of it. False: there was nothing to let go of.
bool reserve_release(struct reserve *reserve);
// Takes all of it or nothing. False: there is no room.
bool reserve_take(struct reserve *reserve);
