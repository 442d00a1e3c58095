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
