// SPDX-License-Identifier: BSL-1.0
#include <base/json/object_writer.hpp>
#include <hookd/reply.hpp>

#include "errors.hpp"

#include <base/json/text.hpp>

namespace hookd {

reply proceed() { return {reply::kind::response, "{}"}; }

reply veto(std::string_view reason) {
    return {reply::kind::response,
        base::object_writer{}.text("abort", reason.empty() ? "vetoed without a reason" : reason).finish()};
}

reply respond_with(std::string json_object) {
    if (const auto fault = base::find_json_fault(json_object)) {
        throw detail::invalid_argument_error("a reply has to be a JSON object (byte " + std::to_string(fault->offset) +
                                             "): " + std::string{fault->reason});
    }
    constexpr const char* space = " \t\r\n";
    if (json_object[json_object.find_first_not_of(space)] != '{') {
        throw detail::invalid_argument_error("a reply has to be a JSON object, e.g. {\"abort\": \"why\"}");
    }
    return {reply::kind::response, std::move(json_object)};
}

reply abstain() { return {reply::kind::abstain, {}}; }

reply failed(std::string_view why) {
    return {reply::kind::failed, std::string{why.empty() ? "failed without a reason" : why}};
}

}  // namespace hookd
