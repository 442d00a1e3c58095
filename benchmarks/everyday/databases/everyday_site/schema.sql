CREATE TABLE page_views (view_id BIGINT, viewed_at TIMESTAMP, page VARCHAR, country VARCHAR, device VARCHAR, duration_seconds BIGINT, converted BOOLEAN, revenue DOUBLE);
