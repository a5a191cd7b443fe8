-- artifact_texts has taken over, before any function used these. To drop is a moment's work, needing no waiting on anyone.
drop index artifacts_search_idx, artifacts_title_idx;
