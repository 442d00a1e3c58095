CREATE TABLE customers (id BIGINT, name VARCHAR, city VARCHAR, country VARCHAR, joined DATE, vip BOOLEAN, age BIGINT);
CREATE TABLE orders (order_id BIGINT, customer_id BIGINT, ordered_on DATE, amount DOUBLE, status VARCHAR);
CREATE TABLE products (product_id BIGINT, product_name VARCHAR, category VARCHAR, unit_price DOUBLE, stock BIGINT);
CREATE TABLE order_items (order_id BIGINT, product_id BIGINT, quantity BIGINT);
