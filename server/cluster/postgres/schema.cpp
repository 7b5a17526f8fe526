// SPDX-License-Identifier: BSL-1.0
#include "cluster/postgres/schema.hpp"

namespace hookd::postgres {

// Each statement of a host is a transaction by itself. Rows of several events are locked in the order of (origin, seq),
// which the link sorts them by, so that no two hosts wait for each other.
const char* const schema_statements = R"sql(
create schema hookd authorization hookd_owner;
set local role hookd_owner;
set local search_path = hookd, pg_catalog, pg_temp;

create function schema_version() returns int language sql immutable as 'select 1';

create unlogged table cluster(
    one boolean primary key default true check (one),
    epoch uuid not null default gen_random_uuid());

create unlogged table host(
    no int generated always as identity primary key,
    name text not null unique,
    role name not null,             -- whose connection speaks for it
    instance uuid not null,         -- the run of its hookd
    link uuid not null,             -- the run of its link
    pid int not null,               -- the backend that it has entered on
    lease_ms int not null,
    lease timestamptz not null,
    purged bigint not null default 0 -- none of its events up to this number need be there
) with (fillfactor = 50);
create index on host(pid);

create unlogged table session(
    host int not null,
    id bigint not null,
    name text not null,
    uid bigint not null,
    kind text not null,
    responds boolean not null,
    on_failure text not null,
    ordinal bigint not null,
    globs text[] not null,
    patterns text[] not null,       -- the globs as LIKE has them
    primary key (host, id));

create unlogged table event(
    origin int not null,
    seq bigint not null,
    id uuid not null,
    name text not null,
    cause bytea,
    emitted bytea not null,
    policy text,                    -- of a question
    deadline timestamptz,           -- of a question
    created timestamptz not null,
    targets int[] not null,
    closed boolean not null default false,
    payload bytea not null,
    primary key (origin, seq)
) with (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 10000);

create unlogged table reply(
    origin int not null,
    seq bigint not null,
    host int not null,
    result bytea not null,
    primary key (origin, seq, host)
) with (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 10000);

create function lock_class() returns int language sql immutable as 'select 1752132459';  -- "hook"

-- The host that has entered on this connection.
create function me() returns int language plpgsql stable as $$
declare
    found_no int;
begin
    select no into found_no from host where pid = pg_backend_pid() and role = session_user;
    if found_no is null then
        raise exception 'this connection has not entered the cluster' using errcode = 'HK001';
    end if;
    return found_no;
end $$;

-- Whether this role may be the host `name`: its own, or any where it owns the schema.
create function may_be(name text) returns boolean
language plpgsql stable security definer set search_path = hookd, pg_catalog, pg_temp as $$
begin
    return name = session_user or pg_has_role(session_user, 'hookd_owner', 'member');
end $$;

-- Takes the place of host `name`, unless another connection holds it: then `no` is null and holder_… say who that is.
create function enter(name text, instance uuid, link uuid, lease_ms int,
    out no int, out epoch uuid, out resumed boolean, out replaced boolean, out seq bigint,
    out holder_pid int, out holder_instance uuid, out holder_link uuid, out holder_left_ms bigint)
language plpgsql security definer set search_path = hookd, pg_catalog, pg_temp as $$
declare
    before host%rowtype;
begin
    if not may_be(enter.name) then
        raise exception 'role "%" is not host "%"', session_user, enter.name using errcode = '42501';
    end if;
    insert into cluster default values on conflict do nothing;
    select cluster.epoch into strict epoch from cluster;
    insert into host(name, role, instance, link, pid, lease_ms, lease)
        values (enter.name, session_user, enter.instance, enter.link, 0, enter.lease_ms, '-infinity') on conflict do nothing;
    select * into strict before from host where host.name = enter.name;
    if not pg_try_advisory_lock(lock_class(), before.no) then
        select pid, host.instance, host.link, floor(extract(epoch from greatest(lease, clock_timestamp()) - clock_timestamp()) * 1000)
            into holder_pid, holder_instance, holder_link, holder_left_ms from host where host.no = before.no;
        return;
    end if;
    no := before.no;
    resumed := before.link = enter.link and before.lease > clock_timestamp();
    replaced := before.instance = enter.instance and before.link <> enter.link;
    if not resumed then
        delete from session where host = no;
    end if;
    seq := greatest(before.purged, (select max(event.seq) from event where origin = no));
    update host set role = session_user, instance = enter.instance, link = enter.link, pid = pg_backend_pid(), lease_ms = enter.lease_ms,
        lease = clock_timestamp() + enter.lease_ms * interval '1 ms' where host.no = enter.no;
    perform pg_notify('hookd', 'h');
end $$;

-- For people: null where no host has entered yet.
create function epoch() returns uuid language plpgsql security definer set search_path = hookd, pg_catalog, pg_temp as $$
begin
    return (select cluster.epoch from cluster);
end $$;

-- How far each other host has counted.
create function heads() returns table(origin int, head bigint)
language plpgsql security definer set search_path = hookd, pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
    self constant int := me();
begin
    return query select no, greatest(purged, (select max(seq) from event where origin = no)) from host where no <> self;
end $$;

-- Makes sessions visible to other hosts. `whole`: there are no others.
create function present(ids bigint[], names text[], uids bigint[], kinds text[], responds boolean[], on_failures text[], ordinals bigint[], globs text[], patterns text[],
    whole boolean) returns void
language plpgsql security definer set search_path = hookd, pg_catalog, pg_temp as $$
declare
    self constant int := me();
begin
    if whole then
        delete from session where host = self and id <> all (ids);
    end if;
    insert into session(host, id, name, uid, kind, responds, on_failure, ordinal, globs, patterns)
        select self, s.id, s.name, s.uid, s.kind, s.responds, s.on_failure, s.ordinal, string_to_array(s.globs, chr(10)), string_to_array(s.patterns, chr(10))
        from unnest(ids, names, uids, kinds, present.responds, on_failures, ordinals, present.globs, present.patterns)
            as s(id, name, uid, kind, responds, on_failure, ordinal, globs, patterns)
        on conflict (host, id) do update set name = excluded.name, uid = excluded.uid, kind = excluded.kind, responds = excluded.responds, on_failure = excluded.on_failure,
            ordinal = excluded.ordinal, globs = excluded.globs, patterns = excluded.patterns;
    perform pg_notify('hookd', 'h');
end $$;

create function absent(ids bigint[]) returns void
language plpgsql security definer set search_path = hookd, pg_catalog, pg_temp as $$
declare
    self constant int := me();
begin
    delete from session where host = self and id = any (ids);
    perform pg_notify('hookd', 'h');
end $$;

-- Fires events, questions where `timeouts` is not null, and says for each how many hosts have it; of a question also a row for each that must
-- answer. An event of a number that is there already stays as it is.
create function emit(seqs bigint[], ids uuid[], names text[], causes bytea[], emitted bytea[], policies text[], timeouts bigint[], payloads bytea[])
returns table(seq bigint, hosts int, host int, host_name text, link uuid, session text, on_failure text, ordinal bigint)
language plpgsql security definer set search_path = hookd, pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
    self constant int := me();
    now_ constant timestamptz := clock_timestamp();
begin
    return query
    with sent as (
        select * from unnest(seqs, ids, names, causes, emitted, policies, timeouts, payloads)
            as s(seq, id, name, cause, emitted, policy, timeout, payload)),
    matched as materialized (
        select s.seq, s.policy, h.no, h.name as host_name, h.link, p.name, p.responds, p.on_failure, p.ordinal
        from sent s join session p on s.name like any (p.patterns) join host h on h.no = p.host
        where h.no <> self and h.lease > now_),
    target as materialized (select m.seq, array_agg(distinct m.no) as targets from matched m group by m.seq),
    stored as (
        insert into event(origin, seq, id, name, cause, emitted, policy, deadline, created, targets, payload)
        select self, s.seq, s.id, s.name, s.cause, s.emitted, s.policy, now_ + s.timeout * interval '1 ms', now_, t.targets, s.payload
        from sent s join target t on t.seq = s.seq
        on conflict do nothing),
    woken as materialized (
        select pg_notify('hookd_' || m.no, 'e ' || self || ' ' || max(m.seq)) from matched m group by m.no)
    select s.seq, coalesce(cardinality(t.targets), 0), m.no, m.host_name, m.link, m.name, m.on_failure, m.ordinal
    from sent s left join target t on t.seq = s.seq
        left join matched m on m.seq = s.seq and m.responds and m.policy is not null
    where (select count(*) from woken) >= 0;
end $$;

-- The events for this host of each origin, from `afters` (exclusive) to `uptos`: kind 'e', then 'd' where that was all of them up to `seq`. 'l' comes
-- first where events up to `seq` may have been missed. Stops after some 8 MiB.
create function receive(origins int[], afters bigint[], uptos bigint[])
returns table(kind "char", origin int, host text, seq bigint, id uuid, name text, cause bytea, emitted bytea, policy text, left_ms bigint, payload bytea)
language plpgsql security definer set search_path = hookd, pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
    self constant int := me();
    room bigint := 8 << 20;
    wanted record;
    one event%rowtype;
begin
    for wanted in
        select h.no, h.name, h.purged, w.after, w.upto from unnest(origins, afters, uptos) as w(no, after, upto) join host h on h.no = w.no
    loop
        origin := wanted.no;
        host := wanted.name;
        if wanted.purged > wanted.after then
            kind := 'l';
            seq := wanted.purged;
            return next;
        end if;
        for one in
            select * from event e where e.origin = wanted.no and e.seq > wanted.after and e.seq <= wanted.upto and self = any (e.targets) order by e.seq
        loop
            kind := 'e';
            seq := one.seq;
            id := one.id;
            name := one.name;
            cause := one.cause;
            emitted := one.emitted;
            payload := one.payload;
            left_ms := ceil(extract(epoch from one.deadline - clock_timestamp()) * 1000);
            policy := case when not one.closed and left_ms > 0 then one.policy end;
            return next;
            room := room - octet_length(one.payload) - 512;
            if room < 0 then
                return;
            end if;
        end loop;
        kind := 'd';
        seq := wanted.upto;
        payload := null;
        return next;
    end loop;
end $$;

-- This host's answers. False: the question is over, or was never put to this host.
create function answer(origins int[], seqs bigint[], results bytea[], decides boolean[]) returns table(accepted boolean)
language plpgsql security definer set search_path = hookd, pg_catalog, pg_temp as $$
declare
    self constant int := me();
begin
    for i in 1 .. cardinality(origins) loop
        if decides[i] then
            update event set closed = true where event.origin = origins[i] and event.seq = seqs[i]
                and policy is not null and not closed and deadline > clock_timestamp() and self = any (targets);
        else
            perform 1 from event where event.origin = origins[i] and event.seq = seqs[i]
                and policy is not null and not closed and deadline > clock_timestamp() and self = any (targets);
        end if;
        if found then
            insert into reply(origin, seq, host, result) values (origins[i], seqs[i], self, results[i]) on conflict do nothing;
            accepted := true;
        else
            -- The same answer again, after a connection that broke.
            accepted := exists (select 1 from reply r where r.origin = origins[i] and r.seq = seqs[i] and r.host = self);
        end if;
        if accepted then
            perform pg_notify('hookd_' || origins[i], 'r ' || seqs[i] || ' ' || self);
        end if;
        return next;
    end loop;
end $$;

-- The answers of hosts to this host's questions.
create function answers(seqs bigint[], hosts int[]) returns table(seq bigint, host int, result bytea)
language plpgsql security definer set search_path = hookd, pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
    self constant int := me();
begin
    for i in 1 .. cardinality(seqs) loop
        select r.seq, r.host, r.result into seq, host, result from reply r where r.origin = self and r.seq = seqs[i] and r.host = hosts[i];
        if found then
            return next;
        end if;
    end loop;
end $$;

-- Ends this host's questions, and tells those who have not answered.
create function finish(seqs bigint[]) returns void
language plpgsql security definer set search_path = hookd, pg_catalog, pg_temp as $$
declare
    self constant int := me();
    one bigint;
begin
    foreach one in array seqs loop
        update event set closed = true where origin = self and event.seq = one and not closed;
        perform pg_notify('hookd_' || t.host, 'c ' || self || ' ' || one)
            from event e cross join unnest(e.targets) as t(host) where e.origin = self and e.seq = one
                and not exists (select 1 from reply r where r.origin = self and r.seq = one and r.host = t.host);
    end loop;
end $$;

-- Which of these questions, put to this host, are over.
create function ended(origins int[], seqs bigint[]) returns table(origin int, seq bigint)
language plpgsql security definer set search_path = hookd, pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
    self constant int := me();
begin
    return query
    select w.origin, w.seq from unnest(origins, seqs) as w(origin, seq)
        where not exists (select 1 from event e where e.origin = w.origin and e.seq = w.seq and not e.closed and e.deadline > clock_timestamp());
end $$;

-- Which of these hosts, as they were when they were asked, are gone.
create function gone(hosts int[], links uuid[]) returns table(host int, link uuid, why text)
language plpgsql security definer set search_path = hookd, pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
    self constant int := me();
begin
    return query
    select * from (
        select w.host, w.link, case
            when h.no is null or h.lease = '-infinity' then 'left'
            when h.link <> w.link then 'left (its link was restarted)'
            when h.lease < clock_timestamp() then 'left (no sign of life for ' || h.lease_ms || ' ms)'
            when pg_try_advisory_xact_lock_shared(lock_class(), h.no) then 'left (its connection to PostgreSQL broke)'
            end as why
        from unnest(hosts, links) as w(host, link) left join host h on h.no = w.host where w.host <> self) as found
    where found.why is not null;
end $$;

-- A sign of life. True: there had been none for longer than the lease.
create function beat() returns boolean
language plpgsql security definer set search_path = hookd, pg_catalog, pg_temp as $$
declare
    self constant int := me();
    lapsed boolean;
begin
    select lease < clock_timestamp() into lapsed from host where no = self;
    update host set lease = clock_timestamp() + lease_ms * interval '1 ms' where no = self;
    return lapsed;
end $$;

-- The hosts that are there, with their sessions.
create function roster() returns table(host text, instance uuid, left_ms bigint, session text, globs text[], responds boolean, uid bigint, kind text,
    on_failure text, ordinal bigint)
language plpgsql security definer set search_path = hookd, pg_catalog, pg_temp as $$
#variable_conflict use_column
declare
    self constant int := me();
begin
    return query
    select h.name, h.instance, floor(extract(epoch from h.lease - clock_timestamp()) * 1000)::bigint, s.name, s.globs, s.responds, s.uid, s.kind,
        s.on_failure, s.ordinal from host h left join session s on s.host = h.no where h.lease > clock_timestamp() order by h.name, s.id;
end $$;

-- Deletes this host's events that no one needs any more, and what hosts have left that have been gone for long: at most `batch` events. Returns how
-- many.
create function purge(batch int) returns bigint
language plpgsql security definer set search_path = hookd, pg_catalog, pg_temp as $$
declare
    self constant int := me();
    now_ constant timestamptz := clock_timestamp();
    kept constant bigint := (select max(seq) - 1024 from event where origin = self);
    count bigint;
begin
    with old as (
        select e.origin, e.seq from event e where e.origin in (select no from host where no = self or lease < now_ - interval '10 min')
            and coalesce(e.deadline, '-infinity') < now_ - interval '1 min'
            and (e.policy is not null or e.created < now_ - interval '10 min' or e.origin = self and e.seq < kept and e.created < now_ - interval '1 min')
        order by e.origin, e.seq limit batch),
    deleted as (delete from event e using old where e.origin = old.origin and e.seq = old.seq returning e.origin, e.seq),
    answers as (delete from reply r using old where r.origin = old.origin and r.seq = old.seq),
    marked as (update host set purged = greatest(purged, d.seq)
        from (select origin, max(seq) as seq from deleted group by origin) as d where host.no = d.origin)
    select count(*) into count from deleted;
    delete from session where host in (select no from host where lease < now_ - interval '10 min');
    return count;
end $$;

create function leave() returns void
language plpgsql security definer set search_path = hookd, pg_catalog, pg_temp as $$
declare
    self constant int := me();
begin
    delete from session where host = self;
    update host set lease = '-infinity', pid = 0 where no = self;
    perform pg_notify('hookd', 'h');
end $$;

revoke all on all functions in schema hookd from public;
grant usage on schema hookd to hookd_host;
grant execute on function schema_version(), epoch(), may_be(text), enter(text, uuid, uuid, int), heads(), present(bigint[], text[], bigint[], text[], boolean[], text[], bigint[], text[], text[], boolean),
    absent(bigint[]), emit(bigint[], uuid[], text[], bytea[], bytea[], text[], bigint[], bytea[]), receive(int[], bigint[], bigint[]),
    answer(int[], bigint[], bytea[], boolean[]), answers(bigint[], int[]), finish(bigint[]), ended(int[], bigint[]), gone(int[], uuid[]), beat(),
    roster(), purge(int), leave() to hookd_host;
reset role;
)sql";

}  // namespace hookd::postgres
