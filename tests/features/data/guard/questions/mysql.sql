SELECT date_format(seen, '%Y-%m') AS month, count(*) FROM visits GROUP BY month ORDER BY month
SELECT year(seen), month(seen), dayname(seen), count(*) FROM visits GROUP BY year(seen), month(seen), dayname(seen)
SELECT region, sum(minutes) FROM visits GROUP BY region WITH ROLLUP
SELECT info->'$.a', info->>'$.b', json_extract(info, '$.c'), json_length(tags) FROM visits
SELECT group_concat(DISTINCT title ORDER BY title SEPARATOR '; ') FROM visits GROUP BY region
SELECT if(mobile = 1, 'yes', 'no'), ifnull(search, ''), concat_ws('-', region, host), left(title, 3) FROM visits
SELECT `region`, "text", clicks DIV 2, clicks MOD 2, search <=> '' FROM `visits` LIMIT 5, 10
SELECT datediff(now(), seen), timestampdiff(MONTH, seen, now()), seen + INTERVAL 7 DAY, date_sub(seen, INTERVAL 1 MONTH) FROM visits
SELECT title REGEXP '^a', title LIKE '10\%%', substring_index(host, '.', -1), locate('a', title) FROM visits
SELECT cast(clicks AS SIGNED), convert(minutes, DECIMAL(10, 2)), std(minutes), var_pop(minutes) FROM visits
SELECT count(DISTINCT region, agent), bit_or(mobile), any_value(title) FROM visits
SELECT sum(minutes) OVER w FROM visits WINDOW w AS (PARTITION BY region ORDER BY seen)
SELECT region FROM trade.visits WHERE seen BETWEEN '2020-01-01' AND '2020-12-31' # last year
SELECT from_unixtime(seen), unix_timestamp(seen), week(seen, 1), quarter(seen), last_day(seen) FROM visits
SELECT not mobile, mobile XOR paid, 1 & clicks, clicks << 1 FROM visits WHERE mobile && paid
