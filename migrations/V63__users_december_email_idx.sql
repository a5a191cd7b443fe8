-- no transaction
-- lens.shown() written out, which is how PostgreSQL looks for it; who adds an account may not call it.
create index concurrently users_december_email_idx on users (
    (case
        when kept -> 'december.users' -> 'email' ->> 'is' is not distinct from email then kept -> 'december.users' -> 'email' ->> 'was'
        else email
    end)
);
