// SPDX-License-Identifier: BSL-1.0
// Is any directory of events either refused, with a reason, or a catalog that can be asked?
//
// An input is the text of a file, a NUL, and that of another one, to which the first may refer.

#include "fuzz_target.hpp"
#include "input_directory.hpp"

#include <base/json/text.hpp>
#include <hookd/server/catalog.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

using namespace hookd;
using hookd::test::require;

namespace {

std::shared_ptr<const server::catalog> loaded() {
    try {
        return server::load_catalog(test::input_directory().path());
    } catch (const server::catalog_error& refused) {
        require(std::string{refused.what()}.find(test::input_directory().path()) != std::string::npos,
            "a refusal names the file");
        return nullptr;
    }
}

}  // namespace

const char* const hookd::test::corpus_name = "catalog";

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input{reinterpret_cast<const char*>(data), size};
    const auto end = std::min(input.find('\0'), input.size());
    test::input_file("a.json", std::string{input.substr(0, end)});
    test::input_file("b.json", end < input.size() ? std::string{input.substr(end + 1)} : R"({"name": "b"})");
    const auto events = loaded();
    if (!events) {
        return 0;
    }
    require(events->size() == 2, "each file is an event");
    const auto all = events->schemas("");
    require(!base::find_json_fault(std::get<std::string>(all)), "what is listed is JSON");
    for (const std::string_view value : {"{}", R"({"a": [1, "x"], "b": null})", "[]", "1e3"}) {
        (void)events->check_event("b", value);
        (void)events->check_reply("b", value);
        (void)events->payload_without_secrets("b", value);
    }
    return 0;
}
