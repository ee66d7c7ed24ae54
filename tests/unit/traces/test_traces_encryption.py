"""What is kept sealed: only the key opens it, nothing else tells anything about it."""

from __future__ import annotations

import base64
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made import NOW

from traces.encryption import Cipher, Unopened, cipher_of
from traces.errors import BadInput

OLD, NEW = (base64.b64encode(bytes([n]) * 32).decode() for n in (251, 252))


@given(st.text(max_size=300))
def test_what_is_sealed_opens_again_and_does_not_show(secret):
    cipher = cipher_of(OLD)
    sealed = cipher.seal(secret, NOW)
    assert cipher.open(sealed) == secret
    if len(secret) > 3:
        assert secret.encode() not in sealed


def test_the_same_secret_is_sealed_differently_each_time():
    assert cipher_of(OLD).seal("xoxb-1", NOW) != cipher_of(OLD).seal("xoxb-1", NOW)


@given(st.data())
def test_what_was_changed_anywhere_does_not_open(data):
    sealed = base64.urlsafe_b64decode(cipher_of(OLD).seal("xoxb-secret", NOW))
    place = data.draw(st.integers(0, len(sealed) - 1))
    changed = bytearray(sealed)
    changed[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(Unopened):
        cipher_of(OLD).open(base64.urlsafe_b64encode(bytes(changed)))


def test_a_new_key_goes_first_and_the_old_one_still_opens():
    sealed = cipher_of(OLD).seal("xoxb-1", NOW)
    both = cipher_of(f"{NEW}, {OLD}")
    assert both.open(sealed) == "xoxb-1"
    assert not both.is_newest(sealed)
    again = both.seal(both.open(sealed), NOW)
    assert both.is_newest(again)
    assert cipher_of(NEW).open(again) == "xoxb-1"
    with pytest.raises(Unopened, match="HARK_ENCRYPTION_KEY"):
        cipher_of(OLD).open(again)


def test_what_is_sealed_for_some_time_opens_only_within_it():
    cipher = cipher_of(OLD)
    sealed = cipher.seal("state", NOW)
    assert cipher.open_within(sealed, timedelta(minutes=10), NOW + timedelta(minutes=9)) == "state"
    for at in (NOW + timedelta(minutes=11), NOW - timedelta(hours=1)):
        with pytest.raises(Unopened):
            cipher.open_within(sealed, timedelta(minutes=10), at)


@given(st.binary(max_size=200))
def test_whatever_is_handed_in_is_opened_or_refused_in_one_line(sealed):
    with pytest.raises(Unopened) as refused:
        cipher_of(OLD).open(sealed)
    assert "\n" not in refused.value.message


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("", "is missing"),
        (" , ", "is missing"),
        ("c2VjcmV0", "has 6 bytes in place of 32"),
        ("canary of a key!", "is not base64"),
        (f"{OLD},canary~", "key 2 of 2 is not base64"),
    ],
)
def test_a_wrong_key_is_one_clear_line_that_does_not_hold_it(written, told):
    with pytest.raises(BadInput) as refused:
        cipher_of(written)
    assert refused.value.message.startswith(f"HARK_ENCRYPTION_KEY: {told}")
    assert "openssl rand -base64 32" in refused.value.message
    assert "canary" not in refused.value.message
    assert refused.value.__cause__ is None


def test_keys_of_both_alphabets_are_the_same_key():
    standard = base64.b64encode(b"\xfb\xff" * 16).decode()
    safe = base64.urlsafe_b64encode(b"\xfb\xff" * 16).decode()
    assert standard != safe
    assert cipher_of(safe).open(cipher_of(standard).seal("x", NOW)) == "x"


def test_a_cipher_does_not_print_its_keys():
    cipher = cipher_of(OLD)
    assert isinstance(cipher, Cipher)
    assert OLD not in f"{cipher!r} {cipher}"
