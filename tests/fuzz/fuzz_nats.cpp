// SPDX-License-Identifier: BSL-1.0
// Is what a NATS server sends split into the same operations however it arrives, and does each that is a message
// survive being read?

#include "fuzz_target.hpp"

#include "cluster/nats/messages.hpp"
#include "cluster/nats/parser.hpp"
#include "cluster/nats/presence.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

using namespace hookd::nats;
using hookd::test::require;

namespace {

void check_payload(std::string_view payload) {
    static_cast<void>(read_presence(payload));
    if (const auto read = read_message(payload)) {
        const std::string again = to_text(*read);
        const auto echoed = read_message(again);
        require(echoed && to_text(*echoed) == again, "what is read is written as the same");
        require(echoed->payload == read->payload, "a payload stays as it is");
    }
}

void check_operation(const operation& each, std::string_view within) {
    for (const std::string_view part : {each.text, each.subject, each.reply, each.headers, each.payload}) {
        require(part.empty() ||
                    (part.data() >= within.data() && part.data() + part.size() <= within.data() + within.size()),
            "an operation lies in what is consumed");
    }
    static_cast<void>(status_of(each.headers));
    check_payload(each.payload);
}

/// Everything that `stream` says, of which `chunk` bytes arrive at a time after the first `head`.
std::vector<std::string> parsed(std::string_view stream, std::size_t head, std::size_t chunk) {
    std::vector<std::string> found;
    parser reader;
    std::size_t taken = 0;
    for (std::size_t arrived = head;; arrived = std::min(arrived + chunk, stream.size())) {
        for (;;) {
            // An exact copy, so that a sanitizer sees any read past the end.
            const std::vector<char> exact(stream.begin() + static_cast<std::ptrdiff_t>(taken),
                stream.begin() + static_cast<std::ptrdiff_t>(arrived));
            const std::string_view unread{exact.data(), exact.size()};
            const parse_result step = reader.next(unread);
            require(step.consumed <= unread.size(), "no more is consumed than there is");
            if (step.status == parse_status::failed) {
                require(!step.failure.empty(), "a failure says why");
                found.push_back("failed: " + step.failure);
                return found;
            }
            if (step.status == parse_status::need_more) {
                break;
            }
            check_operation(step.parsed, unread.substr(0, step.consumed));
            found.push_back(
                std::to_string(static_cast<int>(step.parsed.type)) + std::string{unread.substr(0, step.consumed)});
            taken += step.consumed;
        }
        if (arrived == stream.size()) {
            return found;
        }
    }
}

}  // namespace

const char* const hookd::test::corpus_name = "nats";

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view stream{reinterpret_cast<const char*>(data), size};
    const auto expected = parsed(stream, size, 1);
    require(parsed(stream, 0, 1) == expected, "byte by byte is the same as at once");
    const std::size_t step = std::max<std::size_t>(1, size / 32);
    for (std::size_t cut = 1; cut < size; cut += step) {
        require(parsed(stream, cut, size) == expected, "cut in two is the same as at once");
    }
    check_payload(stream);
    return 0;
}
