// SPDX-License-Identifier: BSL-1.0
// Is each message between hookd and a link, and what another host wrote, read without a fault, and passed on unchanged?

#include "fuzz_target.hpp"

#include "cluster/link/messages.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <variant>

using namespace hookd::link;
using hookd::test::require;

const char* const hookd::test::corpus_name = "link";

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input{reinterpret_cast<const char*>(data), size};
    try {
        const auto received = parse_command(input);
        if (const auto* const question = std::get_if<ask>(&received)) {
            require(is_json(question->event.payload_json), "a payload that was taken is JSON");
            require(encode(foreign_event{"h", question->event, {}}).find(question->event.payload_json) !=
                        std::string_view::npos,
                "a payload is passed on as it is");
        }
        if (const auto* const answer = std::get_if<reply>(&received)) {
            require(is_json(answer->result_json), "a result that was taken is JSON");
            require(encode(settled{"h", answer->id, answer->result_json}).find(answer->result_json) !=
                        std::string_view::npos,
                "a result is passed on as it is");
        }
    } catch (const malformed_message& fault) {
        require(*fault.what() != '\0', "a fault has a reason");
    }
    static_cast<void>(is_json(input));
    return 0;
}
