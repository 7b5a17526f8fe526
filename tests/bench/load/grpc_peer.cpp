// SPDX-License-Identifier: BSL-1.0
// bench_grpc: the broker over gRPC C++ that hookd is compared with, on the callback API with a queue for each
// subscriber, and its clients.

#include "fan_out_progress.hpp"
#include "trip_clock.hpp"
#include "workloads.hpp"

#include <hooks.grpc.pb.h>

#include <grpcpp/grpcpp.h>

#include <cstdio>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <set>
#include <stdexcept>
#include <unordered_map>

namespace hookd::bench {
namespace {

constexpr int max_message_bytes = 16 << 20;

class grpc_broker final : public rpc::Hooks::CallbackService {
public:
    grpc::ServerWriteReactor<rpc::Event>* Subscribe(
        grpc::CallbackServerContext*, const rpc::SubscribeRequest* request) override {
        return new subscriber{*this, request->event()};
    }

    grpc::ServerUnaryReactor* Emit(
        grpc::CallbackServerContext* context, const rpc::EmitRequest* request, rpc::EmitResult* result) override {
        grpc::ServerUnaryReactor* const call = context->DefaultReactor();
        const std::lock_guard hold{mutex_};
        const auto event = make_event(*request);
        result->set_hook_event_id(event->hook_event_id());
        result->set_seq(event->seq());
        if (request->wait()) {
            waiting_.emplace(event->hook_event_id(), waiter{call, result});
        }
        give_to_subscribers(event);
        if (!request->wait()) {
            call->Finish(grpc::Status::OK);
        }
        return call;
    }

    grpc::ServerReadReactor<rpc::EmitRequest>* Publish(
        grpc::CallbackServerContext*, rpc::PublishResult* result) override {
        return new publisher{*this, *result};
    }

    grpc::ServerUnaryReactor* Respond(
        grpc::CallbackServerContext* context, const rpc::Reply* request, rpc::ReplyResult* result) override {
        grpc::ServerUnaryReactor* const call = context->DefaultReactor();
        waiter answered{};
        {
            const std::lock_guard hold{mutex_};
            if (const auto found = waiting_.find(request->hook_event_id()); found != waiting_.end()) {
                answered = found->second;
                waiting_.erase(found);
            }
        }
        result->set_accepted(answered.call != nullptr);
        if (answered.call != nullptr) {
            answered.result->set_response(request->response());
            answered.call->Finish(grpc::Status::OK);
        }
        call->Finish(grpc::Status::OK);
        return call;
    }

private:
    using event_pointer = std::shared_ptr<const rpc::Event>;

    class subscriber final : public grpc::ServerWriteReactor<rpc::Event> {
    public:
        subscriber(grpc_broker& home, std::string topic) : home_(home), topic_(std::move(topic)) {
            const std::lock_guard hold{home_.mutex_};
            home_.subscribers_.insert(this);
            StartSendInitialMetadata();  // tells the client that it is subscribed
        }
        [[nodiscard]] bool wants(const std::string& event) const { return topic_ == event; }
        void give(const event_pointer& event) {
            const std::lock_guard hold{mutex_};
            queue_.push_back(event);
            if (queue_.size() == 1) {
                StartWrite(queue_.front().get());
            }
        }
        void OnWriteDone(bool ok) override {
            const std::lock_guard hold{mutex_};
            queue_.pop_front();
            if (ok && !queue_.empty()) {
                StartWrite(queue_.front().get(),
                    queue_.size() > 1 ? grpc::WriteOptions{}.set_buffer_hint() : grpc::WriteOptions{});
            }
        }
        void OnCancel() override {
            {
                const std::lock_guard hold{home_.mutex_};
                home_.subscribers_.erase(this);
            }
            Finish(grpc::Status::CANCELLED);
        }
        void OnDone() override { delete this; }

    private:
        grpc_broker& home_;
        std::string topic_;
        std::mutex mutex_;
        std::deque<event_pointer> queue_{};
    };

    class publisher final : public grpc::ServerReadReactor<rpc::EmitRequest> {
    public:
        publisher(grpc_broker& home, rpc::PublishResult& result) : home_(home), result_(result) {
            StartRead(&request_);
        }
        void OnReadDone(bool ok) override {
            if (!ok) {
                Finish(grpc::Status::OK);
                return;
            }
            {
                const std::lock_guard hold{home_.mutex_};
                home_.give_to_subscribers(home_.make_event(request_));
            }
            result_.set_events(result_.events() + 1);
            StartRead(&request_);
        }
        void OnDone() override { delete this; }

    private:
        grpc_broker& home_;
        rpc::PublishResult& result_;
        rpc::EmitRequest request_{};
    };

    struct waiter {
        grpc::ServerUnaryReactor* call = nullptr;
        rpc::EmitResult* result = nullptr;
    };

    event_pointer make_event(const rpc::EmitRequest& request) {
        auto event = std::make_shared<rpc::Event>();
        char id[33];
        std::snprintf(id, sizeof id, "%016llx%016llx", static_cast<unsigned long long>(random_()),
            static_cast<unsigned long long>(random_()));
        event->set_hook_event_id(id);
        event->set_seq(++last_seq_);
        event->set_event(request.event());
        event->set_expects_response(request.wait());
        event->set_payload(request.payload());
        return event;
    }

    void give_to_subscribers(const event_pointer& event) {
        for (subscriber* const each : subscribers_) {
            if (each->wants(event->event())) {
                each->give(event);
            }
        }
    }

    std::mutex mutex_;
    std::set<subscriber*> subscribers_{};
    std::unordered_map<std::string, waiter> waiting_{};
    std::uint64_t last_seq_ = 0;
    std::mt19937_64 random_{std::random_device{}()};
};

void run_broker(const load_options& options) {
    grpc_broker service;
    grpc::ServerBuilder builder;
    builder.AddListeningPort("unix:" + options.address, grpc::InsecureServerCredentials());
    builder.SetMaxReceiveMessageSize(max_message_bytes);
    builder.RegisterService(&service);
    const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
    if (!server) {
        throw std::runtime_error("gRPC does not listen on " + options.address);
    }
    server->Wait();
}

/// A connection of its own: channels share one otherwise.
std::unique_ptr<rpc::Hooks::Stub> connect(const load_options& options) {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    arguments.SetMaxReceiveMessageSize(max_message_bytes);
    return rpc::Hooks::NewStub(
        grpc::CreateCustomChannel("unix:" + options.address, grpc::InsecureChannelCredentials(), arguments));
}

void require(const grpc::Status& status) {
    if (!status.ok()) {
        throw std::runtime_error("gRPC: " + status.error_message());
    }
}

void run_grpc_trip(const load_options& options) {
    auto& hook_is_there = make_shared_between_processes<std::atomic<std::uint32_t>>();
    const forked hook{[&] {
        const auto stub = connect(options);
        grpc::ClientContext context;
        rpc::SubscribeRequest subscription;
        subscription.set_event("bench_event");
        const auto events = stub->Subscribe(&context, subscription);
        events->WaitForInitialMetadata();
        hook_is_there = 1;
        rpc::Event event;
        rpc::Reply reply;
        reply.set_response(make_payload(options.shape, options.size));
        while (events->Read(&event)) {
            grpc::ClientContext call;
            rpc::ReplyResult result;
            reply.set_hook_event_id(event.hook_event_id());
            require(stub->Respond(&call, reply, &result));
        }
    }};
    await_flag(hook_is_there, hook);
    const auto stub = connect(options);
    rpc::EmitRequest question;
    question.set_event("bench_event");
    question.set_payload(make_payload(options.shape, options.size));
    question.set_wait(true);
    rpc::EmitResult result;
    trip_clock{options}.run([&](std::uint64_t) {
        grpc::ClientContext call;
        require(stub->Emit(&call, question, &result));
        if (result.response().size() != options.size) {
            throw std::runtime_error("gRPC: a payload has changed on its way");
        }
    });
}

/// One subscriber of the fan-out.
class event_reader final : public grpc::ClientReadReactor<rpc::Event> {
public:
    event_reader(const load_options& options, progress& shared)
        : options_(options), shared_(shared), stub_(connect(options)) {
        rpc::SubscribeRequest subscription;
        subscription.set_event("bench_event");
        stub_->async()->Subscribe(&context_, &subscription, this);
        StartRead(&event_);
        StartCall();
    }
    void OnReadInitialMetadataDone(bool) override { ++shared_.ready; }
    void OnReadDone(bool ok) override {
        if (!ok) {
            return;
        }
        if (options_.check && event_.payload().substr(number_offset, number_digits) != number(events_)) {
            ++shared_.disordered;
        }
        ++events_;
        // Nobody has more than were sent, so that all have them all once the mean is there.
        report_progress(shared_, 1, (shared_.deliveries + 1) / options_.subscribers);
        StartRead(&event_);
    }

private:
    static std::string number(std::uint64_t value) {
        std::string digits(number_offset + number_digits, ' ');
        put_number(digits.data(), value);
        return digits.substr(number_offset);
    }

    const load_options& options_;
    progress& shared_;
    std::unique_ptr<rpc::Hooks::Stub> stub_;
    grpc::ClientContext context_{};
    rpc::Event event_{};
    std::uint64_t events_ = 0;
};

void run_grpc_fan_out(const load_options& options) {
    auto& shared = make_shared_between_processes<progress>();
    const forked receivers{[&] {
        std::deque<event_reader> all;
        for (unsigned i = 0; i < options.subscribers; ++i) {
            all.emplace_back(options, shared);
        }
        for (;;) {
            ::pause();
        }
    }};
    while (shared.ready < options.subscribers) {
        receivers.throw_if_ended();
        ::usleep(1000);
    }
    const auto stub = connect(options);
    grpc::ClientContext context;
    rpc::PublishResult result;
    const auto out = stub->Publish(&context, &result);
    rpc::EmitRequest event;
    event.set_event("bench_event");
    event.set_payload(make_payload(options.shape, options.size));
    measure_fan_out(options, shared, receivers, [&](std::uint64_t first, std::uint64_t count) {
        for (std::uint64_t i = 0; i < count; ++i) {
            if (options.check) {
                put_number(event.mutable_payload()->data(), first + i);
            }
            const auto how = i + 1 < count ? grpc::WriteOptions{}.set_buffer_hint() : grpc::WriteOptions{};
            if (!out->Write(event, how)) {
                throw std::runtime_error("gRPC: the broker takes no more events");
            }
        }
    });
}

int run(int argc, char** argv) {
    const std::map<std::string_view, void (*)(const load_options&)> workloads = {
        {"broker", run_broker}, {"trip", run_grpc_trip}, {"fan_out", run_grpc_fan_out}};
    const auto chosen = workloads.find(argc < 2 ? "" : argv[1]);
    if (chosen == workloads.end()) {
        std::fputs("usage: bench_grpc broker|trip|fan_out [--OPTION VALUE]...\n", stderr);
        return 2;
    }
    chosen->second(read_options(argc, argv));
    return 0;
}

}  // namespace
}  // namespace hookd::bench

int main(int argc, char** argv) {
    try {
        return hookd::bench::run(argc, argv);
    } catch (const std::exception& failure) {
        std::fprintf(stderr, "bench_grpc: %s\n", failure.what());
        return 1;
    }
}
