-- A fork that loses its source is not touched (V31); one that is linked to its source, as an import does, is.
create or replace trigger artifacts_touch before update on artifacts
    for each row
    when (
        (old.forked_from_id, old.forked_from_owner_user_id, old.forked_from_version_id, old.origin_artifact_id, old.origin_owner_user_id)
        is not distinct from
        (new.forked_from_id, new.forked_from_owner_user_id, new.forked_from_version_id, new.origin_artifact_id, new.origin_owner_user_id)
        or (
            coalesce(new.forked_from_id, old.forked_from_id),
            coalesce(new.forked_from_owner_user_id, old.forked_from_owner_user_id),
            coalesce(new.forked_from_version_id, old.forked_from_version_id),
            coalesce(new.origin_artifact_id, old.origin_artifact_id),
            coalesce(new.origin_owner_user_id, old.origin_owner_user_id)
        ) is distinct from
        (old.forked_from_id, old.forked_from_owner_user_id, old.forked_from_version_id, old.origin_artifact_id, old.origin_owner_user_id)
    )
    execute function touch_revision();
