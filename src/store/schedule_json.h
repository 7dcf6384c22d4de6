// SPDX-License-Identifier: Apache-2.0
//
// schedule_json: schedule settings as a JSON object, as versions and deployments keep them. Private to this folder.
//
//   { "on": bool, "event": bool, "cronType": number, "cron": text, "begin": text, "end": text, "param": text, "zone": text }
#pragma once

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>

#include "core/schedule.h"
#include "store/payload.h"

// A new reference. FAULT_INVALID_DATA when a stored setting is damaged.
bool schedule_to_json(const struct schedule_fields *fields, json_t **ret_object, GError **error);
// NULL gives a schedule that is off: versions of the first schema have none. FAULT_INVALID_DATA when it is damaged.
bool schedule_from_json(const json_t *object, struct schedule_fields **ret_fields, GError **error);

// The settings as core/schedule.h reads them; lent.
struct schedule_texts schedule_texts_of(const struct schedule_fields *fields);
