// SPDX-License-Identifier: BSL-1.0
#include "dialect.hpp"

#include <charconv>
#include <stdexcept>

namespace hookd::bench {
namespace {

constexpr std::string_view answer_topic = "bench_answer";

/// The line that begins at `at`, without its CR LF; `at` goes past it. False where it is not all there.
bool take_line(std::string_view bytes, std::size_t& at, std::string_view& line) {
    const std::size_t end = bytes.find("\r\n", at);
    if (end == std::string_view::npos) {
        return false;
    }
    line = bytes.substr(at, end - at);
    at = end + 2;
    return true;
}

std::size_t to_number(std::string_view digits) {
    std::size_t result = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), result);
    return result;
}

void expect(dialect& speech, link& from, std::string_view text) {
    frame answer;
    await_frame(speech, from, answer);
    if (!answer.body.starts_with(text)) {
        throw std::runtime_error("expected " + std::string{text} + ", got " + std::string{answer.body});
    }
    from.consume(answer.size);
}

/// Who asks or answers does so on one connection (RESP 3). Whoever publishes gets the number of subscribers in reply,
/// without which it would not know whether anybody is there. `quiet`: publishing goes over a connection of its own,
/// which has asked for no replies: the least that Redis can do.
class redis_dialect final : public dialect {
public:
    explicit redis_dialect(bool quiet) : quiet_(quiet) {}

    client_ends open(const std::string& address, role as, std::string_view topic) override {
        client_ends result{link{address}};
        if (!quiet_ && (as == role::hook || as == role::asker)) {
            std::string hello;
            append_command(hello, {"HELLO", "3"});
            append_command(hello, {"SUBSCRIBE", as == role::asker ? answer_topic : topic});
            result.in.write(hello);
            expect(*this, result.in, "%");
            expect(*this, result.in, ">3\r\n$9\r\nsubscribe\r\n");
            return result;
        }
        if (as == role::hook || as == role::listener || as == role::asker) {
            std::string hello;
            append_command(hello, {"SUBSCRIBE", as == role::asker ? answer_topic : topic});
            result.in.write(hello);
            expect(*this, result.in, "*3\r\n$9\r\nsubscribe\r\n");
        }
        if (as == role::hook || as == role::asker) {
            result.separate_out.emplace(address);
        }
        if (as != role::listener) {
            std::string hello;
            append_command(hello, {"PING"});
            result.out().write(hello);
            expect(*this, result.out(), "+PONG");
            if (quiet_) {
                hello.clear();
                append_command(hello, {"CLIENT", "REPLY", "OFF"});
                result.out().write(hello);
            }
        }
        return result;
    }

    void append_event(std::string& out, std::string_view payload) override {
        append_command(out, {"PUBLISH", event_topic, payload});
    }
    bool confirms_events() const override { return !quiet_; }
    void append_question(std::string& out, std::string_view payload) override { append_event(out, payload); }
    void append_answer(std::string& out, const frame&, std::string_view payload) override {
        append_command(out, {"PUBLISH", answer_topic, payload});
    }

    bool next(std::string_view bytes, std::size_t, frame& out) override {
        std::size_t at = 0;
        std::string_view line;
        if (!take_line(bytes, at, line)) {
            return false;
        }
        std::string_view texts[3];
        if (line.starts_with('*') || line.starts_with('>') || line.starts_with('%')) {
            const std::size_t count = to_number(line.substr(1)) * (line.starts_with('%') ? 2 : 1);
            for (std::size_t i = 0; i < count; ++i) {
                if (!take_line(bytes, at, line)) {
                    return false;
                }
                if (line.starts_with('$')) {
                    const std::size_t size = to_number(line.substr(1));
                    if (bytes.size() < at + size + 2) {
                        return false;
                    }
                    texts[i % 3] = bytes.substr(at, size);
                    at += size + 2;
                }
            }
        }
        out.size = at;
        out.body = bytes.substr(0, at);
        out.payload = texts[2];
        out.type = texts[0] != "message"      ? frame::kind::other
                   : texts[1] == answer_topic ? frame::kind::answer
                                              : frame::kind::event;
        return true;
    }
    bool read(frame&) override { return true; }

private:
    static void append_command(std::string& out, std::initializer_list<std::string_view> words) {
        out.append("*").append(std::to_string(words.size())).append("\r\n");
        for (const std::string_view each : words) {
            out.append("$").append(std::to_string(each.size())).append("\r\n").append(each).append("\r\n");
        }
    }

    bool quiet_;
};

/// NATS with its request pattern: an event names the subject that its answer goes to.
class nats_dialect final : public dialect {
public:
    client_ends open(const std::string& address, role as, std::string_view topic) override {
        client_ends result{link{address}};
        std::string hello = "CONNECT {\"verbose\":false,\"pedantic\":false}\r\n";
        if (as != role::emitter) {
            hello.append("SUB ").append(as == role::asker ? answer_topic : topic).append(" 1\r\n");
        }
        result.in.write(hello += "PING\r\n");
        expect(*this, result.in, "INFO ");
        expect(*this, result.in, "PONG");
        return result;
    }

    void append_event(std::string& out, std::string_view payload) override {
        append_publish(out, {event_topic}, payload);
    }
    void append_question(std::string& out, std::string_view payload) override {
        append_publish(out, {event_topic, answer_topic}, payload);
    }
    void append_answer(std::string& out, const frame& question, std::string_view payload) override {
        append_publish(out, {question.reply_to}, payload);
    }

    bool next(std::string_view bytes, std::size_t, frame& out) override {
        std::size_t at = 0;
        std::string_view line;
        if (!take_line(bytes, at, line)) {
            return false;
        }
        out.type = frame::kind::other;
        out.body = line;
        if (line.starts_with("MSG ")) {
            const std::size_t size = to_number(line.substr(line.rfind(' ') + 1));
            if (bytes.size() < at + size + 2) {
                return false;
            }
            out.type = line.substr(4).starts_with(answer_topic) ? frame::kind::answer : frame::kind::event;
            out.payload = bytes.substr(at, size);
            at += size + 2;
        }
        out.size = at;
        return true;
    }
    bool read(frame& which) override {
        const std::string_view rest = which.body.substr(0, which.body.rfind(' '));  // MSG subject 1 [reply]
        which.reply_to = rest.substr(rest.rfind(' ') + 1);
        return true;
    }

private:
    static void append_publish(
        std::string& out, std::initializer_list<std::string_view> subjects, std::string_view payload) {
        out += "PUB";
        for (const std::string_view each : subjects) {
            out.append(" ").append(each);
        }
        out.append(" ").append(std::to_string(payload.size())).append("\r\n").append(payload).append("\r\n");
    }
};

}  // namespace

std::unique_ptr<dialect> make_redis_dialect(bool quiet) { return std::make_unique<redis_dialect>(quiet); }
std::unique_ptr<dialect> make_nats_dialect() { return std::make_unique<nats_dialect>(); }

}  // namespace hookd::bench
