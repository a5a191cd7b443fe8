-- no transaction
do $$
declare
    last_id uuid := '00000000-0000-0000-0000-000000000000';
    batch uuid[];
begin
    -- What is written meanwhile lists itself. Each batch is committed, and may be done again.
    loop
        batch := array(select id from artifacts where id > last_id and deleted_at is null order by id limit 500);
        exit when cardinality(batch) = 0;
        perform list_artifact(id, true) from unnest(batch) as id;
        last_id := batch[cardinality(batch)];
        commit;
    end loop;
end;
$$;
