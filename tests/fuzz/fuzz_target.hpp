// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>

namespace hookd::test {

/// The directory in corpus/ that holds the inputs of the target. Each target defines it.
extern const char* const corpus_name;

/// Throws where `holds` is false: a fuzzer takes that for a crash, and the replay test for a failure with the input's
/// name.
inline void require(bool holds, const char* what) {
    if (!holds) {
        throw std::logic_error(what);
    }
}

}  // namespace hookd::test

/// libFuzzer's entry point (llvm.org/docs/LibFuzzer.html). Each target defines it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
