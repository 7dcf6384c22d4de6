// SPDX-License-Identifier: Apache-2.0
#ifndef SLUICE_SUPERVISOR_JOURNAL_H
#define SLUICE_SUPERVISOR_JOURNAL_H

/* The attempt journal, DIR/attempts.journal: which attempts were started, how they ended, which
 * ends the server has taken over, and the mark, the highest fence ever seen. Format, crash cases
 * and verdicts: docs/attempt-journal.md; reliability.md G4, G5, G7, G10.
 *
 * Records are written with one write each and not synced one by one: the page cache outlives every
 * process, and after a power cut an attempt without a recorded end is lost, which is the truth.
 * journal_sync() is for the time while no server is connected.
 *
 * Only a supervisor that holds DIR/supervisor.lock opens a journal. One thread. Functions return 0
 * or -errno. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/frame.h"
#include "supervisor/record.h"

/* A fence that the journal still holds: an open attempt, or an end nobody has acknowledged. */
struct journal_entry {
    uint64_t fence;
    bool is_exited;
    struct record_started started; /* valid while it has not ended */
    uint64_t frame_offset;         /* EXITED: where its frame lies in the file */
    uint32_t frame_len;
};

struct journal;

/* Opens or creates dir/name and reads it. `compact_bytes`: size from which it is rewritten when
 * most of it is acknowledged; 0 means 8 MiB. A torn tail is cut off. On a full disk a sound file is
 * gone on with as it is. A journal that is missing,
 * damaged or of another boot is marked so, see journal_is_damaged(). */
int journal_open(int dir_fd, const char *name, const char *boot_id, uint64_t compact_bytes,
                 struct journal **ret_journal);

/* Closes the file; nothing is lost. NULL is fine. */
void journal_close(struct journal *journal);

/* The highest fence ever seen. */
uint64_t journal_mark(const struct journal *journal);

/* Whether fences that the journal does not know may have run although they are above the mark. Ends
 * when the server first raises the mark. */
bool journal_is_damaged(const struct journal *journal);

/* Records that the mark is at least `fence`. Nothing is written when it is already. */
int journal_raise_mark(struct journal *journal, uint64_t fence);

/* Records a start and keeps room for its end. -ENOSPC and others: it must not happen. The fence
 * must be above the mark, which it raises. */
int journal_started(struct journal *journal, const struct record_started *started);

/* Records the end of an open attempt. When there is no room for the result, the exit is recorded
 * without it and with FRAME_RESULT_LOST; so this fails only on I/O errors. */
int journal_exited(struct journal *journal, const struct frame_exited *exited);

/* Forgets an end that the server has committed; unknown or open fences are ignored. */
int journal_acked(struct journal *journal, uint64_t fence);

/* Syncs what was written since the last sync; nothing to do when that is nothing. */
int journal_sync(struct journal *journal);
bool journal_is_synced(const struct journal *journal);

/* The entry of a fence, or NULL; lent until the next change of the journal. */
const struct journal_entry *journal_find(const struct journal *journal, uint64_t fence);

/* Walks the entries: begin with *at = 0; NULL ends the walk. No change meanwhile. */
const struct journal_entry *journal_walk(const struct journal *journal, size_t *at);

/* Reads the EXITED frame of an entry into `buf` of at least entry->frame_len bytes. -EBADMSG: the
 * file no longer holds it. */
int journal_read_exit(const struct journal *journal, const struct journal_entry *entry,
                      uint8_t *buf, size_t size);

/* Number of open attempts and of unacknowledged ends. */
uint32_t journal_open_count(const struct journal *journal);
uint32_t journal_exits_count(const struct journal *journal);

#endif
