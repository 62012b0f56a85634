/* SPDX-License-Identifier: MIT */
/**
 * @file
 * weft: green threads, typed channels, select and generators for C. Everything in one include.
 */
#ifndef WEFT_H
#define WEFT_H

#include "weft/base.h"
#include "weft/start.h"
#include "weft/thread.h"
#include "weft/deadline.h"
#include "weft/group.h"
#include "weft/local.h"
#include "weft/sync.h"
#include "weft/chan.h"
#include "weft/select.h"
#include "weft/gen.h"
#include "weft/report.h"
#include "weft/explore.h"

#ifdef __cplusplus
#include "weft/weft.hpp"
#endif

#include "weft/short.h"

#endif
