SELECT region, sum(minutes) FROM visits GROUP BY ALL ORDER BY ALL
SELECT region, agent, sum(minutes) FROM visits GROUP BY GROUPING SETS ((region), (agent), ())
SELECT region, agent, sum(minutes), grouping(region) FROM visits GROUP BY ROLLUP (region, agent)
SELECT * EXCLUDE (info) FROM visits
SELECT * REPLACE (upper(title) AS title) FROM visits
FROM visits SELECT region, count(*) GROUP BY region
SELECT * FROM visits QUALIFY row_number() OVER (PARTITION BY user_id ORDER BY seen DESC) = 1
SELECT DISTINCT ON (user_id) user_id, seen FROM visits ORDER BY user_id, seen DESC
SELECT user_id, list(address ORDER BY seen), string_agg(title, ', ') FROM visits GROUP BY user_id
SELECT tags[1], tags[1:2], len(tags), list_contains(tags, 'a'), array_length(tags) FROM visits
SELECT list_transform(tags, x -> upper(x)), list_filter(tags, x -> x <> 'a') FROM visits
SELECT t.tag, count(*) FROM visits, unnest(tags) AS t(tag) GROUP BY t.tag
SELECT unnest(tags) AS tag FROM visits
SELECT info->'$.a', info->>'$.b', json_extract_string(info, '$.c[0]'), info['d'] FROM visits
SELECT info.browser.name FROM visits
SELECT array_cosine_similarity(embedding, [1.0, 2.0]), list_cosine_similarity(embedding, [1, 2]) FROM visits
SELECT date_trunc('month', seen) AS month, count(*) FROM visits GROUP BY month ORDER BY month
SELECT extract(year FROM seen), date_part('dow', seen), strftime(seen, '%Y-%m'), date_diff('day', seen, current_date) FROM visits
SELECT seen::date, minutes::double, try_cast(search AS integer), clicks // 2, clicks % 2, 2 ** 3 FROM visits
SELECT count(*) FILTER (WHERE mobile), arg_max(address, minutes), max_by(title, clicks), any_value(host) FROM visits
SELECT quantile_cont(minutes, 0.95), median(minutes), stddev(minutes), approx_count_distinct(user_id), mode(region) FROM visits
SELECT regexp_extract(address, 'https?://([^/]+)', 1), regexp_matches(title, '^A'), title ILIKE '%b%' FROM visits
SELECT {'a': region, 'b': count(*)} FROM visits GROUP BY region
SELECT time_bucket(interval '15 minutes', seen) AS q, count(*) FROM visits GROUP BY q
SELECT v.user_id, p.total FROM visits v ASOF JOIN purchases p ON v.user_id = p.buyer_id AND v.seen >= p.placed
SELECT sum(minutes) OVER w, avg(minutes) OVER w FROM visits WINDOW w AS (PARTITION BY region ORDER BY seen)
SELECT seen - interval 7 days, seen + interval '1 month', today() - seen::date FROM visits
SELECT columns('m.*') FROM visits
SELECT b.name, l.total FROM buyers b, LATERAL (SELECT sum(p.total) AS total FROM purchases p WHERE p.buyer_id = b.buyer_id) l
SELECT * FROM (VALUES (1, 'a'), (2, 'b')) AS t(id, label)
