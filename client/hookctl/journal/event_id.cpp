// SPDX-License-Identifier: BSL-1.0
#include "event_id.hpp"

#include "hookctl/daemon/daemon_call.hpp"
#include "verdict_line.hpp"

#include <base/json/object_writer.hpp>
#include <base/json/pointer.hpp>
#include <base/json/value_view.hpp>
#include <hookd/protocol/limits.hpp>
#include <hookd/protocol/methods.hpp>

#include <string_view>

namespace hookd::hookctl {

namespace {

constexpr std::size_t whole_id_digits = 36;

bool is_beginning_of_id(std::string_view text) {
    return text.size() >= short_id_digits && text.size() < whole_id_digits &&
           text.find_first_not_of("0123456789abcdef-") == std::string_view::npos;
}

}  // namespace

std::string resolve_event_id(const invocation& call, const std::string& text) {
    if (!is_beginning_of_id(text)) {
        return text;
    }
    auto daemon = connect_for(call);
    std::string last;
    for (bool more = true; more;) {
        base::object_writer params;
        if (!last.empty()) {
            params.raw("before_seq", base::value_view(last)["seq"]).raw("instance", base::value_view(last)["instance"]);
        }
        const auto answer = daemon.call(protocol::history_params::method,
            params.number("limit", protocol::max_history).finish(), call.timeout.value_or(default_answer_timeout));
        last.clear();
        for (const auto each : base::value_view(answer)["verdicts"].elements()) {
            if (auto id = each["hook_event_id"].string(); id.starts_with(text)) {
                return id;
            }
            last = each;
        }
        more = base::value_view(answer)["more"] == "true" && !last.empty();
    }
    return text;
}

}  // namespace hookd::hookctl
