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
