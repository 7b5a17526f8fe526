#include "reply_note.hpp"

#include <hookd/protocol/json_text.hpp>

namespace hookd::hookctl {

std::string note_of(std::string_view reply) {
    for (protocol::json_cursor members(reply); const auto member = members.next();) {
        if (member->key.equals("note") && protocol::kind_of(member->value) == protocol::json_kind::string) {
            return protocol::json_string{member->value.substr(1, member->value.size() - 2)}.decode();
        }
    }
    return {};
}

}  // namespace hookd::hookctl
