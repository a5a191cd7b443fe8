-- no transaction
-- lens.shown() written out, which is how PostgreSQL looks for it; who adds an account may not call it.
create index concurrently users_aio_email_idx on users (
    (case
        when kept -> 'aio.users' -> 'email' ->> 'is' is not distinct from email then kept -> 'aio.users' -> 'email' ->> 'was'
        else email
    end)
);
