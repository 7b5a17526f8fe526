// SPDX-License-Identifier: BSL-1.0
#include "dialect.hpp"

#include <array>
#include <cstdint>
#include <stdexcept>

namespace hookd::bench {
namespace {

void append_length(std::string& out, std::size_t size) {
    const auto length = static_cast<std::uint32_t>(size);
    for (int shift = 24; shift >= 0; shift -= 8) {
        out += static_cast<char>(static_cast<unsigned char>(length >> shift));
    }
}

bool next_length_prefixed(std::string_view bytes, frame& out) {
    if (bytes.size() < 4) {
        return false;
    }
    std::uint32_t size = 0;
    for (std::size_t i = 0; i < 4; ++i) {
        size = size << 8 | static_cast<unsigned char>(bytes[i]);
    }
    if (bytes.size() - 4 < size) {
        return false;
    }
    out.size = 4 + std::size_t{size};
    out.body = bytes.substr(4, size);
    return true;
}

/// The floor's relay knows two sides: what one says, the other hears.
class floor_dialect final : public dialect {
public:
    client_ends open(const std::string& address, role as, std::string_view) override {
        client_ends result{link{address}};
        emitter_ = as == role::emitter || as == role::asker;
        std::string hello;
        append_frame(hello, emitter_ ? "e" : "s");
        result.in.write(hello);
        frame welcome;
        await_frame(*this, result.in, welcome);
        result.in.consume(welcome.size);
        return result;
    }

    void append_event(std::string& out, std::string_view payload) override { append_frame(out, payload); }
    void append_question(std::string& out, std::string_view payload) override { append_frame(out, payload); }
    void append_answer(std::string& out, const frame&, std::string_view payload) override {
        append_frame(out, payload);
    }

    bool next(std::string_view bytes, std::size_t, frame& out) override {
        out.type = emitter_ ? frame::kind::answer : frame::kind::event;
        return next_length_prefixed(bytes, out);
    }
    bool read(frame& which) override {
        which.payload = which.body;
        return true;
    }

private:
    static void append_frame(std::string& out, std::string_view body) {
        append_length(out, body.size());
        out += body;
    }

    bool emitter_ = false;
};

/// hookd as PROTOCOL.md has it. What comes in is looked at only as far as the trip needs; that the daemon's texts begin
/// as they do is checked once more by the tests of the wire.
class hookd_dialect final : public dialect {
public:
    hookd_dialect(hookd_framing framing, bool respond_with_requests, bool spans_cluster)
        : framing_(framing),
          answer_start_(R"({"jsonrpc":"2.0",)"),
          scope_(spans_cluster ? R"("scope":"cluster",)" : ""),
          policy_(spans_cluster ? R"("policy":"all",)" : "") {
        answer_start_.append(respond_with_requests ? R"("id":2,)" : "")
            .append(R"("method":"respond","params":{"hook_event_id":")");
    }

    client_ends open(const std::string& address, role as, std::string_view topic) override {
        client_ends result{link{address}};
        std::string hello;
        if (as == role::hook || as == role::listener) {
            std::string text = R"({"jsonrpc":"2.0","id":1,"method":"subscribe","params":{)" + scope_ + R"("events":[")";
            text.append(topic)
                .append(R"("],"name":"bench","responds":)")
                .append(as == role::hook ? "true}}" : "false}}");
            append_frame(hello, {text});
        } else {
            append_frame(hello, {R"({"jsonrpc":"2.0","id":1,"method":"ping"})"});
        }
        result.in.write(hello);
        frame welcome;
        await_frame(*this, result.in, welcome);
        if (welcome.type != frame::kind::answer) {
            throw std::runtime_error("hookd refused: " + std::string{welcome.body});
        }
        result.in.consume(welcome.size);
        return result;
    }

    void append_event(std::string& out, std::string_view payload) override {
        append_frame(out, {R"({"jsonrpc":"2.0","method":"emit","params":{)", scope_, R"("event":")", event_topic,
                              R"(","payload":)", payload, "}}"});
    }
    void append_question(std::string& out, std::string_view payload) override {
        append_frame(out, {R"({"jsonrpc":"2.0","id":3,"method":"emit_and_wait","params":{)", scope_, policy_,
                              R"("event":")", event_topic, R"(","payload":)", payload, "}}"});
    }
    void append_answer(std::string& out, const frame& question, std::string_view payload) override {
        append_frame(out, {answer_start_, question.reply_to, R"(","response":)", payload, "}}"});
    }

    bool next(std::string_view bytes, std::size_t seen, frame& out) override {
        if (framing_ == hookd_framing::native) {
            if (!next_length_prefixed(bytes, out)) {
                return false;
            }
        } else {
            const std::size_t end = bytes.find('\n', seen);
            if (end == std::string_view::npos) {
                return false;
            }
            out.size = end + 1;
            out.body = bytes.substr(0, end);
        }
        const std::size_t id = result_start.find('N');
        out.type = out.body.starts_with(event_start) ? frame::kind::event
                   : out.body.starts_with(result_start.substr(0, id)) &&
                           out.body.substr(id + 1).starts_with(result_start.substr(id + 1))
                       ? frame::kind::answer
                       : frame::kind::other;
        return true;
    }

    bool read(frame& which) override {
        const std::string_view head = which.body.substr(0, 512);
        if (which.type == frame::kind::event) {
            const std::size_t id = end_of(head, R"("hook_event_id":")");
            const std::size_t payload = end_of(head, R"("payload":)");
            which.reply_to = head.substr(id, 36);
            which.payload = which.body.substr(payload);
            return id != 0 && payload != 0;
        }
        const std::size_t response = end_of(head, R"({"response":)");
        which.payload = which.body.substr(response);
        return response != 0 && head.find(R"("outcome":"answered")") != std::string_view::npos;
    }

private:
    static constexpr std::string_view event_start = R"({"jsonrpc":"2.0","method":"event",)";
    static constexpr std::string_view result_start = R"({"jsonrpc":"2.0","id":N,"result":)";

    /// Where `what` ends in `text`; 0 where it is not there.
    static std::size_t end_of(std::string_view text, std::string_view what) {
        const std::size_t at = text.find(what);
        return at == std::string_view::npos ? 0 : at + what.size();
    }

    void append_frame(std::string& out, std::initializer_list<std::string_view> parts) const {
        if (framing_ == hookd_framing::native) {
            std::size_t size = 0;
            for (const std::string_view each : parts) {
                size += each.size();
            }
            append_length(out, size);
        }
        for (const std::string_view each : parts) {
            out += each;
        }
        if (framing_ == hookd_framing::line) {
            out += '\n';
        }
    }

    hookd_framing framing_;
    std::string answer_start_;
    std::string scope_;
    std::string policy_;
};

}  // namespace

std::unique_ptr<dialect> make_floor_dialect() { return std::make_unique<floor_dialect>(); }

std::unique_ptr<dialect> make_hookd_dialect(hookd_framing framing, bool respond_with_requests, bool spans_cluster) {
    return std::make_unique<hookd_dialect>(framing, respond_with_requests, spans_cluster);
}

}  // namespace hookd::bench
