#include "connection.hpp"

#include <hookd/protocol/json_text.hpp>

// A peer with line framing that forgets the LF waits for an answer which never comes. Where a whole text has stood without one for a
// second, the peer is told. Each byte that comes begins the second anew, and a text that is not whole is waited for.
namespace hookd::server {

using protocol::errc;

namespace {

constexpr std::chrono::seconds line_patience{1};

}  // namespace

// Own strand. The timer is armed only for input that waits for its LF, which a peer that sends whole lines never has.
void connection::watch_unended_line() {
    if (input_begin_ == input_end_ || !decoder_ || decoder_->kind() != protocol::framing::line) {
        return;
    }
    wait_until_over(line_timer_, line_patience, [target = weak_from_this()](const boost::system::error_code& failure) {
        const auto self = target.lock();
        if (failure || !self || self->closed_ || self->lent_ || self->input_ended_ || self->input_begin_ == self->input_end_) {
            return;
        }
        self->line_is_overdue_ = true;
        self->process();
    });
}

// Broker's strand, within carry_out(): `text` is what has come of a line.
void connection::refuse_unended_text(std::string_view text) {
    if (protocol::find_json_fault(text)) {
        return;
    }
    answer_invalid({.failure = {errc::parse_error, "This text has not been carried out, since its line has not ended for a second. " +
                                                       std::string{protocol::one_line_hint}}},
                   nullptr, 0);
    decoder_->drop_line();
    input_begin_ = input_end_;
}

}  // namespace hookd::server
