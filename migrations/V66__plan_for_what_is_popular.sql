-- Most artifacts have few comments, so the planner would rather read all of an artifact's and sort them than follow an index
-- in its order. That is as good where they are few, and reads a hundred thousand of what is popular: so it is told that an
-- artifact has a hundredth of all, and a comment a hundredth of all answers. ANALYZE keeps to these numbers.
alter table artifact_comments
    alter column artifact_id set (n_distinct = 100),
    alter column parent_id set (n_distinct = 100);
alter table artifact_likes alter column artifact_id set (n_distinct = 100);
