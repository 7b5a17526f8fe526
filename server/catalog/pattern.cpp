// SPDX-License-Identifier: BSL-1.0
#include "pattern.hpp"

#include "pattern_syntax.hpp"

#include <re2/re2.h>

#include <algorithm>
#include <stdexcept>
#include <string>

// RE2 follows all alternatives at once. It keeps each set of places that it has met as a state, and takes a byte of the
// text in about 2 ns if it knows the next state. The states have a cache of a bounded size, which is cleared when it is
// full; if that happens too often, RE2 goes through the text again without states, which takes up to 12 ns for each
// byte and instruction. RE2 calls a hook before it does either: there the steps are counted, and once they are spent,
// an exception ends the match. Its shared library hides the hooks: linked with that, a match is given up before it
// begins if it could take two seconds.
namespace re2::hooks {
[[gnu::weak]] void SetDFAStateCacheResetHook(DFAStateCacheResetCallback* callback);
[[gnu::weak]] DFAStateCacheResetCallback* GetDFAStateCacheResetHook();
[[gnu::weak]] void SetDFASearchFailureHook(DFASearchFailureCallback* callback);
[[gnu::weak]] DFASearchFailureCallback* GetDFASearchFailureHook();
}  // namespace re2::hooks

namespace hookd::catalogs {
namespace {

namespace hooks = re2::hooks;

// A pattern's memory, most of it for states, is the least of these, each 16 times the one before, that holds its
// instructions and 20 of its largest states.
constexpr std::int64_t least_memory = std::int64_t{128} << 10;
constexpr std::int64_t most_memory = std::int64_t{32} << 20;
constexpr std::int64_t memory_of_an_instruction = 512;

// What a step of 60 ns does, measured with gcc 12 on what is slowest.
constexpr std::size_t steps_to_begin = 2;
constexpr std::size_t bytes_a_step = 16;
constexpr std::size_t instructions_a_step = 4;  // for each byte, without states
constexpr std::size_t cache_bytes_a_step = 8;   // to fill them with states

constexpr std::size_t most_uninterrupted = 32'000'000;  // steps

struct running_match {
    std::size_t steps = 0;
    std::size_t without_states = 0;  ///< steps for the whole text
};
thread_local running_match* running = nullptr;

struct out_of_steps {};

void spend(std::size_t count) {
    if (count > running->steps) {
        throw out_of_steps{};
    }
    running->steps -= count;
}

hooks::DFAStateCacheResetCallback* next_on_reset = nullptr;
hooks::DFASearchFailureCallback* next_on_failure = nullptr;

void on_reset(const hooks::DFAStateCacheReset& cache) {
    next_on_reset(cache);
    if (running != nullptr) {
        spend(static_cast<std::size_t>(cache.state_budget) / cache_bytes_a_step);
    }
}

void on_failure(const hooks::DFASearchFailure& failure) {
    next_on_failure(failure);
    if (running != nullptr) {
        spend(running->without_states);
    }
}

/// Whether a match can be interrupted. The hooks are those of the whole process, and pass on to what was there before.
bool install_hooks() {
    if (hooks::SetDFAStateCacheResetHook == nullptr) {
        return false;
    }
    next_on_reset = hooks::GetDFAStateCacheResetHook();
    next_on_failure = hooks::GetDFASearchFailureHook();
    hooks::SetDFAStateCacheResetHook(on_reset);
    hooks::SetDFASearchFailureHook(on_failure);
    return true;
}

bool can_interrupt() {
    static const bool installed = install_hooks();
    return installed;
}

/// Null if it needs more than `memory`.
std::shared_ptr<const re2::RE2> compile(const std::string& syntax, std::int64_t memory) {
    re2::RE2::Options options;
    options.set_log_errors(false);
    options.set_never_capture(true);
    options.set_longest_match(true);  // has fewer states, and the same texts match
    options.set_max_mem(memory);
    auto compiled = std::make_shared<const re2::RE2>(syntax, options);
    if (!compiled->ok() && compiled->error_code() != re2::RE2::ErrorPatternTooLarge) {
        throw std::invalid_argument("RE2 refuses it: " + compiled->error());
    }
    const auto size = std::int64_t{compiled->ok() ? compiled->ProgramSize() : -1};
    const bool fits = size >= 0 && compiled->ReverseProgramSize() >= 0 && size * memory_of_an_instruction <= memory;
    return fits ? compiled : nullptr;
}

}  // namespace

pattern::pattern(std::string_view text) {
    const auto syntax = re2_syntax(text);
    for (auto memory = least_memory; compiled_ == nullptr && memory <= most_memory; memory *= 16) {
        compiled_ = compile(syntax, memory);
    }
    if (compiled_ == nullptr) {
        throw std::invalid_argument("it is too large: compiled, it has more than 65536 instructions");
    }
    size_ = static_cast<std::size_t>(std::max(compiled_->ProgramSize(), compiled_->ReverseProgramSize()));
}

std::optional<bool> pattern::found_in(std::string_view subject, std::size_t& steps, charge charged) const {
    const auto at_once = steps_to_begin + subject.size() / bytes_a_step;
    const auto without_states = (subject.size() + 1) * size_ / instructions_a_step;
    const bool is_actual = charged == charge::actual;
    const bool is_interruptible = is_actual && can_interrupt();
    const auto before = at_once + (is_actual ? 0 : without_states);
    if (before > steps || (!is_interruptible && without_states > most_uninterrupted)) {
        steps = 0;
        return std::nullopt;
    }
    running_match match{steps - before, without_states};
    struct scope {
        explicit scope(running_match* match) { running = match; }
        scope(const scope&) = delete;
        scope& operator=(const scope&) = delete;
        ~scope() { running = nullptr; }
    } const entered{is_interruptible ? &match : nullptr};
    try {
        const bool found = compiled_->Match(
            re2::StringPiece{subject.data(), subject.size()}, 0, subject.size(), re2::RE2::UNANCHORED, nullptr, 0);
        steps = match.steps;
        return found;
    } catch (const out_of_steps&) {
        steps = 0;
        return std::nullopt;
    }
}

}  // namespace hookd::catalogs
