create function auth.rehash(user_id uuid, old_hash text, new_hash text) returns void
language sql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
    update public.users set password_hash = new_hash
    where users.id = rehash.user_id and users.password_hash = old_hash
$$;
comment on function auth.rehash(uuid, text, text) is
    'Replaces the hash that an import brought, once its password has been given; does nothing if it has changed meanwhile.';
grant update (password_hash) on users to atelier_system;
grant create on schema auth to atelier_system;
alter function auth.rehash(uuid, text, text) owner to atelier_system;
revoke create on schema auth from atelier_system;
revoke execute on function auth.rehash(uuid, text, text) from public;
grant execute on function auth.rehash(uuid, text, text) to atelier_api;
comment on column users.password_hash is
    'Argon2id in PHC string form, or the hash that an import brought, until its owner signs in; null where the person signs in with OpenID Connect only.';
