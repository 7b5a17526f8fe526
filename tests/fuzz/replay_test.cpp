// SPDX-License-Identifier: BSL-1.0
// Runs the fuzz target that it is linked with over its stored inputs, so that what failed once is tried for ever after,
// by every compiler. The main() of its executable.
#define BOOST_TEST_MODULE fuzz_replay
#include <boost/test/unit_test.hpp>

#include "fuzz_target.hpp"
#include "support/source_tree.hpp"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

BOOST_AUTO_TEST_CASE(stored_inputs_are_handled) {
    std::vector<std::filesystem::path> files;
    const auto corpus =
        std::filesystem::path{hookd::test::source_tree()} / "tests/fuzz/corpus" / hookd::test::corpus_name;
    for (const auto& entry : std::filesystem::directory_iterator{corpus}) {
        files.push_back(entry.path());
    }
    BOOST_TEST(files.size() >= 10U);
    std::sort(files.begin(), files.end());
    for (const auto& file : files) {
        BOOST_TEST_CONTEXT(file.filename().string()) {
            std::ifstream in{file, std::ios::binary};
            BOOST_REQUIRE(in.good());
            const std::vector<char> bytes{std::istreambuf_iterator<char>{in}, {}};
            const std::vector<std::uint8_t> input(bytes.begin(), bytes.end());
            BOOST_CHECK_NO_THROW(LLVMFuzzerTestOneInput(input.data(), input.size()));
        }
    }
}
