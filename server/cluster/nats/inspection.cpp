// SPDX-License-Identifier: BSL-1.0
#include "cluster/nats/inspection.hpp"

#include "cluster/nats/bucket.hpp"
#include "cluster/nats/client.hpp"
#include "cluster/nats/subjects.hpp"
#include "cluster/nats/url.hpp"

#include <base/text/counted.hpp>
#include <hookd/protocol/host_name.hpp>
#include <hookd/protocol/methods.hpp>

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstdio>
#include <functional>
#include <optional>
#include <stdexcept>
#include <utility>

namespace hookd::nats {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds default_lease = 15s;  // as hookd's --cluster-lease
constexpr std::string_view trial_message = "{}";          // which no member takes for a message

// Permissions that hold each host to its name go by the user, who is then called as the host.
std::string host_of(const url& target) {
    return protocol::is_host_name(target.who.user) ? target.who.user : protocol::own_host_name();
}

void print(bool is_good, const std::string& text) { std::printf("%s %s\n", is_good ? "✓" : "✗", text.c_str()); }

std::string to_text(std::chrono::milliseconds span) {
    return span.count() % 1000 == 0 ? std::to_string(span.count() / 1000) + " s" : std::to_string(span.count()) + " ms";
}

/// One connection, and one question after the other. Ends at the first thing that is wrong.
class inspection final : private client_observer {
public:
    explicit inspection(const url& target)
        : target_(target),
          host_(host_of(target)),
          names_(target.cluster, host_),
          client_(context_, target, "hookd-nats", names_.answers_to(host_), *this),
          bucket_(client_, names_.bucket) {}

    /// Connects, then does `first`, which ends by finish().
    bool run(std::function<void()> first) {
        first_ = std::move(first);
        client_.start();
        context_.run();
        return is_good_;
    }

    void look_at_jetstream(std::function<void()> next) {
        look_for_jetstream(client_, [this, next = std::move(next)](const bucket_result<bool>& found) {
            if (!found.value) {
                return finish(false, found.fault.text);
            }
            print(true, "JetStream is on");
            next();
        });
    }

    void create_bucket() {
        bucket_.look([this](const bucket_result<bucket_state>& found) {
            if (found.value) {
                return finish(true, describe(*found.value) + " is there already");
            }
            if (found.fault.type != bucket_fault::kind::absent) {
                return finish(false, found.fault.text);
            }
            bucket_.create(default_lease, [this](const bucket_result<bucket_state>& made) {
                finish(
                    made.value.has_value(), made.value ? describe(*made.value) + " has been created" : made.fault.text);
            });
        });
    }

    void look_at_bucket(std::function<void()> next) {
        bucket_.look([this, next = std::move(next)](const bucket_result<bucket_state>& found) {
            if (found.value && found.value->lease == 0ms) {
                return finish(false, "bucket " + names_.bucket +
                                         " keeps its keys for ever: delete it, then type hookd-nats --init FILE");
            }
            if (found.value) {
                print(true, describe(*found.value) + ", " + base::counted(found.value->keys.size(), "member"));
            } else if (found.fault.type == bucket_fault::kind::absent) {
                return finish(false, "bucket " + names_.bucket +
                                         " is not there: the first host creates it, or type hookd-nats --init FILE");
            } else {
                return finish(false, found.fault.text);
            }
            next();
        });
    }

    // What is forbidden comes as an error of the server, which ends the connection and names the subject.
    void try_permissions() {
        for (const std::string& subject : names_.heard) {
            client_.subscribe(subject, [](const delivery&) {});
        }
        for (const std::string& subject : {names_.ask, names_.told, names_.roster, names_.to("check")}) {
            client_.publish(subject, trial_message);
        }
        bucket_.clear(names_.key, 0, [this](const bucket_result<std::uint64_t>& put) {
            // wrong_sequence: the host is there, or was a moment ago
            if (!put.value && put.fault.type != bucket_fault::kind::wrong_sequence) {
                return finish(false, "the bucket cannot be written: " + put.fault.text);
            }
            client_.flush([this](bool delivered) {
                if (delivered) {
                    finish(true, "the user may speak as host " + host_ + " on all subjects");
                }
            });
        });
    }

private:
    void on_connected(const server_info& server) override {
        is_connected_ = true;
        if (const std::string reason = why_unusable(server); !reason.empty()) {
            return finish(false, reason);
        }
        print(true, "NATS " + server.version + " answers; messages of more than " + std::to_string(server.max_payload) +
                        " bytes (max_payload) are refused");
        first_();
    }

    void on_disconnected(const down_reason& reason) override {
        ++failures_;
        if (is_connected_ || reason.is_permanent || failures_ >= target_.servers.size()) {
            return finish(false,
                reason.text +
                    (is_connected_ || reason.is_permanent ? "" : "; is nats-server running there, and the URL right?"));
        }
        print(false, reason.text);
    }

    void finish(bool is_good, const std::string& text) {
        print(is_good, text);
        is_good_ = is_good;
        context_.stop();
    }

    [[nodiscard]] std::string describe(const bucket_state& found) const {
        return "bucket " + names_.bucket + " (lease " + to_text(found.lease) + ", made " + found.created + ")";
    }

    boost::asio::io_context context_{1};
    url target_;
    std::string host_;
    subjects names_;
    client client_;
    bucket bucket_;
    std::function<void()> first_{};
    std::size_t failures_ = 0;
    bool is_connected_ = false;
    bool is_good_ = false;
};

bool inspect(const std::string& url_text, void (*steps)(inspection&)) {
    try {
        inspection one{parse_url(url_text)};
        return one.run([&one, steps] { steps(one); });
    } catch (const std::invalid_argument& fault) {
        print(false, fault.what());
        return false;
    }
}

}  // namespace

bool check_cluster(const std::string& url_text) {
    return inspect(url_text, [](inspection& one) {
        one.look_at_jetstream([&one] { one.look_at_bucket([&one] { one.try_permissions(); }); });
    });
}

bool prepare_cluster(const std::string& url_text) {
    return inspect(url_text, [](inspection& one) { one.look_at_jetstream([&one] { one.create_bucket(); }); });
}

}  // namespace hookd::nats
