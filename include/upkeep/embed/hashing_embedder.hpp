#pragma once
// An embedder without a model: hashed counts of character n-grams, good for finding texts that are nearly the same.

#include "../base/error.hpp"
#include "../base/rng.hpp"
#include "../concepts/embedder.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace upkeep::inline v0 {

/// How a hashing_embedder embeds. Vectors of different options cannot be compared.
struct hashing_options {
  std::size_t dimension = 256;  ///< components of a row, 1 to 4,294,967,295
  unsigned shortest = 3;        ///< characters of the shortest n-gram, at least 1
  unsigned longest = 5;         ///< characters of the longest n-gram, at most 16
  std::uint64_t seed = 0;       ///< which components n-grams fall on
};

/// Embedder: what a text looks like, not what it means. Nothing to download, the same vectors on every machine, about ten million bytes a
/// second.
///
/// The text is lower-cased (ASCII), each run of ASCII white space becomes one space, and one space is put before and after it, so that
/// n-grams know where words begin and end. Each n-gram of `shortest` to `longest` characters (UTF-8; a stray byte counts to the character
/// before it) adds +-sqrt(times it occurs) to one component; a seeded 64-bit hash names component and sign, which makes the inner product
/// an unbiased estimate of that of the unhashed counts (Weinberger et al.: Feature Hashing for Large Scale Multitask Learning, ICML 2009).
/// The root keeps frequent n-grams from drowning the others. Rows have norm 1; a text without words gives a row of zeros. Texts of more
/// than 65,536 n-grams are counted in pieces of that many, so that memory stays bounded.
/// @par Thread safety
/// Immutable: any thread may call anything at any time.
class hashing_embedder {
 public:
  /// Throws errc::invalid_argument for options outside their limits.
  explicit hashing_embedder(hashing_options options = {}) : options_(options) {
    if (options.dimension == 0 || options.dimension > std::numeric_limits<std::uint32_t>::max())
      throw error(errc::invalid_argument, "hashing_embedder: a dimension of " + std::to_string(options.dimension) +
                                              " is not possible: give 1 to 4,294,967,295; 256 is a good start");
    if (options.shortest == 0 || options.longest < options.shortest || options.longest > 16)
      throw error(errc::invalid_argument, "hashing_embedder: n-grams of " + std::to_string(options.shortest) + " to " +
                                              std::to_string(options.longest) +
                                              " characters are not possible: 1 <= shortest <= longest <= 16");
    std::uint64_t state = options.seed;
    start_ = splitmix64(state) | 1U;
  }

  [[nodiscard]] std::size_t dimension() const noexcept { return options_.dimension; }

  /// `hashing_embedder/1 n=3-5 seed=0 d=256`: the number after the slash changes when vectors of the same options would.
  [[nodiscard]] std::string model() const {
    return "hashing_embedder/1 n=" + std::to_string(options_.shortest) + '-' + std::to_string(options_.longest) +
           " seed=" + std::to_string(options_.seed) + " d=" + std::to_string(options_.dimension);
  }

  /// Writes one row for each text. Throws errc::invalid_argument where `rows` is not texts.size() x dimension().
  void embed(std::span<const std::string_view> texts, matrix_view<float> rows) const {
    if (rows.rows() != texts.size() || (!texts.empty() && rows.cols() != options_.dimension))
      throw error(errc::invalid_argument, "hashing_embedder: " + std::to_string(texts.size()) + " texts need a matrix of " +
                                              std::to_string(texts.size()) + " x " + std::to_string(options_.dimension) + ", not " +
                                              std::to_string(rows.rows()) + " x " + std::to_string(rows.cols()));
    workspace work;
    work.sums.resize(options_.dimension);
    for (std::size_t i = 0; i < texts.size(); ++i) embed_one(texts[i], rows[i], work);
  }

 private:
  struct counter {
    std::uint64_t hash = 0;
    std::uint32_t count = 0;
  };
  struct workspace {
    std::string text;
    std::vector<counter> table;  // open addressing, all counts 0 between texts
    std::size_t capacity = 0;    // how much of the table this text uses: a power of two, at least twice the n-grams
    std::size_t used = 0;        // n-grams counted since it was empty
    std::vector<std::int64_t> sums;
  };

  static constexpr std::size_t piece = 65'536;

  static void normalise(std::string_view text, std::string& out) {
    out.assign(1, ' ');
    for (const char c : text) {
      if (c == ' ' || (c >= '\t' && c <= '\r')) {
        if (out.back() != ' ') out += ' ';
      } else {
        out += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
      }
    }
    if (out.back() != ' ') out += ' ';
  }

  void embed_one(std::string_view text, std::span<float> row, workspace& work) const {
    normalise(text, work.text);
    std::fill(work.sums.begin(), work.sums.end(), 0);
    if (work.text.size() > 1) {
      const std::size_t kinds = options_.longest - options_.shortest + std::size_t{1};
      const std::size_t expected = std::min(work.text.size(), piece) * kinds;
      work.capacity = std::bit_ceil(2 * std::min(expected, piece) + 2);
      if (work.table.size() < work.capacity) work.table.resize(work.capacity);
      work.used = 0;
      if (!count_grams(work)) count(whole(work.text), work);  // shorter than the shortest n-gram
      flush(work);
      if (std::all_of(work.sums.begin(), work.sums.end(), [](std::int64_t sum) { return sum == 0; }))
        add(whole(work.text), 1, work.sums);  // its n-grams cancelled out, as can happen in few dimensions
    }
    write_unit(work.sums, row);
  }

  /// Counts all n-grams; false if there is none.
  bool count_grams(workspace& work) const {
    const std::string& text = work.text;
    const auto is_tail = [&](std::size_t i) { return (static_cast<unsigned char>(text[i]) & 0xC0U) == 0x80U; };
    bool any = false;
    for (std::size_t begin = 0; begin < text.size(); ++begin) {
      if (is_tail(begin)) continue;
      std::uint64_t hash = start_;
      std::size_t i = begin;
      for (unsigned characters = 1; characters <= options_.longest && i < text.size(); ++characters) {
        do hash = extend(hash, text[i++]);
        while (i < text.size() && is_tail(i));
        if (characters >= options_.shortest) {
          count(finish(hash), work);
          any = true;
        }
      }
    }
    return any;
  }

  // A polynomial over the bytes modulo 2^64 whose low bits know little of the text: finish() mixes them.
  static constexpr std::uint64_t extend(std::uint64_t hash, char c) noexcept {
    return (hash ^ static_cast<unsigned char>(c)) * 0x9e3779b97f4a7c15U;
  }
  static constexpr std::uint64_t finish(std::uint64_t hash) noexcept { return splitmix64(hash); }
  [[nodiscard]] std::uint64_t whole(std::string_view text) const noexcept {
    std::uint64_t hash = start_;
    for (const char c : text) hash = extend(hash, c);
    return finish(hash);
  }

  void count(std::uint64_t hash, workspace& work) const {
    const std::size_t mask = work.capacity - 1;
    std::size_t slot = static_cast<std::size_t>(hash) & mask;
    while (work.table[slot].count != 0 && work.table[slot].hash != hash) slot = (slot + 1) & mask;
    work.table[slot].hash = hash;
    ++work.table[slot].count;
    if (++work.used == piece) flush(work);
  }

  void flush(workspace& work) const {
    for (counter& entry : std::span(work.table).first(work.capacity)) {
      if (entry.count == 0) continue;
      add(entry.hash, entry.count, work.sums);
      entry.count = 0;
    }
    work.used = 0;
  }

  // In whole 1/4096: sums of integers do not depend on their order, so neither do the vectors.
  void add(std::uint64_t hash, std::uint32_t times, std::vector<std::int64_t>& sums) const {
    const auto weight = static_cast<std::int64_t>(std::sqrt(static_cast<double>(times)) * 4096.0 + 0.5);
    const std::uint64_t component = ((hash >> 32U) * options_.dimension) >> 32U;
    sums[static_cast<std::size_t>(component)] += (hash & 1U) != 0 ? weight : -weight;
  }

  static void write_unit(std::span<std::int64_t> sums, std::span<float> row) {
    std::int64_t largest = 0;
    for (const std::int64_t sum : sums) largest = std::max(largest, sum < 0 ? -sum : sum);
    // Below 2^26 every square is exact in a double, so that compilers which fuse `a * b + c` and those which don't agree to the last bit.
    int shift = 0;
    while (largest >> shift >= std::int64_t{1} << 26) ++shift;
    double squares = 0.0;
    for (std::int64_t& sum : sums) {
      sum /= std::int64_t{1} << shift;
      squares += static_cast<double>(sum) * static_cast<double>(sum);
    }
    const double norm = std::sqrt(squares);
    for (std::size_t i = 0; i < row.size(); ++i) row[i] = norm == 0.0 ? 0.0F : static_cast<float>(static_cast<double>(sums[i]) / norm);
  }

  hashing_options options_;
  std::uint64_t start_ = 0;
};

static_assert(embedder<hashing_embedder>);

}  // namespace upkeep::inline v0
