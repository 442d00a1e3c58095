SELECT date_trunc('month', seen) AS month, count(*) FROM visits GROUP BY 1
SELECT region, agent, sum(minutes) FROM visits GROUP BY GROUPING SETS ((region), (agent), ())
SELECT approx_distinct(user_id), approx_percentile(minutes, 0.95), max_by(title, clicks), count_if(mobile = 1) FROM visits
SELECT tags[1], cardinality(tags), contains(tags, 'a'), element_at(tags, 2), array_join(tags, ', ') FROM visits
SELECT t.tag, count(*) FROM visits CROSS JOIN UNNEST(tags) AS t(tag) GROUP BY t.tag
SELECT transform(tags, x -> upper(x)), filter(tags, x -> x <> 'a'), reduce(tags, 0, (s, x) -> s + 1, s -> s) FROM visits
SELECT json_extract_scalar(info, '$.a'), json_array_length(json_parse(search)) FROM visits
SELECT date_diff('day', seen, current_date), date_format(seen, '%Y-%m'), year(seen), day_of_week(seen) FROM visits
SELECT seen + INTERVAL '7' DAY, seen AT TIME ZONE 'UTC', from_unixtime(clicks), to_unixtime(seen) FROM visits
SELECT try_cast(search AS bigint), try(minutes / clicks), if(mobile = 1, 'yes', 'no') FROM visits
SELECT count(*) FILTER (WHERE paid = 1), array_agg(address ORDER BY seen), listagg(title, ', ') WITHIN GROUP (ORDER BY title) FROM visits
SELECT regexp_like(title, '^a'), regexp_extract(address, '//([^/]+)', 1), split_part(host, '.', 1), strpos(title, 'a') FROM visits
SELECT region FROM memory.default.visits OFFSET 5 LIMIT 3
SELECT * FROM visits FETCH FIRST 5 ROWS ONLY
SELECT sum(minutes) OVER (PARTITION BY region ORDER BY seen RANGE UNBOUNDED PRECEDING) FROM visits
