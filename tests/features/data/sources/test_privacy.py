"""What is private by name or by look, in several languages, and what only sounds like it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garret.features.data.sources.privacy import (
    SAMPLE_CHARACTERS,
    SAMPLES,
    choose_samples,
    is_private_by_look,
    is_private_by_name,
)

PRIVATE = """
password user_password PasswordHash passwd pwd mot_de_passe motDePasse contraseña senha Kennwort
wachtwoord hasło lösenord şifre secret client_secret api_key apiKey APIKey access_token refreshToken
token otp cvv pin email e_mail E-Mail Email_Address customerEmail emailaddress1 correo_electronico
courriel adresse_mail contact.email phone phone_number PhoneNumber home_phone Telefon telefonnummer
teléfono téléphone telefone mobile_number handynummer fax cell_number contact_no puhelin iban IBAN
kontonummer konto_nr account_number bank_account credit_card creditCardNumber card_number cuenta_bancaria
ssn SSN social_security_number national_id passport_no Reisepass steuer_id Steuernummer tax_id cpf pesel
bsn dni codice_fiscale numero_de_securite_sociale drivers_license aadhaar personnummer dob date_of_birth
birthDate geburtsdatum fecha_nacimiento date_naissance data_de_nascimento street_address Straße
ip_address ipv4 mac_address payload.user.ssn
""".split()

PUBLIC = """
name first_name title laptop emailed_at email_count emails_sent is_email_verified has_phone phone_model
phone_type token_count passenger passing_yards passage mobility telephony_rate country account_type
amount price date created_at spin opinion shopping_cart position compass secretary secretariat monkey
keyword keyboard cellar faxed ssns_x password_changed bank card state status birth_place birth_rate
ip_count description zip city pinned
""".split()


@pytest.mark.parametrize("name", PRIVATE)
def test_names_of_private_columns(name: str) -> None:
    assert is_private_by_name(name)


@pytest.mark.parametrize("name", PUBLIC)
def test_names_that_only_sound_like_it(name: str) -> None:
    assert not is_private_by_name(name)


@pytest.mark.parametrize(
    "value",
    [
        "ann@example.org",
        "+49 30 1234567",
        "0049-30-1234567",
        "(555) 123-4567",
        "555-123-4567 x12",
        "123-45-6789",
        "DE89 3704 0044 0532 0130 00",
        "GB82WEST12345698765432",
        "4111 1111 1111 1111",
        "5500-0000-0000-0004",
        "$2b$12$abcdefghijklmnopqrstuv",
        "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$hash",
        "da39a3ee5e6b4b0d3255bfef95601890afd80709",
        "sk_" + "live_abcdefghijklmnop123456",
        "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2",
        "AKIA" + "ABCDEFGHIJKLMNOP",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc",
    ],
)
def test_looks_of_private_values(value: str) -> None:
    assert is_private_by_look([value])


@pytest.mark.parametrize(
    "value",
    [
        "Berlin",
        "2024-01-31",
        "2024-01-31 10:00:00",
        "10.5",
        "1234567",
        "DE89 3704 0044 0532 0130 01",  # a wrong check digit
        "4111 1111 1111 1112",
        "0192-1234",
        "550e8400-e29b-41d4-a716-446655440000",
        "at@home",
        "",
        "192",
        "978-3-16-148410-0",
    ],
)
def test_looks_of_other_values(value: str) -> None:
    assert not is_private_by_look([value])


def test_half_of_the_values_decide() -> None:
    assert is_private_by_look(["ann@example.org", "unknown"])
    assert not is_private_by_look(["ann@example.org", "unknown", "none"])
    assert not is_private_by_look([])


def test_samples_are_the_most_frequent_first_short_and_few() -> None:
    values = ["b"] * 2 + ["a"] * 3 + ["x" * (SAMPLE_CHARACTERS + 1)] * 9 + [None] * 5 + [" "] * 9
    assert choose_samples("city", values) == (("a", "b"), False)
    assert len(choose_samples("city", [str(number) for number in range(50)])[0]) == SAMPLES


def test_of_private_columns_there_are_no_samples() -> None:
    assert choose_samples("e_mail", ["Berlin"]) == ((), True)
    assert choose_samples("contact", ["ann@example.org", "bob@example.org"]) == ((), True)


@given(st.text(max_size=200), st.lists(st.text(max_size=100), max_size=10))
def test_anything_may_be_looked_at(name: str, values: list[str]) -> None:
    samples, private = choose_samples(name, values)
    assert set(samples) <= set(values)
    assert not (private and samples)
