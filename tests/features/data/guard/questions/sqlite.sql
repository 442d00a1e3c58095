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
SELECT region FROM visits WHERE title LIKE '10\%%' ESCAPE '\'
SELECT (width, height) IN (SELECT width, height FROM visits) FROM visits
