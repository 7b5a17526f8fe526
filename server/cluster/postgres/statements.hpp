// SPDX-License-Identifier: BSL-1.0
#pragma once

namespace hookd::postgres {

/// A statement that each connection prepares.
struct statement {
    const char* name;
    const char* text;
};

namespace statements {

inline constexpr statement enter{"enter", "select * from hookd.enter($1::text, $2::uuid, $3::uuid, $4::int)"};
inline constexpr statement heads{"heads", "select * from hookd.heads()"};
inline constexpr statement present{"present",
    "select hookd.present($1::bigint[], $2::text[], $3::bigint[], $4::text[], $5::boolean[], $6::text[], $7::bigint[], "
    "$8::text[], $9::text[], $10::boolean)"};
inline constexpr statement absent{"absent", "select hookd.absent($1::bigint[])"};
inline constexpr statement emit{"emit",
    "select * from hookd.emit($1::bigint[], $2::uuid[], $3::text[], $4::bytea[], $5::bytea[], $6::text[], "
    "$7::bigint[], $8::bytea[])"};
inline constexpr statement receive{"receive", "select * from hookd.receive($1::int[], $2::bigint[], $3::bigint[])"};
inline constexpr statement answer{
    "answer", "select * from hookd.answer($1::int[], $2::bigint[], $3::bytea[], $4::boolean[])"};
inline constexpr statement answers{"answers", "select * from hookd.answers($1::bigint[], $2::int[])"};
inline constexpr statement finish{"finish", "select hookd.finish($1::bigint[])"};
inline constexpr statement ended{"ended", "select * from hookd.ended($1::int[], $2::bigint[])"};
inline constexpr statement gone{"gone", "select * from hookd.gone($1::int[], $2::uuid[])"};
inline constexpr statement beat{"beat", "select hookd.beat()"};
inline constexpr statement roster{"roster", "select * from hookd.roster()"};
inline constexpr statement queue_usage{
    "queue_usage", "select floor(pg_catalog.pg_notification_queue_usage() * 1000)::bigint"};
inline constexpr statement purge{"purge", "select hookd.purge($1::int)"};
inline constexpr statement leave{"leave", "select hookd.leave()"};

inline constexpr statement all[] = {enter, heads, present, absent, emit, receive, answer, answers, finish, ended, gone,
    beat, roster, queue_usage, purge, leave};

}  // namespace statements

}  // namespace hookd::postgres
