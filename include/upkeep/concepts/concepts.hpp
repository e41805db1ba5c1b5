#pragma once
// All roles at once.

#include "backup.hpp"
#include "clock.hpp"
#include "duplicate_finder.hpp"
#include "duplicate_guard.hpp"
#include "embedder.hpp"
#include "history.hpp"
#include "notifier.hpp"
#include "observer.hpp"
#include "orphan_oracle.hpp"
#include "removal.hpp"
#include "retention.hpp"
#include "run_lock.hpp"
#include "similarity_metric.hpp"
#include "vector_store.hpp"
