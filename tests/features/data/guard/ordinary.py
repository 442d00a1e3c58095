"""Ordinary questions of analysts, written out in each dialect: what the guard may not refuse.

Three kinds: a trade's reports over eight tables (joins, nested and correlated queries), the figures of a web log
over one wide table, and what each dialect has of its own (windows, grouping sets, arrays, JSON, vectors). Where
dialects differ, a `<word:...>` in the text is replaced by the dialect's form.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from garret.features.data.contracts import Catalogue, Column, Dialect, Table

SQL: tuple[Dialect, ...] = ("duckdb", "sqlite", "postgres", "mysql", "trino")
_SCHEMAS = {"postgres": "public", "mysql": "trade", "trino": "memory.default"}
_TABLES = {
    "buyers": "buyer_id name street country_id phone balance segment remark",
    "purchases": "purchase_id buyer_id state total placed urgency clerk remark",
    "items": "purchase_id good_id maker_id line quantity price discount tax returned state shipped due arrived how",
    "goods": "good_id name maker brand kind size packing price remark",
    "makers": "maker_id name street country_id phone balance remark",
    "offers": "good_id maker_id stock cost remark",
    "countries": "country_id name zone_id",
    "zones": "zone_id name",
    "visits": (
        "visit_id user_id seen page_id address host referrer search engine width height region agent mobile "
        "phone_model minutes clicks paid source_id language title link reload tags info embedding"
    ),
}

TRADE = """
SELECT i.returned, i.state, sum(i.quantity) AS quantity, sum(i.price) AS base, sum(i.price * (1 - i.discount)) AS net,
 sum(i.price * (1 - i.discount) * (1 + i.tax)) AS gross, avg(i.quantity) AS q, avg(i.price) AS p, count(*) AS n
 FROM items i WHERE i.shipped <= <date:1998-12-01> - <days:90> GROUP BY i.returned, i.state ORDER BY i.returned, i.state
SELECT m.balance, m.name, c.name, g.good_id FROM goods g, makers m, offers o, countries c, zones z
 WHERE g.good_id = o.good_id AND m.maker_id = o.maker_id AND g.size = 15 AND g.kind LIKE '%BRASS'
 AND m.country_id = c.country_id AND c.zone_id = z.zone_id AND z.name = 'EUROPE' AND o.cost = (SELECT min(o2.cost)
 FROM offers o2, makers m2, countries c2 WHERE g.good_id = o2.good_id AND m2.maker_id = o2.maker_id
 AND m2.country_id = c2.country_id) ORDER BY m.balance DESC, c.name LIMIT 100
SELECT i.purchase_id, sum(i.price * (1 - i.discount)) AS revenue, p.placed FROM buyers b, purchases p, items i
 WHERE b.segment = 'BUILDING' AND b.buyer_id = p.buyer_id AND i.purchase_id = p.purchase_id
 AND p.placed < <date:1995-03-15> AND i.shipped > <date:1995-03-15> GROUP BY i.purchase_id, p.placed
 ORDER BY revenue DESC, p.placed LIMIT 10
SELECT p.urgency, count(*) AS n FROM purchases p WHERE p.placed >= <date:1993-07-01> AND EXISTS (SELECT * FROM items i
 WHERE i.purchase_id = p.purchase_id AND i.due < i.arrived) GROUP BY p.urgency ORDER BY p.urgency
SELECT c.name, sum(i.price * (1 - i.discount)) AS revenue FROM buyers b JOIN purchases p ON b.buyer_id = p.buyer_id
 JOIN items i ON i.purchase_id = p.purchase_id JOIN makers m ON i.maker_id = m.maker_id AND b.country_id = m.country_id
 JOIN countries c ON m.country_id = c.country_id JOIN zones z ON c.zone_id = z.zone_id WHERE z.name = 'ASIA'
 GROUP BY c.name ORDER BY revenue DESC
SELECT sum(price * discount) AS revenue FROM items WHERE shipped >= <date:1994-01-01> AND discount BETWEEN 0.05 AND 0.07
 AND quantity < 24
SELECT t.a, t.b, t.y, sum(t.volume) AS revenue FROM (SELECT c1.name AS a, c2.name AS b, <year:i.shipped> AS y,
 i.price * (1 - i.discount) AS volume FROM makers m, items i, purchases p, buyers b, countries c1, countries c2
 WHERE m.maker_id = i.maker_id AND p.purchase_id = i.purchase_id AND b.buyer_id = p.buyer_id
 AND m.country_id = c1.country_id AND b.country_id = c2.country_id AND ((c1.name = 'FRANCE' AND c2.name = 'GERMANY')
 OR (c1.name = 'GERMANY' AND c2.name = 'FRANCE'))) t GROUP BY t.a, t.b, t.y ORDER BY t.a, t.b, t.y
SELECT y, sum(CASE WHEN country = 'BRAZIL' THEN volume ELSE 0 END) / sum(volume) AS share FROM (
 SELECT <year:p.placed> AS y, i.price AS volume, c.name AS country FROM goods g JOIN items i ON g.good_id = i.good_id
 JOIN purchases p ON p.purchase_id = i.purchase_id JOIN makers m ON m.maker_id = i.maker_id
 JOIN countries c ON c.country_id = m.country_id WHERE g.kind = 'ECONOMY STEEL') AS every_year GROUP BY y ORDER BY y
SELECT country, y, sum(amount) AS profit FROM (SELECT c.name AS country, <year:p.placed> AS y,
 i.price * (1 - i.discount) - o.cost * i.quantity AS amount FROM goods g, makers m, items i, offers o, purchases p,
 countries c WHERE m.maker_id = i.maker_id AND o.maker_id = i.maker_id AND o.good_id = i.good_id
 AND g.good_id = i.good_id AND p.purchase_id = i.purchase_id AND m.country_id = c.country_id
 AND g.name LIKE '%green%') AS profit GROUP BY country, y ORDER BY country, y DESC
SELECT b.buyer_id, b.name, sum(i.price * (1 - i.discount)) AS lost, b.balance FROM buyers b
 INNER JOIN purchases p ON b.buyer_id = p.buyer_id INNER JOIN items i ON i.purchase_id = p.purchase_id
 WHERE i.returned = 'R' GROUP BY b.buyer_id, b.name, b.balance ORDER BY lost DESC LIMIT 20
SELECT o.good_id, sum(o.cost * o.stock) AS worth FROM offers o, makers m WHERE o.maker_id = m.maker_id
 GROUP BY o.good_id HAVING sum(o.cost * o.stock) > (SELECT sum(cost * stock) * 0.0001 FROM offers) ORDER BY worth DESC
SELECT i.how, sum(CASE WHEN p.urgency = '1-URGENT' OR p.urgency = '2-HIGH' THEN 1 ELSE 0 END) AS high,
 sum(CASE WHEN p.urgency <> '1-URGENT' AND p.urgency <> '2-HIGH' THEN 1 ELSE 0 END) AS low
 FROM purchases p, items i WHERE p.purchase_id = i.purchase_id AND i.how IN ('MAIL', 'SHIP') AND i.due < i.arrived
 GROUP BY i.how ORDER BY i.how
SELECT orders, count(*) AS people FROM (SELECT b.buyer_id, count(p.purchase_id) AS orders FROM buyers b
 LEFT OUTER JOIN purchases p ON b.buyer_id = p.buyer_id AND p.remark NOT LIKE '%special%requests%'
 GROUP BY b.buyer_id) AS per_buyer GROUP BY orders ORDER BY people DESC, orders DESC
SELECT 100.00 * sum(CASE WHEN g.kind LIKE 'PROMO%' THEN i.price * (1 - i.discount) ELSE 0 END)
 / sum(i.price * (1 - i.discount)) AS promo FROM items i, goods g WHERE i.good_id = g.good_id
WITH revenue AS (SELECT maker_id, sum(price * (1 - discount)) AS total FROM items GROUP BY maker_id)
 SELECT m.maker_id, m.name, r.total FROM makers m, revenue r WHERE m.maker_id = r.maker_id
 AND r.total = (SELECT max(total) FROM revenue) ORDER BY m.maker_id
SELECT g.brand, g.kind, g.size, count(DISTINCT o.maker_id) AS makers FROM offers o, goods g WHERE g.good_id = o.good_id
 AND g.brand <> 'Brand#45' AND g.size IN (49, 14, 23, 45, 19, 3, 36, 9) AND o.maker_id NOT IN (SELECT maker_id FROM
 makers WHERE remark LIKE '%Complaints%') GROUP BY g.brand, g.kind, g.size ORDER BY makers DESC, g.brand
SELECT sum(i.price) / 7.0 AS yearly FROM items i, goods g WHERE g.good_id = i.good_id AND g.packing = 'MED BOX'
 AND i.quantity < (SELECT 0.2 * avg(x.quantity) FROM items x WHERE x.good_id = g.good_id)
SELECT b.name, p.purchase_id, p.total, sum(i.quantity) FROM buyers b, purchases p, items i WHERE p.purchase_id IN (
 SELECT purchase_id FROM items GROUP BY purchase_id HAVING sum(quantity) > 300) AND b.buyer_id = p.buyer_id
 AND p.purchase_id = i.purchase_id GROUP BY b.name, p.purchase_id, p.total ORDER BY p.total DESC LIMIT 100
SELECT sum(i.price * (1 - i.discount)) AS revenue FROM items i, goods g WHERE (g.good_id = i.good_id
 AND g.brand = 'Brand#12' AND g.packing IN ('SM CASE', 'SM BOX') AND i.quantity >= 1 AND g.size BETWEEN 1 AND 5)
 OR (g.good_id = i.good_id AND g.brand = 'Brand#23' AND i.quantity >= 10 AND i.how IN ('AIR', 'AIR REG'))
SELECT m.name, m.street FROM makers m, countries c WHERE m.maker_id IN (SELECT o.maker_id FROM offers o WHERE o.good_id
 IN (SELECT good_id FROM goods WHERE name LIKE 'forest%') AND o.stock > (SELECT 0.5 * sum(i.quantity) FROM items i
 WHERE i.good_id = o.good_id AND i.maker_id = o.maker_id)) AND m.country_id = c.country_id ORDER BY m.name
SELECT m.name, count(*) AS waits FROM makers m, items i1, purchases p WHERE m.maker_id = i1.maker_id
 AND p.purchase_id = i1.purchase_id AND i1.arrived > i1.due AND EXISTS (SELECT * FROM items i2 WHERE
 i2.purchase_id = i1.purchase_id AND i2.maker_id <> i1.maker_id) AND NOT EXISTS (SELECT * FROM items i3 WHERE
 i3.purchase_id = i1.purchase_id AND i3.maker_id <> i1.maker_id AND i3.arrived > i3.due) GROUP BY m.name
 ORDER BY waits DESC, m.name LIMIT 100
SELECT code, count(*) AS n, sum(balance) AS total FROM (SELECT substring(phone, 1, 2) AS code, balance FROM buyers b
 WHERE substring(phone, 1, 2) IN ('13', '31') AND balance > (SELECT avg(balance) FROM buyers WHERE balance > 0.00)
 AND NOT EXISTS (SELECT * FROM purchases p WHERE p.buyer_id = b.buyer_id)) AS idle GROUP BY code ORDER BY code
"""

LOG = """
SELECT count(*) FROM visits
SELECT count(*) FROM visits WHERE engine <> 0
SELECT sum(engine), count(*), avg(width) FROM visits
SELECT avg(user_id) FROM visits
SELECT count(DISTINCT user_id) FROM visits
SELECT count(DISTINCT search) FROM visits
SELECT min(seen), max(seen) FROM visits
SELECT engine, count(*) FROM visits WHERE engine <> 0 GROUP BY engine ORDER BY count(*) DESC
SELECT region, count(DISTINCT user_id) AS u FROM visits GROUP BY region ORDER BY u DESC LIMIT 10
SELECT region, sum(engine), count(*) AS c, avg(width), count(DISTINCT user_id) FROM visits GROUP BY region
 ORDER BY c DESC LIMIT 10
SELECT phone_model, count(DISTINCT user_id) AS u FROM visits WHERE phone_model <> '' GROUP BY phone_model
 ORDER BY u DESC LIMIT 10
SELECT mobile, phone_model, count(DISTINCT user_id) AS u FROM visits WHERE phone_model <> ''
 GROUP BY mobile, phone_model ORDER BY u DESC LIMIT 10
SELECT search, count(*) AS c FROM visits WHERE search <> '' GROUP BY search ORDER BY c DESC LIMIT 10
SELECT search, count(DISTINCT user_id) AS u FROM visits WHERE search <> '' GROUP BY search ORDER BY u DESC LIMIT 10
SELECT engine, search, count(*) AS c FROM visits WHERE search <> '' GROUP BY engine, search ORDER BY c DESC LIMIT 10
SELECT user_id, count(*) FROM visits GROUP BY user_id ORDER BY count(*) DESC LIMIT 10
SELECT user_id, search, count(*) FROM visits GROUP BY user_id, search ORDER BY count(*) DESC LIMIT 10
SELECT user_id, search, count(*) FROM visits GROUP BY user_id, search LIMIT 10
SELECT user_id, <minute:seen> AS m, search, count(*) FROM visits GROUP BY user_id, <minute:seen>, search
 ORDER BY count(*) DESC LIMIT 10
SELECT user_id FROM visits WHERE user_id = 435090932899640449
SELECT count(*) FROM visits WHERE address LIKE '%google%'
SELECT search, min(address), count(*) AS c FROM visits WHERE address LIKE '%google%' AND search <> '' GROUP BY search
 ORDER BY c DESC LIMIT 10
SELECT search, min(address), min(title), count(*) AS c, count(DISTINCT user_id) FROM visits WHERE title LIKE '%Google%'
 AND address NOT LIKE '%.google.%' AND search <> '' GROUP BY search ORDER BY c DESC LIMIT 10
SELECT * FROM visits WHERE address LIKE '%google%' ORDER BY seen LIMIT 10
SELECT search FROM visits WHERE search <> '' ORDER BY seen LIMIT 10
SELECT search FROM visits WHERE search <> '' ORDER BY search LIMIT 10
SELECT search FROM visits WHERE search <> '' ORDER BY seen, search LIMIT 10
SELECT page_id, avg(length(address)) AS l, count(*) AS c FROM visits WHERE address <> '' GROUP BY page_id
 HAVING count(*) > 100000 ORDER BY l DESC LIMIT 25
SELECT <domain:referrer> AS k, avg(length(referrer)) AS l, count(*) AS c, min(referrer) FROM visits
 WHERE referrer <> '' GROUP BY <domain:referrer> HAVING count(*) > 100000 ORDER BY l DESC LIMIT 25
SELECT <sums> FROM visits
SELECT engine, host, count(*) AS c, sum(reload), avg(width) FROM visits WHERE search <> '' GROUP BY engine, host
 ORDER BY c DESC LIMIT 10
SELECT visit_id, host, count(*) AS c, sum(reload), avg(width) FROM visits WHERE search <> '' GROUP BY visit_id, host
 ORDER BY c DESC LIMIT 10
SELECT visit_id, host, count(*) AS c, sum(reload), avg(width) FROM visits GROUP BY visit_id, host ORDER BY c DESC LIMIT 10
SELECT address, count(*) AS c FROM visits GROUP BY address ORDER BY c DESC LIMIT 10
SELECT 1, address, count(*) AS c FROM visits GROUP BY 1, address ORDER BY c DESC LIMIT 10
SELECT host, host - 1, host - 2, host - 3, count(*) AS c FROM visits GROUP BY host, host - 1, host - 2, host - 3
 ORDER BY c DESC LIMIT 10
SELECT address, count(*) AS views FROM visits WHERE page_id = 62 AND seen >= '2013-07-01' AND seen <= '2013-07-31'
 AND reload = 0 AND address <> '' GROUP BY address ORDER BY views DESC LIMIT 10
SELECT title, count(*) AS views FROM visits WHERE page_id = 62 AND seen >= '2013-07-01' AND reload = 0 AND title <> ''
 GROUP BY title ORDER BY views DESC LIMIT 10
SELECT address, count(*) AS views FROM visits WHERE page_id = 62 AND link <> 0 AND reload = 0 GROUP BY address
 ORDER BY views DESC LIMIT 10 OFFSET 1000
SELECT source_id, engine, CASE WHEN (engine = 0 AND source_id = 0) THEN referrer ELSE '' END AS src, address AS dst,
 count(*) AS views FROM visits WHERE page_id = 62 GROUP BY source_id, engine, CASE WHEN (engine = 0 AND source_id = 0)
 THEN referrer ELSE '' END, address ORDER BY views DESC LIMIT 10 OFFSET 1000
SELECT address, seen, count(*) AS views FROM visits WHERE page_id = 62 AND source_id IN (-1, 6)
 AND referrer = '3594120000172545465' GROUP BY address, seen ORDER BY views DESC LIMIT 10 OFFSET 100
SELECT width, height, count(*) AS views FROM visits WHERE page_id = 62 AND address = '2868770270353813622'
 GROUP BY width, height ORDER BY views DESC LIMIT 10 OFFSET 10000
SELECT <minute:seen> AS m, count(*) AS views FROM visits WHERE seen >= '2013-07-14' AND seen <= '2013-07-15'
 AND reload = 0 GROUP BY <minute:seen> ORDER BY <minute:seen> LIMIT 10 OFFSET 1000
"""

EVERYWHERE = """
SELECT region, minutes, row_number() OVER (PARTITION BY region ORDER BY minutes DESC) AS place FROM visits
SELECT region, sum(minutes) OVER (PARTITION BY region ORDER BY seen ROWS BETWEEN 6 PRECEDING AND CURRENT ROW) FROM visits
SELECT seen, minutes - lag(minutes, 1) OVER (ORDER BY seen) AS more FROM visits
SELECT seen, first_value(minutes) OVER (PARTITION BY user_id ORDER BY seen) AS first_one FROM visits
SELECT region, ntile(4) OVER (ORDER BY minutes), dense_rank() OVER (ORDER BY minutes), percent_rank() OVER (ORDER BY minutes)
 FROM visits
WITH daily AS (SELECT seen, count(*) AS n FROM visits GROUP BY seen), ranked AS (SELECT seen, n, rank() OVER (ORDER BY n
 DESC) AS r FROM daily) SELECT * FROM ranked WHERE r <= 3
SELECT coalesce(nullif(search, ''), 'none') AS term, count(*) FROM visits GROUP BY coalesce(nullif(search, ''), 'none')
SELECT region FROM visits WHERE paid > 0 UNION SELECT region FROM visits WHERE clicks > 0 ORDER BY region
SELECT user_id FROM visits EXCEPT SELECT buyer_id FROM buyers
SELECT user_id FROM visits INTERSECT SELECT buyer_id FROM buyers
SELECT upper(trim(title)), lower(search), length(address), replace(title, 'a', 'b'), round(minutes, 2), abs(clicks)
 FROM visits WHERE title IS NOT NULL AND NOT (paid = 1)
SELECT DISTINCT v.region, (SELECT count(*) FROM visits w WHERE w.region = v.region) AS n FROM visits v
SELECT a.name AS maker, b.name AS buyer FROM makers a CROSS JOIN buyers b WHERE a.country_id = b.country_id
SELECT sum(CASE WHEN mobile = 1 THEN 1 ELSE 0 END) * 100.0 / count(*) AS share FROM visits -- in percent
SELECT name, balance FROM buyers WHERE balance > (SELECT avg(balance) FROM buyers) /* above the mean */ ORDER BY 2 DESC
SELECT p.state, count(*) FROM purchases AS p JOIN buyers USING (buyer_id) GROUP BY p.state HAVING count(*) > 1
SELECT cast(clicks AS decimal(10, 2)) / nullif(minutes, 0) FROM visits
SELECT note_.region FROM (SELECT region, count(*) AS n FROM visits GROUP BY region) AS note_ WHERE note_.n > 5;
"""

OWN: dict[str, str] = {
    "duckdb": """
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
""",
    "sqlite": """
SELECT strftime('%Y-%m', seen) AS month, count(*) FROM visits GROUP BY month
SELECT date(seen, 'start of month', '+1 month', '-1 day'), julianday('now') - julianday(seen) FROM visits
SELECT info->>'$.a', json_extract(info, '$.b'), json_array_length(tags) FROM visits
SELECT group_concat(title, '; '), total(minutes), iif(mobile = 1, 'yes', 'no') FROM visits GROUP BY region
SELECT title || ' ' || search, substr(title, 1, 3), instr(title, 'a'), printf('%.2f', minutes) FROM visits
SELECT count(*) FILTER (WHERE paid = 1) FROM visits
SELECT rowid, * FROM visits WHERE address GLOB 'http*' ORDER BY title COLLATE NOCASE
SELECT ifnull(search, ''), typeof(minutes), unixepoch(seen), cast(clicks AS REAL) FROM visits
SELECT [region], `host`, "agent" FROM visits WHERE region IS NOT 'x'
SELECT max(width, height), min(width, height) FROM visits
SELECT sum(minutes) OVER w FROM visits WINDOW w AS (PARTITION BY region ORDER BY seen)
SELECT region FROM visits WHERE title LIKE '10\\%%' ESCAPE '\\'
SELECT (width, height) IN (SELECT width, height FROM visits) FROM visits
""",
    "postgres": """
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
""",
    "mysql": """
SELECT date_format(seen, '%Y-%m') AS month, count(*) FROM visits GROUP BY month ORDER BY month
SELECT year(seen), month(seen), dayname(seen), count(*) FROM visits GROUP BY year(seen), month(seen), dayname(seen)
SELECT region, sum(minutes) FROM visits GROUP BY region WITH ROLLUP
SELECT info->'$.a', info->>'$.b', json_extract(info, '$.c'), json_length(tags) FROM visits
SELECT group_concat(DISTINCT title ORDER BY title SEPARATOR '; ') FROM visits GROUP BY region
SELECT if(mobile = 1, 'yes', 'no'), ifnull(search, ''), concat_ws('-', region, host), left(title, 3) FROM visits
SELECT `region`, "text", clicks DIV 2, clicks MOD 2, search <=> '' FROM `visits` LIMIT 5, 10
SELECT datediff(now(), seen), timestampdiff(MONTH, seen, now()), seen + INTERVAL 7 DAY, date_sub(seen, INTERVAL 1 MONTH) FROM visits
SELECT title REGEXP '^a', title LIKE '10\\%%', substring_index(host, '.', -1), locate('a', title) FROM visits
SELECT cast(clicks AS SIGNED), convert(minutes, DECIMAL(10, 2)), std(minutes), var_pop(minutes) FROM visits
SELECT count(DISTINCT region, agent), bit_or(mobile), any_value(title) FROM visits
SELECT sum(minutes) OVER w FROM visits WINDOW w AS (PARTITION BY region ORDER BY seen)
SELECT region FROM trade.visits WHERE seen BETWEEN '2020-01-01' AND '2020-12-31' # last year
SELECT from_unixtime(seen), unix_timestamp(seen), week(seen, 1), quarter(seen), last_day(seen) FROM visits
SELECT not mobile, mobile XOR paid, 1 & clicks, clicks << 1 FROM visits WHERE mobile && paid
""",
    "trino": """
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
""",
}

_YEAR = {
    "duckdb": "extract(year FROM {})",
    "sqlite": "strftime('%Y', {})",
    "postgres": "extract(year FROM {})",
}
_MINUTE = {"sqlite": "strftime('%Y-%m-%d %H:%M', {})", "mysql": "date_format({}, '%Y-%m-%d %H:%i')"}
_DOMAIN = {
    "sqlite": "substr({0}, 1, instr({0}, '/'))",
    "duckdb": r"regexp_replace({}, '^https?://(?:www\.)?([^/]+)/.*$', '\1')",
    "postgres": r"regexp_replace({}, '^https?://(?:www\.)?([^/]+)/.*$', '\1')",
    "mysql": "substring_index(substring_index({}, '/', 3), '/', -1)",
}
_DATE = {"sqlite": "'{}'"}
_DAYS = {"sqlite": "{}", "mysql": "INTERVAL {} DAY"}
_SUMS = ", ".join(f"sum(width + {at})" if at else "sum(width)" for at in range(90))


def catalogue(dialect: Dialect) -> Catalogue:
    """The source that these questions are asked of."""
    tables = tuple(
        Table(
            name,
            schema=_SCHEMAS.get(dialect, ""),
            columns=tuple(Column(column, "text", "text") for column in columns.split()),
        )
        for name, columns in _TABLES.items()
    )
    return Catalogue("trade", dialect, tables)


def queries(dialect: Dialect) -> Iterator[str]:
    """Every question in the dialect's form."""
    for text in (TRADE, LOG, EVERYWHERE, OWN[dialect]):
        for query in re.split(r"\n(?! )", text.strip("\n")):
            yield _in_form(query, dialect)


def _in_form(query: str, dialect: str) -> str:
    def form(found: re.Match[str]) -> str:
        word, _, rest = found.group(1).partition(":")
        if word == "sums":
            return _SUMS
        forms = {
            "year": _YEAR.get(dialect, "year({})"),
            "minute": _MINUTE.get(dialect, "date_trunc('minute', {})"),
            "domain": _DOMAIN.get(dialect, "url_extract_host({})"),
            "date": _DATE.get(dialect, "DATE '{}'"),
            "days": _DAYS.get(dialect, "INTERVAL '{}' DAY"),
        }
        return forms[word].format(rest)

    return re.sub(r"<((?:year|minute|domain|date|days):[^>]+|sums)>", form, query)
