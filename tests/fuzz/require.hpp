#pragma once

#include <cstdio>
#include <cstdlib>

namespace hookd::test {

/// Ends the process as a crash, which is what a fuzzer looks for, where `holds` is false. Works in builds with NDEBUG, too.
inline void require(bool holds, const char* what) {
    if (!holds) {
        static_cast<void>(std::fprintf(stderr, "does not hold: %s\n", what));
        std::abort();
    }
}

}  // namespace hookd::test
