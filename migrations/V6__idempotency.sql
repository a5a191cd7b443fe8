create table idempotency_keys (
    caller uuid not null,
    key_hash bytea not null,
    fingerprint bytea not null,
    reply bytea,
    created_at timestamptz not null default now(),
    constraint idempotency_keys_pkey primary key (caller, key_hash)
);
create index idempotency_keys_created_at_idx on idempotency_keys (created_at);
comment on table idempotency_keys is 'Replies to POSTs that carried an Idempotency-Key, for 24 hours, written with the work itself.';
comment on column idempotency_keys.caller is 'The user; all zeros where nobody is signed in.';
comment on column idempotency_keys.fingerprint is 'A keyed hash of method, path and body: the same key with another request is refused.';
comment on column idempotency_keys.reply is 'Sealed with the key itself, which is stored nowhere: a reply may hold a session token.';

alter table idempotency_keys enable row level security;
alter table idempotency_keys force row level security;
grant select, insert, delete, update (reply) on idempotency_keys to atelier_api;

create function idempotency_caller() returns uuid
language sql stable
as $$
    select coalesce(
        nullif(current_setting('app.idempotency_caller', true), '')::uuid,
        auth.uid(),
        '00000000-0000-0000-0000-000000000000'
    )
$$;
comment on function idempotency_caller() is
    'Whose key it is: the user as whom the transaction began, even where it went on to register or sign in another.';

create policy idempotency_keys_caller on idempotency_keys to atelier_api
    using (caller = (select idempotency_caller()));

create function claim_idempotency_key(key_hash bytea, fingerprint bytea) returns void
language plpgsql volatile
as $$
declare
    claimant uuid := idempotency_caller();
    earlier record;
begin
    perform set_config('app.idempotency_caller', claimant::text, true);
    if not pg_try_advisory_xact_lock(hashtextextended(claimant::text || encode(key_hash, 'hex'), 0)) then
        perform refuse('idempotency_key_in_use');
    end if;
    delete from idempotency_keys
    where caller = claimant
      and idempotency_keys.key_hash = claim_idempotency_key.key_hash
      and created_at < now() - interval '24 hours';
    select idempotency_keys.fingerprint into earlier
    from idempotency_keys
    where caller = claimant and idempotency_keys.key_hash = claim_idempotency_key.key_hash;
    if not found then
        insert into idempotency_keys (caller, key_hash, fingerprint)
        values (claimant, claim_idempotency_key.key_hash, claim_idempotency_key.fingerprint);
    elsif earlier.fingerprint = claim_idempotency_key.fingerprint then
        perform refuse('idempotency_replay');
    else
        perform refuse('idempotency_key_reused');
    end if;
end;
$$;
comment on function claim_idempotency_key(bytea, bytea) is
    'Lets the rest of the transaction run if the key is new; else ends it with the problem that says how it was used before.';
