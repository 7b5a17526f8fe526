#include "reply_note.hpp"

#include <hookd/protocol/json_text.hpp>

#include <algorithm>

namespace hookd::hookctl {

std::string note_of(std::string_view reply) {
    const auto open = std::min(reply.find('{'), reply.size());
    for (protocol::json_cursor members(reply.substr(open, reply.rfind('}') + 1 - open)); const auto member = members.next();) {
        if (member->key.equals("note") && protocol::kind_of(member->value) == protocol::json_kind::string) {
            return protocol::json_string{member->value.substr(1, member->value.size() - 2)}.decode();
        }
    }
    return {};
}

}  // namespace hookd::hookctl
