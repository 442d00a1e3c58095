CREATE TABLE doctors (doctor_id BIGINT, doctor_name VARCHAR, specialty VARCHAR);
CREATE TABLE patients (patient_id BIGINT, patient_name VARCHAR, gender VARCHAR, birth_date DATE, town VARCHAR);
CREATE TABLE visits (visit_id BIGINT, patient_id BIGINT, doctor_id BIGINT, visited_at TIMESTAMP, fee DOUBLE, paid BOOLEAN, reason VARCHAR);
