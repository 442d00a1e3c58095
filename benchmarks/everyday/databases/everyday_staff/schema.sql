CREATE TABLE departments (department_id BIGINT, department_name VARCHAR, location VARCHAR, budget BIGINT);
CREATE TABLE employees (employee_id BIGINT, full_name VARCHAR, job_title VARCHAR, department_id BIGINT, salary BIGINT, hire_date DATE, is_active BOOLEAN, age BIGINT);
CREATE TABLE leaves (leave_id BIGINT, employee_id BIGINT, kind VARCHAR, start_date DATE, days BIGINT);
