SELECT date_trunc('week', seen) AS week, count(*) FROM visits GROUP BY 1 ORDER BY 1
SELECT region, agent, sum(minutes) FROM visits GROUP BY CUBE (region, agent)
SELECT region, agent, sum(minutes), grouping(agent) FROM visits GROUP BY ROLLUP (region, agent)
SELECT DISTINCT ON (user_id) user_id, seen FROM visits ORDER BY user_id, seen DESC NULLS LAST
SELECT user_id, array_agg(address ORDER BY seen DESC), string_agg(DISTINCT title, ', ') FROM visits GROUP BY user_id
SELECT tags[1], tags[1:2], array_length(tags, 1), cardinality(tags), 'a' = ANY(tags), tags @> ARRAY['a'] FROM visits
SELECT t.tag, count(*) FROM visits v CROSS JOIN LATERAL unnest(v.tags) AS t(tag) GROUP BY t.tag
SELECT info->'a'->>'b', info #>> '{a,b}', info @> '{"a": 1}', jsonb_array_length(info->'c') FROM visits
SELECT id_, d FROM (SELECT visit_id AS id_, embedding <-> '[1,2,3]' AS d FROM visits) AS near ORDER BY d LIMIT 5
SELECT visit_id FROM visits ORDER BY embedding <=> '[1,2,3]'::vector LIMIT 5
SELECT visit_id, embedding <#> '[1,2,3]' AS score, cosine_distance(embedding, '[1,2,3]') FROM visits ORDER BY score
SELECT visit_id FROM visits WHERE embedding <+> '[1,2,3]' < 5
SELECT percentile_cont(0.95) WITHIN GROUP (ORDER BY minutes), mode() WITHIN GROUP (ORDER BY region) FROM visits
SELECT count(*) FILTER (WHERE mobile = 1), bool_or(paid > 0), stddev_pop(minutes), corr(width, height) FROM visits
SELECT seen::date, minutes::numeric(10, 2), extract(epoch FROM seen), to_char(seen, 'YYYY-MM'), age(now(), seen) FROM visits
SELECT seen AT TIME ZONE 'UTC', now() - interval '7 days', make_date(2020, 1, 1), seen + interval '1 month' FROM visits
SELECT title ILIKE '%a%', title ~* '^b', title SIMILAR TO 'c%', regexp_replace(title, 'a', 'b', 'g') FROM visits
SELECT position('a' IN title), substring(title FROM 1 FOR 3), trim(both ' ' FROM title), split_part(host, '.', 1) FROM visits
SELECT * FROM visits FETCH FIRST 5 ROWS ONLY
SELECT width_bucket(minutes, 0, 100, 10) AS bin, count(*) FROM visits GROUP BY bin
SELECT b.name, l.total FROM buyers b LEFT JOIN LATERAL (SELECT sum(total) AS total FROM purchases p WHERE p.buyer_id = b.buyer_id) l ON true
SELECT sum(minutes) OVER w FROM visits WINDOW w AS (PARTITION BY region ORDER BY seen RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
SELECT Region, COUNT(*) AS Total FROM public.Visits GROUP BY Region ORDER BY Total DESC
SELECT visits.region FROM public.visits WHERE visits.region IS DISTINCT FROM 'x'
SELECT coalesce(sum(paid), 0)::float8 / greatest(count(*), 1) FROM visits
WITH RECURSIVE top AS (SELECT region, count(*) AS n FROM visits GROUP BY region) SELECT * FROM top WHERE n > 10
