// SPDX-License-Identifier: BSL-1.0
#include <hookd/event.hpp>

#include "decoding.hpp"
#include "errors.hpp"

#include <base/json/text.hpp>
#include <hookd/protocol/limits.hpp>
#include <hookd/protocol/methods.hpp>

#include <boost/json/parse.hpp>

namespace hookd {

event event::parse(std::string params) {
    if (const auto fault = base::find_json_fault(params)) {
        throw detail::invalid_argument_error("an event has to be a JSON object (byte " + std::to_string(fault->offset) +
                                             "): " + std::string{fault->reason});
    }
    try {
        return parse_valid(std::move(params));
    } catch (const error& failure) {
        throw detail::invalid_argument_error(failure.what());
    }
}

event event::parse_valid(std::string params) {
    event out;
    out.text_ = std::move(params);
    auto parts = detail::decode_event(out.text_);
    out.seq_ = parts.seq;
    out.hook_event_id_ = std::move(parts.hook_event_id);
    out.name_ = std::move(parts.name);
    out.emitted_at_ = std::move(parts.emitted_at);
    out.cause_ = std::move(parts.cause);
    out.host_ = std::move(parts.host);
    out.expects_response_ = parts.expects_response;
    out.timeout_ = parts.timeout;
    if (parts.expects_response && parts.timeout) {
        out.deadline_ = std::chrono::steady_clock::now() + *parts.timeout;
    }
    out.payload_offset_ = static_cast<std::size_t>(parts.payload.data() - out.text_.data());
    out.payload_bytes_ = parts.payload.size();
    return out;
}

std::string event::as_cause() const { return protocol::append_cause(cause_, name_, payload()); }

boost::json::value event::json() const {
    boost::json::parse_options options;
    options.max_depth = protocol::max_depth;
    return boost::json::parse({payload().data(), payload().size()}, {}, options);
}

}  // namespace hookd
