-- no transaction
-- lens.shown() written out, which is how PostgreSQL looks for it; who adds an account may not call it.
create index concurrently users_craftlive_email_idx on users (
    (case
        when kept -> 'craftlive.user' -> 'email' ->> 'is' is not distinct from email then kept -> 'craftlive.user' -> 'email' ->> 'was'
        else email
    end)
);
