// SPDX-License-Identifier: BSL-1.0
#include "cluster/nats/membership.hpp"

#include <boost/uuid/random_generator.hpp>
#include <boost/uuid/uuid_io.hpp>

#include <utility>

namespace hookd::nats {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds announce_limit = 500ms;
constexpr std::chrono::milliseconds probe_limit = 1s;
constexpr unsigned gone_after_refusals = 2;  // servers of a cluster learn of a subscription one after the other

}  // namespace

membership::membership(engine& connection, const subjects& names, settings own, std::function<clock::time_point()> now,
    membership_observer& observer)
    : engine_(connection),
      subjects_(names),
      bucket_(connection, names.bucket),
      own_(std::move(own)),
      now_(std::move(now)),
      observer_(observer) {
    about_.who.host = own_.host;
    about_.instance = own_.instance;
}

template <typename Value>
bucket::handler<Value> membership::in_this_run(void (membership::*next)(const bucket_result<Value>&)) {
    return [this, run = run_, next](const bucket_result<Value>& got) {
        if (run == run_) {
            (this->*next)(got);
        }
    };
}

void membership::enter() {
    ++run_;
    about_.who.entry = boost::uuids::to_string(boost::uuids::random_generator{}());
    sequence_ = 0;
    key_sequence_ = 0;
    putting_ = false;
    changed_since_put_ = false;
    looking_ = false;
    roster_.clear();
    unacknowledged_.clear();
    to_announce_again_.clear();
    step_ = step::looking;
    look_for_bucket();
}

void membership::on_disconnected() {
    ++run_;
    step_ = step::out;
    finish_look("the connection to NATS is lost");
}

void membership::leave() {
    if (key_sequence_ > 0) {
        message farewell;
        farewell.type = message::kind::gone;
        farewell.from = about_.who;
        engine_.publish(subjects_.roster, to_text(farewell));
        bucket_.clear(subjects_.key, key_sequence_, [](const bucket_result<std::uint64_t>&) {});
    }
    on_disconnected();
}

void membership::tick() {
    if (key_sequence_ == 0 || step_ == step::out) {
        return;
    }
    const auto now = now_();
    if (now - put_at_ > lease_) {
        return restart("this host's entry in the bucket could not be renewed within its lease");
    }
    if (!putting_ && (changed_since_put_ || now - put_at_ >= lease_ / 3)) {
        put_key(key_sequence_);
    }
    if (step_ == step::up && !looking_ && now - looked_at_ >= lease_ / 3) {
        look();
    }
    for (const std::string& host : std::exchange(to_announce_again_, {})) {
        announce_to(host);
    }
}

// --- entering ---

void membership::look_for_bucket() { bucket_.look(in_this_run(&membership::on_bucket)); }

void membership::on_bucket(const bucket_result<bucket_state>& found) {
    if (found.value) {
        use_bucket(*found.value);
    } else if (found.fault.type == bucket_fault::kind::absent) {
        bucket_.create(own_.lease, in_this_run(&membership::on_created));
    } else {
        restart(found.fault);
    }
}

void membership::on_created(const bucket_result<bucket_state>& made) {
    if (made.value) {
        use_bucket(*made.value);
    } else if (made.fault.type == bucket_fault::kind::taken) {
        look_for_bucket();  // another host has made it in the meantime, with its own lease
    } else {
        restart(made.fault);
    }
}

void membership::use_bucket(const bucket_state& found) {
    if (found.lease < 100ms) {
        return restart("the bucket " + subjects_.bucket +
                           " keeps its keys for ever: delete it, and let hookd-nats --init create it",
            true);
    }
    lease_ = found.lease;
    epoch_ = found.created;
    for (const std::string& key : found.keys) {
        if (key == subjects_.key) {
            return bucket_.get(subjects_.key, in_this_run(&membership::on_old_key));
        }
    }
    put_key(0);
}

// A key of this host's name: of its own daemon's last link, of one that has died, or of another host.
void membership::on_old_key(const bucket_result<bucket_entry>& found) {
    if (!found.value && found.fault.type == bucket_fault::kind::absent) {
        return put_key(0);
    }
    if (!found.value) {
        return restart(found.fault);
    }
    const auto before = read_presence(found.value->value);
    if (before && before->instance != own_.instance) {
        return ask_namesake(found.value->sequence);
    }
    put_key(found.value->sequence);
}

void membership::ask_namesake(std::uint64_t sequence) {
    message question;
    question.from = about_.who;
    engine_.request(
        subjects_.to(own_.host), {}, to_text(question), probe_limit, [this, run = run_, sequence](const answer& got) {
            if (run != run_) {
                return;
            }
            if (got.type == answer::kind::reply) {
                return restart("another host of the cluster is named " + own_.host +
                                   ": give this one a name of its own by --cluster-host",
                    true);
            }
            put_key(sequence);
        });
}

void membership::put_key(std::uint64_t expected) {
    if (step_ == step::looking) {
        step_ = step::putting;
    }
    putting_ = true;
    put_begun_ = now_();
    changed_since_put_ = false;
    bucket_.put(subjects_.key, to_text(about_), expected, in_this_run(&membership::on_put));
}

void membership::on_put(const bucket_result<std::uint64_t>& done) {
    putting_ = false;
    if (done.value) {
        key_sequence_ = *done.value;
        put_at_ = put_begun_;
        if (step_ == step::putting) {
            step_ = step::reading;
            look();
        }
    } else if (done.fault.type == bucket_fault::kind::wrong_sequence) {
        on_key_lost();
    } else if (done.fault.type != bucket_fault::kind::unreachable || key_sequence_ == 0) {
        restart(done.fault);
    }  // else tick() puts it again, for as long as the lease lasts
}

// Unless the last put was stored and only its answer was lost.
void membership::on_key_lost() {
    bucket_.get(subjects_.key, [this, run = run_](const bucket_result<bucket_entry>& found) {
        if (run != run_) {
            return;
        }
        const auto presence = found.value ? read_presence(found.value->value) : std::nullopt;
        if (!presence || presence->who != about_.who) {
            return restart(
                "this host's entry in the bucket is gone or replaced: its lease was over, or another host has its "
                "name");
        }
        put_key(found.value->sequence);
    });
}

void membership::announce_to_all() {
    for (const auto& [host, peer] : roster_.peers()) {
        unacknowledged_.insert(host);
    }
    if (unacknowledged_.empty()) {
        step_ = step::up;
        return observer_.on_entered();
    }
    const auto hosts = unacknowledged_;
    for (const std::string& host : hosts) {
        announce_to(host);
    }
}

void membership::announce_to(const std::string& host) {
    if (unacknowledged_.contains(host)) {
        engine_.request(
            subjects_.to(host), {}, announcement(), announce_limit, [this, run = run_, host](const answer& got) {
                if (run == run_) {
                    on_announced(host, got);
                }
            });
    }
}

void membership::on_announced(const std::string& host, const answer& got) {
    auto* const peer = roster_.find(host);
    if (peer == nullptr) {
        return acknowledge(host);
    }
    if (got.type == answer::kind::reply) {
        if (const auto known = read_message(got.body);
            known && known->type == message::kind::known && known->from.host == host) {
            roster_.set_base(known->from, known->sequence);
            return acknowledge(host);
        }
    }
    peer->refusals = got.type == answer::kind::no_responders ? peer->refusals + 1 : 0;
    if (peer->refusals >= gone_after_refusals) {
        return acknowledge(host);
    }
    to_announce_again_.insert(host);
    if (got.type == answer::kind::timed_out && !looking_) {
        look();
    }
}

void membership::acknowledge(const std::string& host) {
    unacknowledged_.erase(host);
    if (step_ == step::announcing && unacknowledged_.empty()) {
        step_ = step::up;
        observer_.on_entered();
    }
}

// --- the others ---

void membership::on_here(const message& received) {
    auto about = read_presence(received.presence);
    if (!about || about->who != received.from) {
        return;
    }
    if (const auto before = roster_.update(std::move(*about), now_())) {
        observer_.on_peer_gone(*before);
    }
    observer_.on_roster_changed();
}

void membership::on_gone(const message& received) { forget(received.from); }

void membership::show(std::vector<link::host_session> sessions) {
    about_.sessions = std::move(sessions);
    if (step_ != step::up) {
        return;
    }
    engine_.publish(subjects_.roster, announcement());
    changed_since_put_ = true;
    if (!putting_) {
        put_key(key_sequence_);
    }
}

void membership::probe(const std::string& host) {
    auto* const peer = roster_.find(host);
    if (peer == nullptr || peer->is_probed) {
        return;
    }
    peer->is_probed = true;
    message question;
    question.from = about_.who;
    const sender entry = peer->about.who;
    engine_.request(
        subjects_.to(host), {}, to_text(question), probe_limit, [this, run = run_, entry](const answer& got) {
            auto* const asked = run == run_ ? roster_.find(entry.host) : nullptr;
            if (asked == nullptr || asked->about.who != entry) {
                return;
            }
            asked->is_probed = false;
            asked->refusals = got.type == answer::kind::no_responders ? asked->refusals + 1 : 0;
            if (asked->refusals >= gone_after_refusals) {
                // The first time it leaves what it was asked; from then on there is nobody to ask.
                const bool leaves = asked->refusals == gone_after_refusals;
                observer_.on_peer_gone(leaves ? asked->about : presence{entry, {}, {}});
            }
        });
}

void membership::with_fresh_roster(fresh_handler done) {
    if (now_() - looked_at_ <= roster_age) {
        return done({});
    }
    waiters_.push_back(std::move(done));
    if (!looking_) {
        look();
    }
}

void membership::look() {
    looking_ = true;
    look_begun_ = now_();
    bucket_.look(in_this_run(&membership::on_keys));
}

// What is under way to read the keys that were not known.
struct membership::reading {
    std::size_t left = 0;
    bucket_fault fault{};
    bool failed = false;
};

void membership::on_keys(const bucket_result<bucket_state>& found) {
    if (!found.value) {
        if (step_ != step::up || found.fault.type == bucket_fault::kind::absent) {
            return restart("the bucket of members cannot be read: " + found.fault.text);
        }
        return finish_look(found.fault.text);
    }
    if (found.value->created != epoch_) {
        return restart("the bucket of members was made anew");
    }
    std::vector<std::string> keys = found.value->keys;
    if (std::erase(keys, subjects_.key) == 0) {
        return restart("this host's entry in the bucket is gone: its lease was over");
    }
    for (const sender& entry : roster_.vanished_from(keys, look_begun_)) {
        forget(entry);
    }
    read_unknown(roster_.unknown_of(keys));
}

void membership::read_unknown(const std::vector<std::string>& keys) {
    if (keys.empty()) {
        return end_reading({});
    }
    const auto progress = std::make_shared<reading>();
    progress->left = keys.size();
    for (const std::string& key : keys) {
        bucket_.get(key, [this, run = run_, progress, key](const bucket_result<bucket_entry>& found) {
            if (run != run_) {
                return;
            }
            auto about = found.value ? read_presence(found.value->value) : std::nullopt;
            if (about && to_token(about->who.host) != key) {
                about.reset();  // nobody may speak for another
            }
            if (about && roster_.find(about->who.host) == nullptr) {  // what it has said itself meanwhile is newer
                roster_.update(std::move(*about), look_begun_);
                observer_.on_roster_changed();
            } else if (!found.value && found.fault.type != bucket_fault::kind::absent) {
                progress->failed = true;
                progress->fault = found.fault;
            }
            if (--progress->left == 0) {
                end_reading(*progress);
            }
        });
    }
}

void membership::end_reading(const reading& done) {
    if (done.failed && step_ != step::up) {
        return restart(done.fault);
    }
    if (done.failed) {
        return finish_look(done.fault.text);
    }
    finish_look({});
    if (step_ == step::reading) {
        step_ = step::announcing;
        announce_to_all();
    }
}

void membership::finish_look(const std::string& failure) {
    looking_ = false;
    if (failure.empty()) {
        looked_at_ = look_begun_;
    }
    for (const auto& done : std::exchange(waiters_, {})) {
        done(failure);
    }
}

void membership::forget(const sender& entry) {
    if (const auto gone = roster_.remove(entry)) {
        observer_.on_peer_gone(*gone);
        observer_.on_roster_changed();
        acknowledge(entry.host);
    }
}

void membership::restart(const std::string& reason, bool is_permanent) { engine_.restart({reason, is_permanent}); }

void membership::restart(const bucket_fault& fault) { restart(fault.text, fault.type == bucket_fault::kind::refused); }

std::string membership::announcement() const {
    const std::string about = to_text(about_);
    message news;
    news.type = message::kind::here;
    news.from = about_.who;
    news.presence = about;
    return to_text(news);
}

}  // namespace hookd::nats
