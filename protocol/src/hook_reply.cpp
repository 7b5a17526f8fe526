// SPDX-License-Identifier: BSL-1.0
#include <hookd/protocol/hook_reply.hpp>

#include <base/json/object_writer.hpp>
#include <base/json/text.hpp>
#include <base/json/value_view.hpp>
#include <base/text/utf8.hpp>
#include <base/text/visible_text.hpp>
#include <hookd/protocol/methods.hpp>

#include <cstring>
#include <system_error>

namespace hookd::protocol {

namespace {

constexpr int last_veto_status =
    125;  // 126 and 127: a shell could not start what it was told to (POSIX, "Exit Status for Commands")
constexpr std::size_t shown_bytes = 80;            // of output that is ignored
constexpr std::size_t surely_fitting_bytes = 960;  // of a reason as JSON: with what is around it less than 1 KiB
constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

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
    std::string shown(base::cut_at_character(text, shown_bytes));
    for (char& c : shown) {
        if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') {
            c = ' ';
        }
    }
    return text.size() > shown_bytes ? shown + "..." : shown;
}

std::string_view without_mark(std::string_view text) {
    return text.starts_with(byte_order_mark) ? text.substr(byte_order_mark.size()) : text;
}

/// Whether a line begins as a JSON object or list does, as a terminal shows it: then a reply was meant, or a part of
/// one. Programs that write for a terminal whatever they write to (jq -C, tput) put marks and sequences before it.
bool has_json_line(std::string_view text) { return base::has_line_that_begins_with(text, '{', '['); }

void note_cut(hook_reply& reply, const base::captured_output& output, std::string_view stream) {
    if (output.cut) {
        reply.notes.push_back(
            "its " + std::string(stream) + " was cut after " + std::to_string(base::max_output_bytes) + " bytes");
    }
}

std::string describe(std::chrono::steady_clock::duration span) {
    return std::to_string(std::chrono::round<std::chrono::milliseconds>(span).count()) + " ms";
}

hook_reply failed(std::string why) { return {.type = hook_reply::kind::failed, .text = std::move(why)}; }

/// Whether `object` is still within the limit of nesting where it stands in a request.
bool can_be_sent(std::string_view object) {
    std::string request = R"({"params":{"response":)";
    request.append(object).append("}}");
    return !base::find_json_fault(request);
}

std::string why_no_reply(std::string_view text) {
    const auto fault = base::find_json_fault(text);
    return "its standard output looks like JSON and is not one object (" +
           std::string(fault ? fault->reason : "it is a list") + "): " + excerpt(text);
}

/// What it printed besides the reply, in the order that the author of the hook expects.
std::string note_of(std::string_view output, std::string_view errors) {
    std::string note(output);
    note.append(output.empty() || errors.empty() ? "" : "\n").append(errors);
    if (note.size() > max_note_bytes) {
        constexpr std::string_view more = "\n...";
        note = std::string(base::cut_at_character(note, max_note_bytes - more.size())).append(more);
    }
    return note;
}

hook_reply read_output(const base::command_result& result) {
    if (result.output.cut) {
        return failed("its standard output was cut after " + std::to_string(base::max_output_bytes) +
                      " bytes, so that its reply is not known");
    }
    const auto text = trimmed(without_mark(trimmed(result.output.text)));
    const auto errors = trimmed(result.errors.text);
    hook_reply reply{.type = hook_reply::kind::response, .text = "{}"};
    respond_params checked;
    checked.response = text;
    if (text.empty()) {
        reply.note = note_of({}, errors);
    } else if (const auto refused = check_reply(checked); !refused) {
        if (!can_be_sent(text)) {
            return failed("its reply is nested too deeply");
        }
        reply.text = text;
        reply.note = note_of({}, errors);
    } else if (!base::find_json_fault(text) && base::kind_of(text) == base::json_kind::object) {
        return failed("its reply is not valid: " + refused->message);
    } else if (has_json_line(result.output.text)) {
        return failed(why_no_reply(text));
    } else {
        reply.note = note_of(text, errors);
        reply.notes.push_back("its standard output is not JSON, which is taken as no objection: " + excerpt(text));
    }
    return reply;
}

hook_reply read_exit_status(const base::command_result& result, std::string_view name) {
    if (result.code == 0) {
        return read_output(result);
    }
    if (result.code > last_veto_status) {
        auto why = "it exited " + std::to_string(result.code);
        if (const auto message = trimmed(result.errors.text); !message.empty()) {
            why += ": " + excerpt(message);
        }
        return failed(std::move(why));
    }
    hook_reply reply{.type = hook_reply::kind::veto, .text = std::string(trimmed(result.errors.text))};
    if (reply.text.empty()) {
        reply.text = "hook " + std::string(name) + " exited " + std::to_string(result.code);
    }
    return reply;
}

hook_reply read_ending(const base::command_result& result, std::string_view name) {
    switch (result.how) {
        case base::command_result::ending::exited:
            return read_exit_status(result, name);
        case base::command_result::ending::signalled:
            return failed("it was killed by signal " + std::to_string(result.code) + " (" +
                          ::strsignal(result.code) +  // NOLINT(concurrency-mt-unsafe): safe since glibc 2.32
                          ")");
        case base::command_result::ending::timed_out:
            return failed("it was stopped, since its time was over after " + describe(result.elapsed));
        case base::command_result::ending::stopped:
            return failed("it was stopped after " + describe(result.elapsed) + ", since the program that ran it ends");
        case base::command_result::ending::cancelled:
            return failed(
                "it was stopped after " + describe(result.elapsed) + ", since no emitter waits for it any longer");
        case base::command_result::ending::not_started: {
            auto reply =
                failed("could not start " + result.subject + ": " + std::generic_category().message(result.code));
            reply.not_started = true;
            return reply;
        }
        case base::command_result::ending::lost:
            break;
    }
    return failed("its exit status was lost");
}

constexpr std::string_view note_member = "note";

std::string veto_object(std::string_view reason) { return base::object_writer{}.text("abort", reason).finish(); }

std::string surely_fitting(std::string_view reason) {
    auto shown = base::cut_at_character(reason, surely_fitting_bytes);
    while (veto_object(shown).size() > surely_fitting_bytes) {  // escapes are longer than what they stand for
        shown = base::cut_at_character(shown, shown.size() / 2);
    }
    return std::string(shown);
}

/// The reply with its own note, `own` as it stands there, lengthened; as it is where that is no string.
std::string with_longer_note(const hook_reply& reply, std::string_view own) {
    if (base::kind_of(own) != base::json_kind::string) {
        return reply.text;
    }
    const auto at = static_cast<std::size_t>(own.data() - reply.text.data());
    auto object = reply.text.substr(0, at);
    base::append_json_string(object, base::json_string{own.substr(1, own.size() - 2)}.decode() + "\n" + reply.note);
    return object += std::string_view(reply.text).substr(at + own.size());
}

std::string verdict_alone(const hook_reply& reply) {
    if (reply.type == hook_reply::kind::veto) {
        return veto_object(surely_fitting(reply.text));
    }
    respond_params checked;
    checked.response = reply.text;
    const bool is_valid = !check_reply(checked);
    return is_valid && !checked.abort.raw.empty()
               ? veto_object(surely_fitting(base::json_string{checked.abort.raw}.decode()))
               : "{}";
}

}  // namespace

hook_reply read_hook_reply(const base::command_result& result, std::string_view name) {
    auto reply = read_ending(result, name);
    // However it ended: whoever runs it reads that. With exit status 0 the reply itself says so.
    if (result.how != base::command_result::ending::exited || result.code != 0) {
        note_cut(reply, result.output, "standard output");
    }
    note_cut(reply, result.errors, "standard error");
    return reply;
}

std::string whole_response(const hook_reply& reply) {
    if (reply.type == hook_reply::kind::veto) {
        return veto_object(reply.text);
    }
    if (reply.note.empty()) {
        return reply.text;
    }
    bool is_empty = true;
    for (const auto& member : base::value_view(reply.text).members()) {
        is_empty = false;
        if (member.key.equals(note_member)) {
            return with_longer_note(reply, member.value);
        }
    }
    auto object = reply.text.substr(0, reply.text.size() - 1);
    object.append(is_empty ? "" : ",").append("\"").append(note_member).append("\":");
    base::append_json_string(object, reply.note);
    return object += '}';
}

std::optional<std::string> fallback_response(const hook_reply& reply, errc refusal) {
    std::string fallback;
    if (refusal == errc::limit_exceeded || reply.type == hook_reply::kind::veto) {
        fallback = verdict_alone(reply);
    } else if (refusal == errc::not_in_catalog) {
        fallback = reply.text;
    }
    return fallback.empty() || fallback == whole_response(reply) ? std::nullopt : std::optional(std::move(fallback));
}

}  // namespace hookd::protocol
