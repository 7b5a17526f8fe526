#include <hookd/hooks/hook_reply.hpp>

#include <hookd/protocol/json_text.hpp>
#include <hookd/protocol/methods.hpp>

#include <cstring>
#include <system_error>

namespace hookd::hooks {

namespace {

constexpr int last_veto_status = 125;   // 126 and 127: a shell could not start what it was told to (POSIX, "Exit Status for Commands")
constexpr std::size_t shown_bytes = 80;  // of output that is ignored

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view white = " \t\r\n\v\f";
    const auto first = text.find_first_not_of(white);
    if (first == std::string_view::npos) {
        return {};
    }
    return text.substr(first, text.find_last_not_of(white) - first + 1);
}

/// The beginning of some output, on one line.
std::string excerpt(std::string_view text) {
    std::string shown(text.substr(0, shown_bytes));
    for (char& c : shown) {
        if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') {
            c = ' ';
        }
    }
    return text.size() > shown_bytes ? shown + "..." : shown;
}

void note_cut(hook_reply& reply, const captured_output& output, std::string_view stream) {
    if (output.cut) {
        reply.notes.push_back("its " + std::string(stream) + " was cut after " + std::to_string(max_output_bytes) + " bytes");
    }
}

std::string describe(std::chrono::steady_clock::duration span) {
    return std::to_string(std::chrono::round<std::chrono::milliseconds>(span).count()) + " ms";
}

hook_reply failed(std::string why) {
    return {hook_reply::kind::failed, std::move(why), {}};
}

/// Whether `object` is still within the limit of nesting where it stands in a request.
bool can_be_sent(std::string_view object) {
    std::string request = R"({"params":{"response":)";
    request.append(object).append("}}");
    return !protocol::find_json_fault(request);
}

hook_reply read_output(const command_result& result) {
    hook_reply reply{hook_reply::kind::response, "{}", {}};
    const auto text = trimmed(result.output.text);
    if (text.empty()) {
        return reply;
    }
    if (result.output.cut) {
        reply.notes.push_back("what was kept of its standard output is taken as no objection: " + excerpt(text));
        return reply;
    }
    protocol::respond_params checked;
    checked.response = text;
    if (const auto refused = protocol::check_reply(checked)) {
        if (const auto fault = protocol::find_json_fault(text)) {
            reply.notes.push_back("its standard output is not JSON (" + std::string(fault->reason) +
                                  "), which is taken as no objection: " + excerpt(text));
            return reply;
        }
        if (protocol::kind_of(text) != protocol::json_kind::object) {
            reply.notes.push_back("its standard output is no JSON object, which is taken as no objection: " + excerpt(text));
            return reply;
        }
        return failed("its reply is not valid: " + refused->message);
    }
    if (!can_be_sent(text)) {
        return failed("its reply is nested too deeply");
    }
    reply.text = text;
    return reply;
}

hook_reply read_exit_status(const command_result& result, std::string_view name) {
    if (result.code == 0) {
        return read_output(result);
    }
    if (result.code > last_veto_status) {
        auto why = "it exited " + std::to_string(result.code);
        if (const auto said = trimmed(result.errors.text); !said.empty()) {
            why += ": " + excerpt(said);
        }
        return failed(std::move(why));
    }
    hook_reply reply{hook_reply::kind::veto, std::string(trimmed(result.errors.text)), {}};
    if (reply.text.empty()) {
        reply.text = "hook " + std::string(name) + " exited " + std::to_string(result.code);
    }
    return reply;
}

hook_reply read_ending(const command_result& result, std::string_view name) {
    switch (result.how) {
        case command_result::ending::exited:
            return read_exit_status(result, name);
        case command_result::ending::signalled:
            return failed("it was killed by signal " + std::to_string(result.code) + " (" + ::strsignal(result.code) + ")");
        case command_result::ending::timed_out:
            return failed("it was stopped, since its time was over after " + describe(result.elapsed));
        case command_result::ending::stopped:
            return failed("it was stopped after " + describe(result.elapsed) + ", since whoever ran it ends");
        case command_result::ending::not_started:
            return failed("it could not be started: " + std::generic_category().message(result.code));
        case command_result::ending::lost:
            break;
    }
    return failed("its exit status was lost");
}

}  // namespace

hook_reply read_hook_reply(const command_result& result, std::string_view name) {
    auto reply = read_ending(result, name);
    // However it ended: whoever runs it reads that.
    note_cut(reply, result.output, "standard output");
    note_cut(reply, result.errors, "standard error");
    return reply;
}

}  // namespace hookd::hooks
