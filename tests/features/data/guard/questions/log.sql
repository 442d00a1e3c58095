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
