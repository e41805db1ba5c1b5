#pragma once
// Names without definitions, for headers of your own that only mention upkeep's types.

#include "config.hpp"

namespace upkeep::inline v0 {

class error;
class key;
class key_view;
class key_column;
class string_column;
class progress;
struct event;
struct record;
struct record_view;
struct record_batch;
struct pair_view;
struct scored_pair;
struct receipt;
struct message;
template <class Element>
class matrix_view;
template <class Signature>
class function_ref;

}  // namespace upkeep::inline v0
